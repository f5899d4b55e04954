"""Attackers as a STIX 2.1 bundle, for exchange with others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any, Literal
from uuid import UUID, uuid5

from decnet.model.counted import counted
from decnet.plan.attack_names import NAMES

from .sighting import Sighting, filled, iso
from .stix_facts import Facts, facts

Tlp = Literal["white", "green", "amber", "red"]
Object = dict[str, Any]

SPACE = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace of the ids of observables (section 2.9 of the specification)."""

BEGINNING = "2026-01-01T00:00:00.000Z"
"""When objects were created that never change."""

MOST_OBSERVED = 999_999_999
MALICIOUS = 6
"""The severity from which a source is malicious: an attempt to log in."""

MARKINGS: dict[Tlp, str] = {
    "white": "613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "green": "34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "amber": "f88d31f6-486f-44da-b317-01333bde0b82",
    "red": "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
"""The marking definitions of the specification (section 7.2.1.4); the Traffic Light Protocol's "clear" is
white there."""


def stix(seen: Iterable[Sighting], fleet_id: str, tlp: Tlp = "amber") -> str:
    """The bundle: one indicator, sighting and observation for each source with an address. What may not be
    in it must be gone from the sightings already (`shared`); passwords are never in it. The same sightings
    make the same bundle, and ids stay the same from export to export."""
    maker = _Maker(uuid5(SPACE, f"decnet {fleet_id}"), tlp)
    found = {each["id"]: each for each in maker.objects(facts(seen).values())}
    objects = list(found.values())
    bundle = {
        "type": "bundle",
        "id": f"bundle--{uuid5(maker.space, _canonical(objects))}",
        "objects": objects,
    }
    return json.dumps(bundle, ensure_ascii=True, indent=1) + "\n"


class _Maker:
    """Makes the objects of one fleet's bundle."""

    def __init__(self, space: UUID, tlp: Tlp) -> None:
        self.space = space
        self.tlp = tlp
        self.marking = f"marking-definition--{MARKINGS[tlp]}"
        self.fleet = self._id("identity", "fleet")

    def objects(self, sources: Iterable[Facts]) -> Iterator[Object]:
        yield {
            "type": "marking-definition", "spec_version": "2.1", "id": self.marking,
            "created": "2017-01-20T00:00:00.000Z", "definition_type": "tlp",
            "name": f"TLP:{self.tlp.upper()}", "definition": {"tlp": self.tlp},
        }  # fmt: skip
        yield {
            "type": "identity", "spec_version": "2.1", "id": self.fleet, "created": BEGINNING,
            "modified": BEGINNING, "name": "A deception network", "identity_class": "system",
            "object_marking_refs": [self.marking],
        }  # fmt: skip
        for source in sources:
            yield from self._of_source(source)

    def _of_source(self, source: Facts) -> Iterator[Object]:
        observed = list(_observables(source))
        first, last = iso(source.attacker.first), iso(source.attacker.last)
        address, count = source.attacker.source, min(max(source.attacker.events, 1), MOST_OBSERVED)
        data = self._object(
            "observed-data", address, first, last, first_observed=first, last_observed=last,
            number_observed=count, object_refs=[each["id"] for each in observed],
        )  # fmt: skip
        indicator = self._indicator(source, first, last)
        yield from observed
        yield data
        yield indicator
        yield self._object(
            "sighting", address, first, last, first_seen=first, last_seen=last, count=count,
            sighting_of_ref=indicator["id"], observed_data_refs=[data["id"]], where_sighted_refs=[self.fleet],
        )  # fmt: skip
        yield self._relation(indicator, "based-on", data, first, last)
        for technique in source.attacker.techniques:
            pattern = self._technique(technique)
            yield pattern
            yield self._relation(indicator, "indicates", pattern, first, last)

    def _indicator(self, source: Facts, first: str, last: str) -> Object:
        address, attacker = source.attacker.source, source.attacker
        kind = "malicious-activity" if attacker.severity >= MALICIOUS else "anomalous-activity"
        events, logins = counted(attacker.events, "event"), counted(attacker.attempts, "login")
        text = f"{events} on {counted(len(attacker.deckies) or 1, 'decoy')}, {logins}"
        return self._object(
            "indicator", address, first, last, name=f"{address} touched decoys", description=text,
            indicator_types=[kind], pattern=f"[{_family(address)}:value = '{address}']", pattern_type="stix",
            pattern_version="2.1", valid_from=first,
        )  # fmt: skip

    def _technique(self, technique: str) -> Object:
        url = f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}"
        matrix = "mitre-ics-attack" if technique.startswith("T0") else "mitre-attack"
        reference = {"source_name": matrix, "external_id": technique, "url": url}
        return self._object(
            "attack-pattern", technique, BEGINNING, BEGINNING, name=NAMES.get(technique, technique),
            external_references=[reference],
        )  # fmt: skip

    def _relation(self, source: Object, kind: str, target: Object, first: str, last: str) -> Object:
        name = f"{source['id']} {kind} {target['id']}"
        refs = {"relationship_type": kind, "source_ref": source["id"], "target_ref": target["id"]}
        return self._object("relationship", name, first, last, **refs)

    def _object(self, kind: str, key: str, /, created: str, modified: str, **own: Any) -> Object:
        return {
            "type": kind, "spec_version": "2.1", "id": self._id(kind, key), "created_by_ref": self.fleet,
            "created": created, "modified": modified, **own, "object_marking_refs": [self.marking],
        }  # fmt: skip

    def _id(self, kind: str, name: str) -> str:
        return f"{kind}--{uuid5(self.space, f'{kind} {name}')}"


def _observables(source: Facts) -> Iterator[Object]:
    address = _observable(_family(source.attacker.source), "value", value=source.attacker.source)
    yield address
    for end in sorted(source.ends):
        names = ("src_ref", "dst_ref", "dst_port", "protocols")
        target = _observable(_family(end.address), "value", value=end.address) if end.address else None
        if target:
            yield target
        yield _observable(
            "network-traffic", *names, src_ref=address["id"], dst_ref=target["id"] if target else None,
            dst_port=end.port, protocols=[each for each in (end.transport, end.service) if each],
        )  # fmt: skip
    for name in sorted(source.accounts):
        yield _observable("user-account", "account_login", account_login=name)
    for url in sorted(source.urls):
        yield _observable("url", "value", value=url)
    for hashed, (name, size) in sorted(source.files.items()):
        yield _observable("file", "hashes", "name", hashes={"SHA-256": hashed}, name=name, size=size)


def _observable(kind: str, *contributing: str, **own: Any) -> Object:
    """An observable, whose id depends on some of its properties."""
    kept = filled(own)
    named = {name: kept[name] for name in contributing if name in kept}
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid5(SPACE, _canonical(named))}", **kept}


def _canonical(value: Any) -> str:
    """RFC 8785, for what has no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _family(address: str) -> str:
    return f"ipv{ip_address(address).version}-addr"
