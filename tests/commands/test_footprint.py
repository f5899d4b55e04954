"""What `decnet uninstall` removes from this machine."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from pathlib import Path
from decnet.commands.footprint import footprint, remove_state
from decnet.store.paths import Home

root = Path({root!r})
(root / "fleet.json").touch()
found = footprint(Home(root), purge=True, root=root / "nowhere", user=root)
print(remove_state(found), list(root.iterdir()))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_state_directory_that_is_a_mount_point_is_emptied(tmp_path: Path) -> None:
    program = shlex.quote(PROGRAM.format(root=str(tmp_path)))
    script = f"mount -t tmpfs none {tmp_path} && exec {sys.executable} -c {program}"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "[] []\n"), done.stderr
