# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""killall, and the program kill."""

from __future__ import annotations

import time

from ..process import Process, Running
from ..signal_numbers import SIGNALS
from ..text.common import parse, tool
from .finding import matcher, plain, send, signal_of

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


NO_TARGET = "you need to specify whom to kill"
"""BusyBox's complaint."""


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
        matches = matcher(process, base, exact=True, fold=fold) if "r" in options else None
        found = [
            entry
            for entry in process.shell.processes(time.time())
            if entry.pid != process.pid
            and (
                matches(plain(entry))
                if matches
                else (plain(entry).lower() == base[:15].lower() if fold else plain(entry) == base[:15])
            )
        ]
        if not found:
            status = min(255, status + 1) if process.applet else 1
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
        process.err(f"{process.name}: {NO_TARGET}\n" if process.applet else USAGE_OF_KILL)
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


COMMANDS = {"killall": killall, "kill": kill}
