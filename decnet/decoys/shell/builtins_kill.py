# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The builtin `kill`."""

from __future__ import annotations

import time
from typing import Any

from .builtins_jobs import no_such_job
from .context import Context, Discard
from .jobs import Job
from .signal_numbers import SIGNALS, signals_listed
from .signals import show_signals, signal_name
from .tasks import CONTINUE, INTERRUPT, KILL, STOP, Killed, Task

JOB_MISSING = 2
"""The status of a job that there is not."""
MOST_FAILED = 255
UNHARMED = (1, 17, 18, 28)
"""Signals that end no daemon: HUP, CHLD, CONT, WINCH."""


def kill(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    signal = "TERM"
    if arguments[:1] in (["-l"], ["-L"]):
        return _list_signals(context, arguments[1:])
    if arguments[:1] in (["-s"], ["-n"]) and (arguments[1:] or shell.dialect.name != "ash"):
        signal, arguments = arguments[1] if len(arguments) > 1 else "", arguments[2:]
    elif arguments and arguments[0].startswith("-") and arguments[0] != "--" and len(arguments[0]) > 1:
        signal, arguments = arguments[0][1:], arguments[1:]
    arguments = arguments[1:] if arguments[:1] == ["--"] else arguments
    number = 0 if signal == "0" else SIGNALS.get(signal_name(signal) or "", -1)
    if number < 0:
        text = {"bash": f"kill: {signal}: invalid signal specification", "dash": f"kill: invalid signal number or name: {signal}",
                "ash": f"bad signal name '{signal}'"}  # fmt: skip
        context.complain(text[shell.dialect.name])
        return 1
    if not arguments and shell.dialect.name == "ash":
        context.complain("you need to specify whom to kill")
        return 1
    if not arguments:
        usage = "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"
        context.err(
            usage + "\n"
            if shell.dialect.bash
            else "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\n       kill -l [exitstatus]\n"
        )
        return 2
    statuses = [_kill_one(context, word, number) for word in arguments]
    if shell.dialect.name == "ash" and max(statuses) < JOB_MISSING:
        return min(sum(statuses), MOST_FAILED)
    return (min if shell.dialect.bash else max)(statuses)


def _kill_one(context: Context, word: str, signal: int) -> int:
    bash = context.shell.dialect.bash
    if word.startswith("%"):
        job = context.jobs.found(word)
        if job is None or job.done:
            context.complain(no_such_job(context, "kill", word))
            return 1 if bash else 2
        _kill_job(context, job, signal)
        return 0
    if not word and context.shell.dialect.name == "ash":
        return 0
    if not word.removeprefix("-").isdecimal() or len(word) > 9:
        texts = {
            "bash": f"kill: {word}: arguments must be process or job IDs",
            "ash": f"invalid number '{word}'",
        }
        context.complain(texts.get(context.shell.dialect.name, f"kill: Illegal number: {word}"))
        return 1
    return _kill_process(context, word, signal)


def _kill_job(context: Context, job: Job, signal: int) -> None:
    stopped = job.stopped
    for task in job.tasks:
        _send(context, task, signal)
    if stopped and context.shell.dialect.bash and signal not in (STOP, CONTINUE, 0):
        for task in job.tasks:
            context.engine.signal(task, CONTINUE)


def _kill_process(context: Context, word: str, signal: int) -> int:
    shell, number = context.shell, int(word)
    if number == shell.own_pid:
        kill_itself(context, signal, number)
        return 0
    tasks = [
        task
        for task in context.engine.tasks
        if task.pid == number or number == -1 or (number < -1 and task.group == -number) or number == 0
    ]
    tasks = [task for task in tasks if number > 0 or task is not context.engine.running]
    for task in tasks:
        _send(context, task, signal)
    if tasks or number in (0, -1):
        return 0
    reason = _refusal(context, abs(number), signal)
    if not reason:
        return 0
    text = {
        "bash": f"kill: ({word}) - {reason}",
        "dash": f"kill: {reason}",
        "ash": f"can't kill pid {word}: {reason}",
    }
    context.complain(text[shell.dialect.name])
    return 1


def _refusal(context: Context, number: int, signal: int) -> str:
    """Send a signal to another process of the machine; why this visitor may not, "" if he may."""
    shell = context.shell
    entry = next((each for each in shell.processes(time.time()) if each.pid == number), None)
    if entry is None:
        return "No such process"
    if shell.user not in ("root", entry.user):
        return "Operation not permitted"
    if not entry.kernel and number != 1 and signal not in (0, *UNHARMED):
        shell.files.kill(number)
    return ""


def _send(context: Context, task: Task, signal: int) -> None:
    if signal:
        context.engine.signal(task, signal)


def kill_itself(context: Context, signal: int, pid: int) -> None:
    """A shell that sends itself a signal. Raises Killed."""
    if not signal:
        return
    name, shell = signal_name(str(signal)) or "", context.shell
    action = shell.traps.get(name) if signal not in (KILL, STOP) else None
    if action:
        context.pending.append(name)
    elif (
        action is None
        and signal not in (0, 17, 18, 20, 21, 22, 23, 28)
        and not (shell.interactive and not context.is_subshell and signal in (2, 3, 15))
    ):
        raise Killed(signal, pid)
    elif action is None and signal == INTERRUPT and shell.dialect.bash:
        context.err("\n")
        raise Discard(128 + signal)


def _list_signals(context: Context, arguments: list[str]) -> int:
    if not arguments:
        if context.shell.dialect.bash:
            show_signals(context)
        else:
            ash = context.shell.dialect.name == "ash"
            context.out(signals_listed() if ash else "".join(f"{name}\n" for name in SIGNALS))
        return 0
    for word in arguments:
        if context.shell.dialect.name == "ash" and signal_name(word) is None and not word.isdecimal():
            context.complain(f"unknown signal '{word}'")
            return 1
        number = int(word[:5]) if word.isdecimal() else -1
        name = signal_name(str(number - 128 if number > 128 else number) if number >= 0 else word)
        shown = name or word if number >= 0 else SIGNALS.get(name or "", "")
        context.out(f"{shown}\n")
    return 0


BUILTINS = {"kill": kill}
