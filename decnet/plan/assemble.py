"""Puts deckies together: worker and address as assigned, a MAC and a hostname that no other decky has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from decnet.model.catalog import Catalog
from decnet.model.fleet import STARTS, Attachment, Decky

from .draft import Draft
from .identity import check_hostname, check_mac, random_hostname, random_mac
from .seeds import rng_for


def assemble(
    drafts: list[Draft],
    places: Mapping[str, tuple[str, str]],
    catalog: Catalog,
    root_seed: int,
    now: float,
    quarantined: frozenset[str],
    possibly_in_use: frozenset[str],
) -> dict[str, Decky]:
    """The deckies by name; `places` has the worker and the address of each. What is random depends on
    `root_seed` and the name alone. Raises SpecError."""
    macs = _unique_values(
        drafts,
        dict.fromkeys((mac for mac in quarantined if ":" in mac), "the quarantine"),
        written=lambda draft: draft.mac,
        kept=lambda draft: draft.kept.mac if draft.kept else None,
        check=check_mac,
        random_value=lambda draft, used: random_mac(
            draft, catalog, rng_for(root_seed, draft.name, "mac"), used, possibly_in_use
        ),
    )
    digits: dict[str, int] = {}
    hostnames = _unique_values(
        drafts,
        {},
        written=lambda draft: draft.hostname,
        kept=lambda draft: draft.kept.hostname if draft.kept else None,
        check=check_hostname,
        random_value=lambda draft, used: random_hostname(
            draft, catalog, rng_for(root_seed, draft.name, "hostname"), used, digits, mac=macs[draft.name]
        ),
    )
    return {
        draft.name: _decky(draft, *places[draft.name], macs[draft.name], hostnames[draft.name], now)
        for draft in drafts
    }


def _unique_values(
    drafts: list[Draft],
    used: dict[str, str],
    *,
    written: Callable[[Draft], str | None],
    kept: Callable[[Draft], str | None],
    check: Callable[[Draft, dict[str, str]], str],
    random_value: Callable[[Draft, Collection[str]], str],
) -> dict[str, str]:
    """One unique value per decky that is not in `used`: first the user's, then kept, then random ones. Case
    is ignored."""
    result: dict[str, str] = {}
    for draft in drafts:
        if written(draft) is not None:
            result[draft.name] = check(draft, used)
            used[result[draft.name].lower()] = draft.name
    for draft in drafts:
        value = kept(draft) if draft.same_machine and draft.name not in result else None
        if value is not None and value.lower() not in used:
            result[draft.name] = value
            used[value.lower()] = draft.name
    for draft in drafts:
        if draft.name not in result:
            result[draft.name] = random_value(draft, used)
            used[result[draft.name].lower()] = draft.name
    return result


def _decky(draft: Draft, worker: str, address: str, mac: str, hostname: str, now: float) -> Decky:
    kept = draft.kept
    return Decky(
        name=draft.name,
        worker=worker,
        attachments=(Attachment(address=address, mac=mac),),
        hostname=hostname,
        os=draft.os,
        release=draft.release,
        archetype=draft.archetype,
        services=draft.services,
        settings=draft.settings,
        seed=draft.seed,
        spec_hash=draft.spec_hash,
        images=kept.images if kept else None,
        mutate_interval=draft.mutate_interval,
        # The first mutation is due one interval after the decky's creation, not at the next tick.
        mutated_at=kept.mutated_at if kept and kept.mutated_at is not None else now,
        mutated=draft.mutated,
        previous=draft.previous,
        core=draft.core,
        side=draft.side,
        roles=draft.roles,
        role_changed=draft.role_changed,
        **starts(kept if draft.same_machine else None, draft.services, now),
    )


def starts(same: Decky | None, services: Iterable[str], now: float) -> dict[str, Any]:
    """The first starts of a machine and of its services: those of the `same` machine before, else now."""
    return same.starts_with(services, at=now) if same else dict(zip(STARTS, (int(now), {}, {}), strict=True))
