"""Names for completion come fast: no models, nothing validated, a broken file passed over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from decnet import catalog


def test_names_for_completion_need_no_validation_and_no_models(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[service.intranet]\nports=[80]\nimage="a"\n')
    (tmp_path / "a-broken.toml").write_text("[[[")
    program = (
        "import sys; from pathlib import Path; from decnet import catalog;"
        "names = catalog.names('service', Path(sys.argv[1]));"
        "print({'intranet', 'ssh'} <= set(names), 'pydantic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["True", "False"]


def test_names_are_those_that_load_knows() -> None:
    whole = catalog.load()
    assert catalog.names("service") == tuple(sorted(whole.services))
    assert catalog.names("archetype") == tuple(sorted(whole.archetypes))
    assert catalog.names("os") == tuple(sorted(whole.os_profiles))
