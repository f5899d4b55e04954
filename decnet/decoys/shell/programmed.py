"""Programmable completion, as the package bash-completion has it: options, verbs, users, units."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..host.completions import Offer, offers_of
from .all_builtins import ALL
from .options import OF_BASH as OF_BASH_SET
from .options import SHOPTS
from .signal_numbers import SIGNALS
from .state import Shell

SCRIPT = "/usr/share/bash-completion/bash_completion"
BEFORE = (
    "sudo", "nohup", "time", "exec", "command", "eval", "env", "nice", "ionice", "stdbuf", "setsid", "strace",
    "xargs", "doas", "then", "do", "else",
)  # fmt: skip
"""Words before the command that counts."""
MOST_WORDS = 64
REAL_TIME = (
    "RTMIN",
    *(f"RTMIN+{n}" for n in range(1, 16)),
    *(f"RTMAX-{n}" for n in range(14, 0, -1)),
    "RTMAX",
)
SIGNAL_NAMES = (*SIGNALS, *REAL_TIME, "JUNK(32)", "JUNK(33)")
OF_VARIABLES = {"export": "=", "declare": "=", "typeset": "=", "local": "=", "readonly": "", "unset": ""}
"""Builtins that take names of variables, and what follows a name."""
OF_SUDO = re.compile(r"(?:^|[;|&(]\s*)sudo\s+(?:-\w+\s+)*(?:(-u|--user)|-g|--group)\s+$")
"""Where a user or a group is named."""
SERVICE_VERBS = ["force-reload", "reload", "restart", "start", "status", "stop"]

TAR_MODES, TAR_LETTERS = "ctxurdA", "aBbCFfGghHIijJkKLlmMNnoOpPRSsTUvVwWXzZ"
ARCHIVES = "tar|tar.@(gz|bz2|xz|lz?(ma|o|4)|zst|Z)|t@(gz|bz?(2)|lz|xz|zst)"
"""Ends of names that `tar` completes when it reads."""


@dataclass
class Choice:
    """What may stand at the cursor. `files`: "" for none, else which: `all`, `folders`, a pattern of ends."""

    words: list[str]
    files: str = ""
    ends: bool = True


def is_installed(shell: Shell) -> bool:
    """Whether the shell has read the package's script: one of a login or a root's .bashrc."""
    return shell.dialect.bash and shell.node(SCRIPT) is not None


def programmed(shell: Shell, before: str, word: str) -> Choice | None:
    """For the text before a word and the word's begin; None if the command has no completion of its own."""
    if (of_sudo := OF_SUDO.search(before)) is not None:
        return Choice(_fitting(_names_in("/etc/passwd" if of_sudo[1] else "/etc/group")(shell, "", ""), word))
    words = _command(before)
    if not words:
        return None
    program, arguments = words[0].rpartition("/")[2], words[1:]
    joined = before[len(before.rstrip("=:")) :]
    if (own := _of_bash(shell, program)) is not None and not joined:
        return Choice(_fitting(own.words, word), ends=own.ends)
    if program == "tar" and (of_tar := _of_tar(arguments, word)) is not None:
        return of_tar
    if program == "service" and arguments:
        return Choice(_fitting(SERVICE_VERBS, word))
    offers = offers_of(program)
    if offers is None:
        return None
    offer = _offer(offers, arguments, word, joined)
    return _choice(shell, offer, word, joined)


def _command(before: str) -> list[str]:
    """The words of the command that the cursor is in, up to the cursor."""
    text = re.split(r"[;|&(`]", before)[-1]
    words = [word.replace("\\", "").strip("'\"") for word in text.split()[:MOST_WORDS]]
    while words and (words[0] in BEFORE or re.match(r"\w+=", words[0])):
        words.pop(0)
    return words if before[-1:] in (" ", "\t", "=", ":") else []


def _of_bash(shell: Shell, program: str) -> Choice | None:
    if program in OF_VARIABLES:
        return Choice(
            [name + OF_VARIABLES[program] for name in _variables(shell)], ends=not OF_VARIABLES[program]
        )
    if program in ("shopt", "set"):
        return Choice(list(SHOPTS if program == "shopt" else OF_BASH_SET))
    if program == "unalias":
        return Choice(list(shell.aliases))
    if program in ("help", "builtin"):
        return Choice([name for name, each in ALL.items() if each.dialects["bash"]])
    if program in ("groups", "slay", "w"):
        return Choice(_names_in("/etc/passwd")(shell, "", ""))
    if program in ("fg", "bg", "jobs", "disown"):
        return Choice([])
    return None


def _of_tar(arguments: list[str], word: str) -> Choice | None:
    """The letters of tar, and archives that fit them."""
    if not arguments:
        if word.startswith("--") or not word.strip("-"):
            return None
        modes = set(word) & set(TAR_MODES)
        letters = [each for each in (TAR_LETTERS if modes else TAR_MODES) if each not in word]
        return Choice([word] if "f" in word else [word + each for each in letters])
    if len(arguments) > 1 or "f" not in arguments[0] or "c" in arguments[0]:
        return Choice([], files="all")
    return Choice([], files=ARCHIVES)


def _variables(shell: Shell) -> list[str]:
    from .variables import OF_BASH, SPECIAL_ARRAYS

    known = {*shell.variables, *shell.arrays, *SPECIAL_ARRAYS}
    known |= {name for name, value in OF_BASH.items() if value(shell) is not None}
    return [name for name in known if name.isidentifier()]


