"""Deckies are given in turn, by what each worker can hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.model.worker import Facts
from decnet.plan.capacity import DECKY_MIB, MAX_DECKIES, SYSTEM_MIB, deckies_by_memory, weights

from .world import deployed, fleet, spec

WORKERS = ("w1", "w2", "w3")


def facts(memory_mib: int) -> Facts:
    return Facts(
        interface="eth0", address=None, subnet=None, gateway=None, docker_version="24", compose_version="2",
        architecture="amd64", disk_free_mib=1, memory_mib=memory_mib, python="3.11",
    )  # fmt: skip


def for_deckies(count: int) -> int:
    return SYSTEM_MIB + count * DECKY_MIB


def spread(count: int, limits: dict[str, int | None], memory: dict[str, int]) -> dict[str, int]:
    described = spec({"name": "d", "count": count, "services": ("ssh",)})
    known = {worker: facts(mib) for worker, mib in memory.items()}
    made = deployed(described, fleet(workers=" ".join(limits)), capacity=limits, facts=known)
    return {worker: len(made.on(worker)) for worker in limits}


def test_three_times_the_memory_is_three_times_the_deckies() -> None:
    memory = {"w1": for_deckies(30), "w2": for_deckies(10)}
    assert spread(12, {"w1": None, "w2": None}, memory) == {"w1": 9, "w2": 3}


def test_like_workers_take_turns() -> None:
    assert spread(7, dict.fromkeys(WORKERS), dict.fromkeys(WORKERS, 4096)) == {"w1": 3, "w2": 2, "w3": 2}


def test_a_limit_counts_where_memory_has_room_for_more() -> None:
    roomy = dict.fromkeys(("w1", "w2"), for_deckies(16))
    assert spread(20, {"w1": 4, "w2": None}, roomy) == {"w1": 4, "w2": 16}
    assert weights({"w1": 4, "w2": None}, {"w1": facts(8192), "w2": facts(8192)})["w1"] == 4


def test_a_worker_of_unknown_memory_is_as_wide_as_the_widest() -> None:
    known = {"w1": facts(for_deckies(5)), "w2": facts(for_deckies(8))}
    assert weights(dict.fromkeys(WORKERS), known) == {"w1": 5, "w2": 8, "w3": 8}


def test_a_worker_that_boasts_is_not_believed() -> None:
    assert [deckies_by_memory(facts(mib)) for mib in (0, for_deckies(1), 2**53)] == [1, 1, MAX_DECKIES]


Fleets = st.dictionaries(
    st.sampled_from(WORKERS),
    st.tuples(st.none() | st.integers(1, 30), st.none() | st.integers(0, 20_000)),
    min_size=1,
)


@given(fleets=Fleets, count=st.integers(1, 40))
@settings(max_examples=120)
def test_no_worker_is_fuller_than_another_would_be_with_one_more(
    fleets: dict[str, tuple[int | None, int | None]], count: int
) -> None:
    limits = {worker: limit for worker, (limit, _) in sorted(fleets.items())}
    memory = {worker: mib for worker, (_, mib) in fleets.items() if mib is not None}
    if sum(limit or count for limit in limits.values()) < count:
        return
    given_to = spread(count, limits, memory)
    weight = weights(limits, {worker: facts(mib) for worker, mib in memory.items()})
    assert sum(given_to.values()) == count
    assert [w for w, limit in limits.items() if limit is not None and given_to[w] > limit] == []
    for one, held in given_to.items():
        for other, also in given_to.items():
            if also != limits[other]:
                assert held * weight[other] <= (also + 1) * weight[one]
