"""A fleet asked over SSH: beside other clients, a thousand workers, again and again, with dead ones in it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from decnet.store.paths import Home
from decnet.wire import canonical
from decnet.worker.connect import CONNECT_LIMIT

from . import clients
from .canned import write_canned
from .ground import Ground
from .growth import Growth
from .place import Spent, on_worker, spent
from .rows import Result, Row

SIZES = (20, 50, 100, 200)
AIMS = {"asyncssh, bare and tuned": 1.25, "OpenSSH, xargs -P20": 0.45, "pyinfra": 0.6, "ansible": 0.1}
"""The highest ratios of client CPU to each of the others, at 200 workers."""
FEW, MANY = 20, 1000
"""The fewest and the most that are asked in one way: of fewer, each is asked by a client of OpenSSH."""
CPU_AT_MANY, MIB_AT_MANY = 4.5, 100.0
HEALTHY, DEAD = 50, 20
NOWHERE = (
    "ip link add dead0 type veth peer name dead1; ip link set dead0 arp off up; ip link set dead1 up; "
    "ip address add 203.0.113.1/24 dev dead0"
)
"""A network on which every packet is sent and none arrives."""


@contextmanager
def ground() -> Iterator[Ground]:
    with tempfile.TemporaryDirectory(prefix="decnet-bench-", ignore_cleanup_errors=True) as folder:
        made = Ground(Path(folder))
        try:
            yield made
        finally:
            made.close()


def fanout_rows() -> list[Row]:
    """A whole `decnet status`, connections and all, against running `true` by other means."""
    clients.install()
    rows = []
    with ground() as made:
        for size in SIZES:
            home = made.fleet(size)
            status(home)  # The records are written once, and nothing is noted.
            before = made.served()
            status(home)
            changed = least(after_a_change(home) for _ in range(2))
            mine = least(status(home) for _ in range(3))
            served = (made.served() - before) / 6
            others = {
                "asyncssh, bare and tuned": least(clients.bare(made, size) for _ in range(3)),
                "OpenSSH, xargs -P20": clients.openssh(made, size),
                "pyinfra": clients.pyinfra(made, size),
                "ansible": clients.ansible(made, size),
            }
            for title, other in others.items():
                aim = AIMS[title] if size == SIZES[-1] else None
                rows.append(Row(f"status of {size} workers, client CPU", mine.cpu, other.cpu, title, aim))
            fastest = others["asyncssh, bare and tuned"]
            what = f"status of {size} workers of which one has changed, client CPU"
            rows.append(Row(what, changed.cpu, fastest.cpu, "asyncssh, bare and tuned"))
            asking = least(clients.bare_asking(made, size) for _ in range(3))
            what = f"status of {size} workers, wall"
            rows.append(Row(what, mine.wall, fastest.wall, "asyncssh, bare and tuned"))
            rows.append(Row(what, mine.wall, asking.wall, "asyncssh, asking the agents the same", 1.3))
            rows.append(
                Row(f"status of {size} workers, sshd's and the agents' CPU", served, mine.cpu, "the client's")
            )
            busy = (served + mine.cpu) / mine.wall
            what = f"status of {size} workers, processors that sshd, the agents and the client keep busy"
            rows.append(Row(what, busy, os.cpu_count() or 1, "this machine has", unit=""))
            say(f"{size} workers measured")
    return rows


def thousand_rows() -> list[Result]:
    """A thousand workers whose answers were written beforehand, over real SSH."""
    with ground() as made:
        taken = {}
        for size in (FEW, 100, 500, MANY):
            home = made.empty_home(f"many-{size}", "simulated", size)
            write_canned(made.folder, home, size)
            status(home)
            status(home)
            changed = after_a_change(home)
            taken[size] = least(status(home) for _ in range(3))
            say(f"{size} simulated workers measured")
        bare = {size: least(clients.bare(made, size) for _ in range(3)).cpu for size in (FEW, 100, MANY)}
    start, whole = taken.pop(FEW), taken[MANY]
    bare_each = {size: (bare[size] - bare[FEW]) / (size - FEW) * 1000 for size in (100, MANY)}
    cpu = [(float(size - FEW), each.cpu - start.cpu) for size, each in taken.items()]
    memory = [(float(size - FEW), max(each.memory - start.memory, 0.1)) for size, each in taken.items()]
    each_worker = {size + FEW: value / size * 1000 for size, value in cpu}
    return [
        Row(f"status of {MANY} workers, client CPU", whole.cpu, CPU_AT_MANY, "the aim", 1),
        Row(
            f"status of {MANY} workers of which one has changed, client CPU",
            changed.cpu,
            CPU_AT_MANY,
            "the aim",
        ),
        Row(
            f"status of {MANY} workers of which one has changed, memory",
            changed.memory,
            MIB_AT_MANY,
            "the aim",
            unit="MiB",
        ),
        Row(f"status of {MANY} workers, memory", whole.memory, MIB_AT_MANY, "the aim", 1, "MiB"),
        Row(f"one worker more, of {MANY}, CPU", each_worker[MANY], each_worker[100], "of 100", 1.1, "ms"),
        Row(
            f"one worker more, of {MANY}, CPU of asyncssh, bare and tuned",
            bare_each[MANY],
            bare_each[100],
            "of 100",
            unit="ms",
        ),
        Growth(f"status, client CPU above that of {FEW} workers", tuple(cpu), "further workers"),
        Growth(f"status, memory above that of {FEW} workers", tuple(memory), "further workers", "MiB"),
    ]


def repeat_rows() -> list[Row]:
    """The second pull and the following ones, on connections that are open."""
    rows = []
    with ground() as made:
        for size in (50, 200):
            first, *others = pulls(made.fleet(size), 6)
            again, what = _usual(others), f"pull again, {size} workers, client CPU"
            rows.append(Row(what, again, first.cpu, "the first pull", 0.15))
            _, *bare = _pulls_of(clients.bare_again(made, size, 6))
            rows.append(Row(what, again, _usual(bare), "asyncssh, asking the agents the same again"))
    return rows


def _usual(rounds: list[Pull]) -> float:
    return sorted(each.cpu for each in rounds)[len(rounds) // 2]


def dead_rows() -> list[Row]:
    """Workers that swallow every packet, among healthy ones."""
    on_worker("sh", "-c", NOWHERE)
    with ground() as made:
        home = made.fleet(HEALTHY)
        healthy = least_wall(pulls(home, 1)[0] for _ in range(2))
        mixed = pulls(made.fleet(HEALTHY, dead=DEAD), 1)[0]
    limit = healthy.wall + CONNECT_LIMIT
    assert mixed.seen == HEALTHY
    return [
        Row(
            f"{HEALTHY} workers and {DEAD} dead ones, wall",
            mixed.wall,
            limit,
            "the healthy ones' and one limit",
            1,
        )
    ]


@dataclass(frozen=True)
class Pull:
    cpu: float
    wall: float
    seen: int


def pulls(home: Home, rounds: int) -> list[Pull]:
    return _pulls_of(spent(["python", "-m", "tests.bench.pulls", str(home.root), str(rounds)]).output)


def _pulls_of(printed: str) -> list[Pull]:
    return [Pull(**json.loads(line)) for line in printed.splitlines()]


def after_a_change(home: Home) -> Spent:
    """One `decnet status` of which the last worker answers another thing than what the one before noted."""
    [path] = home.root.glob("cache/unchanged-*")
    noted = json.loads(path.read_bytes().partition(b"\n")[2])
    call = noted["asked"][-1]["calls"][0]
    call[2] = call[2][::-1]
    content = canonical(noted)
    path.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    return status(home)


def status(home: Home) -> Spent:
    """One `decnet status`, of which every worker has to have been up."""
    argv = ["python", "-m", "tests.bench.patient", "status", "-o", "json"]
    memory = home.root.with_name(f"{home.root.name}.memory")
    said = spent(argv, env={"DECNET_HOME": str(home.root), "BENCH_MEMORY": str(memory)}, good=(0, 4))
    said = replace(said, memory=int(memory.read_text()) / 1024)
    down = [each for each in json.loads(said.output)["workers"] if each["state"] != "up"]
    if down:
        raise SystemExit(f"not up: {down[0]}")
    return said


def least(runs: Iterator[Spent]) -> Spent:
    return min(runs, key=lambda each: each.cpu)


def least_wall(runs: Iterator[Pull]) -> Pull:
    return min(runs, key=lambda each: each.wall)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
