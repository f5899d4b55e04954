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
    matches = _matcher(process, pattern, exact="x" in options, fold="i" in options)
    found = []
    for entry in shell.processes(time.time()):
        if entry.pid == process.pid:
            continue
        text = entry.command if "f" in options else _plain(entry)
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


def _plain(entry: ProcessEntry) -> str:
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


def _matcher(process: Process, pattern: str, *, exact: bool, fold: bool) -> Callable[[str], bool]:
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


USAGE_OF_KILLALL = """Usage: killall [OPTION]... [--] NAME...
       killall -l, --list
       killall -V, --version

  -e,--exact          require exact match for very long names
  -I,--ignore-case    case insensitive process name match
  -g,--process-group  kill process group instead of process
  -y,--younger-than   kill processes younger than TIME
  -o,--older-than     kill processes older than TIME
  -i,--interactive    ask for confirmation before killing
  -l,--list           list all known signal names
  -q,--quiet          don't print complaints
  -r,--regexp         interpret NAME as an extended regular expression
  -s,--signal SIGNAL  send this signal instead of SIGTERM
  -u,--user USER      kill only process(es) running as USER
  -v,--verbose        report if the signal was successfully sent
  -V,--version        display version information
  -w,--wait           wait for processes to die
  -n,--ns PID         match processes that belong to the same namespaces
                      as PID
  -Z,--context REGEXP kill only process(es) having context
                      (must precede other arguments)

"""


@tool
def killall(process: Process) -> Running:
    """A signal for all processes of a program."""
    number = signal_of(process)
    options = parse(
        process,
        "eIgy:o:ilqrs:u:vVwn:Z:",
        "exact=e ignore-case=I process-group=g quiet=q regexp=r list=l signal=s user=u verbose=v version=V wait=w interactive=i",
    )
    yield 0.0
    if "V" in options:
        process.err("killall (PSmisc) 23.6\n")
        return 0
    if not options.operands and "u" not in options:
        process.err(USAGE_OF_KILLALL)
        return 1
    status = 0
    for name in options.operands:
        base = name.rpartition("/")[2]
        fold = "I" in options
        matches = _matcher(process, base, exact=True, fold=fold) if "r" in options else None
        found = [
            entry
            for entry in process.shell.processes(time.time())
            if entry.pid != process.pid
            and (
                matches(_plain(entry))
                if matches
                else (_plain(entry).lower() == base[:15].lower() if fold else _plain(entry) == base[:15])
            )
        ]
        if not found:
            status = 1
            if "q" not in options:
                process.err(f"{name}: no process found\n")
        for entry in found:
            reason = send(process, entry, number)
            if reason:
                process.err(f"{name}({entry.pid}): {reason}\n")
                status = 1
            elif "v" in options:
                process.err(f"Killed {name}({entry.pid}) with signal {number}\n")
    return status


@tool
def pstree(process: Process) -> Running:
    """The processes as a tree."""
    options = parse(
        process,
        "aAcC:gGhH:lnN:psStTuUVZ",
        "arguments=a ascii=A show-pids=p numeric-sort=n hide-threads=T uid-changes=u long=l compact-not=c show-parents=s version=V unicode=U vt100=G highlight-all=h show-pgids=g",
    )
    entries = [entry for entry in process.shell.processes(time.time()) if not entry.kernel]
    yield 0.0
    if "V" in options:
        process.err("pstree (PSmisc) 23.6\n")
        return 0
    root = 1
    if options.operands and options.operands[0].isdecimal():
        root = int(options.operands[0][:9])
        if not any(entry.pid == root for entry in entries):
            raise Failure("", 1)
    wide = (
        process.to_terminal
        and "UTF" in process.shell.variables.get("LANG", "").upper()
        and "A" not in options
    )
    process.out("".join(f"{line}\n" for line in _tree(process, options, entries, root, wide=wide)))
    return 0


