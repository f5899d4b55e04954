# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""a2enmod and its brothers, and a2query: links in /etc/apache2. Source: apache2 2.4.68 of Debian 12."""

from __future__ import annotations

import time

from ...host.node import Node
from ..context import Context, Work
from ..descriptors import Stream
from ..printing import started
from ..process import Command, Process, Running
from ..state import Shell
from .common import guarded, recorded, version_of

KINDS = {
    "mod": ("module", "mods", ".load"),
    "site": ("site", "sites", ".conf"),
    "conf": ("conf", "conf", ".conf"),
}
RELOADS = {"mod": "restart", "site": "reload", "conf": "reload"}
ESSENTIAL = (
    "alias",
    "autoindex",
    "dir",
    "negotiation",
    "env",
    "setenvif",
    "mime",
    "filter",
    "authz_core",
    "authn_core",
    "access_compat",
)
FOLDER = "/etc/apache2"
SURE = "Yes, do as I say!"
MAGIC = "20120211"


def enabled(shell: Shell, kind: str) -> list[str]:
    """The names of the modules (mod), sites or configurations that are enabled, sorted."""
    _, folder, end = KINDS[kind]
    return _names(shell, f"{FOLDER}/{folder}-enabled", end)


def _names(shell: Shell, folder: str, end: str) -> list[str]:
    if shell.node(folder) is None:
        return []
    return sorted(name.removesuffix(end) for name in shell.entries(folder) if name.endswith(end))


class _Change:
    """One call of a2enmod or another one."""

    def __init__(self, process: Process) -> None:
        name = process.name.rpartition("/")[2]
        self.process, self.shell = process, process.shell
        self.enables, self.kind = name.startswith("a2en"), name.removeprefix("a2en").removeprefix("a2dis")
        self.noun, self.folder, self.end = KINDS[self.kind]
        self.quiet = "-q" in process.args or "--quiet" in process.args
        self.forced = "-f" in process.args or "--force" in process.args
        self.changed = False

    def say(self, text: str) -> None:
        if not self.quiet:
            self.process.out(text)

    def path(self, name: str, state: str, end: str = "") -> str:
        return f"{FOLDER}/{self.folder}-{state}/{name}{end or self.end}"

    def carry_out(self, name: str) -> int:
        title = self.noun.capitalize()
        if self.shell.node(self.path(name, "available")) is None:
            if self.shell.lstat(self.path(name, "enabled")) is not None and not self.enables:
                return self._unlink(name, title)
            self.process.err(f"ERROR: {title} {name} does not exist!\n")
            return 1
        there = self.shell.lstat(self.path(name, "enabled")) is not None
        return (
            self._enable(name, title, there=there)
            if self.enables
            else self._disable(name, title, there=there)
        )

    def _enable(self, name: str, title: str, *, there: bool) -> int:
        for label, needed in self._related(name):
            status = self._consider(label, needed, name)
            if status:
                return status
        if there:
            self.process.out(f"{title} {name} already enabled\n")
            return 0
        self.process.out(f"Enabling {self.noun} {name}.\n")
        for end in (self.end, ".conf") if self.kind == "mod" else (self.end,):
            if self.shell.node(self.path(name, "available", end)) is None:
                continue
            link = self.path(name, "enabled", end)
            target = f"../{self.folder}-available/{name}{end}"
            if refused := self.shell.change(link, Node(0o777, target=target, changed=int(time.time()))):
                self.process.err(f"Could not create {link}: {refused}\n")
                return 13
        self.changed = True
        if name == "ssl":
            self.process.out(
                "See /usr/share/doc/apache2/README.Debian.gz on how to configure SSL and create self-signed certificates.\n"
            )
        return 0

    def _related(self, name: str) -> list[tuple[str, str]]:
        """What the module needs and what excludes it, as its .load file has that in comments."""
        if self.kind != "mod":
            return []
        found = []
        for line in (self.shell.read(self.path(name, "available")) or "").splitlines():
            for label in ("Conflicts", "Depends"):
                if line.startswith(f"# {label}:"):
                    found += [(label, each) for each in line.partition(":")[2].split()]
        return found

    def _consider(self, label: str, other: str, name: str) -> int:
        there = self.shell.lstat(self.path(other, "enabled")) is not None
        if label == "Conflicts":
            self.say(f"Considering conflict {other} for {name}:\n")
            if there:
                self.process.err(
                    f"ERROR: Module {other} is enabled - cannot proceed due to conflicts. It needs to be disabled first!\n"
                )
                return 1
            return 0
        self.say(f"Considering dependency {other} for {name}:\n")
        return self._enable(other, "Module", there=there)

    def _disable(self, name: str, title: str, *, there: bool) -> int:
        if not there:
            self.process.out(f"{title} {name} already disabled\n")
            return 0
        users = [each for each in enabled(self.shell, "mod") if ("Depends", name) in self._related(each)]
        if users and not self.forced:
            self.process.err(
                f"ERROR: The following modules depend on {name} and need to be disabled first: {' '.join(users)}\n"
            )
            return 1
        return self._unlink(name, title)

    def asks(self, name: str) -> bool:
        """Whether one has to be sure to disable it."""
        there = self.shell.lstat(self.path(name, "enabled")) is not None
        return self.kind == "mod" and not self.enables and not self.forced and there and name in ESSENTIAL

    def warn(self, name: str) -> None:
        """Ask for the phrase."""
        self.process.out(
            "WARNING: The following essential module will be disabled.\nThis might result in unexpected behavior and should NOT be done\n"
            f"unless you know exactly what you are doing!\n {name}\n\nTo continue type in the phrase '{SURE}' or retry by passing '-f': "
        )

    def offer(self) -> None:
        """Ask for names."""
        state, verb = ("available", "enable") if self.enables else ("enabled", "disable")
        known = " ".join(_names(self.shell, f"{FOLDER}/{self.folder}-{state}", self.end))
        self.process.out(
            f"Your choices are: {known}\nWhich {self.noun}(s) do you want to {verb} (wildcards ok)?\n"
        )

    def _unlink(self, name: str, title: str) -> int:
        for end in (self.end, ".conf") if self.kind == "mod" else (self.end,):
            link = self.path(name, "enabled", end)
            if self.shell.lstat(link) is None:
                continue
            if refused := self.shell.change(link, None):
                self.process.err(f"ERROR: Could not remove {link}: {refused}\n")
                return 1
        self.changed = True
        self.process.out(f"{title} {name} disabled.\n")
        return 0


