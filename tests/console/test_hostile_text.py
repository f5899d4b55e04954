"""Whatever a worker or an attacker says, the terminal and the log stay ours."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.console.documents import document, dumps
from decnet.console.events import show_events
from decnet.console.prompts import print_error
from decnet.console.show import show
from decnet.console.text import aligned, cell, reason
from decnet.engine.outcome import Listing, TextOutcome
from decnet.errors import UsageError
from decnet.model.event import AttackerEvent

HOSTILE = "\x1b[31mred\x1b]8;;http://x\x07\x9b1m\r\n[bold]\u202eright\u200b\x00"
STEERING = ("\x1b", "\x9b", "\x07", "\r", "\x00", "\u202e", "\u200b")


def steers(text: str) -> bool:
    return any(each in text for each in STEERING)


@given(st.text())
def test_a_cell_never_holds_a_control_or_format_character(text: str) -> None:
    shown = cell(text)
    assert shown.isprintable()
    assert "\n" not in shown


@given(st.text())
def test_a_reason_of_several_lines_is_one_line_without_control_characters(text: str) -> None:
    assert reason(text).isprintable()
    assert reason("Creating web\n\n  ERROR: no such image\n") == "Creating web / ERROR: no such image"


def test_markup_is_shown_as_it_is() -> None:
    assert cell("[bold]x[/bold][/]") == "[bold]x[/bold][/]"


def test_a_table_in_a_pipe_is_not_cut_and_not_steered(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 300
    show(Listing("things", ("name", "what"), ((HOSTILE, long),), ({"name": HOSTILE},)), "table")
    out = capsys.readouterr().out
    assert long in out
    assert not steers(out)
    assert out.count("\n") == 2


@pytest.mark.parametrize("style", ["table", "json", "jsonl", "name"])
def test_no_format_lets_a_control_character_through(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    show(Listing("things", ("name",), ((HOSTILE,),), ({"name": HOSTILE},)), style)  # type: ignore[arg-type]
    assert not steers(capsys.readouterr().out)


def test_json_keeps_the_very_text() -> None:
    outcome = TextOutcome((), {"text": HOSTILE})
    assert json.loads(dumps(document(outcome))) == {"text": HOSTILE}


@pytest.mark.parametrize("style", ["table", "json"])
def test_an_error_is_printed_without_obeying_it(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_error(UsageError(HOSTILE, hint=HOSTILE), style)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert not steers(captured.err)


def test_an_error_for_a_script_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(UsageError("no such decky", hint="look"), "json")
    document = json.loads(capsys.readouterr().err)
    assert document == {
        "code": "usage",
        "message": "no such decky",
        "worker": None,
        "hint": "look",
        "retryable": False,
        "exit_code": 2,
    }


@pytest.mark.parametrize("style", ["table", "json", "jsonl", "name"])
def test_what_an_attacker_typed_stays_text(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    event = AttackerEvent(
        id="i",
        seq=1,
        at=0.0,
        decky="web",
        service="ssh",
        kind="login",
        source_ip="192.0.2.250",
        source_port=4711,
        session="s",
        fields={"username": HOSTILE, "password": HOSTILE, HOSTILE: 1},
    )
    show_events([("w1", event)], style)
    out = capsys.readouterr().out
    assert not steers(out)
    assert out.count("\n") == 1


def test_columns_are_aligned_by_their_widest_cell() -> None:
    assert aligned(("a", "b"), [("xx", "y"), ("z", "")]) == ["A   B", "xx  y", "z"]
