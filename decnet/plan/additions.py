"""Entries that only add to a fleet: a decky is identified by its name, and none that exists is changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from decnet.errors import SpecError

from .draft import Draft

if TYPE_CHECKING:
    from decnet.model.fleet import Decky


def with_existing(drafts: Iterable[Draft], desired: Mapping[str, Decky]) -> list[Draft]:
    """The drafts, and one for each other decky of `desired`. Raises SpecError with the place of an entry
    whose name exists with other content."""
    added = [_added(draft) for draft in drafts]
    described = {draft.name for draft in added}
    return added + [unchanged(decky) for name, decky in desired.items() if name not in described]


def unchanged(decky: Decky) -> Draft:
    """The draft of a decky that stays as it is."""
    return Draft(
        name=decky.name,
        place="",
        services=decky.services,
        settings=decky.settings,
        os=decky.os,
        release=decky.release,
        archetype=decky.archetype,
        vendor=None,
        seed=decky.seed,
        spec_hash=decky.spec_hash,
        mutate_interval=decky.mutate_interval,
        kept=decky,
        untouched=True,
        same_machine=True,
        mutated=decky.mutated,
        previous=decky.previous,
        core=decky.core,
        side=decky.side,
        roles=decky.roles,
        role_changed=decky.role_changed,
    )


def series_members(name: str, deckies: Iterable[str]) -> list[str]:
    """The names of the series NAME, NAME-01, NAME-02 and so on among those of the deckies."""
    return [each for each in deckies if re.fullmatch(rf"{re.escape(name)}(-[0-9]{{2,3}})?", each)]


def _added(draft: Draft) -> Draft:
    if draft.kept is None:
        return draft
    differences = list(_differences(draft, draft.kept))
    if differences:
        raise SpecError(
            f"{draft.name}: it already exists, and its {'; its '.join(differences)}",
            place=draft.place,
            hint="choose another name (--name), or change it: a fleet file (deploy -c) declares the whole "
            "fleet, and so do flags with --replace",
        )
    return replace(draft, mutate_interval=draft.kept.mutate_interval, roles=draft.kept.roles)


def _differences(draft: Draft, kept: Decky) -> Iterator[str]:
    if not draft.same_content:
        yield from _content(draft, kept)
    places = (
        ("worker", draft.worker, kept.worker),
        ("address", draft.ip, kept.ip),
        ("MAC", draft.mac, kept.mac),
        ("hostname", draft.hostname, kept.hostname),
        ("mutate interval", draft.mutate_interval, kept.mutate_interval),
    )
    for what, given, has in places:
        if given not in (None, has):
            yield _difference(what, has, given)


def _content(draft: Draft, kept: Decky) -> Iterator[str]:
    """How the content differs, as far as what is stored shows it."""
    content = (
        ("archetype", draft.archetype, kept.archetype),
        ("OS", draft.os, kept.os),
        ("services", _names(draft.services), _names(kept.services)),
    )
    found = [_difference(what, has, given) for what, given, has in content if given != has]
    if not found:
        found = ["settings differ" if draft.settings != kept.settings else "description differs"]
    yield from found


def _difference(what: str, has: object, given: object) -> str:
    verb = "are" if what == "services" else "is"
    return f"{what} {verb} {has or 'not set'} (requested: {given or 'none'})"


def _names(services: Iterable[str]) -> str:
    return " ".join(sorted(services))
