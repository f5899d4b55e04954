"""Two workers over real SSH, and what happens to the line between, to their sshds, to their clocks, and to
whole machines: cloned, wiped, restored from an old copy."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pair import LOGIN, PAIR, SIX, Pair, Said, eventually, pair_of

from decnet.lab import heal, partition, slow, start, stop, wipe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.lab,
]

DAY = 86_400.0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_of("pair", tmp_path_factory.mktemp("pair")) as two:
        two.deploy()
        yield two


@pytest.fixture
def pair(whole: Pair) -> Pair:
    """Six deckies on two workers, all in order, whatever the test before has left."""
    for worker in PAIR:
        heal(whole.lab, worker)
        start(whole.lab, worker)
    whole.enrol()
    deploy = ("deploy", "-c", whole.spec(SIX), "--yes", "--reset-services", "--max-remove", "99")
    eventually(lambda: whole.decnet(*deploy, code=None).code == 0, 200)
    whole.converge()
    return whole


def all_running(pair: Pair) -> None:
    """All is as described, nothing is open, and no operation has ended twice."""
    pair.converge()
    assert pair.open_rows() == []
    for worker in PAIR:
        rows = [row for row in pair.journal(worker) if "request_id" in row]
        ends = Counter((row["request_id"], row["decky"]) for row in rows)
        assert set(ends.values()) <= {1}, "an operation ended twice"


def output_of(said: Said) -> str:
    return said.out + said.err


def touch_all(pair: Pair) -> None:
    """Connect once to each decky."""
    for decky in pair.deckies().values():
        for port in ("80", "22"):
            pair.attack("nc", "-z", "-w", "1", decky["ip"], port)


def pulled(pair: Pair) -> tuple[list[str], str]:
    """The ids of new events, and the other messages."""
    said = pair.decnet("events", "--pull", "-o", "jsonl")
    return [event["id"] for event in said.lines], said.err


def reported_before(pair: Pair) -> set[str]:
    return {event["id"] for event in pair.decnet("events", "-o", "jsonl").lines}


def test_a_line_that_delays_and_loses_is_slow_and_nothing_else(pair: Pair) -> None:
    slow(pair.lab, "w1", 150, 15)
    said = pair.decnet("mutate", "--all", "--random", "--seed", "5", code=None)
    states = pair.worker_states()
    heal(pair.lab, "w1")
    assert said.code in (0, 5), said
    assert states["w2"] == "up"
    all_running(pair)


def test_an_sshd_that_is_killed_in_the_middle_of_a_verb_leaves_the_job_and_no_doubt(pair: Pair) -> None:
    running = pair.start("mutate", "--all", "--random", "--seed", "6")
    time.sleep(1.5)
    stop(pair.lab, "w1", "sshd")
    out, err = running.communicate(timeout=120)
    start(pair.lab, "w1")
    assert "Traceback" not in out + err
    assert running.returncode in (0, 4, 5), out + err
    all_running(pair)


def test_a_cable_pulled_in_the_middle_of_a_verb_is_found_and_the_next_one_takes_it_up(pair: Pair) -> None:
    running = pair.start("mutate", "--all", "--random", "--seed", "7")
    time.sleep(1.5)
    partition(pair.lab, "w1")
    out, err = running.communicate(timeout=60)
    assert running.returncode in (0, 5), out + err
    heal(pair.lab, "w1")
    all_running(pair)


def test_a_clone_of_a_worker_is_refused_under_both_its_names(pair: Pair) -> None:
    """Two machines with one identity: w2 was made from a copy of w1's agent folder."""
    own, twin = pair.agent("w2") / "identity.json", pair.agent("w1") / "identity.json"
    kept, before = own.read_bytes(), pair.containers()
    shutil.copy(twin, own)
    try:
        said = pair.decnet("reconcile", code=6)
        assert "w2: this is worker" in output_of(said)
        assert "another machine answers there" in output_of(said)
        known = pair.known_hosts()
        again = pair.decnet("worker", "add", "w2", LOGIN["w2"], "--known-hosts", known, code=None)
        assert again.code == 6, again
        twice = pair.decnet("worker", "add", "w9", LOGIN["w2"], "--known-hosts", known, code=2)
        assert "is already enrolled, as w2" in twice.err
        assert pair.containers() == before
        assert set(pair.worker_states()) == set(PAIR)
    finally:
        own.write_bytes(kept)
    pair.decnet("reconcile", "--check")


def test_a_clone_with_its_originals_host_key_is_refused_and_the_original_continues(pair: Pair) -> None:
    kept, before = pair.host_keys("w2"), pair.containers()
    pair.give_host_keys("w2", pair.host_keys("w1"))
    try:
        said = pair.decnet("reconcile", code=6)
        assert "w2" in output_of(said)
        assert "host key" in output_of(said)
        assert pair.worker_states()["w1"] == "up"
        assert pair.containers() == before
    finally:
        pair.give_host_keys("w2", kept)
    pair.decnet("reconcile", "--check")


