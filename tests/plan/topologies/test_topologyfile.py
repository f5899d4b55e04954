"""Topology files: what is exported is imported as it was, and mistakes have their lines."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.errors import SpecError
from decnet.model.topology import Design
from decnet.model.values import Settings
from decnet.plan.topologies.findings import errors
from decnet.plan.topologies.hashing import content_hash
from decnet.plan.topologies.operation_shapes import OPERATIONS
from decnet.plan.topologies.topologyfile import read, read_operations, to_toml
from decnet.plan.topologies.validate import ALONE, Surroundings, validate

from .designs import CATALOG, design, generated

SMALL = """
[lan.dmz]
dmz = true

[lan.office]

[decky.gate]
archetype = "network-gear"
forwards = true
addresses = { dmz = "", office = "" }

[decky.printer]
home = "office"
archetype = "printer"
"""


def imported(text: str, seed: int = 1, around: Surroundings = ALONE) -> Design:
    return read(text.encode(), "t.toml", CATALOG, random.Random(seed), around)[1]


def mistakes(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        imported(text)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("seed", range(0, 100, 10))
def test_an_exported_design_is_imported_with_the_same_hash(seed: int) -> None:
    for each in range(seed, seed + 10):
        before = generated(each)
        name, again = read(to_toml(before, "branch").encode(), "t.toml", CATALOG, random.Random(99))
        assert (name, again) == ("branch", before)
        assert content_hash(again) == content_hash(before)


PRINTABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@given(st.fixed_dictionaries({}, optional={"motd": PRINTABLE, "accept_after": st.integers(1, 20)}))
def test_settings_of_every_kind_survive(settings: Settings) -> None:
    before = design()
    deckies = [each.model_copy(update={"settings": {"ssh": settings}}) for each in before.deckies[1:]]
    before = before.model_copy(update={"deckies": (before.deckies[0], *deckies)})
    if not errors(validate(before, CATALOG)):
        assert content_hash(imported(to_toml(before))) == content_hash(before)


def test_what_a_file_omits_is_chosen() -> None:
    made = imported(SMALL)
    assert errors(validate(made, CATALOG)) == ()
    gate, printer = made.deckies
    office = made.lan("office")
    assert office is not None
    assert gate.addresses == {"dmz": "", "office": office.subnet.replace(".0/24", ".1")}
    assert (gate.home, gate.forwards, gate.os, printer.os) == ("dmz", True, "cisco", "embedded")
    assert set(gate.macs) == set(printer.macs) == {"office"}
    assert imported(SMALL) == made
    assert imported(SMALL, seed=2) != made


def test_what_is_chosen_for_a_decky_does_not_depend_on_the_others() -> None:
    more = SMALL.replace("[decky.gate]", '[decky.a]\nhome = "dmz"\nservices = ["ssh"]\n\n[decky.gate]')
    assert imported(more).deckies[1:] == imported(SMALL).deckies


def test_a_subnet_that_is_reserved_is_refused_and_is_not_chosen() -> None:
    around = Surroundings(reserved={"10.0.0.0/8": "the LAN of w1"})
    office = imported(SMALL, around=around).lan("office")
    assert office is not None
    assert not office.subnet.startswith("10.")
    text = SMALL.replace("[lan.office]", '[lan.office]\nsubnet = "10.1.0.0/24"')
    with pytest.raises(SpecError, match=r"t.toml:6: SUBNET_RESERVED: office: .* overlaps 10.0.0.0/8"):
        imported(text, around=around)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[lan.office]", "[lan.office", "t.toml:5:12: a table header without its closing `]`"),
        ("dmz = true", "dmz = 1", "t.toml:3: `dmz` in [lan.dmz] must be true or false, not 1"),
        ("[lan.office]", "[lan.Office]", "t.toml:5: the name of [lan.Office] must be at most 32 lower case"),
        ("[lan.office]", "[lans.office]", "t.toml:5: unknown key `lans`"),
        ('home = "office"', "", "t.toml:12: printer: its main LAN is missing: `home`"),
        ('home = "office"', 'hom = "office"', "t.toml:13: unknown key `hom` in [decky.printer]"),
        (
            'home = "office"',
            'home = "attic"',
            "t.toml:13: HOME_MISSING: printer: its main LAN attic does not",
        ),
        ('"printer"', '"printr"', "t.toml:14: printer: unknown archetype `printr`"),
        ('"network-gear"', '"network-gear"\nrelease = "debian-12"', "unknown release of cisco `debian-12`"),
        ("forwards = true", 'seed = "x"', "t.toml:9: `seed` in [decky.gate] must be 32 hexadecimal digits"),
        ('office = ""', 'office = "x"', "t.toml:10: `office` in [decky.gate.addresses] must be an IPv4"),
        ('office = ""', 'offic = ""', "t.toml:10: ADDRESS_OF_UNKNOWN_LAN: gate: there is no LAN offic"),
        ('office = ""', "office = 4", "t.toml:10: `office` in [decky.gate.addresses] must be text, not 4"),
        (
            'office = "" }',
            'office = "" }\nmacs = { office = "02:42:ac:11:00:02" }',
            "must not begin with 02:42",
        ),
        ("dmz = true", "dmz = false", "t.toml:7: gate: its main LAN is missing: `home`"),
    ],
)
def test_a_mistake_has_its_line(old: str, new: str, expected: str) -> None:
    found = mistakes(SMALL.replace(old, new))
    assert [line for line in found if expected in line], found


def test_trap_15_a_decky_is_on_a_lan_once() -> None:
    """Its addresses are the only list of its LANs: nothing else can disagree with them."""
    (found,) = mistakes(SMALL.replace('office = "" }', 'office = "", office = "" }'))
    assert found.startswith("t.toml:10:")
    assert "this key appears twice in its table" in found


def test_all_mistakes_are_reported_at_once() -> None:
    text = SMALL.replace('"printer"', '"printr"').replace('"network-gear"', '"network-gea"')
    assert [line.split(": ")[0] for line in mistakes(text)] == ["t.toml:8", "t.toml:14"]
    assert mistakes("") == ["t.toml:1: no LAN is defined"]
    assert mistakes("x = 1\ny = 2\n")[1].startswith("t.toml:2: unknown key `y`")


def test_errors_of_the_whole_are_reported_with_their_code() -> None:
    text = SMALL.replace("dmz = true", "").replace("[decky.gate]", '[decky.gate]\nhome = "office"')
    assert mistakes(text)[0].endswith("DMZ_MISSING: no LAN is the DMZ")


def test_a_file_of_far_too_many_lans_is_refused_at_once() -> None:
    text = SMALL + "".join(f"[lan.l{number}]\n" for number in range(20_000))
    assert mistakes(text) == ["t.toml:2: TOO_LARGE: 20002 LANs, more than 256"]


SECRET = "Tr0ub4dor-and-3"
WITH_SECRET = (
    SMALL
    + f"""
