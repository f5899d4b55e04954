"""What decnet has put on this machine, apart from its workers' agents: files to remove, and what to name."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from decnet.model.counted import counted
from decnet.store.paths import Home

KEPT = ("events", "audit.jsonl", "catalog")
"""What stays in the state directory without --purge: what attackers did, what was done, your catalog."""

UNITS = tuple(
    f"decnet-{name}.{kind}" for name in ("reconcile", "mutate", "events") for kind in ("timer", "service")
)
UNIT_FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
SYSTEM_FILES = (
    "etc/cron.d/decnet",
    "usr/share/bash-completion/completions/decnet",
    "usr/local/share/bash-completion/completions/decnet",
    "usr/share/zsh/vendor-completions/_decnet",
    "usr/local/share/zsh/site-functions/_decnet",
    "usr/share/fish/vendor_completions.d/decnet.fish",
)
USER_FILES = (
    ".config/fish/completions/decnet.fish",
    ".local/share/bash-completion/completions/decnet",
)
START_FILES = (".bashrc", ".zshrc", ".bash_profile", ".profile")
LAB_FOLDERS = ("var/lib/decnet-lab", "var/cache/decnet-lab")
NAMESPACES = "run/netns"
IMAGES = (
    "decnet's images in this machine's Docker, if there are any: docker rmi $(docker images -q 'decnet/*')"
)
LIMIT = 20.0
"""Seconds for each program that is asked."""


@dataclass(frozen=True)
class Footprint:
    """`state` and `system` are files and folders to remove, `kept` stays in the state directory. `caches` are
    the folders into which the single file has unpacked itself, to be removed; `images`: decnet's images in
    this machine's Docker go, too. `by_hand` has what is only named, each with how to remove it."""

    root: Path
    state: tuple[Path, ...]
    kept: tuple[Path, ...]
    system: tuple[Path, ...]
    by_hand: tuple[str, ...]
    caches: tuple[Path, ...] = ()
    images: bool = False


def footprint(home: Home, *, purge: bool, root: Path = Path("/"), user: Path | None = None) -> Footprint:
    """What there is. `root` is the root of the file system, `user` the user's home directory."""
    homes = _homes() if user is None else [user]
    user = homes[0]
    entries = sorted(home.root.iterdir()) if home.root.is_dir() else []
    kept = tuple(path for path in entries if not purge and path.name in KEPT and not _is_empty(path))
    units = [f"{folder}/{unit}" for folder in UNIT_FOLDERS for unit in UNITS]
    candidates = [root / name for name in (*units, *SYSTEM_FILES)] + [user / name for name in USER_FILES]
    found = [path for path in candidates if path.is_file() or path.is_symlink()]
    owners = {path: _owner(path) for path in found}
    removable = [path for path in found if not owners[path] and os.access(path.parent, os.W_OK)]
    by_hand = [f"{path}: as root: rm {path}" for path in found if not owners[path] and path not in removable]
    by_hand += sorted({f"files of the package {name}: apt remove {name}" for name in owners.values() if name})
    caches = _caches(homes)
    by_hand += _lines_of(user) + _labs(root)
    if not purge:
        by_hand += [f"unpacked copies of the program: rm -rf {path}" for path in caches] + [IMAGES]
    by_hand += [_program()]
    state = tuple(path for path in entries if path not in kept)
    removed = tuple(caches) if purge else ()
    return Footprint(home.root, state, kept, tuple(removable), tuple(by_hand), removed, images=purge)


def remove_system_files(paths: Iterable[Path]) -> list[str]:
    """Remove timers, cron files and completions; returns what could not be removed, with the reason."""
    failed = []
    timers = [path.name for path in paths if path.suffix == ".timer" and path.parts[1] in ("etc", "usr")]
    has_systemd = Path("/run/systemd/system").is_dir()
    if timers and has_systemd:
        _run(["systemctl", "disable", "--now", *timers])
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            failed.append(f"{path}: {(error.strerror or 'not removed').lower()}")
    if timers and has_systemd:
        _run(["systemctl", "daemon-reload"])
    return failed


