# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What the commands about the machine share: options with their usage, sizes, times, the visitor's locale."""

from __future__ import annotations

import time

from ..process import Process
from ..text.common import Failure

UNITS = "BKMGTPE"


def usage_error(process: Process, message: str, usage: str) -> Failure:
    """The failure of the procps programs: the message of getopt, then the usage."""
    process.err(f"{process.name}: {message}\n{usage}")
    return Failure("", 1)


def human(kib: int, *, power: int = 1024) -> str:
    """A size as `df -h` and `ls -h` show it: rounded up, one digit behind the point below ten."""
    size, unit = float(kib * 1024), 0
    while size >= power and unit < len(UNITS) - 1:
        size /= power
        unit += 1
    if unit == 0:
        return str(int(size))
    letter = UNITS[unit] if power == 1024 or unit != 1 else "k"
    tenths = -int(-size * 10 // 1)
    if tenths < 100:
        return f"{tenths / 10:.1f}{letter}"
    whole = -int(-size // 1)
    return f"{whole}{letter}" if whole < power else f"1.0{UNITS[unit + 1]}"


def clock(form: str, when: float) -> str:
    """A time of this machine, which is in UTC."""
    return time.strftime(form, time.gmtime(when))


def table(rows: list[list[str]], right: str = "", gap: str = " ") -> str:
    """Rows of cells as columns that are as wide as their widest cell. `right`: "r" at the columns that are
    aligned to the right. The last column is not filled."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    out = []
    for row in rows:
        cells = [
            cell.rjust(width) if right[at : at + 1] == "r" else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        out.append(gap.join(cells).rstrip() + "\n")
    return "".join(out)


def binary_size(kib: int) -> str:
    """A size as lsblk and fdisk of util-linux show it: `39G`, `27.5M`, one digit where it is not zero."""
    size, unit = kib * 1024, 0
    while size >= 1024 ** (unit + 1) and unit < len(UNITS) - 1:
        unit += 1
    whole, rest = divmod(size, 1024**unit)
    tenth = (rest * 1000 // 1024**unit + 50) // 100
    whole, tenth = (whole + 1, 0) if tenth == 10 else (whole, tenth)
    return f"{whole}{f'.{tenth}' if tenth else ''}{UNITS[unit]}"
