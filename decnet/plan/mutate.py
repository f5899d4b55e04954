"""Changes a decky's services over time, so that an attacker's earlier scan becomes outdated."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile

from decnet.errors import UsageError
from decnet.model.catalog import Catalog
from decnet.model.fleet import Decky, Fleet
from decnet.model.suggest import unknown_name

from .core_services import core_and_side, core_is_from_archetype
from .mutation_hours import MutationHours, hours_of
from .seeds import rng_for
from .services import expand_compatible, first_clash, without_clash

MAX_SIDE = 2
"""No side service is added to a decky that has this many."""

SECONDS_PER_MINUTE = 60.0
JITTER_MIN, JITTER_MAX = 0.7, 1.2
"""A decky is due after 0.7 to 1.2 of its interval; it then waits its turn, so the mean is below 1."""
MAX_SHARE_DIVISOR = 8
"""At most 1 in 8 deckies (at least one) changes at a time."""
CATCH_UP_FACTOR = 2.0
"""With a backlog, deckies change at up to twice the configured rate."""


def next_services(
    decky: Decky, catalog: Catalog, rng: random.Random, avoid: Collection[frozenset[str]] = ()
) -> tuple[str, ...]:
    """The decky's services after its next mutation, sorted: one side service more or less; empty if nothing
    may change.

    A decky that lacks core services, or has services that are neither core nor side, gets the former back and
    loses the latter instead. Sets in `avoid` are chosen only if there is no other.
    """
    now = tuple(sorted(decky.services))
    core, side = core_and_side(decky, catalog)
    restored = _restored(now, core, side, catalog)
    if restored and set(restored) != set(now):
        return restored
    ways = _additions(now, side, catalog), _removals(now, side)
    for excluded in (avoid, ()):
        left = [[each for each in way if frozenset(each) not in excluded] for way in ways]
        if any(left):
            return rng.choice(rng.choice([way for way in left if way]))
    return ()


def may_change(decky: Decky, catalog: Catalog) -> bool:
    """Whether a random mutation could change anything."""
    return bool(next_services(decky, catalog, random.Random(0)))


def due(fleet: Fleet, catalog: Catalog, now: float, *, put_off: Collection[str] = ()) -> tuple[str, ...]:
    """Names of the deckies to mutate at `now` (seconds since the epoch), the longest overdue first; without
    those that are put off, whose turn others take.

    A decky is due about one interval after its last mutation, or its creation, in the fleet's hours. When
    many are due, for example after a pause or a night, they follow one by one: real machines do not all
    change within one second.
    """
    due_times, hours = _due_times(fleet, catalog, now), hours_of(fleet)
    last_change, gap = _pace(fleet, due_times, catalog, now)
    if not due_times or now < max(last_change + gap, hours.begin(now, gap)):
        return ()
    waiting = takewhile(lambda name: due_times[name] <= now, _by_due_time(fleet, due_times, catalog))
    free = [name for name in waiting if name not in put_off]
    # More than one only if turns were missed since the first of them was due.
    first_turn = max(last_change + gap, hours.begin(now, gap), *(due_times[name] for name in free[:1]))
    most = min(1 + (now - first_turn) // gap, -(-len(due_times) // MAX_SHARE_DIVISOR))
    return tuple(islice(free, max(1, int(most))))


def due_time(decky: Decky, catalog: Catalog, now: float, hours: MutationHours | None = None) -> float | None:
    """When a decky is due next (seconds since the epoch, perhaps past), with `hours` within these; None if
    it has no interval."""
    if decky.mutate_interval is None:
        return None
    time = _since(decky, now) + _interval(decky, catalog) * _jitter(decky, now)
    return hours.opened(time) if hours else time


def next_due(fleet: Fleet, catalog: Catalog, now: float) -> float | None:
    """When `due` has names next (seconds since the epoch, perhaps past); None if no decky is ever due."""
    due_times, hours = _due_times(fleet, catalog, now), hours_of(fleet)
    last_change, gap = _pace(fleet, due_times, catalog, now)
    first = next(_by_due_time(fleet, due_times, catalog), None)
    if first is None:
        return None
    moment = max(due_times[first], last_change + gap)
    # A turn that was missed in past hours comes in the present ones, or in the next.
    moment = moment if hours.window(moment).end > now else hours.window(now).start
    return max(moment, hours.begin(moment, gap))


def mutate(
    fleet: Fleet,
    names: Iterable[str],
    catalog: Catalog,
    *,
    rng: random.Random,
    now: float,
    services: Sequence[str] | None = None,
) -> Fleet:
    """The fleet with other services for these deckies: the given ones, or random ones.

    A decky that already has the given services, or that may not change, stays as it is. Raises
    UsageError or SpecError.
    """
    root_seed = rng.getrandbits(128)
    deckies = dict(fleet.deckies)
    for decky in _selected(fleet, names):
        if services is None:
            before = [frozenset(decky.previous)] if decky.previous else []
            chosen = next_services(decky, catalog, rng_for(root_seed, decky.name, "mutate"), before)
        else:
            chosen = expand_compatible(services, catalog, who=decky.name)
        core = _core_to_store(decky, catalog, by_chance=services is None)
        deckies[decky.name] = _with_services(decky, chosen or tuple(decky.services), core, now)
    return fleet.with_deckies(deckies)


def undo(fleet: Fleet, names: Iterable[str], *, catalog: Catalog, now: float) -> Fleet:
    """The fleet in which these deckies have the services from before their last mutation."""
    deckies = dict(fleet.deckies)
    for decky in _selected(fleet, names):
        if not decky.previous:
            raise UsageError(f"{decky.name}: it has no mutation that could be undone")
        previous = expand_compatible(decky.previous, catalog, who=decky.name)
        deckies[decky.name] = _with_services(decky, previous, _core_to_store(decky, catalog), now)
    return fleet.with_deckies(deckies)


def core_lost(before: Fleet, after: Fleet, catalog: Catalog) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """The core services that deckies lose between `before` and `after`: services to the names of the
    deckies."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, decky in before.deckies.items():
        core = core_and_side(decky, catalog).core if after.deckies[name] != decky else ()
        lost = tuple(s for s in core if s in decky.services and s not in after.deckies[name].services)
        if lost:
            found.setdefault(lost, []).append(name)
    return {services: tuple(names) for services, names in found.items()}


