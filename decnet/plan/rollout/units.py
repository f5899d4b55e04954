"""The units of a rollout: slices that have to be released together are one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping

from decnet.model.fleet import Fleet, Network
from decnet.model.keys import SliceKey
from decnet.model.rollout import Policy, Unit
from decnet.wire import PROJECT

from ..lans import LanGroups
from .content import changed_slices

_LONGEST = 120
"""The longest name of a unit that lists all of its slices."""


def units_of(former: Fleet, to: Fleet, policy: Policy, guarded: Mapping[SliceKey, float]) -> dict[str, Unit]:
    """The units that differ between both fleets, by name, sorted. Slices between which deckies or addresses
    move are one unit, and so are those of a worker whose LAN changes."""
    changed = changed_slices(former, to)
    topologies = {**former.topology_names, **to.topology_names}
    result = {}
    for keys in _together(former, to, changed):
        is_move = len({key.worker for key in keys}) > 1 or _moves_addresses(former, to, keys)
        result[unit_name(keys, topologies)] = Unit(
            slices=tuple(keys),
            changes=sum(changed[key] for key in keys),
            moves=is_move,
            confirm_within=None if is_move else _confirm_within(policy, keys, guarded),
        )
    return dict(sorted(result.items()))


def unit_name(keys: Iterable[SliceKey], topologies: Mapping[str, str]) -> str:
    """`w1`, `w1/corp` for a topology, `w1+w2` for several slices."""
    names = [
        key.worker if key.project == PROJECT else f"{key.worker}/{topologies.get(key.project, key.project)}"
        for key in keys
    ]
    whole = "+".join(names)
    if len(whole) <= _LONGEST:
        return whole
    return f"{names[0]}+{len(names) - 1}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def _confirm_within(
    policy: Policy, keys: Iterable[SliceKey], guarded: Mapping[SliceKey, float]
) -> float | None:
    if policy.confirm_within is not None:
        return policy.confirm_within
    return min((guarded[key] for key in keys if key in guarded), default=None)


def _together(former: Fleet, to: Fleet, changed: Collection[SliceKey]) -> list[list[SliceKey]]:
    """The changed slices, in groups that share something that moves, a topology, or a LAN that changes."""
    group = {key: key for key in changed}

    def root(key: SliceKey) -> SliceKey:
        while group[key] != key:
            group[key] = group[group[key]]
            key = group[key]
        return key

    before = _owners(former, changed, _Grounds(former, to))
    for thing, key in _things(to, changed, _Grounds(former, to)):
        for other in before.get(thing, ()):
            group[root(other)] = root(key)
    first: dict[tuple[str, str], SliceKey] = {}
    for key in changed:
        if key.project != PROJECT:
            group[root(first.setdefault(("topology", key.project), key))] = root(key)
        if former.lans.get(key.worker) != to.lans.get(key.worker):
            group[root(first.setdefault(("LAN", key.worker), key))] = root(key)
    found: dict[SliceKey, list[SliceKey]] = {}
    for key in sorted(changed):
        found.setdefault(root(key), []).append(key)
    return list(found.values())


class _Grounds:
    """Which LAN a worker is on, before and after together."""

    def __init__(self, former: Fleet, to: Fleet) -> None:
        both: dict[str, Network] = {}
        for fleet, which in ((former, "former"), (to, "to")):
            both |= {f"{worker} {which}": lan for worker, lan in fleet.lans.items()}
        groups = LanGroups(both)
        self._former, self._of = (
            former,
            {
                name: name.partition(" ")[0] if lan.driver == "bridge" else f"LAN {groups.group_of(name)}"
                for name, lan in both.items()
            },
        )

    def of(self, fleet: Fleet, worker: str) -> str:
        return self._of.get(f"{worker} {'former' if fleet is self._former else 'to'}", worker)


def _things(
    fleet: Fleet, changed: Collection[SliceKey], grounds: _Grounds
) -> Iterator[tuple[tuple[str, ...], SliceKey]]:
    """What can move: deckies by name, and addresses and MACs on a LAN."""
    for key in changed:
        for decky in fleet.on(*key).values():
            yield ("decky", key.project, decky.name), key
            if lan := decky.lan:
                yield ("address", grounds.of(fleet, key.worker), lan.address), key
                yield ("mac", lan.mac), key


def _owners(
    fleet: Fleet, changed: Collection[SliceKey], grounds: _Grounds
) -> dict[tuple[str, ...], set[SliceKey]]:
    found: dict[tuple[str, ...], set[SliceKey]] = {}
    for thing, key in _things(fleet, changed, grounds):
        found.setdefault(thing, set()).add(key)
    return found


def _moves_addresses(former: Fleet, to: Fleet, keys: Collection[SliceKey]) -> bool:
    """Whether slices of one worker exchange addresses."""
    if len(keys) < 2:
        return False
    grounds = _Grounds(former, to)
    before = _owners(former, keys, grounds)
    return any(before.get(thing, {key}) - {key} for thing, key in _things(to, keys, grounds))
