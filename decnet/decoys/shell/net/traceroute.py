# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`traceroute` 2.1, and BusyBox's."""

from __future__ import annotations

import random

from ..process import Process, Running
from ..text.common import Failure, Options, parse
from .reach import (
    DNS_SECONDS,
    NO_NAME,
    UNREACHABLE,
    UNREACHABLE_SECONDS,
    Clock,
    attempt,
    is_numeric,
    record,
    resolved,
)

PROBES_AT_ONCE = 16
PROBE_SECONDS = 5.0
BUSYBOX_SECONDS = 5.0


RANGES = (
    ("m", 1, 255),
    ("p", 0, 65535),
    ("q", 1, 2**31 - 1),
    ("t", 0, 255),
    ("w", 1, 86_400),
    ("z", 0, 3_600_000),
)
"""Of BusyBox's options; the first hop may be at most the last one."""
SMALLEST, BIGGEST = 46, 32_768
"""Bytes of BusyBox's packets."""


def _out_of_range(options: Options, words: list[str]) -> str:
    """What BusyBox says of a number, "" if all are fine."""
    last = options.value("m", "30")
    first = ("f", 1, int(last[:4]) if last.isdecimal() else 30)
    given = [
        (options.value(letter), least, most) for letter, least, most in (*RANGES, first) if letter in options
    ]
    for text, least, most in [*given, *((word, SMALLEST, BIGGEST) for word in words[1:2])]:
        if not text.isdecimal():
            return f"invalid number '{text}'"
        if not least <= int(text[:11]) <= most:
            return f"number {text} is not in {least}..{most} range"
    return ""


def traceroute(process: Process) -> Running:
    """`traceroute`."""
    busybox = process.applet
    try:
        options = parse(
            process,
            "46dFITUnrveAVM:f:g:i:l:m:N:p:q:s:t:w:z:D" if not busybox else "46Flnrvf:m:q:p:t:w:s:i:z:",
            "max-hops:=m icmp=I tcp=T wait:=w help version=V",
        )
    except Failure as failure:
        process.err(
            f"traceroute: {failure.message}\n" if busybox else f"Bad option `{process.args[0]}' (argc 1)\n"
        )
        return 1 if busybox else 2
    words, clock = options.operands, Clock()
    if not words:
        if busybox:
            from .busybox import usage

            process.err(usage(process, "traceroute"))
            return 1
        process.err(
            "Usage:\n  traceroute [ -46dFITnreAUDV ] [ -f first_ttl ] [ -g gate,... ] [ -i device ] [ -m max_ttl ] [ -N squeries ] [ -p port ] [ -t tos ] [ -l flow_label ] [ -w MAX,HERE,NEAR ] [ -q nqueries ] [ -s src_addr ] [ -z sendwait ] [ --fwmark=num ] host [ packetlen ]\n"
        )
        return 0
    if not busybox and (wrong := _wrong_value(options)):
        process.err(f"{wrong}\n")
        return 2
    if busybox and (wrong := _out_of_range(options, words)):
        process.err(f"traceroute: {wrong}\n")
        return 1
    host = words[0]
    record(process, "traceroute", host=host)
    address = resolved(process, host)
    if not address:
        yield from clock.wait(DNS_SECONDS)
        process.err(
            f"traceroute: bad address '{host}'\n"
            if busybox
            else f'{host}: {NO_NAME}\nCannot handle "host" cmdline arg `{host}\' on position 1 (argc 1)\n'
        )
        return 1 if busybox else 2
    most = options.value("m")
    hops = max(1, min(255, int(most))) if most.isdecimal() and int(most[:4]) else 30
    size = 60 if not busybox else int(words[1]) if len(words) > 1 else 46
    process.out(f"traceroute to {host} ({address}), {hops} hops max, {size} byte packets\n")
    facts = process.shell.world.network
    if facts.is_own(address):
        name = address if is_numeric(host) or "n" in options else host
        shown = name if "n" in options else f"{name} ({address})"
        times = "  ".join(f"{random.uniform(0.004, 0.04):.3f} ms" for _ in range(_queries(options)))
        process.out(f" 1  {shown}  {times}\n")
        return 0
    found = attempt(process, address, 0, "icmp")
    if found.error == UNREACHABLE:
        process.err("connect: Network is unreachable\n")
        return 1
    if found.seconds == UNREACHABLE_SECONDS and not busybox:
        yield from clock.wait(UNREACHABLE_SECONDS)
        own = f"{process.shell.world.hostname} ({facts.address})"
        process.out(
            f" 1  {own if 'n' not in options else facts.address}  {found.seconds * 1000:.3f} ms !H  {found.seconds * 1000 - 0.06:.3f} ms !H  {found.seconds * 1000 - 0.1:.3f} ms !H\n"
        )
        return 0
    for hop in range(1, hops + 1):
        if busybox:
            for _ in range(_queries(options)):
                yield from clock.wait(BUSYBOX_SECONDS)
        elif hop == 1 or (hop - 1) * 3 // PROBES_AT_ONCE > (hop - 2) * 3 // PROBES_AT_ONCE:
            yield from clock.wait(PROBE_SECONDS)
        lost = ["*"] * _queries(options)
        process.out(f"{hop:2d}  {'  '.join(lost)}\n" if busybox else f"{hop:2d}  {' '.join(lost)}\n")
    return 0


def _queries(options: Options) -> int:
    """Probes per hop."""
    text = options.value("q")
    return int(text) if text.isdecimal() and 1 <= int(text[:6]) <= 10 else 3


def _wrong_value(options: Options) -> str:
    """What traceroute complains about before it sends anything; "" for nothing."""
    for letter in "fmNpqtzw":
        value = options.value(letter)
        if letter in options and not value.replace(".", "", 1).replace(",", "").isdecimal():
            return f"Cannot handle `-{letter}' option with arg `{value}' (argc 2)"
    first, most = options.value("f") or "1", options.value("m") or "30"
    if not 1 <= int(first[:6]) <= int(most[:6]):
        return "first hop out of range"
    if int(most[:6]) > 255:
        return "max hops cannot be more than 255"
    if options.value("q") and not 1 <= int(options.value("q")[:6]) <= 10:
        return "no more than 10 probes per hop"
    return ""


COMMANDS = {"traceroute": traceroute, "traceroute6": traceroute}
