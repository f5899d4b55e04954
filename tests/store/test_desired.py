"""Desired: what is read is a sound fleet or refused with its place, and never read as empty."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decnet.errors import Failed, SpecError, StateBroken
from decnet.model.fleet import Attachment, Away, Decky, Fleet, Network
from decnet.store.atomic import last_copy
from decnet.store.desired import load_fleet, new_fleet, render, save_fleet
from decnet.store.paths import Home

Fleets = Callable[..., Fleet]

GOOD = """{
  "schema_version": 2,
  "fleet_id": "f-1",
  "lans": {
    "local": {"driver": "macvlan", "interface": "eth0", "subnet": "192.0.2.0/24", "gateway": "192.0.2.1"}
  },
  "projects": {"decnet": {"name": "decnet", "deckies": {
    "web-1": {
      "name": "web-1", "worker": "local", "hostname": "h", "os": "linux", "release": "debian-12",
      "attachments": [{"address": "192.0.2.100",
        "mac": "02:42:c0:00:02:01"}],
      "services": {"ssh": {"port": 22}},
      "seed": "00000000000000000000000000000000", "spec_hash": "a"
    },
    "web-2": {
      "name": "web-2", "worker": "local", "hostname": "g", "os": "linux", "release": "debian-12",
      "attachments": [{"address": "192.0.2.101",
        "mac": "02:42:c0:00:02:02"}],
      "services": {},
      "seed": "00000000000000000000000000000000", "spec_hash": "a"
    }
  }}}
}
"""

BAD = {
    "empty": ("", "1:1: the file is empty"),
    "blank": ("\n \n", "1:1: the file is empty"),
    "cut off": (GOOD[:200], "7:27: this is not JSON: Unterminated string starting at"),
    "garbage behind": (GOOD + "}", "24:1: this is not JSON: Extra data"),
    "two documents": (GOOD + GOOD, "24:1: this is not JSON: Extra data"),
    "a trailing comma": (
        GOOD.replace('"fleet_id": "f-1",', '"fleet_id": "f-1",,'),
        "3:21: this is not JSON: Expecting property name enclosed in double quotes",
    ),
    "a list": ("[]", "1:1: the document must be an object {...}"),
    "a decky twice": (
        GOOD.replace('"web-2": {', '"web-1": {'),
        "15:5: deckies.web-1 appears twice",
    ),
    "a number as address": (
        GOOD.replace('"192.0.2.101"', "5"),
        "17:24: deckies.web-2.home.address must be text, not 5",
    ),
    "no address": (
        GOOD.replace('"address": "192.0.2.101",\n', ""),
        "17:23: deckies.web-2.home.address is missing",
    ),
    "a misspelled field": (
        GOOD.replace('"mac": "02:42:c0:00:02:01"', '"mak": "02:42:c0:00:02:01"'),
        "11:9: deckies.web-1.home.mak is not known here; did you mean mac? (and 1 more)",
    ),
    "an unknown field": (
        GOOD.replace('"services": {},', '"services": {}, "mutate_intervall": 5,'),
        "19:23: deckies.web-2.mutate_intervall is not known here; did you mean mutate_interval?",
    ),
    "an unknown driver": (
        GOOD.replace('"macvlan"', '"vlan"'),
        "5:15: lans.local.driver must be 'macvlan', 'ipvlan' or 'bridge', not \"vlan\"",
    ),
    "a bad MAC": (
        GOOD.replace("02:42:c0:00:02:01", "02-42-C0-00-02-01"),
        "11:9: deckies.web-1.home.mac must be a MAC address such as 02:42:c0:00:02:64, in lower case,"
        ' not "02-42-C0-00-02-01"',
    ),
    "a bad name": (
        GOOD.replace("web-2", "Web_2"),
        "15:5: deckies.Web_2 must be a name: lower case letters, digits and inner hyphens, at most 40"
        " (and 1 more)",
    ),
    "a bad service": (
        GOOD.replace('"ssh": {', '"S S": {'),
        "12:20: deckies.web-1.services.S S must be a service's name: lower case letters, digits, - and _,"
        " at most 32",
    ),
    "a list as setting": (
        GOOD.replace('"port": 22', '"port": [22]'),
        "12:28: deckies.web-1.services.ssh.port must be text, a number, true or false",
    ),
    "not a number": (
        GOOD.replace('"port": 22', '"port": NaN'),
        "12:28: deckies.web-1.services.ssh.port is not a valid number",
    ),
    "infinity": (
        GOOD.replace('"port": 22', '"port": 1e999'),
        "12:28: deckies.web-1.services.ssh.port is not a valid number",
    ),
    "a huge number": (
        GOOD.replace('"port": 22', '"port": ' + "9" * 25),
        "12:28: deckies.web-1.services.ssh.port is not a valid number",
    ),
    "half a character": (
        GOOD.replace('"port": 22', '"port": "\\ud800"'),
        "12:28: deckies.web-1.services.ssh.port has half a character (a surrogate)",
    ),
    "one address twice": (
        GOOD.replace("192.0.2.101", "192.0.2.100"),
        "17:24: deckies.web-2.home.address is 192.0.2.100, which web-1 has already",
    ),
    "one MAC twice": (
        GOOD.replace("00:02:02", "00:02:01"),
        "18:9: deckies.web-2.home.mac is 02:42:c0:00:02:01, which web-1 has already",
    ),
    "an unknown LAN": (
        GOOD.replace('"web-1", "worker": "local"', '"web-1", "worker": "w9"'),
        "9:24: deckies.web-1.worker is w9, and lans has no w9",
    ),
    "an address outside": (
        GOOD.replace("192.0.2.101", "198.51.100.7"),
        "17:24: deckies.web-2.home.address is 198.51.100.7, which is not in 192.0.2.0/24",
    ),
    "no address at all": (
        GOOD.replace("192.0.2.101", "192.0.2.256"),
        "17:24: deckies.web-2.home.address must be an address such as 192.0.2.100",
    ),
    "a subnet with host bits": (
        GOOD.replace("192.0.2.0/24", "192.0.2.5/24"),
        "5:57: lans.local.subnet must be a network, and 192.0.2.5/24 is a host in 192.0.2.0/24",
    ),
    "another name than its key": (
        GOOD.replace('"name": "web-2"', '"name": "web-3"'),
        "16:7: deckies.web-2.name is web-3: it must be its key, web-2",
    ),
    "a gateway that is none": (
        GOOD.replace('"gateway": "192.0.2.1"', '"gateway": "nope"'),
        '5:83: lans.local.gateway must be an IPv4 address like 192.0.2.10, not "nope"',
    ),
    "no gateway": (
        GOOD.replace('"gateway": "192.0.2.1"', '"gateway": ""'),
        '5:83: lans.local.gateway must be an IPv4 address like 192.0.2.10, not ""',
    ),
    "a gateway outside": (
        GOOD.replace('"gateway": "192.0.2.1"', '"gateway": "198.51.100.1"'),
        "5:83: lans.local.gateway is 198.51.100.1, which is not within the subnet 192.0.2.0/24",
    ),
    "an interface that is none": (
        GOOD.replace('"eth0"', '"eth0;rm -rf"'),
        '5:36: lans.local.interface must be an interface\'s name like eth0, not "eth0;rm -rf"',
    ),
    "a range that is none": (
        GOOD.replace('"gateway": "192.0.2.1"', '"gateway": "192.0.2.1", "exclude": ["x-y"]'),
        '5:107: lans.local.exclude has "x-y": must be an address, a range like 192.0.2.10-192.0.2.20, or a'
        " block like 192.0.2.64/26",
    ),
    "a hostname that is none": (
        GOOD.replace('"hostname": "g"', '"hostname": "a;b\\u001b"'),
        "16:43: deckies.web-2.hostname must be letters, digits and inner hyphens, at most 63, not"
        r' "a;b\x1b"',
    ),
    "no hostname": (
        GOOD.replace('"hostname": "g"', '"hostname": ""'),
        '16:43: deckies.web-2.hostname must be letters, digits and inner hyphens, at most 63, not ""',
    ),
    "the gateway's address": (
        GOOD.replace("192.0.2.101", "192.0.2.1"),
        "17:24: deckies.web-2.home.address is 192.0.2.1, which is the gateway",
    ),
    "the broadcast address": (
        GOOD.replace("192.0.2.101", "192.0.2.255"),
        "17:24: deckies.web-2.home.address is 192.0.2.255, which is the broadcast address",
    ),
    "hours that are none": (
        GOOD.replace("{", '{"mutate_hours": "all day",', 1),
        '1:2: mutate_hours must be like "Mon-Fri 07:00-19:00, Sat 22:00-02:00", or "always", not "all day"',
    ),
    "an interval that ends at once": (
        GOOD.replace('"services": {},', '"services": {}, "mutate_interval": 0,'),
        "19:23: deckies.web-2.mutate_interval must be minutes, 1 or more, not 0",
    ),
    "an interval before its begin": (
        GOOD.replace('"services": {},', '"services": {}, "mutate_interval": -5,'),
        "19:23: deckies.web-2.mutate_interval must be minutes, 1 or more, not -5",
    ),
    "a core that is no list of services": (
        GOOD.replace('"services": {},', '"services": {}, "core": ["SSH"],'),
        "19:32: deckies.web-2.core.0 must be a name: lower case letters, digits and inner hyphens, at most "
        '40, not "SSH"',
    ),
    "no fleet": ('{"schema_version": 2}', "1:1: fleet_id is missing"),
    "an escape sequence": (
        GOOD.replace('"192.0.2.101"', '"192.0.2.101", "\\u001b[2J": 1'),
        r"17:50: deckies.web-2.home.\x1b[2J is not known here",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_content_is_refused_with_line_column_and_reason(home: Home, case: str) -> None:
    content, complaint = BAD[case]
    # In short above: the deckies are those of the fleet's own project.
    complaint = complaint.replace(" deckies.", " projects.decnet.deckies.").replace(
        ".home.", ".attachments.0."
    )
    home.state.write_text(content)
    with pytest.raises(SpecError) as refused:
        load_fleet(home)
    assert refused.value.message == f"{home.state}:{complaint}"
    assert refused.value.exit_code == 2
    assert home.state.read_text() == content


def test_bytes_that_are_not_text_are_refused_with_their_place(home: Home) -> None:
    home.state.write_bytes(GOOD.encode().replace(b"f-1", b"f-\xff"))
    with pytest.raises(SpecError, match=r":3:18: the bytes from here on are not UTF-8 text"):
        load_fleet(home)


def test_deep_nesting_is_refused(home: Home) -> None:
    home.state.write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(SpecError, match="nested too deeply"):
        load_fleet(home)


def test_a_file_edited_by_hand_is_read_in_any_layout(home: Home) -> None:
    home.state.write_text(GOOD)
    one = load_fleet(home)
    home.state.write_text(json.dumps(json.loads(GOOD), indent=None))
    assert one is not None
    assert load_fleet(home) == one
    assert list(one.deckies) == ["web-1", "web-2"]


def test_damage_names_the_last_good_copy_and_the_command_that_restores_it(
    home: Home, fleet_of: Fleets
) -> None:
    save_fleet(home, fleet_of("web-1"))
    home.state.write_bytes(b"")
    with pytest.raises(SpecError) as refused:
        load_fleet(home)
    restore = f"cp {last_copy(home.state)} {home.state}"
    assert refused.value.hint == f"correct it there, or restore the last good copy: {restore}"
    home.state.write_bytes(last_copy(home.state).read_bytes())
    assert load_fleet(home) == fleet_of("web-1")


def test_a_damaged_copy_is_not_named(home: Home, fleet_of: Fleets) -> None:
    save_fleet(home, fleet_of("web-1"))
    home.state.write_bytes(b"{")
    last_copy(home.state).write_bytes(b"{")
    with pytest.raises(SpecError) as refused:
        load_fleet(home)
    assert refused.value.hint is None


def test_a_file_that_is_gone_is_not_an_empty_fleet(home: Home, fleet_of: Fleets) -> None:
    assert load_fleet(home) is None
    save_fleet(home, fleet_of("web-1"))
    home.state.unlink()
    with pytest.raises(StateBroken, match="is missing, but its last good copy exists"):
        load_fleet(home)


def test_a_newer_schema_is_refused_and_left_as_it_is(home: Home) -> None:
    newer = GOOD.replace('"schema_version": 2', '"schema_version": 3')
    home.state.write_text(newer)
    with pytest.raises(
        StateBroken, match=r"was written by a newer decnet \(its schema_version is 3, not 2\)"
    ):
        load_fleet(home)
    assert home.state.read_text() == newer


@pytest.mark.parametrize("version", ["true", '"1"', "-1", "1.0", "null"])
def test_a_schema_version_that_is_none_is_refused(home: Home, version: str) -> None:
    home.state.write_text(GOOD.replace('"schema_version": 2', f'"schema_version": {version}'))
    with pytest.raises(StateBroken, match="schema_version is (missing|not a number)"):
        load_fleet(home)


def rehomed(decky: Decky, **changes: str) -> Decky:
    """The decky with another address or MAC at home."""
    return decky.model_copy(update={"attachments": (decky.attachments[0].model_copy(update=changes),)})


OLDER = """{
  "schema_version": 1,
  "fleet_id": "f-1",
  "lans": {
    "local": {"driver": "macvlan", "interface": "eth0", "subnet": "192.0.2.0/24", "gateway": "192.0.2.1"}
  },
  "deckies": {
    "web-1": {
      "name": "web-1", "worker": "local", "hostname": "h", "os": "linux", "release": "debian-12",
      "ip": "192.0.2.100", "mac": "02:42:c0:00:02:01", "services": {"ssh": {"port": 22}},
      "seed": "00000000000000000000000000000000", "spec_hash": "a"
    }
  },
  "confirmed": ["192.0.2.0/24"]
}
"""


def test_a_state_file_of_version_0_1_0_is_migrated_and_kept(home: Home) -> None:
    home.state.write_text(OLDER)
    fleet = load_fleet(home)
    assert fleet is not None and list(fleet.projects) == ["decnet"]
    decky = fleet.deckies["web-1"]
    assert decky.attachments == (Attachment(address="192.0.2.100", mac="02:42:c0:00:02:01"),)
    assert (fleet.confirmed, decky.services) == (("192.0.2.0/24",), {"ssh": {"port": 22}})
    assert home.state.read_text() == OLDER

    save_fleet(home, fleet)
    assert (home.root / "decnet-state.json.v1").read_text() == OLDER
    assert load_fleet(home) == fleet


def test_a_schema_that_nothing_leads_away_from_is_refused(home: Home) -> None:
    home.state.write_text(OLDER.replace('"schema_version": 1', '"schema_version": 0'))
    with pytest.raises(StateBroken, match="has schema_version 0, which this decnet cannot read any more"):
        load_fleet(home)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"ip": "192.0.2.100"', '"ip": 5', "attachments.0.address must be text, not 5"),
        ('"ip": "192.0.2.100", ', "", "attachments.0.address is missing"),
        ('"deckies": {', '"deckies": 7, "x": {', "x is not known here"),
        ('"services"', '"servces"', "web-1.servces is not known here; did you mean services?"),
    ],
)
def test_a_mistake_in_an_older_state_file_is_named_too(home: Home, old: str, new: str, reason: str) -> None:
    home.state.write_text(OLDER.replace(old, new))
    with pytest.raises(SpecError) as refused:
        load_fleet(home)
    assert reason in refused.value.message


def test_an_address_on_two_lans_is_two_addresses(home: Home, fleet_of: Fleets) -> None:
    fleet = fleet_of("web-1", "web-2")
    one, two = fleet.deckies.values()
    bridge = fleet.lans["local"].model_copy(update={"driver": "bridge"})
    apart = fleet.model_copy(update={"lans": {"local": bridge, "w2": bridge}}).with_deckies(
        {"web-1": one, "web-2": two.model_copy(update={"worker": "w2", "ip": one.ip})}
    )
    save_fleet(home, apart)
    assert load_fleet(home) == apart
    mac = rehomed(apart.deckies["web-2"], mac=one.mac)
    with pytest.raises(Failed, match="mac is .*, which web-1 has already"):
        save_fleet(home, apart.with_deckies({**apart.deckies, "web-2": mac}))


def test_a_fleet_that_would_be_refused_is_never_written(home: Home, fleet_of: Fleets) -> None:
    twice = fleet_of("web-1", "web-2")
    same = rehomed(twice.deckies["web-2"], address=twice.deckies["web-1"].ip)
    with pytest.raises(Failed, match=r"web-2.attachments.0.address is 192.0.2.100, which web-1 has already"):
        save_fleet(home, twice.with_deckies({**twice.deckies, "web-2": same}))
    endless = twice.deckies["web-1"].model_copy(update={"services": {"ssh": {"delay": float("inf")}}})
    with pytest.raises(Failed, match="cannot be written"):
        save_fleet(home, twice.with_deckies({"web-1": endless}))
    huge = twice.deckies["web-1"].model_copy(update={"services": {"ssh": {"delay": 2**70}}})
    with pytest.raises(Failed, match="cannot be written"):
        save_fleet(home, twice.with_deckies({"web-1": huge}))
    assert not home.state.exists()


def test_each_new_fleet_has_an_id_of_its_own() -> None:
    assert new_fleet().fleet_id != new_fleet().fleet_id
    assert new_fleet(UUID(int=7)).fleet_id == str(UUID(int=7))


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
HOSTNAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SETTING = st.one_of(
    TEXT, st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)
)
SERVICES = st.dictionaries(
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True),
    st.dictionaries(TEXT, SETTING, max_size=3),
    max_size=3,
)

MOMENTS = st.integers(0, 10**11)
LISTED = st.none() | st.lists(st.sampled_from(["ssh", "http", "smtp_relay"]), unique=True).map(tuple)


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    names = draw(st.lists(NAMES, unique=True, max_size=6))
    lan = Network(
        driver="macvlan", interface="eth0", subnet="10.0.0.0/16", gateway="10.0.0.1", use=("10.0.0.0/17",)
    )
    deckies = {
        name: Decky(
            name=name,
            worker="local",
            attachments=(Attachment(address=f"10.0.{number}.9", mac=f"02:42:00:00:00:{number:02x}"),),
            hostname=draw(HOSTNAMES),
            os="linux",
            release=draw(TEXT),
            services=draw(SERVICES),
            seed="0" * 32,
            spec_hash="a",
            mutated_at=draw(st.none() | st.floats(0, 1e12)),
            previous=draw(st.none() | st.lists(TEXT, max_size=3).map(tuple)),
            core=draw(LISTED),
            side=draw(LISTED),
            roles=draw(st.none() | st.lists(TEXT, max_size=2).map(tuple)),
            role_changed=draw(st.booleans()),
            since=draw(st.none() | MOMENTS),
            service_since=draw(st.dictionaries(st.sampled_from(["ssh", "http"]), MOMENTS)),
            service_first=draw(st.dictionaries(st.sampled_from(["ssh", "http"]), MOMENTS)),
        )
        for number, name in enumerate(names)
    }
    gone = draw(st.sets(st.sampled_from(names))) if names else set()
    away = {
        name: Away(decky=deckies.pop(name), role=draw(TEXT), until=draw(MOMENTS)) for name in sorted(gone)
    }
    return Fleet(fleet_id=draw(TEXT), lans={"local": lan}, away=away).with_deckies(deckies)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fleet=fleets())
def test_any_fleet_reads_as_it_was_written(home: Home, fleet: Fleet) -> None:
    save_fleet(home, fleet)
    assert load_fleet(home) == fleet
    last_copy(home.state).unlink()
    assert load_fleet(home) == fleet
    home.state.write_text(json.dumps(json.loads(home.state.read_bytes()), indent=7))
    assert load_fleet(home) == fleet
    home.state.unlink()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fleet=fleets(), cut=st.floats(0, 1), tail=st.sampled_from([b"", b"\0", b"}", b"{}", b"\xff", b"null"]))
def test_any_truncation_or_tail_is_refused(home: Home, fleet: Fleet, cut: float, tail: bytes) -> None:
    whole = render(fleet).rstrip()
    kept = whole[: int(len(whole) * cut)] if not tail else whole
    home.state.write_bytes((kept if kept != whole or tail else whole[:-1]) + tail)
    with pytest.raises(SpecError):
        load_fleet(home)