def at_terminal(context: Context, process: Process) -> Work:
    """The same, where a question is answered at the terminal."""
    source, change = context.fds.get(0), _Change(process)
    words = [word for word in process.args if not word.startswith("-")]
    if words and not any(change.asks(word) for word in words):
        return (yield from started(a2enmod, process))
    if not words:
        change.offer()
    elif isinstance(source, Stream):
        change.warn(next(word for word in words if change.asks(word)))
    line = (yield from context.read_line(source)) if isinstance(source, Stream) else b""
    if not words:
        process.args = [*process.args, *line.decode("utf-8", "replace").split()]
    elif line.rstrip(b"\r\n") == SURE.encode():
        process.args = ["-f", *process.args]
    else:
        process.out("Aborting\n")
        return 1
    return (yield from started(a2enmod, process)) if len(process.args) else 0


def a2enmod(process: Process) -> Running:
    """a2enmod, a2dismod, a2ensite, a2dissite, a2enconf and a2disconf, by their operands."""
    change = _Change(process)
    yield 0.0
    status = 0
    for name in [word for word in process.args if not word.startswith("-")]:
        status = change.carry_out(name.removesuffix(change.end).removesuffix(".conf")) or status
    if change.changed:
        change.say(
            f"To activate the new configuration, you need to run:\n  systemctl {RELOADS[change.kind]} apache2\n"
        )
    return status


def a2query(process: Process) -> Running:
    """What is enabled."""
    shell, words = process.shell, process.args
    yield 0.0
    if not words or "-h" in words:
        return (yield from recorded(process, "-h"))
    option = next((word for word in words if word in ("-m", "-s", "-c", "-v", "-M", "-a", "-d")), "")
    mpm = next((name.removeprefix("mpm_") for name in enabled(shell, "mod") if name.startswith("mpm_")), "")
    single = {"-v": version_of(shell, "apache2"), "-M": mpm, "-a": MAGIC, "-d": "/usr/lib/apache2/modules/"}
    if option in single:
        process.out(f"{single[option]}\n")
        return 0
    kind = {"-m": "mod", "-s": "site", "-c": "conf"}.get(option, "")
    if not kind:
        return 1
    at = words.index(option) + 1
    wanted = words[at] if at < len(words) and not words[at].startswith("-") else ""
    found = [name for name in enabled(shell, kind) if wanted in ("", name)]
    noun = KINDS[kind][0]
    if not found:
        process.err(
            ""
            if "-q" in words
            else f"No {noun} matches {wanted}{'' if wanted else ' (disabled by site administrator)'}\n"
        )
        return 1 if wanted else 32
    if "-q" not in words:
        process.out("".join(f"{name} (enabled by {_by_whom(shell, kind, name)})\n" for name in found))
    return 0


def _by_whom(shell: Shell, kind: str, name: str) -> str:
    _, folder, end = KINDS[kind]
    changed = f"{FOLDER}/{folder}-enabled/{name}{end}" in shell.files.changes
    return "site administrator" if changed or kind == "site" else "maintainer script"


COMMANDS: dict[str, Command] = guarded({"a2query": a2query})
