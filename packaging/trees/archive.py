"""Packages of a Debian or Ubuntu archive: its index, a closure of dependencies, and the files themselves."""

from __future__ import annotations

import lzma
import re
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

Stanza = dict[str, str]


@dataclass(frozen=True)
class Archive:
    """Where a release's packages are. `suites`: the address of a mirror, the suite and the component; the
    later ones win, except in `older`, which keeps every version."""

    suites: tuple[tuple[str, str], ...]
    cache: Path
    components: tuple[str, ...] = ("main",)

    def index(self) -> dict[str, list[Stanza]]:
        """All versions of every package, the newest suite's first."""
        found: dict[str, list[Stanza]] = {}
        for (base, suite), component in product(reversed(self.suites), self.components):
            data = self._cached(f"{base}/dists/{suite}/{component}/binary-amd64/Packages.xz")
            for stanza in stanzas(lzma.decompress(data).decode()):
                stanza["Base"] = base
                found.setdefault(stanza["Package"], []).append(stanza)
        return found

    def package(self, stanza: Stanza) -> Path:
        """The package's file, fetched once."""
        address = f"{stanza['Base']}/{stanza['Filename']}"
        self._cached(address)
        return self._place(address)

    def _place(self, address: str) -> Path:
        return self.cache / re.sub(r"[^\w.+~-]+", "_", address)

    def _cached(self, address: str) -> bytes:
        place = self._place(address)
        if not place.exists():
            with urllib.request.urlopen(address, timeout=120) as answer:
                data = answer.read()
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return place.read_bytes()


def stanzas(text: str) -> Iterable[Stanza]:
    """The paragraphs of a file in the format of deb822(5)."""
    for paragraph in text.split("\n\n"):
        stanza: Stanza = {}
        name = ""
        for line in paragraph.split("\n"):
            if line[:1] in (" ", "\t"):
                stanza[name] += "\n" + line
            elif ":" in line:
                name, _, value = line.partition(":")
                stanza[name] = value.strip()
        if "Package" in stanza:
            yield stanza


def closure(index: dict[str, list[Stanza]], wanted: Iterable[str], without: frozenset[str]) -> list[str]:
    """Names of the wanted packages and all that they depend on, sorted."""
    provided: dict[str, str] = {}
    for name, versions in index.items():
        for each in _names(versions[0].get("Provides", "")):
            provided.setdefault(each[0], name)
    done: set[str] = set()
    rest = [name for name in wanted if name in index]
    while rest:
        name = rest.pop()
        if name in done or name in without:
            continue
        done.add(name)
        stanza = index[name][0]
        for choices in (*_names(stanza.get("Depends", "")), *_names(stanza.get("Pre-Depends", ""))):
            if not set(choices) & done:
                first = next((each for each in choices if each in index), "") or next(
                    (provided[each] for each in choices if each in provided), ""
                )
                if first:
                    rest.append(first)
    return sorted(done)


def _names(field: str) -> list[list[str]]:
    """Of each relation of a field, the alternatives' names."""
    return [
        [re.split(r"[\s:(\[]", choice.strip())[0] for choice in relation.split("|")]
        for relation in field.split(",")
        if relation.strip()
    ]
