"""Row C11: `logs --follow` prints every line once, and names what it cannot print."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fakefleet import FakeFleet
from fakefleet.session import FakeSession

from decnet.cli.following import print_logs
from decnet.commands.follow_logs import LogLine, follow_logs
from decnet.commands.logs import logs
from decnet.engine.progress import Event, Message
from decnet.errors import DecnetError, Unreachable, UsageError
from decnet.wire import FOLLOW_VERSION


@dataclass
class Followed:
    """What was printed, what was reported, and how it ended."""

    lines: list[LogLine] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    error: DecnetError | None = None

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    @property
    def messages(self) -> list[str]:
        return [f"{event.worker}: {event.text}" for event in self.events if isinstance(event, Message)]


def log(fleet: FakeFleet, worker: str, container: str, *lines: str) -> None:
    found = fleet[worker].engine.named(container)
    assert found is not None
    found["Log"] += lines
    fleet[worker].engine.save()


def follow(
    fleet: FakeFleet, name: str, *acts: Callable[[], object], lines: int = 50, **changes: Any
) -> Followed:
    """Follow the deckies; between two rounds the next act happens, and after the last round it ends."""
    followed, left = Followed(), [*acts]

    async def pause(seconds: float) -> None:
        await asyncio.sleep(0)

    async def run() -> None:
        ctx = replace(fleet.context(emit=followed.events.append, **changes), sleep=pause)
        async for found in follow_logs(ctx, [name], None, lines):
            followed.lines += found
            if not left:
                return
            # Some of them are commands, with an event loop of their own.
            await asyncio.to_thread(left.pop(0))

    try:
        asyncio.run(run())
    except DecnetError as error:
        followed.error = error
    return followed


def nothing() -> None:
    """A round in which nothing happens."""


def test_each_line_is_printed_once(fleet: FakeFleet) -> None:
    log(fleet, "w1", "web-01-http", "one", "two")
    followed = follow(
        fleet,
        "web-01",
        nothing,
        lambda: log(fleet, "w1", "web-01-http", "three", "three"),
        nothing,
        lambda: log(fleet, "w1", "web-01", "of the base"),
        nothing,
    )
    assert followed.texts[-5:] == ["one", "two", "three", "three", "of the base"]
    assert followed.lines[-1].container == "web-01" and followed.messages == []


def test_it_begins_with_the_last_lines(fleet: FakeFleet) -> None:
    log(fleet, "w1", "web-01-http", "one", "two", "three")
    followed = follow(fleet, "web-01", nothing, lines=2)
    assert [line.text for line in followed.lines if line.container == "web-01-http"] == ["two", "three"]


def test_a_pattern_follows_deckies_of_several_workers(fleet: FakeFleet) -> None:
    followed = follow(
        fleet,
        "web-*",
        lambda: (log(fleet, "w1", "web-01-http", "here"), log(fleet, "w2", "web-02-http", "there")),
        nothing,
    )
    assert {(line.decky, line.text) for line in followed.lines} >= {("web-01", "here"), ("web-02", "there")}


def test_control_characters_are_shown_as_escapes_and_long_lines_are_cut(fleet: FakeFleet) -> None:
    followed = follow(
        fleet, "web-01", lambda: log(fleet, "w1", "web-01-http", "\x1b]0;x\x07", "y" * 9000), nothing
    )
    assert followed.texts[-2] == "\\x1b]0;x\\x07"
    assert len(followed.texts[-1]) == 2000


def test_a_worker_that_goes_away_and_returns_loses_no_line(fleet: FakeFleet) -> None:
    def away() -> None:
        fleet["w1"].is_reachable = False

    def back() -> None:
        fleet["w1"].is_reachable = True
        log(fleet, "w1", "web-01-http", "meanwhile")

    followed = follow(fleet, "web-01", away, nothing, nothing, back, nothing)
    assert followed.texts.count("meanwhile") == 1
    [gone, again] = followed.messages
    assert gone.startswith("w1: ") and gone.endswith("; trying again")
    assert again == "w1: answers again"


def test_a_recreated_container_is_reported_and_its_lines_are_printed_from_the_first(fleet: FakeFleet) -> None:
    def again() -> None:
        engine = fleet["w1"].engine
        found = engine.named("web-01-http")
        assert found is not None
        del engine.containers[found["Id"]]
        assert fleet.reconcile().code == 0
        log(fleet, "w1", "web-01-http", "new life")

    log(fleet, "w1", "web-01-http", "old life")
    followed = follow(fleet, "web-01", again, nothing, lines=1)
    assert followed.texts.count("new life") == 1
    assert "w1: web-01-http was recreated" in followed.messages


def test_lines_that_the_log_dropped_are_named(fleet: FakeFleet) -> None:
    def rotated() -> None:
        found = fleet["w1"].engine.named("web-01-http")
        assert found is not None
        found["Log"] = ["after"]
        fleet["w1"].engine.save()

    log(fleet, "w1", "web-01-http", "before")
    followed = follow(fleet, "web-01", rotated, nothing)
    assert followed.texts[-1] == "after"
    assert "w1: web-01-http: lines are missing here; its log dropped them" in followed.messages


def test_more_than_one_answer_holds_is_printed_whole(fleet: FakeFleet) -> None:
    many = [f"{number} {'x' * 1000}" for number in range(1500)]
    followed = follow(fleet, "web-01", lambda: log(fleet, "w1", "web-01-http", *many), *[nothing] * 20)
    assert [text.partition(" ")[0] for text in followed.texts[-1500:]] == [str(n) for n in range(1500)]
    assert followed.messages == []


def test_a_decky_that_moves_is_followed_on_its_new_worker(fleet: FakeFleet) -> None:
    def moved() -> None:
        assert fleet.drain("w1").code == 0
        log(fleet, "w2", "web-01-http", "from w2")

    followed = follow(fleet, "web-01", moved, nothing)
    assert followed.texts[-1] == "from w2"


def test_it_ends_when_no_such_decky_is_left(fleet: FakeFleet) -> None:
    followed = follow(fleet, "web-01", lambda: fleet.teardown("web-01"), nothing, nothing)
    assert followed.error is None
    assert followed.messages[-1] == ": no decky is named 'web-01' any more: there is nothing left to follow"


def test_an_unknown_decky_and_a_worker_that_never_answers_are_errors(fleet: FakeFleet) -> None:
    assert isinstance(follow(fleet, "typo").error, UsageError)
    fleet["w1"].is_reachable = False
    assert isinstance(follow(fleet, "web-01").error, Unreachable)


class OlderSession(FakeSession):
    """An agent of the version before `follow`."""

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        answer = await super().call(verb, args, limit=limit, stream=stream)
        return answer | {"version": FOLLOW_VERSION - 1, "agent": "0" * 64} if verb == "hello" else answer


def test_an_older_agent_is_not_asked_and_the_hint_upgrades_it(fleet: FakeFleet) -> None:
    followed = follow(fleet, "web-01", sessions=lambda worker: OlderSession(fleet["w1"], worker.name))
    assert followed.error is not None and followed.error.hint == "decnet worker upgrade w1"
    assert "follow" not in fleet["w1"].requests


@pytest.mark.parametrize("style", ["table", "json"])
def test_a_line_is_printed_with_its_container_or_as_json(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str], style: str
) -> None:
    async def end(seconds: float) -> None:
        raise KeyboardInterrupt

    log(fleet, "w1", "web-01-http", "\x1b[2J" + "y" * 1500)
    ctx = replace(fleet.context(), sleep=end)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(print_logs(ctx, "web-01", "http", 1, style))
    text = "\\x1b[2J" + "y" * 1500
    found = {"decky": "web-01", "container": "web-01-http", "text": text}
    printed = capsys.readouterr().out
    assert (json.loads(printed) == found) if style == "json" else (printed == f"web-01-http: {text}\n")


def test_logs_of_a_pattern_are_those_of_every_decky_that_matches(fleet: FakeFleet) -> None:
    outcome = fleet.run(lambda ctx: logs(ctx, "web-*", "http", 5)).outcome
    names = [f"web-0{number}" for number in (1, 2, 3, 4)]
    assert [line for line in outcome.lines if line.startswith("== ")] == [f"== {n}-http" for n in names]
    assert (outcome.document["deckies"], sorted(outcome.document["logs"])) == (
        names,
        [f"{n}-http" for n in names],
    )


def test_a_group_of_deckies_is_followed(fleet: FakeFleet) -> None:
    followed = follow(fleet, "web-*,!web-02", lambda: log(fleet, "w2", "web-04-http", "there"), nothing)
    assert "there" in followed.texts and followed.error is None


def test_a_service_that_no_decky_has_is_bad_usage(fleet: FakeFleet) -> None:
    for name in (next(iter(fleet.desired.deckies)), "web-*"):
        with pytest.raises(UsageError, match="unknown service 'htpt'") as caught:
            asyncio.run(logs(fleet.context(), name, "htpt", 5))
        assert (caught.value.exit_code, caught.value.hint) == (2, "did you mean 'http'? services there: http")
        with pytest.raises(UsageError, match="unknown service 'htpt'"):
            asyncio.run(anext(follow_logs(fleet.context(), [name], "htpt", 5)))
