# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Applets as a device runs them: their usage, the options that they refuse, and their errors' texts."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import lru_cache
from typing import Any

from ..busybox_usage import usage
from ..process import Command, Process
from ..tasks import Killed
from ..text.common import USAGE as ITS_USAGE
from ..text.common import Failure
from .getopt32 import Refused, rules_of
from .texts import NO_SENTENCE, STATUSES, translated

UNREAD = frozenset(("arch", "clear", "reset", "lsmod"))
"""Those that do not read their words."""
ONLY_OPTIONS = frozenset(("nproc", "uptime"))
"""Those that ignore operands."""
ONLY_OPERANDS = frozenset(("realpath", "dirname", "usleep"))
"""Those to which a word with a hyphen is a name, too."""
ONLY_LETTERS = frozenset(("dc", "head", "hexdump", "nc", "unzip"))
"""Those without long options."""
MOST = {"whoami": 0, "who": 0, "w": 0, "last": 0, "hostid": 0, "logname": 0, "uname": 0, "dirname": 1, "readlink": 1, "id": 1,
        "diff": 2, "basename": 2}  # fmt: skip
"""How many operands an applet takes at most."""
NO_OPTIONS = frozenset((
    "[", "[[", "test", "echo", "printf", "expr", "true", "false", "yes", "find", "dd", "awk", "sed", "ip", "busybox", "basename",
    "env", "ash", "sh", "time", "seq", "kill", "killall", "date", "sleep", "usleep", "chmod", "head", "tail", "nice",
    "timeout", "xargs", "ps", "netstat", "ifconfig", "su", "wget", "nc", "ping", "ping6",
    "telnet", "ftpget", "ftpput", "tftp", "stty", "ipaddr", "iplink", "iproute", "ipneigh", "iprule", "fold",
))  # fmt: skip
"""Those that read their words in another way, or check their options themselves."""
FIRST_WORDS = ("date", "env", "xargs", "timeout", "nice", "awk", "su", "time")
"""Of these, whose words may be another command's, only the first one is checked here."""
SELF_CHECKED = frozenset((
    "ip", "ipaddr", "iplink", "iproute", "ipneigh", "iprule", "ifconfig", "netstat", "wget", "tftp", "ftpget", "ftpput",
    "nc", "telnet", "ping", "ping6", "traceroute6", "nslookup", "killall",
))  # fmt: skip
"""Those whose commands print the usage themselves."""


LEAST = {"getopt": 0, "route": 0, "arp": 0, "hostname": 0, "rm": 1, "ip": 0, "seq": 1, "truncate": 0, "lzma": 0, "xz": 0, "cpio": 0, "start-stop-daemon": 0, "dd": 0, "ipcalc": 1, "chmod": 1,
         "chown": 1, "chgrp": 1, "tftp": 1, "ftpget": 1, "ftpput": 1}  # fmt: skip
"""Where the usage has another reason than too few operands, or an option stands for one."""
MORE_OPTIONS = {
    "cp": "vsu",
    "mv": "v",
    "mkdir": "v",
    "diff": "u",
    "rm": "v",
    "ln": "v",
    "grep": "uPaIy",
    "cmp": "i",
    "tar": "pPmocxt",
    "gunzip": "n",
    "gzip": "n",
    "zcat": "ncf",
    "touch": "f",
    "md5sum": "b",
    "awk": "W",
    "date": "D",
    "su": "-",
}
"""Options that are not in the usage."""


def _of_tail(words: list[str]) -> list[str]:
    first = words[:1]
    return ["-n", *words] if first and first[0][:1] in ("-", "+") and first[0][1:].isdecimal() else words


def _of_chmod(words: list[str]) -> list[str]:
    """The first word with a hyphen that is no option is a mode."""
    for at, word in enumerate(words):
        if word[:1] != "-":
            break
        if word[1:2] and word[1:2] not in "-Rcvf":
            return [*words[:at], f"a{word}", *words[at + 1 :]]
    return words


def words_of_route(words: list[str]) -> list[str]:
    """`-net` and `-host` are no options."""
    return [f"#{word[1:]}" if word in ("-net", "-host") else word for word in words]


INTO_FOLDER = ("cp", "mv", "ln", "install")
"""Those with -t, which stands for an operand."""
READ_AS: dict[str, Callable[[list[str]], list[str]]] = {
    "tar": lambda words: [f"-{words[0]}", *words[1:]] if words and words[0][:1] not in ("-", "") else words,
    "mount": lambda words: [word for word in words if not word.startswith("--")],
    "sed": lambda words: [] if words[:1] == ["--version"] else words,
    "tail": _of_tail,
    "head": _of_tail,
    "tftp": lambda words: ["-g", *words[:1]] if words[1:2] == ["-c"] else words,
    "chmod": _of_chmod,
    "route": words_of_route,
}
"""How some change their words before they are read."""


USAGE_STATUSES = dict.fromkeys(("sort", "grep", "egrep", "fgrep", "tty"), 2)
"""What those return after their usage; the others 1."""


