"""This version against an earlier one: start-up, the pass, fan-out and deploys, measured alternately.

    python -m tests.bench.against [--commit COMMIT] [--rounds N] [PART...]

The earlier version (0.1.0 by default) comes from the history of this repository, and the modules of
tests/bench measure it as they were in that version. Prints a table, and writes the same as JSON to
against.json. `startup` and `pass` need nothing else; `fanout` and `deploy` start a practice network.

A ratio is the median over all rounds of new to old. The two runs of a round follow each other at once, so
that other work on the machine slows both; processor seconds are the figures to trust.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from decnet.lab import down, provide_images, run_argv, up
from tests.upgrades.old_version import COMMIT, ROOT, Old, old_version, write_command

from .place import LAB

MOST = 1.05
"""The highest ratio that is accepted."""
SIDE = Path(__file__).with_name("side.py")
COMMANDS = ("--help", "services", "validate FILE", "status")
TAB = {"_DECNET_COMPLETE": "complete_bash", "COMP_WORDS": "decnet deploy -s ", "COMP_CWORD": "3"}
DESCRIBED = '[decky.web]\nservices = ["ssh", "http"]\n'
DEPLOYED = """
[network]
addresses = {{ use = ["192.0.2.{first}-192.0.2.{last}"] }}
[decky.many]
count = 6
services = ["ssh", "http"]
"""
IMAGES = "from decnet.lab import Lab, provide_images; provide_images(Lab({name!r}), print)"

Figures = Mapping[str, float]
"""What one run took, by title, in seconds."""
Measure = Callable[[], Figures]


@dataclass(frozen=True)
class Pair:
    """One figure of the earlier version and of this one, for each round."""

    what: str
    old: list[float]
    new: list[float]

    @property
    def ratio(self) -> float:
        return statistics.median(new / old for new, old in zip(self.new, self.old, strict=True))


@dataclass(frozen=True)
class Version:
    """Its sources, its program `decnet`, and the practice worker that it has for itself."""

    sources: Path
    command: Path
    worker: str

    @property
    def home(self) -> str:
        """Where it keeps its state when it runs outside of the practice network."""
        return str(self.command.with_name(f"home-{self.worker}"))

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which Python finds its modules."""
        return {**os.environ, "PYTHONPATH": str(self.sources), "PYTHONSAFEPATH": "1"}

    def side(self, *words: str) -> AbstractContextManager[Measure]:
        """A process of this version that measures whenever it is asked to."""
        return _served([sys.executable, str(SIDE), *words], self.environment)


def main() -> int:
    parts = {"startup": start_up, "pass": passes, "fanout": fan_out, "deploy": deploys}
    parser = argparse.ArgumentParser(prog="python -m tests.bench.against")
    parser.add_argument("part", nargs="*", choices=[[], *parts], help="only these; else all of them")
    parser.add_argument("--commit", default=COMMIT, help="the earlier version (default: 0.1.0)")
    parser.add_argument("--rounds", type=int, default=10)
    args = parser.parse_args()
    pairs: list[Pair] = []
    # Whoever installs decnet has its modules compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="decnet-against-") as folder:
        versions = both(Path(folder), args.commit)
        for name in args.part or parts:
            with parts[name](*versions) as measures:
                pairs += alternate(*measures, rounds=args.rounds)
            show(pairs)
    rows = [{"what": pair.what, "old": pair.old, "new": pair.new, "ratio": pair.ratio} for pair in pairs]
    Path("against.json").write_text(json.dumps(rows, indent=1) + "\n")
    return int(any(pair.ratio > MOST for pair in pairs))


def both(folder: Path, commit: str) -> tuple[Version, Version]:
    """The earlier version and this one, which start in the same way."""
    old = old_version(folder / "old", commit=commit, parts=("decnet", "tests/bench"))
    command = folder / "decnet"
    write_command(command, ROOT)
    return Version(old.sources, old.command, "w1"), Version(ROOT, command, "w2")


def alternate(old: Measure, new: Measure, *, rounds: int) -> list[Pair]:
    """The figures of both, in pairs; every other round begins with the new one."""
    taken: dict[Measure, list[Figures]] = {old: [], new: []}
    for number in range(rounds):
        for measure in (old, new) if number % 2 == 0 else (new, old):
            taken[measure].append(measure())
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return [
        Pair(what, [each[what] for each in taken[old]], [each[what] for each in taken[new]])
        for what in taken[old][0]
    ]


