"""`make bench`: what things cost, each against a reference measured in the same run.

Prints a table, and writes the same as JSON to bench.json. Ratios are the figures to trust; wall times on
a shared machine are not.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from decnet.lab import Lab, down, provide_images, run_argv, up

from .passes import three_way_rows

LAB = Lab("bench")
DECKIES = 20
FLEET = f"""
[network]
addresses = {{ use = ["192.0.2.100-192.0.2.199"] }}
[decky.many]
count = {DECKIES}
services = ["ssh", "http"]
"""


@dataclass(frozen=True)
class Row:
    """One figure. `value` and `reference` in seconds unless `what` says otherwise."""

    what: str
    value: float
    reference: float
    against: str
    aim: float | None

    @property
    def ratio(self) -> float:
        return self.value / self.reference if self.reference else 0.0


def main() -> int:
    rows = [Row(*figures) for figures in three_way_rows()]
    down(LAB)
    try:
        up(LAB, workers=1)
        provide_images(LAB, lambda line: print(line, file=sys.stderr))
        rows += start_up()
        rows += deploys()
        rows += heartbeat()
        rows += [memory()]
        on("w1", "decnet", "teardown", "--all", "--yes")
    finally:
        down(LAB)
    show(rows)
    Path("bench.json").write_text(
        json.dumps([{**asdict(r), "ratio": r.ratio} for r in rows], indent=1) + "\n"
    )
    return 0


def show(rows: list[Row]) -> None:
    """The table on stdout."""
    print(f"{'what':58} {'value':>9} {'reference':>9} {'ratio':>7} {'aim':>6}  against")
    for row in rows:
        aim = "" if row.aim is None else f"{row.aim:g}"
        print(f"{row.what:58} {row.value:9.3f} {row.reference:9.3f} {row.ratio:7.2f} {aim:>6}  {row.against}")


def on(place: str, *argv: str) -> str:
    ended = subprocess.run(
        run_argv(LAB, place, list(argv)), capture_output=True, text=True, timeout=600, check=False
    )
    if ended.returncode not in (0, 3, 4):
        raise SystemExit(f"{argv}: {ended.stderr}")
    return ended.stdout


def median(run: Callable[[], object], times: int = 7) -> float:
    """The median wall time of some runs, in seconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def start_up() -> list[Row]:
    nothing = median(lambda: on("w1", sys.executable, "-c", "pass"))
    return [
        Row(f"start-up of decnet {' '.join(argv)}", median(lambda a=argv: on("w1", "decnet", *a)), nothing,
            "python -c pass", 7)
        for argv in (["--help"], ["services"], ["status"])
    ]  # fmt: skip


def deploys() -> list[Row]:
    """A cold deploy against the engine's own limit, a converged one against compose with nothing to do."""
    fleet = Path("/tmp/decnet-bench.toml")
    fleet.write_text(FLEET)
    deploy = ("decnet", "deploy", "-c", str(fleet), "--yes")
    began = time.perf_counter()
    on("w1", *deploy)
    cold = time.perf_counter() - began
    converged = median(lambda: on("w1", *deploy), 5)
    compose = (
        "docker-compose",
        "-p",
        "decnet",
        "-f",
        "/var/lib/decnet-agent/compose.json",
        "up",
        "-d",
        "--no-build",
    )
    idle = median(lambda: on("w1", *compose), 3)
    limit = engine_limit()
    fleet.unlink()
    return [
        Row(f"cold deploy of {DECKIES} deckies, {3 * DECKIES} containers", cold, limit,
            "the engine alone, 4 threads", 1.11),
        Row("converged deploy of the same", converged, idle, "compose with nothing to do", 0.1),
    ]  # fmt: skip


def engine_limit() -> float:
    """Seconds in which the engine starts as many containers when four clients do nothing but ask it to."""
    image = on("w1", "docker", "inspect", "-f", "{{.Config.Image}}", "many-01").strip()
    script = (
        f"seq {3 * DECKIES} | xargs -P 4 -I N docker run -d --name lim-N --network none "
        f"--entrypoint /bin/busybox {image} sleep 300 >/dev/null"
    )
    began = time.perf_counter()
    on("w1", "sh", "-c", script)
    taken = time.perf_counter() - began
    on("w1", "sh", "-c", "docker ps -aq --filter name=lim- | xargs docker rm -f >/dev/null")
    return taken


def heartbeat() -> list[Row]:
    """The agent's status, as the worker runs it."""
    request = json.dumps({"v": 1, "marker": "0" * 32, "args": {"cursor": None}})
    python = "/usr/bin/python3 -I -S"
    agent = "$(ls /var/lib/decnet/agents/*.pyz | head -1)"
    status = median(lambda: on("w1", "sh", "-c", f"echo '{request}' | {python} {agent} status"), 9)
    nothing = median(lambda: on("w1", "sh", "-c", f"echo '{request}' | {python} -c pass"), 9)
    listing = median(lambda: on("w1", "sh", "-c", "docker ps -a"), 9)
    containers = 3 * DECKIES
    return [
        Row(f"agent status, {containers} containers", status, nothing, "python3 -I -S -c pass", 3),
        Row(f"agent status, {containers} containers", status, listing, "docker ps -a", 2),
    ]


def memory() -> Row:
    """PSS of all processes of one decky with two services, its shims included, in MiB."""
    ids = on("w1", "sh", "-c", "docker ps -q --no-trunc --filter label=decnet.decky=many-01").split()
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "cgroup").read_text() + (process / "cmdline").read_text()
            if any(each in said for each in ids):
                rollup = (process / "smaps_rollup").read_text()
                total += int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")))
        except (OSError, StopIteration):
            continue
    return Row("memory of a decky with two services, MiB", total / 1024, 60, "the aim for three services", 1)


if __name__ == "__main__":
    sys.exit(main())
