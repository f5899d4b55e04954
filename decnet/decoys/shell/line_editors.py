"""Which editor a shell has for the line that is typed at its prompt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from .ash_completion import complete as ash_complete
from .ash_line import AshLine
from .builtins_bind import variable
from .completion import complete
from .editor import NO_BRACKETS, Complete, Editor
from .line_expansion import LineExpansion
from .plain_line import PlainLine
from .prompts import has_brackets, is_old_bash
from .tasks import Line

Write = Callable[[bytes], Awaitable[None]]


def editor_of(line: Line, history: list[str], write: Write, columns: int) -> Editor | AshLine | PlainLine:
    """What the shell edits the line with."""
    shell = line.shell
    if shell.dialect.name == "dash" and line.completes is None:
        return PlainLine(write)
    if shell.dialect.name == "ash" and line.completes is None:
        build = shell.world.build
        of_ash = partial(ash_complete, shell, names_users=build.names_users)
        return AshLine(
            line.prompt, history, write, of_ash, columns,
            asks=build.asks, searches=build.searches, traps="INT" in shell.traps,
        )  # fmt: skip
    completing: Complete = line.completes or partial(complete, shell, is_first=line.is_first)
    return Editor(
        line.prompt, history, write, completing, columns,
        ends_on_interrupt=True, shows_interrupt=line.completes is None,
        brackets=line.is_readline and has_brackets(shell), is_readline=True, is_old=is_old_bash(shell),
        is_vi="vi" in shell.options, expands=LineExpansion(shell),
        lists_at_once=variable(shell, "show-all-if-ambiguous") == "on",
    )  # fmt: skip


async def typed_in_turn(editor: Editor | AshLine | PlainLine, keys: str) -> str | None:
    """Process several keys; the line once it is complete."""
    for key in keys:
        done = await editor.key(key)
        if done is not None:
            return done
    return None


def only_ends(write: Write) -> Write:
    """Of a line that is edited without echo (`stty -echo`), only its end is shown."""

    async def end(data: bytes) -> None:
        if data.endswith((b"\r\n", NO_BRACKETS)):
            await write(b"\r\n" if data.endswith(b"\r\n") else data)

    return end