def show(pairs: list[Pair]) -> None:
    """The table on stdout: medians in seconds, and the ratio; what is too slow is marked."""
    print(f"{'what':94} {'old':>8} {'new':>8} {'ratio':>6}")
    for pair in pairs:
        medians = f"{statistics.median(pair.old):8.4f} {statistics.median(pair.new):8.4f}"
        print(f"{pair.what:94} {medians} {pair.ratio:6.2f} {'*' if pair.ratio > MOST else ''}")


@contextmanager
def start_up(*versions: Version) -> Iterator[list[Measure]]:
    """Commands with hardly anything to do."""
    file = versions[1].command.with_name("fleet.toml")
    file.write_text(DESCRIBED)

    def measure(version: Version) -> Figures:
        settings, command = {"DECNET_HOME": version.home}, str(version.command)
        taken = {
            f"decnet {words}": spent([command, *words.replace("FILE", str(file)).split()], settings)
            for words in COMMANDS
        }
        taken["completion of decnet deploy -s"] = spent([command], settings | TAB)
        return {f"{what}: CPU": cpu for what, (cpu, _) in taken.items()}

    yield [_of(measure, version) for version in versions]


@contextmanager
def passes(*versions: Version) -> Iterator[list[Measure]]:
    """The three-way pass over a large fleet: processor seconds."""
    with versions[0].side("pass") as old, versions[1].side("pass") as new:
        yield [old, new]


@contextmanager
def fan_out(*versions: Version) -> Iterator[list[Measure]]:
    """`status` of many workers over SSH."""
    with _practice(), versions[0].side("fanout", "w1") as old, versions[1].side("fanout", "w2") as new:
        yield [old, new]


@contextmanager
def deploys(*versions: Version) -> Iterator[list[Measure]]:
    """A cold deploy, one with nothing to do, and a teardown, of a few deckies on the version's own worker."""
    with _practice():
        Old(versions[0].sources).python("-c", IMAGES.format(name=LAB.name))
        provide_images(LAB, lambda line: print(line, file=sys.stderr))

        def measure(version: Version) -> Figures:
            first = 100 if version is versions[0] else 120
            file = version.command.with_name(f"fleet-{version.worker}.toml")
            file.write_text(DEPLOYED.format(first=first, last=first + 19))
            steps = {
                "deploy of 6 deckies": ("deploy", "-c", str(file), "--yes"),
                "the same with nothing to do": ("deploy", "-c", str(file), "--yes"),
                "teardown of the same": ("teardown", "--all", "--yes", "--max-remove", "6"),
            }
            taken = {
                what: spent(run_argv(LAB, version.worker, [str(version.command), *argv]))
                for what, argv in steps.items()
            }
            cpu = {f"{what}: CPU": each[0] for what, each in taken.items()}
            return cpu | {f"{what}: wall": each[1] for what, each in taken.items()}

        yield [_of(measure, version) for version in versions]


@contextmanager
def _practice() -> Iterator[None]:
    """A practice worker for each version."""
    down(LAB)
    try:
        up(LAB, workers=2)
        yield
    finally:
        down(LAB)


def _of(measure: Callable[[Version], Figures], version: Version) -> Measure:
    """The measurement of one version, after a first run that is not counted: it compiles the modules."""
    measure(version)
    return lambda: measure(version)


@contextmanager
def _served(argv: list[str], environment: Mapping[str, str]) -> Iterator[Measure]:
    side = subprocess.Popen(argv, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert side.stdin is not None
    assert side.stdout is not None
    asked, answers = side.stdin, side.stdout

    def measure() -> Figures:
        print(file=asked, flush=True)
        return dict(json.loads(answers.readline()))

    try:
        answers.readline()  # It is ready.
        yield measure
    finally:
        asked.close()
        side.wait(timeout=60)


def spent(argv: list[str], settings: Mapping[str, str] = {}) -> tuple[float, float]:
    """Processor and wall seconds of a command with all that it waits for. SystemExit where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        argv, env={**os.environ, **settings}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(argv)}: exit {process.returncode}\n{output[-4000:]}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
