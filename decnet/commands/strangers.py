"""Workers that desired names and nobody enrolled: their deckies are kept up by nobody."""

from __future__ import annotations

from collections.abc import Container

from decnet.engine.outcome import Trouble
from decnet.errors import Failed
from decnet.model.fleet import Fleet
from decnet.model.spec import LOCAL


def strangers(desired: Fleet, enrolled: Container[str]) -> tuple[Trouble, ...]:
    """A trouble for each worker that has deckies and is not enrolled."""
    names = sorted({decky.worker for decky in desired.deckies.values()})
    return tuple(_stranger(name) for name in names if name not in enrolled)


def _stranger(name: str) -> Trouble:
    hint = f"decnet worker add {name} USER@HOST, or decnet worker recover"
    if name == LOCAL:
        hint = "decnet deploy takes this machine up again"
    return Trouble(name, f"{name}: it has deckies and is not enrolled", hint, Failed.exit_code)
