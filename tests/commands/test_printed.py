"""An event counts as printed when it was printed: what could not be is printed by the next pull, once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from filelock import FileLock

from decnet import catalog
from decnet.commands.events import unprinted_events
from decnet.engine.context import Context
from decnet.errors import LockHeld, OutputFailed
from decnet.model.event import AttackerEvent
from decnet.model.worker import Worker
from decnet.plan.event_filter import EventFilter
from decnet.store import printed
from decnet.store.events import append_events, events_between, last_places
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home

WORKERS = ("id1", "id2")


@dataclass(frozen=True)
class Page:
    events: tuple[AttackerEvent, ...]
    spool_id: str = "spool"
    mark: str = ""
    verdict: str = "ok"


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = Home(tmp_path / "home")
    open_home(home)
    for number in (1, 2):
        FleetTable(home).put_worker(Worker(name=f"w{number}", worker_id=f"id{number}"))
    return Context(home=home, catalog=catalog.load(), emit=lambda event: None, lock_timeout=0.0)


def event(seq: int, *, decky: str = "web") -> AttackerEvent:
    return AttackerEvent(
        id=f"{decky}-{seq}", seq=seq, at=1.8e9 + seq, decky=decky, service="ssh", kind="login",
        source_ip="192.0.2.250", source_port=4711, session="s", fields={},
    )  # fmt: skip


def pulls(ctx: Context, *seqs: int, worker: str = "id1", decky: str = "web", **page: str) -> None:
    """A pull that brings these events."""
    printed.begin_printing(ctx.home, WORKERS, "test", 0.0)
    append_events(ctx.home, worker, replace(Page(tuple(event(seq, decky=decky) for seq in seqs)), **page))


def prints(
    ctx: Context, *, fails_after: int | None = None, on: str | None = None, **wanted: object
) -> list[str]:
    """What is printed; with `fails_after`, a disk that takes so many lines."""
    printed: list[str] = []
    try:
        with unprinted_events(ctx, EventFilter(**wanted), on) as found:  # type: ignore[arg-type]
            for worker, each in found:
                if len(printed) == fails_after:
                    raise OutputFailed("no space")
                printed.append(f"{worker}:{each.id}")
    except OutputFailed:
        pass
    return printed


def test_each_event_is_printed_once(ctx: Context) -> None:
    pulls(ctx, 1, 2)
    assert prints(ctx) == ["w1:web-1", "w1:web-2"]
    assert prints(ctx) == []
    pulls(ctx, 3)
    assert prints(ctx) == ["w1:web-3"]


def test_what_could_not_be_printed_is_printed_by_the_next_pull(ctx: Context) -> None:
    pulls(ctx, 1)
    assert prints(ctx) == ["w1:web-1"]
    pulls(ctx, 2, 3)
    assert prints(ctx, fails_after=1) == ["w1:web-2"]
    pulls(ctx, 4)
    assert prints(ctx) == ["w1:web-2", "w1:web-3", "w1:web-4"]
    assert prints(ctx) == []


def test_the_first_pull_of_all_is_printed_by_the_next_one_too(ctx: Context) -> None:
    pulls(ctx, 1)
    assert prints(ctx, fails_after=0) == []
    pulls(ctx)
    assert prints(ctx) == ["w1:web-1"]


def test_what_an_older_version_has_printed_is_not_printed_again(ctx: Context) -> None:
    append_events(ctx.home, "id1", Page((event(1), event(2))))
    pulls(ctx, 3)
    pulls(ctx, 1, worker="id2", decky="db")
    assert prints(ctx) == ["w2:db-1", "w1:web-3"]


def test_a_pull_that_brings_nothing_writes_nothing(ctx: Context) -> None:
    pulls(ctx, 1)
    prints(ctx)
    before = (ctx.home.events_dir / "shown.json").stat()
    pulls(ctx)
    assert prints(ctx) == []
    assert (ctx.home.events_dir / "shown.json").stat() == before


def test_only_the_selected_workers_events_count_as_printed(ctx: Context) -> None:
    pulls(ctx, 1)
    pulls(ctx, 1, worker="id2", decky="db")
    assert prints(ctx, on="w2") == ["w2:db-1"]
    assert prints(ctx) == ["w1:web-1"]


def test_what_the_filter_holds_back_is_not_printed_later(ctx: Context) -> None:
    pulls(ctx, 1)
    pulls(ctx, 2, decky="db")
    assert prints(ctx, deckies=("db",)) == ["w1:db-2"]
    assert prints(ctx) == []


def test_two_commands_do_not_print_the_same_event(ctx: Context) -> None:
    pulls(ctx, 1)
    with FileLock(ctx.home.events_dir / "shown.lock"), pytest.raises(LockHeld):
        prints(ctx)
    with unprinted_events(ctx, EventFilter()) as found:
        assert [each.id for _, each in found] == ["web-1"]
        append_events(ctx.home, "id1", Page((event(2),)))
    assert prints(ctx) == ["w1:web-2"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"positions": {"id1": [1]}}', b'{"positions": 7}'])
def test_a_damaged_note_of_what_was_printed_starts_with_the_next_pull(ctx: Context, damage: bytes) -> None:
    pulls(ctx, 1)
    prints(ctx)
    (ctx.home.events_dir / "shown.json").write_bytes(damage)
    pulls(ctx, 2)
    assert prints(ctx) == ["w1:web-2"]


def test_events_that_were_lost_here_are_printed_when_they_are_pulled_again(ctx: Context) -> None:
    pulls(ctx, 1, 2, 3)
    prints(ctx)
    for file in ctx.home.events("id1").iterdir():
        file.unlink()
    pulls(ctx, 1, 2)
    assert prints(ctx) == ["w1:web-1", "w1:web-2"]


def test_a_spool_that_begins_again_is_behind_what_was_printed(ctx: Context) -> None:
    pulls(ctx, 7, 8)
    prints(ctx)
    pulls(ctx, 1, decky="new", spool_id="other", verdict="reset")
    assert prints(ctx) == ["w1:new-1"]


def test_any_part_of_a_store_of_many_files_is_read(ctx: Context) -> None:
    def stored(start: int, end: int) -> Iterable[int]:
        return [each.event.seq for each in events_between(ctx.home, "id1", (0, start), (0, end))]

    for first in range(1, 1200, 150):
        page = Page(tuple(event(seq) for seq in range(first, first + 150)))
        append_events(ctx.home, "id1", page, limit=60_000)
    with (ctx.home.events("id1") / "events.jsonl").open("ab") as stream:
        stream.write(b"damaged\n" * 5000)
    append_events(ctx.home, "id1", Page((event(1201),)), limit=10**7)
    assert last_places(ctx.home, ["id1"]) == {"id1": (0, 1201)}
    assert len(list(ctx.home.events("id1").glob("events.jsonl*"))) == 3
    for start, end in itertools.product((0, 1, 149, 150, 151, 700, 1199, 1200, 1201), (0, 150, 900, 1201)):
        assert stored(start, end) == list(range(start + 1, end + 1))
