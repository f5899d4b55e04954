"""Other services for a decky, so that yesterday's scan is wrong today."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence

from decnet.errors import UsageError
from decnet.model.catalog import Catalog
from decnet.model.fleet import Decky, Fleet

from .refusal import dice, unknown
from .services import draw, expand

SECONDS = 60.0


def choose(
    decky: Decky, catalog: Catalog, rng: random.Random, avoid: Collection[frozenset[str]] = ()
) -> tuple[str, ...]:
    """Other services than the decky has now, about as many: some that fit its archetype, else some that other
    machines of its OS have (a switch does not become a mail server overnight), else any.

    Sets in `avoid` are taken only when there is nothing else. Raises UsageError when there is no other set.
    """
    now = frozenset(decky.services)
    known = catalog.archetypes.get(decky.archetype or "")
    first = known.services if known else ()
    kin = catalog.usual(decky.os)
    for shunned in ({now, *avoid}, {now}):
        drawn = draw(catalog, rng, first=first, kin=kin, count=max(len(now), 1), avoid=shunned)
        if drawn:
            return drawn
    raise UsageError(f"{decky.name}: there are no other services that it could have")


def due(fleet: Fleet, now: float) -> tuple[str, ...]:
    """Names of the deckies whose last mutation, or creation, is one interval (minutes) or more ago."""
    return tuple(
        name
        for name, decky in sorted(fleet.deckies.items())
        if decky.mutate_interval is not None
        and decky.mutated_at is not None
        and now - decky.mutated_at >= decky.mutate_interval * SECONDS
    )


def mutate(
    fleet: Fleet,
    names: Iterable[str],
    catalog: Catalog,
    *,
    rng: random.Random,
    now: float,
    services: Sequence[str] | None = None,
) -> Fleet:
    """The fleet with other services for these deckies: the given ones, or chosen by chance.

    A decky that has the given services already is left as it is. Raises UsageError or SpecError.
    """
    root = rng.getrandbits(128)
    deckies = dict(fleet.deckies)
    for decky in _named(fleet, names):
        if services is None:
            before = [frozenset(decky.previous)] if decky.previous else []
            chosen = choose(decky, catalog, dice(root, decky.name, "mutate"), before)
        else:
            chosen = expand(services, catalog, who=decky.name)
        deckies[decky.name] = _given(decky, chosen, now)
    return fleet.with_deckies(deckies)


def undo(fleet: Fleet, names: Iterable[str], *, catalog: Catalog, now: float) -> Fleet:
    """The fleet with the services back that these deckies had before their last mutation."""
    deckies = dict(fleet.deckies)
    for decky in _named(fleet, names):
        if not decky.previous:
            raise UsageError(f"{decky.name}: it has no mutation that could be undone")
        deckies[decky.name] = _given(decky, expand(decky.previous, catalog, who=decky.name), now)
    return fleet.with_deckies(deckies)


def _named(fleet: Fleet, names: Iterable[str]) -> list[Decky]:
    result = []
    for name in dict.fromkeys(names):
        if name not in fleet.deckies:
            raise unknown("decky", name, fleet.deckies, who="fleet")
        result.append(fleet.deckies[name])
    return result


def _given(decky: Decky, names: Sequence[str], now: float) -> Decky:
    if set(names) == set(decky.services):
        return decky
    services = {name: decky.services.get(name, decky.settings.get(name, {})) for name in names}
    return decky.with_services(services, at=now)
