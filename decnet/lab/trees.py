"""Root file systems of Debian releases: created once with mmdebstrap, cached until their recipe changes."""

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
    # On a mirror, the index of a testing or unstable release may have expired.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
)  # fmt: skip
SCHEMA: Final = 3
SECONDS: Final = 900
PROXIES: Final = ("http_proxy", "https_proxy", "no_proxy")


class Unavailable(Failed):
    """The release cannot be installed on this machine, at least not now."""


@dataclass(frozen=True)
class Recipe:
    """What a tree contains. `variant` is mmdebstrap's: "minbase" installs packages, "extract" only unpacks
    them.

    `unwanted` are paths in the tree that are removed from it.
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
    """The folder of the recipe's tree, created if there is none; trees of its older recipes are removed.

    The packages come from this machine's Debian mirror and are verified with the archive's keyring.
    Raises Unavailable.
    """
    if os.geteuid() != 0:
        raise Unavailable("installing a Debian release needs root")
    with exclusive("cache/trees", limit=SECONDS + 60):
        if not recipe.folder.is_dir():
            CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
            emit(f"installing Debian {recipe.suite} ({recipe.name}) into the cache, once")
            remove_unused(f"tree-{recipe.name}-*")
            _make(recipe)
    return recipe.folder


def remove_tree(folder: Path) -> None:
    """Remove a folder of the cache, if it exists."""
    if folder.exists():
        run(["rm", "-rf", "--one-file-system", str(folder)], limit=300)


def remove_unused(pattern: str) -> None:
    """Remove matching entries from the cache, except those that a running lab uses."""
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
        # Only one lock: it lets apt run shells that cannot handle descriptors above 9.
        run(argv, limit=SECONDS, locks=held()[-1:])
    except Failed as failed:
        remove_tree(part)
        # The last lines include apt's command line, which explains nothing.
        reasons = [line for line in failed.message.splitlines() if len(line) < 200]
        raise Unavailable(
            f"Debian {recipe.suite} cannot be installed: {' / '.join(reasons[-4:])}",
            hint="check that apt-get update works on this machine",
        ) from failed
    for path in recipe.unwanted:
        (part / path).unlink(missing_ok=True)
    part.replace(recipe.folder)


def _mirror() -> str:
    """The URI from which this machine installs its Debian packages."""
    release = _os_release()
    if release.get("ID") != "debian" or not KEYRING.exists():
        raise Unavailable("installing a Debian release needs a Debian machine with debian-archive-keyring")
    if not shutil.which("mmdebstrap", path=SYSTEM_PATH):
        raise Unavailable("mmdebstrap is not installed", hint="apt-get install mmdebstrap")
    targets = run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    )
    rows = [line.split() for line in targets.splitlines()]
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
    """Whether this tree is mounted, or a virtual worker runs with this kernel or disk."""
    mounted, named = f"lowerdir={path},", os.fsencode(path)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mounted in (process / "mountinfo").read_text(errors="replace"):
                return True
            if named in (process / "cmdline").read_bytes():
                return True
    return False
