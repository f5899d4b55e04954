"""Validation: every code has a design that shows it, and all problems are reported at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from decnet.errors import SpecError
from decnet.plan.topologies import paths
from decnet.plan.topologies.findings import CODES, Finding, errors, raise_errors
from decnet.plan.topologies.validate import ALONE, Surroundings, validate

from .designs import CATALOG, decky, design, document

Edit = Callable[[dict[str, Any]], object]


def at(kind: str, name: str, document: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in document[kind] if each["name"] == name)  # type: ignore[no-any-return]


def lan(name: str, **changes: Any) -> Edit:
    return lambda document: at("lans", name, document).update(changes)


def of(name: str, **changes: Any) -> Edit:
    return lambda document: at("deckies", name, document).update(changes)


def add(kind: str, **fields: Any) -> Edit:
    return lambda document: document[kind].append(fields)


def without(kind: str, name: str) -> Edit:
    return lambda document: document[kind].remove(at(kind, name, document))


def found(*edits: Edit, around: Surroundings = ALONE) -> tuple[Finding, ...]:
    changed = document()
    for edit in edits:
        edit(changed)
    return validate(design(changed), CATALOG, around)


NAS = {"office": "00:50:56:00:03:00"}
CASES: list[tuple[str, str, str, Edit]] = [
    ("DMZ_MISSING", "lan", "no LAN is the DMZ", lan("dmz", dmz=False, subnet="10.9.0.0/24")),
    ("DMZ_MULTIPLE", "lan.office.dmz", "dmz and office are all the DMZ", lan("office", dmz=True, subnet="")),
    ("DMZ_ORPHAN", "lan.dmz", "dmz: the DMZ has no decky", lambda d: (
        without("deckies", "web")(d), of("gate", home="office", addresses={"office": "10.1.1.1"})(d))),
    ("DMZ_ALLOCATED", "lan.dmz.subnet", "dmz: the DMZ has the subnet of the worker's LAN", lan(
        "dmz", subnet="10.9.0.0/24")),
    ("DMZ_ALLOCATED", "decky.web.addresses.dmz", "comes from the worker's LAN", of(
        "web", addresses={"dmz": "192.0.2.9"})),
    ("DMZ_ALLOCATED", "decky.web.macs.dmz", "its MAC on the DMZ comes with", of(
        "web", macs={"dmz": "00:50:56:00:09:09"})),
    ("LAN_NAME_DUP", "lan.office", "two LANs are named office", add(
        "lans", name="office", subnet="10.7.0.0/24")),
    ("DECKY_NAME_DUP", "decky.web", "two deckies are named web", lambda d: d["deckies"].append(
        decky("web", "dmz", 44, {"dmz": ""}))),
    ("NAME_CLASH", "decky.web-ssh", "web-ssh: one of its containers would have the name of one of web",
        lambda d: d["deckies"].append(decky("web-ssh", "dmz", 44, {"dmz": ""}))),
    ("DECKY_ORPHAN", "decky.web", "web: it is on no LAN", of("web", addresses={}, macs={})),
    ("HOME_MISSING", "decky.nas.home", "nas: its main LAN attic does not exist", of("nas", home="attic")),
    ("HOME_NOT_MEMBER", "decky.nas.home", "nas: it has no address on its main LAN vault", of(
        "nas", home="vault")),
    ("HOME_NOT_DMZ", "decky.gate.home", "gate: it is on the DMZ, so its main LAN must be dmz", of(
        "gate", home="office")),
    ("ADDRESS_OF_UNKNOWN_LAN", "decky.nas.addresses.attic", "nas: there is no LAN attic", of(
        "nas", addresses={"office": "10.1.1.7", "attic": "10.1.9.7"})),
    ("ADDRESS_OF_UNKNOWN_LAN", "decky.nas.macs.attic", "nas: there is no LAN attic", of(
        "nas", macs={**NAS, "attic": "00:50:56:00:09:09"})),
    ("IP_MALFORMED", "decky.nas.addresses.office", "must be an IPv4 address", of(
        "nas", addresses={"office": "10.1.1"})),
    ("IP_MALFORMED", "decky.nas.addresses.office", "must be an IPv4 address", of(
        "nas", addresses={"office": ""})),
    ("IP_OUT_OF_SUBNET", "decky.nas.addresses.office", "10.1.2.7 is not in 10.1.1.0/24", of(
        "nas", addresses={"office": "10.1.2.7"})),
    ("IP_COLLISION", "decky.nas.addresses.office", "10.1.1.2 on office is also the address of inner", of(
        "nas", addresses={"office": "10.1.1.2"})),
    ("SUBNET_MALFORMED", "lan.office.subnet", "office: its subnet must be a network", lan(
        "office", subnet="10.1.1.0")),
    ("SUBNET_MALFORMED", "lan.office.subnet", "is a host in 10.1.1.0/24", lan(
        "office", subnet="10.1.1.4/24")),
    ("SUBNET_MALFORMED", "lan.office.subnet", "must be a network of /16 to /30", lan(
        "office", subnet="10.0.0.0/8")),
    ("SUBNET_OVERLAP", "lan.vault.subnet", "10.1.2.0/24 overlaps 10.1.0.0/16 of office", lan(
        "office", subnet="10.1.0.0/16")),
    ("SUBNET_TOO_SMALL", "lan.office.subnet", "10.1.1.0/30 has room for 1 of its 3 deckies", lan(
        "office", subnet="10.1.1.0/30")),
    ("MAC_MISSING", "decky.nas.macs.office", "nas: it has no MAC on office", of("nas", macs={})),
    ("MAC_WITHOUT_ADDRESS", "decky.nas.macs.vault", "a MAC on vault, and no address there", of(
        "nas", macs={**NAS, "vault": "00:50:56:00:09:09"})),
    ("MAC_INVALID", "decky.nas.macs.office", "must not begin with 02:42", of(
        "nas", macs={"office": "02:42:ac:11:00:02"})),
    ("MAC_DUP", "decky.nas.macs.office", "is also a MAC of inner", of(
        "nas", macs={"office": "00:50:56:00:02:00"})),
    ("HOSTNAME_INVALID", "decky.nas.hostname", "must be letters, digits", of("nas", hostname="a b")),
    ("HOSTNAME_DUP", "decky.nas.hostname", "SRV2 is also the hostname of inner", of("nas", hostname="SRV2")),
    ("UNKNOWN_ARCHETYPE", "decky.nas.archetype", "nas: unknown archetype `printr`", of(
        "nas", archetype="printr")),
    ("UNKNOWN_OS", "decky.nas.os", "nas: unknown os `plan9`", of("nas", os="plan9")),
    ("UNKNOWN_RELEASE", "decky.nas.release", "nas: linux has no release `windows-11`", of(
        "nas", release="windows-11")),
    ("UNKNOWN_SERVICE", "decky.nas.services", "nas: unknown service `gopher`", of(
        "nas", services=["gopher", "ssh"])),
    ("UNKNOWN_SERVICE", "decky.nas.services", "nas: conpot is an alias", of(
        "nas", services=["conpot", "ssh"])),
    ("SERVICE_MISSING", "decky.nas.services", "nas: it has no services", of("nas", services=[], settings={})),
    ("SERVICE_DUP", "decky.nas.services", "nas: service ssh is named twice", of(
        "nas", services=["ssh", "ssh"])),
    ("SERVICE_NOT_BUILT", "decky.nas.services", "nas: there is no decoy for smb yet", of(
        "nas", services=["smb", "ssh"])),
    ("SERVICE_CFG_UNDECLARED", "decky.nas.settings.ftp", "nas: settings for ftp, which is not one of", of(
        "nas", settings={"ftp": {"anonymous": True}})),
    ("SETTING_UNKNOWN", "decky.nas.settings.ssh.motto", "nas: ssh has no setting `motto`", of(
        "nas", settings={"ssh": {"motto": "x"}})),
    ("SETTING_INVALID", "decky.nas.settings.ssh.accept_after", "setting accept_after of ssh must be", of(
        "nas", settings={"ssh": {"accept_after": "x"}})),
    ("PORT_CONFLICT", "decky.nas.services", "smtp and smtp_relay both claim port 25/tcp", of(
        "nas", services=["smtp", "smtp_relay", "ssh"])),
    ("LAN_EMPTY", "lan.attic", "attic: no decky is on it", add("lans", name="attic", subnet="10.7.0.0/24")),
    ("LAN_NO_WAY_IN", "lan.attic", "attic: no decky connects it with the DMZ", add(
        "lans", name="attic", subnet="10.7.0.0/24")),
    ("FORWARD_LOOP", "decky.nas.forwards", "nas: it routes between LANs that", lambda d: (
        of("inner", forwards=True)(d),
        of("nas", forwards=True, addresses={"office": "10.1.1.7", "vault": "10.1.2.7"},
           macs={**NAS, "vault": "00:50:56:00:09:09"})(d))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "place", "message", "edit"), CASES, ids=[case[0] for case in CASES])
def test_each_problem_has_its_code_and_its_place(code: str, place: str, message: str, edit: Edit) -> None:
    hits = [each for each in found(edit) if (each.code, each.place) == (code, place)]
    assert len(hits) == 1
    assert message in hits[0].message
    assert hits[0].severity == CODES[code][0]


@pytest.mark.parametrize(
    "edit",
    [
        of("nas", addresses={"office": "10.1.1.0"}),
        of("nas", addresses={"office": "10.1.1.254"}),
        of("nas", addresses={"office": "10.1.1.255"}),
    ],
)
def test_trap_15_network_gateway_and_broadcast_addresses_are_refused(edit: Edit) -> None:
    assert [each.code for each in errors(found(edit))] == ["ADDRESS_RESERVED"]


def test_trap_15_a_subnet_of_something_else_is_refused_with_its_owner() -> None:
    around = Surroundings(reserved={"10.0.0.0/15": "the LAN of w1", "10.1.2.128/25": "x", "nonsense": "y"})
    reserved = [each for each in found(around=around) if each.code == "SUBNET_RESERVED"]
    assert [each.place for each in reserved] == ["lan.office.subnet", "lan.vault.subnet"]
    assert reserved[0].message == "office: its subnet 10.1.1.0/24 overlaps 10.0.0.0/15, the LAN of w1"


def test_a_mac_of_another_machine_is_refused() -> None:
    around = Surroundings(macs={"00:50:56:00:03:00": "web-1"})
    assert [each.message for each in errors(found(around=around))] == [
        "nas: 00:50:56:00:03:00 on office is also a MAC of web-1"
    ]


def test_too_many_lans_or_deckies_are_refused() -> None:
    lans = [add("lans", name=f"l{n}", subnet=f"10.7.{n}.0/24") for n in range(254)]
    assert "TOO_LARGE" in {each.code for each in errors(found(*lans))}
    deckies = [add("deckies", **decky(f"d{n}", "dmz", n, {"dmz": ""})) for n in range(100, 1100)]
    assert [each.message for each in found(*deckies) if each.code == "TOO_LARGE"] == [
        "1005 deckies, more than 1000"
    ]


def test_a_worker_with_too_little_memory_is_a_warning() -> None:
    enough, short = Surroundings(memory_mib=5 * 60 + 256), Surroundings(memory_mib=5 * 60 + 256, deckies=1)
    assert "NOT_ENOUGH_MEMORY" not in {each.code for each in found(around=enough)}
    warning = [each for each in found(around=short) if each.code == "NOT_ENOUGH_MEMORY"]
    assert warning[0].severity == "warning"
    assert "its 5 deckies and the 1 of the worker need about 616 MiB, and there are 556" in warning[0].message


def test_two_lans_whose_bridges_have_one_name_are_refused() -> None:
    """Only four hexadecimal digits of a LAN's name are in the name of its bridge."""
    from decnet.wire import bridge_name

    seen: dict[str, str] = {}
    for number in range(2000):
        first = seen.setdefault(bridge_name("decnet-t-00000000", f"lan-{number}"), f"lan-{number}")
        if first != f"lan-{number}":
            break
    pair = (
        add("lans", name=first, subnet="10.7.0.0/24"),
        add("lans", name=f"lan-{number}", subnet="10.7.1.0/24"),
    )
    assert [each.code for each in errors(found(*pair))] == ["NAME_CLASH"]