def remove_state(found: Footprint) -> list[str]:
    """Remove the caches and the files of the state directory, the lock last; and the directory itself if
    nothing is kept."""
    failed = []
    for path in [*found.caches, *sorted(found.state, key=lambda path: path.name == "lock")]:
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            failed.append(f"{path}: {(error.strerror or 'not removed').lower()}")
    if found.root.is_dir() and not any(found.root.iterdir()):
        # A mount point stays, empty.
        with contextlib.suppress(OSError):
            found.root.rmdir()
    return failed


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _owner(path: Path) -> str:
    """The Debian package that a file belongs to; "" if none does."""
    return _run(["dpkg-query", "-S", str(path)]).partition(":")[0].strip()


def _lines_of(user: Path) -> list[str]:
    """The user's own lines that start decnet."""
    found = []
    jobs = [line for line in _run(["crontab", "-l"]).splitlines() if _starts_decnet(line)]
    if jobs:
        found.append(f"{counted(len(jobs), 'line')} of your crontab: crontab -e")
    for name in START_FILES:
        try:
            text = (user / name).read_text(errors="replace")
        except OSError:
            continue
        if "decnet completion" in text:
            found.append(f"`decnet completion` in {user / name}: remove that line")
    return found


def _starts_decnet(line: str) -> bool:
    return "decnet" in line and not line.lstrip().startswith("#")


def _labs(root: Path) -> list[str]:
    """One command that removes the folders of the practice networks once each of them is down."""
    found = [root / name for name in LAB_FOLDERS if (root / name).is_dir()]
    names = _lab_names(root)
    if not found and not names:
        return []
    downs = [f"sudo decnet lab down --name {name}" for name in names]
    removal = [f"sudo rm -rf {' '.join(str(path) for path in found)}"] if found else []
    what = counted(len(names), "practice network") if names else "practice networks"
    return [f"{what}: {' && '.join(downs + removal)}"]


def _lab_names(root: Path) -> list[str]:
    """Every practice network that has a folder or a network namespace on this machine."""
    folder, namespaces = root / LAB_FOLDERS[0], root / NAMESPACES
    names = {path.name for path in folder.iterdir()} if os.access(folder, os.R_OK | os.X_OK) else set()
    spaces = namespaces.glob("dl-*-*") if namespaces.is_dir() else ()
    names |= {path.name.split("-")[1] for path in spaces}
    return sorted(name for name in names if re.fullmatch("[a-z0-9]{1,8}", name))


def _homes() -> list[Path]:
    """The home directories of this user, and of who called this with sudo."""
    homes = [Path.home()]
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        with contextlib.suppress(KeyError):
            homes.append(Path(pwd.getpwuid(int(os.environ["SUDO_UID"])).pw_dir))
    return list(dict.fromkeys(homes))


def _caches(homes: Iterable[Path]) -> list[Path]:
    """Where the single file has unpacked itself; the place of the program that runs now is named with the
    program."""
    found = [home / ".cache/decnet" for home in homes]
    return [path for path in found if path.is_dir() and path not in Path(sys.prefix).parents]


def _program() -> str:
    """How this program itself is removed."""
    program, unpacked = Path(sys.argv[0]).absolute(), Path(sys.prefix)
    if owner := _owner(program.resolve()):
        return f"the program: apt purge {owner}"
    # The single file unpacks itself into a directory of its cache.
    if (unpacked / "start.py").is_file():
        return f"the program: rm -rf {program} {unpacked.parent}"
    if "pipx" in Path(sys.prefix).parts:
        return "the program: pipx uninstall decnet (with the settings that it was installed with)"
    if sys.prefix != sys.base_prefix:
        return f"the program: rm -rf {sys.prefix}, and the link to it"
    return f"the program: rm {program}"


def _run(argv: list[str]) -> str:
    """What a program prints; "" if it is missing, fails or takes too long."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
