"""Many sessions of one ssh decoy at once: within its memory, and without one noticing the others."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from clients import BySsh

from decnet.catalog import load
from decnet.decoys.shell.memory import Memory
from decnet.decoys.shell.turns import Use

BANNER = "OpenSSH_9.2p1 Debian-2+deb12u3"
WEAK = {"credentials": "root:123456"}
SESSIONS = 50
AT_ONCE = 6
"""Logins: OpenSSH drops some connections from the tenth that has not logged in."""
PROMPT_SECONDS = 3.0
LIMIT = load().services["ssh"].memory_mib * 1024 * 1024
LOOP = "for i in $(seq 60); do echo $i | sed s/1/2/ > /dev/null; done"
GREEDY = "a=$(printf '\\360\\237\\230\\200%.0s' $(seq 20000)); b=$a$a$a; c=$b$b"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def test_fifty_sessions_fit_and_one_does_not_notice_the_others(decoy: Callable[..., Any]) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK, most_memory=LIMIT)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        calm, *others = pool.map(BySsh, [server.port] * SESSIONS)
    calm.answers()

    for each in others:
        each.type(LOOP)
    slowest = max(calm.answers() for _ in range(5))

    # From 70% of the limit, sessions are killed.
    assert slowest < PROMPT_SECONDS and server.memory() < LIMIT / 1024 / 1024 * 0.6
    for each in (calm, *others):
        each.close()


def test_greedy_sessions_end_and_the_decoy_and_a_calm_visitor_stay(decoy: Callable[..., Any]) -> None:
    server = decoy("ssh", banner=BANNER, settings=WEAK, most_memory=32 * 1024 * 1024)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        calm, *others = pool.map(BySsh, [server.port] * 20)
    calm.answers()

    for each in others:
        each.type(GREEDY)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not any(each.channel.closed for each in others):
        calm.answers()

    assert any(each.channel.exit_status_ready() for each in others)
    assert calm.answers() < PROMPT_SECONDS and server.peak() < 70
    for each in (calm, *others):
        each.close()


def test_the_largest_is_killed_first_and_no_one_without_need() -> None:
    killed: list[str] = []
    kept: list[bytearray] = []
    memory = Memory(None)
    limited = Memory(1 << 40)
    tight = Memory(1)

    with (
        tight.account(lambda: killed.append("small")) as small,
        tight.account(lambda: killed.append("large")) as large,
    ):
        small.size = 600_000
        with tight.charged_to(large):
            kept.append(bytearray(os.urandom(1 << 20) * 8))
        assert killed[0] == "large" and large.size == 0
    with limited.account(lambda: killed.append("none")) as one, limited.charged_to(one):
        kept.append(bytearray(os.urandom(1 << 20) * 8))
    assert one.size > 4_000_000 and "none" not in killed and memory.taken() == 0


FREES = """
import os
from decnet.decoys.shell.memory import SHARE, Memory

killed, kept = [], []
memory = Memory(int((Memory(1 << 40).taken() + 24_000_000) / SHARE))

def free():
    killed.append("large")
    pinned = kept[-1]
    kept.clear()
    kept.append(pinned)

with memory.account(lambda: killed.append("small")) as small, memory.account(free) as large:
    small.size = 600_000
    with memory.charged_to(large):
        # Too large for Python's own arenas; the last one keeps the C library's heap from shrinking.
        kept.extend(os.urandom(1500) for _ in range(30_000))
print(killed)
"""


def test_what_a_killed_one_had_is_returned_so_that_no_other_one_is_killed() -> None:
    # In a process of its own: the tests before it leave room in the heap.
    done = subprocess.run([sys.executable, "-c", FREES], capture_output=True, text=True, check=True)

    assert done.stdout == "['large']\n"


def test_the_use_of_the_processor_fades() -> None:
    use = Use()
    use.add(1.0)
    use._at -= 5.0
    assert 0.3 < use.recent() < 0.4
