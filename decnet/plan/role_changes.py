"""A decky that changes its role: it leaves the network for hours, and returns as another machine."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from decnet.errors import UsageError
from decnet.model.catalog import Catalog
from decnet.model.fleet import Away, Fleet
from decnet.model.spec import DeckySpec, FleetSpec
from decnet.model.suggest import unknown_name

from .mutation_hours import hours_of
from .resolve import resolve
from .seeds import rng_for
from .services import with_decoy

if TYPE_CHECKING:
    from decnet.model.fleet import Decky

    from .draft import Draft

ANY = "any"
"""Asks for any other role."""
AWAY_SECONDS = (3600.0, 6 * 3600.0)
LATE_SECONDS = 2 * 3600.0
"""At most so long after the hours of mutations begin does a machine come that could not come earlier."""
CHANCE = 30
"""One of so many mutations of a decky with `roles` is a change of its role."""


def role_of(decky: Decky, wanted: str, catalog: Catalog, rng: random.Random) -> str:
    """The archetype that a decky changes to: `wanted`, or for ANY one at random. Raises UsageError."""
    if wanted != ANY:
        if wanted not in catalog.archetypes:
            hidden = catalog.withheld_names("archetype")
            raise unknown_name("archetype", wanted, catalog.archetypes, who=decky.name, withheld=hidden)
        if wanted == decky.archetype:
            raise UsageError(f"{decky.name}: it is a {wanted} already")
        return wanted
    if _keeps_its_role(decky, catalog):
        raise UsageError(
            f"{decky.name}: such a machine hardly ever changes its role",
            hint="name the role: --role ARCHETYPE; `decnet archetypes` lists them",
        )
    return rng.choice(_fitting(decky, catalog.archetypes, catalog))


def role_by_chance(decky: Decky, fleet: Fleet, catalog: Catalog, now: float) -> str | None:
    """The role that a decky that is due changes to now; None for a usual mutation. It depends on the decky's
    seed and last mutation alone. One machine at a time is away."""
    rng = rng_for(int(decky.seed, 16), "role", f"{decky.mutated_at or 0:.0f}")
    roles = _fitting(decky, decky.roles or (), catalog)
    if not roles or fleet.away or _keeps_its_role(decky, catalog) or rng.randrange(CHANCE):
        return None
    return rng.choice(roles)


def leave(fleet: Fleet, roles: Mapping[str, str], *, rng: random.Random, now: float) -> Fleet:
    """The fleet in which these deckies are away; `roles` has the next archetype of each."""
    root_seed = rng.getrandbits(128)
    away = {
        name: Away(
            decky=fleet.deckies[name],
            role=role,
            until=int(_return(fleet, rng_for(root_seed, name, "away"), now)),
        )
        for name, role in roles.items()
    }
    staying = {name: decky for name, decky in fleet.deckies.items() if name not in away}
    away = dict(sorted({**fleet.away, **away}.items()))
    return fleet.with_deckies(staying).model_copy(update={"away": away})


def returning(fleet: Fleet, now: float) -> tuple[str, ...]:
    """The deckies that are away and whose time has come."""
    return tuple(name for name, each in fleet.away.items() if each.until <= now)


def return_time(fleet: Fleet, name: str) -> str:
    """When a decky that is away comes back, in the time zone of the fleet."""
    time = datetime.fromtimestamp(fleet.away[name].until, hours_of(fleet).zone)
    return f"about {time:%Y-%m-%d %H:%M}"


def draft_of(away: Away, catalog: Catalog, rng: random.Random) -> Draft:
    """The machine that comes back: everything but its place, name and MAC. It keeps what its entry set for
    services. Raises SpecError."""
    was = away.decky
    entry = DeckySpec(name=was.name, archetype=away.role)
    (draft,) = resolve(FleetSpec(deckies=(entry,)), catalog, rng=rng, desired={})
    return replace(
        draft,
        services={name: was.settings.get(name, {}) for name in draft.services},
        settings=was.settings,
        spec_hash=was.spec_hash,
        mutate_interval=was.mutate_interval,
        mutated=True,
        roles=was.roles,
        role_changed=True,
    )


def split_away(
    drafts: Iterable[Draft], fleet: Fleet, *, reset: bool
) -> tuple[tuple[Draft, ...], dict[str, Away]]:
    """The drafts to deploy now, and the deckies that stay away: those whose entries did not change."""
    now, away = [], {}
    for draft in drafts:
        stays = draft.name in fleet.away and not reset and (draft.untouched or draft.same_content)
        if stays:
            was = fleet.away[draft.name]
            changes = {"mutate_interval": draft.mutate_interval, "roles": draft.roles}
            away[draft.name] = was.model_copy(update={"decky": was.decky.model_copy(update=changes)})
        else:
            now.append(draft)
    return tuple(now), away


def _keeps_its_role(decky: Decky, catalog: Catalog) -> bool:
    """Whether it is a machine like a printer, a switch, a storage box or a controller."""
    kind = catalog.archetypes.get(decky.archetype or "") or catalog.os_profiles.get(decky.os)
    return kind is not None and kind.interval_factor > 1


def _fitting(decky: Decky, roles: Iterable[str], catalog: Catalog) -> list[str]:
    """Those of the roles that another machine of this kind may have."""
    offered = {name for name in catalog.offered_archetypes() if name != decky.archetype}
    kinds = {name: catalog.archetypes[name] for name in roles if name in offered}
    return sorted(
        name
        for name, kind in kinds.items()
        if kind.interval_factor == 1 and with_decoy(kind.services, catalog)
    )


def _return(fleet: Fleet, rng: random.Random, now: float) -> float:
    at, late = now + rng.uniform(*AWAY_SECONDS), rng.uniform(0, LATE_SECONDS)
    window = hours_of(fleet).window(at)
    return at if window.start <= at else min(window.start + late, window.end - 1)
