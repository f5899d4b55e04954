"""Operations: each does what it says, a wrong one changes nothing, and the result is valid."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest

from decnet.errors import SpecError
from decnet.model.topology import Design
from decnet.plan.resolve import vendor_of
from decnet.plan.topologies.diff import differences
from decnet.plan.topologies.findings import errors
from decnet.plan.topologies.operation_shapes import OPERATIONS, checked
from decnet.plan.topologies.operations import changed
from decnet.plan.topologies.validate import ALONE, Surroundings, validate

from .designs import CATALOG, design, document, generated

Op = dict[str, Any]


def after(*operations: Op, before: Design | None = None, around: Surroundings = ALONE) -> Design:
    return changed(before or design(), operations, CATALOG, around)


def refused(*operations: Op, before: Design | None = None) -> str:
    with pytest.raises(SpecError) as caught:
        after(*operations, before=before)
    return str(caught.value) + (f" ({caught.value.hint})" if caught.value.hint else "")


def what(*operations: Op) -> list[str]:
    """The differences: `+lan attic`, `-decky web`, `web.hostname`."""
    found = []
    for each in differences(design(), after(*operations), CATALOG):
        if each.kind == "changed":
            found += [f"{each.name}.{change.field}" for change in each.changes]
        else:
            found.append(f"{'+' if each.kind == 'added' else '-'}{each.noun} {each.name}")
    return found


ADD = {"op": "add_lan", "name": "attic", "subnet": "10.7.0.0/24"}


def test_add_lan() -> None:
    assert what(ADD) == ["+lan attic"]
    assert refused({**ADD, "name": "office"}) == "add_lan: there is a LAN office already"
    assert "SUBNET_OVERLAP" in refused({**ADD, "subnet": "10.1.0.0/16"})


def test_add_lan_takes_a_subnet_that_nothing_has() -> None:
    around = Surroundings(reserved={"10.0.0.0/8": "x", "172.16.0.0/12": "y"})
    wide = {"op": "add_lan", "name": "attic"}
    lan = changed(Design(lans=(design().lans[0],)), [wide], CATALOG, around).lan("attic")
    assert lan is not None
    assert lan.subnet.startswith("192.168.")


def test_remove_lan() -> None:
    assert "vault is the main LAN of db (in the same change, remove them" in refused(
        {"op": "remove_lan", "name": "vault"}
    )
    both = ({"op": "remove_decky", "name": "db"}, {"op": "remove_lan", "name": "vault"})
    assert what(*both) == ["-lan vault", "-decky db", "inner.addresses.vault", "inner.macs.vault"]
    assert "dmz is the DMZ" in refused({"op": "remove_lan", "name": "dmz"})


def test_update_lan_keeps_the_places_of_its_deckies() -> None:
    renumbered = after({"op": "update_lan", "name": "office", "subnet": "10.7.4.0/22"})
    addresses = {each.name: each.addresses.get("office") for each in renumbered.deckies}
    assert addresses == {
        "db": None, "gate": "10.7.4.1", "inner": "10.7.4.2", "nas": "10.7.4.7", "web": None,
    }  # fmt: skip
    narrow = after({"op": "update_lan", "name": "office", "subnet": "10.7.4.0/29"})
    assert {each.addresses["office"] for each in narrow.members("office")} == {
        "10.7.4.1", "10.7.4.2", "10.7.4.3",
    }  # fmt: skip
    assert "office has no address for one more decky" in refused(
        {"op": "update_lan", "name": "office", "subnet": "10.7.4.0/30"}
    )


def test_trap_11_a_renamed_lan_is_renamed_everywhere() -> None:
    renamed = after({"op": "update_lan", "name": "vault", "new_name": "cellar"})
    assert [lan.name for lan in renamed.lans] == ["cellar", "dmz", "office"]
    assert '"vault"' not in renamed.model_dump_json()
    assert errors(validate(renamed, CATALOG)) == ()


def test_add_decky_fills_in_what_is_omitted() -> None:
    made = after({"op": "add_decky", "name": "pr", "home": "office", "archetype": "printer"}).decky("pr")
    assert made is not None
    assert (made.home, made.os, made.services) == ("office", "embedded", ("ftp", "http", "snmp"))
    assert made.addresses["office"].startswith("10.1.1.")
    assert vendor_of(made.macs["office"], CATALOG) in CATALOG.archetypes["printer"].vendors
    given = {
        "os": "linux", "release": "rocky-9", "services": ["ssh"], "settings": {"ssh": {"motd": "x"}},
        "hostname": "h", "forwards": True, "address": "10.1.1.99", "mac": "00-50-56-AA-AA-AA",
    }  # fmt: skip
    own = after({"op": "add_decky", "name": "own", "home": "office", **given}).decky("own")
    assert own is not None
    assert own.model_dump(exclude={"seed", "name", "home"}) == {
        "archetype": None, "os": "linux", "release": "rocky-9", "services": ("ssh",), "hostname": "h",
        "settings": {"ssh": {"motd": "x"}}, "forwards": True, "addresses": {"office": "10.1.1.99"},
        "macs": {"office": "00:50:56:aa:aa:aa"},
    }  # fmt: skip
    assert refused({"op": "add_decky", "name": "web", "home": "dmz"}).startswith(
        "add_decky: there is a decky"
    )


def test_remove_decky() -> None:
    assert what({"op": "remove_decky", "name": "web"}) == ["-decky web"]
    gate, web = ({"op": "remove_decky", "name": name} for name in ("gate", "web"))
    assert "after this change: DMZ_ORPHAN" in refused(gate, web)


def test_update_decky() -> None:
    assert what({"op": "update_decky", "name": "nas", "services": ["http"]}) == [
        "nas.services", "nas.settings.ssh.motd",
    ]  # fmt: skip
    assert what({"op": "update_decky", "name": "nas", "settings": {"http": {"title": "x"}}}) == [
        "nas.settings.http.title"
    ]
    assert what({"op": "update_decky", "name": "nas", "settings": {"ssh": {}}}) == ["nas.settings.ssh.motd"]
    assert what({"op": "update_decky", "name": "nas", "new_name": "box"}) == ["+decky box", "-decky nas"]
    assert what({"op": "update_decky", "name": "inner", "home": "vault"}) == ["inner.home"]
    assert "nas is not on vault (attach it first; it is on office)" in refused(
        {"op": "update_decky", "name": "nas", "home": "vault"}
    )
    assert "HOME_NOT_DMZ" in refused({"op": "update_decky", "name": "gate", "home": "office"})


def test_attach_decky() -> None:
    attached = after({"op": "attach_decky", "name": "nas", "lan": "vault"}).decky("nas")
    assert attached is not None
    assert attached.addresses["vault"].startswith("10.1.2.")
    vendors = {vendor_of(mac, CATALOG) for mac in attached.macs.values()}
    assert vendors == {"vmware"}
    dmz = after({"op": "attach_decky", "name": "nas", "lan": "dmz"}).decky("nas")
    assert dmz is not None
    assert (dmz.home, dmz.addresses, set(dmz.macs)) == ("dmz", {"dmz": "", "office": "10.1.1.7"}, {"office"})
    assert refused({"op": "attach_decky", "name": "nas", "lan": "office"}) == (
        "attach_decky: nas is on office already"
    )


def test_the_first_decky_that_leads_to_a_lan_becomes_its_router() -> None:
    bridged = after(ADD, {"op": "attach_decky", "name": "gate", "lan": "attic", "forwards": True}).decky(
        "gate"
    )
    assert bridged is not None
    assert bridged.addresses["attic"] == "10.7.0.1"


def test_detach_decky() -> None:
    assert what({"op": "detach_decky", "name": "inner", "lan": "vault"}) == [
        "inner.addresses.vault", "inner.macs.vault",
    ]  # fmt: skip
    # Out of the DMZ, which is always the main LAN, in one change.
    moved = ({"op": "update_decky", "name": "gate", "home": "office"},)
    assert what(*moved, {"op": "detach_decky", "name": "gate", "lan": "dmz"}) == [
        "gate.addresses.dmz", "gate.home",
    ]  # fmt: skip
    assert "office is the main LAN of inner" in refused(
        {"op": "detach_decky", "name": "inner", "lan": "office"}
    )
    assert "nas is on no other LAN than office" in refused(
        {"op": "detach_decky", "name": "nas", "lan": "office"}
    )
    assert "nas is not on vault" in refused({"op": "detach_decky", "name": "nas", "lan": "vault"})


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({}, "`op` must be an operation, not missing (known: add_lan"),
        ({"op": 1}, "`op` must be an operation, not 1"),
        ({"op": "ad_lan"}, '`op` must be an operation, not "ad_lan" (did you mean `add_lan`?)'),
        ({"op": "add_lan"}, "add_lan needs `name`: its name"),
        ({"op": "add_lan", "name": "A"}, "`name` of add_lan must be at most 32 lower case letters"),
        ({"op": "add_lan", "name": 1}, "`name` of add_lan must be text"),
        ({"op": "add_lan", "name": "a", "dmz": True}, "add_lan has no key `dmz` (known: name, subnet)"),
        ({"op": "add_lan", "name": "a", "subnet": "10.7.0.1/24"}, "`subnet` of add_lan must be a network"),
        ({"op": "update_lan", "name": "office"}, "update_lan changes nothing (give one of new_name, subnet)"),
        ({"op": "remove_lan", "name": "offic"}, "remove_lan: unknown LAN `offic` (did you mean `office`?)"),
        ({"op": "remove_decky", "name": "wep"}, "remove_decky: unknown decky `wep` (did you mean `web`?)"),
        ({"op": "update_decky", "name": "web", "forwards": 1}, "must be true or false, not 1"),
        ({"op": "update_decky", "name": "web", "services": "ssh"}, "must be a list of service names"),
        ({"op": "update_decky", "name": "web", "services": []}, "must name at least one service"),
        ({"op": "update_decky", "name": "web", "services": ["sssh"]}, "unknown service `sssh`"),
        ({"op": "update_decky", "name": "web", "services": ["smb"]}, "there is no decoy for smb yet"),
        ({"op": "update_decky", "name": "web", "settings": 1}, "must be a table of tables"),
        ({"op": "update_decky", "name": "web", "settings": {"ssh": "secret"}}, "must have a table for ssh"),
        (
            {"op": "update_decky", "name": "web", "settings": {"ssh": {"motd": []}}},
            "motd for ssh, which must be",
        ),
        ({"op": "update_decky", "name": "web", "settings": {"ssh": {"mottd": "x"}}}, "SETTING_UNKNOWN"),
        ({"op": "update_decky", "name": "web", "release": "windows-11"}, "UNKNOWN_RELEASE"),
        ({"op": "update_decky", "name": "web", "hostname": "SRV2"}, "HOSTNAME_DUP"),
        ({"op": "add_decky", "name": "x", "home": "attic"}, "add_decky: unknown LAN `attic`"),
        ({"op": "add_decky", "name": "x", "home": "dmz", "archetype": "y"}, "x: unknown archetype `y`"),
        ({"op": "add_decky", "name": "x", "home": "dmz"}, "x: it has no services"),
        ({"op": "attach_decky", "name": "nas", "lan": "vault", "address": "10.1.2.20"}, "IP_COLLISION"),
        (
            {"op": "attach_decky", "name": "nas", "lan": "vault", "mac": "02:42:00:00:00:01"},
            "Docker's prefix",
        ),
    ],
)
def test_a_wrong_operation_is_refused_with_what_is_wrong(operation: Op, message: str) -> None:
    said = refused(operation)
    assert message in said
    assert "secret" not in said


def test_several_operations_are_one_change() -> None:
    """The design is only checked after the last one; an error names the operation by its number."""
    steps = (
        {"op": "remove_decky", "name": "gate"}, {"op": "remove_decky", "name": "web"},
        {"op": "attach_decky", "name": "nas", "lan": "dmz"},
    )  # fmt: skip
    assert "DMZ_ORPHAN" in refused(*steps[:2])
    assert [each.name for each in after(*steps).members("dmz")] == ["nas"]
    assert refused(ADD, ADD).startswith("operation 2 (add_lan): there is a LAN attic already")
    assert refused(ADD, {"op": "x"}).startswith("operation 2: `op` must be an operation")
    assert refused().startswith("there is no operation")


def test_equal_operations_on_equal_designs_make_equal_designs() -> None:
    step = {"op": "add_decky", "name": "pr", "home": "office", "archetype": "printer"}
    assert after(step) == after(step)
    other = after({"op": "update_decky", "name": "web", "hostname": "h"})
    assert after(step, before=other).decky("pr") != after(step).decky("pr")


def test_stored_operations_make_the_same_design_again() -> None:
    """So that a change which was interrupted ends as it began."""
    steps = (
        {"op": "add_lan", "name": "attic"},
        {"op": "add_decky", "name": "x", "home": "attic", "services": ["ssh", "http"], "os": "linux"},
        {"op": "attach_decky", "name": "gate", "lan": "attic"},
        {"op": "update_decky", "name": "x", "settings": {"ssh": {"motd": "é"}}},
    )  # fmt: skip
    assert after(*json.loads(json.dumps(checked(steps)))) == after(*checked(steps)) == after(*steps)


def test_errors_that_were_there_before_do_not_prevent_a_change() -> None:
    broken = document()
    broken["deckies"][3]["hostname"] = "a b"
    assert after({"op": "remove_decky", "name": "web"}, before=design(broken)).decky("web") is None


def any_operation(before: Design, rng: random.Random) -> Op:
    """An operation that may fit the design, and sometimes cannot."""
    lans = [lan.name for lan in before.lans] + ["nowhere"] * rng.randint(0, 1)
    deckies = [each.name for each in before.deckies] + ["no-one"] * rng.randint(0, 1)
    new = f"new-{rng.randint(1, 5)}"
    values = {
        "subnet": f"10.{rng.randint(0, 3)}.{rng.randint(0, 3)}.0/{rng.choice([24, 24, 28, 30])}",
        "new_name": new, "home": rng.choice(lans), "lan": rng.choice(lans), "forwards": rng.random() < 0.5,
        "archetype": rng.choice(["printer", "linux-server", "network-gear"]), "os": "linux",
        "release": rng.choice(["debian-12", "rocky-9"]), "hostname": f"h{rng.randint(1, 9)}",
        "services": rng.choice([["ssh"], ["http", "ssh"], ["snmp"]]), "settings": {"ssh": {"motd": "x"}},
        "address": f"10.1.1.{rng.randint(1, 254)}", "mac": f"00:50:56:00:00:{rng.randint(0, 9):02x}",
    }  # fmt: skip
    op = rng.choice(list(OPERATIONS))
    fields = OPERATIONS[op]
    given = [key for key, field in fields.items() if field.required or rng.random() < 0.4]
    name = new if op.startswith("add_") else rng.choice(lans if op.endswith("_lan") else deckies)
    return {"op": op, **{key: name if key == "name" else values[key] for key in given}}


def test_any_sequence_of_operations_keeps_a_design_valid_or_leaves_it_unchanged() -> None:
    done: Counter[tuple[str, bool]] = Counter()
    for seed in range(60):
        rng = random.Random(seed)
        here = generated(seed)
        assert errors(validate(here, CATALOG)) == ()
        for _ in range(20):
            steps = [any_operation(here, rng) for _ in range(rng.choice([1, 1, 1, 3]))]
            before = here.model_copy(deep=True)
            try:
                here = changed(here, steps, CATALOG)
            except SpecError as error:
                assert str(error)
                worked = False
            else:
                worked = True
                assert errors(validate(here, CATALOG)) == ()
            if not worked:
                assert here == before
            done.update((each["op"], worked) for each in steps)
    assert set(done) == {(op, worked) for op in OPERATIONS for worked in (True, False)}
