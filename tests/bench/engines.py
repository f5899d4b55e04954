"""Deploy, mutate, teardown and heal over SSH on three engines, against the engine and Compose alone."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from decnet.lab import down, provide_images, run_argv, start, stop, up

from .engine import DECKIES, FLEET
from .place import LAB
from .rows import Row

ENGINES = ("sid", "trixie", "host")
ONE = "many-07"
WORKER = "root@198.51.100.11"
AGENT = "/var/lib/decnet-agent"
PASS = "python -c pass"
RAW = Path(__file__).with_name("raw_engine.py")
COMPOSE = (
    "compose=docker-compose; docker compose version >/dev/null 2>&1 && compose='docker compose'; "
    f"$compose -p decnet -f {AGENT}/projects/decnet/compose.json"
)


class Taken(NamedTuple):
    """Seconds of a command, and of its job on the worker."""

    all: float
    job: float


class Ours(NamedTuple):
    """What decnet takes: seconds."""

    deploy: Taken
    idle: float
    mutate: Taken
    teardown: Taken
    heal: float
    heal_six: float


def engine_rows() -> list[Row]:
    """One worker after the other, each with a new fleet."""
    return [row for engine in ENGINES for row in _rows_of(engine)]


def _rows_of(engine: str) -> list[Row]:
    down(LAB)
    try:
        up(LAB, workers=1, engines=[engine])
        provide_images(LAB, lambda line: print(line, file=sys.stderr))
        return _measured(engine)
    finally:
        down(LAB)


def _measured(engine: str) -> list[Row]:
    folder = LAB.folder / "op"
    _enrol(folder)
    fleet = folder / "fleet.toml"
    fleet.write_text(FLEET)
    deploy = _with_job(lambda: _decnet("deploy", "-c", str(fleet), "--yes"))
    idle = statistics.median(_taken(lambda: _decnet("deploy", "-c", str(fleet), "--yes")) for _ in range(3))
    mutations = [
        _with_job(lambda change=change: _decnet("mutate", ONE, *change))
        for _ in range(3)
        for change in (["--services", "ssh,ftp"], ["--undo"])
    ]
    mutate = Taken(*(statistics.median(times) for times in zip(*mutations, strict=True)))
    nothing = statistics.median(_taken(lambda: _on("operator", "python3", "-c", "pass")) for _ in range(5))
    engine_alone = _engine_alone()
    compose = _compose_alone()
    heal = _heal()
    fleet.write_text(FLEET.replace(f"count = {DECKIES}", "count = 6"))
    _decnet("deploy", "-c", str(fleet), "--yes", "--max-remove", str(DECKIES))
    heal_six = _heal()
    fleet.write_text(FLEET)
    _decnet("deploy", "-c", str(fleet), "--yes")
    teardown = _with_job(lambda: _decnet("teardown", "--all", "--yes", "--max-remove", "100"))
    ours = Ours(deploy, idle, mutate, teardown, heal, heal_six)
    return _as_rows(engine, ours, engine_alone, compose, nothing)


def _as_rows(
    engine: str, ours: Ours, engine_alone: dict[str, float], compose: dict[str, float], nothing: float
) -> list[Row]:
    deploy, idle, mutate, teardown, heal, heal_six = ours
    title = f"{engine}: {{}} of {DECKIES} deckies, {3 * DECKIES} containers".format
    api, alone = "the engine's API, 4 clients", "Compose alone"
    serving, ending = f"{api}, until services listen", f"{api}, services end by themselves"
    exchange = f"{engine}: mutate that exchanges one service"
    return [
        Row(title("deploy"), deploy.all, engine_alone["create"], api, 1.15),
        Row(title("deploy"), deploy.all, engine_alone["serving"], serving, 1.15),
        Row(title("deploy"), deploy.all, compose["up"], alone),
        Row(title("deploy without a change"), idle, compose["idle"], alone, 0.5),
        Row(exchange, mutate.all, engine_alone["one"], api, 1.3),
        Row(exchange, mutate.all, engine_alone["one_serving"], serving, 1.3),
        Row(exchange, mutate.all, compose["one"], alone),
        Row(title("teardown"), teardown.all, engine_alone["remove"], api, 1.2),
        Row(title("teardown"), teardown.all, engine_alone["end"], ending, 1.2),
        Row(title("teardown"), teardown.all, compose["down"], alone),
        Row(f"{title('deploy')}, its job", deploy.job, engine_alone["serving"], serving),
        Row(f"{title('deploy')}, all but the job", deploy.all - deploy.job, nothing, PASS),
        Row(f"{exchange}, its job", mutate.job, engine_alone["one_serving"], serving),
        Row(f"{exchange}, all but the job", mutate.all - mutate.job, nothing, PASS),
        Row(f"{title('teardown')}, its job", teardown.job, engine_alone["end"], ending),
        Row(f"{title('teardown')}, all but the job", teardown.all - teardown.job, nothing, PASS),
        Row(title("power cut to whole"), heal, engine_alone["start"], f"{api}, starts the same", 1.5),
        Row(f"{engine}: power cut to whole of 6 deckies", heal_six, 10.0, "10 s", 1.0),
    ]


def _enrol(folder: Path) -> None:
    key = (LAB.folder / "w1/sshd/host_ed25519.pub").read_text().split()[:2]
    known = folder / "known_hosts"
    known.write_text(" ".join([WORKER.partition("@")[2], *key]) + "\n")
    _decnet("worker", "add", "w1", WORKER, "--known-hosts", str(known))


def _with_job(run: Callable[[], object]) -> Taken:
    """The job is over with the last record of the agent's journal."""
    whole = _taken(run)
    newest = f"cat $(ls -t {AGENT}/jobs/*.json | head -1); echo; tail -n 1 {AGENT}/journal.jsonl"
    row, end = _on("w1", "sh", "-c", newest).splitlines()
    return Taken(whole, json.loads(end)["at"] - json.loads(row)["started"])


