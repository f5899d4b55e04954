"""Reading never needs a write: every verb that only reads answers from a full and from a read-only disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_desk import FLEET, WORKER, Desk, bundle, step
from engine_server import LAN, EngineServer, engine_server
from lockless import FLOCK, NO_LOCKS, without_locks

from decnet.wire import GENESIS

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a mount needs root")

FULL = """
copy=$(mktemp -d); cp -a "$1/." "$copy"
mount -t tmpfs -o size=512k,mode=700 none "$1"
cp -a "$copy/." "$1"; rm -r "$copy"
dd if=/dev/zero of="$1/filler" bs=4096 2>/dev/null || :
shift; exec "$@"
"""
READ_ONLY = 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"'
DISKS = {"full": FULL, "read-only": READ_ONLY}
REPORTED = {"full": "the disk of {} is full (0 KiB free)", "read-only": "the disk of {} is read-only"}
VERBS: dict[str, dict[str, Any]] = {
    "hello": {},
    "facts": {"expect": {"worker_id": WORKER, "fleet_id": FLEET}},
    "status": {},
    "slice": {},
    "probe": {"addresses": ["127.77.0.9"]},
    "events": {},
    "logs": {"decky": "web"},
}
PASSING = ("clock", "disk_free_mib", "memory_mib", "trouble", "compose_command", "compose_version", "ready")
CACHES = ("engine.cache", "containers.cache", "ready.cache", "compose.cache", "journal.cursor")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as running:
        yield running


@pytest.fixture
def used(desk: Desk, server: EngineServer) -> Desk:
    """A worker with a decky, whose events were pulled once."""
    server.serve(desk).get("enrol", {"worker_id": WORKER, "fleet_id": FLEET})
    lan = {**LAN, "driver": "bridge"}
    sent = bundle({"web": ("127.77.0.7", {})}, "r1", 1, lan=lan)
    desk.get("apply", {**sent, "wait": 30.0})
    desk.get("events")
    return desk


def on(disk: str, desk: Desk) -> Desk:
    words = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-euc",
        DISKS[disk],
        "sh",
        str(desk.home),
    ]
    return Desk(desk.agent, desk.home, desk.socket, words, desk.extra)


def lasting(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {key: lasting(value) for key, value in answer.items() if key not in PASSING}
    return [lasting(each) for each in answer] if isinstance(answer, list) else answer


@pytest.mark.parametrize("disk", DISKS)
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_reads_answers_from_a_disk_that_cannot_be_written(
    used: Desk, verb: str, disk: str
) -> None:
    expected = used.get(verb, VERBS[verb])
    for name in CACHES:
        (used.home / name).unlink(missing_ok=True)
    answer = on(disk, used).get(verb, VERBS[verb])
    assert lasting(answer) == lasting(expected)
    if verb in ("status", "events"):
        assert expected["trouble"] == ""
        assert answer["trouble"] == REPORTED[disk].format(used.home)


@pytest.mark.parametrize("disk", DISKS)
def test_what_a_full_disk_has_no_room_for_is_there_once_it_has(
    used: Desk, server: EngineServer, disk: str
) -> None:
    """The journal, the spool and their folder are gone: nothing can be started again, and no pull may find
    another spool each time."""
    page = used.get("events")
    cursor = {"after": page["last_seq"], "spool_id": page["spool_id"]}
    shutil.rmtree(used.home / "events")
    (used.home / "journal.jsonl").unlink()
    stuck = on(disk, used)
    for _ in range(2):
        assert stuck.get("status")["journal"]["records"] == []
        again = stuck.get("events", cursor)
        assert (again["verdict"], again["spool_id"], again["events"]) == ("ok", page["spool_id"], [])
    assert used.get("events", cursor)["verdict"] == "reset"
    asked = {"cursor": {"journal_id": "gone", "seq": 0, "hash": GENESIS}}
    assert used.get("status", asked)["journal"]["verdict"] == "reset"


@pytest.mark.parametrize("disk", DISKS)
def test_a_bundle_that_cannot_be_stored_is_refused_with_the_reason(used: Desk, disk: str) -> None:
    sent = bundle({"web": ("127.77.0.7", {"http": 80})}, "r2", 2, lan={**LAN, "driver": "bridge"})
    error = on(disk, used).refused("apply", {**sent, "wait": 30.0})
    assert error["code"] == "failed" and str(used.home) in error["message"]
    assert error["hint"] == "free disk space on the worker, or make it writable"
    assert used.get("status")["projects"]["decnet"]["generation"] == 1


@pytest.mark.skipif(os.uname().machine not in FLOCK, reason="no number of flock(2) for this machine")
@pytest.mark.parametrize("error", NO_LOCKS)
def test_an_agent_whose_disk_has_no_locks_answers_and_does_not_say_busy(used: Desk, error: str) -> None:
    stuck = Desk(used.agent, used.home, used.socket, without_locks(error), used.extra)
    for verb, args in VERBS.items():
        stuck.get(verb, args)
    sent = bundle({"web": ("127.77.0.7", {"http": 80})}, "r2", 2, lan={**LAN, "driver": "bridge"})
    error_of = stuck.refused("apply", {**sent, "wait": 30.0})
    assert (error_of["code"], "cannot be locked" in error_of["message"]) == ("failed", True)


def test_a_decky_is_healed_although_the_disk_is_full(desk: Desk, server: EngineServer) -> None:
    """Old agents, and the logs of old jobs, make room for the job."""
    server.serve(desk).get("enrol", {"worker_id": WORKER, "fleet_id": FLEET})
    web, lan = {"web": ("127.77.0.7", {})}, {**LAN, "driver": "bridge"}
    assert desk.get("apply", {**bundle(web, "r1", 1, lan=lan), "wait": 30.0})["state"] == "done"
    (desk.home / "agents").mkdir()
    (desk.home / "agents" / ("a" * 64 + ".pyz")).write_bytes(bytes(200_000))
    container = server.engine.named("web")
    assert container is not None
    server.engine.exit(container, 137)
    heal = bundle(web, "r2", 2, [step("web", "heal", start=["web"])], lan=lan)
    done = on("full", desk).get("apply", {**heal, "wait": 30.0})
    assert (done["state"], server.containers) == ("done", {"web": "running"})
