# ruff: noqa: E501 (tables)
"""The module time: moments are those of UTC, the machine's zone."""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable
from typing import Any

from .machine import Machine, Value
from .of_system import natives
from .values import Instance, check

FIELDS = (
    "tm_year",
    "tm_mon",
    "tm_mday",
    "tm_hour",
    "tm_min",
    "tm_sec",
    "tm_wday",
    "tm_yday",
    "tm_isdst",
)
FARTHEST = 1 << 36
"""Seconds from 1970 that have a year of four digits or so."""


def _moment(args: list[Any]) -> time.struct_time:
    seconds = args[0] if args and args[0] is not None else time.time()
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
    if abs(seconds) > FARTHEST:
        raise OverflowError("timestamp out of range for platform time_t")
    return time.gmtime(seconds)


def _tuple(value: Any) -> time.struct_time:
    if isinstance(value, time.struct_time):
        return value
    if isinstance(value, (tuple, list)) and len(value) == 9:
        return time.struct_time([int(each) for each in value])
    raise TypeError("Tuple or struct_time argument required")


def _strftime(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> str:
    check(len(args[0]))
    return time.strftime(args[0], _tuple(args[1]) if len(args) > 1 else time.gmtime())


def _strptime(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> time.struct_time:
    check(len(args[0]) * 8)
    form = args[1] if len(args) > 1 else "%a %b %d %H:%M:%S %Y"
    check(len(form) * 8)
    return time.strptime(args[0], form)


def _sleep(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    if isinstance(args[0], Instance) or not args[0] >= 0:
        raise ValueError("sleep length must be non-negative")
    if machine.process.to_terminal:
        machine.flush()
    yield min(float(args[0]), 86400.0 * 30)


def _time(machine: Machine) -> dict[str, Any]:
    return {
        "timezone": 0,
        "altzone": 0,
        "daylight": 0,
        "tzname": ("UTC", "UTC"),
        **natives(
            time=lambda machine, args, keywords: time.time(),
            time_ns=lambda machine, args, keywords: time.time_ns(),
            sleep=_sleep,
            strftime=_strftime,
            strptime=_strptime,
            gmtime=lambda machine, args, keywords: _moment(args),
            localtime=lambda machine, args, keywords: _moment(args),
            mktime=lambda machine, args, keywords: float(calendar.timegm(_tuple(args[0]))),
            ctime=lambda machine, args, keywords: time.asctime(_moment(args)),
            asctime=lambda machine, args, keywords: time.asctime(_tuple(args[0]) if args else time.gmtime()),
            monotonic=lambda machine, args, keywords: time.monotonic(),
            perf_counter=lambda machine, args, keywords: time.perf_counter(),
            process_time=lambda machine, args, keywords: 0.01,
        ),
    }


MODULES: dict[str, Callable[[Machine], dict[str, Any]]] = {"time": _time}
