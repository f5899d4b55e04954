# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about running commands: jobs, wait, kill and the limits of processes."""

from __future__ import annotations

from typing import Any

from .context import Context, Work
from .engine import Ended, Task
from .signals import SIGNALS, show_signals, signal_name

LIMITS = (
    ("real-time non-blocking time", "microseconds, -R", "R", "unlimited"), ("core file size", "blocks, -c", "c", "0"),
    ("data seg size", "kbytes, -d", "d", "unlimited"), ("scheduling priority", "-e", "e", "0"),
    ("file size", "blocks, -f", "f", "unlimited"), ("pending signals", "-i", "i", "7656"),
    ("max locked memory", "kbytes, -l", "l", "251732"), ("max memory size", "kbytes, -m", "m", "unlimited"),
    ("open files", "-n", "n", "1024"), ("pipe size", "512 bytes, -p", "p", "8"),
    ("POSIX message queues", "bytes, -q", "q", "819200"), ("real-time priority", "-r", "r", "0"),
    ("stack size", "kbytes, -s", "s", "8192"), ("cpu time", "seconds, -t", "t", "unlimited"),
    ("max user processes", "-u", "u", "7656"), ("virtual memory", "kbytes, -v", "v", "unlimited"),
    ("file locks", "-x", "x", "unlimited"),
)  # fmt: skip
IN_DASH = (
    ("time(seconds)", "t"), ("file(blocks)", "f"), ("data(kbytes)", "d"), ("stack(kbytes)", "s"), ("coredump(blocks)", "c"),
    ("memory(kbytes)", "m"), ("locked memory(kbytes)", "l"), ("process", "u"), ("nofiles", "n"), ("vmemory(kbytes)", "v"),
    ("locks", "x"), ("rtprio", "r"),
)  # fmt: skip


def wait(context: Context, words: list[Any]) -> Work:
    engine = context.engine
    arguments = [str(word) for word in words[1:] if not str(word).startswith("-")]
    if not arguments:
        tasks = [task for job in engine.jobs.values() for task in job if not task.done]
        yield Ended(tasks)
        _forget(context)
        return 0
    status = 0
    for word in arguments:
        task = _task(context, word)
        if task is not None:
            yield Ended([task])
            status = task.status
        elif word.isdecimal() and int(word[:9]) in engine.statuses:
            status = engine.statuses[int(word[:9])]
        elif word.startswith("%"):
            context.complain(
                f"wait: {word}: no such job" if context.shell.dialect.bash else f"wait: No such job: {word}"
            )
            status = 127 if context.shell.dialect.bash else 2
        else:
            if context.shell.dialect.bash:
                text = (
                    f"wait: pid {word} is not a child of this shell"
                    if word.isdecimal()
                    else f"wait: `{word}': not a pid or valid job spec"
                )
                context.complain(text)
            status = 127 if word.isdecimal() else 1 if context.shell.dialect.bash else 2
    _forget(context)
    return status


def _forget(context: Context) -> None:
    jobs = context.engine.jobs
    for number in [number for number, tasks in jobs.items() if all(task.done for task in tasks)]:
        del jobs[number]


def _task(context: Context, word: str) -> Task | None:
    """The task of a job number or process id."""
    jobs = context.engine.jobs
    if word.startswith("%"):
        rest = word[1:]
        if rest in ("", "%", "+", "-"):
            return jobs[max(jobs)][0] if jobs else None
        if rest.isdecimal():
            tasks = jobs.get(int(rest[:5]))
            return tasks[0] if tasks else None
        return next((tasks[0] for tasks in jobs.values() if tasks[0].text.startswith(rest)), None)
    number = int(word[:9]) if word.isdecimal() else -1
    return next((task for tasks in jobs.values() for task in tasks if task.pid == number), None)


def jobs(context: Context, words: list[Any]) -> int:
    for number in sorted(context.engine.jobs):
        task = context.engine.jobs[number][0]
        context.out(
            job_line(context, number, task, pids="-l" in words) if "-p" not in words else f"{task.pid}\n"
        )
    _forget(context)
    return 0


