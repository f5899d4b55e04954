"""The practice worker that everything is measured on, and running a command there."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from decnet.lab import Lab, run_argv

LAB = Lab(os.environ.get("DECNET_LAB_NAME", "bench"))
"""Two runs at once need two names: each removes what the other has."""
WORKER = "w1"


@dataclass(frozen=True)
class Spent:
    """What a command took with all that it waited for: processor and wall seconds, and MiB at its largest."""

    cpu: float
    wall: float
    memory: float
    output: str


def spent(
    argv: list[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    good: tuple[int, ...] = (0,),
    where: str | None = None,
) -> Spent:
    """Run a command on the worker, or elsewhere in the lab, and measure it. SystemExit where it fails."""
    began = time.perf_counter()
    variables = [f"{name}={value}" for name, value in (env or {}).items()]
    process = subprocess.Popen(
        run_argv(LAB, where or WORKER, ["env", *variables, *argv]), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(stdin)
    process.stdin.close()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good:
        raise SystemExit(f"{' '.join(argv)}: exit {process.returncode}\n{output[-4000:]}")
    wall = time.perf_counter() - began
    return Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, output)


def on_worker(*argv: str, env: Mapping[str, str] | None = None) -> str:
    """What a command on the worker prints on stdout. SystemExit where it fails."""
    ended = subprocess.run(
        run_argv(LAB, WORKER, list(argv)), capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, **(env or {})},
    )  # fmt: skip
    if ended.returncode not in (0, 3, 4):
        raise SystemExit(f"{' '.join(argv)}: {ended.stderr}")
    return ended.stdout


def median(run: Callable[[], object], times: int = 7) -> float:
    """The median wall time of some runs, in seconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
