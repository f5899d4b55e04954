"""Questions that a command asks while it holds the lock: the lock is free until they are answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from decnet.engine.context import Context
from decnet.errors import Failed
from decnet.store.atomic import read_whole
from decnet.store.desired import load_fleet
from decnet.store.lock import released

Answer = TypeVar("Answer")


def confirm_unlocked(ctx: Context, question: str) -> bool:
    """The user's yes or no. Raises as `ask_unlocked` does."""
    return ask_unlocked(ctx, ctx.confirm, question)


def ask_unlocked(
    ctx: Context, ask: Callable[[str], Answer], question: str, *, needs_deckies: bool = False
) -> Answer:
    """The answer to a question during which other commands work.

    Raises Failed if one of them changed the workers meanwhile, or with `needs_deckies` the deckies, because
    the rest of this command rests on them. Raises LockHeld if another command holds the lock at the end.
    """
    before = _state(ctx, needs_deckies)
    with released(ctx.home):
        answer = ask(question)
    if _state(ctx, needs_deckies) != before:
        raise Failed(
            "another command changed the fleet while the question was open: this one was stopped",
            hint="run this command again",
        )
    return answer


def _state(ctx: Context, needs_deckies: bool) -> tuple[object, ...]:
    """The workers, their pinned host keys, and the deckies or only the id of the fleet."""
    fleet = load_fleet(ctx.home)
    rest = fleet if needs_deckies or fleet is None else fleet.fleet_id
    return read_whole(ctx.home.fleet), read_whole(ctx.home.known_hosts), rest
