"""What the servers of a machine have logged about visitors, which its log files and its journal show.

Each process keeps the lines of all services of its decky. They are bounded by log: the oldest ones go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LONGEST = 900
"""Characters of a line."""
MOST_BYTES = {
    "access": 96_000,
    "auth": 64_000,
    "btmp": 24_000,
    "ftp": 32_000,
    "mail": 64_000,
    "transfers": 16_000,
}
"""By log, the characters that are kept of it, with LINE_BYTES for each line."""
LINE_BYTES = 120
"""Memory of a line without its text."""
KEEP_SECONDS = 14 * 86_400
MOST_PID = 1 << 22


@dataclass(frozen=True, slots=True)
class Logged:
    """One line. `at`: nanoseconds since the epoch, different for each line; `log`: one of MOST_BYTES;
    `program` and `pid` of a line that went through syslog: the text is what follows them. In btmp, `text` is
    the source, a space and the name, `program` the terminal."""

    at: int
    log: str
    text: str
    program: str = ""
    pid: int = 0

    @property
    def when(self) -> int:
        """Seconds since the epoch."""
        return self.at // 1_000_000_000


class ServerLogs:
    """The lines of one machine."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[int, Logged]] = {log: {} for log in MOST_BYTES}
        self._kept = dict.fromkeys(MOST_BYTES, 0)
        self._latest = 0
        self.total = 0
        """How many lines there have been."""
        self.report: Callable[[Logged], None] | None = None
        """Called with each line of this process."""

    def write(self, log: str, text: str, program: str = "", pid: int = 0) -> None:
        """A server of this process logs a line, without its end."""
        self._latest = max(int(time.time() * 1e9), self._latest + 1)
        line = Logged(self._latest, log, text[:LONGEST], program, pid)
        self.take(line)
        if self.report is not None:
            self.report(line)

    def take(self, line: Logged) -> None:
        """A line, also from another service."""
        lines = self._lines[line.log]
        if line.at in lines:
            return
        lines[line.at] = line
        self.total += 1
        self._kept[line.log] += LINE_BYTES + len(line.text)
        oldest = int((time.time() - KEEP_SECONDS) * 1e9)
        while lines and (self._kept[line.log] > MOST_BYTES[line.log] or next(iter(lines)) < oldest):
            self._kept[line.log] -= LINE_BYTES + len(lines.pop(next(iter(lines))).text)

    def lines(self, log: str, since: float = 0, until: float = 1e11) -> list[Logged]:
        """The lines of a log from one time to another (seconds since the epoch), the oldest first."""
        found = self._lines[log]
        return [found[at] for at in sorted(found) if since <= at / 1e9 <= until]

    def all(self) -> Iterator[Logged]:
        """Everything that is known."""
        for lines in self._lines.values():
            yield from lines.values()


_logs: dict[str, ServerLogs] = {}


def logs_of(seed: str) -> ServerLogs:
    """The logs of the machine with this seed."""
    return _logs.setdefault(seed, ServerLogs())
