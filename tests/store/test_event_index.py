"""The index answers as the files do, whatever happened to it; it is never needed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decnet.model.event import AttackerEvent
from decnet.model.event_settings import Retention
from decnet.plan.attackers import Attacker, by_source, merged
from decnet.store.event_index import Coverage, index_path, parts_within, present_files, totals
from decnet.store.events import append_events, read_events
from decnet.store.index_writer import update_index
from decnet.store.jsonl import files_of
from decnet.store.latest import latest_events
from decnet.store.paths import Home
from decnet.store.retention import apply_retention
from decnet.store.touches import read_touches

InChild = Callable[[Callable[[], object], str], int]
NASTY = ["192.0.2.7", "x'); DROP TABLE totals; --", '"', "%", "\x00", "é" * 50]
AT = 1.7e9
SPAN = 700
"""A few lines."""


@dataclass(frozen=True)
class Page:
    events: Sequence[AttackerEvent]
    spool_id: str = "s"
    verdict: str = "ok"
    mark: str = ""


def event(seq: int, at: float, source: str = "192.0.2.7", text: str = "p") -> AttackerEvent:
    return AttackerEvent.model_validate(
        {
            "id": f"e{seq}", "seq": seq, "at": at, "decky": "web", "service": "ssh", "kind": "login",
            "source_ip": source, "source_port": 1, "session": "s",
            "fields": {"username": "root", "password": text},
        }
    )  # fmt: skip


def store(home: Home, *events: AttackerEvent, worker: str = "w", limit: int = 4000) -> None:
    append_events(home, worker, Page(events), limit=limit)


def fill(home: Home, pages: int = 30, begin: int = 1) -> None:
    """Pages of three events of two workers, several files each."""
    for page in range(begin, begin + pages):
        for worker in ("w", "v"):
            events = [event(3 * page + n, AT + 100 * page + n, f"192.0.2.{page % 5}") for n in range(3)]
            store(home, *events, worker=worker)


def from_files(home: Home, **times: float) -> list[str]:
    found = read_events(home, coverage=Coverage({}))
    low, high = times.get("since", 0.0), times.get("until", 1e12)
    return [f"{row.worker}{row.event.id}" for row in found if low <= row.event.at < high]


def answers(home: Home, **times: Any) -> list[str]:
    return [f"{row.worker}{row.event.id}" for row in read_events(home, **times)]


def sources(home: Home, workers: Sequence[str] | None = None) -> dict[str, Attacker]:
    known, rest = totals(home, workers)
    return merged(known, by_source(read_touches(home, workers=workers, coverage=rest)).values())


def agrees(home: Home) -> bool:
    """Whether index and files give the same answers."""
    whole = by_source(row.event for row in read_events(home, coverage=Coverage({})))
    assert sources(home) == whole
    for worker in "vw":
        of_worker = by_source(row.event for row in read_events(home, workers=[worker], coverage=Coverage({})))
        assert sources(home, [worker]) == of_worker
    for source in ("192.0.2.1", "10.0.0.1", "192.0.2.77", "%"):
        of_source = [row for row in read_events(home, source=source) if row.event.source_ip == source]
        every = read_events(home, coverage=Coverage({}))
        assert of_source == [row for row in every if row.event.source_ip == source]
    for since, until in ((AT + 1500, AT + 1800), (AT + 2900, AT + 1e6), (0.0, AT + 250)):
        assert answers(home, since=since, until=until) == from_files(home, since=since, until=until)
        touched = [each.stored for each in read_touches(home, since=since, until=until)]
        assert sorted(f"{row.worker}{row.event.id}" for row in touched if row) == sorted(
            answers(home, since=since, until=until)
        )
    every_one = sorted(read_events(home, coverage=Coverage({})), key=lambda row: row.event.at)
    for most in (0, 1, 7, 1000):
        assert latest_events(home, most, lambda touch: True) == every_one[-most or len(every_one) :]
        some = [row for row in every_one if row.worker == "v" and row.event.source_ip == "192.0.2.1"]
        found = latest_events(home, most, lambda touch: touch.source_ip == "192.0.2.1", workers=["v"])
        assert found == some[-most or len(some) :]
    return True


def read_bytes(home: Home, since: float) -> int:
    """How many bytes are read to find the events since then."""
    coverage, count = parts_within(home, since, None), 0
    for (folder, inode), path in present_files(home).items():
        for start, stop in coverage.of(home.events_dir / folder, inode):
            count += (path.stat().st_size if stop is None else stop) - start
    return count


def test_answers_are_those_of_the_files_before_during_and_after_indexing(home: Home) -> None:
    fill(home)
    assert agrees(home)
    while (done := update_index(home, 0.0, span=SPAN)) is not None and done.after < done.whole:
        assert done.after > done.before
        assert agrees(home)
    fill(home, 3, begin=31)
    assert agrees(home)
    update_index(home, 60.0, span=SPAN)
    assert agrees(home)
    size = sum(
        path.stat().st_size for folder in "wv" for path in files_of(home.events(folder) / "events.jsonl")
    )
    assert 0 < read_bytes(home, AT + 3300) < size / 10
    assert set(totals(home)[0]) == {f"192.0.2.{n}" for n in range(5)}
    assert len(list(read_events(home, source="192.0.2.77"))) == 0


def test_what_is_indexed_is_not_read_again(home: Home) -> None:
    fill(home)
    update_index(home, 60.0)
    known, rest = totals(home)
    assert list(read_events(home, coverage=rest)) == []
    assert sum(each.events for each in known.values()) == 180
    assert update_index(home, 60.0) == (done := update_index(home, 60.0))
    assert done is not None
    assert done.before == done.after == done.whole


def test_the_last_events_are_found_without_the_earlier_ones(home: Home) -> None:
    fill(home, 300)
    update_index(home, 60.0, span=SPAN)
    looked_at: list[float] = []
    found = latest_events(home, 5, lambda touch: not looked_at.append(touch.at))
    assert [row.event.at for row in found] == [AT + 100 * 300 + n for n in (0, 1, 1, 2, 2)]
    assert len(looked_at) < 50
    assert not latest_events(home, 5, lambda touch: False, until=AT)
    in_between = latest_events(home, 2, lambda touch: True, since=AT + 28_000, until=AT + 29_000)
    assert [row.event.at for row in in_between] == [AT + 28_902, AT + 28_902]


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


def of_an_older_version(path: Path) -> None:
    index = sqlite3.connect(path)
    index.execute("PRAGMA user_version = 0")
    index.commit()
    index.close()


def of_another_program(path: Path) -> None:
    path.unlink()
    index = sqlite3.connect(path)
    index.execute("CREATE TABLE files (x)")
    index.commit()
    index.close()


def without_a_table(path: Path) -> None:
    index = sqlite3.connect(path)
    index.execute("DROP TABLE totals")
    index.commit()
    index.close()


def with_odd_totals(path: Path) -> None:
    index = sqlite3.connect(path)
    index.execute("UPDATE totals SET document = '[1]'")
    index.commit()
    index.close()


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        cut,
        overwrite,
        of_an_older_version,
        of_another_program,
        without_a_table,
        with_odd_totals,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a database" * 500),
    ],
)
def test_a_damaged_older_or_foreign_index_is_not_believed_and_is_replaced(
    home: Home, damage: Callable[[Path], object]
) -> None:
    fill(home)
    update_index(home, 60.0)
    damage(index_path(home))
    assert agrees(home)
    fill(home, 1, begin=31)
    update_index(home, 60.0)
    assert agrees(home)
    known, rest = totals(home)
    assert (len(known), list(read_events(home, coverage=rest))) == (5, [])
    assert index_path(home).stat().st_mode & 0o777 == 0o600


def test_files_that_were_replaced_deleted_or_cut_are_noticed(home: Home) -> None:
    fill(home)
    update_index(home, 60.0)
    oldest = files_of(home.events("w") / "events.jsonl")[-1]
    oldest.unlink()
    assert agrees(home)
    newest = home.events("v") / "events.jsonl"
    newest.write_bytes(newest.read_bytes().replace(b'"root"', b'"toor"'))
    assert agrees(home)
    os.truncate(newest, newest.read_bytes().index(b"\n") + 1)
    assert agrees(home)
    update_index(home, 60.0)
    assert agrees(home)
    known, rest = totals(home)
    assert (len(known), list(read_events(home, coverage=rest))) == (5, [])


def test_a_copy_of_the_state_directory_is_indexed_again(home: Home, tmp_path: Path) -> None:
    fill(home)
    update_index(home, 60.0)
    copy = Home(tmp_path / "copy")
    shutil.copytree(home.root, copy.root)
    assert agrees(copy)
    done = update_index(copy, 60.0)
    assert done is not None
    assert (done.before, done.after) == (0, done.whole)
    assert agrees(copy)
    assert len(totals(copy)[0]) == 5


def test_what_retention_deletes_leaves_the_totals(home: Home) -> None:
    for seq in range(1, 60):
        store(
            home,
            *(event(100 * seq + n, AT + seq, f"10.0.0.{seq}", "x" * 3900) for n in range(10)),
            limit=1 << 17,
        )
    update_index(home, 60.0)
    assert apply_retention(home, home.events("w"), Retention(size=1 << 20), AT) is not None
    assert agrees(home)
    update_index(home, 60.0)
    assert agrees(home)
    assert "10.0.0.1" not in totals(home)[0]


def test_killed_while_it_indexes_nothing_is_counted_twice(home: Home, in_child: InChild) -> None:
    fill(home, 6)
    for number in count(1):
        status = in_child(lambda: update_index(home, 60.0, span=SPAN, batch=2), f"kill:{number}")
        assert agrees(home)
        if status == 0:
            break
        fill(home, 1, begin=6 + number)
    assert number > 5


@pytest.mark.parametrize("fault", ["erofs", "enospc"])
def test_a_disk_that_takes_nothing_answers_from_index_and_files(
    home: Home, in_child: InChild, fault: str
) -> None:
    fill(home)
    update_index(home, 60.0)
    fill(home, 2, begin=31)
    before = sorted(os.listdir(home.events_dir))
    assert in_child(lambda: [agrees(home), update_index(home, 60.0)], f"{fault}:1") == 0
    assert sorted(os.listdir(home.events_dir)) in (before, sorted([*before, "index.lock"]))
    assert agrees(home)


def test_an_interrupted_write_is_rolled_back_by_the_next(home: Home) -> None:
    fill(home)
    update_index(home, 60.0)
    index = sqlite3.connect(index_path(home), isolation_level=None)
    index.execute("BEGIN EXCLUSIVE")
    index.execute("DELETE FROM totals")
    assert agrees(home)
    index.close()
    assert agrees(home)
    assert len(totals(home)[0]) == 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NASTY), st.text(max_size=9)), min_size=1, max_size=8))
def test_no_text_of_an_event_is_more_than_a_value(tmp_path_factory: Any, sent: list[tuple[str, str]]) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    home.events_dir.mkdir()
    events = [event(n, AT + n, source, text) for n, (source, text) in enumerate(sent, 1)]
    store(home, *events)
    update_index(home, 60.0)
    assert agrees(home)
    assert set(totals(home)[0]) == {source for source, _ in sent}
