"""What of an answer is compared: everything but what differs between two real machines of one release."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """What a command has printed on both channels, and its status (None: it did not end)."""

    out: str
    error: str
    status: int | None


def _exact(text: str) -> str:
    return text


def _shape(text: str) -> str:
    """Numbers, and the blanks that columns need because of them, are all alike."""
    lines = (re.sub(r"\s+", " ", _numbers(line)).strip() for line in text.splitlines())
    return "\n".join(lines)


def _first(text: str) -> str:
    return _shape("\n".join(text.splitlines()[:1]))


def _numbers(text: str) -> str:
    months = r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"
    days = r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"
    text = re.sub(months + r" +\d+ +(?:\d\d:\d\d|\d{4})(?= )", "DATE", text)
    text = re.sub(days, "DAY", re.sub(months, "MONTH", text))
    return re.sub(r"\d+(?:[.,]\d+)*[KMGTkMG]?i?\b|\d+", "N", text)


RULES: dict[str, Callable[[str], str]] = {"exact": _exact, "shape": _shape, "first": _first}
"""By name, what is compared of the output: all; without numbers, dates and widths; and its first line."""

MASKS: tuple[tuple[str, str], ...] = (
    (r"/tmp/tmp\.[A-Za-z0-9]{10}", "/tmp/tmp.XXXXXXXXXX"),
    (r"(?m)^((?:\x1b\[\?2004l\r)?\[\d+\]) \d+(?=\r?$)", r"\1 PID"),
    (r"(?m)^(\S+: line \d+:) +\d+ (?=Killed|Terminated|Segmentation)", r"\1 PID "),
    (
        r"(?m)^.*systemd-private-[0-9a-f]{32}-systemd-timesyncd\.service-.{6}(?:\x1b\[0m(?:\x1b\[K)?)?\r?\n",
        "",
    ),
    (r"/dev/pts/\d+", "/dev/pts/N"),
    (r'(XDG_SESSION_ID="?)\d+', r"\1N"),
    (r"(?:\r[A-Z][A-Za-z ]+\.\.\. \d+% ?\r)+", "\r"),
    (r"(systemd-private-)[0-9a-f]{32}(-\S+\.service-)[A-Za-z0-9]{6}", r"\1ID\2XXXXXX"),
    (r"\$y\$j9T\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{43}", "$y$j9T$HASH"),
    (r"\(\d+\) - No such process", "(PID) - No such process"),
    (r"(?m)^(?:(?:~|/)\S* )?# (?:\x1b\[6n)?$", "# "),
    (r"(Python 3\.\d+\.\d+ \(main, )[A-Z][a-z]{2} [ \d]\d \d{4}, [\d:]{8}\)", r"\1BUILT)"),
    (r"(?:BusyBox )?v1\.\d+\.\d+ \([^)]*\)", "vVERSION (BUILT)"),
)
"""Patterns, and what stands for them: names from the dice, process numbers, password hashes; timesyncd does
not run in a container; how often a progress is shown; when a point release's Python was built."""


def compared(reply: Reply, rule: str) -> tuple[str, str, int | None]:
    """An answer as it is compared; the end by a signal as a shell shows it."""
    on_error = RULES["exact" if rule == "exact" else "shape"]
    by_signal = reply.status is not None and reply.status < 0
    status = 128 - reply.status if by_signal and reply.status is not None else reply.status
    return RULES[rule](_masked(reply.out)), on_error(_masked(reply.error)), status


def _masked(text: str) -> str:
    for pattern, name in MASKS:
        text = re.sub(pattern, name, text)
    return text
