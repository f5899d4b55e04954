"""The control groups of the lab's containers, by which a container is found even if its engine is dead."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/sys/fs/cgroup")


def holds(pid: int, fragment: str) -> bool:
    """Whether the process is in a control group whose path contains `fragment` (between slashes)."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(errors="replace").splitlines()
    except OSError:
        return False
    return any(fragment in line.split(":", 2)[-1] + "/" for line in lines)


def thaw(name: str) -> None:
    """Thaw what `docker pause` froze (cgroups v1; with v2, frozen processes can be killed)."""
    for folder in _folders(name):
        switch = folder / "freezer.state"
        # A group can disappear with its last process at any time.
        with contextlib.suppress(OSError):
            if switch.read_text().strip() != "THAWED":
                switch.write_text("THAWED")


def remove(name: str, *, limit: float = 5) -> None:
    """Remove the empty control groups under `name`; the kernel refuses those with processes."""
    deadline = time.monotonic() + limit
    while folders := list(_folders(name)):
        for folder in folders:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)


def _folders(name: str) -> Iterator[Path]:
    """All folders under `name` in every hierarchy, the deepest first."""
    for top in [MOUNTS / name, *MOUNTS.glob(f"*/{name}")]:
        for path, _, _ in os.walk(top, topdown=False):
            yield Path(path)
