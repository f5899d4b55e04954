"""decnet as an operator with another Python has it: installed by pip, from the constraints."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from decnet.lab.guard import exclusive
from decnet.lab.trees import CACHE, Recipe, Unavailable, make_tree

ROOT = Path(__file__).resolve().parents[2]
VERSION = "3.14"
SUITES = {"3.13": "trixie", VERSION: "sid"}
"""Debian's releases with a Python that people run; none has 3.12."""

OVERLAY = 'mount -t overlay overlay -o "lowerdir=$0:/usr" /usr; exec "$@"'
SOURCES = (
    "decnet",
    "docs",
    "completions",
    "pyproject.toml",
    "constraints.txt",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "NOTICE",
)
CHOSEN = ("pyproject.toml", "constraints.txt")
PIP = ("install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-warn-script-location")
SECONDS = 900


@dataclass(frozen=True)
class Python:
    """An interpreter: a program, and the /usr that it belongs to where that is not the machine's own."""

    program: str
    usr: Path | None

    @property
    def inside(self) -> list[str]:
        """What a command line begins with whose programs and libraries are that release's, where it has them.

        Everything outside /usr is the machine's own, and so are programs that the release was not given.
        """
        if self.usr is None:
            return []
        return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", OVERLAY, str(self.usr)]


@dataclass(frozen=True)
class Newest:
    """A Python, with decnet and all that its tests import in an environment of its own."""

    python: Python
    bin: Path

    def argv(self, program: str, *words: str) -> list[str]:
        """The command line of a program of the environment, for any place of a lab."""
        return [*self.python.inside, str(self.bin / program), *words]

    def run(
        self, program: str, *words: str, environment: dict[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(program, *words), capture_output=True, text=True, timeout=SECONDS, check=False, cwd=cwd,
            env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
        )  # fmt: skip


def newest() -> Newest:
    return environment_of(VERSION)


def environment_of(version: str) -> Newest:
    """decnet on this Python: in the environment of these tests, or in one of its own.

    Raises Unavailable where there is none; a pin that does not install is an error.
    """
    if version not in SUITES and sys.version_info[:2] == tuple(map(int, version.split("."))):
        return Newest(Python(sys.executable, None), Path(sys.prefix) / "bin")
    python = _find(version)
    chosen = [(ROOT / name).read_bytes() for name in CHOSEN]
    key = hashlib.sha256(b"".join([repr(python).encode(), *chosen])).hexdigest()[:12]
    venv = CACHE / f"venv-{version}-{key}"
    # Tests run in two streams.
    with exclusive("cache/venvs", limit=SECONDS):
        if not (venv / "complete").exists():
            _make(venv, python, version)
        made = Newest(python, venv / "bin")
        _install(made, venv)
    return made


def _find(version: str) -> Python:
    """A release's, else one that this machine or pyenv has."""
    if version in SUITES:
        # The machine's own scripts start python3: that stays the machine's.
        name = "python" if version == VERSION else f"python{version}"
        recipe = Recipe(
            name, SUITES[version], (f"python{version}-venv",), variant="extract",
            unwanted=("usr/bin/python3",),
        )  # fmt: skip
        return Python(f"/usr/bin/python{version}", make_tree(recipe, print) / "usr")
    tried = [f"python{version}", *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]
    for program in tried:
        ended = _ran([program, "-c", "import sys, ensurepip; print(sys.executable)"])
        if ended.returncode == 0:
            return Python(ended.stdout.strip(), None)
    raise Unavailable(f"{tried[-1]} -c 'import ensurepip': {ended.stderr.strip()[-300:]}")


def _make(venv: Path, python: Python, version: str) -> None:
    """Everything of the constraints; decnet itself is put there by each run."""
    for old in CACHE.glob(f"venv-{version}-*"):
        shutil.rmtree(old)
    _checked([*python.inside, python.program, "-m", "venv", str(venv)])
    made = Newest(python, venv / "bin")
    _checked(
        made.argv("pip", *PIP, "--only-binary", ":all:", "-c", "constraints.txt", "setuptools", *_pins())
    )
    (venv / "complete").touch()


def _pins() -> list[str]:
    return (ROOT / "constraints.txt").read_text().split()


def _install(made: Newest, venv: Path) -> None:
    copy = venv / "sources"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, copy / name)
    pip = made.argv("pip", *PIP, "--no-index", "--no-build-isolation", "--force-reinstall", "--no-deps")
    _checked([*pip, str(copy)])
    _checked(made.argv("pip", "check", "--disable-pip-version-check"))


def _checked(argv: list[str]) -> None:
    ended = _ran(argv)
    assert ended.returncode == 0, f"{argv[-6:]}: {ended.stdout[-2000:]} {ended.stderr[-2000:]}"


def _ran(argv: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        return subprocess.CompletedProcess(argv, 127, "", str(error))
