# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`dnf` and `yum` of Rocky Linux: no mirror can be reached."""

from __future__ import annotations

from ..process import Process, Running
from .reach import DNS_SECONDS, Clock, record

HOST = "mirrors.rockylinux.org"
TRIES = 4
"""Of the list of mirrors: librepo's retries."""
CHANGES = (
    "install",
    "update",
    "upgrade",
    "remove",
    "erase",
    "reinstall",
    "downgrade",
    "autoremove",
    "groupinstall",
    "localinstall",
    "makecache",
    "swap",
)
READS = (
    "list",
    "search",
    "info",
    "check-update",
    "provides",
    "whatprovides",
    "repoquery",
    "repolist",
    "history",
    "clean",
    "deplist",
)
USAGE = """usage: dnf [options] COMMAND

List of Main Commands:

alias                     List or create command aliases
autoremove                remove all unneeded packages that were originally installed as dependencies
check                     check for problems in the packagedb
check-update              check for available package upgrades
clean                     remove cached data
"""
NO_SUPERUSER = (
    "Error: This command has to be run with superuser privileges (under the root user on most systems).\n"
)


def dnf(process: Process) -> Running:
    """`dnf` and `yum`."""
    system = process.shell.world.system
    release = system.version.partition(".")[0]
    words = [word for word in process.args if not word.startswith("-")]
    if "--version" in process.args:
        process.out("4.14.0\n" if release == "9" else "4.7.0\n")
        return 0
    if not words:
        process.out(USAGE)
        return 1
    action = words[0]
    if action not in (*CHANGES, *READS):
        process.err(
            f"No such command: {action}. Please use /usr/bin/{process.name} --help\n"
            f"It could be a {process.name.upper()} plugin command, try: \"{process.name} install 'dnf-command({action})'\"\n"
        )
        return 1
    if action in CHANGES and process.shell.user != "root":
        process.err(NO_SUPERUSER)
        return 1
    if action in ("clean", "history", "repolist"):
        if action == "clean":
            process.out("0 files removed\n")
        elif action == "repolist":
            process.out(
                f"repo id                         repo name\nappstream                       Rocky Linux {release} - AppStream\nbaseos                          Rocky Linux {release} - BaseOS\nextras                          Rocky Linux {release} - Extras\n"
            )
        return 0
    for word in words[1:]:
        if "://" in word:
            record(process, "download", url=word, output="-")
    return (yield from _unreachable(process, release))


def _unreachable(process: Process, release: str) -> Running:
    """The first repository's list of mirrors, which no resolver finds."""
    clock = Clock()
    name, repository = ("AppStream", "appstream")
    url = f"https://{HOST}/mirrorlist?arch=x86_64&repo={name}-{release}"
    error = f"Curl error (6): Couldn't resolve host name for {url} [Could not resolve host: {HOST}]"
    yield from clock.wait(DNS_SECONDS * TRIES)
    seconds = int(clock.waited)
    process.out(
        f"{f'Rocky Linux {release} - {name}':<48}0.0  B/s |   0  B     {seconds // 60:02d}:{seconds % 60:02d}    \n"
    )
    process.err(f"Errors during downloading metadata for repository '{repository}':\n  - {error}\n")
    process.err(
        f"Error: Failed to download metadata for repo '{repository}': Cannot prepare internal mirrorlist: {error}\n"
    )
    return 1


COMMANDS = {"dnf": dnf, "yum": dnf}
