"""What the agent's `events` says of floods, lost lines and restarts: its own process, before an engine that
has logs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_desk import FLEET, Desk
from log_engine import LogEngine
from pulling import Operator, line, lines

from decnet.agent import limits
from decnet.agent.containers import fleet_containers
from decnet.agent.events import drain, events_verb
from decnet.agent.fresh import events_in
from decnet.agent.spool import DROPPED, REMOVED, Spool
from decnet.wire.event_fields import faults_of

WEB = "web-http"
SEGMENT = 64 * 1024
BOUND = 32 * SEGMENT


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LogEngine]:
    running = LogEngine(tmp_path / "docker.sock")
    running.logs[WEB] = []
    yield running
    running.close()


@pytest.fixture
def asked(agent_file: Path, home: Path, engine: LogEngine, monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", str(engine.place))
    desk = Desk(agent_file, home, str(engine.place)).enrolled_by_hand()
    return Operator(desk, lambda args: desk.get("events", args))


@pytest.fixture
def small(asked: Operator, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """The same in this process, over a spool of 2 MiB."""
    monkeypatch.setattr(limits, "SPOOL_SEGMENT", SEGMENT)
    return Operator(asked.desk, events_verb)


def test_a_log_that_rotated_before_the_first_pull_says_how_many_are_lost(
    asked: Operator, engine: LogEngine
) -> None:
    engine.logs[WEB] = lines(13_568, 14_000)
    [lost] = asked.pull().lost
    assert (lost["count"], lost["before"]) == (13_567, 14_568.0)
    assert asked.happened() == 14_000
    [event] = [event for event in asked.stored.values() if event["kind"] == "lost"]
    assert (event["decky"], event["service"], event["source_ip"], event["at"]) == (
        "web",
        "http",
        "",
        14_568.0,
    )


def test_a_jump_between_two_pulls_is_lost_once_and_between_two_times(
    asked: Operator, engine: LogEngine
) -> None:
    engine.logs[WEB] = lines(1, 10)
    asked.pull()
    engine.logs[WEB] = [*lines(31, 40), *lines(43, 50)]
    asked.pull().pull()
    said = [(lost["count"], lost["after"], lost["before"]) for lost in asked.lost]
    assert said == [(20, 1010.0, 1031.0), (2, 1040.0, 1043.0)]
    assert asked.happened() == 50


@pytest.mark.skipif(os.geteuid() != 0, reason="only root collects uploads")
def test_an_upload_whose_container_ended_before_it_was_collected_is_lost_once(
    asked: Operator, engine: LogEngine, home: Path
) -> None:
    here, gone = (hashlib.sha256(content).hexdigest() for content in (b"here", b"gone"))
    (home / "uploads").mkdir(mode=0o700)
    (home / "uploads" / here).write_bytes(b"here")
    about = {"path": "/tmp/x", "size": 4, "whole": True}
    engine.logs[WEB] = [
        line(1, kind="file", sha256=here, kept=True, **about),
        line(2, kind="file", sha256=gone, kept=True, **about),
        line(3, kind="file", sha256=gone, kept=False, **about),
    ]
    assert asked.pull().lost == [
        {
            "count": 0, "files": 1, "sha256": gone, "after": 1002.0, "before": 1002.0,
            "reason": "its container ended before the uploaded file was collected",
        }
    ]  # fmt: skip
    engine.logs[WEB].append(line(4))
    assert [len(asked.pull().lost), len(asked.stored), asked.happened()] == [1, 5, 4]


def test_a_count_of_the_decoy_stands_for_its_numbers(asked: Operator, engine: LogEngine) -> None:
    engine.logs[WEB] = [*lines(1, 5), line(905, folded=900, first=1.0, last=2.0), line(906)]
    assert asked.pull().lost == []
    assert asked.happened() == 906
    engine.logs[WEB] = [line(2_006, folded=1_000), line(2_007)]
    assert [lost["count"] for lost in asked.pull().lost] == [100]
    assert asked.happened() == 2_007


def test_a_restart_behind_a_cut_log_is_lost_at_least(asked: Operator, engine: LogEngine) -> None:
    engine.logs[WEB] = lines(1, 10)
    asked.pull()
    engine.logs[WEB] = [*lines(1, 3, "b")]
    assert [(lost["count"], lost["at_least"]) for lost in asked.pull().lost] == [(0, True)]
    engine.logs[WEB] = [*lines(8, 9, "c")]
    assert [(lost["count"], lost["at_least"]) for lost in asked.pull().lost][1:] == [(7, True)]


def test_a_restart_in_a_whole_log_loses_nothing(asked: Operator, engine: LogEngine) -> None:
    engine.logs[WEB] = lines(1, 10)
    asked.pull()
    engine.logs[WEB] += lines(1, 10, "b")
    assert asked.pull().lost == []
    assert asked.happened() == 20


def test_a_decoy_that_restarts_a_hundred_times_reports_each_event_once(
    asked: Operator, engine: LogEngine
) -> None:
    for number in range(100):
        engine.logs[WEB] += lines(1, 60, f"run{number}")
    asked.pull()
    engine.logs[WEB] += lines(61, 260, "run99")
    for _ in range(3):
        asked.pull()
    assert (len(asked.stored), asked.cursor["after"], asked.lost) == (6200, 6200, [])


def test_a_lost_spool_reports_no_loss_a_second_time(asked: Operator, engine: LogEngine, home: Path) -> None:
    engine.logs[WEB] = lines(101, 200)
    asked.pull()
    shutil.rmtree(home / "events")
    engine.logs[WEB] = lines(151, 220)
    asked.pull()
    assert asked.verdicts[-1] == "reset"
    assert (asked.happened(), [lost["count"] for lost in asked.lost]) == (220, [100])
    shutil.rmtree(home / "events")
    engine.logs[WEB] = lines(231, 240)
    asked.pull()
    assert (asked.happened(), [lost["count"] for lost in asked.lost]) == (240, [100, 10])


@pytest.mark.parametrize("number", range(1, 14))
def test_a_pull_killed_at_any_place_reports_each_loss_once(
    asked: Operator, engine: LogEngine, number: int
) -> None:
    engine.logs[WEB] = lines(1, 10)
    asked.pull()
    engine.logs[WEB] = [*lines(31, 40), *lines(43, 50)]
    asked.desk.extra["DECNET_FAULT"] = f"kill:{number}:events"
    try:
        asked.pull()
    except AssertionError:
        pass
    del asked.desk.extra["DECNET_FAULT"]
    asked.pull()
    assert (asked.happened(), len(asked.lost)) == (50, 2)


def test_a_line_that_is_not_an_event_counts_as_lost(asked: Operator, engine: LogEngine) -> None:
    engine.logs[WEB] = [line(1), line(2)[:40], line(3), line(4, password="x" * 9000), line(5)]
    assert [lost["count"] for lost in asked.pull().lost] == [1, 1]


def test_a_container_cannot_say_that_something_was_lost(asked: Operator, engine: LogEngine) -> None:
    engine.logs[WEB] = [line(1), line(2, kind="lost", count=10**9), line(3)]
    assert [lost["count"] for lost in asked.pull().lost] == [1]


def test_three_flooded_containers_fit_into_the_spool_and_are_reported_completely(
    small: Operator, engine: LogEngine, home: Path
) -> None:
    engine.logs = {f"web{number}-http": lines(1, 6_000) for number in range(3)}
    largest = 0
    while small.page():
        largest = max(largest, size_of(home))
    assert (small.happened(), small.lost, set(small.verdicts)) == (18_000, [], {"ok"})
    assert BOUND / 2 < largest <= BOUND


def size_of(home: Path) -> int:
    return sum(file.stat().st_size for file in (home / "events").glob("*.jsonl"))


def test_one_container_does_not_keep_the_others_out(
    small: Operator, engine: LogEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DRAIN_EVENTS", 500)
    engine.logs = {WEB: lines(1, 2_000), "zoo-ssh": [line(1, kind="login")]}
    small.page()
    with Spool() as spool:
        assert (spool.position("zoo-ssh"), spool.position(WEB)) == ({"a": 1}, {"a": 500})
    small.pull()
    assert small.happened() == 2_001


def test_a_container_without_room_in_the_spool_is_first_next_time(small: Operator, engine: LogEngine) -> None:
    engine.logs = {f"web{number}-http": lines(1, 4_000) for number in range(4)}
    small.page()
    with Spool() as spool:
        assert spool.position(spool.turn) == {}
        turn = spool.turn
    while not small.page():
        continue
    for _ in range(4):
        small.page()
    with Spool() as spool:
        assert spool.position(turn) != {}


@pytest.mark.parametrize("torn", [False, True])
def test_what_a_removal_drops_from_a_full_spool_is_lost_and_counted(
    small: Operator, engine: LogEngine, home: Path, torn: bool
) -> None:
    engine.logs[WEB] = lines(1, 500)
    small.pull()
    remove(lines(501, 9_000))
    if torn:
        last = max((home / "events").glob("*.jsonl"))
        last.write_bytes(last.read_bytes() + b'{"torn')
    assert BOUND * 0.9 < size_of(home) <= BOUND + 10
    small.pull()
    [lost] = small.lost
    assert lost["reason"] == DROPPED
    assert small.happened() == 9_000
    assert small.verdicts[-1] in ("ok", "gap")


def remove(content: list[bytes]) -> None:
    """What a removal of the container does to its events."""
    with Spool() as spool:
        for event in events_in(content, WEB, {"decky": "web"}, "http"):
            spool.add(event)
        spool.commit()


@pytest.mark.parametrize("number", [20, *range(57, 75), 290])
def test_a_removal_killed_at_any_place_keeps_the_bound_and_counts_what_goes(
    small: Operator, engine: LogEngine, home: Path, agent_file: Path, number: int
) -> None:
    engine.logs[WEB] = lines(1, 5_000)
    drained = (
        f"import sys; sys.path.insert(0, {str(agent_file)!r})\n"
        "from decnet.agent import limits, events, containers\n"
        f"limits.SPOOL_SEGMENT = {SEGMENT}; limits.SPOOL_SEGMENTS = 8\n"
        f"events.drain(containers.fleet_containers({FLEET!r}))\n"
    )
    for fault in (f"kill:{number}", ""):
        subprocess.run(
            [sys.executable, "-c", drained],
            env=small.desk.environment() | {"DECNET_FAULT": fault},
            check=False,
        )
        assert size_of(home) <= 8 * SEGMENT
    small.pull()
    assert small.happened() == 5_000
    assert [lost["reason"] for lost in small.lost] == [DROPPED]


def test_what_was_pulled_is_dropped_without_a_loss(small: Operator, engine: LogEngine) -> None:
    engine.logs[WEB] = [line(1)]
    small.pull()
    for first in (2, 4_002, 8_002):
        remove(lines(first, first + 3_999))
        small.pull()
    assert (small.happened(), small.lost) == (12_001, [])


@pytest.mark.parametrize("stored", [False, True])
def test_a_page_that_was_given_counts_as_read_once_it_is_known_to_be(
    small: Operator, engine: LogEngine, stored: bool
) -> None:
    engine.logs[WEB] = lines(1, 3_000)
    small.page()
    before = dict(small.cursor)
    small.page()
    if not stored:
        for each in [each for each in small.stored.values() if each["seq"] > before["after"]]:
            del small.stored[each["id"]]
        small.cursor = before
    remove(lines(3_001, 9_000))
    small.pull()
    assert small.happened() == 9_000


def test_a_large_segment_of_an_earlier_agent_is_split_and_reported_completely(
    small: Operator, engine: LogEngine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SPOOL_SEGMENT", 64 * 1024**2)
    remove(lines(1, 9_000))
    head = json.loads((home / "events" / "spool.json").read_text())
    old = {key: head[key] for key in ("spool_id", "last", "mark", "positions")}
    (home / "events" / "spool.json").write_text(json.dumps(old))
    (home / "positions.json").unlink()
    monkeypatch.setattr(limits, "SPOOL_SEGMENT", SEGMENT)
    engine.logs[WEB] = lines(8_000, 9_010)
    small.pull()
    assert max(file.stat().st_size for file in (home / "events").glob("*.jsonl")) < 4 * SEGMENT
    assert (small.happened(), small.lost, set(small.verdicts)) == (9_010, [], {"ok"})


def test_a_huge_line_is_not_an_event_and_the_spool_stays_small(
    asked: Operator, engine: LogEngine, home: Path
) -> None:
    engine.logs[WEB] = [line(1), b'{"kind":"' + b"x" * 40_000_000, line(2, password="é" * 3900), line(3)]
    asked.pull()
    assert [event["seq"] for event in asked.stored.values()] == [1, 2, 3]
    assert size_of(home) < 32 * 1024


def test_events_whose_spelling_grows_still_fit_into_an_answer(asked: Operator, engine: LogEngine) -> None:
    long = json.dumps({str(number): "\u00e9" * 1000 for number in range(3)}, ensure_ascii=False)
    engine.logs[WEB] = [line(n)[:-3] + long.encode() + b"}" for n in range(1, 1001)]
    assert len(engine.logs[WEB][0]) < limits.EVENT_LINE
    assert asked.pull().happened() == 1000


LONGEST: dict[str, dict[str, str]] = {
    "short": {},
    "long": {f"key{number}": "x" * 1000 for number in range(7)},
    "of escapes": {"data": "\0" * 1000},
    "of other letters": {f"key{number}": "é\u202e" * 100 for number in range(6)},
}


@pytest.mark.parametrize("fields", LONGEST.values(), ids=LONGEST)
def test_a_pull_takes_little_memory_and_disk_whatever_the_events_are(
    agent_file: Path, home: Path, engine: LogEngine, fields: dict[str, str]
) -> None:
    """The agent reads logs, writes its spool and answers piece by piece."""
    del engine.logs[WEB]
    for decky in ("web1", "web2", "web3"):
        engine.logs[f"{decky}-http"] = [line(n, decky, "request", **fields) for n in range(1, 601)]
    argv = [sys.executable, "-m", "tests.bench.spool", "pull", str(agent_file), str(home), str(engine.place)]
    figures = json.loads(subprocess.check_output(argv, cwd=Path(__file__).parents[2]))
    assert figures["events"] == 1800
    assert figures["memory"] < 64 and figures["spool"] <= 32


OF_TOPOLOGY = "decnet-t-0123abcd.web-http"


def test_events_of_a_topology_name_their_project_and_those_of_the_fleet_none(
    small: Operator, engine: LogEngine
) -> None:
    """A decky of the fleet may have the same name."""
    engine.logs[WEB], engine.logs[OF_TOPOLOGY] = lines(1, 2), [*lines(1, 1, "b"), line(9, "b")]
    small.pull()
    projects = [event.get("project") for event in small.stored.values() if event["kind"] != "lost"]
    assert sorted(projects, key=str) == [None, None, "decnet-t-0123abcd", "decnet-t-0123abcd"]
    assert [
        (event["project"], event["decky"]) for event in small.stored.values() if event["kind"] == "lost"
    ] == [("decnet-t-0123abcd", "web")]


def test_what_is_lost_of_a_topology_names_its_project(small: Operator, engine: LogEngine) -> None:
    engine.logs[WEB], engine.logs[OF_TOPOLOGY] = lines(1, 3), lines(1, 500, "b")
    small.pull()
    engine.logs[OF_TOPOLOGY] += lines(501, 9_000, "b")
    drain([each for each in fleet_containers(FLEET) if each.id == OF_TOPOLOGY])
    small.pull()
    del engine.logs[OF_TOPOLOGY]
    small.pull()
    lost = [event for event in small.stored.values() if event["kind"] == "lost"]
    assert [event["fields"]["reason"] for event in lost] == [DROPPED, REMOVED]
    assert {(event.get("project"), event["decky"], event["service"]) for event in lost} == {
        ("decnet-t-0123abcd", "web", "http")
    }


def test_a_container_that_another_program_removed_is_reported_once(
    small: Operator, engine: LogEngine
) -> None:
    """No one knows how many events its log had since the last pull."""
    engine.logs[WEB] = lines(1, 3)
    small.pull()
    engine.logs["web-ftp"] = engine.logs.pop(WEB)
    small.pull().pull()
    [event] = [event for event in small.stored.values() if event["kind"] == "lost"]
    assert (event["decky"], event["service"]) == ("web", "http")
    fields = event["fields"]
    assert (fields["count"], fields["at_least"], fields["reason"]) == (0, True, REMOVED)
    assert fields["after"] == 1003.0
    assert faults_of("lost", "http", fields) == ()


def test_a_container_that_the_agent_removed_is_not(small: Operator, engine: LogEngine) -> None:
    engine.logs[WEB] = lines(1, 3)
    small.pull()
    engine.logs[WEB] += lines(4, 5)
    drain(fleet_containers(FLEET))
    del engine.logs[WEB]
    assert small.pull().lost == []
    assert small.happened() == 5


def test_a_report_of_a_removed_container_is_made_once_whatever_ends_in_between(
    small: Operator, engine: LogEngine, home: Path
) -> None:
    engine.logs[WEB] = lines(1, 3)
    small.pull()
    head = (home / "events" / "spool.json").read_bytes()
    del engine.logs[WEB]
    small.pull()
    # The events were stored, and the power went before the head was.
    (home / "events" / "spool.json").write_bytes(head)
    small.pull()
    assert len(small.lost) == 1
