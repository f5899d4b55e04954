"""What `doctor` and `worker check` say of one thing that they looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from decnet.engine.outcome import Listing
from decnet.errors import DecnetError, WorkerFailure, worst


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, in a sentence, and the command or setting that mends it."""

    what: str
    state: Literal["fine", "warning", "wrong"]
    finding: str
    mend: str = ""
    exit_code: int = 1
    """Of something that is wrong."""


def refused(what: str, error: DecnetError | WorkerFailure) -> Finding:
    """What could not even be looked at."""
    return Finding(what, "wrong", error.message, error.hint or "", error.exit_code)


def listing_of(column: str, findings: Sequence[Finding]) -> Listing:
    """The findings as a list; what is wrong decides the exit code."""
    items = tuple({"name": f.what, "state": f.state, "finding": f.finding, "mend": f.mend} for f in findings)
    rows = tuple((f.what, f.state, f.finding, f.mend) for f in findings)
    code = worst([f.exit_code for f in findings if f.state == "wrong"])
    return Listing("findings", (column, "state", "finding", "mend"), rows, items, exit_code=code)
