# ruff: noqa: E501 (messages)
"""apt, apt-get, apt-cache and apt-mark: what they print on a machine whose packets do not reach a mirror."""

from __future__ import annotations

import re

from ...host.dpkg_files import stanza
from ...host.packages import Packages
from ..process import Command, Process, Running
from ..text.common import tool
from .dpkg import packages_here

UNSTABLE = "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n"
RESOLVE_SECONDS = 5.0
"""The resolver's time for one query without an answer, resolv.conf(5)."""
MOST_SOURCES = 8
USAGE = """Usage: apt [options] command

apt is a commandline package manager and provides commands for
searching and managing as well as querying information about packages.
It provides the same functionality as the specialized APT tools,
like apt-get and apt-cache, but enables options more suitable for
interactive use by default.

Most used commands:
  list - list packages based on package names
  search - search in package descriptions
  show - show package details
  install - install packages
  reinstall - reinstall packages
  remove - remove packages
  autoremove - automatically remove all unused packages
  update - update list of available packages
  upgrade - upgrade the system by installing/upgrading packages
  full-upgrade - upgrade the system by removing/installing/upgrading packages
  edit-sources - edit the source information file
  satisfy - satisfy dependency strings

See apt(8) for more information about the available commands.
Configuration options and syntax is detailed in apt.conf(5).
Information about how to configure sources can be found in sources.list(5).
Package and version choices can be expressed via apt_preferences(5).
Security details are available in apt-secure(8).
                                        This APT has Super Cow Powers.
"""
LAST_WORDED = ("autoremove - automatically remove", "autoremove - Remove automatically")
"""As apt 2.6 and 2.4 have it."""
VALUED = ("-o", "-t", "-c", "--option", "--target-release", "--default-release", "--config-file")
KNOWN = re.compile(
    r"-([yqfmdsuVhvbe]+|q=\d|qq|y=\w+)$|--(yes|assume-yes|assume-no|quiet|simulate|dry-run|just-print|recon|no-act|fix-broken|fix-missing|ignore-missing|download-only|no-install-recommends|install-recommends|no-install-suggests|reinstall|only-upgrade|no-upgrade|purge|auto-remove|autoremove|allow-\w[\w-]*|force-yes|installed|upgradable|upgradeable|manual-installed|all-versions|names-only|full|help|version|no-remove|trivial-only|no-download|show-progress|print-uris|option=.*|with-new-pkgs|quiet=\d|verbose-versions|show-upgraded|no-show-upgraded|fix-policy|recurse|no-all-versions)$"
)
CHANGES = (
    "install",
    "remove",
    "purge",
    "upgrade",
    "dist-upgrade",
    "full-upgrade",
    "autoremove",
    "autopurge",
    "reinstall",
    "build-dep",
    "satisfy",
)
QUERIES = (
    "list",
    "search",
    "show",
    "policy",
    "madison",
    "depends",
    "rdepends",
    "showpkg",
    "pkgnames",
    "stats",
    "edit-sources",
    "showsrc",
    "dump",
    "gencaches",
)
OTHERS = (
    "update",
    "clean",
    "autoclean",
    "auto-clean",
    "check",
    "download",
    "source",
    "changelog",
    "moo",
    "help",
    "indextargets",
    "dselect-upgrade",
)
BY_TOOL = {"apt": (*CHANGES, *QUERIES, *OTHERS), "apt-get": (*CHANGES, *OTHERS), "apt-cache": QUERIES}


@tool
def apt(process: Process) -> Running:
    """Status 100 after an error."""
    words, flags = _read(process)
    packages = packages_here(process)
    version = packages["apt"].version
    bad = next((each for each in flags if not KNOWN.match(each)), "")
    if "--version" in flags or "-v" in flags:
        process.out(f"apt {version} (amd64)\n")
        return 0
    if not words or "--help" in flags or "-h" in flags or words[0] == "help":
        process.out(
            f"apt {version} (amd64)\n"
            + (
                _usage(process)
                if process.name == "apt"
                else _usage(process).replace("apt [options]", f"{process.name} [options]", 1)
            )
        )
        return 0 if flags or words else 1
    if process.name == "apt" and not process.to_terminal:
        process.err(UNSTABLE)
    action = words.pop(0)
    if bad:
        text = f"Command line option {bad} is not understood in combination with the other options"
        if not bad.startswith("--"):
            text = f"Command line option '{bad[1]}' [from {bad}] is not understood in combination with the other options."
        _complain(process, f"{text}\n")
        return 100
    if action not in BY_TOOL[process.name]:
        _complain(process, f"Invalid operation {action}\n")
        return 100
    yield 0.0
    if action in QUERIES:
        return _query(process, packages, action, words, flags)
    if action == "update":
        return (yield from _update(process, flags))
    return _change(process, packages, action, words, flags)


def _usage(process: Process) -> str:
    return USAGE.replace(*LAST_WORDED) if process.shell.world.system.version == "22.04" else USAGE


