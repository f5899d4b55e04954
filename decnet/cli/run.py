"""Runs a command: builds its context, prints the outcome or error, and returns the exit code."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from decnet.engine.context import Context, Traces
    from decnet.engine.outcome import Outcome
    from decnet.engine.progress import Emit
    from decnet.errors import Interrupted
    from decnet.model.catalog import Catalog
    from decnet.store.paths import Home
    from decnet.worker.ahead import Ahead

Result = TypeVar("Result")

MAX_REPORTED = 20
"""Mistakes in catalog files that a command lists."""

CUT_OFF_GRACE = 10.0
"""Seconds that a pass has after its deadline to end cleanly."""


@contextmanager
def context(
    style: str,
    *,
    yes: bool = False,
    quiet: bool = False,
    lock_timeout: float = 10.0,
    writes: bool = True,
    read_only: bool = False,
    of_fleet: bool = False,
    of_events: bool = False,
    ahead: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Context]:
    """The context of one command; its errors are printed and become exit codes. With `read_only` it records
    what it observes if it can, and works even if nothing can be written. A command `of_fleet` needs a state
    directory that was used before, and creates none; one `of_events` also takes one that only has events.
    With `ahead`, the agents of a small fleet are started at once. `check` is called before all else."""
    from decnet.catalog import load_valid
    from decnet.cli.remember import memory_of
    from decnet.console.progress import monitor
    from decnet.console.prompts import ask
    from decnet.engine.context import Context, Traces
    from decnet.store.home_check import open_home

    drawn, traces = monitor(style, quiet=quiet), Traces()
    with _errors_reported(style, drawn.close, traces, quiet=quiet), ExitStack() as stack:
        check()
        home = _home(used=of_fleet or of_events, of_events=of_events)
        warnings = open_home(home, write=writes, read_only=read_only)
        begun = stack.enter_context(_agents_ahead(home)) if ahead else None
        catalog = load_valid(home.catalog)
        warnings += [*_ignored(), *_left_out(catalog)]
        _warn(drawn, warnings)
        memory = None if warnings else memory_of(style, home)
        yield Context(
            home=home,
            catalog=catalog,
            emit=memory.listening(drawn) if memory is not None else drawn,
            command=" ".join(["decnet", *sys.argv[1:]])[:400],
            user=_user(),
            lock_timeout=lock_timeout,
            confirm=(lambda question: True) if yes else _asking(drawn.close, ask),
            traces=traces,
            asked=memory,
            ahead=begun,
        )


@contextmanager
def _agents_ahead(home: Home) -> Iterator[Ahead]:
    from decnet.worker.ahead import Ahead

    ahead = Ahead(home.root, home.fleet, home.cache)
    try:
        yield ahead
    finally:
        ahead.end()


def _home(*, used: bool, of_events: bool) -> Home:
    """The state directory. Raises HomeUnused if it must have been `used` before, and was not."""
    from decnet.store.home_use import check_used
    from decnet.store.paths import find_home

    home = find_home(os.environ, os.getuid())
    if used:
        check_used(home, os.environ, of_events=of_events)
    return home


def _warn(emit: Emit, warnings: list[str]) -> None:
    if not warnings:
        return
    from decnet.engine.progress import Message

    for text in warnings:
        emit(Message(text, level="warning"))


def _ignored() -> list[str]:
    return ["DECNET_HOME is empty: ignored"] if os.environ.get("DECNET_HOME") == "" else []


def _left_out(catalog: Catalog) -> list[str]:
    """A line for each mistake in the user's catalog files; a command that needs such an entry is refused."""
    hints = [f" ({each.hint})" if each.hint else "" for each in catalog.mistakes]
    lines = [f"{m.place}: {m.message}{hint}" for m, hint in zip(catalog.mistakes, hints, strict=True)]
    more = [f"and {len(lines) - MAX_REPORTED} more mistakes"] if len(lines) > MAX_REPORTED else []
    return [*lines[:MAX_REPORTED], *more]


