# ruff: noqa: E501 (lists of programs)
"""What the machine's own programs print by themselves, also those that do nothing else here."""

from __future__ import annotations

from ..host.packages import Packages
from .commands import is_of_servers
from .process import Command, Process, Running
from .state import Shell

SHORT = {"-V": "--version", "-h": "--help"}
"""What programs that are not imitated take these options for, as most do."""
NO_OPTION, NO_LETTER = "--no-such-option", "-~"
"""The options that were recorded for those that a program does not have (packaging/trees/printed.py)."""
NOT_RECORDED = frozenset(
    ("python3", "perl", "bash", "sh", "dash", "busybox", "cat", "tee", "xargs", "env", "yes", "crontab")
)
"""Programs whose calls are all answered by the program here."""
FEW_OPTIONS = 4
"""A help that names fewer does not have all options."""
COMPLETE = frozenset(
    (
        "bsdextrautils", "bsdutils", "coreutils", "cron", "fdisk", "hostname", "htop", "iputils-ping", "kmod",
        "libcap2-bin", "mount", "net-tools", "nftables", "passwd", "procps", "psmisc", "systemd", "systemd-sysv",
        "util-linux", "util-linux-extra",
    )
)  # fmt: skip
"""Packages whose programs name all of their options in their help."""
OWN_OPTIONS = frozenset(
    (
        "ps", "kill", "nice", "head", "tail", "test", "[", "expr", "printf", "echo", "fdisk", "skill", "snice",
        "setpriv", "setterm",
    )
)  # fmt: skip
"""Programs of these whose options are no options of getopt, or more than their help has."""
MOST_HELPS = 32
_helps: dict[tuple[str, str, str], str] = {}
"""Those that were read last, by system, version and program: to read one takes milliseconds."""
LIBRARIES = "/usr/lib/x86_64-linux-gnu"


def printing(shell: Shell, words: list[str]) -> Command | None:
    """A command that prints a program's help, its version, or its complaint without an argument; None if that
    is not known."""
    world = shell.world
    if world.packages is None or len(words) > 2:
        return None
    from ..host.printed import printed

    name = words[0].rpartition("/")[2]
    asked = words[1:]
    if known := serving(shell, words):
        return known
    words = [words[0], *(SHORT.get(each, each) for each in words[1:])]
    if words[1:] not in ([], ["--help"], ["--version"]):
        return None
    if name.startswith("python"):
        return None
    system = world.system.id, world.system.version
    found = printed(system, world.packages, [name, *asked]) or printed(
        system, world.packages, [name, *words[1:]]
    )
    if found is None:
        return None
    status, out, error = found
    if letter := next((each[1] for each in asked if each in SHORT), ""):
        error = error.replace(b"option -- '-'", f"option -- '{letter}'".encode())
    return _printer(words[0], (status, out, error))


def serving(shell: Shell, words: list[str]) -> Command | None:
    """A command that prints what a program of a service answers to exactly these words; None if that is not
    known."""
    found = _served(shell, words)
    return None if found is None else _printing(*found)


def _served(shell: Shell, words: list[str]) -> tuple[int, bytes, bytes] | None:
    world = shell.world
    if world.packages is None:
        return None
    from ..host.printed import served

    name = words[0].rpartition("/")[2]
    return served((world.system.id, world.system.version), world.packages, [name, *words[1:]])


def _printing(status: int, out: bytes, error: bytes) -> Command:
    def command(process: Process) -> Running:
        process.out(out)
        process.err(error)
        yield 0.0
        return status

    return command


def of_service(shell: Shell, path: str, words: list[str]) -> Command | None:
    """What stands for a program of a service's package: its usage, or nothing; None for another program."""
    packages, real = shell.world.packages, shell.real(path)
    names = packages.of_path(real) if packages is not None else []
    if packages is None or not names or not packages[names[0]].service:
        return None
    return wrong_option(shell, words) or serving(shell, [real]) or (lambda process: 0)


