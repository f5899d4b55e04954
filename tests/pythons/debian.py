"""The programs of another Debian release on this machine: its /usr over ours, for one command at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path("/var/cache/decnet-lab")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
RECIPE = (
    "--mode=root", "--variant=extract", "--format=directory",
    "--aptopt=APT::Install-Recommends \"false\"", "--aptopt=APT::Sandbox::User \"root\"",
    # The index of a release that moves may be past its date on a mirror.
    "--aptopt=Acquire::Check-Valid-Until \"false\"",
    "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
)  # fmt: skip
OVERLAY = 'mount -t overlay overlay -o "lowerdir=$0:/usr" /usr; exec "$@"'
SCHEMA = 2
SECONDS = 600


class Unavailable(Exception):
    """Why the release cannot be had today."""


def usr_of(suite: str, *packages: str) -> Path:
    """The folder with the release's /usr, kept in the lab's cache until its recipe changes.

    Made from this machine's own Debian mirror, verified with the archive's keyring. Raises Unavailable.
    """
    key = hashlib.sha256(repr((SCHEMA, suite, packages, RECIPE)).encode()).hexdigest()[:12]
    tree = CACHE / f"tree-{suite}-{key}"
    with alone("trees"):
        if not tree.exists():
            for old in CACHE.glob(f"tree-{suite}-*"):
                shutil.rmtree(old)
            _make(tree, suite, packages)
    return tree / "usr"


def inside(usr: Path) -> list[str]:
    """What a command line begins with whose programs and libraries are that release's, where it has them.

    Everything outside /usr is the machine's own, and so are programs that the release was not given.
    """
    return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", OVERLAY, str(usr)]


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One process at a time: tests run in two streams."""
    CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(tree: Path, suite: str, packages: tuple[str, ...]) -> None:
    part = tree.with_name("part-" + tree.name)
    shutil.rmtree(part, ignore_errors=True)
    source = f"deb [signed-by={KEYRING}] {_mirror()} {suite} main"
    argv = ["mmdebstrap", "--quiet", *RECIPE, f"--include={','.join(packages)}", suite, str(part), source]
    try:
        ended = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError as error:
        raise Unavailable("mmdebstrap is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"mmdebstrap did not end within {SECONDS} s") from error
    if ended.returncode:
        shutil.rmtree(part, ignore_errors=True)
        raise Unavailable(f"Debian {suite}: {' / '.join(ended.stderr.splitlines()[-3:])[-300:]}")
    # The machine's own scripts start python3: that stays the machine's.
    (part / "usr" / "bin" / "python3").unlink(missing_ok=True)
    part.replace(tree)


def _mirror() -> str:
    """Where this machine takes its own Debian packages from."""
    lines = Path("/etc/os-release").read_text().splitlines()
    release = dict(line.split("=", 1) for line in lines if "=" in line)
    if release.get("ID") != "debian" or not KEYRING.exists() or os.geteuid() != 0:
        raise Unavailable("a Debian machine, its archive's keyring, and root are needed")
    argv = [
        "apt-get",
        "indextargets",
        "--format",
        "$(RELEASE) $(COMPONENT) $(REPO_URI)",
        "Created-By: Packages",
    ]
    shown = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
    rows = [line.split() for line in shown.splitlines()]
    found = [row[2] for row in rows if row[:2] == [release.get("VERSION_CODENAME", ""), "main"]]
    if not found:
        raise Unavailable("this machine has no Debian mirror in its apt sources")
    return found[0]
