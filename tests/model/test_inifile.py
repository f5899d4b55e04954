"""An INI file of an older system becomes the same fleet in TOML, or every invalid line of it is reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet import catalog
from decnet.errors import SpecError
from decnet.model import fleetfile, inifile
from decnet.model.catalog_entries import Port, Service
from decnet.model.fleetwriter import services_to_toml, to_toml
from decnet.model.spec import AddressesSpec, DeckySpec, FleetSpec, NetworkSpec

OLD = """\
; an old fleet
[general]
net = 192.0.2.0/24
gw = 192.0.2.1
interface = eth0
mutate_interval = 30

[custom-intra]
binary = registry.example/intra:1
exec = serve --title "a b"
ports = 8080, 5353/udp

[db.ssh]
credentials = root:100%,a:b=c
accept_after = 3

[Web_1]
IP: 192.0.2.110
services = ssh, http,
   custom-intra
# a comment
nmap_os = linux

[Web_1.http]
login = yes
[db]
amount = 3
archetype = database-server
mutate_interval = 5
"""


def parsed(text: str) -> inifile.OldFleet:
    return inifile.parse(text, "old.ini", catalog.load())


def mistakes(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        parsed(text)
    assert caught.value.exit_code == 2
    return caught.value.message.split("\n")


def test_every_key_of_the_old_file_is_read() -> None:
    assert parsed(OLD) == inifile.OldFleet(
        spec=FleetSpec(
            network=NetworkSpec(interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1"),
            mutate_interval=30,
            deckies=(
                DeckySpec(
                    name="web-1",
                    ip="192.0.2.110",
                    services=("ssh", "http", "intra"),
                    os="linux",
                    settings={"http": {"login": True}},
                    place="old.ini:17",
                ),
                DeckySpec(
                    name="db",
                    count=3,
                    archetype="database-server",
                    mutate_interval=5,
                    settings={"ssh": {"credentials": "root:100%,a:b=c", "accept_after": 3}},
                    place="old.ini:26",
                ),
            ),
        ),
        services=(
            Service(
                name="intra",
                summary="intra",
                ports=(Port(number=8080), Port(number=5353, protocol="udp")),
                built=True,
                image="registry.example/intra:1",
                command=("serve", "--title", "a b"),
            ),
        ),
        renamed=(("Web_1", "web-1"),),
    )


def test_the_converted_file_describes_the_same_fleet(tmp_path: Path) -> None:
    old = parsed(OLD)
    (tmp_path / "own.toml").write_text(services_to_toml(old.services))
    again = fleetfile.parse(to_toml(old.spec), "new.toml")
    assert _placeless(again) == _placeless(old.spec)
    assert catalog.load(tmp_path).services["intra"] == old.services[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "old.ini:1: no decky is defined"),
        ("x = 1", "old.ini:1: `x` is before the first [section]"),
        ("[web]\nwhat", "old.ini:2: neither [section] nor key = value: what"),
        ("[web]\nbogus S3CRETPW", "old.ini:2: neither [section] nor key = value: bogus"),
        ("[web]\n=S3CRETPW", "old.ini:2: neither [section] nor key = value: ="),
        ("[web", "old.ini:1: neither [section] nor key = value: [web"),
        ("[web]\nservices = ssh\n[web]", "old.ini:3: section [web] appears twice, first in line 1"),
        ("[web]\nip = 192.0.2.1\nIP = 192.0.2.2", "old.ini:3: `ip` appears twice, first in line 2"),
        (
            "[web]\nserivces = ssh",
            "old.ini:2: `serivces` in [web] is not a valid key there (did you mean `services`?)",
        ),
        (
            "[general]\nnett = 1\n[web]",
            "old.ini:2: `nett` in [general] is not a valid key there (did you mean `net`?)",
        ),
        (
            "[web]\nservices = shh",
            'old.ini:2: `services` in [web] names "shh", which does not exist (did you mean',
        ),
        ("[web]\nservices = sniffer", "which does not exist (a passive listener watches the whole LAN"),
        ("[web]\nservices = ,", "old.ini:2: `services` in [web] must name at least one service"),
        ("[web]\nservices = ssh,ssh", "old.ini:2: `services` in [web] names ssh twice"),
        (
            "[web]\narchetype = webserver",
            '`archetype` in [web] is unknown: "webserver" (did you mean `web-server`?)',
        ),
        ("[web]\nnmap_os = beos", "`nmap_os` in [web] is unknown"),
        ("[web]\nip = 192.0.2.300", "old.ini:2: `ip` in [web] must be an IPv4 address"),
        ("[web]\namount = 0", "old.ini:2: `amount` in [web] must be a whole number from 1 to 100"),
        ("[web]\namount = ２", "must be a whole number from 1 to 100"),
        ("[web]\namount = 2%", "must be a whole number from 1 to 100"),
        (
            "[web]\nmutate_interval = 0",
            "old.ini:2: `mutate_interval` in [web] must be a whole number from 1 to",
        ),
        (
            "[web]\namount = 2\nip = 192.0.2.9",
            "old.ini:3: `ip` in [web] is for one decky, and its `amount` is 2",
        ),
        ("[aa]\nip = 192.0.2.9\n[bb]\nip = 192.0.2.9", "old.ini:4: `ip` in [bb] is also that of [aa]"),
        ("[aa]\namount = 2\n[aa-02]", "old.ini:3: [aa-02] and [aa] both define a decky named aa-02"),
        ("[Web]\n[web]", "both define a decky named web"),
        ("[wéb]", "old.ini:1: the name of [wéb] must be 2 to 40 lower case letters"),
        ("[general]\nnet = 192.0.2.1\n[web]", "old.ini:2: `net` in [general] must be a network like"),
        (
            "[general]\nnet = 192.0.2.0/24\ngw = 192.0.3.1\n[web]",
            "old.ini:3: `gw` is 192.0.3.1, which is not within the subnet",
        ),
        ("[web]\n[wen.ssh]", "old.ini:2: [wen.ssh] is for a decky that does not exist"),
        (
            "[web]\n[web.shh]",
            "old.ini:2: [web.shh] is for a service that does not exist (did you mean `ssh`?)",
        ),
        (
            "[web]\n[web.ssh]\nmodt = x",
            "old.ini:3: `modt` in [web.ssh] is not a valid key there (did you mean `motd`?)",
        ),
        (
            "[web]\n[web.ssh]\naccept_after = x",
            "`accept_after` in [web.ssh] must be a whole number from 0 to 100",
        ),
        ("[web]\n[web.http]\nlogin = maybe", "`login` in [web.http] must be true or false"),
        ("[web]\n[custom-x]\nports = 1", "old.ini:2: [custom-x] lacks `binary`"),
        ("[web]\n[custom-x]\nbinary = a", "old.ini:2: [custom-x] lacks `ports`"),
        (
            "[web]\n[custom-x]\nbinary = a\nports = 0",
            "old.ini:4: `ports` in [custom-x] must be ports from 1 to 65535",
        ),
        (
            "[web]\n[custom-x]\nbinary = a b\nports = 1",
            "old.ini:3: `binary` in [custom-x] must be an image like",
        ),
        (
            "[web]\n[custom-x]\nbinary = a\nports = 1\nexec = 'x",
            "`exec` in [custom-x] cannot be split into words",
        ),
        ("[web]\n[custom-ssh]\nbinary = a\nports = 1", "not a valid name, or the name of a built-in service"),
    ],
)
def test_an_error_is_reported_with_its_line(text: str, message: str) -> None:
    found = mistakes(text)
    assert len(found) == 1
    assert message in found[0]


def test_all_errors_are_reported_at_once() -> None:
    assert [line.split(":")[1] for line in mistakes("[web]\namount = x\nip = y\nz = 1\n[web.nope]")] == list(
        "2345"
    )


def test_a_password_is_never_in_a_message() -> None:
    assert "hunter2" not in "".join(mistakes("[web]\n[web.ssh]\ncredential = hunter2"))


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
SCALARS = (
    TEXTS | st.integers(-(2**40), 2**40) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
)
WORDS = st.sampled_from(["ssh", "http", "smtp_relay", "k8s"])
LISTED = st.none() | st.lists(WORDS, unique=True).map(tuple)
APART = st.fixed_dictionaries({"core": LISTED, "side": LISTED}).filter(
    lambda lists: not set(lists["core"] or ()) & set(lists["side"] or ())
)
"""What stays, and what comes and goes: no service is in both."""
ADDRESSES = st.integers(1, 200).map(lambda last: f"198.51.100.{last}")
USE = st.lists(ADDRESSES, max_size=3).map(lambda few: (*few, "203.0.112.0/22") if few else ())
"""With enough for every decky."""


@st.composite
def deckies(draw: st.DrawFn, name: str) -> DeckySpec:
    return DeckySpec(
        name=name,
        count=draw(st.integers(2, 100)),
        services=draw(st.none() | st.lists(WORDS, min_size=1, unique=True).map(tuple)),
        archetype=draw(st.none() | WORDS),
        os=draw(st.none() | WORDS),
        worker=draw(st.none() | NAMES),
        mutate_interval=draw(st.none() | st.integers(1, 1000)),
        **draw(APART),
        settings=draw(
            st.dictionaries(
                WORDS, st.dictionaries(TEXTS.filter(bool), SCALARS, min_size=1, max_size=3), max_size=2
            )
        ),
    )


@given(st.data(), st.lists(NAMES, min_size=1, max_size=4, unique=True))
@settings(max_examples=150)
def test_any_fleet_that_is_written_is_read_as_it_was(data: st.DataObject, names: list[str]) -> None:
    # A suffix of letters: a name that ends in a number may be that of another's member.
    spec = FleetSpec(
        mutate_interval=data.draw(st.none() | st.integers(1, 99)),
        **data.draw(APART),
        network=NetworkSpec(
            driver=data.draw(st.sampled_from(["macvlan", "ipvlan", "bridge"])),
            addresses=AddressesSpec(use=data.draw(USE)),
        ),
        deckies=tuple(data.draw(deckies(f"{name}-x")) for name in names),
    )
    assert _placeless(fleetfile.parse(to_toml(spec), "f")) == spec


@given(st.text(max_size=120) | st.lists(st.sampled_from(OLD.splitlines()), max_size=12).map("\n".join))
@settings(max_examples=300)
def test_any_text_is_a_fleet_or_one_refusal_with_a_place(text: str) -> None:
    try:
        parsed(text)
    except SpecError as error:
        assert error.message.startswith("old.ini:")


def _placeless(spec: FleetSpec) -> FleetSpec:
    kept = tuple(replace(decky, place="") for decky in spec.deckies)
    return replace(spec, places={}, deckies=kept)
