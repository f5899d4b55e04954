"""The Python packages of the decoy image: downloaded before the build, checked by hash, unpacked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from ..errors import ImageFailed
from . import recipe
from .programs import program
from .progress import Emit, ImageProgress

HOUSE = Path(__file__).resolve().parent / "wheelhouse"
"""The wheels in the single-file program; other installations have no such folder."""

PIP_SECONDS = 300
PROBE = ("--timeout", "5", "--retries", "0")
"""pip's options where only its index is tried."""

PLATFORMS = ("manylinux_2_17_{0}", "manylinux2014_{0}", "manylinux_2_28_{0}", "manylinux_2_34_{0}")


def fetch_wheels(cache: Path, architecture: str, emit: Emit) -> list[Path]:
    """The wheels for `architecture` (x86_64, aarch64), from `cache` or through pip. Raises ImageFailed."""
    cache.mkdir(parents=True, exist_ok=True)
    missing = missing_wheels(cache, architecture)
    total = len(recipe.WHEELS)
    if missing:
        names = ", ".join(wheel.name for wheel in missing)
        emit(ImageProgress("wheels", total - len(missing), total, f"fetching {names}"))
        _download(cache, missing, architecture)
    emit(ImageProgress("wheels", total, total, "all Python packages are here"))
    return [_found(cache, wheel, architecture) for wheel in recipe.WHEELS]


def missing_wheels(cache: Path, architecture: str) -> list[recipe.Wheel]:
    """The wheels that are neither in this installation nor in `cache`."""
    return [wheel for wheel in recipe.WHEELS if _cached(cache, wheel, architecture) is None]


def can_fetch(wheel: recipe.Wheel, architecture: str) -> None:
    """Fetch a wheel and discard it. Raises ImageFailed, soon, if pip or its package index is missing."""
    with tempfile.TemporaryDirectory(prefix="decnet-") as folder:
        _pip_download(Path(folder), [wheel], architecture, PROBE)


def unpacked(wheels: list[Path]) -> dict[str, bytes]:
    """The files of `wheels` by their path in the image, without what is never imported."""
    files: dict[str, bytes] = {}
    for path in wheels:
        only = recipe.UNPACKED_ONLY.get(path.name.split("-")[0].lower(), ("",))
        with zipfile.ZipFile(path) as wheel:
            for entry in wheel.infolist():
                if entry.is_dir() or ".dist-info/" in entry.filename or not entry.filename.startswith(only):
                    continue
                if not entry.filename.endswith(".pyi"):
                    files[entry.filename] = wheel.read(entry)
    return files


def expected_hash(wheel: recipe.Wheel, architecture: str) -> str:
    """The SHA-256 that `wheel` must have. Raises ImageFailed for an architecture without a pinned wheel."""
    found = wheel.sha256.get("any") or wheel.sha256.get(architecture)
    if found is None:
        raise ImageFailed(
            f"no wheel of {wheel.name} is pinned for {architecture}", hint="workers are x86_64 or aarch64"
        )
    return found


def _cached(cache: Path, wheel: recipe.Wheel, architecture: str) -> Path | None:
    expected = expected_hash(wheel, architecture)
    name = f"{wheel.name}-{wheel.version}-*.whl"
    for path in (*sorted(HOUSE.glob(name)), *sorted(cache.glob(name))):
        if hashlib.sha256(path.read_bytes()).hexdigest() == expected:
            return path
    return None


def _found(cache: Path, wheel: recipe.Wheel, architecture: str) -> Path:
    path = _cached(cache, wheel, architecture)
    if path is None:
        raise ImageFailed(f"pip did not fetch {wheel.name} {wheel.version}")
    return path


def _download(cache: Path, missing: list[recipe.Wheel], architecture: str) -> None:
    with tempfile.TemporaryDirectory(dir=cache, prefix=".pip-") as folder:
        _pip_download(Path(folder), missing, architecture)
        for path in Path(folder).glob("*.whl"):
            path.replace(cache / path.name)


def _pip_download(
    folder: Path, wheels: list[recipe.Wheel], architecture: str, options: tuple[str, ...] = ()
) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text("".join(_requirement(wheel, architecture) for wheel in wheels))
    argv = [*_pip(), "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    argv += ["--only-binary", ":all:", "--python-version", recipe.PYTHON, "--implementation", "cp", *options]
    argv += [part for name in PLATFORMS for part in ("--platform", name.format(architecture))]
    argv += ["--dest", str(folder), "--requirement", str(wanted)]
    _run_pip(argv)


def _requirement(wheel: recipe.Wheel, architecture: str) -> str:
    return f"{wheel.name}=={wheel.version} --hash=sha256:{expected_hash(wheel, architecture)}\n"


def _run_pip(argv: list[str]) -> None:
    hint = "pip's own configuration sets the package index: pip config list"
    with program(argv, stderr=subprocess.PIPE) as process:
        try:
            _, errors = process.communicate(timeout=PIP_SECONDS)
        except BaseException as error:
            process.kill()
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise ImageFailed(f"pip did not finish within {PIP_SECONDS} s", hint=hint) from error
            raise
    if process.returncode:
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        raise ImageFailed(
            f"pip could not fetch the decoys' packages: {' / '.join(lines[-3:])[-600:]}", hint=hint
        )


def _pip() -> list[str]:
    import importlib.util

    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    if found is None:
        raise ImageFailed("pip is not installed", hint="apt install python3-pip")
    return [found]