@pytest.mark.parametrize("name", ["Office", "office ", "a" * 33, "a_b", ""])
def test_trap_8_names_that_docker_or_an_interface_would_change_do_not_exist(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        found(add("lans", name=name, subnet="10.7.0.0/24"))


def test_all_problems_are_reported_at_once_and_errors_come_first() -> None:
    all_at_once = found(
        of("nas", hostname="a b"), of("db", addresses={"vault": "10.1.1.9"}),
        add("lans", name="attic", subnet="10.7.0.0/24"),
    )  # fmt: skip
    codes = [each.code for each in all_at_once]
    assert codes[:2] == ["IP_OUT_OF_SUBNET", "HOSTNAME_INVALID"]
    assert {"LAN_EMPTY", "LAN_NO_WAY_IN"} <= set(codes[2:])
    with pytest.raises(SpecError) as caught:
        raise_errors(all_at_once, "branch")
    assert str(caught.value).splitlines() == [
        "branch: IP_OUT_OF_SUBNET: db: 10.1.1.9 is not in 10.1.2.0/24, the subnet of vault",
        "HOSTNAME_INVALID: nas: its hostname must be letters, digits and inner hyphens, at most 63, "
        'not "a b"',
    ]
    raise_errors(found(), "branch")


def test_a_lan_behind_one_without_a_way_in_is_counted_with_it() -> None:
    assert [(each.place, each.message, each.hint) for each in found()] == [
        (
            "lan.office",
            "office: attackers cannot get to it nor to 1 LAN behind it",
            "deckies of this version do not lead from one LAN to another",
        )
    ]
    assert paths.open_to_attackers(design(), {"forwards"}) == {"dmz", "office"}
    assert paths.open_to_attackers(design(), {"forwards", "ssh"}) == {"dmz", "office", "vault"}


def test_every_code_is_shown_by_a_test() -> None:
    elsewhere = {"ADDRESS_RESERVED", "SUBNET_RESERVED", "TOO_LARGE", "NOT_ENOUGH_MEMORY"}
    assert {case[0] for case in CASES} | elsewhere == set(CODES)