def _read(process: Process) -> tuple[list[str], list[str]]:
    words: list[str] = []
    flags: list[str] = []
    given = list(process.args)
    while given:
        word = given.pop(0)
        if word in VALUED:
            given[:1] = []
        elif word.startswith(("-o", "-t")) and len(word) > 2 and not word.startswith("--"):
            continue
        else:
            (flags if word.startswith("-") and len(word) > 1 else words).append(word)
    return words, flags


def _quiet(flags: list[str]) -> int:
    count = 0
    for flag in flags:
        if flag.startswith("--quiet"):
            count += 1
        elif not flag.startswith("--"):
            count += int(flag[3:] or 0) if flag.startswith("-q=") else flag.count("q")
    return count


STEPS = (
    ("Reading package lists...", ("0%", "100%")),
    ("Building dependency tree...", ("0%", "0%", "50%", "50%")),
    ("Reading state information...", ("0% ", "0%")),
)
ERROR, NOTE = "E: ", "N: "
COLOURS = {ERROR: "\x1b[1;31m", NOTE: "\x1b[33m"}


def _complain(process: Process, text: str, kind: str = ERROR) -> None:
    """One message to a line; `apt` colours its beginning on a terminal."""
    colour = COLOURS[kind] if process.name == "apt" and process.to_terminal else ""
    begin, end = (f"{colour}{kind}\x1b[0m", "\x1b[0m") if colour else (kind, "")
    for line in text.removesuffix("\n").split("\nE: "):
        process.err(f"{begin}{line}{end}\n")


def _progress(process: Process, text: str, parts: tuple[str, ...]) -> None:
    """A step with its progress, which a terminal sees as it grows."""
    if not process.to_terminal:
        process.out(f"{text}\n")
        return
    process.out("".join(f"\r{text} {part}\r" for part in parts) + f"\r{text} Done\r\n")


def _steps(process: Process, flags: list[str]) -> None:
    if _quiet(flags) > 1:
        return
    for text, parts in STEPS:
        _progress(process, text, parts)


def _simulates(flags: list[str]) -> bool:
    return any(
        flag in ("--simulate", "--dry-run", "--just-print", "--no-act", "--recon")
        or (not flag.startswith("--") and "s" in flag)
        for flag in flags
    )


def _change(process: Process, packages: Packages, action: str, names: list[str], flags: list[str]) -> int:
    if action == "moo":
        process.out(
            '                 (__) \n                 (oo) \n           /------\\/ \n          / |    ||   \n         *  /\\---/\\ \n            ~~   ~~   \n..."Have you mooed today?"...\n'
        )
        return 0
    if (
        process.shell.user != "root"
        and not _simulates(flags)
        and action not in ("download", "source", "changelog")
    ):
        if action == "clean":
            _complain(
                process,
                "Could not open lock file /var/cache/apt/archives/lock - open (13: Permission denied)\nE: Unable to lock directory /var/cache/apt/archives/\n",
            )
        else:
            _complain(
                process,
                "Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n",
            )
        return 100
    if action in ("clean", "autoclean", "auto-clean"):
        if action != "clean":
            _steps(process, flags)
        return 0
    _steps(process, flags)
    known = [name for name in names if name.partition("=")[0].partition(":")[0].rstrip("+-") in packages]
    unknown = [name for name in names if name not in known]
    for name in known if action in ("install", "reinstall") else []:
        process.out(
            f"{name} is already the newest version ({packages[name.partition('=')[0].partition(':')[0].rstrip('+-')].version}).\n"
        )
    for name in unknown:
        _complain(process, f"Unable to locate package {name}\n")
        if "." in name:
            _complain(process, f"Couldn't find any package by glob '{name}'\n")
    if unknown:
        return 100
    if known and action in ("remove", "purge"):
        holder = process.shell.world.booted() % 900 + 800
        lock = "/var/lib/dpkg/lock-frontend"
        _complain(process, f"Could not get lock {lock}. It is held by process {holder} (unattended-upgr)\n")
        _complain(
            process,
            "Be aware that removing the lock file is not a solution and may break your system.\n",
            NOTE,
        )
        _complain(
            process, f"Unable to acquire the dpkg frontend lock ({lock}), is another process using it?\n"
        )
        return 100
    if action in ("upgrade", "dist-upgrade", "full-upgrade") and _quiet(flags) < 2:
        _progress(process, "Calculating upgrade...", ("0%", "10%"))
    if action not in ("check", "download", "source", "changelog"):
        process.out(
            "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n" if _quiet(flags) < 2 else ""
        )
    return 0


