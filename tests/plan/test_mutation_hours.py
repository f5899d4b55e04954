"""Mutations by chance happen in the fleet's hours, one at a time, and not when the hours begin."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.model.fleet import Fleet
from decnet.plan.mutate import due, due_time, mutate, next_due
from decnet.plan.mutation_hours import hours_of

from .world import SEVERAL, deployed, spec

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
"""00:00 in UTC."""


def servers(count: int = 22, interval: int = 1440, hours: str | None = None, zone: str = "UTC") -> Fleet:
    entries: list[dict[str, object] | str] = [
        {"name": f"d-{n:02}", "archetype": "linux-server", "mutate_interval": interval} for n in range(count)
    ]
    made = deployed(spec(*entries), now=MONDAY)
    return made.model_copy(update={"mutate_hours": hours, "time_zone": zone})


def over(desired: Fleet, begin: float, until: float) -> list[tuple[float, tuple[str, ...]]]:
    """The runs of `mutate --due` every five minutes that changed deckies: when, and whom."""
    runs = []
    for number in range(int((until - begin) / (5 * MINUTE))):
        now = begin + number * 5 * MINUTE
        names = due(desired, SEVERAL, now)
        desired = mutate(desired, names, SEVERAL, rng=random.Random(number), now=now)
        runs += [(now, names)] if names else []
    return runs


def test_for_four_weeks_one_decky_at_a_time_changes_in_working_hours_and_as_often_as_it_should() -> None:
    runs = over(servers(), MONDAY, MONDAY + 28 * DAY)
    times = [datetime.fromtimestamp(at, UTC) for at, _ in runs]
    assert {len(names) for _, names in runs} == {1}
    assert {each.weekday() for each in times} == set(range(5))
    assert all(7 <= each.hour < 19 for each in times)
    counts = Counter(name for _, names in runs for name in names)
    assert len(counts) == 22
    # An interval of a day is about one working day: it ends in the night, and then waits its turn.
    assert 16 <= sum(counts.values()) / 22 <= 20


def test_the_first_change_of_a_day_is_at_another_time_each_day_and_never_when_the_hours_begin() -> None:
    first: dict[object, float] = {}
    for at, _ in over(servers(), MONDAY + 7 * DAY, MONDAY + 21 * DAY):
        first.setdefault(datetime.fromtimestamp(at, UTC).date(), at % DAY - 7 * HOUR)
    assert len(first) == 10
    assert min(first.values()) >= 0
    assert max(first.values()) <= HOUR
    assert len(set(first.values())) >= 3


def test_hours_are_those_of_the_time_zone_also_when_its_clock_changes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 3, 23, tzinfo=berlin).timestamp()
    hours = hours_of(servers(zone="Europe/Berlin", hours="Mon-Sun 07:00-19:00"))
    opens = [hours.window(begin + day * DAY + 2 * HOUR).start for day in range(10)]
    assert {datetime.fromtimestamp(at, berlin).strftime("%H:%M") for at in opens} == {"07:00"}
    assert {datetime.fromtimestamp(at, UTC).hour for at in opens} == {6, 5}


@pytest.mark.parametrize(
    ("text", "at", "start", "end"),
    [
        ("Mon-Fri 07:00-19:00", "Mon 06:59", "Mon 07:00", "Mon 19:00"),
        ("Mon-Fri 07:00-19:00", "Mon 18:59", "Mon 07:00", "Mon 19:00"),
        ("Mon-Fri 07:00-19:00", "Mon 19:00", "Tue 07:00", "Tue 19:00"),
        ("Mon-Fri 07:00-19:00", "Sat 12:00", "Mon 07:00", "Mon 19:00"),
        ("Sat 22:00-02:00", "Sun 01:00", "Sat 22:00", "Sun 02:00"),
        ("Fri-Mon 10:00-11:00", "Tue 00:00", "Fri 10:00", "Fri 11:00"),
        ("12:00-12:30, 01:00-02:00", "Wed 11:00", "Wed 12:00", "Wed 12:30"),
        ("Wed 09:00-09:00", "Thu 08:00", "Wed 09:00", "Thu 09:00"),
    ],
)
def test_the_hours_at_a_time_or_the_next_ones(text: str, at: str, start: str, end: str) -> None:
    def shown(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%a %H:%M")

    day, _, clock = at.partition(" ")
    moment = datetime.fromtimestamp(MONDAY, UTC) + timedelta(
        days=["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day),
        hours=int(clock[:2]),
        minutes=int(clock[3:]),
    )
    window = hours_of(servers(1, hours=text)).window(moment.timestamp())
    assert (shown(window.start), shown(window.end)) == (start, end)


def test_a_decky_is_shown_as_due_within_the_hours() -> None:
    made = servers(1, interval=1)
    decky = made.deckies["d-00"]
    assert due_time(decky, SEVERAL, MONDAY, hours_of(made)) == MONDAY + 7 * HOUR


def test_a_time_zone_that_this_machine_does_not_know_counts_as_its_own() -> None:
    made = servers(1, zone="Mars/Olympus")
    assert hours_of(made) == hours_of(made.model_copy(update={"time_zone": None}))


HOURS = st.sampled_from(
    [None, "always", "Sat 22:00-02:00", "03:00-03:05", "Mon-Fri 07:00-12:00, 13:00-19:00"]
)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=6), HOURS, st.floats(0, 20 * DAY))
@settings(max_examples=60)
def test_at_the_next_due_time_a_decky_is_due_and_not_before(
    intervals: list[int], hours: str | None, late: float
) -> None:
    entries: list[dict[str, object] | str] = [
        {"name": f"d-{n}", "services": ("ssh",), "mutate_interval": i} for n, i in enumerate(intervals)
    ]
    made = deployed(spec(*entries), now=MONDAY)
    made = made.model_copy(update={"mutate_hours": hours, "time_zone": "UTC"})
    moment = next_due(made, SEVERAL, MONDAY + late)
    assert moment is not None
    assert due(made, SEVERAL, max(moment, MONDAY + late))
    if moment > MONDAY + late + 1:
        assert not due(made, SEVERAL, MONDAY + late)
        assert not due(made, SEVERAL, moment - 1)
    window = hours_of(made).window(max(moment, MONDAY + late))
    assert window.start <= max(moment, MONDAY + late) < window.end
