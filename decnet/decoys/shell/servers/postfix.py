# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The programs of Postfix beyond postconf: its queue is empty. What it says of itself goes to the log unless
standard error is a terminal. Source: Postfix 3.7.11 of Debian 12."""

from __future__ import annotations

import re
import time

from ...host.node import Node
from ..process import Command, Process, Running
from ..text.common import Failure, parse
from .common import guarded, is_root, main_process

EMPTY = "Mail queue is empty\n"
QUEUE_ID = re.compile(r"[0-9A-F]{6,16}|[0-9A-Za-z]{10,20}")
POSTQUEUE = "postqueue: fatal: usage: postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site\n"
POSTMAP = "usage: {0} [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file..."
POSTALIAS = "usage: {0} [-Nfinoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file..."
SHAPE = "                                         T  5 10 20 40 80 160 320 640 1280 1280+\n                                  TOTAL  0  0  0  0  0  0   0   0   0    0     0\n"
MOST_LINES = 5000


def say(process: Process, text: str) -> None:
    """A line of postfix-script: on standard error only if that is a terminal."""
    if process.to_terminal:
        process.err(f"postfix/postfix-script: {text}\n")


def postfix(process: Process) -> Running:
    """Start, stop and look at the mail system."""
    words = [word for word in process.args if not word.startswith("-")]
    verb, master = words[0] if words else "", main_process(process.shell, "master")
    yield 0.05
    if not verb:
        if process.to_terminal:
            process.err("postfix: fatal: usage: postfix [-c config_dir] [-Dv] command\n")
        return 1
    if not is_root(process.shell):
        if process.to_terminal:
            process.err("postfix: fatal: the postfix command is reserved for the superuser\n")
        return 1
    if verb == "status":
        say(
            process,
            f"the Postfix mail system is running: PID: {master.pid}"
            if master
            else "the Postfix mail system is not running",
        )
        return 0 if master else 1
    if verb in (
        "start",
        "stop",
        "reload",
        "abort",
        "flush",
        "check",
        "start-fg",
        "set-permissions",
        "upgrade-configuration",
    ):
        return _carried_out(process, verb, running=master is not None)
    say(process, f"error: unknown command: '{verb}'")
    say(
        process,
        "fatal: usage: postfix start (or stop, reload, abort, flush, check, status, set-permissions, upgrade-configuration, logrotate)",
    )
    return 1


def _carried_out(process: Process, verb: str, *, running: bool) -> int:
    shell = process.shell
    if verb in ("start", "start-fg") and running:
        say(process, "fatal: the Postfix mail system is already running")
        return 1
    if verb in ("stop", "reload", "abort", "flush") and not running:
        say(process, "fatal: the Postfix mail system is not running")
        return 1
    if verb in ("stop", "abort"):
        say(
            process,
            "stopping the Postfix mail system" if verb == "stop" else "aborting the Postfix mail system",
        )
        for each in shell.processes(time.time()):
            if each.service == "smtp":
                shell.files.kill(each.pid)
    elif verb == "start":
        say(process, "starting the Postfix mail system")
        for each in shell.world.processes(int(time.time())):
            if each.service == "smtp":
                shell.files.killed.discard(each.pid)
    elif verb == "reload":
        say(process, "refreshing the Postfix mail system")
    return 0


def postqueue(process: Process) -> Running:
    """The queue."""
    try:
        options = parse(process, "c:fi:jps:v")
    except Failure as failure:
        process.err(f"postqueue: {failure.message}\n{POSTQUEUE}")
        return 69
    yield 0.0
    letter = options.last("fijps")
    if not letter:
        process.err(POSTQUEUE)
        return 69
    if letter == "p":
        process.out(EMPTY)
    elif letter == "s":
        process.err(
            f'postqueue: fatal: Flush service is not configured for destination "{options.value("s")}"\n'
        )
        return 69
    return 0


def sendmail(process: Process) -> Running:
    """mailq, newaliases and sendmail."""
    name, shell = process.name.rpartition("/")[2], process.shell
    try:
        options = parse(process, "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q:tvx")
    except Failure as failure:
        process.err(
            f"{name}: {failure.message}\n{name}: {failure.message}\n{name}: fatal: usage: {name} [options]\n"
        )
        return 75
    mode = "p" if name == "mailq" else "i" if name == "newaliases" else options.value("b") or "m"
    yield 0.0
    if mode[:1] == "p":
        process.out(EMPTY)
        return 0
    if mode[:1] == "i" or "I" in options:
        return _indexed(process, "/etc/aliases", "postalias")
    if mode[:1] == "v":
        process.out(
            "".join(
                f"Mail Delivery Status Report will be mailed to <{shell.user}>.\n"
                for _ in options.operands[:1]
            )
        )
        return 0
    if mode[:1] == "s":
        process.out(f"220 {shell.world.hostname} ESMTP Postfix\r\n221 2.0.0 Bye\r\n")
        return 0
    if not options.operands and "t" not in options:
        process.err(
            f"{name}: fatal: {shell.user}({shell.world.number_of(shell.user)}): Recipient addresses must be specified on the command line or via the -t option\n"
        )
        return 75
    if process.given and shell.session is not None:
        shell.session.record("command", input=f"{name}: {process.given[:900].decode('utf-8', 'replace')}")
    return 0


def postmap(process: Process) -> Running:
    """Make tables, and look keys up in them: postmap, postalias."""
    name = process.name.rpartition("/")[2]
    try:
        options = parse(process, "bc:d:fFhimnNopq:rsuUvw")
    except Failure as failure:
        process.err(
            f"{name}: {failure.message}\n{name}: fatal: {(POSTMAP if name == 'postmap' else POSTALIAS).format(name)}\n"
        )
        return 1
    yield 0.0
    if not options.operands:
        process.err(f"{name}: fatal: {(POSTMAP if name == 'postmap' else POSTALIAS).format(name)}\n")
        return 1
    status = 0
    for word in options.operands:
        kind, colon, path = word.partition(":")
        path = path if colon else kind
        if options.last("qs"):
            status = _looked_up(process, name, path, options.value("q") if "q" in options else None)
        else:
            status = _indexed(process, path, name) or status
    return status


def _indexed(process: Process, path: str, name: str) -> int:
    shell = process.shell
    text, target = shell.read(shell.absolute(path)), shell.absolute(f"{path}.db")
    if text is None:
        process.err(
            f"{name}: fatal: open {path}: {shell.refusal(shell.absolute(path)) or 'No such file or directory'}\n"
        )
        return 1
    old = shell.node(target)
    if refused := shell.change(
        target,
        Node(
            0o644,
            owner=shell.user,
            content=old.content if old else b"\0" * 12,
            size=12_288,
            changed=int(time.time()),
        ),
    ):
        process.err(f"{name}: fatal: open {path}.db: {refused}\n")
        return 1
    return 0


def _looked_up(process: Process, name: str, path: str, key: str | None) -> int:
    shell = process.shell
    if shell.node(shell.absolute(f"{path}.db")) is None:
        process.err(f"{name}: fatal: open database {path}.db: No such file or directory\n")
        return 1
    found = 0
    for line in (shell.read(shell.absolute(path)) or "").splitlines()[:MOST_LINES]:
        if line.startswith("#") or not line.strip():
            continue
        words = line.split(":", 1) if name == "postalias" else line.split(None, 1)
        left, right = words[0].strip(), (words[1].strip() if len(words) > 1 else "")
        if key is None:
            process.out(f"{left}\t{right}\n")
        elif left.lower() == key.lower():
            process.out(f"{right}\n")
            found = 1
    return 0 if key is None or found else 1


def postsuper(process: Process) -> Running:
    """Maintain the queue."""
    options = parse(process, "c:d:h:H:pr:sSv")
    yield 0.0
    if not is_root(process.shell):
        process.err("postsuper: fatal: use of this command is reserved for the superuser\n")
        return 1
    done = {"d": "Deleted", "h": "Placed on hold", "H": "Released from hold", "r": "Requeued"}
    for letter, title in done.items():
        if letter in options and (
            options.value(letter) == "ALL" or QUEUE_ID.fullmatch(options.value(letter))
        ):
            process.err(f"postsuper: {title}: 0 messages\n")
    return 0


def postcat(process: Process) -> Running:
    """Show a message of the queue."""
    options = parse(process, "bc:dehnoqv")
    yield 0.0
    for word in options.operands:
        process.err(
            f"postcat: fatal: open {'queue file ' if 'q' in options else ''}{word}: No such file or directory\n"
        )
        return 1
    return 0


def postmulti(process: Process) -> Running:
    """Instances: there is one."""
    yield 0.0
    if "-l" in process.args:
        process.out("-               -               y         /etc/postfix\n")
        return 0
    at = process.args.index("-p") + 1 if "-p" in process.args else len(process.args)
    return (yield from process.call(["postfix", process.args[at]])) if at < len(process.args) else 1


def qshape(process: Process) -> Running:
    """How old the messages of the queue are."""
    yield 0.0
    process.out(SHAPE)
    return 0


def postlog(process: Process) -> Running:
    """A line of a script for the log."""
    options = parse(process, "c:ip:t:v")
    yield 0.0
    if process.to_terminal:
        process.err(f"{options.value('t') or 'postlog'}: {' '.join(options.operands)}\n")
    return int(options.value("p") not in ("", "info", "warn", "error", "fatal", "panic"))


COMMANDS: dict[str, Command] = guarded({
    "postfix": postfix, "postqueue": postqueue, "postmap": postmap, "postalias": postmap, "postsuper": postsuper, "postcat": postcat,
    "postmulti": postmulti, "qshape": qshape, "postlog": postlog,
})  # fmt: skip