def job_line(context: Context, number: int, task: Task, *, pids: bool = False) -> str:
    """One line about a job, as `jobs` and the prompt show it."""
    numbers = sorted(context.engine.jobs)
    mark = "+" if number == numbers[-1] else "-" if len(numbers) > 1 and number == numbers[-2] else " "
    state = "Stopped" if task.stopped else "Running"
    if task.done:
        state = (
            "Done"
            if not task.status
            else "Terminated"
            if task.status == 143
            else "Killed"
            if task.status == 137
            else f"Exit {task.status}"
        )
        state = (
            f"Done({task.status})" if state.startswith("Exit") and not context.shell.dialect.bash else state
        )
    end = " &" if state == "Running" and context.shell.dialect.bash else ""
    pid = f"{task.pid} " if pids else " "
    if not context.shell.dialect.bash:
        return f"[{number}] {mark} {pid.strip() + ' ' if pids else ''}{state:<27}{task.text}\n"
    return f"[{number}]{mark} {pid}{state:<24}{task.text}{end}\n"


def foreground(context: Context, words: list[Any]) -> Work:
    task = _task(context, str(words[1]) if len(words) > 1 else "%%")
    if not context.shell.interactive and context.shell.dialect.bash:
        context.complain(f"{words[0]}: no job control")
        return 1
    if task is None:
        word = str(words[1]) if len(words) > 1 else "current"
        text = (
            f"{words[0]}: {word}: no such job"
            if context.shell.dialect.bash
            else f"{words[0]}: No current job"
            if word == "current"
            else f"{words[0]}: No such job: {word}"
        )
        context.complain(text)
        return 1 if context.shell.dialect.bash else 2
    number = task.group
    if task.stopped:
        task.stopped, task.done = False, True
    if words[0] == "bg":
        context.out(f"[{number}]+ {task.text} &\n")
        return 0
    context.out(task.text + "\n")
    task.group = 0
    yield Ended([task])
    context.engine.jobs.pop(number, None)
    return task.status


def disown(context: Context, words: list[Any]) -> int:
    names = [str(word) for word in words[1:] if not str(word).startswith("-")]
    if not names and not context.engine.jobs and "-a" not in words:
        context.complain("disown: current: no such job")
        return 1
    for word in names or ["%%"]:
        task = _task(context, word)
        if task is not None:
            context.engine.jobs.pop(task.group, None)
    return 0


