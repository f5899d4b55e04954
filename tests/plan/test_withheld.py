"""What an expert would recognize is chosen only by name; what is deployed stays what it is."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from decnet.commands.catalog import archetypes
from decnet.errors import SpecError
from decnet.plan.resolve import resolve, vendor_of
from decnet.plan.topologies.generate import Parameters, generate
from decnet.plan.withheld import withheld_kinds

from .world import CATALOG, SEVERAL, deployed, spec

WITHHELD = {"windows-workstation", "windows-server", "domain-controller"}


def test_what_is_withheld_has_a_reason() -> None:
    assert set(CATALOG.archetypes) - set(CATALOG.offered_archetypes()) == WITHHELD
    assert {name for name, os in CATALOG.os_profiles.items() if os.withheld} == {
        "windows", "windows_server", "bsd",
    }  # fmt: skip
    assert [name for name, each in CATALOG.releases.items() if each.withheld] == [
        "rocky-8",
        "rocky-9",
        "esp-idf-4.4",
    ]


def test_a_random_topology_has_no_machine_of_a_withheld_kind() -> None:
    """SEVERAL has decoys for all services, so that all archetypes could be chosen."""
    for seed in range(12):
        design = generate(Parameters(depth=4), SEVERAL, random.Random(seed))
        assert not {each.archetype for each in design.deckies} & WITHHELD
        assert not {each.os for each in design.deckies} & {"windows", "windows_server", "bsd"}


def test_a_topology_of_withheld_kinds_is_generated_on_request() -> None:
    design = generate(Parameters(archetypes=("windows-server",)), SEVERAL, random.Random(1))
    assert {each.archetype for each in design.deckies} == {"windows-server"}


@pytest.mark.parametrize("archetype", [None, "iot-device"])
def test_openwrt_and_busybox_never_have_the_card_of_a_microcontroller(archetype: str | None) -> None:
    entry = {"services": ("snmp", "http"), "os": "embedded", "archetype": archetype}
    drafts = resolve(
        spec(*({**entry, "name": f"d-{n}"} for n in range(60))), CATALOG, rng=random.Random(1), desired={}
    )
    assert {draft.vendor for draft in drafts} == {"tp-link"}
    assert "esp-idf-4.4" not in {draft.release for draft in drafts}


def test_a_given_card_of_a_microcontroller_runs_its_own_release() -> None:
    mac = "5c:cf:7f:01:02:03"
    entry = {"name": "a", "services": ("snmp",), "os": "embedded", "mac": mac}
    (draft,) = resolve(spec(entry), CATALOG, rng=random.Random(1), desired={})
    assert (vendor_of(mac, CATALOG), draft.release) == ("espressif", "esp-idf-4.4")
    assert list(withheld_kinds([draft], CATALOG)) == [
        ("release esp-idf-4.4", "an ESP32 has no shell behind its login")
    ]


def test_kinds_that_were_asked_for_by_name_are_reported_together_and_only_when_they_are_new() -> None:
    wanted = spec(
        {"name": "pc", "count": 2, "archetype": "windows-workstation"},
        {"name": "web", "services": ("ssh",), "os": "bsd"},
        {"name": "db", "services": ("ssh",)},
    )
    drafts = resolve(wanted, SEVERAL, rng=random.Random(1), desired={})
    found = withheld_kinds(drafts, SEVERAL)
    assert {what: names for (what, _), names in found.items()} == {
        "archetype windows-workstation": ("pc-01", "pc-02"),
        "os bsd": ("web",),
    }
    again = resolve(wanted, SEVERAL, rng=random.Random(2), desired=deployed(wanted, catalog=SEVERAL).deckies)
    assert withheld_kinds(again, SEVERAL) == {}


def test_a_deployed_decky_keeps_its_withheld_release_and_card() -> None:
    wanted = spec({"name": "a", "services": ("snmp",), "os": "embedded"})
    former = {name: replace(each, withheld="") for name, each in CATALOG.releases.items()}
    for name in ("openwrt-21.02", "busybox-camera"):
        former[name] = replace(former[name], vendors=())
    vendors = {"embedded": replace(CATALOG.os_profiles["embedded"], vendors=("espressif",))}
    old = replace(CATALOG, releases=former, os_profiles={**CATALOG.os_profiles, **vendors})
    fleet = deployed(wanted, catalog=old)
    before, after = fleet.deckies["a"], deployed(wanted, fleet, catalog=CATALOG, seed=9).deckies["a"]
    assert vendor_of(before.mac, CATALOG) == "espressif"
    assert (after.release, after.mac, after.hostname) == (before.release, before.mac, before.hostname)


def test_the_list_has_withheld_archetypes_on_request_with_their_reasons() -> None:
    listed, whole = archetypes(CATALOG), archetypes(CATALOG, everything=True)
    assert {row[0] for row in whole.rows} - {row[0] for row in listed.rows} == WITHHELD
    assert {item["name"] for item in whole.items if item["withheld"]} == WITHHELD
    assert "domain-controller, windows-server, windows-workstation (reasons: --all)" in listed.notes[1]
    assert any(note.startswith("windows-server is withheld: its ports") for note in whole.notes)


def test_the_hint_for_an_unknown_kind_lists_what_is_offered() -> None:
    for key in ("archetype", "os"):
        with pytest.raises(SpecError, match=f"unknown {key} `qqq`") as caught:
            resolve(spec({"name": "a", key: "qqq"}), CATALOG, rng=random.Random(1), desired={})
        assert "known: " in str(caught.value.hint)
        assert "windows" not in str(caught.value.hint)
