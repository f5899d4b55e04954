"""From a touch by a real attacker's address on a real decky to the stored event, and to its alert."""

from __future__ import annotations

import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from decnet.lab import run_argv

from .place import LAB, WORKER, on_worker, spent
from .rows import Row

FLEET = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.199"] }
[decky.touched]
services = ["http"]
"""
TOUCHES = 10
INTERVAL = 1.0
ALERT_AIM = INTERVAL + 0.2
REQUESTS = 3000
STORED_AIM = 500
"""Events per second, from the first pull to the last stored line."""

MOST_MIB = 200.0
REQUEST = """
import http.client, sys
line = http.client.HTTPConnection(sys.argv[1], 80, timeout=60)
for number in range(int(sys.argv[2])):
    line.request("GET", f"/{number:05}")
    line.getresponse().read()
"""


def touch_rows() -> list[Row]:
    """The delay of alerts under `--follow`, and pulls of many events."""
    fleet = Path("/tmp/decnet-bench-touch.toml")
    fleet.write_text(FLEET)
    on_worker("decnet", "deploy", "-c", str(fleet), "--yes", "--max-remove", "100")
    fleet.unlink()
    address = _address()
    return [*_alerted(address), *_stored(address)]


def _address() -> str:
    shown = on_worker("sh", "-c", "decnet status -o json | python3 -c " + shlex.quote(
        "import json, sys; print(json.load(sys.stdin)['deckies'][0]['ip'])"
    ))  # fmt: skip
    return shown.strip()


def _alerted(address: str) -> list[Row]:
    times = Path("/tmp/decnet-bench-alerts")
    times.write_text("")
    command = f"sh -c 'date +%s.%N >> {times}'"
    options = ["--follow", "--interval", str(INTERVAL), "--alert", command, "--alert-every", "0", "-q"]
    following = subprocess.Popen(
        run_argv(LAB, WORKER, ["decnet", "events", *options]),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        time.sleep(5 * INTERVAL)
        delays = sorted(_delay(address, times, number) for number in range(TOUCHES))
    finally:
        os.killpg(following.pid, signal.SIGINT)
        following.wait(30)
        times.unlink()
    against = f"the interval of {INTERVAL:g} s and 0.2 s"
    return [
        Row(f"a touch until its alert, --follow --interval {INTERVAL:g}, the median of {TOUCHES}",
            delays[TOUCHES // 2], ALERT_AIM, against, 1),
        Row("the same, the longest", delays[-1], ALERT_AIM, against, 1),
    ]  # fmt: skip


def _delay(address: str, times: Path, number: int) -> float:
    """Seconds from a request to the next alert; the events of one visit may come in two."""
    time.sleep(2 * INTERVAL + random.random() * INTERVAL)
    before, began = len(times.read_text().splitlines()), time.time()
    _attack(f"http://{address}/{number}")
    while len(found := times.read_text().splitlines()) <= before:
        if time.time() > began + 60:
            raise SystemExit("no alert within a minute")
        time.sleep(0.01)
    return float(found[before]) - began


def _attack(url: str) -> None:
    argv = run_argv(LAB, "attacker", ["curl", "-s", "-o", "/dev/null", url])
    subprocess.run(argv, check=True, timeout=60)


def _stored(address: str) -> list[Row]:
    on_worker("decnet", "events", "--pull", "-q")
    argv = run_argv(LAB, "attacker", [sys.executable, "-c", REQUEST, address, str(REQUESTS)])
    subprocess.run(argv, check=True, timeout=600)
    before, memory, began = _requests(), 0.0, time.perf_counter()
    while True:
        pulled = spent(["decnet", "events", "--pull", "-o", "name"])
        memory = max(memory, pulled.memory)
        if not pulled.output.strip() or _requests() - before >= REQUESTS:
            break
    taken = time.perf_counter() - began
    found = _requests() - before
    if found != REQUESTS:
        raise SystemExit(f"{found} of {REQUESTS} requests were stored")
    what = f"{REQUESTS} requests to a decky pulled and stored"
    return [
        Row(what, taken, REQUESTS / STORED_AIM, f"{STORED_AIM} a second", 1),
        Row(f"{what}, memory of the pull", memory, MOST_MIB, "the aim", 1, "MiB"),
    ]


def _requests() -> int:
    """How many requests are stored, those that are counted together as many."""
    counted = "decnet events summary --kind request -o json | python3 -c " + shlex.quote(
        "import json, sys; print(json.load(sys.stdin)['events'])"
    )
    return int(on_worker("sh", "-c", counted))
