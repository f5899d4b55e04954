"""The catalog: everything that deckies can imitate, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from decnet.wire import digest

from ..errors import Mistake, SpecError
from .catalog_entries import Archetype, Entry, OsProfile, Release, Service, Vendor

EntryKey = tuple[str, str]
"""A section (service, archetype, os, release, vendor) and a name in it."""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """The entries of each kind by name."""

    services: dict[str, Service]
    archetypes: dict[str, Archetype]
    os_profiles: dict[str, OsProfile]
    releases: dict[str, Release]
    vendors: dict[str, Vendor]
    words: tuple[str, ...]
    mistakes: tuple[Mistake, ...] = ()
    """Those of the user's files."""
    unavailable: Mapping[EntryKey, str] = field(default_factory=dict)
    """The entries that a mistake makes unusable, each with the file that defines it."""
    own: Mapping[EntryKey, str] = field(default_factory=dict)
    """The user's valid entries, each with its file."""
    unreadable: Mapping[str, SpecError] = field(default_factory=dict)
    """The user's files that cannot be read, each with its error: which entries they define is not known."""
    deployed_only: frozenset[EntryKey] = frozenset()
    """Entries that deployed deckies have and nothing else may use: see `completed`."""

    def entry(self, key: EntryKey) -> Entry | None:
        """The entry of that section and name; None if there is none."""
        section, name = key
        return self._sections[section].get(name) if section in self._sections else None

    def completed(self, entries: Mapping[EntryKey, Entry]) -> Catalog:
        """This catalog with entries for deckies that are deployed, and for nothing else."""
        sections: dict[str, dict[str, Any]] = {name: dict(each) for name, each in self._sections.items()}
        for (section, name), entry in entries.items():
            sections[section][name] = entry
        return replace(
            self,
            services=sections["service"],
            archetypes=sections["archetype"],
            os_profiles=sections["os"],
            releases=sections["release"],
            vendors=sections["vendor"],
            deployed_only=frozenset(entries),
        )

    def content(self) -> dict[str, Any]:
        """What plans depend on, as JSON can hold it: every entry by section and name, and the words."""
        entries = {
            section: {name: asdict(entry) for name, entry in found.items()}
            for section, found in self._sections.items()
        }
        return {**entries, "words": list(self.words)}

    @cached_property
    def sorted_words(self) -> tuple[str, ...]:
        """Its words in alphabetical order."""
        return tuple(sorted(self.words))

    @cached_property
    def digest(self) -> str:
        """The hash of its content: a plan that was made with another one is out of date."""
        return digest(self.content())

    def check_readable(self) -> None:
        """Raises the SpecError of a file that cannot be read: what it defines is not known."""
        for error in self.unreadable.values():
            raise error

    @property
    def _sections(self) -> dict[str, Mapping[str, Any]]:
        return {
            "service": self.services,
            "archetype": self.archetypes,
            "os": self.os_profiles,
            "release": self.releases,
            "vendor": self.vendors,
        }

    def unusable(self, section: str, name: str, who: str, place: str = "") -> SpecError | None:
        """The error for an entry whose definition has mistakes; None if that is not why it is missing."""
        file = self.unavailable.get((section, name))
        if file is None:
            return None
        text = f"{who}: {section} `{name}` cannot be used: {file}, which defines it, has mistakes"
        return SpecError(text, place=place, hint=f"correct {file}")

    def drawable(self) -> tuple[str, ...]:
        """Names of the services that may be chosen at random, sorted."""
        return tuple(
            sorted(
                each.name
                for each in self.services.values()
                if each.built and each.random and not each.alias
                if ("service", each.name) not in self.deployed_only
            )
        )

    def usual(self, os: str) -> tuple[str, ...]:
        """Names of the services that machines of this OS have, by the archetypes that run it."""
        return tuple(sorted({name for a in self.archetypes.values() if a.os == os for name in a.services}))

    def fitting(self, os: str, archetype: str | None = None, vendor: str | None = None) -> tuple[str, ...]:
        """Names of the releases that such a machine may run, sorted; never empty for a known OS.

        Only the most specific ones: releases for an archetype or a vendor precede those that fit any
        machine. Of these, withheld ones only if there are no others."""
        family = [r for r in self.releases.values() if r.os == os]
        fits = [r for r in family if r.fits(archetype, vendor)]
        fits = fits or [r for r in family if not r.archetypes] or family
        claims = max((r.claims for r in fits), default=0)
        specific = [r for r in fits if r.claims == claims]
        offered = [r for r in specific if not r.withheld]
        return tuple(sorted(r.name for r in offered or specific))

    def makers(self, os: str, archetype: str | None = None) -> tuple[str, ...]:
        """Names of the vendors of such machines, sorted: those with a release that is not withheld, if there
        are any."""
        kind = self.archetypes.get(archetype or "")
        names = sorted(kind.vendors if kind else self.os_profiles[os].vendors)
        offered = [name for name in names if not self._is_withheld(self.fitting(os, archetype, name))]
        return tuple(offered or names)

    def _is_withheld(self, releases: Iterable[str]) -> bool:
        return all(self.releases[name].withheld for name in releases)

    def withheld_names(self, section: str) -> frozenset[str]:
        """Names of the entries of a section that are withheld."""
        entries = self._sections.get(section, {}).items()
        return frozenset(name for name, entry in entries if getattr(entry, "withheld", ""))

    def offered_archetypes(self) -> tuple[str, ...]:
        """Names of the archetypes that are not withheld, sorted."""
        return tuple(sorted(self.archetypes.keys() - self.withheld_names("archetype")))

    def withheld(self, os: str, archetype: str | None = None, release: str = "") -> tuple[str, str]:
        """What of such a machine would be recognized, and why: ("archetype printer", "its port is closed").
        Two empty texts if nothing would."""
        for section, name in (("archetype", archetype or ""), ("os", os), ("release", release)):
            entry = self._sections[section].get(name)
            if entry is not None and entry.withheld:
                return f"{section} {name}", str(entry.withheld)
        return "", ""

    def stack(self, os: str, release: str) -> tuple[str, dict[str, str]]:
        """The network stack of such a machine: one of LOOKS or "", and its sysctls by their full names."""
        profile, own = self.os_profiles[os], self.releases[release]
        values = {key: str(value) for key, value in {**profile.sysctls, **own.sysctls}.items()}
        if profile.receive_memory:
            values["tcp_rmem"] = f"4096 131072 {profile.receive_memory}"
        look = profile.look if own.look is None else own.look
        return look, {f"net.ipv4.{key}": value for key, value in sorted(values.items())}

    def banner(self, release: str, service: str, *, hostname: str, address: str) -> str:
        """The banner of that service on that release; "" if none is known."""
        text = self.releases[release].banners.get(service, "")
        return text.replace("{hostname}", hostname).replace("{address}", address)
