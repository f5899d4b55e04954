"""Whether a state directory was ever used."""

from __future__ import annotations

from .atomic import last_copy
from .os_errors import translate_os_errors
from .paths import Home


def is_used(home: Home) -> bool:
    """Whether a fleet, worker or record was ever stored there. Raises StateBroken if it cannot be read."""
    files = (home.state, home.fleet)
    with translate_os_errors("read", home.root):
        if any(path.exists() for file in files for path in (file, last_copy(file))):
            return True
        return home.records_dir.is_dir() and any(home.records_dir.iterdir())