def as_applet(command: Command, name: str, title: str) -> Command:
    """A command as BusyBox runs it. `title`: "v1.33.2 (2022-04-16 12:59:34 UTC)"."""

    head = f"BusyBox {title} multi-call binary.\n\n"

    def applet(process: Process) -> Generator[Any, Any, int]:
        status = _refused(process, name, head)
        if status is not None:
            return status
        process.applet = True
        if name in UNREAD:
            process.args = []
        elif name in ONLY_OPTIONS:
            process.args = [word for word in process.args if word.startswith("-")]
        elif name in ONLY_OPERANDS:
            process.args = ["--", *process.args]
        try:
            running = command(process)
        except Failure as failure:
            process.err(f"{name}: {failure.message}\n" + f"{ITS_USAGE}\n" * failure.hint)
            running = failure.status
        if isinstance(running, int):
            _translate(process, name, head)
            return STATUSES.get((name, running), running)
        value: Any = None
        killed: Killed | None = None
        try:
            while True:
                try:
                    item = running.send(value) if killed is None else running.throw(killed)
                except StopIteration as stop:
                    _translate(process, name, head)
                    status = stop.value or 0
                    return STATUSES.get((name, status), status)
                _translate(process, name, head)
                value = killed = None
                try:
                    value = yield item
                except Killed as signal:
                    killed = signal  # As in a command that BusyBox does not run.
        finally:
            running.close()

    return applet


def complain(process: Process, message: str, text: str = "") -> int:
    """An error, and the usage after it (`text`, if it is another one); the status."""
    from ..busybox_titles import title_of

    head = f"{process.name}: {message}\n" if message else ""
    head += f"BusyBox {title_of(process.shell.world)} multi-call binary.\n\n"
    process.err(head + (text or usage(process.name)[1]))
    return 1


def _refused(process: Process, name: str, head: str) -> int | None:
    """Complain of words that the applet does not take; the status, None if it takes them."""
    try:
        refusal, bare = _refusal(name, process.args), False
    except Refused as refused:
        refusal, bare = f"{name}: {refused.text}\n" * bool(refused.text), refused.bare
    if refusal is None:
        return None
    process.err(("" if name in NO_SENTENCE else refusal) + (head + usage(name)[1]) * (not bare))
    return 0 if process.args[:1] == ["--help"] else USAGE_STATUSES.get(name, 1)


def _refusal(name: str, words: list[str]) -> str | None:
    """The complaint before the usage, None if the words can be run."""
    if words == ["--help"]:
        return ""
    least, text = usage(name)
    least = LEAST.get(name, least)
    if not text.startswith("Usage") or name in UNREAD:
        return None
    if name in ONLY_LETTERS and words and words[0].startswith("--") and len(words[0]) > 2:
        return f"{name}: invalid option -- '-'\n"
    rules = rules_of(name)
    if rules is not None:
        operands = rules.operands(READ_AS.get(name, list)(words))
        if name in SELF_CHECKED:
            return None
        into_folder = name in INTO_FOLDER and any(word.startswith(("-t", "--target")) for word in words)
        return "" if len(operands) < least and (not words or least > 1) and not into_folder else None
    if name in SELF_CHECKED:
        return None
    operands = [word for word in words if not word.startswith("-") or word == "-" or name in ONLY_OPERANDS]
    if len(operands) > MOST.get(name, len(operands)):
        return ""
    if (
        (name not in NO_OPTIONS and name not in ONLY_OPERANDS)
        or (name in ("awk", "date") and words[:1] == ["--version"])
        or (name in FIRST_WORDS and words[:1] and words[0].startswith("-"))
    ):
        wrong = _wrong_option(name, text, words[:1] if name in FIRST_WORDS else words)
        if wrong:
            return f"{name}: {wrong}\n"
    return "" if len(operands) < least and (not words or least > 1) else None


def _wrong_option(name: str, text: str, words: list[str]) -> str:
    letters = _letters(text) | set(MORE_OPTIONS.get(name, ""))
    for word in words:
        if word == "--":
            break
        if word.startswith("--") and name not in ONLY_LETTERS:
            if word[2:].partition("=")[0] not in text:
                return f"unrecognized option '{word}'"
        elif word.startswith("-") and word[1:2] not in letters and not word[1:2].isdigit():
            return f"invalid option -- '{word[1:2]}'" if word != "-" else ""
    return ""


@lru_cache(maxsize=4)
def _letters(text: str) -> frozenset[str]:
    """The letters of options that stand in a usage."""
    found = set()
    for at, letter in enumerate(text[:-1]):
        if letter == "-" and text[at - 1] in "[ \t,|\n(" and text[at + 1] != "-":
            end = at + 1
            while end < len(text) and (text[end].isalnum() or text[end] in "@?"):
                end += 1
            found |= set(text[at + 1 : end])
    return frozenset(found)


def _without_user(process: Process, data: bytes) -> bytes:
    return data.partition(b" : ")[2] or data


SHOWN = {"groups": _without_user}
"""How an applet shows what other systems show in another way."""


def _translate(process: Process, name: str, head: str) -> None:
    shown = SHOWN.get(name)
    for at, (number, data) in enumerate(process.chunks):
        if number == 1 and shown is not None:
            process.chunks[at] = (1, shown(process, data))
        if number == 2:
            text = data.decode("utf-8", "surrogateescape")
            process.chunks[at] = (2, _put(name, text, head).encode("utf-8", "surrogateescape"))


def _put(name: str, text: str, head: str) -> str:
    """Errors as BusyBox puts them, with its own usage in place of another one."""
    text = text.lstrip("\n") or text
    if head not in text:
        before, found, _ = text.partition("Usage:")
        text = before.rstrip("\n") + "\n" * bool(before.strip()) + f"{ITS_USAGE}\n" if found else text
    its_usage = head + usage(name)[1].rstrip("\n")
    kept = []
    for before in text.split("\n"):
        line = translated(name, before)
        if line or not before:
            kept.append("\n".join(its_usage if each == ITS_USAGE else each for each in line.split("\n")))
    return "\n".join(kept)


def unknown(process: Process) -> int:
    """An applet that does nothing here: it finds no such file or device."""
    for word in process.args:
        if not word.startswith("-"):
            process.err(f"{process.name}: can't open '{word}': No such file or directory\n")
            return 1
    return 0