def _update(process: Process, flags: list[str]) -> Running:
    if process.shell.user != "root":
        _progress(process, *STEPS[0])
        _complain(
            process,
            "Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\nE: Unable to lock directory /var/lib/apt/lists/\n",
        )
        return 100
    failed: list[tuple[str, str]] = []
    for number, (base, suite) in enumerate(_sources(process), 1):
        host = base.partition("://")[2].partition("/")[0]
        if host not in [known for known, _ in failed]:
            yield RESOLVE_SECONDS
        if _quiet(flags) == 0 or (process.to_terminal and _quiet(flags) < 2):
            process.out(f"Ign:{number} {base} {suite} InRelease\n")
        failed.append((host, f"{base}/dists/{suite}/InRelease"))
    if _quiet(flags) == 0:
        for number, (host, address) in enumerate(failed, 1):
            base, _, suite = address.removesuffix("/InRelease").partition("/dists/")
            process.out(f"Err:{number} {base} {suite} InRelease\n  Temporary failure resolving '{host}'\n")
    if _quiet(flags) < 2:
        _progress(process, *STEPS[0])
        if process.name == "apt":
            process.out(
                "Building dependency tree...\nReading state information...\nAll packages are up to date.\n"
            )
    for host, address in failed:
        process.err(f"W: Failed to fetch {address}  Temporary failure resolving '{host}'\n")
    if failed:
        process.err(
            "W: Some index files failed to download. They have been ignored, or old ones used instead.\n"
        )
    return 0


def _sources(process: Process) -> list[tuple[str, str]]:
    """The addresses and suites of sources.list and sources.list.d."""
    shell, found = process.shell, []
    for path in (
        "/etc/apt/sources.list",
        *(f"/etc/apt/sources.list.d/{name}" for name in shell.entries("/etc/apt/sources.list.d")[:20]),
    ):
        text = shell.read(path) or ""
        for line in text.splitlines()[:200]:
            words = [word for word in re.sub(r"\[.*?\]", "", line).split() if word]
            if len(words) > 3 and words[0] == "deb":
                found.append((words[1].rstrip("/"), words[2]))
        uris, suites = re.search(r"(?m)^URIs: (\S+)", text), re.search(r"(?m)^Suites: (.+)", text)
        if uris and suites:
            found += [(uris[1].rstrip("/"), suite) for suite in suites[1].split()]
    return list(dict.fromkeys(found))[:MOST_SOURCES]


def _query(process: Process, packages: Packages, action: str, names: list[str], flags: list[str]) -> int:
    match action:
        case "list":
            process.out("Listing..." + (" Done" if process.to_terminal else "") + "\n")
            codename = process.shell.world.system.codename
            suite = "now" if process.shell.world.system.id == "debian" else codename
            for package in packages.values():
                if (
                    (not names or package.name in names)
                    and "--upgradable" not in flags
                    and "--upgradeable" not in flags
                ):
                    process.out(
                        f"{package.name}/{'stable,' if suite == 'now' else suite + ','}now {package.version} {package.architecture} [installed{'' if package.priority != 'optional' else ',automatic'}]\n"
                    )
        case "search":
            if process.name == "apt":
                _progress(process, "Sorting...", ("0%", "0%"))
                _progress(process, "Full Text Search...", ("50%", "50%"))
            for package in packages.values():
                fields, _, _ = packages.control(package)
                text = fields.partition("Description: ")[2].partition("\n")[0]
                if names and all(name.lower() in f"{package.name} {text}".lower() for name in names):
                    shown = f"{package.name}/stable,now {package.version} {package.architecture} [installed]\n  {text}\n\n"
                    process.out(shown if process.name == "apt" else f"{package.name} - {text}\n")
        case "show":
            missing = [name for name in names if name not in packages]
            for name in names:
                if name in packages:
                    lines = stanza(packages, packages[name]).splitlines()
                    kept = [line for line in lines if not line.startswith(("Status:", "Conffiles:", " /"))]
                    process.out("\n".join(kept) + "\n\n")
                elif process.to_terminal:
                    for _ in range(2 if process.name == "apt" else 1):
                        _complain(process, f"Unable to locate package {name}\n", NOTE)
            if missing and len(missing) == len(names):
                _complain(process, "No packages found\n")
                return 100
        case "policy":
            for name in names:
                if name in packages:
                    version = packages[name].version
                    process.out(
                        f"{name}:\n  Installed: {version}\n  Candidate: {version}\n  Version table:\n *** {version} 100\n        100 /var/lib/dpkg/status\n"
                    )
        case "pkgnames":
            process.out("".join(f"{name}\n" for name in packages))
    return 0


@tool
def apt_mark(process: Process) -> Running:
    """No package is held."""
    yield 0.0
    packages = packages_here(process)
    words = [word for word in process.args if not word.startswith("-")]
    if words[:1] == ["showmanual"]:
        process.out(
            "".join(
                f"{each.name}\n"
                for each in packages.values()
                if each.priority == "optional" and each.section in ("net", "admin", "web")
            )
        )
    elif words[:1] not in (["showhold"], ["showauto"]):
        for name in words[1:]:
            if name not in packages:
                _complain(process, f"Unable to locate package {name}\nE: No packages found\n")
                return 100
            process.out(
                f"{name} {'set on hold' if words[0] == 'hold' else f'set to {words[0]}ally installed'}.\n"
            )
    return 0


COMMANDS: dict[str, Command] = {"apt": apt, "apt-get": apt, "apt-cache": apt, "apt-mark": apt_mark}
