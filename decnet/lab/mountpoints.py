"""The empty folders that must exist on the machine so that a lab can mount its own over them.

They are registered when they are created, and removed when no namespace of the machine has a mount there.
"""

import contextlib
import re
from pathlib import Path
from typing import Final

REGISTER: Final = Path("/run/decnet-lab.mountpoints")


def make(paths: list[str]) -> None:
    """Create the missing folders and their parents; each is registered before it is created."""
    for path in map(Path, paths):
        for missing in [each for each in (*reversed(path.parents), path) if not each.is_dir()]:
            with REGISTER.open("a") as register:
                register.write(f"{missing}\n")
            missing.mkdir(mode=0o700)


def remove() -> None:
    """Remove the folders that `make` created, unless they are in use or no longer empty."""
    if not REGISTER.exists():
        return
    made = [Path(line) for line in dict.fromkeys(REGISTER.read_text().splitlines()) if line]
    mounted = _mounted_anywhere()
    left = [path for path in made if any(Path(point).is_relative_to(path) for point in mounted)]
    for path in sorted(set(made) - set(left), reverse=True):
        with contextlib.suppress(OSError):
            path.rmdir()
    if left:
        REGISTER.write_text("".join(f"{path}\n" for path in left))
    else:
        REGISTER.unlink()


def _mounted_anywhere() -> set[str]:
    """The mount points of all processes: removing a folder below another lab's mount would unmount it."""
    found: set[str] = set()
    for table in Path("/proc").glob("[0-9]*/mountinfo"):
        with contextlib.suppress(OSError):
            found.update(mounted(table))
    return found


def mounted(table: Path) -> list[str]:
    """The mount points of a /proc/<pid>/mountinfo (proc(5), field 5), in the order of mounting."""
    lines = table.read_text(errors="surrogateescape").splitlines()
    return [_unescape(line.split(" ", 5)[4]) for line in lines]


def _unescape(point: str) -> str:
    """The path without the kernel's octal escapes for white space and backslashes."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point)
