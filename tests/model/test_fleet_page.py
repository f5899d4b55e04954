"""The page of the fleet file is correct: its examples are valid, its messages are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from decnet import catalog
from decnet.errors import SpecError
from decnet.model import fleetfile, fleetkeys

PAGE = (Path(__file__).parents[2] / "docs" / "fleet-file.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```(?:\n\n```text\n(.*?)```)?", PAGE, re.DOTALL)


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def keys_of(title: str, column: int = 1) -> list[str]:
    rows = [row.split(" | ") for row in section(title).splitlines() if row.startswith("|")]
    return [row[column - 1].strip("| `") for row in rows[2:]]


@pytest.mark.parametrize("text", [text for text, message in BLOCKS if not message])
def test_each_example_is_a_fleet_whose_names_exist(text: str) -> None:
    known = catalog.load()
    for decky in fleetfile.parse(text, "fleet.toml").deckies:
        assert set(decky.services or ()) <= set(known.drawable())
        assert decky.archetype is None or decky.archetype in known.archetypes
        for service, settings in decky.settings.items():
            for name, value in settings.items():
                assert known.services[service].settings[name].complaint(value) is None


@pytest.mark.parametrize(("text", "message"), [block for block in BLOCKS if block[1]])
def test_each_wrong_example_has_the_messages_that_are_shown(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        fleetfile.parse(text, "fleet.toml")
    assert caught.value.message == message.rstrip("\n")


def test_every_key_is_on_the_page() -> None:
    tables = ("table", "tables")
    of_all = {name for name, key in fleetkeys.FLEET.items() if key.kind not in tables}
    assert set(keys_of("The whole fleet")) == of_all
    assert set(keys_of("`[network]`")) == set(fleetkeys.NETWORK)
    assert set(keys_of("`[decky.NAME]`")) == set(fleetkeys.DECKY)
    assert set(keys_of("`[rollout.NAME]`")) == set(fleetkeys.ROLLOUT)
    of_events = {key for table in fleetkeys.EVENTS.values() for key in table.keys}
    assert set(keys_of("`[events.*]`", 2)) == of_events


def test_every_setting_is_on_the_page() -> None:
    title = "`[decky.NAME.settings.SERVICE]`"
    assert set(zip(keys_of(title), (key.strip("`") for key in keys_of(title, 2)), strict=True)) == {
        (service.name, setting)
        for service in catalog.load().services.values()
        for setting in service.settings
    }
