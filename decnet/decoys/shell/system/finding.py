# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""pgrep, pkill, pidof, killall, pstree, skill's relatives: processes by their names, and signals for them."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...host.processes import ProcessEntry
from ..process import Process, Running
from ..regex import BadRegex, Regex, Syntax
from ..signal_numbers import SIGNALS
from ..text.common import Failure, Options, parse, tool

LONG = """signal:=signal delimiter=d list-name=l list-full=a inverse=v lightweight=w count=c full=f pgroup=g group=G
ignore-case=i newest=n oldest=o older=O parent=P session=s terminal=t euid=u uid=U exact=x pidfile=F logpidfile=L
runstates=r ignore-ancestors=A cgroup: ns: nslist: help=h version=V echo=e queue=q"""


def signal_of(process: Process, default: int = 15) -> int:
    """Take the signal (`-9`, `-KILL`, `-s KILL`) out of the arguments. Raises Failure."""
    words: list[str] = []
    number = default
    rest = list(process.args)
    while rest:
        word = rest.pop(0)
        name = word[1:] if word[:1] == "-" and word[:2] != "--" else ""
        if word == "-s" and process.name == "killall" and rest:
            name = rest.pop(0)
        elif word.startswith("--signal="):
            name = word[9:]
        elif word == "--signal" and rest:
            name = rest.pop(0)
        known = (
            int(name)
            if name.isdecimal() and int(name[:4]) < 65
            else SIGNALS.get(name.upper().removeprefix("SIG"), -1)
        )
        if name and known >= 0 and (len(name) > 1 or name.isdecimal()):
            number = known
        elif word == "--":
            words += [word, *rest]
            break
        else:
            words.append(word)
    process.args = words
    return number


def send(process: Process, entry: ProcessEntry, number: int) -> str:
    """Send a signal to a process; the reason if that is not permitted."""
    shell = process.shell
    if shell.user not in ("root", entry.user):
        return "Operation not permitted"
    for task in list(process.context.engine.tasks) if process.context is not None else []:
        if task.pid == entry.pid:
            process.context.engine.signal(task, number)
            return ""
    if number in (0, 17, 18, 28) or entry.kernel or entry.pid == 1:
        return ""
    if number in (1,) and entry.unit:
        return ""
    shell.files.kill(entry.pid)
    return ""


@tool
def pgrep(process: Process) -> Running:
    """The numbers of processes whose names match, or a signal for them."""
    kills = process.name == "pkill"
    number = signal_of(process) if kills else 15
    options = parse(process, "d:lavwcfg:G:inoO:P:s:t:u:U:xF:Lr:AehVq:", LONG, status=2)
    yield 0.0
    if "V" in options:
        process.out(f"{process.name} from procps-ng 4.0.2\n")
        return 0
    if len(options.operands) > 1:
        process.err(
            f"{process.name}: only one pattern can be provided\nTry `{process.name} --help' for more information.\n"
        )
        return 2
    selects = any(letter in options for letter in "gGPstuUFr")
    if not options.operands and not selects:
        process.err(
            f"{process.name}: no matching criteria specified\nTry `{process.name} --help' for more information.\n"
        )
        return 2
    found = _matching(process, options)
    if kills:
        for entry in found:
            reason = send(process, entry, number)
            if reason:
                process.err(f"pkill: killing pid {entry.pid} failed: {reason}\n")
            elif "e" in options:
                process.out(f"{entry.name} killed (pid {entry.pid})\n")
        return 0 if found else 1
    if "c" in options:
        process.out(f"{len(found)}\n")
        return 0 if found else 1
    shown = [
        f"{entry.pid} {entry.command}"
        if "a" in options
        else f"{entry.pid} {entry.name}"
        if "l" in options
        else str(entry.pid)
        for entry in found
    ]
    if shown:
        process.out(options.value("d", "\n").join(shown) + "\n")
    return 0 if found else 1


def _matching(process: Process, options: Options) -> list[ProcessEntry]:
    shell = process.shell
    pattern = options.operands[0] if options.operands else ""
    matches = matcher(process, pattern, exact="x" in options, fold="i" in options)
    found = []
    for entry in shell.processes(time.time()):
        if entry.pid == process.pid:
            continue
        text = entry.command if "f" in options else plain(entry)
        chosen = (not pattern or matches(text)) and _selected(process, options, entry)
        if chosen != ("v" in options):
            found.append(entry)
    if "n" in options or "o" in options:
        found = (
            (
                [max(found, key=lambda entry: (entry.started, entry.pid))]
                if "n" in options
                else [min(found, key=lambda entry: (entry.started, entry.pid))]
            )
            if found
            else []
        )
    return found


def plain(entry: ProcessEntry) -> str:
    """The name that these programs look for."""
    return entry.command.strip("[]")[:15] if entry.kernel else entry.name


def _selected(process: Process, options: Options, entry: ProcessEntry) -> bool:
    accounts = process.shell.world.accounts

    def listed(letters: str) -> list[str]:
        return [word for letter in letters for value in options.values(letter) for word in value.split(",")]

    users = [
        getattr(accounts.user_of(int(word[:9])), "name", word) if word.isdecimal() else word
        for word in listed("uU")
    ]
    terminals = [word.removeprefix("/dev/") for word in listed("t")]
    parents = listed("P")
    return (
        (not users or entry.user in users)
        and (not terminals or entry.terminal in terminals)
        and (not parents or str(entry.ppid) in parents)
        and (not listed("gs") or str(entry.pid) in listed("gs"))
    )


def matcher(process: Process, pattern: str, *, exact: bool, fold: bool) -> Callable[[str], bool]:
    """Whether a text matches a visitor's expression. Raises Failure."""
    try:
        regex = Regex(
            pattern, Syntax(extended=True, fold=fold), process.spend, around="line" if exact else ""
        )
    except BadRegex as error:
        raise Failure(str(error), 2) from None
    return lambda text: regex.search(text) is not None


@tool
def pidof(process: Process) -> Running:
    """The numbers of a program's processes."""
    options = parse(process, "cqo:sxzhS:", "")
    yield 0.0
    if not options.operands:
        return 1
    omitted = [word for value in options.values("o") for word in value.split(",")]
    entries = process.shell.processes(time.time())
    found = []
    for name in options.operands:
        base = name.rpartition("/")[2]
        found += [
            str(entry.pid)
            for entry in reversed(entries)
            if not entry.kernel
            and entry.name == base[:15]
            and str(entry.pid) not in omitted
            and entry.pid != process.pid
        ]
    found = found[:1] if "s" in options else found
    if found and "q" not in options:
        process.out(options.value("S", " ").join(found) + "\n")
    return 0 if found else 1


COMMANDS = {"pgrep": pgrep, "pkill": pgrep, "pidof": pidof}
