"""The hours in which deckies are mutated by themselves: the working hours of those who change machines."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from decnet.model.hours import ALWAYS, DAYS, DEFAULT_HOURS, is_known_zone

if TYPE_CHECKING:
    from decnet.model.fleet import Fleet

MINUTES_OF_DAY = 24 * 60
LATEST_BEGIN = 0.25
"""The part of the hours within which their first mutation begins: nobody changes machines at seven sharp."""


class Window(NamedTuple):
    """Hours of one day, in seconds since the epoch."""

    start: float
    end: float


class _Daily(NamedTuple):
    """Hours on some days of the week (0: Monday): from, and minutes until the end."""

    days: frozenset[int]
    start: time
    minutes: int


@dataclass(frozen=True)
class MutationHours:
    """When mutations may happen. Without `daily` hours: always. Without a zone: in that of this machine."""

    daily: tuple[_Daily, ...]
    zone: ZoneInfo | None
    seed: str

    def window(self, at: float) -> Window:
        """The hours that `at` (seconds since the epoch) is in, else the next ones."""
        if not self.daily:
            return Window(0.0, float("inf"))
        today = datetime.fromtimestamp(at, self.zone).date()
        return min(each for each in self._around(today) if each.end > at)

    def opened(self, at: float) -> float:
        """`at`, or when the hours begin if they are closed then."""
        return max(at, self.window(at).start)

    def begin(self, at: float, gap: float) -> float:
        """When the first mutation of the hours at `at`, or of the next ones, may happen: another time each
        day, at most `gap` seconds after they begin."""
        window = self.window(at)
        longest = min(gap, (window.end - window.start) * LATEST_BEGIN)
        return window.start + longest * random.Random(f"{self.seed}/{window.start:.0f}").random()

    def _around(self, today: date) -> Iterator[Window]:
        for offset in range(-1, 8):
            day = today + timedelta(days=offset)
            for each in self.daily:
                if day.weekday() in each.days:
                    start = datetime.combine(day, each.start, self.zone)
                    # Added to the local time: hours end when the clock shows their end.
                    yield Window(start.timestamp(), (start + timedelta(minutes=each.minutes)).timestamp())


def hours_of(fleet: Fleet) -> MutationHours:
    """The hours of a fleet. A time zone that this machine does not know counts as its own."""
    text = fleet.mutate_hours or DEFAULT_HOURS
    zone = fleet.time_zone if fleet.time_zone and is_known_zone(fleet.time_zone) else None
    daily = () if text == ALWAYS else tuple(_daily(each.strip()) for each in text.split(","))
    return MutationHours(daily, ZoneInfo(zone) if zone else None, fleet.fleet_id)


def _daily(text: str) -> _Daily:
    days, _, hours = text.rpartition(" ")
    first, last = (_minute(each) for each in hours.split("-"))
    return _Daily(_days(days), time(*divmod(first, 60)), (last - first) % MINUTES_OF_DAY or MINUTES_OF_DAY)


def _days(text: str) -> frozenset[int]:
    if not text:
        return frozenset(range(7))
    first, _, last = text.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((begin + each) % 7 for each in range((end - begin) % 7 + 1))


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
