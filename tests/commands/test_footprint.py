"""What `decnet uninstall` removes from this machine."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from decnet.commands.footprint import footprint
from decnet.store.paths import Home

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


def test_every_practice_network_is_taken_down_before_its_folder_is_removed(tmp_path: Path) -> None:
    for name in (
        "var/lib/decnet-lab/lab",
        "var/lib/decnet-lab/ux",
        "run/netns/dl-ux-op",
        "run/netns/dl-zz-w1",
    ):
        (tmp_path / name).mkdir(parents=True)
    found = footprint(Home(tmp_path / "home"), purge=False, root=tmp_path, user=tmp_path)
    downs = " && ".join(f"sudo decnet lab down --name {name}" for name in ("lab", "ux", "zz"))
    removal = f"sudo rm -rf {tmp_path}/var/lib/decnet-lab"
    assert [text for text in found.by_hand if "practice" in text] == [
        f"3 practice networks: {downs} && {removal}"
    ]


def test_a_machine_without_a_practice_network_names_none(tmp_path: Path) -> None:
    found = footprint(Home(tmp_path / "home"), purge=False, root=tmp_path, user=tmp_path)
    assert [text for text in found.by_hand if "practice" in text] == []
