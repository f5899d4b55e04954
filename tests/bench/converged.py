"""Commands that find nothing to do, on one host and over SSH: what they take, import and write."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from decnet.lab import down, provide_images, run_argv, up

from .place import LAB
from .rows import Result, Row, Skipped

FLEET = """
[network]
addresses = {{ use = ["192.0.2.{first}-192.0.2.{last}"] }}
[decky.{name}]
count = 5
services = ["ssh", "http"]
"""
ROUNDS = 7
OVER_SSH = "root@198.51.100.12"
PLACES = {"w1": ("one host", 6.0), "operator": ("over SSH", 9.0)}
"""Where the commands run, and their highest ratio."""
EMPTY = "python -c pass"
MODULES = (
    "import sys; from decnet.cli import main\ntry: main()\nfinally: print(len(sys.modules), file=sys.stderr)"
)
WRITE = re.compile(r"(?:p?write(?:v|64)?)\(\d+<(/(?!dev/)[^>]*)>.*= (\d+)$")


def converged_rows() -> list[Result]:
    """`w1` deploys on itself, the operator on `w2`."""
    down(LAB)
    try:
        up(LAB, workers=2)
        provide_images(LAB, lambda line: print(line, file=sys.stderr))
        commands = {"w1": _prepared("w1", "near", 100), "operator": _prepared("operator", "far", 120)}
        return [row for place, argv in commands.items() for row in _measured(place, argv)]
    finally:
        down(LAB)


def _prepared(place: str, name: str, first: int) -> dict[str, list[str]]:
    """A fleet that is deployed; the commands that then find nothing to do."""
    if place == "operator":
        key = (LAB.folder / "w2/sshd/host_ed25519.pub").read_text().split()[:2]
        known = LAB.folder / "known_hosts"
        known.write_text(" ".join([OVER_SSH.partition("@")[2], *key]) + "\n")
        _run(place, ["decnet", "worker", "add", "w2", OVER_SSH, "--known-hosts", str(known)])
    file = LAB.folder / f"{name}.toml"
    file.write_text(FLEET.format(name=name, first=first, last=first + 9))
    deploy = ["deploy", "-c", str(file), "--yes"]
    _run(place, ["decnet", *deploy])
    commands = {"status": ["status"], "deploy without a change": deploy}
    _wait_until_well(place)
    for argv in commands.values():
        # The first one learns that nothing is to be done.
        _run(place, ["decnet", *argv])
    return commands


def _wait_until_well(place: str) -> None:
    """On a busy machine, services that have just started may answer late."""
    for _ in range(60):
        if subprocess.run(run_argv(LAB, place, ["decnet", "status"]), capture_output=True).returncode == 0:
            return
        time.sleep(1)
    raise SystemExit(f"{place}: the deckies are not well a minute after their deploy")


def _measured(place: str, commands: dict[str, list[str]]) -> list[Result]:
    """Alternating, so that all meet the same noise."""
    where, aim = PLACES[place]
    lines = {"": [sys.executable, "-c", "pass"]} | {
        name: ["decnet", *argv] for name, argv in commands.items()
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in lines}
    for _ in range(ROUNDS):
        for name, argv in lines.items():
            taken[name].append(_run(place, argv))
    cpu = {name: statistics.median(each[0] for each in found) for name, found in taken.items()}
    wall = {name: statistics.median(each[1] for each in found) for name, found in taken.items()}
    rows: list[Result] = []
    for name, argv in commands.items():
        title = f"{name}, {where}"
        rows.append(Row(f"{title}, CPU", cpu[name], cpu[""], EMPTY, aim))
        rows.append(Row(f"{title}, wall", wall[name], wall[""], EMPTY, aim))
        rows.append(Row(f"{title}, modules", *_modules(place, argv), EMPTY, unit=""))
        rows.append(_bytes_written(place, f"{title}, written to files", argv))
    return rows


def _modules(place: str, argv: list[str]) -> tuple[float, float]:
    """How many modules a command and an empty Python import."""
    count = subprocess.run(
        run_argv(LAB, place, [sys.executable, "-c", MODULES, *argv]),
        capture_output=True,
        text=True,
        check=True,
    )
    empty = [sys.executable, "-c", "import sys; print(len(sys.modules))"]
    nothing = subprocess.run(run_argv(LAB, place, empty), capture_output=True, text=True, check=True)
    return float(count.stderr.split()[-1]), float(nothing.stdout)


def _bytes_written(place: str, title: str, argv: list[str]) -> Result:
    """By the command and all that it starts here, as strace sees it."""
    if shutil.which("strace") is None:
        return Skipped(title, "no strace")
    trace = Path(LAB.folder / "trace")
    follow = ["strace", "-f", "-y", "-e", "trace=write,pwrite64,writev", "-o", str(trace)]
    # Its output is a pipe: a file would count.
    subprocess.run(
        run_argv(LAB, place, [*follow, "decnet", *argv]),
        capture_output=True,
        check=True,
    )
    found = [WRITE.search(line) for line in trace.read_text(errors="replace").splitlines()]
    return Row(title, float(sum(int(each[2]) for each in found if each)), 1.0, "nothing", 0.0, "bytes")


def _run(place: str, argv: list[str]) -> tuple[float, float]:
    """CPU and wall seconds. SystemExit where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        run_argv(LAB, place, argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(
            f"{' '.join(argv)}: exit {process.returncode}\n{output.decode(errors='replace')[-2000:]}"
        )
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began
