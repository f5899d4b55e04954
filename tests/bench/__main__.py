"""`make bench`: what things cost, each against a reference measured in the same run.

    python -m tests.bench [PART...]
    python -m tests.bench nmap      what nmap -O takes each kind of machine for: docs/os-profiles.md

Prints a table, and writes the same as JSON to bench.json. Ratios are the figures to trust; wall times on
a shared machine are not.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from decnet.lab import down, provide_images, up

from . import osguess
from .density import density_rows
from .engine import deploy_rows, heartbeat_rows
from .engines import engine_rows
from .events import event_rows
from .fanout import dead_rows, fanout_rows, repeat_rows, thousand_rows
from .passes import three_way_rows
from .place import LAB, on_worker
from .rollout_pass import rollout_pass_rows
from .rollouts import rollout_rows
from .rows import Row, show, write
from .sessions import session_rows
from .spool import spool_rows
from .startup import start_up_rows
from .topologies import topology_rows
from .topology_pass import topology_pass_rows
from .touch import touch_rows

Part = Callable[[], list[Row]]

ALONE: dict[str, Part] = {
    "pass": lambda: [*(Row(*figures) for figures in three_way_rows()), *rollout_pass_rows()],
    "spool": spool_rows,
    "events": event_rows,
    "topologies": lambda: [*topology_rows(), *topology_pass_rows()],
    "rollouts": rollout_rows,
    "sessions": session_rows,
}
ON_A_WORKER: dict[str, Part] = {
    "startup": start_up_rows,
    "fanout": fanout_rows,
    "thousand": thousand_rows,
    "repeat": repeat_rows,
    "dead": dead_rows,
}
WITH_IMAGES: dict[str, Part] = {
    "deploy": deploy_rows,
    "heartbeat": heartbeat_rows,
    "touch": touch_rows,
    "density": density_rows,
}
"""In this order: the heartbeat is measured over the deckies that `deploy` leaves, the others replace them."""

ON_EACH_ENGINE: dict[str, Part] = {"engines": engine_rows}


def main() -> int:
    if sys.argv[1:] == ["nmap"]:
        return osguess.main()
    parts = {**ALONE, **ON_A_WORKER, **WITH_IMAGES, **ON_EACH_ENGINE}
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What things cost.")
    parser.add_argument("part", nargs="*", choices=[[], *parts], help="only these; else all of them")
    chosen = set(parser.parse_args().part) or set(parts)
    if "heartbeat" in chosen:
        chosen.add("deploy")
    # Whoever installs decnet has its modules compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    rows = [row for name, part in ALONE.items() if name in chosen for row in part()]
    if chosen - {*ALONE, *ON_EACH_ENGINE}:
        rows += _in_the_lab(chosen)
    rows += [row for name, part in ON_EACH_ENGINE.items() if name in chosen for row in part()]
    show(rows)
    write(rows, Path("bench.json"))
    return 0


def _in_the_lab(chosen: set[str]) -> list[Row]:
    rows: list[Row] = []
    down(LAB)
    try:
        up(LAB, workers=1)
        for name, part in ON_A_WORKER.items():
            rows += part() if name in chosen else []
        if chosen & set(WITH_IMAGES):
            provide_images(LAB, lambda line: print(line, file=sys.stderr))
            for name, part in WITH_IMAGES.items():
                rows += part() if name in chosen else []
            on_worker("decnet", "teardown", "--all", "--yes", "--max-remove", "100")
    finally:
        down(LAB)
    return rows


if __name__ == "__main__":
    sys.exit(main())
