"""Ten thousand simulated workers with a hundred thousand deckies: docs/scale.md.

The operator's side is real and whole; the workers answer from files, without SSH (see `simulated`).
"""

from __future__ import annotations

from .rows import Row
from .sizes_commands import PER_WORKER, fleets, ran

WORKERS = 10_000
SHARE = 10
"""The fleet is split over so many state directories."""
ASKED = ("status", "status --on @site-0", "reconcile", "events")
SECONDS, MIB = 60.0, 2048.0
"""One round of `reconcile --interval 60`, and what an operator's small machine has."""


def scale_rows(workers: int = WORKERS) -> list[Row]:
    """Each command over the whole fleet, and over a tenth of it in a state directory of its own."""
    part = workers // SHARE
    with fleets((part, workers)) as homes:
        taken = {name: (ran(homes[workers], name), ran(homes[part], name)) for name in ASKED}
    rows = []
    for name, (whole, tenth) in taken.items():
        title = f"decnet {name} of {workers:,} workers, {PER_WORKER * workers:,} deckies"
        rows += [
            Row(f"{title}: CPU", whole["CPU"], SECONDS, "a minute", 1),
            Row(f"{title}: memory", whole["memory"], MIB, "a machine of 2 GiB", 1, "MiB"),
            Row(f"{title}: CPU", whole["CPU"], SHARE * tenth["CPU"], f"{SHARE} times a tenth of it", 1.1),
        ]
    return rows
