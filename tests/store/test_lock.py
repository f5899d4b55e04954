"""The lock: one holder at a time, named to everybody else, freed by its death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from decnet.errors import LockHeld, StateBroken
from decnet.store.lock import Lock
from decnet.store.paths import Home

InChild = Callable[[Callable[[], object], str], int]

HOLDER = """
import sys, time
from pathlib import Path
from decnet.store.lock import Lock
from decnet.store.paths import Home
with Lock(Home(Path(sys.argv[1])), sys.argv[2]):
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
"""


@contextmanager
def held_elsewhere(
    home: Home, command: str = "decnet deploy", seconds: float = 60
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.root), command, str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_second_command_reports_the_holders_pid_command_and_start(home: Home) -> None:
    with held_elsewhere(home) as holder, pytest.raises(LockHeld) as refused, Lock(home, "decnet mutate", 0.2):
        pass
    message = rf"the lock is held by `decnet deploy` \(pid {holder.pid}, since \d\d:\d\d:\d\d\)"
    refused.match(f"^{message}$")
    assert refused.value.exit_code == 75


def test_a_command_waits_for_the_holder_to_end(home: Home) -> None:
    with held_elsewhere(home, seconds=0.6), Lock(home, "decnet mutate", 30):
        assert f'"pid": {os.getpid()}, "command": "decnet mutate"' in home.lock.read_text()


def test_a_killed_holder_frees_the_lock_and_is_not_named(home: Home) -> None:
    with held_elsewhere(home) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert str(holder.pid) in home.lock.read_text()
        with Lock(home, "decnet mutate", 5):
            pass


def test_without_a_timeout_a_held_lock_is_reported_at_once(home: Home) -> None:
    with Lock(home, "decnet status"):
        pass
    with held_elsewhere(home):
        before = time.monotonic()
        with pytest.raises(LockHeld), Lock(home, "decnet status"):
            pass
        assert time.monotonic() - before < 30


def test_taking_the_lock_twice_in_one_process_is_a_mistake(home: Home) -> None:
    with Lock(home, "decnet deploy"):
        with pytest.raises(RuntimeError, match="already holds"), Lock(home, "decnet deploy", 5):
            pass
        again = [sys.executable, "-c", HOLDER, str(home.root), "decnet mutate", "0"]
        other = subprocess.run(again, capture_output=True, text=True, timeout=30)
        assert "decnet.errors.LockHeld: the lock is held by `decnet deploy`" in other.stderr


def test_the_lock_is_free_again_after_an_error_inside(home: Home) -> None:
    with pytest.raises(ZeroDivisionError), Lock(home, "decnet deploy"):
        raise ZeroDivisionError
    with Lock(home, "decnet deploy"):
        pass
    assert home.lock.read_bytes() == b""


def test_a_holders_command_cannot_write_to_the_terminal(home: Home) -> None:
    with held_elsewhere(home, "decnet \x1b[2J\n\u202e"), pytest.raises(LockHeld) as refused, Lock(home, "x"):
        pass
    assert r"`decnet \x1b[2J\x0a\u202e`" in refused.value.message


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff" * 9000])
def test_a_damaged_note_costs_only_the_holders_name(home: Home, note: bytes) -> None:
    with held_elsewhere(home):
        home.lock.write_bytes(note)
        with pytest.raises(LockHeld, match="the lock is held by another decnet command"), Lock(home, "x"):
            pass


def test_a_full_disk_does_not_stop_the_lock(home: Home, in_child: InChild) -> None:
    def locked() -> None:
        with Lock(home, "decnet teardown"):
            assert home.lock.read_bytes() == b""

    assert in_child(locked, "enospc:1") == 0


def test_a_missing_home_and_a_link_are_refused(home: Home) -> None:
    missing = Home(home.root / "missing")
    with pytest.raises(StateBroken, match="cannot lock"), Lock(missing, "x"):
        pass
    assert not missing.root.exists()
    home.lock.symlink_to("/dev/null")
    with pytest.raises(StateBroken, match="cannot lock"), Lock(home, "x"):
        pass