@contextmanager
def _errors_reported(style: str, close: Callable[[], None], traces: Traces, *, quiet: bool) -> Iterator[None]:
    """Errors end the progress display, are reported, and become exit codes."""
    from decnet.console.prompts import print_error
    from decnet.errors import DecnetError, Interrupted, LockHeld

    try:
        yield
    except (KeyboardInterrupt, Interrupted) as ended:
        close()
        if not traces.repeats or traces.jobs:
            print_error(_interrupted(ended, traces), style)
        raise typer.Exit(Interrupted.exit_code) from None
    except DecnetError as error:
        close()
        if not (quiet and isinstance(error, LockHeld)):
            print_error(error, style)
        raise typer.Exit(error.exit_code) from None
    finally:
        close()


def _interrupted(ended: BaseException, traces: Traces) -> Interrupted:
    """What was interrupted, by what the command had done until then."""
    from decnet.console.prompts import QuestionInterrupted
    from decnet.errors import Interrupted

    if traces.jobs:
        hint = "jobs that a worker accepted continue there; run decnet reconcile to record their results"
        return Interrupted("interrupted", hint=hint)
    if isinstance(ended, QuestionInterrupted) and not traces.changes:
        return Interrupted("interrupted: nothing was changed")
    return Interrupted("interrupted")


@contextmanager
def cut_off_after(deadline: float | None) -> Iterator[None]:
    """Ends this process at once if the work inside cannot be cancelled: an image build."""
    if deadline is None:
        yield
        return
    timer = threading.Timer(deadline + CUT_OFF_GRACE, _cut_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut_off() -> NoReturn:
    typer.echo("error: the pass did not end when its deadline passed, and was cut off", err=True)
    os._exit(4)


def _user() -> str:
    """The user who runs the command; under sudo, the user who called it."""
    import pwd

    uid = os.environ.get("SUDO_UID", "")
    try:
        return pwd.getpwuid(int(uid) if uid.isdigit() else os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def can_ask() -> bool:
    """Whether a question can be asked: not from cron, and not in a pipe."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asking(close: Callable[[], None], ask: Callable[[str], bool]) -> Callable[[str], bool]:
    def question(text: str) -> bool:
        close()
        return ask(text)

    return question


def finish(outcome: Outcome, style: str) -> NoReturn:
    """Print an outcome and leave with its exit code, or with a worse one if it cannot be printed."""
    from decnet.cli.remember import remembered
    from decnet.console.prompts import print_error
    from decnet.console.show import show
    from decnet.errors import OutputFailed, worst

    code = outcome.exit_code
    try:
        with remembered(outcome):
            show(outcome, style)  # type: ignore[arg-type]
    except OutputFailed as error:
        print_error(error, style)
        code = worst([code, error.exit_code])
    raise typer.Exit(code)


def follow(work: Coroutine[Any, Any, None]) -> None:
    """Wait for work that prints until Ctrl-C or SIGTERM, which end it silently, with exit 130."""
    from decnet.errors import Interrupted

    try:
        wait_for(work)
    except Interrupted:
        raise typer.Exit(Interrupted.exit_code) from None


def wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work; Ctrl-C and SIGTERM end it cleanly, with exit 130."""
    import asyncio
    import signal

    from decnet.console.prompts import QuestionInterrupted
    from decnet.errors import Interrupted

    results: list[Result] = []

    async def watched() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()

        def cancel(number: int, frame: object) -> None:
            # At once, as asyncio does it for Ctrl-C: a question that follows must not wait for its answer.
            task.cancel()

        # The loop's own handler does nothing, but with it every signal wakes the loop up.
        loop.add_signal_handler(signal.SIGTERM, lambda: None)
        signal.signal(signal.SIGTERM, cancel)
        # Not returned: when asyncio.run restores the signal handlers, Python 3.11 formats its main task's
        # result (for an unused error message). A fleet's is megabytes.
        results.append(await task)

    try:
        asyncio.run(watched())
        return results[0]
    except QuestionInterrupted:
        raise
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Interrupted("interrupted") from None
