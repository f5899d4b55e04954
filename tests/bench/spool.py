"""A hundred thousand events in the logs of three containers, pulled by the agent before an engine that has
only logs.

    python -m tests.bench.spool engine SOCKET COUNT
    python -m tests.bench.spool pull AGENT HOME SOCKET

Each is a process of its own, so that what the agent takes is not mistaken for what serves or asks it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .growth import Growth
from .rows import Row

sys.path.insert(0, str(Path(__file__).parents[1] / "agent"))

COUNT = 100_000
SIZES = (10_000, 30_000, COUNT)
CONTAINERS = 3
A_SECOND = 2_000
MOST_MIB = 32.0


def spool_rows() -> list[Row | Growth]:
    """Wall and processor seconds, memory and disk of a whole pull."""
    pulled = {count: _pulled(count) for count in SIZES}
    figures = pulled[COUNT]
    what = f"{COUNT} events of {CONTAINERS} containers pulled by the agent"
    cpu = tuple((count, each["cpu"]) for count, each in pulled.items())
    memory = tuple((count, each["memory"]) for count, each in pulled.items())
    return [
        Row(what, figures["wall"], COUNT / A_SECOND, f"{A_SECOND} a second"),
        Row(f"{what}, processor", figures["cpu"], COUNT / A_SECOND, f"{A_SECOND} a second", 1),
        Row(f"{what}, its memory", figures["memory"], MOST_MIB, "the limit", 1, "MiB"),
        Row(f"{what}, its spool", figures["spool"], 32, "the limit", 1, "MiB"),
        Growth("events pulled by the agent, CPU", cpu, "events"),
        Growth("events pulled by the agent, its memory", memory, "events", "MiB"),
    ]


def _pulled(count: int) -> dict[str, float]:
    from decnet.worker.agent_package import build_agent

    with tempfile.TemporaryDirectory() as folder:
        agent, home, place = (Path(folder) / name for name in ("agent.pyz", "home", "docker.sock"))
        agent.write_bytes(build_agent()[0])
        home.mkdir()
        argv = [sys.executable, "-m", "tests.bench.spool"]
        engine = subprocess.Popen([*argv, "engine", str(place), str(count)], stdout=subprocess.PIPE)
        try:
            assert engine.stdout is not None
            assert engine.stdout.readline() == b"ready\n"
            pulled = subprocess.check_output([*argv, "pull", str(agent), str(home), str(place)])
        finally:
            engine.kill()
            engine.wait()
    figures: dict[str, float] = json.loads(pulled)
    assert figures["events"] == count // CONTAINERS * CONTAINERS, figures
    return figures


def serve(place: Path, count: int) -> None:
    """Serve the logs until the process is ended."""
    from log_engine import LogEngine

    engine = LogEngine(place)
    for container in range(CONTAINERS):
        engine.logs[f"web{container}-http"] = [
            _line(container, number) for number in range(1, count // CONTAINERS + 1)
        ]
    print("ready", flush=True)
    time.sleep(3600)


def pull(agent: Path, home: Path, place: Path) -> dict[str, float]:
    """Pull page by page until there is no more."""
    from agent_desk import Desk

    desk = Desk(agent, home, str(place)).enrolled_by_hand()
    cursor: dict[str, object] = {}
    events, spool, more, began = 0, 0, True, time.perf_counter()
    while more:
        page = desk.get("events", cursor)
        events, more = events + len(page["events"]), page["more"]
        spool = max(spool, sum(file.stat().st_size for file in (home / "events").glob("*.jsonl")))
        cursor = {"after": page["events"][-1]["seq"], "spool_id": page["spool_id"], "mark": page["mark"]}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "events": events,
        "wall": time.perf_counter() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss / 1024,
        "spool": spool / 1024**2,
    }


def _line(container: int, number: int) -> bytes:
    row = {"run": f"run{container}", "n": number, "at": 1.7e9 + number / 1000, "kind": "contact"}
    where = {"src": "192.0.2.66", "sport": 40112, "session": "0123456789ab", "fields": {}}
    return json.dumps({**row, **where}, separators=(",", ":")).encode()


if __name__ == "__main__":
    if sys.argv[1] == "engine":
        serve(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print(json.dumps(pull(*map(Path, sys.argv[2:]))))
