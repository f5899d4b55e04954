# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about jobs: jobs, fg, bg, wait, disown."""

from __future__ import annotations

from typing import Any

from .context import Context, Work
from .jobs import Job
from .signal_numbers import SIGNALS
from .tasks import CONTINUE, INTERRUPT, PIPE, TERMINATE, Ended, Signalled

QUIET = (INTERRUPT, PIPE, TERMINATE)
"""Signals whose victims a shell without a prompt does not name."""
MOST_KEPT = 16
"""Jobs that have ended, which ash shows once more."""


def wait(context: Context, words: list[Any]) -> Work:
    arguments = [str(word) for word in words[1:]]
    flags = "".join(arguments.pop(0)[1:] for _ in words[1:] if arguments and arguments[0].startswith("-"))
    own = [job for job in context.jobs.by_number.values() if not job.is_foreign]
    if not arguments and "n" in flags and context.shell.dialect.bash:
        return (yield from _next_of(context, own))
    if not arguments:
        running = [task for job in own if not job.stopped for task in job.tasks]
        if context.controls_jobs and context.shell.dialect.bash:
            context.jobs.forget_done()
        yield Signalled(Ended(running), context)
        report_signalled(context)
        if context.controls_jobs and context.shell.dialect.bash:
            report_done(context)
        elif context.shell.dialect.name != "ash" or len(context.jobs.by_number) > MOST_KEPT:
            context.jobs.forget_done()
        return _interrupted(context, 0)
    status = 0
    for word in arguments:
        status = yield from _wait_for(context, word)
    return _interrupted(context, status)


def report_signalled(context: Context) -> None:
    """A shell without a prompt names the jobs that a signal has ended (bash(1), "JOB CONTROL"), once."""
    if not context.shell.dialect.bash or context.shell.interactive:
        return
    for job in _listed(context):
        signal = job.tasks[-1].signal
        if job.is_foreign or not job.done or signal in QUIET:
            continue
        if signal:
            context.complain(f"{job.pid:>5} {job.state(context.shell.dialect):<24}{job.text}")
            context.jobs.remove(job)


def report_done(context: Context) -> None:
    """Print the jobs that have ended, and forget them."""
    is_quiet = context.shell.dialect.name == "ash" and not context.controls_jobs
    for job in _listed(context):
        if job.done:
            context.err("" if is_quiet else job_line(context, job))
            context.jobs.remove(job)


def _listed(context: Context) -> list[Job]:
    """All jobs in the order in which the shell shows them: bash by number, others the current one first."""
    if context.shell.dialect.bash:
        return [job for _, job in sorted(context.jobs.by_number.items())]
    return context.jobs.in_order()


def _interrupted(context: Context, status: int) -> int:
    """The status: that of a signal whose trap ends the wait."""
    return 128 + SIGNALS[context.pending[0]] if context.pending else status


def _next_of(context: Context, jobs: list[Job]) -> Work:
    """`wait -n`: the status of the first one that ends."""
    if not jobs:
        return 127
    while not any(job.done for job in jobs) and not context.pending:
        yield Signalled(_AnyEnded(jobs), context)
    ended = next((job for job in jobs if job.done), None)
    if ended is None:
        return _interrupted(context, 0)
    context.jobs.remove(ended)
    return ended.status


class _AnyEnded:
    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs

    def ready(self) -> bool:
        return any(job.done for job in self._jobs)


def _wait_for(context: Context, word: str) -> Work:
    """One job or process; its status."""
    bash, statuses = context.shell.dialect.bash, context.engine.statuses
    job = context.jobs.found(word)
    if job is not None and not job.is_foreign:
        was_done, is_ash = job.done, context.shell.dialect.name == "ash"
        yield Signalled(Ended(job.tasks), context)
        report_signalled(context)
        if is_ash and job.done and not was_done and (end := job.end) and end != "Interrupt":
            context.err(f"{end}\n")
        if job.done and not context.shell.interactive and not is_ash:
            context.jobs.remove(job)
        return job.status
    if word.isdecimal() and int(word[:9]) in statuses:
        return statuses[int(word[:9])]
    if word.startswith("%"):
        context.complain(no_such_job(context, "wait", word))
        return 127 if bash else 2
    if bash and word.isdecimal():
        context.complain(f"wait: pid {word} is not a child of this shell")
    elif bash:
        context.complain(f"wait: `{word}': not a pid or valid job spec")
    return 127 if word.isdecimal() else 1 if bash else 2


def no_such_job(context: Context, name: str, word: str) -> str:
    """The complaint of a builtin about a job that does not exist, or is not the only one of its name."""
    if context.shell.dialect.bash and context.jobs.is_ambiguous(word):
        return f"{name}: {word.lstrip('%?')}: ambiguous job spec"
    forms = {
        "bash": "{}: {}: no such job",
        "dash": "{}: No such job: {}",
        "ash": f"{{}}: {context.shell.in_builtin}{{}}: no such job",
    }
    return forms[context.shell.dialect.name].format(name, word)