def wrong_option(shell: Shell, words: list[str]) -> Command | None:
    """What a program of a service answers to an option that it does not have; None if that is not known."""
    option = words[1] if len(words) > 1 else ""
    if not option.startswith("-") or option == "-":
        return None
    asked = "--nosuch" if option.startswith("--") else "-~"
    found = _served(shell, [words[0], asked])
    if found is None:
        return None
    shown = option.partition("=")[0] if option.startswith("--") else option[:2]
    before, after = asked.lstrip("-").encode(), shown.lstrip("-").encode("utf-8", "surrogateescape")
    return _printing(found[0], found[1].replace(before, after), found[2].replace(before, after))


def refusing(shell: Shell, words: list[str], *, works: bool = True) -> Command | None:
    """What a program answers to an option which its help does not have; None if that is not known, or if it
    has all of them. `works`: whether the program does more here than to refuse."""
    name = words[0].rpartition("/")[2]
    if shell.world.packages is None or len(words) < 2 or not words[1].startswith("-"):
        return None
    text = _help_of(shell, name)
    wrong = _wrong_option(words[1:], text) if text and (not works or _names_options(text)) else ""
    if not wrong:
        return None
    return _recorded_refusal(shell, words[0], wrong) or _usual_refusal(words[0], wrong, text)


def answered(shell: Shell, words: list[str]) -> Command | None:
    """What a program that works here prints by itself: its help, its version, and its complaint about a
    wrong call, as they were recorded; None for a call that has work to do."""
    name = words[0].rpartition("/")[2]
    if shell.world.packages is None or name in NOT_RECORDED:
        return None
    if len(words) == 1 or words[1:] in (["-V"], ["-h"]):
        found = _recorded(shell, [name, *words[1:]])
        return _printer(words[0], found) if found is not None else None
    if not words[1].startswith("-") or name in OWN_OPTIONS or not _has_complete_help(shell, name):
        return None
    text = _help_of(shell, name)
    wrong = _wrong_option(words[1:], text) if _names_options(text) else ""
    return _recorded_refusal(shell, words[0], wrong) if wrong else None


def _has_complete_help(shell: Shell, name: str) -> bool:
    packages = shell.world.packages
    folders = ("bin", "sbin")
    names = (
        [each for folder in folders for each in packages.of_path(f"/usr/{folder}/{name}")] if packages else []
    )
    return any(each in COMPLETE for each in names)


def recorded_refusal(process: Process, message: str) -> Command | None:
    """The recorded answer to an option that getopt refuses with this message; None if there is none."""
    kind, _, option = message.rpartition(" ")
    if kind not in ("invalid option --", "unrecognized option"):
        return None
    option = option.strip("'")
    wrong = option if kind[0] == "u" else f"-{option}"
    return _recorded_refusal(process.shell, process.name, wrong)


def _recorded(shell: Shell, words: list[str]) -> tuple[int, bytes, bytes] | None:
    from ..host.printed import printed

    world = shell.world
    if world.packages is None:
        return None
    if is_of_servers(words[0]) and (found := _served(shell, words)) is not None:
        return found
    return printed((world.system.id, world.system.version), world.packages, words)


def _help_of(shell: Shell, name: str) -> str:
    """What a program prints with --help, "" if that is not known."""
    system = shell.world.system
    text = _helps.get((system.id, system.version, name))
    if text is None:
        if len(_helps) >= MOST_HELPS:
            _helps.clear()
        text = _helps[system.id, system.version, name] = _read_help(shell, name)
    return text


def _read_help(shell: Shell, name: str) -> str:
    found = _recorded(shell, [name, "--help"])
    return (found[1] + found[2]).decode("utf-8", "replace") if found is not None else ""


def _names_options(text: str) -> bool:
    """Whether a help seems to have all options."""
    words = text.replace("[", " ").split()
    return sum(word[:1] == "-" and word not in ("-", "--") for word in words) >= FEW_OPTIONS