def test_a_wiped_agent_is_reported_and_enrolled_again_while_its_deckies_run(pair: Pair) -> None:
    touch_all(pair)
    pulled(pair)
    reported = reported_before(pair)
    assert reported
    before, known = pair.containers(), pair.worker_id("w1")
    wipe(pair.lab, "w1")
    said = pair.decnet("reconcile", code=4)
    assert "w1: its agent is missing" in output_of(said)
    assert "decnet worker add w1 USER@HOST enrols it again" in output_of(said)
    assert pair.containers() == before
    pair.enrol("w1")
    assert pair.worker_id("w1") == known
    mended = pair.decnet("reconcile", code=None)
    assert "its journal is new" in output_of(mended)
    assert pair.containers() == before, "something was made anew"
    ids, said_of_spool = pulled(pair)
    assert "its event spool was replaced" in said_of_spool
    assert not reported & set(ids), "reported twice"
    pair.decnet("reconcile", "--check")


def test_a_worker_restored_from_an_old_copy_is_reported_and_healed(pair: Pair, tmp_path: Path) -> None:
    pulled(pair)
    shutil.copytree(pair.agent("w1"), tmp_path / "copy", symlinks=True)
    pair.decnet("mutate", "--all", "--random", "--seed", "8")
    touch_all(pair)
    first, _ = pulled(pair)
    before = pair.containers()
    give_back(pair.agent("w1"), tmp_path / "copy")
    said = pair.decnet("reconcile", code=None)
    assert "its journal was rewound" in output_of(said)
    pair.converge()
    assert pair.containers() == before, "what ran as described was not left alone"
    second, _ = pulled(pair)
    assert first
    assert max(Counter(first + second).values()) == 1, "reported twice"
    all_running(pair)


def test_a_restored_state_directory_catches_up_despite_a_silent_worker(pair: Pair, tmp_path: Path) -> None:
    shutil.copytree(pair.home, tmp_path / "backup", symlinks=True)
    pair.decnet("mutate", "--all", "--random", "--seed", "11")
    give_back(pair.home, tmp_path / "backup")
    refused = pair.decnet("reconcile", code=4)
    assert "decnet worker recover --take-generation" in output_of(refused)
    stop(pair.lab, "w1", "sshd")
    pair.decnet("worker", "recover", "--take-generation", code=5)
    pair.decnet("reconcile", "--on", "w2")
    start(pair.lab, "w1")
    pair.decnet("worker", "recover", "--take-generation")
    all_running(pair)


def give_back(folder: Path, copy: Path) -> None:
    """The folder's content as it was; the folder itself is mounted and stays."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    shutil.copytree(copy, folder, symlinks=True, dirs_exist_ok=True)


def test_a_worker_that_lost_everything_is_given_its_slice_again(pair: Pair) -> None:
    wipe(pair.lab, "w1")
    pair.on("w1", "sh", "-c", "docker rm -f $(docker ps -aq) >/dev/null; docker network rm decnet_lan")
    pair.enrol("w1")
    all_running(pair)
    wanted = sorted(
        name for name, row in pair.state()["projects"]["decnet"]["deckies"].items() if row["worker"] == "w1"
    )
    held = json.loads((pair.agent("w1") / "projects" / "decnet" / "slice.json").read_text())
    assert sorted(held["slice"]["deckies"]) == wanted


@pytest.mark.parametrize("days", [1, -1], ids=["ahead", "behind"])
def test_a_clock_that_is_a_day_off_is_shown_and_ours_decides(pair: Pair, days: int) -> None:
    # Debian 12, which has faketime: w1 is another system.
    program = pair.agent("w2") / "decnet-agent"
    kept = program.read_text()
    program.write_text(kept.replace("exec ", f"exec faketime -f {days:+d}d ", 1))
    try:
        begun = time.time()
        pair.decnet("mutate", "--all", "--random", "--seed", str(9 + days))
        assert abs(skew(pair)["w2"] - days * DAY) < 60
        assert abs(skew(pair)["w1"]) < 60
        remark = "its clock is (1 d|24 h) " + ("ahead" if days > 0 else "behind")
        assert re.search(remark, pair.decnet("status").out)
        touch_all(pair)
        ids, _ = pulled(pair)
        assert ids
        assert not set(pulled(pair)[0]) & set(ids), "reported twice"
        rows = [row for row in history(pair) if row["created"] >= begun - 1]
        assert {row["worker"] for row in rows} == set(PAIR)
        assert all(row["created"] <= row["ended"] <= time.time() for row in rows), rows
        assert {row["ended_by_worker"] for row in rows if row["worker"] == "w2"} == {False}
        pair.decnet("reconcile", "--check")
    finally:
        program.write_text(kept)
    # Its clock was corrected: the journal continues where it was.
    pair.decnet("mutate", "--all", "--random", "--seed", str(12 + days))
    all_running(pair)


def skew(pair: Pair) -> dict[str, float]:
    shown = pair.decnet("status", "-o", "json").json
    return {worker["name"]: worker["skew"] for worker in shown["workers"]}


def history(pair: Pair) -> list[dict[str, Any]]:
    return list(pair.decnet("history", "--limit", "10000", "-o", "json").json)