def _restored(
    now: Sequence[str], core: Sequence[str], side: Sequence[str], catalog: Catalog
) -> tuple[str, ...]:
    """The core, and existing services that fit such a machine or that random mutations may not touch."""
    drawable = catalog.drawable()
    staying = (name for name in now if name in side or name not in drawable)
    return tuple(sorted(without_clash(dict.fromkeys((*core, *staying)), catalog)))


def _additions(now: Sequence[str], side: Sequence[str], catalog: Catalog) -> list[tuple[str, ...]]:
    if sum(1 for name in now if name in side) >= MAX_SIDE:
        return []
    more = [(*now, name) for name in side if name not in now]
    return [tuple(sorted(names)) for names in more if not first_clash(names, catalog)]


def _removals(now: Sequence[str], side: Sequence[str]) -> list[tuple[str, ...]]:
    """A decky without services attracts no one, so its last service is never removed."""
    less = [tuple(name for name in now if name != gone) for gone in now if gone in side]
    return [names for names in less if names]


def _due_times(fleet: Fleet, catalog: Catalog, now: float) -> dict[str, float]:
    """When each decky with an interval is due."""
    times = {name: due_time(decky, catalog, now) for name, decky in fleet.deckies.items()}
    return {name: time for name, time in times.items() if time is not None}


def _by_due_time(fleet: Fleet, due_times: Mapping[str, float], catalog: Catalog) -> Iterator[str]:
    """The deckies that can change, the first one due first."""
    ordered = sorted(due_times, key=lambda name: (due_times[name], name))
    return (name for name in ordered if may_change(fleet.deckies[name], catalog))


def _pace(fleet: Fleet, names: Iterable[str], catalog: Catalog, now: float) -> tuple[float, float]:
    """When one of these deckies last changed, and how long (seconds) the next change waits after that."""
    deckies = [fleet.deckies[name] for name in names]
    rate = sum(1 / _interval(decky, catalog) for decky in deckies)
    last_change = max((_since(decky, now) for decky in deckies), default=0.0)
    return last_change, 1 / (rate * CATCH_UP_FACTOR) if rate else 0.0


def _since(decky: Decky, now: float) -> float:
    # A time in the future comes from a wrong clock, and would delay the next mutation until then.
    return decky.mutated_at if decky.mutated_at is not None and decky.mutated_at <= now else 0.0


def _interval(decky: Decky, catalog: Catalog) -> float:
    """Seconds between two mutations of the decky, on average."""
    kind = catalog.archetypes.get(decky.archetype or "") or catalog.os_profiles.get(decky.os)
    return (decky.mutate_interval or 0) * SECONDS_PER_MINUTE * (kind.interval_factor if kind else 1)


def _jitter(decky: Decky, now: float) -> float:
    """A factor that differs by decky, and after each mutation."""
    rng = rng_for(int(decky.seed, 16), "due", f"{_since(decky, now):.0f}")
    return rng.uniform(JITTER_MIN, JITTER_MAX)


def _selected(fleet: Fleet, names: Iterable[str]) -> list[Decky]:
    result = []
    for name in dict.fromkeys(names):
        if name not in fleet.deckies:
            raise unknown_name("decky", name, fleet.deckies, who="fleet")
        result.append(fleet.deckies[name])
    return result


def _core_to_store(decky: Decky, catalog: Catalog, *, by_chance: bool = False) -> tuple[str, ...] | None:
    """The core to store before the services change: what a decky was deployed with is known only until its
    first mutation. A decky that version 0.1.0 has mutated gets, at its next random mutation, the services
    that it has then as its core."""
    if decky.core is not None or core_is_from_archetype(decky, catalog) or (decky.mutated and not by_chance):
        return decky.core
    return tuple(sorted(decky.services))


def _with_services(decky: Decky, names: Sequence[str], core: tuple[str, ...] | None, now: float) -> Decky:
    if set(names) == set(decky.services):
        return decky
    services = {name: decky.services.get(name, decky.settings.get(name, {})) for name in names}
    return decky.with_services(services, at=now).model_copy(update={"core": core})
