"""The empty folders that must exist on the machine for a lab to mount its own over them.

They are written down when made, and removed when no namespace of the machine mounts anything there.
"""

import contextlib
from pathlib import Path
from typing import Final

REGISTER: Final = Path("/run/decnet-lab.mountpoints")


def make(paths: list[str]) -> None:
    """Make the folders that are missing, each written down before it is made."""
    for path in map(Path, paths):
        if not path.is_dir():
            with REGISTER.open("a") as register:
                register.write(f"{path}\n")
            path.mkdir(mode=0o700, parents=True)


def remove() -> None:
    """Remove what `make` made, unless it is in use or no longer empty."""
    if not REGISTER.exists():
        return
    made = [Path(line) for line in dict.fromkeys(REGISTER.read_text().splitlines()) if line]
    mounted = _mounted_anywhere()
    left = [path for path in made if str(path) in mounted]
    for path in set(made) - set(left):
        with contextlib.suppress(OSError):
            path.rmdir()
    if left:
        REGISTER.write_text("".join(f"{path}\n" for path in left))
    else:
        REGISTER.unlink()


def _mounted_anywhere() -> set[str]:
    """Every mount point of every process: a folder removed under another lab's mount would take it away."""
    found: set[str] = set()
    for table in Path("/proc").glob("[0-9]*/mountinfo"):
        with contextlib.suppress(OSError):
            found.update(mounted(table))
    return found


def mounted(table: Path) -> list[str]:
    """The mount points of a /proc/<pid>/mountinfo (proc(5), field 5), in the order of mounting."""
    return [line.split(" ", 5)[4] for line in table.read_text(errors="surrogateescape").splitlines()]
