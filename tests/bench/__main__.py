"""`make bench`: what things cost, each against a reference measured in the same run.

    python -m tests.bench [-o FILE [--keep]] [PART...]
    python -m tests.bench --compare OLD.json [NEW.json] [--margin 0.15]     what got worse
    python -m tests.bench.page [FILE]     docs/performance.md from the results of a whole run
    python -m tests.bench nmap      what nmap -O takes each kind of machine for: docs/os-profiles.md

Prints a table, and writes the same as JSON to bench.json. Ratios are the figures to trust; wall times on
a shared machine are not. The exit code is 0 also where an aim is missed or a part cannot be run.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import osguess
from .beats import beat_rows
from .compare import MARGIN, compared, show_changes
from .converged import converged_rows
from .density import density_rows
from .engine import deploy_rows, heartbeat_rows
from .engines import engine_rows
from .events import event_rows
from .fanout import dead_rows, fanout_rows, repeat_rows, thousand_rows
from .far import far_rows
from .load import load_rows, slow_rows
from .passes import three_way_rows
from .report import read
from .rollout_pass import rollout_pass_rows
from .rollouts import rollout_rows
from .rows import show
from .running import Measure, Run
from .scale import scale_rows
from .sessions import session_rows
from .sizes_commands import command_growth
from .sizes_plan import plan_growth
from .sizes_store import store_growth
from .spool import spool_rows
from .startup import start_up_rows
from .topologies import topology_rows
from .topology_pass import topology_pass_rows
from .touch import touch_rows
from .wakeups import wakeup_rows

ALONE: dict[str, Measure] = {
    "pass": lambda: [*three_way_rows(), *rollout_pass_rows()],
    "spool": spool_rows,
    "events": event_rows,
    "topologies": lambda: [*topology_rows(), *topology_pass_rows()],
    "rollouts": rollout_rows,
    "sessions": session_rows,
    "growth": lambda: [*plan_growth(), *store_growth(), *command_growth()],
    "scale": scale_rows,
    "beats": beat_rows,
    "wakeups": wakeup_rows,
    "load": load_rows,
    "slow": slow_rows,
}
ON_A_WORKER: dict[str, Measure] = {
    "startup": start_up_rows,
    "fanout": fanout_rows,
    "thousand": thousand_rows,
    "repeat": repeat_rows,
    "dead": dead_rows,
    "far": far_rows,
}
WITH_IMAGES: dict[str, Measure] = {
    "deploy": deploy_rows,
    "heartbeat": heartbeat_rows,
    "touch": touch_rows,
    "density": density_rows,
}
"""In this order: the heartbeat is measured over the deckies that `deploy` leaves, the others replace them."""

ON_EACH_ENGINE: dict[str, Measure] = {"engines": engine_rows, "converged": converged_rows}


PARTS: dict[str, Measure] = {**ALONE, **ON_A_WORKER, **WITH_IMAGES, **ON_EACH_ENGINE}


def main() -> int:
    if sys.argv[1:] == ["nmap"]:
        return osguess.main()
    args = _arguments()
    if args.compare:
        return _compare(args.compare, args.margin)
    chosen = set(args.part) or set(PARTS)
    if "heartbeat" in chosen:
        chosen.add("deploy")
    # An installed decnet has its modules compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    run = Run(args.output, keep=args.keep)
    run.parts(ALONE, chosen)
    if chosen & {*ON_A_WORKER, *WITH_IMAGES}:
        run.in_the_lab(ON_A_WORKER, WITH_IMAGES, chosen)
    run.parts(ON_EACH_ENGINE, chosen)
    show(run.results.rows)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What things cost.")
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help="only these; else all of them")
    parser.add_argument("-o", "--output", type=Path, default="bench.json", help="default: bench.json")
    parser.add_argument("--keep", action="store_true", help="keep the other parts that the file has")
    parser.add_argument("--compare", type=Path, nargs="+", metavar="FILE", help="OLD.json [NEW.json]")
    parser.add_argument("--margin", type=float, default=MARGIN, help="by how much a ratio may be higher")
    return parser.parse_args()


def _compare(files: list[Path], margin: float) -> int:
    old, new = files[0], files[1] if len(files) > 1 else Path("bench.json")
    show_changes(compared(read(old).rows, read(new).rows, margin), margin)
    return 0


if __name__ == "__main__":
    sys.exit(main())
