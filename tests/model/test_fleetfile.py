"""A fleet file is read whole, or refused with every mistake, its line, and what was meant."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.errors import SpecError
from decnet.model import fleetfile, fleetkeys, toml_text
from decnet.model.event_settings import EventSettings, Retention, event_settings
from decnet.model.fleetwriter import to_toml
from decnet.model.spec import AddressesSpec, DeckySpec, FleetSpec, NetworkSpec

WHOLE = """\
mutate_interval = 30            # minutes
[network]
interface = "eth0"
subnet = "192.0.2.0/24"
gateway = "192.0.2.1"
driver = "ipvlan"
addresses = { use = ["192.0.2.100-192.0.2.150"], exclude = ["192.0.2.120"] }

[decky.web]
archetype = "web-server"
services = [
  "http",
  "ssh",
]
os = "linux"
ip = "192.0.2.110"
worker = "local"
hostname = "web01"
mac = "00-50-56-AA-00-01"
mutate_interval = 60
randomize_services = false
[decky.web.settings.ssh]
credentials = "root:100%,ünï:\\u00e9"
accept_after = 3
[decky.web.settings.http]
login = true

[decky.db]
count = 2
randomize_services = true
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        fleetfile.parse(text, "fleet.toml")
    return caught.value.message.split("\n")


def entry(line: str) -> str:
    return f"[decky.web]\n{line}\n"


def test_every_key_is_read() -> None:
    spec = fleetfile.parse(WHOLE, "fleet.toml")
    assert replace(spec, places={}) == FleetSpec(
        mutate_interval=30,
        network=NetworkSpec(
            interface="eth0",
            subnet="192.0.2.0/24",
            gateway="192.0.2.1",
            driver="ipvlan",
            addresses=AddressesSpec(use=("192.0.2.100-192.0.2.150",), exclude=("192.0.2.120",)),
        ),
        deckies=(
            DeckySpec(
                name="web",
                archetype="web-server",
                services=("http", "ssh"),
                settings={
                    "ssh": {"credentials": "root:100%,ünï:é", "accept_after": 3},
                    "http": {"login": True},
                },
                os="linux",
                ip="192.0.2.110",
                mac="00:50:56:aa:00:01",
                hostname="web01",
                worker="local",
                mutate_interval=60,
                place="fleet.toml:9",
            ),
            DeckySpec(name="db", count=2, randomize_services=True, place="fleet.toml:28"),
        ),
    )


def test_what_stays_and_what_comes_and_goes_is_read_for_a_decky_and_for_all() -> None:
    text = 'core = ["ssh"]\nside = ["http"]\n[decky.web]\nservices = ["http"]\ncore = []\nside = ["ftp"]\n'
    spec = fleetfile.parse(text, "fleet.toml")
    assert (spec.core, spec.side) == (("ssh",), ("http",))
    assert [(decky.core, decky.side) for decky in spec.deckies] == [((), ("ftp",))]
    assert (spec.place("side"), spec.place("decky", "web", "side")) == ("fleet.toml:2", "fleet.toml:6")


def test_every_place_is_kept_for_the_plan_to_point_to() -> None:
    spec = fleetfile.parse(WHOLE, "fleet.toml")
    assert spec.place("decky", "web", "services", 1) == "fleet.toml:13"
    assert spec.place("decky", "web", "settings", "ssh", "accept_after") == "fleet.toml:24"
    assert spec.place("decky", "db", "services") == "fleet.toml:28"
    assert spec.place("network", "addresses", "use") == "fleet.toml:7"
    assert FleetSpec().place("decky", "web") == ""


def test_the_same_file_with_a_byte_order_mark_and_windows_line_ends_is_the_same_fleet() -> None:
    content = b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()
    assert fleetfile.parse_bytes(content, "fleet.toml") == fleetfile.parse(WHOLE, "fleet.toml")


