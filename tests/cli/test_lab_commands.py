"""The commands that `lab up` and `lab status` show."""

from __future__ import annotations

from pathlib import Path

import pytest

from decnet.cli.lab import _outcome
from decnet.console.documents import document
from decnet.lab import LabStatus


@pytest.mark.parametrize(("name", "option"), [("lab", ""), ("ux", " --name ux")])
def test_the_commands_shown_reach_the_lab_that_is_shown(name: str, option: str) -> None:
    shown = _outcome(LabStatus(name, Path("/nowhere"), up=True, workers=()))
    assert [item["how"] for item in shown.deckies.items][:2] == [
        f"decnet lab operator{option} CMD",
        f"decnet lab attack{option} CMD",
    ]


def test_the_documents_of_a_lab_call_its_places_places() -> None:
    shown = document(_outcome(LabStatus("lab", Path("/nowhere"), up=True, workers=())))
    assert [item["name"] for item in shown["places"]] == ["operator", "attacker", "gateway"]
    assert "deckies" not in shown
