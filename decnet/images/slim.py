"""Runs inside a root file system during its build: removes what is not needed and compiles the rest.

Python's own modules are kept as byte code only, without docstrings and source: half the size, and decoys
start without compiling or writing anything on their read-only disk.
"""

import compileall
import json
import os
import shutil
import sys
from pathlib import Path


def slim(root: Path, unwanted: list[str], keep: list[str], library: Path) -> None:
    """Leave in `root` what the images need; `unwanted` and `keep` are patterns below it."""
    _compile(library)
    kept = {path for pattern in keep for path in root.glob(pattern)}
    for pattern in unwanted:
        for path in sorted(root.glob(pattern)):
            _remove(path, kept)
    for name in ("tmp", "var/tmp", "var/run", "root"):
        (root / name).mkdir(parents=True, exist_ok=True)


def _compile(library: Path) -> None:
    compileall.compile_dir(library, quiet=1, optimize=2, legacy=True, force=True)
    for source in sorted(library.rglob("*.py")):
        if source.with_suffix(".pyc").exists():
            source.unlink()
    for cache in sorted(library.rglob("__pycache__")):
        shutil.rmtree(cache)


def _remove(path: Path, kept: set[Path]) -> None:
    if path in kept or not os.path.lexists(path):
        return
    if path.is_dir() and not path.is_symlink():
        if not any(path in other.parents for other in kept):
            shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    slim(Path("/"), json.loads(sys.argv[1]), json.loads(sys.argv[2]), Path("/usr/lib/python3.11"))
