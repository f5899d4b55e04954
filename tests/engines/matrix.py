"""The cells of `make engines`, and what a run of one means."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

WORKERS = "tests/engines/test_workers.py"
OPERATORS = "tests/engines/test_operators.py"
BY_PYTHON = "test_a_fleet_lives_with_an_operator_on_a_python"
VIRTUAL = "tests/engines/test_virtual_workers.py"
HEAL = "tests/engines/test_heal.py"
DEATHS = (
    "test_the_heal_and_reconcile_bring_all_back", "test_reconcile_alone_brings_all_back",
    "test_a_decky_that_is_not_ready_is_reported_and_repaired",
)  # fmt: skip
OPTIONS = (
    "live-restore", "containerd-image-store", "userns-remap", "log-driver", "data-root-with-a-blank",
    "iptables", "no-userland-proxy", "least-api-1.44",
)  # fmt: skip

NO_TESTS = (4, 5)
"""pytest's exit codes for a test that does not exist, and for none that was chosen."""


@dataclass(frozen=True)
class Cell:
    """`tests` are arguments of pytest; `must_run`: the whole matrix is red where this cell was not run."""

    name: str
    tests: tuple[str, ...]
    must_run: bool = False


@dataclass(frozen=True)
class Result:
    """`verdict` is passed, failed or not run; `found` are the versions, `reason` why it was not run."""

    cell: Cell
    verdict: str
    found: str = ""
    reason: str = ""
    output: str = ""
    seconds: float = 0.0


def _of(name: str, file: str, test: str, *, must_run: bool = False) -> Cell:
    return Cell(name, (f"{file}::{test}",), must_run)


CELLS = (
    _of("worker trixie", WORKERS, "test_a_fleet_lives_on_a_release[trixie]", must_run=True),
    _of("worker debian12", WORKERS, "test_a_fleet_lives_on_a_release[debian12]", must_run=True),
    _of("worker sid", WORKERS, "test_a_fleet_lives_on_a_release[sid]"),
    _of("worker debian11", WORKERS, "test_the_compose_of_debian_11_is_refused_at_enrolment"),
    _of("worker Python 3.9", WORKERS, "test_a_fleet_lives_on_debian_11_with_a_newer_compose"),
    _of("worker VM trixie", VIRTUAL, "test_a_fleet_lives_on_a_virtual_worker[trixie]", must_run=True),
    _of("worker VM sid", VIRTUAL, "test_a_fleet_lives_on_a_virtual_worker[sid]"),
    _of("worker user without root", WORKERS, "test_a_fleet_lives_for_a_user_who_is_not_root"),
    _of("driver bridge", WORKERS, "test_a_fleet_lives_on_a_bridge"),
    _of("driver ipvlan", VIRTUAL, "test_a_fleet_lives_on_ipvlan"),
    *(
        _of(f"sid, {name}", WORKERS, f"test_a_fleet_lives_with_an_option_of_the_engine[{name}]")
        for name in OPTIONS
    ),
    *(
        _of(f"operator Python {version}", OPERATORS, f"{BY_PYTHON}[{version}]", must_run=version == "3.14")
        for version in ("3.11", "3.12", "3.13", "3.14")
    ),
    Cell("programs on Python 3.14", ("tests/pythons",), must_run=True),
    *(
        Cell(f"engine dies on {engine}", tuple(f"{HEAL}::{test}[{engine}]" for test in DEATHS))
        for engine in ("trixie", "sid")
    ),
    Cell("a fleet under systemd", ("tests/lab/test_systemd.py",), must_run=True),
    Cell("the lab's virtual workers", ("tests/lab/test_virtual.py",)),
)  # fmt: skip


def read_report(cell: Cell, report: Path, code: int, output: str, seconds: float) -> Result:
    """What pytest's report and exit code mean. A cell with a skipped test was not run, nor one without."""
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        cases = []
    properties = [each.get("value", "") for case in cases for each in case.iter("property")]
    found = ", ".join(dict.fromkeys(properties))
    skipped = [each.get("message", "") for case in cases for each in case.iter("skipped")]
    if code in NO_TESTS:
        skipped = [f"pytest {' '.join(cell.tests)}: {_last_line(output)}"]
    verdict = "failed" if code not in (0, *NO_TESTS) else "not run" if skipped else "passed"
    return Result(cell, verdict, found, skipped[0] if verdict == "not run" else "", output, seconds)


def is_green(results: Iterable[Result]) -> bool:
    return all(
        each.verdict == "passed" or (each.verdict == "not run" and not each.cell.must_run) for each in results
    )


def table(results: Iterable[Result], *, head: bool = True) -> str:
    """A row for each cell; the reason of one that was not run stands below it."""
    lines = [f"{'cell':<32} {'result':<8} {'time':>6}  found"] if head else []
    for each in results:
        lines.append(f"{each.cell.name:<32} {each.verdict:<8} {each.seconds:>4.0f} s  {each.found}".rstrip())
        if each.reason:
            lines.append(textwrap.indent(textwrap.fill(each.reason, 96), " " * 8))
    return "\n".join(lines)


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"
