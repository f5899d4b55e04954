"""date and cal."""

import re
import time

from ..process import Process, Running
from ..state import Shell
from .common import Failure, Options, content, parse, quoted, split_lines, text_of, tool
from .moments import moment
from .zones import UTC, Zone, zone_of

MOST_FORMAT = 1000
LONG = """date=d file=f iso-8601::=I reference=r rfc-email=R rfc-2822=R rfc-3339: set=s utc=u universal=u
debug"""
ISO_FORMS = {"hours": "%Y-%m-%dT%H%:z", "minutes": "%Y-%m-%dT%H:%M%:z", "date": "%Y-%m-%d",
             "seconds": "%Y-%m-%dT%H:%M:%S%:z", "ns": "%Y-%m-%dT%H:%M:%S,%N%:z"}  # fmt: skip
RFC_FORMS = {"date": "%Y-%m-%d", "seconds": "%Y-%m-%d %H:%M:%S%:z", "ns": "%Y-%m-%d %H:%M:%S.%N%:z"}
AMERICAN = {"c": "%a %d %b %Y %I:%M:%S %p %Z", "x": "%m/%d/%Y", "X": "%I:%M:%S %p", "r": "%I:%M:%S %p"}
"""What en_US has in place of the forms of C."""


@tool
def date(process: Process) -> Running:
    """The time in the zone of TZ, in any format; `-d` for another one."""
    options = parse(process, "d:f:I::r:Rs:u", LONG)
    zone = UTC if "u" in options else zone_of(process.shell)
    operands = options.operands
    form = next((word[1:] for word in operands if word.startswith("+")), "")
    others = [word for word in operands if not word.startswith("+")]
    if len(operands) - len(others) > 1 or len(others) > 1:
        raise Failure(f"extra operand {quoted(process, operands[1])}", hint=True)
    form = form or _default(process, options)
    now = time.time()
    american = is_american(process.shell)
    yield 0.0
    if "f" in options:
        return _each_line(process, options.value("f"), form, zone)
    when = _when(process, options, now, zone)
    is_set = "s" in options or bool(others)
    if is_set:
        when = _to_set(process, options, others, now, zone)
    process.out(stamp(form, when, zone, american=american) + "\n")
    return 1 if is_set and process.shell.user != "root" else 0


def _to_set(process: Process, options: Options, others: list[str], now: float, zone: Zone) -> float:
    """The time that the clock is to be set to; it stays as it is. Raises Failure."""
    text = options.value("s") or others[0]
    digits = text.partition(".")[0]
    if "s" not in options and not (digits.isdecimal() and len(digits) in (8, 10, 12)):
        raise Failure(f"invalid date {quoted(process, text)}")
    when = moment(process, text, now, zone) if "s" in options else now
    if process.shell.user != "root":
        process.err(f"{process.name}: cannot set date: Operation not permitted\n")
    return when


def _each_line(process: Process, path: str, form: str, zone: Zone) -> int:
    """`-f`: one time per line of a file."""
    try:
        lines = split_lines(content(process, path))
    except Failure as failure:
        raise Failure(f"{path}: {failure.message}") from None
    status = 0
    for line in lines:
        try:
            when = moment(process, text_of(line), time.time(), zone)
            process.out(stamp(form, when, zone) + "\n")
        except Failure as failure:
            process.err(f"{process.name}: {failure.message}\n")
            status = 1
    return status


def _when(process: Process, options: Options, now: float, zone: Zone) -> float:
    if "r" in options:
        path = options.value("r")
        node = process.shell.node(process.shell.absolute(path))
        if node is None:
            raise Failure(f"{path}: No such file or directory")
        return float(node.changed)
    return moment(process, options.value("d"), now, zone) if "d" in options else now


def _default(process: Process, options: Options) -> str:
    if "R" in options:
        return "%a, %d %b %Y %H:%M:%S %z"
    if "I" in options:
        return _form(process, "--iso-8601", ISO_FORMS, options.value("I") or "date")
    if "rfc-3339" in options:
        return _form(process, "--rfc-3339", RFC_FORMS, options.value("rfc-3339"))
    return "%a %b %e %I:%M:%S %p %Z %Y" if is_american(process.shell) else "%a %b %e %H:%M:%S %Z %Y"


def _form(process: Process, option: str, forms: dict[str, str], name: str) -> str:
    found = next((form for key, form in forms.items() if key.startswith(name)), "")
    if not found or not name:
        names = "".join(f"\n  - {quoted(process, each)}" for each in forms)
        wrong = f"invalid argument {quoted(process, name)} for {quoted(process, option)}"
        raise Failure(f"{wrong}\nValid arguments are:{names}", hint=True)
    return found


def is_american(shell: Shell) -> bool:
    """Whether the locale of times is that of the United States."""
    variables = shell.variables
    locale = variables.get("LC_ALL") or variables.get("LC_TIME") or variables.get("LANG") or ""
    return locale.startswith("en_US") and not shell.world.system.busybox


def stamp(form: str, when: float, zone: Zone = UTC, *, american: bool = False) -> str:
    """A time in a format of date."""
    offset, name = zone.at(when)
    parts = time.gmtime(when + offset)
    nanoseconds = f"{int(when % 1 * 1e9):09d}"
    sign, minutes = "-" if offset < 0 else "+", abs(offset) // 60
    clock = f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    special = {
        "s": str(int(when // 1)), "z": clock.replace(":", ""), "Z": name, ":z": clock, "::z": f"{clock}:00",
        "%": "%", ":::z": clock.removesuffix(":00"),
        "P": time.strftime("%p", parts).lower(), "q": str((parts.tm_mon - 1) // 3 + 1),
    }  # fmt: skip

    def one(found: re.Match[str]) -> str:
        flags, letter = found[1], found[2]
        if letter == "N":
            return nanoseconds[: int(flags[-1]) or 9] if flags[-1:].isdecimal() else nanoseconds
        if american and letter in AMERICAN:
            return stamp(AMERICAN[letter], when, zone)
        return special.get(letter) or time.strftime(f"%{flags[:2]}{letter}", parts)

    return re.sub(r"%([-_0^#]?[0-9]?)(:{0,3}[A-Za-z%])", one, form[:MOST_FORMAT])


@tool
def cal(process: Process) -> Running:
    """A month, or a year."""
    options = parse(process, "13hjmyn:", "year=y three=3 one=1 monday=m")
    numbers = [word for word in options.operands if word.isdecimal()][:3]
    today = time.gmtime()
    year = int(numbers[-1][:4]) if numbers else today.tm_year
    if not 1 <= year <= 9999:
        raise Failure(f"year '{year}' not in range 1..9999", 64)
    whole = "y" in options or len(numbers) == 1
    month = int(numbers[-2][:2]) if len(numbers) > 1 else today.tm_mon
    if not 1 <= month <= 12:
        raise Failure("illegal month value: use 1-12", 64)
    import calendar

    made = calendar.TextCalendar(0 if "m" in options else 6)
    if whole:
        process.out(made.formatyear(year, w=2, l=1, c=2) + "\n")
    else:
        rows = made.formatmonth(year, month).split("\n")[:-1]
        lines = [rows[0].center(20).rstrip(), *rows[1:]]
        process.out("".join(line.ljust(20) + "  \n" for line in [*lines, *[""] * (8 - len(lines))]))
    yield 0.0
    return 0


COMMANDS = {"date": date, "cal": cal}