[decky.ssh]
home = "office"
services = ["ssh"]
[decky.ssh.settings.ssh]
credentials = "root:{SECRET}"
"""
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("credentials", "credentails"),
        ("settings.ssh", "settings.http"),
        ("settings.ssh", "settings.shh"),
        ("settings.ssh", "settings"),
        ("[decky.ssh.settings.ssh]\ncredentials", "settings"),
        ("credentials", "seed = 1\ncredentials"),
        ("root:", ""),
        (f'"root:{SECRET}"', f'["root:{SECRET}"]'),
        (f'"root:{SECRET}"', f'{{ root = "{SECRET}" }}'),
        (f'"root:{SECRET}"', f'"root:{SECRET}'),
        (f'"root:{SECRET}"', f"root:{SECRET}"),
        (f'"root:{SECRET}"', f'"{SECRET * 400}"'),
        ("credentials", "accept_after"),
    ],
)
def test_no_mistake_shows_a_password(old: str, new: str) -> None:
    assert SECRET in imported(WITH_SECRET).model_dump_json()
    with pytest.raises(SpecError) as caught:
        imported(WITH_SECRET.replace(old, new))
    assert SECRET not in f"{caught.value} {caught.value.hint} {caught.value.mistakes}"


@pytest.mark.parametrize("text", [SMALL, to_toml(design())], ids=["small", "exported"])
def test_a_damaged_file_is_refused_or_read_and_nothing_else(text: str) -> None:
    """Lines lost, repeated or moved; characters replaced."""
    for seed in range(150):
        rng = random.Random(seed)
        lines = text.splitlines(keepends=True)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(lines))
            line = lines[place]
            at = rng.randrange(len(line))
            sign = rng.choice('A ._"=[]{}0x\x01é')
            lines[place] = rng.choice(["", line * 2, line[:at] + sign + line[at + 1 :]]) or "\n"
            if rng.random() < 0.2:
                rng.shuffle(lines)
        try:
            made = imported("".join(lines))
        except SpecError as error:
            assert error.place.startswith("t.toml")
        else:
            assert errors(validate(made, CATALOG)) == ()


def test_operations_are_read_from_a_file() -> None:
    text = (
        '[[operation]]\nop = "add_lan"\nname = "attic"\n\n[[operation]]\nop = "remove_decky"\nname = "web"\n'
    )
    assert read_operations(text.encode(), "o.toml") == (
        {"op": "add_lan", "name": "attic"},
        {"op": "remove_decky", "name": "web"},
    )
    with pytest.raises(SpecError) as caught:
        read_operations(text.replace("name =", "nam =").encode(), "o.toml")
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == ["o.toml:1", "o.toml:5"]
    for wrong, message in (
        ("", "there is no operation"),
        ("operation = 1", "`operation` must be a list"),
        ("operations = []", "unknown key `operations`"),
        ("[[operation]]\n[operation.x]\ny = 1", "`op` must be an operation, not missing"),
    ):
        with pytest.raises(SpecError, match=message):
            read_operations(wrong.encode(), "o.toml")
    assert len(OPERATIONS) == 8
