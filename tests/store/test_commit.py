"""A commit is atomic: killed at any place, on any disk error, with concurrent writers and readers."""

from __future__ import annotations

import base64
import multiprocessing
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from decnet.errors import StateBroken
from decnet.model.fleet import Fleet
from decnet.model.record import DeckyRow, WorkerRecords
from decnet.model.worker import Worker
from decnet.store.atomic import collect_temp, last_copy, write_whole
from decnet.store.desired import load_fleet, render, save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.wire import PROJECT
from decnet.worker.hostkeys import HostKey, pin

InChild = Callable[[Callable[[], object], str], int]
Fleets = Callable[..., Fleet]
MANY = 60


def leftovers(home: Home) -> list[str]:
    return sorted(path.name for path in home.root.rglob("*.tmp"))


def test_a_commit_killed_at_any_place_leaves_the_old_or_the_new_fleet(
    home: Home, fleet_of: Fleets, in_child: InChild
) -> None:
    old, new = fleet_of("web-1"), fleet_of("web-1", "web-2")
    outcomes = []
    for number in count(1):
        save_fleet(home, old)
        status = in_child(lambda: save_fleet(home, new), f"kill:{number}")
        loaded, copy = load_fleet(home), last_copy(home.state).read_bytes()
        assert loaded in (old, new)
        assert copy in (render(old), render(new))
        open_home(home)
        assert leftovers(home) == []
        outcomes.append((status, loaded == new))
        if status == 0:
            break
        assert status == -9
    # Places before the rename keep the old fleet, those after it the new one; there are some of both.
    assert outcomes == sorted(outcomes)
    assert outcomes.count((-9, False)) >= 5
    assert outcomes.count((-9, True)) >= 2
    assert outcomes[-1] == (0, True)
    assert number < MANY


def test_a_first_commit_killed_at_any_place_leaves_no_fleet_or_the_new_one(
    home: Home, fleet_of: Fleets, in_child: InChild
) -> None:
    for number in count(1):
        status = in_child(lambda: save_fleet(home, fleet_of("web-1")), f"kill:{number}")
        assert load_fleet(home) in (None, fleet_of("web-1"))
        if status == 0:
            break
        home.state.unlink(missing_ok=True)
        last_copy(home.state).unlink(missing_ok=True)
    assert 5 < number < MANY


@pytest.mark.parametrize("kind", ["enospc", "edquot", "eio"])
def test_an_error_of_the_disk_at_any_place_keeps_a_whole_fleet_and_no_temp_file(
    home: Home, fleet_of: Fleets, in_child: InChild, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    old, new = fleet_of("web-1"), fleet_of("web-1", "web-2")
    kept = []
    for number in count(1):
        save_fleet(home, old)
        status = in_child(lambda: save_fleet(home, new), f"{kind}:{number}")
        output = capfd.readouterr().err
        assert leftovers(home) == []
        if status == 0:
            break
        assert f"decnet.errors.StateBroken: cannot write {home.state}: " in output
        kept.append(load_fleet(home) == old)
        assert load_fleet(home) in (old, new)
    assert kept == sorted(kept, reverse=True)
    assert kept.count(True) >= 5


def test_records_killed_at_any_place_are_the_old_or_the_new_rows(home: Home, in_child: InChild) -> None:
    row = DeckyRow(name="web-1", ip="192.0.2.100", mac="m", containers={}, status="running")
    old = WorkerRecords(worker_id="w").with_project(PROJECT, generation=1)
    new = old.with_project(PROJECT, generation=2, deckies={"web-1": row})
    for number in count(1):
        Records(home).save(old)
        status = in_child(lambda: Records(home).save(new), f"kill:{number}")
        assert Records(home).load("w") in (old, new)
        if status == 0:
            break
    assert 5 < number < MANY


def test_a_commit_that_changes_nothing_writes_nothing(home: Home, fleet_of: Fleets) -> None:
    records, worker = WorkerRecords(worker_id="w"), Worker(name="w1", worker_id="u")
    assert save_fleet(home, fleet_of("web-1"))
    assert Records(home).save(records)
    assert FleetTable(home).put_worker(worker)
    before = written(home)
    assert not save_fleet(home, fleet_of("web-1"))
    assert not Records(home).save(records)
    assert not FleetTable(home).put_worker(worker)
    assert written(home) == before


def written(home: Home) -> dict[Path, tuple[int, int, int]]:
    """What a write would change; a reading changes a file's time of access."""
    found = {path: path.stat() for path in home.root.rglob("*")}
    return {path: (each.st_ino, each.st_mtime_ns, each.st_size) for path, each in found.items()}


def test_a_full_disk_is_reported_and_keeps_the_old_file(tmp_path: Path) -> None:
    script = f"""
set -e
mount -t tmpfs -o size=64k,mode=700 none {tmp_path}
exec {sys.executable} {Path(__file__).with_name("full_disk.py")} {tmp_path}
"""
    done = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"cannot write {tmp_path}/state.json: No space left on device",
        "the disk is full: free some space and run the command again",
        "old True",
        "files ['state.json', 'state.json.last']",
        f"cannot write {tmp_path}/log.jsonl: No space left on device",
        "lines True",
    ]


