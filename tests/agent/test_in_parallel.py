"""Requests to the engine side by side: bases before what joins them, and nothing is left running."""

from __future__ import annotations

import threading

import pytest

from decnet.agent import in_parallel, limits
from decnet.agent.in_parallel import meanwhile, work_off


def test_a_follower_begins_after_what_it_follows_and_before_the_rest() -> None:
    done: list[str] = []

    def task(name: str, followers: int = 0) -> in_parallel.Task:
        def run() -> list[in_parallel.Task]:
            done.append(name)
            return [task(f"{name}-{number}") for number in range(followers)]

        return run

    work_off([task(f"base{number}", 2) for number in range(9)])
    assert len(done) == 27
    for number in range(9):
        first = done.index(f"base{number}")
        assert first < min(done.index(f"base{number}-0"), done.index(f"base{number}-1"))


def test_four_are_under_way_at_once() -> None:
    together = threading.Barrier(limits.PARALLEL, timeout=20)

    def run() -> list[in_parallel.Task]:
        together.wait()
        return []

    work_off([run] * (limits.PARALLEL * 3))
    assert not together.broken


def test_the_work_has_ended_when_the_body_has() -> None:
    body_ended, done = threading.Event(), []

    def work() -> None:
        assert body_ended.wait(20)
        done.append("work")

    with meanwhile(work):
        body_ended.set()
    assert done == ["work"]


def test_nothing_begins_once_what_watches_it_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_parallel, "TICK", 0.01)
    is_over, begun, before = threading.Event(), [], threading.active_count()

    def first() -> list[in_parallel.Task]:
        assert is_over.wait(20)
        return [follower]

    def follower() -> list[in_parallel.Task]:
        begun.append("follower")
        return []

    def tick() -> None:
        threading.Timer(0.2, is_over.set).start()
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        work_off([first] * (limits.PARALLEL + 1), tick)
    assert (begun, threading.active_count()) == ([], before)
