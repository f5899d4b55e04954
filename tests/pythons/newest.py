"""decnet as an operator with the newest Python has it: installed by pip, from the constraints."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from debian import CACHE, alone, inside, usr_of

ROOT = Path(__file__).resolve().parents[2]
SUITE = "sid"
VERSION = "3.14"
SOURCES = ("decnet", "pyproject.toml", "README.md", "LICENSE")
CHOSEN = ("pyproject.toml", "constraints.txt")
PIP = ("install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-warn-script-location")
SECONDS = 900


@dataclass(frozen=True)
class Newest:
    """The newest Python, with decnet and all that its tests import in an environment of its own."""

    usr: Path
    bin: Path

    def argv(self, program: str, *words: str) -> list[str]:
        """The command line of a program of the environment, for any place of a lab."""
        return [*inside(self.usr), str(self.bin / program), *words]

    def run(
        self, program: str, *words: str, environment: dict[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(program, *words), capture_output=True, text=True, timeout=SECONDS, check=False, cwd=cwd,
            env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
        )  # fmt: skip


def newest() -> Newest:
    """Raises debian.Unavailable where the release cannot be had; a pin that does not install is an error."""
    usr = usr_of(SUITE, f"python{VERSION}-venv")
    chosen = [(ROOT / name).read_bytes() for name in CHOSEN]
    key = hashlib.sha256(b"".join([usr.parent.name.encode(), *chosen])).hexdigest()[:12]
    venv = CACHE / f"venv-{SUITE}-{key}"
    with alone("venvs"):
        if not (venv / "complete").exists():
            _make(venv, usr)
        made = Newest(usr, venv / "bin")
        _install(made, venv)
    return made


def _make(venv: Path, usr: Path) -> None:
    """Everything of the constraints; decnet itself is put there by each run."""
    for old in CACHE.glob(f"venv-{SUITE}-*"):
        shutil.rmtree(old)
    _checked([*inside(usr), f"/usr/bin/python{VERSION}", "-m", "venv", str(venv)])
    pip = [*inside(usr), str(venv / "bin" / "pip"), *PIP, "--only-binary", ":all:", "-c", "constraints.txt"]
    _checked([*pip, "setuptools", *_pins()])
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
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=ROOT)
    assert ended.returncode == 0, f"{argv[-6:]}: {ended.stdout[-2000:]} {ended.stderr[-2000:]}"
