# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`ping` of iputils 20221126, and BusyBox's; ^C ends it with its statistics, as `-w` does."""

from __future__ import annotations

import random
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from ..process import Process, Running
from ..tasks import Killed
from ..text.common import Failure, Options, parse
from .ping_help import USAGE
from .reach import DNS_SECONDS, NO_NAME, NO_ROUTE, UNREACHABLE, Clock, attempt, is_numeric, record, resolved

MOST_PINGS = 100_000
LINGER_SECONDS = 10.0
"""How long it waits after the last packet if nothing was ever answered."""
SMALLEST_INTERVAL = 0.002
MOST_COUNT = 9223372036854775807
INTERRUPT = 2


@dataclass
class Plan:
    """What is to be sent."""

    host: str
    address: str
    count: int
    interval: float
    wait: float
    deadline: float
    size: int
    options: Options
    busybox: bool
    times: list[float] = field(default_factory=list)
    sent: int = 0
    errors: int = 0


def ping(process: Process) -> Running:
    """`ping`."""
    busybox = process.applet
    clock = Clock()
    try:
        plan = yield from _plan(process, clock, busybox=busybox)
    except Failure as failure:
        process.err(failure.message)
        return failure.status
    _begin(process, plan)
    try:
        yield from _send(process, plan, clock)
    except Killed as killed:
        if killed.signal != INTERRUPT:
            raise
        return _end(process, plan, after_keys=process.to_terminal)
    return _end(process, plan)


def _options(process: Process, *, busybox: bool) -> Options:
    short = "46c:s:i:At:I:W:w:qp:" if busybox else "4h?6abBdDe:fi:I:l:Lm:M:nNOp:qQ:rRs:S:t:T:UvVw:W:c:AC"
    try:
        options = parse(process, short, "")
    except Failure as failure:
        if busybox:
            from .busybox import usage

            raise Failure(f"ping: {failure.message}\n{usage(process, 'ping')}", 1) from None
        raise Failure(f"ping: {failure.message}\n{USAGE}", 2) from None
    for letter in "csiwWt":
        value = options.value(letter)
        if letter in options and not value.replace(".", "", 1).isdecimal():
            raise Failure(
                f"ping: invalid number '{value}'\n" if busybox else f"ping: invalid argument: '{value}'\n", 1
            )
    if busybox:
        _check_applet(options)
    else:
        _check(options)
    if not busybox and "c" in options and not 1 <= int(float(options.value("c"))) <= MOST_COUNT:
        raise Failure(
            f"ping: invalid argument: '{options.value('c')}': out of range: 1 <= value <= {MOST_COUNT}\n", 1
        )
    return options


def _check(options: Options) -> None:
    """The ranges of iputils' options. Raises Failure."""
    size = options.value("s")
    if size.isdecimal() and int(size[:9]) > LARGEST:
        raise Failure(f"ping: invalid argument: '{size}': out of range: 0 <= value <= {LARGEST}\n", 1)
    hops = options.value("t")
    if hops.isdecimal() and not 1 <= int(hops[:9]) <= 255:
        raise Failure(f"ping: invalid argument: '{hops}': out of range: 1 <= value <= 255\n", 1)
    service = options.value("Q")
    if service and not service.isdecimal() and not service.startswith("0x"):
        raise Failure(f"ping: bad TOS value: {service}\n", 2)
    if "4" in options and any(":" in each for each in options.operands):
        raise Failure(f"ping: {options.operands[-1]}: Address family for hostname not supported\n", 2)


def _check_applet(options: Options) -> None:
    """The ranges of BusyBox's options. Raises Failure."""
    for letter, least, most in (("s", 0, 65535), ("t", 1, 255), ("c", 0, 2**31 - 1), ("w", 0, 2**31 - 1)):
        text = options.value(letter)
        if letter in options and (not text.isdecimal() or not least <= int(text[:11]) <= most):
            problem = (
                f"number {text} is not in {least}..{most} range"
                if text.isdecimal()
                else f"invalid number '{text}'"
            )
            raise Failure(f"ping: {problem}\n", 1)


LARGEST = 65_507
"""Bytes of an ICMP message's data: 65535 less its two heads."""


def _plan(process: Process, clock: Clock, *, busybox: bool) -> Generator[Any, Any, Plan]:
    options = _options(process, busybox=busybox)
    if "V" in options:
        process.out(
            "ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n"
        )
        raise Failure("", 0)
    if "h" in options or (busybox and not options.operands):
        from .busybox import usage

        raise Failure(usage(process, "ping") if busybox else USAGE, 1 if busybox else 2)
    if not options.operands:
        raise Failure("ping: usage error: Destination address required\n", 1)
    host = options.operands[-1]
    interface = options.value("I")
    if (
        interface
        and not interface[:1].isdecimal()
        and interface not in ("lo", process.shell.world.interface())
    ):
        text = (
            f"ping: can't bind to interface {interface}: No such device\n"
            if busybox
            else f"ping: SO_BINDTODEVICE {interface}: No such device\n"
        )
        raise Failure(text, 2)
    address = resolved(process, host)
    record(process, "ping", host=host)
    if not address:
        yield from clock.wait(DNS_SECONDS)
        raise Failure(
            f"ping: bad address '{host}'\n" if busybox else f"ping: {host}: {NO_NAME}\n", 1 if busybox else 2
        )
    if address == "0.0.0.0":
        address = "127.0.0.1"
    error = attempt(process, address, 0, "icmp").error
    if error == UNREACHABLE:
        raise Failure(
            "ping: sendto: Network is unreachable\n"
            if busybox
            else "ping: connect: Network is unreachable\n",
            1 if busybox else 2,
        )
    if error == "Permission denied":
        raise Failure(
            "ping: permission denied (are you root?)\n"
            if busybox
            else "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n",
            2,
        )
    flood = "f" in options

    def number(letter: str, default: float) -> float:
        return float(options.value(letter)[:9]) if letter in options else default

    interval = max(SMALLEST_INTERVAL, number("i", SMALLEST_INTERVAL if flood or "A" in options else 1.0))
    return Plan(
        host, address, int(number("c", 0)), interval, number("W", LINGER_SECONDS), number("w", 0.0), min(65507, int(number("s", 56))),
        options, busybox,
    )  # fmt: skip


