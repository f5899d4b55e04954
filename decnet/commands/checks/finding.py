"""A result of `doctor` and `worker check`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from decnet.engine.outcome import Listing
from decnet.errors import DecnetError, WorkerFailure, worst


@dataclass(frozen=True)
class Finding:
    """The result of one check, in a sentence, and the command or setting that fixes it."""

    what: str
    state: Literal["fine", "warning", "wrong"]
    finding: str
    fix: str = ""
    exit_code: int = 1
    """The exit code if the state is wrong."""


def refused(what: str, error: DecnetError | WorkerFailure) -> Finding:
    """The finding about something that could not be checked."""
    return Finding(what, "wrong", error.message, error.hint or "", error.exit_code)


def listing_of(column: str, findings: Sequence[Finding]) -> Listing:
    """The findings as a table; the wrong ones decide the exit code. `mend` is the JSON key of 0.1.0."""
    items = tuple({"name": f.what, "state": f.state, "finding": f.finding, "mend": f.fix} for f in findings)
    rows = tuple((f.what, f.state, f.finding, f.fix) for f in findings)
    code = worst([f.exit_code for f in findings if f.state == "wrong"])
    return Listing("findings", (column, "state", "finding", "fix"), rows, items, exit_code=code)
