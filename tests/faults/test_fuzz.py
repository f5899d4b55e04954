"""Damage at random to everything that is read from outside: an error of ours, or a value, no traceback.

A failure names its case, and the case's number makes the very same damage again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fakefleet import FakeProgram
from liars import GOOD
from mutation import damaged_bytes, damaged_value
from spoken import SpokenFleet, asked, shown, steering

from decnet.agent import journal
from decnet.agent.fresh import events_in
from decnet.agent.request import Refusal
from decnet.agent.spool import Spool
from decnet.catalog import load as load_catalog
from decnet.commands.events import pull
from decnet.commands.status import status
from decnet.commands.worker import check
from decnet.console.events import show_events
from decnet.console.show import show
from decnet.errors import DecnetError, SpecError, StateBroken
from decnet.model import fleetfile, inifile
from decnet.model.actual import Status
from decnet.model.worker import Facts, Hello
from decnet.store.desired import load_fleet
from decnet.store.events import event_cursor, read_events
from decnet.store.records import Records
from decnet.worker.checked_answers import validated
from decnet.worker.exchange import converse
from decnet.worker.responses import Accepted, EventPage, FollowedLogs, HeldSlice, Logs, Probed

QUICK, WHOLE = 2_000, 100_000
COMMANDS: dict[str, Any] = {"status": status, "events": pull, "check": lambda ctx: check(ctx, None)}
NOUNS: dict[str, Any] = {
    "hello": Hello, "facts": Facts, "status": Status, "events": EventPage, "slice": HeldSlice, "logs": Logs,
    "follow": FollowedLogs, "apply": Accepted, "probe": Probed,
}  # fmt: skip
SIZES = (1, 7, 100, 65536, 65536, 65536)


@pytest.fixture(scope="module")
def fleet() -> Iterator[SpokenFleet]:
    made = SpokenFleet("other")
    made.truth[GOOD]["probe"] = {"answered": {"192.0.2.7": "02:00:00:00:00:07"}, "docker": {}}
    yield made
    made.close()


@contextmanager
def case(number: int) -> Iterator[Random]:
    try:
        yield Random(number)
    except BaseException as error:
        error.add_note(f"case {number}")
        raise


def test_two_thousand_damaged_answers_are_an_error_of_ours_or_a_value(fleet: SpokenFleet) -> None:
    answers(fleet, range(QUICK))


@pytest.mark.slow
def test_a_hundred_thousand_damaged_answers_are_an_error_of_ours_or_a_value(fleet: SpokenFleet) -> None:
    answers(fleet, range(QUICK, QUICK + WHOLE))


def answers(fleet: SpokenFleet, numbers: range) -> None:
    for number in numbers:
        with case(number) as dice:
            if dice.random() < 0.1:
                whole_command(fleet, dice)
            else:
                asyncio.run(one_answer(fleet, dice))


async def one_answer(fleet: SpokenFleet, dice: Random) -> None:
    verb = dice.choice(sorted(NOUNS))
    truth = fleet.truth[GOOD][verb]
    program = FakeProgram(asked(lambda args, marker: damaged_answer(dice, marker, truth)), dice.choice(SIZES))
    try:
        value = validated(NOUNS[verb], await converse(program, "w1", verb, {}, None), "w1", verb)
    except DecnetError as error:
        assert str(error).isprintable()
        assert error.worker == "w1"
    else:
        value.model_dump_json()


def whole_command(fleet: SpokenFleet, dice: Random) -> None:
    """A command whose every answer of one worker is damaged, drawn in every style."""

    def say(worker: str, verb: str, args: dict[str, Any], marker: bytes) -> bytes:
        if worker == GOOD:
            return fleet.honest(worker, verb, args, marker)
        return damaged_answer(dice, marker, fleet.truth[worker][verb])

    name = dice.choice(sorted(COMMANDS))
    outcome, output = fleet.run(COMMANDS[name], say, size=dice.choice(SIZES[2:]))
    assert not isinstance(outcome, DecnetError)
    assert steering(output) == set()
    if name == "events":
        events = fleet.events()
        assert GOOD in {worker for worker, _ in events}
        drawn = shown(lambda style: show_events(events, style))
    else:
        drawn = shown(lambda style: show(outcome, style))  # type: ignore[arg-type]
    assert steering(drawn) == set()
    for each in fleet.fleet.workers.values():
        Records(fleet.home).load(each.worker_id)


def damaged_answer(dice: Random, marker: bytes, truth: Any) -> bytes:
    answer: Any = {"v": 2, "ok": True, "result": truth}
    if dice.random() < 0.1:
        details = {"job_id": "j", "addresses": {"192.0.2.1": "02:00"}}
        code = dice.choice(("busy", "address", "failed", "identity", "?"))
        error = {"code": code, "message": "m", "hint": "h", "details": details}
        answer = {"v": 2, "ok": False, "error": error}
    if dice.random() < 0.9:
        key = dice.choice(("result", "result", "result", "")) if answer["ok"] else ""
        answer = {**answer, key: damaged_value(dice, truth)} if key else damaged_value(dice, answer)
    payload = json.dumps(answer, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
    if dice.random() < 0.3:
        payload = damaged_bytes(dice, payload)
    framed = b"\n%s %d\n" % (marker, len(payload)) + payload
    return (
        damaged_bytes(dice, framed) if dice.random() < 0.1 else b"noise\x1b[2J"[: dice.randrange(9)] + framed
    )


FLEET_FILE = Path(__file__).parents[2] / "docs" / "fleet-file.md"
OLD_FILE = """
[general]
net = 192.0.2.0/24
gw = 192.0.2.1
interface = eth0
[web-1]
ip = 192.0.2.10
services = ssh,http
archetype = linux-server
[group-a]
amount = 3
services = http
[web-1.ssh]
banner = SSH-2.0-OpenSSH_9.2
"""


def sample() -> bytes:
    """The fleet file that the manual shows first."""
    text = FLEET_FILE.read_text().split("```toml\n", 1)
    return (text[1].split("```", 1)[0] if len(text) > 1 else "[decky.web]\nservices = ['ssh']\n").encode()


@pytest.mark.parametrize("kind", ["fleet file", "old fleet file"])
def test_a_damaged_fleet_file_is_a_spec_error_or_a_fleet(kind: str) -> None:
    catalog, content = load_catalog(), sample() if kind == "fleet file" else OLD_FILE.encode()
    for number in range(1_000):
        with case(number) as dice:
            damage = damaged_bytes(dice, content)
            try:
                if kind == "fleet file":
                    fleetfile.parse_bytes(damage, "fleet.toml")
                else:
                    inifile.parse_bytes(damage, "fleet.ini", catalog)
            except SpecError as error:
                assert steering(error.message.replace("\n", "")) == set()


@pytest.fixture
def agents_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DECNET_AGENT_HOME", str(tmp_path))
    return tmp_path


def test_a_damaged_journal_is_read_refused_or_set_aside(agents_home: Path) -> None:
    for number in range(5):
        journal.append(f"d{number}", "create", None, "r")
    file = agents_home / "journal.jsonl"
    whole = file.read_bytes()
    for number in range(400):
        with case(number) as dice:
            file.write_bytes(damaged_bytes(dice, whole))
            read_or_refused(lambda: journal.page(None))
            read_or_refused(lambda: journal.page({"journal_id": "j", "seq": 3, "hash": "0" * 64}))
            read_or_refused(lambda: journal.append("d", "heal", None, "r2"))
            assert journal.read().readable


def test_a_damaged_event_spool_is_read_or_recreated(agents_home: Path) -> None:
    line = {"run": "r", "n": 1, "at": 1.5, "kind": "login", "src": "192.0.2.9", "sport": 4000, "fields": {}}
    lines = [json.dumps({**line, "n": n}).encode() for n in range(1, 6)]
    with Spool() as spool:
        for event in events_in(lines, "c1", {"decky": "web"}, "ssh"):
            spool.add(event)
        spool.commit()
    files = sorted((agents_home / "events").glob("*.json*"))
    whole = {file: file.read_bytes() for file in files}
    for number in range(400):
        with case(number) as dice:
            for file, content in whole.items():
                file.write_bytes(damaged_bytes(dice, content) if dice.random() < 0.6 else content)
            read_or_refused(lambda: take_one_more(json.dumps({**line, "n": 9}).encode()))


def take_one_more(line: bytes) -> None:
    with Spool() as spool:
        for event in events_in([line], "c1", {"decky": "web"}, "ssh"):
            spool.add(event)
        spool.commit()
        page = spool.page(0, 100, None)
    EventPage.model_validate(page)
    assert page["events"]


def read_or_refused(work: Callable[[], Any]) -> None:
    try:
        work()
    except Refusal as refusal:
        assert str(refusal)


def test_a_decoys_damaged_log_lines_make_events_or_nothing() -> None:
    line = {"run": "r", "n": 1, "at": 1.5, "kind": "login", "src": "192.0.2.9", "sport": 4000,
            "session": "s", "fields": {"username": "root", "n": 1}}  # fmt: skip
    for number in range(3_000):
        with case(number) as dice:
            damage = damaged_bytes(dice, json.dumps(damaged_value(dice, line)).encode("utf-8", "replace"))
            for event in events_in(damage.split(b"\n"), "c", {"decky": "web"}, "ssh"):
                json.dumps(event, allow_nan=False)


def test_damaged_files_of_the_operator_are_refused_with_a_reason(fleet: SpokenFleet) -> None:
    fleet.run(status, fleet.honest)
    fleet.run(pull, fleet.honest)
    worker = fleet.fleet.workers[GOOD].worker_id
    readers: dict[Path, Callable[[], Any]] = {
        fleet.home.state: lambda: load_fleet(fleet.home),
        fleet.home.events(worker) / "events.jsonl": lambda: (
            event_cursor(fleet.home, worker), list(read_events(fleet.home)),
        ),
    }  # fmt: skip
    for file, read in readers.items():
        whole = file.read_bytes()
        for number in range(300):
            with case(number) as dice:
                file.write_bytes(damaged_bytes(dice, whole))
                try:
                    read()
                except (StateBroken, SpecError) as error:
                    assert steering(error.message.replace("\n", "")) == set()
        file.write_bytes(whole)
