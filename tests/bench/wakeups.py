"""How often decoys without visitors wake up: the scheduler's own count, of all threads of their processes."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from .rows import Result, Row
from .visits import VISITS, decoy

SETTLE_SECONDS = 30.0
SECONDS = 20.0


def wakeup_rows() -> list[Result]:
    """One decoy of each service, at once. Those with keys compute them once: ssh within 20 seconds of its
    start, mysql and smtp within 300, which may fall into the time that is counted here."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        decoys = {}
        for service in VISITS:
            decoys[service] = decoy(Path(folder), service)
            running.callback(decoys[service].stop)
        time.sleep(SETTLE_SECONDS)
        before = {service: wakeups(each.process.pid) for service, each in decoys.items()}
        time.sleep(SECONDS)
        counts = {service: wakeups(each.process.pid) - before[service] for service, each in decoys.items()}
    what = "wake-ups of {} without visitors in {:.0f} s"
    return [
        Row(what.format(service, SECONDS), count, SECONDS, "one a second", 0.1, "calls")
        for service, count in counts.items()
    ]


def wakeups(pid: int) -> int:
    """How often its threads have gone to sleep (proc(5))."""
    status = [(task / "status").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    lines = [line for each in status for line in each.splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
