"""Minutes or hours of random work and harm; then desired, recorded and actual agree and nothing is left.

`SOAK_MINUTES` (3) and `SOAK_SEED` (drawn and printed) choose how long and which.
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pair import PAIR, SIX, Pair, eventually, pair_of
from storm import Storm, plug

from decnet.lab import heal, resume, start
from decnet.lab.layout import place
from decnet.lab.processes import of_place

pytestmark = [
    pytest.mark.soak,
    pytest.mark.lab,
]

MINUTES = float(os.environ.get("SOAK_MINUTES", "3"))
SEED = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_of("soak", tmp_path_factory.mktemp("soak")) as two:
        yield two


def say(line: str) -> None:
    print(line, file=sys.__stderr__, flush=True)


def test_after_a_storm_everything_agrees_and_nothing_is_left(pair: Pair) -> None:
    say(f"\nsoak: {MINUTES:g} minutes, SOAK_SEED={SEED}")
    pair.deploy()
    pair.converge()
    before = {worker: processes(pair, worker) for worker in PAIR}
    storm = Storm(pair, SEED, say)
    storm.rage(MINUTES * 60)
    say(f"soak: {dict(sorted(storm.counts.items()))}")
    assert storm.odd == [], "\n\n".join(storm.odd)
    calm(pair, storm)
    agrees(pair)
    knows_the_logins(pair, storm)
    for worker in PAIR:
        eventually(lambda worker=worker: processes(pair, worker) == before[worker], 60)
    leaves_nothing(pair)


def calm(pair: Pair, storm: Storm) -> None:
    """Good weather, and the fleet as it was described; what failed too often to be tried again soon is
    removed and recreated, as a person would."""
    storm.give_back()
    storm.unmount()
    for worker in PAIR:
        plug(pair, worker, "up")
        resume(pair.lab, worker)
        heal(pair.lab, worker)
        start(pair.lab, worker)
    deploy = ("deploy", "-c", pair.spec(SIX), "--yes", "--reset-services", "--max-remove", "99")
    deadline = time.monotonic() + 300
    while (said := pair.decnet(*deploy, code=None)).code != 0:
        assert time.monotonic() < deadline, said
        assert "Traceback" not in said.err, said
        waiting = re.findall(r"^([\w-]+) on w\d: skipped", said.out, re.MULTILINE)
        if waiting:
            pair.decnet("teardown", *waiting, "--yes", code=None)
        time.sleep(2)
    pair.converge()


def agrees(pair: Pair) -> None:
    """Desired, recorded and actual are one."""
    state = pair.state()
    wanted = {name: row["worker"] for name, row in state["projects"]["decnet"]["deckies"].items()}
    assert sorted(wanted) == [f"host-0{n}" for n in (1, 2)] + [f"web-0{n}" for n in (1, 2, 3, 4)]
    for worker in PAIR:
        rows = {row["name"]: row for row in pair.records(worker)["deckies"].values()}
        assert sorted(rows) == sorted(name for name, where in wanted.items() if where == worker)
        labels = pair.on(
            worker, "docker", "ps", "--filter", "label=decnet.fleet", "--format",
            '{{.Names}} {{.Label "decnet.fingerprint"}}',
        )  # fmt: skip
        actual = dict(line.split() for line in labels.out.splitlines())
        recorded = {name: mark for row in rows.values() for name, mark in row["containers"].items()}
        assert actual == recorded
    assert pair.open_rows() == []
    answered = pair.attack("nmap", "-n", "-sn", "192.0.2.100-130").out
    assert answered.count("Host is up") == len(wanted)
    ids = [event["id"] for event in pair.decnet("events", "-o", "jsonl").lines]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    home = pair.fingerprint_of_home()
    pair.decnet("reconcile")
    assert pair.fingerprint_of_home() == home, "a second reconcile writes"


def knows_the_logins(pair: Pair, storm: Storm) -> None:
    """Each login before a flood of connections is among the events."""
    events = pair.decnet("events", "-o", "jsonl").lines
    seen = {event["fields"].get("password") for event in events if event["kind"] == "login"}
    say(f"soak: {len(storm.attempts)} logins before floods")
    assert [each for each in storm.attempts if each not in seen] == []


def processes(pair: Pair, worker: str) -> Counter[str]:
    """The names of the worker's processes without those of its containers and their sessions."""
    names = Counter(process.name for process in of_place(place(pair.lab, worker)) if process.state != "Z")
    return Counter({name: names[name] for name in names if name.startswith(("python", "docker-", "decnet"))})


def leaves_nothing(pair: Pair) -> None:
    """After the last teardown no container, network, temporary file or process is left."""
    pair.decnet("teardown", "--all", "--yes", "--max-remove", "99")
    for worker in PAIR:
        assert pair.on(worker, "docker", "ps", "-aq").out == ""
        networks = pair.on(worker, "docker", "network", "ls", "--format", "{{.Name}}").out.split()
        assert sorted(networks) == ["host", "none"]
        assert odd_files(pair.agent(worker)) == []
        assert pair.records(worker)["deckies"] == {}
    assert odd_files(pair.home) == []
    operator = [process.name for process in of_place(place(pair.lab, "operator")) if process.state != "Z"]
    assert not [name for name in operator if name.startswith(("python", "decnet"))]


def odd_files(folder: Path) -> list[str]:
    """Drafts, probes and damaged files below a folder."""
    found = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if re.search(r"\.tmp$|\.probe|damaged|\.draft", path)]