def _wrong_option(words: list[str], text: str) -> str:
    """The first option that a help does not mention, as `--word` or `-x`; "" if there is none."""
    for word in words:
        if word in ("--", "-") or not word.startswith("-"):
            return ""
        if word.startswith("--"):
            if word.partition("=")[0] not in text:
                return word.partition("=")[0]
        elif word[1].isalpha() and not _has_letter(text, word[1]):
            return word[:2]
    return ""


def _has_letter(text: str, letter: str) -> bool:
    """Whether a word of a help that begins with one hyphen has this letter."""
    for word in text.replace("[", " ").replace("{", " ").replace("|", " ").replace("(", " ").split():
        if word.startswith("-") and not word.startswith("--") and letter in word:
            return True
    return f"/-{letter}" in text or f",-{letter}" in text or f"`-{letter}" in text or f"'-{letter}" in text


def _recorded_refusal(shell: Shell, called: str, wrong: str) -> Command | None:
    name = called.rpartition("/")[2]
    asked = NO_OPTION if wrong.startswith("--") else NO_LETTER
    found = _recorded(shell, [name, asked])
    if found is None:
        return None
    status, out, error = found
    return _printer(called, (status, _with_option(out, asked, wrong), _with_option(error, asked, wrong)))


def _with_option(text: bytes, asked: str, wrong: str) -> bytes:
    """A recorded complaint with another option in its first lines."""
    if asked == NO_OPTION:
        return text.replace(asked.encode(), wrong.encode("utf-8", "surrogateescape"))
    lines = text.split(b"\n", 3)
    letter = wrong[1:].encode("utf-8", "surrogateescape")
    return b"\n".join([*(line.replace(b"~", letter) for line in lines[:3]), *lines[3:]])


def _usual_refusal(called: str, wrong: str, text: str) -> Command:
    is_long = wrong.startswith("--")
    reason = f"unrecognized option '{wrong}'" if is_long else f"invalid option -- '{wrong[1:]}'"
    name = called.rpartition("/")[2]
    hint = "" if f"{name} [OPTIONS" in text else f"Try '{called} --help' for more information.\n"
    return _printer(called, (1, b"", f"{called}: {reason}\n{hint}".encode("utf-8", "surrogateescape")))


def _printer(called: str, answer: tuple[int, bytes, bytes]) -> Command:
    status, out, error = answer
    name = called.rpartition("/")[2]
    if called != name:
        path = called.encode("utf-8", "surrogateescape")
        out, error = (_called(text, name.encode(), path) for text in (out, error))

    def command(process: Process) -> Running:
        process.out(out)
        process.err(error)
        yield 0.0
        return status

    return command


def _called(text: bytes, name: bytes, path: bytes) -> bytes:
    """The texts that show how a program was called."""
    for before in (b"Usage: ", b"usage: ", b" or:  ", b"Try '"):
        text = text.replace(before + name + b" ", before + path + b" ")
    return path + text[len(name) :] if text.startswith(name + b": ") else text


def library_of(shell: Shell, path: str) -> str:
    """A library that a program of a package needs: the first of those that its package depends on."""
    packages = shell.world.packages
    names = packages.of_path(shell.real(path)) if packages is not None else []
    if packages is None or not names:
        return "libc.so.6"
    fields = packages.control(packages[names[0]])[0]
    needed = next((line[9:] for line in fields.splitlines() if line.startswith("Depends: ")), "")
    wanted = {
        each.split()[0].partition(":")[0] for each in needed.split(",") if each.strip().startswith("lib")
    }
    return _shared_object(packages, wanted - {"libc6"}) or "libc.so.6"


def _shared_object(packages: Packages, wanted: set[str]) -> str:
    for name, entry in packages.data.folder(LIBRARIES):
        package = packages.numbered(entry.package)
        if package is not None and package.name in wanted and ".so." in name:
            return name
    return ""


def started(command: Command, process: Process) -> Running:
    """A command as a generator, whether it is one or answers at once."""
    answer = command(process)
    return answer if isinstance(answer, int) else (yield from answer)