def jobs(context: Context, words: list[Any]) -> Any:
    arguments = [str(word) for word in words[1:]]
    if arguments[:1] == ["-x"] and len(arguments) > 1 and context.shell.dialect.bash:
        found_jobs = [context.jobs.found(word) if word.startswith("%") else None for word in arguments[1:]]
        return context.invoke(
            [
                str(job.tasks[0].pid) if job else word
                for job, word in zip(found_jobs, arguments[1:], strict=True)
            ]
        )
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    names = [word for word in arguments if not word.startswith("-")]
    status, found = 0, list[Job]()
    for name in names:
        job = context.jobs.found(name)
        if job is None:
            context.complain(no_such_job(context, "jobs", name))
            status = 1 if context.shell.dialect.bash else 2
        else:
            found.append(job)
    for job in found if names else _listed(context):
        if ("r" in flags and (job.done or job.stopped)) or ("s" in flags and not job.stopped):
            continue
        context.out(f"{job.pid}\n" if "p" in flags else job_line(context, job, pids="l" in flags))
    context.jobs.forget_done()
    return status


def job_line(context: Context, job: Job, *, pids: bool = False) -> str:
    """One line about a job, as `jobs` and the prompt show it."""
    mark, state = context.jobs.mark(job), job.state(context.shell.dialect)
    if not context.shell.dialect.bash:
        pid = f"{job.pid} " if pids else ""
        if context.shell.dialect.name == "ash":
            text = job.text if context.controls_jobs else ""
            return f"[{job.number}]{mark}  {pid}{state}".ljust(33) + f"{text}\n"
        return f"[{job.number}] {mark} {pid}{state}".ljust(33) + f"{job.text}\n"
    pid = f"{job.pid} " if pids else " "
    return f"[{job.number}]{mark} {pid}{state:<24}{job.text}{' &' if state == 'Running' else ''}\n"


def foreground(context: Context, words: list[Any]) -> Work:
    """`fg` and `bg`."""
    name, arguments = str(words[0]), [str(word) for word in words[1:] if str(word) != "--"]
    if not context.shell.interactive:
        if context.shell.dialect.name == "ash":
            return _without_control(context, name, arguments)
        context.complain(
            f"{name}: no job control"
            if context.shell.dialect.bash
            else f"{name}: job (null) not created under job control"
        )
        return 1 if context.shell.dialect.bash else 2
    status = 0
    for word in arguments or ["%%"]:
        given = word if word.startswith("%") or not word.isdecimal() else f"%{word}"
        job = context.jobs.found(given if given.startswith("%") else f"%{given}")
        if job is None or job.done:
            status = _no_such_job(context, name, word if arguments else "current")
        elif name == "bg":
            status = _continue_behind(context, job)
        else:
            return (yield _continue_here(context, job))
    return status


def _without_control(context: Context, name: str, arguments: list[str]) -> int:
    """`fg` and `bg` in a script of ash, whose jobs are not its own."""
    line, jobs = context.shell.in_builtin, context.jobs
    named = jobs.found(arguments[0]) if arguments else next(iter(jobs.in_order()), None)
    if named is not None:
        context.complain(f"{name}: {line}job {(arguments or ['(null)'])[0]} not created under job control")
    else:
        context.complain(
            no_such_job(context, name, arguments[0]) if arguments else f"{name}: {line}No current job"
        )
    return 2


def _no_such_job(context: Context, name: str, word: str) -> int:
    if context.shell.dialect.bash:
        context.complain(no_such_job(context, name, word))
        return 1
    line = context.shell.in_builtin
    context.complain(
        f"{name}: {line}No current job" if word == "current" else no_such_job(context, name, word)
    )
    return 2


def _continue_behind(context: Context, job: Job) -> int:
    if not job.stopped:
        context.complain(f"bg: job {job.number} already in background")
        return 0
    context.jobs.ask(job)
    for task in job.tasks:
        context.engine.signal(task, CONTINUE)
    bash = context.shell.dialect.bash
    context.out(
        f"[{job.number}]{context.jobs.mark(job)} {job.text} &\n" if bash else f"[{job.number}] {job.text}\n"
    )
    return 0


def _continue_here(context: Context, job: Job) -> Work:
    context.out(job.text + "\n")
    for task in job.tasks:
        context.engine.signal(task, CONTINUE)
    try:
        yield context.in_foreground(job.tasks, job.text)
    finally:
        if job.done:
            context.jobs.remove(job)
    return context.shell.status


def disown(context: Context, words: list[Any]) -> int:
    arguments = [str(word) for word in words[1:]]
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    names = [word for word in arguments if not word.startswith("-")]
    if "h" in flags:
        return 0
    if not names and ("a" in flags or "r" in flags):
        for job in list(context.jobs.by_number.values()):
            if "r" not in flags or not (job.done or job.stopped):
                context.jobs.remove(job)
        return 0
    status = 0
    for word in names or ["%%"]:
        found = context.jobs.found(word)
        if found is None:
            context.complain(f"disown: {word if names else 'current'}: no such job")
            status = 1
        else:
            context.jobs.remove(found)
    return status


BUILTINS = {"wait": wait, "jobs": jobs, "fg": foreground, "bg": foreground, "disown": disown}