def test_three_errors_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = (
        WHOLE.replace("services = [", "serivces = [")
        .replace(".110", ".1")
        .replace("count = 2", 'count = "two"')
    )
    with pytest.raises(SpecError) as caught:
        fleetfile.parse(text, "fleet.toml")
    error = caught.value
    assert error.message.split("\n") == [
        "fleet.toml:11: unknown key `serivces` in [decky.web] (did you mean `services`?)",
        "fleet.toml:16: `ip` in [decky.web] is the gateway's",
        'fleet.toml:29: `count` in [decky.db] must be a whole number from 1 to 100, not "two"',
    ]
    assert (error.place, error.exit_code) == ("fleet.toml:11", 2)
    assert error.hint == "3 mistakes in fleet.toml"


@pytest.mark.parametrize(
    ("title", "hint"),
    [
        ("[[decky]]", "a decky is a table with its name: [decky.NAME]"),
        ("[[deckies]]", "did you mean [decky.NAME]?"),
    ],
)
def test_the_hint_for_a_list_of_deckies_shows_how_one_is_written(title: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        fleetfile.parse(f"{title}\nname = 'web'\n", "fleet.toml")

    assert caught.value.hint == hint


def test_one_mistake_has_its_own_hint() -> None:
    with pytest.raises(SpecError) as caught:
        fleetfile.parse(entry('serivces = ["ssh"]'), "fleet.toml")
    assert caught.value.message == "fleet.toml:2: unknown key `serivces` in [decky.web]"
    assert caught.value.hint == "did you mean `services`?"


def test_hundreds_of_mistakes_are_cut() -> None:
    lines = mistakes("[decky.web]\n" + "".join(f"key{n} = 1\n" for n in range(300)))
    assert len(lines) == 21
    assert lines[-1] == "and 280 more"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("count = 0", "`count` in [decky.web] must be a whole number from 1 to 100, not 0"),
        ("count = 101", "`count` in [decky.web] must be a whole number from 1 to 100, not 101"),
        ("count = 2.0", "`count` in [decky.web] must be a whole number from 1 to 100, not 2.0"),
        ("count = true", "`count` in [decky.web] must be a whole number from 1 to 100, not true"),
        ("count = 99999999999999999999", "`count` in [decky.web] must be a whole number from 1 to 100"),
        (
            "mutate_interval = 0",
            "`mutate_interval` in [decky.web] must be a whole number from 1 to 525600, not 0",
        ),
        ('randomize_services = "yes"', 'must be true or false, not "yes"'),
        ("randomize_services = 1", "must be true or false, not 1"),
        ('services = "ssh"', '`services` in [decky.web] must be a list of texts, not "ssh"'),
        ("services = []", "must name at least one service"),
        ("services = [1]", "must be a list of service names, and 1 is not one"),
        ('services = [["ssh"]]', "must be a list of service names"),
        ('services = ["ssh", "a b"]', 'and "a b" is not one'),
        ('services = ["ssh", "http", "ssh"]', "names ssh twice"),
        ('core = "ssh"', '`core` in [decky.web] must be a list of texts, not "ssh"'),
        ('core = ["ssh", "ssh"]', "`core` in [decky.web] names ssh twice"),
        ("side = [1]", "`side` in [decky.web] must be a list of service names, and 1 is not one"),
        ('side = ["a b"]', 'and "a b" is not one'),
        ("archetype = 5", "`archetype` in [decky.web] must be text, not 5"),
        ('archetype = ""', "must be one word"),
        ('os = "lin\\nux"', "must be one word"),
        ("os = 1979-05-27", "must be text, not 1979-05-27"),
        ('ip = "192.0.2.300"', 'must be an IPv4 address like 192.0.2.10, not "192.0.2.300"'),
        ('ip = "192.0.2.10/24"', "must be an IPv4 address"),
        ('ip = "2001:db8::1"', "must be an IPv4 address"),
        ('ip = "192.0.2.010"', "must be an IPv4 address"),
        ('ip = "٣.0.0.1"', "must be an IPv4 address"),
        ('ip = "224.0.0.1"', "must be an address for a host"),
        ('ip = "255.255.255.255"', "must be an address for a host"),
        ('ip = "127.0.0.1"', "must be an address for a host"),
        ('ip = "0.0.0.0"', "must be an address for a host"),
        ('mac = "00:50:56:12:34"', "must be a MAC address"),
        ('mac = "01:50:56:12:34:56"', "must be the address of one host"),
        ('mac = "00:00:00:00:00:00"', "must be the address of one host"),
        ('mac = "02:42:c0:00:02:01"', "Docker's prefix"),
        ('hostname = "a.b"', "must be letters, digits and inner hyphens"),
        ('hostname = "-a"', "must be letters, digits and inner hyphens"),
        ('hostname = "über"', "must be letters, digits and inner hyphens"),
        ('hostname = "a\\n"', "must be letters, digits and inner hyphens"),
        ('hostname = "' + "a" * 64 + '"', "at most 63"),
        ('worker = "W 2"', "must be lower case letters, digits and inner hyphens, at most 40"),
        ("settings = 3", "`settings` in [decky.web] must be a table, not 3"),
        ("settings.ssh = 3", "[decky.web.settings.ssh] must be a table"),
        ("settings.ssh.x = [1]", "`x` in [decky.web.settings.ssh] must be text, a number, or true or false"),
        ("settings.ssh.x = nan", "must be a finite number"),
        ("settings.ssh.x = 9007199254740993", "is too large a number"),
        ('settings.ssh.x = "\\u0000"', "must not hold a NUL character"),
        ('settings.ssh.x = "' + "a" * 4097 + '"', "must be at most 4096 characters"),
        ("settings.ssh." + "k" * 65 + " = 1", "is too long a name"),
        ('settings."s s h".x = 1', "is not a valid service name"),
        ('"ser\\u0000vices" = 1', "unknown key `ser\\x00vices`"),
        ('"\\u001b[31m" = 1', "unknown key `\\x1b[31m`"),
    ],
)
def test_a_wrong_value_is_refused_with_what_it_has_to_be(line: str, complaint: str) -> None:
    first = mistakes(entry(line))
    assert len(first) == 1
    assert first[0].startswith("fleet.toml:2: ")
    assert complaint in first[0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "fleet.toml:1: no decky is defined"),
        ("[decky]", "fleet.toml:1: no decky is defined"),
        ("[network]\n", "fleet.toml:1: no decky is defined"),
        ("\ndecky = 3", "fleet.toml:2: `decky` must be a table, not 3"),
        ("[[decky]]\nname = 'web'", "fleet.toml:1: `decky` must be a table, not a list"),
        ("[[deckies]]\nname = 'web'", "fleet.toml:1: unknown key `deckies`"),
        ('[web]\nservices = ["ssh"]', "fleet.toml:1: unknown key `web`"),
        ("[decky]\nservices = ['ssh']", "fleet.toml:2: unknown key `services` in [decky]"),
        ("[decky.a]", "fleet.toml:1: the name of [decky.a] must be 2 to 40 lower case letters"),
        ("[decky.Web]", "fleet.toml:1: the name of [decky.Web] must be 2 to 40 lower case letters"),
        ('[decky."a/../b"]', "fleet.toml:1: the name of [decky.a/../b] must be 2 to 40 lower case"),
        ("[decky." + "a" * 41 + "]", "fleet.toml:1: the name of"),
        ("[decky." + "a" * 39 + "]\ncount = 2", "fleet.toml:1: the name of"),
        ("[decky.web]\n[networks]", "fleet.toml:2: unknown key `networks`"),
        (
            "network.driver = 'macvlann'\n[decky.web]",
            "fleet.toml:1: `driver` in [network] must be one of macvlan",
        ),
        (
            "network.subnet = '192.0.2.5/24'\n[decky.web]",
            "must be a network, and 192.0.2.5/24 is a host in 192.0.2.0/24",
        ),
        ("network.subnet = '192.0.2.0'\n[decky.web]", "must be a network like 192.0.2.0/24"),
        ("network.subnet = '192.0.2.0/31'\n[decky.web]", "must be a network of /16 to /30, not /31"),
        ("network.subnet = '172.16.0.0/12'\n[decky.web]", "must be a network of /16 to /30, not /12"),
        ("network.interface = 'a/b'\n[decky.web]", "must be an interface's name"),
        ("network.addresses.use = ['192.0.2.9-192.0.2.1']\n[decky.web]", "ends before it begins"),
        ("network.addresses.use = ['x']\n[decky.web]", "must be an address, a range like"),
        ("network.addresses.use = [3]\n[decky.web]", "an entry must be text"),
        (
            "network.subnet = '192.0.2.0/24'\nnetwork.addresses.use = ['198.51.100.0/28']\n[decky.web]",
            "fleet.toml:2: `use` has 198.51.100.0/28, which is not within the subnet 192.0.2.0/24",
        ),
        (
            "network.subnet = '192.0.2.0/24'\nnetwork.gateway = '192.0.3.1'\n[decky.web]",
            "fleet.toml:2: `gateway` is 192.0.3.1, which is not within the subnet",
        ),
        (
            "network.subnet = '192.0.2.0/24'\n[decky.web]\nip = '192.0.2.255'",
            "fleet.toml:3: `ip` in [decky.web] is 192.0.2.255, the network's or the broadcast address",
        ),
        (
            "[decky.aa]\nip = '192.0.2.9'\n[decky.bb]\nip = '192.0.2.9'",
            "fleet.toml:4: `ip` in [decky.bb] is also that of",
        ),
        (
            "[decky.aa]\nip = '192.0.2.9'\nworker = 'w1'\n[decky.bb]\nip = '192.0.2.9'\nworker = 'w1'",
            "fleet.toml:5: `ip` in [decky.bb] is also that of",
        ),
        (
            "[decky.aa]\nmac = '00:50:56:00:00:0A'\n[decky.bb]\nmac = '00-50-56-00-00-0a'",
            "fleet.toml:4: `mac` in [decky.bb] is also that of [decky.aa]",
        ),
        (
            "[decky.aa]\nhostname = 'X'\n[decky.bb]\nhostname = 'x'",
            "fleet.toml:4: `hostname` in [decky.bb] is also",
        ),
        (
            "[decky.aa]\ncount = 2\nip = '192.0.2.9'",
            "fleet.toml:3: `ip` in [decky.aa] is for one decky, and its",
        ),
        (
            "[decky.aa]\ncore = ['ssh']\nside = ['ftp', 'ssh']",
            "fleet.toml:3: `side` in [decky.aa] names ssh, which `core` names too",
        ),
        (
            "core = ['ssh']\nside = ['ssh']\n[decky.aa]",
            "fleet.toml:2: `side` names ssh, which `core` names too",
        ),
        (
            "[decky.aa]\ncount = 2\n[decky.aa-02]",
            "fleet.toml:3: [decky.aa-02] and [decky.aa] both define a decky named aa-02",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(text: str, complaint: str) -> None:
    found = mistakes(text)
    assert len(found) == 1
    assert complaint in found[0]


def test_an_address_of_another_workers_lan_is_left_to_the_plan() -> None:
    text = "network.subnet = '192.0.2.0/24'\n[decky.web]\nworker = 'w2'\nip = '198.51.100.9'"
    assert fleetfile.parse(text, "f").deckies[0].ip == "198.51.100.9"


def test_a_password_is_never_in_a_message() -> None:
    secret = "hunter2"
    for line in (f'settings.ssh = "{secret}"', f'settings.ssh.credentials = ["{secret}"]'):
        assert secret not in "".join(mistakes(entry(line)))


def test_keys_of_a_decky_are_those_of_its_noun() -> None:
    assert set(fleetkeys.DECKY) == set(DeckySpec.__dataclass_fields__) - {"name", "place"}
    assert set(fleetkeys.NETWORK) == set(NetworkSpec.__dataclass_fields__)
    assert set(fleetkeys.ADDRESSES) == set(AddressesSpec.__dataclass_fields__)
    tables = {"deckies": "decky", "rollouts": "rollout"}
    spelled = {tables.get(name, name) for name in FleetSpec.__dataclass_fields__}
    assert set(fleetkeys.FLEET) == spelled - {"places"}


@pytest.mark.parametrize(
    "spelled", ["192.0.2.1", "192.0.2.1-192.0.2.9", "192.0.2.0/28", " 192.0.2.1 - 192.0.2.2 "]
)
def test_addresses_are_single_ranges_or_blocks(spelled: str) -> None:
    text = f"network.addresses.use = ['{spelled}']\n[decky.web]"
    assert fleetfile.parse(text, "f").network.addresses.use == (spelled,)


SCALARS = st.integers() | st.floats() | st.booleans() | st.text(max_size=20).map(lambda text: f"'{text}'")
LINES = st.lists(
    st.sampled_from(
        [
            "[network]",
            "[decky.web]",
            "[decky.web.settings.ssh]",
            "[[decky]]",
            "[decky.'']",
            "{",
            "}",
            '"""',
            "'''",
            "]",
        ]
    )
    | st.builds(
        lambda key, value: f"{key} = {value}",
        st.sampled_from([*fleetkeys.DECKY, *fleetkeys.NETWORK, "use", "x.y", "''"]),
        SCALARS | st.lists(SCALARS, max_size=2).map(lambda items: f"[{', '.join(map(str, items))}]"),
    ),
    max_size=12,
)


@given(LINES)
@settings(max_examples=300)
def test_any_text_is_a_fleet_or_one_refusal_with_a_place(lines: list[str]) -> None:
    try:
        fleetfile.parse("\n".join(lines), "fleet.toml")
    except SpecError as error:
        assert error.message.startswith("fleet.toml:")
        assert all(char.isprintable() or char == "\n" for char in error.message)


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_are_a_fleet_or_one_refusal(content: bytes) -> None:
    try:
        fleetfile.parse_bytes(content, "fleet.toml")
    except SpecError as error:
        assert error.message.startswith("fleet.toml")


@given(st.integers(0, 2**32 - 1))
def test_an_address_that_is_taken_is_one_that_a_host_can_have(number: int) -> None:
    address = IPv4Address(number)
    usable = 0 < number >> 24 < 224 and number >> 24 != 127
    text = f"[decky.web]\nip = '{address}'"
    if usable:
        assert fleetfile.parse(text, "f").deckies[0].ip == str(address)
    elif number >> 24:
        assert len(mistakes(text)) == 1


def test_the_largest_file_is_read_in_bounded_memory_and_a_larger_one_is_refused() -> None:
    filler = "# " + "x" * 100 + "\n"
    text = "[decky.web]\n" + filler * ((toml_text.MAX_BYTES - 20) // len(filler))
    assert fleetfile.parse_bytes(text.encode(), "f").deckies[0].name == "web"
    with pytest.raises(SpecError, match="larger than"):
        fleetfile.parse_bytes((text + filler * 2).encode(), "f")


ENTRY = entry('services = ["http"]')


@pytest.mark.parametrize(
    ("written", "retention"),
    [
        ("", Retention()),
        ("[events]", Retention()),
        ("[events.retention]\ndays = 90", Retention(days=90)),
        ('[events.retention]\nsize = "500 MiB"', Retention(size=500 << 20)),
        ('[events]\nretention = { days = 1, size = "10GiB" }', Retention(days=1, size=10 << 30)),
    ],
)
def test_how_long_events_are_kept_is_read(written: str, retention: Retention) -> None:
    spec = fleetfile.parse(written + "\n" + ENTRY, "fleet.toml")
    assert spec.events is not None
    assert event_settings(spec.events) == EventSettings(retention=retention)
    assert fleetfile.parse(to_toml(spec), "fleet.toml").events == spec.events


@pytest.mark.parametrize(
    ("written", "mistake"),
    [
        ("days = 0", "`days` in [events.retention] must be a whole number from 1 to 36500, not 0"),
        ('days = "9"', '`days` in [events.retention] must be a whole number from 1 to 36500, not "9"'),
        ("size = 5", "`size` in [events.retention] must be text, not 5"),
        (
            'size = "5 GB"',
            '`size` in [events.retention] must be a size like "500 MiB" or "10 GiB", not "5 GB"',
        ),
        ('size = "5 KiB"', "`size` in [events.retention] must be at least 1 MiB"),
        ("dasy = 5", "unknown key `dasy` in [events.retention]"),
    ],
)
def test_a_retention_that_cannot_be_is_refused(written: str, mistake: str) -> None:
    text = f"[events.retention]\n{written}\n{ENTRY}"
    assert mistakes(text)[0] == f"fleet.toml:2: {mistake}"