def _tree(
    process: Process, options: Options, entries: list[ProcessEntry], root: int, *, wide: bool
) -> list[str]:
    children: dict[int, list[ProcessEntry]] = {}
    for entry in entries:
        children.setdefault(entry.ppid, []).append(entry)
    first_sign, next_sign, last_sign, line_sign, only_sign = (
        ("─┬─", " ├─", " └─", " │ ", "───") if wide else ("-+-", " |-", " `-", " | ", "---")
    )
    lines: list[str] = []

    def name(entry: ProcessEntry) -> str:
        shown = entry.command if "a" in options else entry.name
        inside = ([str(entry.pid)] if "p" in options else []) + (
            [entry.user] if "u" in options and _changes(entry, entries) else []
        )
        return shown + (
            f"({','.join(inside)})" if inside and "a" not in options else f",{entry.pid}" if inside else ""
        )

    def below(entry: ProcessEntry) -> list[tuple[str, ProcessEntry | None]]:
        kin = children.get(entry.pid, [])
        kin = (
            sorted(kin, key=lambda each: each.pid)
            if "n" in options
            else sorted(kin, key=lambda each: each.name)
        )
        found: list[tuple[str, ProcessEntry | None]] = [(name(each), each) for each in kin]
        threads = entry.threads - 1
        if threads and "T" not in options:
            one = f"{{{entry.name}}}"
            if "p" in options:
                found += [(f"{one}({entry.pid + 1 + each})", None) for each in range(threads)]
            else:
                found.append((f"{threads}*[{one}]" if threads > 1 else one, None))
        if "p" not in options and "c" not in options:
            found = _compact(found, children)
        return found

    def draw(text: str, entry: ProcessEntry | None, prefix: str) -> None:
        rows = below(entry) if entry is not None else []
        if not rows:
            lines.append(prefix + text)
            return
        blank = " " * len(text)
        for at, (inner, child) in enumerate(rows):
            last = at == len(rows) - 1
            if at == 0:
                head = prefix + text + (only_sign if last else first_sign)
            else:
                head = prefix + blank + (last_sign if last else next_sign)
            deeper = prefix + blank + ("   " if last else line_sign)
            start = len(lines)
            draw(inner, child, deeper)
            lines[start] = head + lines[start][len(deeper) :]

    first = next(entry for entry in entries if entry.pid == root)
    draw(name(first), first, "")
    return lines


def _changes(entry: ProcessEntry, entries: list[ProcessEntry]) -> bool:
    parent = next((each for each in entries if each.pid == entry.ppid), None)
    return parent is None or parent.user != entry.user


def _compact(
    found: list[tuple[str, ProcessEntry | None]], children: dict[int, list[ProcessEntry]]
) -> list[tuple[str, ProcessEntry | None]]:
    """Equal processes without children are one line."""
    out: list[tuple[str, ProcessEntry | None]] = []
    counts: dict[str, int] = {}
    for text, entry in found:
        if entry is not None and entry.pid not in children and entry.threads == 1:
            counts[text] = counts.get(text, 0) + 1
            if counts[text] > 1:
                continue
        out.append((text, entry))
    return [
        (f"{counts[text]}*[{text}]", entry) if counts.get(text, 0) > 1 else (text, entry)
        for text, entry in out
    ]


USAGE_OF_KILL = """
Usage:
 kill [options] <pid> [...]

Options:
 <pid> [...]            send signal to every <pid> listed
 -<signal>, -s, --signal <signal>
                        specify the <signal> to be sent
 -q, --queue <value>    integer value to be sent with the signal
 -l, --list=[<signal>]  list all signal names, or convert one to a name
 -L, --table            list all signal names in a nice table

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see kill(1).
"""


@tool
def kill(process: Process) -> Running:
    """The program `kill`, for those that are not the shell: xargs, find."""
    if process.args[:1] in (["-l"], ["-L"], ["--list"], ["--table"]):
        names = [name for name in SIGNALS if name != "STKFLT"]
        process.out(" ".join(names) + "\n")
        return 0
    number = signal_of(process)
    words = [word for word in process.args if word != "--"]
    yield 0.0
    if not words:
        process.err(USAGE_OF_KILL)
        return 1
    entries = {entry.pid: entry for entry in process.shell.processes(time.time())}
    status = 0
    for word in words:
        if not word.lstrip("-").isdecimal():
            process.err(f"kill: failed to parse argument: '{word}'\n")
            return 1
        entry = entries.get(int(word.lstrip("-")[:9]))
        reason = send(process, entry, number) if entry is not None else "No such process"
        if reason:
            process.err(f"kill: ({word}): {reason}\n")
            status = 1
    return status


COMMANDS = {
    "pgrep": pgrep,
    "pkill": pgrep,
    "pidof": pidof,
    "killall": killall,
    "pstree": pstree,
    "kill": kill,
}
