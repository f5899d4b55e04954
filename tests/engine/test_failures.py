"""How a decky failed: one line, and the last lines of the log of the container that failed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.console.show import show
from decnet.engine.job import LOG_CHARS, LOG_LINES, split_error
from decnet.engine.outcome import PassOutcome
from decnet.engine.progress import StepDone
from decnet.model.plan import Plan, Step

ERROR = "web-1-http is exited, exit status 1\nTraceback:\n  File \x1b[2J\n\nValueError: no persona"


def outcome() -> PassOutcome:
    line, log = split_error(ERROR)
    ends = (
        StepDone("w1", "web-1", "create", "failed", line, log),
        StepDone("w2", "web-2", "create", "succeeded"),
        StepDone("w2", "web-3", "heal", "lost", "the job that carried it out is gone"),
    )
    steps = [Step(worker=e.worker, decky=e.decky, bucket="create", reason="new", up=("x",)) for e in ends]
    return PassOutcome("deploy", Plan(steps=tuple(steps)), True, 4, ends, summary="1 done, 2 failed")


def test_a_failure_is_shown_with_the_last_lines_of_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    show(outcome(), "table")
    assert capsys.readouterr().out.splitlines() == [
        "deploy: 1 done, 2 failed",
        "web-1 on w1: create failed: web-1-http is exited, exit status 1",
        "    | Traceback:",
        "    |   File \\x1b[2J",
        "    | ValueError: no persona",
        "web-3 on w2: heal lost: the job that carried it out is gone",
    ]


def test_a_script_gets_the_log_as_a_list_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show(outcome(), "json")
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [(each["status"], each["error"], each["log"]) for each in steps] == [
        (
            "failed",
            "web-1-http is exited, exit status 1",
            ["Traceback:", "  File \\x1b[2J", "ValueError: no persona"],
        ),
        ("succeeded", "", []),
        ("lost", "the job that carried it out is gone", []),
    ]


@given(st.text() | st.lists(st.text(), max_size=60).map("\n".join))
def test_whatever_a_worker_writes_is_a_few_short_plain_lines(text: str) -> None:
    first, log = split_error(text)
    assert first.isprintable() and all(line.isprintable() for line in log)
    assert len(log) <= LOG_LINES
    # One character may be escaped with ten.
    assert max(map(len, log), default=0) <= LOG_CHARS * 10