def kill(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    signal = "TERM"
    if arguments[:1] in (["-l"], ["-L"]):
        return _list_signals(context, arguments[1:])
    if arguments[:1] in (["-s"], ["-n"]):
        signal, arguments = arguments[1] if len(arguments) > 1 else "", arguments[2:]
    elif arguments and arguments[0].startswith("-") and arguments[0] != "--" and len(arguments[0]) > 1:
        signal, arguments = arguments[0][1:], arguments[1:]
    arguments = arguments[1:] if arguments[:1] == ["--"] else arguments
    number = 0 if signal == "0" else SIGNALS.get(signal_name(signal) or "", -1)
    if number < 0:
        text = {"bash": f"kill: {signal}: invalid signal specification", "dash": f"kill: invalid signal number or name: {signal}",
                "ash": f"kill: bad signal name '{signal}'"}  # fmt: skip
        context.complain(text[shell.dialect.name])
        return 1
    if not arguments:
        usage = "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"
        context.err(
            usage + "\n"
            if shell.dialect.bash
            else "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\n       kill -l [exitstatus]\n"
        )
        return 2
    return max([_kill_one(context, word, number) for word in arguments])


def _kill_one(context: Context, word: str, signal: int) -> int:
    shell = context.shell
    task = _task(context, word)
    if task is not None:
        if signal and signal not in (18, 19, 17, 28):
            context.engine.kill(task, signal)
        return 0
    if not word.lstrip("-").isdecimal() or len(word) > 9:
        text = (
            f"kill: {word}: arguments must be process or job IDs"
            if shell.dialect.bash
            else f"kill: Illegal number: {word}"
        )
        context.complain(text if not word.startswith("%") else f"kill: {word}: no such job")
        return 1
    number = abs(int(word))
    if number in (shell.pid, shell.own_pid, 0, -1) or not signal:
        if signal in (9, 1, 15) and number == shell.pid and (signal != 15 or not shell.interactive):
            from .engine import Killed

            raise Killed(signal)
        known = {shell.pid, shell.own_pid, 1, *(task.pid for task in context.engine.tasks)}
        if number in known:
            return 0
    text = (
        f"kill: ({word}) - No such process"
        if shell.dialect.bash
        else "kill: No such process"
        if shell.dialect.name == "dash"
        else f"kill: can't kill pid {word}: No such process"
    )
    context.complain(text)
    return 1


def _list_signals(context: Context, arguments: list[str]) -> int:
    if not arguments:
        if context.shell.dialect.bash:
            show_signals(context)
        else:
            context.out("".join(f"{name}\n" for name in SIGNALS))
        return 0
    for word in arguments:
        number = int(word[:5]) if word.isdecimal() else -1
        name = signal_name(str(number - 128 if number > 128 else number) if number >= 0 else word)
        context.out(f"{name if number >= 0 else SIGNALS.get(name or '', '')}\n")
    return 0


def ulimit(context: Context, words: list[Any]) -> int:
    arguments = [str(word) for word in words[1:]]
    letters = (
        "".join(word[1:] for word in arguments if word.startswith("-")).replace("S", "").replace("H", "")
    )
    values = [word for word in arguments if not word.startswith("-")]
    stored = context.shell.notes
    limits = {letter: stored.get(f" ulimit {letter}", value) for _, _, letter, value in LIMITS}
    if values:
        stored[f" ulimit {letters[:1] or 'f'}"] = values[0][:20]
        return 0
    if "a" in letters:
        if context.shell.dialect.bash:
            for name, unit, letter, _ in LIMITS:
                context.out(f"{name:<{38 - len(unit) - 2}}({unit}) {limits[letter]}\n" if True else "")
        else:
            context.out("".join(f"{name:<20} {limits[letter]}\n" for name, letter in IN_DASH))
        return 0
    for letter in letters or "f":
        if letter not in limits:
            context.complain(
                f"ulimit: -{letter}: invalid option"
                if context.shell.dialect.bash
                else f"ulimit: Illegal option -{letter}"
            )
            return 2
        context.out(limits[letter] + "\n")
    return 0


def times(context: Context, words: list[Any]) -> int:
    context.out(
        "0m0.003s 0m0.002s\n0m0.001s 0m0.000s\n"
        if context.shell.dialect.bash
        else "0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n"
    )
    return 0


def umask(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    if arguments in ([], ["-p"]):
        context.out(("umask " if arguments else "") + f"{shell.umask:04o}\n")
        return 0
    if arguments == ["-S"]:
        bits = ~shell.umask & 0o777
        shown = [
            "".join(letter for letter, bit in zip("rwx", (4, 2, 1), strict=True) if bits >> shift & bit)
            for shift in (6, 3, 0)
        ]
        context.out(f"u={shown[0]},g={shown[1]},o={shown[2]}\n")
        return 0
    text = arguments[-1]
    if text.isdecimal():
        if set(text) & set("89") or int(text, 8) > 0o7777:
            context.complain(
                f"umask: {text}: octal number out of range"
                if shell.dialect.bash
                else f"umask: Illegal number: {text}"
            )
            return 1
        shell.umask = int(text, 8) & 0o777
    return 0


BUILTINS = {
    "wait": wait, "jobs": jobs, "fg": foreground, "bg": foreground, "disown": disown, "kill": kill, "ulimit": ulimit,
    "times": times, "umask": umask,
}  # fmt: skip
