"""What is read while garbage is not collected stays out of the next collections."""

from __future__ import annotations

import gc

import pytest

from decnet.store.gc_pause import gc_paused


class Kept:
    """Something that the collector looks after."""


def test_what_was_made_inside_is_with_the_oldest_objects_at_once() -> None:
    with gc_paused():
        made = [Kept() for _ in range(10)]
    oldest = set(map(id, gc.get_objects(generation=2)))
    assert set(map(id, made)) <= oldest
    assert gc.get_freeze_count() == 0


def test_garbage_of_before_is_collected_later() -> None:
    class Cycle(Kept):
        alive = 0

        def __init__(self) -> None:
            self.own = self
            Cycle.alive += 1

        def __del__(self) -> None:
            Cycle.alive -= 1

    Cycle()
    with gc_paused():
        pass
    gc.collect()
    assert Cycle.alive == 0


def test_it_is_on_again_after_an_error_and_not_inside_another_pause() -> None:
    with gc_paused():
        with pytest.raises(KeyError), gc_paused():
            raise KeyError
        assert not gc.isenabled()
    assert gc.isenabled()
