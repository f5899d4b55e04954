"""What users install, built from these sources: wheel, single file, Debian package."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "dist" / "decnet"
SOURCES = ("decnet", "docs", "completions", "packaging", "pyproject.toml", "constraints.txt", "README.md")
SOURCES += ("CHANGELOG.md", "LICENSE", "NOTICE")
SECONDS = 900


def copy_sources(target: Path) -> Path:
    """The sources of a build, so that nothing of it is left in the repository. Returns `target`."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def build_wheel(sources: Path, target: Path) -> Path:
    """The wheel of a folder with sources. Raises CalledProcessError."""
    # pip's own check takes no part of the index; setuptools comes from it.
    checked(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(target), str(sources))
    [wheel] = target.glob("decnet-*.whl")
    return wheel


def build_single_file() -> Path:
    """dist/decnet, built unless it is there for these sources."""
    with _locked():
        stamp, sources = BUILT.with_name("decnet.sources"), _hash_of_sources()
        if not (BUILT.exists() and stamp.exists() and stamp.read_text() == sources):
            checked(sys.executable, str(ROOT / "packaging" / "binary.py"))
            stamp.write_text(sources)
    return BUILT


def build_deb() -> Path:
    """The Debian package of `build_single_file`."""
    build_single_file()
    with _locked():
        shown = checked(sys.executable, str(ROOT / "packaging" / "deb.py"))
    return ROOT / shown.partition(":")[0]


def checked(*argv: str, **environment: str) -> str:
    """What a command printed. Raises CalledProcessError, with its stderr in the notes."""
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=SECONDS, check=False,
        env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{argv}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    return done.stdout


@contextmanager
def _locked() -> Iterator[None]:
    """`make faults` runs these files side by side, and a build has one folder."""
    BUILT.parent.mkdir(exist_ok=True)
    with (BUILT.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _hash_of_sources() -> str:
    sha = hashlib.sha256(sys.version.encode())
    for name in SOURCES:
        found = ROOT / name
        for path in sorted(found.rglob("*")) if found.is_dir() else [found]:
            if path.is_file() and "__pycache__" not in path.parts:
                sha.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return sha.hexdigest()
