"""One version's side of `tests.bench.against`: measures once for each line that it reads.

    PYTHONPATH=SOURCES python -P side.py pass
    PYTHONPATH=SOURCES python -P side.py fanout WORKER

One line of JSON for each line of input: seconds by title. Uses only what tests/bench of every version has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

DECKIES, WORKERS = 5000, 250
REAL, SIMULATED = 50, 200

Measure = Callable[[], dict[str, float]]


def main() -> None:
    {"pass": passes, "fanout": fan_out}[sys.argv[1]]()


def passes() -> None:
    """The three-way pass over a large fleet: processor seconds."""
    import gc

    from tests.bench.passes import three_way_rows

    # As the command line of both versions does.
    gc.set_threshold(100_000)
    serve(lambda: dict(_titled(row) for row in three_way_rows(DECKIES, WORKERS)))


def _titled(row: Any) -> tuple[str, float]:
    """Up to 0.2.0 the rows of the pass were tuples."""
    return row[:2] if isinstance(row, tuple) else (row.what, row.value)


def fan_out() -> None:
    """`decnet status` of workers over SSH, on a practice worker that no other version uses."""
    from tests.bench import fanout, ground, place
    from tests.bench.canned import write_canned

    ground.WORKER = place.WORKER = sys.argv[2]
    with fanout.ground() as made:
        homes = {f"{REAL} workers, real agents": made.fleet(REAL)}
        many = made.empty_home("many", "simulated", SIMULATED)
        write_canned(made.folder, many, SIMULATED)
        homes[f"{SIMULATED} workers, simulated answers"] = many

        def measure() -> dict[str, float]:
            taken = {title: fanout.status(home) for title, home in homes.items()}
            cpu = {f"status of {title}: client CPU": each.cpu for title, each in taken.items()}
            return cpu | {f"status of {title}: wall": each.wall for title, each in taken.items()}

        measure()  # The records are written once.
        serve(measure)


def serve(measure: Measure) -> None:
    print("{}", flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure()), flush=True)


if __name__ == "__main__":
    main()