def test_a_read_only_home_is_refused_for_writing_and_can_be_read(tmp_path: Path, fleet_of: Fleets) -> None:
    home = Home(tmp_path / "home")
    open_home(home)
    save_fleet(home, fleet_of("web-1"))
    done = on_read_only(home, f"{sys.executable} {Path(__file__).with_name('read_only.py')} {home.root}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "[]",
        "['web-1']",
        f"cannot lock {home.lock}: Read-only file system",
        f"cannot write in {home.root}: Read-only file system (the file system is mounted read-only)",
    ]


BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(32)).decode()
LOOKS = {
    "status": 5,
    "history": 0,
    "events": 0,
    "logs web-1": 5,
    "reconcile --check": 5,
    "mutate web-1 --random --dry-run": 5,
    "deploy -n 1 --name web --worker w1 -s ssh --add --dry-run": 5,
    "teardown web-1 --dry-run": 5,
    "worker list": 0,
    "worker show w1": 5,
    "worker check": 5,
    "worker drain w1 --dry-run": 5,
}
"""Commands that change nothing, and how they end where the only worker is unreachable."""


@pytest.mark.parametrize(
    ("disk", "reason"), [("ro", "Read-only file system"), ("full", "No space left on device")]
)
def test_commands_that_only_look_work_on_a_read_only_home(
    tmp_path: Path, fleet_of: Fleets, disk: str, reason: str
) -> None:
    """And on a full disk."""
    home = Home(tmp_path / "home")
    open_home(home)
    fleet = fleet_of("web-1", worker="w1")
    save_fleet(home, fleet.model_copy(update={"lans": {"w1": fleet.lans["local"]}}))
    # Nothing listens on port 1.
    worker = Worker(name="w1", worker_id="id-1", host="127.0.0.1", port=1, user="root")
    FleetTable(home).put_worker(worker)
    pin(home.known_hosts, worker, HostKey("ssh-ed25519", BLOB), write_whole)
    program = f"{sys.executable} -m decnet"
    script = "\n".join(f"{program} {words} 2>&1; echo === $?" for words in (*LOOKS, "reconcile"))
    done = on_a_disk(home, f"sh -c {shlex.quote(script)}", DISKS[disk])
    *outputs, refused, _ = re.split(r"=== \d+\n", done.stdout)
    codes = [int(code) for code in re.findall(r"=== (\d+)\n", done.stdout)]
    assert dict(zip(LOOKS, codes, strict=False)) == LOOKS, done.stdout
    assert [text for text in outputs if reason in text or "Traceback" in text] == []
    assert codes[-1] == 1
    assert reason in refused and str(home.root) in refused


DISKS = {
    "ro": "mount --bind {0} {0}; mount -o remount,ro,bind {0}",
    "full": "cp -a {0} {0}.copy; mount -t tmpfs -o size=2m,mode=700 none {0}; cp -a {0}.copy/. {0};"
    "dd if=/dev/zero of={0}/filler bs=4096 2>/dev/null || :",
}


def on_read_only(home: Home, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command where the home is mounted read-only."""
    return on_a_disk(home, command, DISKS["ro"])


def on_a_disk(home: Home, command: str, disk: str) -> subprocess.CompletedProcess[str]:
    script = f"set -e\nexport DECNET_HOME={home.root}\n{disk.format(home.root)}\nexec {command}\n"
    return subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
    )


def write_by_turns(path: Path, letter: bytes, until: float) -> None:
    size = 1
    while time.monotonic() < until:
        size = size % 300_000 + 7_000
        write_whole(path, letter * size, fsync=False, keep=True)


def test_a_reader_never_sees_a_torn_file_while_two_processes_write_it(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_whole(path, b"a")
    until = time.monotonic() + 1.5
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_by_turns, args=(path, letter, until)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        for file in (path, last_copy(path)):
            content = file.read_bytes() if file.exists() else b"a"
            assert content
            assert len(set(content)) == 1
            seen.add(content)
    for writer in writers:
        writer.join(30)
        assert writer.exitcode == 0
    assert len(seen) > 3
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["state.json", "state.json.last"]


def test_only_dead_processes_temp_files_are_collected(home: Home) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    gone = home.root / f".fleet.json.{dead.pid}.0a1b.tmp"
    gone.write_text("x")
    kept = [home.root / f".fleet.json.{os.getpid()}.0a1b.tmp", home.records_dir / "notes.tmp"]
    for path in kept:
        path.write_text("x")
    assert collect_temp(home) == 1
    assert not gone.exists()
    assert all(path.exists() for path in kept)


def test_a_link_in_the_files_place_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "state.json").symlink_to(tmp_path / "victim")
    with pytest.raises(StateBroken, match="cannot read"):
        write_whole(tmp_path / "state.json", b"x")
    assert (tmp_path / "victim").read_text() == "precious"


def test_damage_to_the_file_in_place_leaves_its_copy_whole(home: Home, fleet_of: Fleets) -> None:
    save_fleet(home, fleet_of("web-1"))
    with home.state.open("r+b") as stream:
        stream.truncate(10)
    assert last_copy(home.state).read_bytes() == render(fleet_of("web-1"))


def test_a_temp_file_that_is_renamed_meanwhile_does_not_end_the_cleaning_up(home: Home) -> None:
    until = time.monotonic() + 1.5
    context = multiprocessing.get_context("fork")
    writer = context.Process(target=write_by_turns, args=(home.state, b"a", until))
    writer.start()
    while writer.is_alive():
        assert collect_temp(home) == 0
    writer.join(30)
    assert writer.exitcode == 0