def _engine_alone() -> dict[str, float]:
    """What raw_engine.py measures, on the containers of this fleet; they run again afterwards."""
    shutil.copy(RAW, LAB.worker(1).folder / RAW.name)
    shown = _on("w1", "python3", str(LAB.worker(1).folder / RAW.name), f"{ONE}-http")
    return dict(json.loads(shown))


def _compose_alone() -> dict[str, float]:
    """Compose's own time for the same, by the agent's file; the containers run again afterwards."""
    return {
        "down": _taken(lambda: _on("w1", "sh", "-c", f"{COMPOSE} rm -sf")),
        "up": _taken(lambda: _on("w1", "sh", "-c", f"{COMPOSE} up -d --no-build")),
        "idle": statistics.median(
            _taken(lambda: _on("w1", "sh", "-c", f"{COMPOSE} up -d --no-build --no-recreate"))
            for _ in range(3)
        ),
        "one": _taken(
            lambda: _on("w1", "sh", "-c", f"{COMPOSE} up -d --no-build --force-recreate --no-deps {ONE}-http")
        ),
    }


def _heal() -> float:
    """The power is cut: how long the engine's start and the agent's heal take."""
    stop(LAB, "w1", "worker")
    began = time.perf_counter()
    start(LAB, "w1")
    _on("w1", f"{AGENT}/decnet-agent", "heal")
    return time.perf_counter() - began


def _taken(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _decnet(*argv: str) -> str:
    return _on("operator", "decnet", *argv)


def _on(place: str, *argv: str) -> str:
    """What a command prints on stdout. SystemExit where it fails."""
    ended = subprocess.run(
        run_argv(LAB, place, list(argv)), capture_output=True, text=True, timeout=900, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if ended.returncode:
        raise SystemExit(f"{place}: {' '.join(argv)}: exit {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout
