"""The agent's one file: `decnet.agent` and `decnet.wire` as a zip that Python runs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Final

ROOMS: Final = ("agent", "wire")
MAIN: Final = b"""import os
import sys

# Started through a link that an upgrade moves: what is imported later has to come from this very file.
sys.path[0] = os.path.realpath(sys.path[0])

from decnet.agent.program import main

sys.exit(main(sys.argv[1:]))
"""
INIT: Final = b"""import sys

# Where agent/compiled.py keeps byte code for this very Python; without it the modules come from the sources.
_FILE = __path__[0][: -len(".pyz/decnet")]
COMPILED = "%s-%s-%x.zip" % (_FILE, sys.implementation.cache_tag, sys.hexversion)
__path__.insert(0, COMPILED + "/decnet")
"""
_STAMP: Final = (1980, 1, 1, 0, 0, 0)


def build_agent() -> tuple[bytes, str]:
    """The agent's bytes and their SHA-256: the same for the same sources, whichever Python builds them.

    Sources only, because byte code fits one version of Python. Nothing is compressed: another zlib would
    give other bytes.
    """
    parcel = io.BytesIO()
    with zipfile.ZipFile(parcel, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(_sources().items()):
            archive.writestr(_entry(name), content)
    content = parcel.getvalue()
    return content, hashlib.sha256(content).hexdigest()


def _sources() -> dict[str, bytes]:
    package = Path(__file__).resolve().parent.parent
    sources = {"__main__.py": MAIN, "decnet/__init__.py": INIT}
    for room in ROOMS:
        for source in (package / room).glob("*.py"):
            sources[f"decnet/{room}/{source.name}"] = source.read_bytes()
    return sources


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _STAMP)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED
    entry.create_system = 3
    return entry
