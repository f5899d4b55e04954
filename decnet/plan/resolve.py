"""Resolves a fleet spec into one draft per decky: everything but its worker and address."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from decnet.errors import SpecError
from decnet.model.catalog import Catalog
from decnet.model.spec import DeckySpec, FleetSpec
from decnet.model.suggest import unknown_name
from decnet.model.values import Settings
from decnet.wire import digest

from .additions import unchanged, with_existing
from .core_services import core_of, side_of
from .draft import Draft
from .seeds import rng_for
from .services import expand_compatible, expand_names, pick_services, settings_of, with_decoy, without_clash

if TYPE_CHECKING:
    from decnet.model.fleet import Decky

_Places = dict[str, str]
DEFAULT_OS = "linux"
REDRAW_KEYS = {"archetype", "services", "randomize_services", "settings", "os"}
"""The keys of an entry that determine the random choices. The others are applied as written, so that a new
address or interval does not undo mutations of the services."""


def resolve(
    spec: FleetSpec,
    catalog: Catalog,
    *,
    rng: random.Random,
    desired: Mapping[str, Decky],
    reset_services: bool = False,
    add: bool = False,
) -> tuple[Draft, ...]:
    """The deckies that the spec describes, sorted by name; with `add` those of `desired` as well.

    A decky whose entry did not change keeps its random values, and the services of its last mutation unless
    `reset_services`. Raises SpecError with the place of the entry.
    """
    entries = _expanded(spec)
    if not entries and not add:
        raise SpecError("no decky is defined", hint="decnet teardown --all removes a fleet")
    _refuse_names(entries, catalog, desired if add else ())
    root_seed = rng.getrandbits(128)
    default_core = _default_services(spec, "core", catalog)
    _default_services(spec, "side", catalog)
    drafts = [
        _Resolver(
            entry, places, catalog, desired.get(entry.name), root_seed, reset_services, default_core
        ).draft()
        for entry, places in entries
    ]
    if add:
        drafts = with_existing(drafts, desired)
    return tuple(sorted(drafts, key=lambda draft: natural_key(draft.name)))


def same_content(entry: DeckySpec, decky: Decky) -> bool:
    """Whether the decky was made from an entry with the same content, whatever the order of its services."""
    # Version 0.1.0 stored the hash of the services in the order in which they were written.
    return decky.spec_hash in (content_hash(entry), _hash(entry, entry.services))


def content_hash(entry: DeckySpec) -> str:
    """A hash of the keys that determine the random choices."""
    return _hash(entry, None if entry.services is None else tuple(sorted(entry.services)))


def _hash(entry: DeckySpec, services: tuple[str, ...] | None) -> str:
    return digest({key: getattr(entry, key) for key in REDRAW_KEYS} | {"services": services})


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sorting key in which web-2 comes before web-10."""
    parts = [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", name)]
    # web-1 and web-01 have different keys: else the order of the input would matter.
    return (*parts, (-2, name))


def _expanded(spec: FleetSpec) -> list[tuple[DeckySpec, _Places]]:
    """One entry per decky, with the places of the entry that it came from."""
    entries: list[tuple[DeckySpec, _Places]] = []
    for entry in spec.deckies:
        places = {key: spec.place("decky", entry.name, key) for key in DeckySpec.__dataclass_fields__}
        entry = replace(entry, mutate_interval=entry.mutate_interval or spec.mutate_interval)
        if entry.roles is None and not _identity_of(entry):
            entry, places["roles"] = replace(entry, roles=spec.roles), spec.place("roles")
        if entry.side is None:
            entry, places["side"] = replace(entry, side=spec.side), spec.place("side")
        if entry.count == 1:
            entries.append((entry, places))
            continue
        for key in ("ip", "mac", "hostname"):
            if getattr(entry, key) is not None:
                message = f"{entry.name}: {key} cannot be set when count is {entry.count}"
                raise SpecError(message, place=places[key] or entry.place, hint="one entry per decky")
        entries += [(replace(entry, name=name, count=1), places) for name in entry.names()]
    return entries


def _identity_of(entry: DeckySpec) -> str:
    """The first key of an entry that makes it one certain machine; "" if there is none."""
    return next((key for key in ("ip", "mac", "hostname") if getattr(entry, key) is not None), "")


def _default_services(spec: FleetSpec, key: str, catalog: Catalog) -> tuple[str, ...] | None:
    """A fleet-wide list of services, for every decky without its own."""
    names = getattr(spec, key)
    return None if names is None else expand_names(names, catalog, who=key, place=spec.place(key))


def _refuse_names(
    entries: list[tuple[DeckySpec, _Places]], catalog: Catalog, others: Collection[str]
) -> None:
    places: dict[str, str] = dict.fromkeys(others, "")
    seen: set[str] = set()
    for entry, _ in entries:
        if len(entry.name) > 40:
            raise SpecError(f"{entry.name}: a name has at most 40 characters", place=entry.place)
        if entry.name in seen:
            first = f", first at {places[entry.name]}" if places[entry.name] else ""
            raise SpecError(f"{entry.name}: this name is used twice{first}", place=entry.place)
        seen.add(entry.name)
        places[entry.name] = entry.place
    for name in places:
        if owner := owner_of_container(name, places, catalog):
            message = f"{name}: a service of {owner} would have this name"
            raise SpecError(message, place=places[name] or places[owner])


def owner_of_container(name: str, deckies: Collection[str], catalog: Catalog) -> str | None:
    """The decky whose service has a container of this name: `web`, for a decky `web-ssh`."""
    suffixes = ("-" + service.replace("_", "-") for service in catalog.services)
    owners = (name.removesuffix(suffix) for suffix in suffixes if name.endswith(suffix))
    return next((owner for owner in owners if owner in deckies), None)


class _Resolver:
    """Builds the draft of one entry."""

    def __init__(
        self,
        entry: DeckySpec,
        places: _Places,
        catalog: Catalog,
        kept: Decky | None,
        root_seed: int,
        reset_services: bool,
        default_core: tuple[str, ...] | None,
    ) -> None:
        self.entry = entry
        self.default_core = default_core
        self.places = places
        self.catalog = catalog
        self.kept = kept
        self.root_seed = root_seed
        self.who = entry.name
        self.archetype = self._checked("archetype", entry.archetype, catalog.archetypes)
        self.os = self._checked("os", self._os(), catalog.os_profiles) or DEFAULT_OS
        self.spec_hash = content_hash(entry)
        self.same = kept is not None and same_content(entry, kept)
        self.reset = reset_services and kept is not None and kept.mutated
        self.roles = self._roles()
        self.changed = kept if kept and kept.role_changed and self.same and not self.reset else None
        """The machine that it has become by a change of its role."""

    def draft(self) -> Draft:
        """The whole draft. A kept decky is checked in full as well: the catalog may have changed."""
        draft = self._as_written()
        if self.changed is None:
            return draft
        machine = unchanged(self.changed)
        keys = ("services", "settings", "os", "release", "archetype", "vendor", "mutated", "previous", "core",
                "side", "same_machine", "role_changed")  # fmt: skip
        return replace(draft, **{key: getattr(machine, key) for key in keys})

    def _as_written(self) -> Draft:
        entry, kept = self.entry, self.kept
        same_machine = kept is not None and kept.os == self.os and kept.archetype == self.archetype
        vendor, release = self._machine(kept if same_machine else None)
        names, given_by_mutation = self._services()
        core, side = self._core_and_side(names, given_by_mutation)
        settings = settings_of(
            entry.settings, self._configurable(names), self.catalog, who=self.who, place=self._at("settings")
        )
        return Draft(
            name=entry.name,
            place=entry.place,
            places=self.places,
            services=_with_settings(names, settings),
            settings=settings,
            os=self.os,
            release=release,
            archetype=self.archetype,
            vendor=vendor,
            seed=kept.seed if kept else self._new_seed(),
            spec_hash=self.spec_hash,
            mutate_interval=entry.mutate_interval,
            worker=entry.worker,
            ip=entry.ip,
            mac=entry.mac.lower() if entry.mac else None,
            hostname=entry.hostname,
            kept=kept,
            same_machine=same_machine,
            same_content=self.same,
            mutated=given_by_mutation,
            previous=kept.previous if kept and given_by_mutation else None,
            core=core,
            side=side,
            roles=self.roles,
        )

    def _roles(self) -> tuple[str, ...] | None:
        """The archetypes of `roles`, sorted; None if it has none."""
        if self.entry.roles and (fixed := _identity_of(self.entry)):
            message = f"{self.who}: roles and {fixed} exclude each other: another machine has another {fixed}"
            raise SpecError(message, place=self._at("roles"))
        for role in self.entry.roles or ():
            self._checked("archetype", role, self.catalog.archetypes, key="roles")
        return tuple(sorted(set(self.entry.roles))) if self.entry.roles else None

    def _new_seed(self) -> str:
        return f"{rng_for(self.root_seed, self.who, 'seed').getrandbits(128):032x}"

    def _os(self) -> str | None:
        if self.entry.os or not self.archetype:
            return self.entry.os
        return self.catalog.archetypes[self.archetype].os

    def _at(self, key: str) -> str:
        return self.places.get(key) or self.entry.place

    def _checked(self, kind: str, given: str | None, valid: Collection[str], *, key: str = "") -> str | None:
        place = self._at(key or kind)
        if given and (error := self.catalog.unusable(kind, given, self.who, place)):
            raise error
        if given is not None and given not in valid:
            hidden = self.catalog.withheld_names(kind)
            raise unknown_name(kind, given, valid, who=self.who, place=place, withheld=hidden)
        return given

    def _machine(self, kept: Decky | None) -> tuple[str | None, str]:
        """The vendor of the network card, and the release that such a machine runs."""
        if kept and kept.release in self.catalog.releases and not self._other_vendor(kept):
            return None, kept.release
        rng = rng_for(self.root_seed, self.who, "machine")
        vendor = self._vendor(rng)
        releases = self.catalog.fitting(self.os, self.archetype, vendor)
        if not releases:
            raise SpecError(f"{self.who}: no release of {self.os} is known", place=self.entry.place)
        return vendor, rng.choice(releases)

    def _other_vendor(self, kept: Decky) -> bool:
        return bool(self.entry.mac) and str(self.entry.mac).lower()[:8] != kept.mac[:8]

    def _vendor(self, rng: random.Random) -> str | None:
        if self.entry.mac:
            return vendor_of(self.entry.mac, self.catalog)
        makers = self.catalog.makers(self.os, self.archetype)
        return rng.choice(makers) if makers else None

    def _services(self) -> tuple[tuple[str, ...], bool]:
        """Names of the services, and whether they come from a mutation."""
        written = self._fixed_services()
        kept = self.kept if self.same and not self.reset else None
        still_built = kept is not None and set(with_decoy(kept.services, self.catalog)) == set(kept.services)
        if kept and still_built and (kept.mutated or written is None):
            return tuple(kept.services), kept.mutated
        if written is not None:
            return written, False
        first = self.catalog.archetypes[self.archetype].services if self.archetype else ()
        rng = rng_for(self.root_seed, self.who, "services")
        picked = pick_services(self.catalog, rng, first=first, kin=self.catalog.usual(self.os))
        if not picked:
            raise SpecError(f"{self.who}: no service is available to choose from", place=self.entry.place)
        core = self._named_services("core")
        always = core_of(self.archetype, self.catalog) or () if core is None else core
        return tuple(sorted(without_clash(dict.fromkeys((*always, *picked)), self.catalog))), False

    def _fixed_services(self) -> tuple[str, ...] | None:
        """The services that the entry fixes; None if they are chosen at random."""
        entry = self.entry
        if entry.services is not None:
            if entry.randomize_services:
                message = f"{self.who}: services and randomize_services exclude each other"
                raise SpecError(message, place=self._at("randomize_services"))
            if entry.services:
                return expand_compatible(
                    entry.services, self.catalog, who=self.who, place=self._at("services")
                )
        if entry.randomize_services:
            return None
        if self.archetype and entry.services is None:
            return self._archetype_services(self.archetype)
        hint = "set services or an archetype, or choose services at random (randomize_services)"
        raise SpecError(f"{self.who}: it has no services", place=entry.place, hint=hint)

    def _archetype_services(self, archetype: str) -> tuple[str, ...]:
        names = self.catalog.archetypes[archetype].services
        there = with_decoy(names, self.catalog)
        if not there:
            message = f"{self.who}: no decoy of archetype {archetype} exists yet ({', '.join(names)})"
            raise SpecError(message, place=self._at("archetype"), hint="name services yourself")
        return expand_compatible(there, self.catalog, who=self.who, place=self._at("archetype"))

    def _core_and_side(
        self, names: tuple[str, ...], mutated: bool
    ) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """Core and side services to store, sorted; None if the archetype or the services determine them."""
        side = self._named_services("side")
        base = self._deployed_services(names, mutated)
        core = self._core(names, base, side or ())
        if core is None and side is None:
            derived = not self.entry.services if self.archetype else not mutated
            return (None if derived else tuple(sorted(base))), None
        if core is None:
            core = tuple(name for name in base if name not in (side or ()))
        more = side_of(self.archetype, self.os, self.catalog) if side is None else side
        return tuple(sorted(core)), tuple(sorted({*base, *more} - {*core}))

    def _core(
        self, names: tuple[str, ...], base: tuple[str, ...], side: tuple[str, ...]
    ) -> tuple[str, ...] | None:
        """The core of the fleet file; None if it has none."""
        core = self._named_services("core")
        if core is None:
            default = tuple(n for n in self.default_core or () if n in base and n not in side)
            return default if default or self.default_core == () else None
        allowed = self._configurable(names)
        for name in core:
            if name not in allowed:
                message = f"{self.who}: core names {name}, which is not one of its services"
                raise SpecError(message, place=self._at("core"), hint=f"has {', '.join(sorted(allowed))}")
        return core

    def _deployed_services(self, names: tuple[str, ...], mutated: bool) -> tuple[str, ...]:
        """The services before any mutation, if known."""
        written, kept = self._fixed_services(), self.kept
        if written is not None or kept is None or not mutated or kept.core is None:
            return written or names
        has_core = self.entry.core is not None or self.default_core is not None
        return (*kept.core, *(kept.side or ())) if has_core else kept.core

    def _named_services(self, key: str) -> tuple[str, ...] | None:
        names = getattr(self.entry, key)
        return None if names is None else expand_names(names, self.catalog, who=self.who, place=self._at(key))

    def _configurable(self, names: tuple[str, ...]) -> set[str]:
        if self.entry.randomize_services:
            return set(self.catalog.drawable()) | set(names)
        return set(self._fixed_services() or names)


def vendor_of(mac: str, catalog: Catalog) -> str | None:
    """The vendor of a network card by the first half of its address."""
    makers = (name for name, vendor in sorted(catalog.vendors.items()) if mac.lower()[:8] in vendor.ouis)
    return next(makers, None)


def _with_settings(names: tuple[str, ...], settings: dict[str, Settings]) -> dict[str, Settings]:
    return {name: settings.get(name, {}) for name in names}
