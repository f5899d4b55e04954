"""Debian releases as folders: made once with mmdebstrap, kept in the cache until their recipe changes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from decnet.errors import Failed
from decnet.lab.guard import exclusive, held
from decnet.lab.shell import SYSTEM_PATH, run

CACHE: Final = Path("/var/cache/decnet-lab")
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OPTIONS: Final = (
    "--mode=root", "--format=directory",
    '--aptopt=APT::Install-Recommends "false"', '--aptopt=APT::Sandbox::User "root"',
    # The index of a release that moves may be past its date on a mirror.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
)  # fmt: skip
SCHEMA: Final = 3
SECONDS: Final = 900
PROXIES: Final = ("http_proxy", "https_proxy", "no_proxy")


class Unavailable(Failed):
    """The release cannot be had on this machine, or not today."""


@dataclass(frozen=True)
class Recipe:
    """What a tree is made of. `variant` is mmdebstrap's: "minbase" installs, "extract" only unpacks.

    `unwanted` are paths below the tree that are removed from it.
    """

    name: str
    suite: str
    packages: tuple[str, ...]
    variant: str = "minbase"
    unwanted: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        key = hashlib.sha256(repr((SCHEMA, self, OPTIONS)).encode()).hexdigest()[:12]
        return CACHE / f"tree-{self.name}-{key}"


def make_tree(recipe: Recipe, emit: Callable[[str], None]) -> Path:
    """Return the folder of the recipe's tree, made if there is none; trees of its older recipes are removed.

    The packages come from this machine's own Debian mirror and are verified with the archive's keyring.
    Raises Unavailable.
    """
    if os.geteuid() != 0:
        raise Unavailable("a Debian release needs root")
    with exclusive("cache/trees", limit=SECONDS + 60):
        if not recipe.folder.is_dir():
            CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
            emit(f"making a tree of Debian {recipe.suite} ({recipe.name}), once")
            remove_unused(f"tree-{recipe.name}-*")
            _make(recipe)
    return recipe.folder


def remove_tree(folder: Path) -> None:
    """Remove a folder of the cache, if it is there."""
    if folder.exists():
        run(["rm", "-rf", "--one-file-system", str(folder)], limit=300)


def remove_unused(pattern: str) -> None:
    """Remove what the cache has by these names; what a running lab stands on stays until a later time."""
    for old in CACHE.glob(pattern):
        if not _in_use(old):
            remove_tree(old)


def _make(recipe: Recipe) -> None:
    part = recipe.folder.with_name("part-" + recipe.folder.name)
    remove_tree(part)
    source = f"deb [signed-by={KEYRING}] {_mirror()} {recipe.suite} main"
    proxies = [f"{name}={os.environ[name]}" for name in PROXIES if name in os.environ]
    argv = ["env", *proxies, "mmdebstrap", "--quiet", *OPTIONS, f"--variant={recipe.variant}"]
    argv += [f"--include={','.join(recipe.packages)}", recipe.suite, str(part), source]
    try:
        # One lock, not all: it has apt run shells that know no descriptor above 9.
        run(argv, limit=SECONDS, locks=held()[-1:])
    except Failed as failed:
        remove_tree(part)
        # apt's own command line is one of its last words, and tells nothing.
        said = [line for line in failed.message.splitlines() if len(line) < 200]
        raise Unavailable(
            f"no tree of Debian {recipe.suite}: {' / '.join(said[-4:])}",
            hint="check that apt-get update works on this machine",
        ) from failed
    for path in recipe.unwanted:
        (part / path).unlink(missing_ok=True)
    part.replace(recipe.folder)


def _mirror() -> str:
    """Where this machine takes its own Debian packages from."""
    release = _os_release()
    if release.get("ID") != "debian" or not KEYRING.exists():
        raise Unavailable("a Debian release needs a Debian machine with its archive's keyring")
    if not shutil.which("mmdebstrap", path=SYSTEM_PATH):
        raise Unavailable("mmdebstrap is not installed", hint="apt-get install mmdebstrap")
    shown = run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    )
    rows = [line.split() for line in shown.splitlines()]
    found = [row[2] for row in rows if row[:2] == [release.get("VERSION_CODENAME", ""), "main"]]
    if not found:
        raise Unavailable("this machine has no Debian mirror in its apt sources")
    return found[0]


def _os_release() -> dict[str, str]:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _in_use(path: Path) -> bool:
    """Whether a tree is mounted somewhere, or a virtual worker runs with this kernel or disk."""
    mounted, named = f"lowerdir={path},", os.fsencode(path)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mounted in (process / "mountinfo").read_text(errors="replace"):
                return True
            if named in (process / "cmdline").read_bytes():
                return True
    return False