def _offer(offers: dict[str, Offer], arguments: list[str], word: str, joined: str) -> Offer:
    """What follows the arguments: of an option, of a verb, of the program."""
    part = "--" if word.startswith("--") else "-" if word.startswith("-") else ""
    last = arguments[-1].rstrip("=:") if arguments else ""
    keys = [f"{last} {joined} "] if joined == "=" else []
    if last.startswith("-") and not part:
        keys += [f"{last} ", *([f"-{last[-1]} "] if last[1:2].isalpha() else [])]
    plain = [each for each in (arguments[:-1] if joined else arguments) if not each.startswith("-")]
    verbs = [f"{verb} {part}" for each in plain if (verb := _verb(offers, each))]
    keys += verbs[:1] or ([f"xx {part}"] if plain else [])
    found = next((offers[key] for key in keys if key in offers), None)
    return found or offers.get(part) or Offer(())


def _verb(offers: dict[str, Offer], word: str) -> str:
    """The verb that a word is, or begins; "" for none."""
    first = offers.get("", Offer(())).words
    if word in first:
        return word
    return next((each for each in first if word and each.startswith(word)), "") if "address" in first else ""


def _choice(shell: Shell, offer: Offer, word: str, joined: str) -> Choice:
    choice = Choice([], ends=offer.ends)
    for each in offer.words:
        if not (each.startswith("<") and each.endswith(">")):
            choice.words.append(each)
            continue
        name, *more = each[1:-1].split(" ")
        if name.startswith("filedir"):
            choice.files = {"": "all", "-d": "folders"}.get(" ".join(more), " ".join(more))
        elif name in LISTS:
            choice.words += LISTS[name](shell, " ".join(more), joined)
    if joined == "=" and choice.words == ["="]:
        choice.words = []
    choice.words = _fitting(choice.words, word)
    choice.ends = choice.ends or word.startswith("-")
    if choice.words and all(each.endswith("=") for each in choice.words):
        choice.ends = False
    return choice


def _fitting(words: Iterable[str], word: str) -> list[str]:
    return [each for each in dict.fromkeys(words) if each.startswith(word)]


# Lists of the machine


def _names_in(path: str) -> Callable[[Shell, str, str], list[str]]:
    """The first fields of a file's lines."""

    def names(shell: Shell, _: str, __: str) -> list[str]:
        lines = (shell.read(path) or "").splitlines()
        return [re.split(r"[:\s]", line)[0] for line in lines if line and not line.startswith("#")]

    return names


def _owners(shell: Shell, more: str, joined: str) -> list[str]:
    return _names_in("/etc/group" if joined == ":" else "/etc/passwd")(shell, more, joined)


def _signals(shell: Shell, prefix: str, _: str) -> list[str]:
    return [prefix + name for name in SIGNAL_NAMES]


def _pids(shell: Shell, _: str, __: str) -> list[str]:
    return [str(entry.pid) for entry in shell.processes(time.time())]


def _process_names(shell: Shell, kind: str, _: str) -> list[str]:
    if kind == "-s":
        return [entry.name for entry in shell.processes(time.time())]
    names = (entry.command.split(" ")[0].rpartition("/")[2] for entry in shell.processes(time.time()))
    return [name.strip("[]-").partition("/")[0] for name in names]


def _hosts(shell: Shell, _: str, __: str) -> list[str]:
    lines = [line.partition("#")[0].split() for line in (shell.read("/etc/hosts") or "").splitlines()]
    return [name for line in lines for name in line[1:]]


def _units(shell: Shell, _: str, __: str) -> list[str]:
    from .system.unit_finding import units_of

    return [unit.name for unit in units_of(shell)]


def _services(shell: Shell, _: str, __: str) -> list[str]:
    scripts = [name for name in shell.entries("/etc/init.d") if not name.startswith("README")]
    return scripts + [
        name.removesuffix(".service") for name in _units(shell, "", "") if name.endswith(".service")
    ]


def _packages(shell: Shell, _: str, __: str) -> list[str]:
    return list(shell.world.packages or ())


def _interfaces(shell: Shell, _: str, __: str) -> list[str]:
    return shell.entries("/sys/class/net")


def _mounts(shell: Shell, _: str, __: str) -> list[str]:
    return [
        line.split(" ")[1] for line in (shell.read("/proc/mounts") or "").splitlines() if line.count(" ") > 1
    ]


def _commands(shell: Shell, _: str, __: str) -> list[str]:
    folders = shell.variables.get("PATH", "").split(":")[:16]
    return [name for folder in folders if folder for name in shell.entries(folder)]


LISTS: dict[str, Callable[[Shell, str, str], list[str]]] = {
    "usergroup": _owners,
    "allowed_users": _names_in("/etc/passwd"),
    "allowed_groups": _names_in("/etc/group"),
    "uids": _names_in("/etc/passwd"),
    "gids": _names_in("/etc/group"),
    "shells": _names_in("/etc/shells"),
    "modules": _names_in("/proc/modules"),
    "signals": _signals,
    "pids": _pids,
    "pnames": _process_names,
    "known_hosts_real": _hosts,
    "services": _services,
    "packages": _packages,
    "units": _units,
    "configured_interfaces": _interfaces,
    "available_interfaces": _interfaces,
    "mounts": _mounts,
    "commands": _commands,
    "manuals": _commands,
}
"""By the name of the package's function."""
