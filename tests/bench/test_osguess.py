"""The page on OS profiles is made of a catalog that loads, and of nmap's answers as they are."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from decnet import catalog
from decnet.model import fleetfile

sys.path.insert(0, str(Path(__file__).parents[2]))
osguess = importlib.import_module("tests.bench.osguess")

XML = """<nmaprun><host><os>
<osmatch name="Linux 5.4" accuracy="96"/><osmatch name="AXIS 2120 Network Camera" accuracy="96"/>
<osmatch name="Oki printer" accuracy="90"/></os></host></nmaprun>"""


def test_each_kind_is_deployed_with_and_without_its_look(tmp_path: Path) -> None:
    (tmp_path / "guess.toml").write_text(osguess.own_catalog(catalog.load()))
    whole = catalog.load(tmp_path)
    deckies = fleetfile.parse(osguess.described(), "fleet.toml").deckies
    looks = {decky.os: whole.stack(str(decky.os), str(decky.os)) for decky in deckies}

    assert len(looks) == 1 + 2 * len(osguess.KINDS) and looks["none"] == ("", {})
    assert looks["shipped-windows-11"] == whole.stack("windows", "windows-11")
    assert looks["sysctls-windows-11"][0] == "" and "net.ipv4.tcp_rmem" not in looks["sysctls-windows-11"][1]


@pytest.mark.parametrize(
    ("wanted", "guess"),
    [
        ("[Cc]amera", "AXIS 2120 Network Camera (96%)"),
        ("Cisco", "Linux 5.4 (96%)"),
        ("printer", "Linux 5.4 (96%)"),
    ],
)
def test_the_first_guess_counts_unless_an_equal_one_fits(wanted: str, guess: str) -> None:
    assert str(osguess.best(XML, wanted)) == guess
    assert str(osguess.best("<nmaprun/>", wanted)) == "no guess"


def test_the_page_has_a_row_for_each_kind() -> None:
    rows = [
        line.split("|")[2].strip() for line in osguess.PAGE.read_text().splitlines() if line.startswith("| ")
    ]
    assert {release for _, release, _ in osguess.KINDS} <= set(rows)
