# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""sshd: its configuration is checked or shown; it runs already. What it shows is that of the release (recorded), with
the values of the machine's files. Sources: OpenSSH 9.2 of Debian 12, 8.9 of Ubuntu 22.04."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ...host.printed import served
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import parse
from .common import guarded, is_root, recorded

CONFIGURATION = "/etc/ssh/sshd_config"
MOST_LINES, DEEPEST = 2000, 4
SEVERAL = ("port", "listenaddress", "hostkey", "acceptenv", "subsystem", "setenv")
"""Keywords of which each line counts; of others the first one does."""
MORE = frozenset(
    [
        "match",
        "include",
        "allowusers",
        "denyusers",
        "allowgroups",
        "denygroups",
        "challengeresponseauthentication",
        "useprivilegeseparation",
        "setenv",
        "hostcertificate",
        "protocol",
        "uselogin",
        "rsaauthentication",
        "rhostsrsaauthentication",
        "keyregenerationinterval",
        "serverkeybits",
        "skeyauthentication",
        "permituserenvironment",
        "kbdinteractivedevices",
        "pubkeyacceptedkeytypes",
        "hostbasedacceptedkeytypes",
        "debianbanner",
        "dsaauthentication",
        "exposeauthenticationmethods",
        "requiredrsasize",
        "logverbose",
        "channeltimeout",
        "unusedconnectiontimeout",
        "ipqos",
        "modulifile",
        "rdomain",
        "authenticationmethods",
        "permitopen",
        "permitlisten",
        "authorizedkeysfile",
        "versionaddendum",
        "kexalgorithms",
        "securitykeyprovider",
    ]
)
"""Keywords that -T does not always show."""
SAME = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
}
VALUES = {"prohibit-password": "without-password"}


class Bad(Exception):
    """A line with a keyword that is none."""


def _lines(shell: Shell, path: str, depth: int = 0) -> Iterator[tuple[str, int, str, str]]:
    """Path, line, keyword in lower case, and value of each line up to the first `Match`."""
    for number, line in enumerate((shell.read(path) or "").splitlines()[:MOST_LINES], 1):
        words = line.strip().replace("=", " ", 1).split(None, 1)
        if not words or words[0].startswith("#"):
            continue
        word, value = words[0].lower(), words[1].strip() if len(words) > 1 else ""
        if word == "match":
            return
        if word == "include" and depth < DEEPEST:
            pattern = value if value.startswith("/") else f"/etc/ssh/{value}"
            folder, _, name = pattern.rpartition("/")
            for each in sorted(shell.entries(folder)) if shell.node(folder) is not None else []:
                if fnmatchcase(each, name):
                    yield from _lines(shell, f"{folder}/{each}", depth + 1)
            continue
        yield path, number, word, value


def _defaults(process: Process) -> list[tuple[str, str]]:
    world = process.shell.world
    found = (
        served((world.system.id, world.system.version), world.packages, ["sshd", "-T"])
        if world.packages is not None
        else None
    )
    lines = found[1].decode().splitlines() if found is not None else []
    return [(word, value) for word, _, value in (line.partition(" ") for line in lines)]


def _checked(process: Process, path: str, known: set[str]) -> dict[str, list[str]]:
    """The values by keyword. Raises Bad with what is printed."""
    values: dict[str, list[str]] = {}
    wrong: list[str] = []
    for file, number, word, value in _lines(process.shell, path):
        name = SAME.get(word, word)
        if word not in known and name not in known and word not in MORE:
            wrong.append(f"{file}: line {number}: Bad configuration option: {word}\n")
        elif name in SEVERAL:
            values.setdefault(name, []).extend(value.split() if name == "acceptenv" else [value])
        else:
            values.setdefault(name, [value])
    if wrong:
        raise Bad("".join(wrong) + f"{path}: terminating, {len(wrong)} bad configuration options\n")
    return values


def sshd(process: Process) -> Running:
    """The server of ssh."""
    shell = process.shell
    options = parse(process, "46C:c:DdE:ef:Gg:h:iK:k:o:p:qrTtu:V")
    path = shell.absolute(options.value("f") or CONFIGURATION)
    yield 0.0
    if "V" in options:
        return (yield from recorded(process, "-V"))
    if "/" not in process.name and not options.last("tTG"):
        process.err("sshd re-exec requires execution with an absolute path\n")
        return 255
    if shell.read(path) is None:
        process.err(f"{path}: {shell.refusal(path) or 'No such file or directory'}\n")
        return 1
    usual = _defaults(process)
    try:
        values = _checked(process, path, {word for word, _ in usual})
    except Bad as bad:
        process.err(str(bad))
        return 255
    if not is_root(shell):
        process.err("sshd: no hostkeys available -- exiting.\n")
        return 1
    if options.last("TG"):
        process.out(_shown(usual, values))
    return 0


def _shown(usual: list[tuple[str, str]], values: dict[str, list[str]]) -> str:
    text, done = "", set[str]()
    for word, value in usual:
        own = values.get(word)
        if own is None:
            text += f"{word} {value}\n"
        elif word not in done:
            text += "".join(f"{word} {_value(word, each)}\n" for each in own)
            done.add(word)
    return text


def _value(word: str, value: str) -> str:
    if word in SEVERAL or value.lower() not in (
        "yes",
        "no",
        "prohibit-password",
        "without-password",
        "forced-commands-only",
    ):
        return " ".join(value.split())
    return VALUES.get(value.lower(), value.lower())


COMMANDS: dict[str, Command] = guarded({"sshd": sshd})
