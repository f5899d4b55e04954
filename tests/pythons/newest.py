"""decnet as an operator with the newest Python has it: installed by pip, from the constraints."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from decnet.lab.guard import exclusive
from decnet.lab.trees import CACHE, Recipe, make_tree

ROOT = Path(__file__).resolve().parents[2]
VERSION = "3.14"
# The machine's own scripts start python3: that stays the machine's.
RECIPE = Recipe("python", "sid", (f"python{VERSION}-venv",), variant="extract", unwanted=("usr/bin/python3",))
OVERLAY = 'mount -t overlay overlay -o "lowerdir=$0:/usr" /usr; exec "$@"'
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
    """Raises Unavailable where the release cannot be had; a pin that does not install is an error."""
    usr = make_tree(RECIPE, print) / "usr"
    chosen = [(ROOT / name).read_bytes() for name in CHOSEN]
    key = hashlib.sha256(b"".join([usr.parent.name.encode(), *chosen])).hexdigest()[:12]
    venv = CACHE / f"venv-{VERSION}-{key}"
    # Tests run in two streams.
    with exclusive("cache/venvs", limit=SECONDS):
        if not (venv / "complete").exists():
            _make(venv, usr)
        made = Newest(usr, venv / "bin")
        _install(made, venv)
    return made


def inside(usr: Path) -> list[str]:
    """What a command line begins with whose programs and libraries are that release's, where it has them.

    Everything outside /usr is the machine's own, and so are programs that the release was not given.
    """
    return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", OVERLAY, str(usr)]


def _make(venv: Path, usr: Path) -> None:
    """Everything of the constraints; decnet itself is put there by each run."""
    for old in CACHE.glob(f"venv-{VERSION}-*"):
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
