"""`-o yaml` has the same values as `-o json`, and `-o wide` has more columns than the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from decnet.cli.app import app
from decnet.console.documents import names
from decnet.console.events import show_events
from decnet.console.show import show
from decnet.console.yaml_text import yaml_text
from decnet.engine.outcome import Listing, StatusOutcome, TextOutcome
from decnet.model.event import AttackerEvent
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
# YAML 1.1 has no half characters, nor has anything that decnet prints.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20
)


@given(VALUES)
def test_c11_a_reader_of_yaml_gets_the_value_back(value: Any) -> None:
    text = yaml_text(value)
    assert yaml.safe_load(text) == value
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "text", ["no", "Yes", "on", "null", "~", "1", "1e3", "0x10", "2026-01-31", "", " a", "a: b"]
)
def test_c11_a_text_stays_a_text(text: str) -> None:
    assert yaml.safe_load(yaml_text({text: [text]})) == {text: [text]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    home = Home(tmp_path / "home")
    open_home(home)
    save_fleet(home, new_fleet())
    return home


def ran(words: str) -> Result:
    return CliRunner().invoke(app, words.split())


@pytest.mark.parametrize(
    "words",
    ["status", "reconcile", "services", "archetypes", "history", "worker list", "config show", "events"],
)
def test_c11_yaml_is_what_json_is(home: Home, words: str) -> None:
    as_json, as_yaml = ran(f"{words} -o json"), ran(f"{words} -o yaml")
    assert (as_yaml.exit_code, as_yaml.stderr) == (as_json.exit_code, as_json.stderr)
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout)


def test_c11_an_error_is_yaml_too(home: Home) -> None:
    assert yaml.safe_load(ran("teardown typo --yes -o yaml").stderr)["message"] == "no decky is named 'typo'"


def event(number: int) -> AttackerEvent:
    return AttackerEvent(
        id=f"e{number}", seq=number, at=1.8e9, decky="web", service="ssh", kind="login",
        source_ip="192.0.2.250", source_port=4711, session="s1", fields={"input": "a\x1b[2J: b"},
    )  # fmt: skip


def test_c11_events_are_one_yaml_list_also_if_they_come_one_by_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in (1, 2):
        show_events([("w1", event(number))], "yaml")
    shown = capsys.readouterr().out
    assert [each["id"] for each in yaml.safe_load(shown)] == ["e1", "e2"]
    assert "\x1b" not in shown


def test_c11_wide_events_have_worker_and_session(capsys: pytest.CaptureFixture[str]) -> None:
    show_events([("w1", event(1))], "wide")
    assert capsys.readouterr().out.endswith(" worker=w1 session=s1 id=e1\n")


def test_c11_wide_tables_have_more_columns(capsys: pytest.CaptureFixture[str]) -> None:
    deckies = Listing(
        "deckies", ("decky", "worker"), (("web", "w1"), ("and 3 more", "w1")), (),
        more_columns=("mac",), more_cells=(("00:50:56:00:00:01",), ("",)),
    )  # fmt: skip
    show(StatusOutcome(Listing("workers", ("worker",), (("w1",),), ()), deckies), "wide")
    shown = capsys.readouterr().out.splitlines()
    assert [line.split() for line in shown[3:]] == [
        ["DECKY", "WORKER", "MAC"],
        ["web", "w1", "00:50:56:00:00:01"],
        ["and", "3", "more", "w1"],
    ]


@pytest.mark.parametrize(
    "words", ["status -o wide", "history -o wide", "worker list -o wide", "services -o wide"]
)
def test_c11_every_table_can_be_wide(home: Home, words: str) -> None:
    assert ran(words).exit_code == 0


@pytest.mark.parametrize(
    ("facts", "printed"),
    [
        ({"name": "w1"}, ["w1"]),
        ({"decky": "web-1", "logs": {}}, ["web-1"]),
        ({"deckies": ["a", "b"], "logs": {}}, ["a", "b"]),
        ({"file": "fleet.toml", "deckies": ["a", "b"]}, ["a", "b"]),
        ({}, ["two words"]),
    ],
)
def test_names_of_sentences_are_those_of_what_they_are_about(
    facts: dict[str, object], printed: list[str]
) -> None:
    assert names(TextOutcome(("two words",), facts)) == printed