def _begin(process: Process, plan: Plan) -> None:
    six = ":" in plan.address
    if plan.busybox:
        process.out(f"PING {plan.host} ({plan.address}): {plan.size} data bytes\n")
    elif six:
        process.out(f"PING {plan.host}({plan.address}) {plan.size} data bytes\n")
    else:
        process.out(f"PING {plan.host} ({plan.address}) {plan.size}({plan.size + 28}) bytes of data.\n")


def _send(process: Process, plan: Plan, clock: Clock) -> Generator[Any, Any, None]:
    facts = process.shell.world.network
    own = facts.is_own(plan.address)
    unreachable = not own and attempt(process, plan.address, 0, "icmp").error == NO_ROUTE
    waiting: list[int] = []
    began = clock.waited
    while (not plan.count or plan.sent < plan.count) and plan.sent < MOST_PINGS:
        plan.sent += 1
        if own:
            _answered(process, plan)
        elif unreachable and not plan.busybox:
            waiting.append(plan.sent)
        elif "O" in plan.options and plan.sent > 1:
            process.out(f"no answer yet for icmp_seq={plan.sent - 1}\n")
        last = bool(plan.count) and plan.sent == plan.count
        if last and own:
            break
        pause = plan.interval
        if last:
            late = max(0.0, 3.0 - (clock.waited - began) % 3.0)
            pause = min(plan.wait, late) if unreachable else plan.wait
            if unreachable and plan.wait < late:
                waiting.clear()
        if plan.deadline and clock.waited - began + pause >= plan.deadline:
            yield from clock.wait(plan.deadline - (clock.waited - began))
            break
        yield from clock.wait(pause)
        if not pause or plan.interval < 0.01:
            yield 0.0
        if waiting and (len(waiting) == 3 or last):
            for number in waiting:
                process.out(f"From {facts.address} icmp_seq={number} Destination Host Unreachable\n")
            plan.errors += len(waiting)
            waiting.clear()


def _answered(process: Process, plan: Plan) -> None:
    took = random.uniform(0.018, 0.062) if plan.sent > 1 else random.uniform(0.014, 0.035)
    plan.times.append(took)
    if "q" in plan.options or "f" in plan.options:
        return
    if plan.busybox:
        process.out(
            f"{plan.size + 8} bytes from {plan.address}: seq={plan.sent - 1} ttl=64 time={took:.3f} ms\n"
        )
        return
    name = plan.address if is_numeric(plan.host) or "n" in plan.options else f"{plan.host} ({plan.address})"
    stamp = f"[{time.time():.6f}] " if "D" in plan.options else ""
    process.out(f"{stamp}{plan.size + 8} bytes from {name}: icmp_seq={plan.sent} ttl=64 time={took:.3f} ms\n")


def _end(process: Process, plan: Plan, *, after_keys: bool = False) -> int:
    """The statistics. `after_keys`: the terminal is at the beginning of a line, after ^C."""
    received = len(plan.times)
    lost = 100 - 100 * received // max(1, plan.sent)
    process.out("" if after_keys else "\n")
    process.out(f"--- {plan.host} ping statistics ---\n")
    low, high = min(plan.times, default=0.0), max(plan.times, default=0.0)
    mean = sum(plan.times) / max(1, received)
    if plan.busybox:
        process.out(f"{plan.sent} packets transmitted, {received} packets received, {lost}% packet loss\n")
        if received:
            process.out(f"round-trip min/avg/max = {low:.3f}/{mean:.3f}/{high:.3f} ms\n")
        return int(not received)
    errors = f", +{plan.errors} errors" if plan.errors else ""
    milliseconds = int((plan.sent - 1) * plan.interval * 1000 + random.uniform(0, 9.5) * (plan.sent - 1))
    process.out(
        f"{plan.sent} packets transmitted, {received} received{errors}, {lost}% packet loss, time {milliseconds}ms\n"
    )
    if received:
        deviation = (
            (sum(each * each for each in plan.times) / received - mean * mean) ** 0.5 if received > 1 else 0.0
        )
        process.out(f"rtt min/avg/max/mdev = {low:.3f}/{mean:.3f}/{high:.3f}/{deviation:.3f} ms\n")
    elif plan.errors:
        process.out(f"pipe {min(3, plan.errors)}\n")
    else:
        process.out("\n")
    return int(not received)


COMMANDS = {"ping": ping, "ping4": ping, "ping6": ping}
