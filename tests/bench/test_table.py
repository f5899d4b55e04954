"""The table, bench.json, and the comparison of two runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.compare import Change, Key, compared  # noqa: E402
from tests.bench.growth import Growth, grown  # noqa: E402
from tests.bench.report import read  # noqa: E402
from tests.bench.rows import Row, Skipped, cells  # noqa: E402
from tests.bench.running import Run  # noqa: E402

MET, MISSED = Row("a", 1.0, 2.0, "b", 0.5), Row("a", 1.2, 2.0, "b", 0.5, "MiB")
PROPORTIONAL = Growth("g", ((10, 2.0), (100, 20.0), (1000, 200.0)), "events")
SQUARE = Growth("g", ((10, 1.0), (100, 100.0), (1000, 10_000.0)), "events")


def test_a_row_shows_its_units_and_whether_it_met_its_aim() -> None:
    assert [cells(row) for row in (MET, MISSED, Row("a", 1234.5, 0.0, "b"), Skipped("p", "no docker"))] == [
        ("a", "1 s", "b: 2 s", "0.50", "0.5", "met"),
        ("a", "1.2 MiB", "b: 2 MiB", "0.60", "0.5", "missed"),
        ("a", "1,234 s", "b: 0 s", "0.00", "", ""),
        ("p", "not run", "no docker", "", "", ""),
    ]


def test_a_growth_shows_its_exponent() -> None:
    assert cells(PROPORTIONAL) == ("g", "200 s for 1,000 events", "2 s for 10", "^1.00", "^1.05", "met")
    assert cells(SQUARE)[3:] == ("^2.00", "^1.05", "missed")


def test_what_is_measured_was_prepared_for_its_size() -> None:
    asked: list[int] = []

    def made(size: int) -> object:
        return lambda: asked.extend([size] * (sum(range(size * 200)) > 0))

    growth = grown("sums", "numbers", (10, 100, 1000), made, rounds=2)  # type: ignore[arg-type]
    assert [size for size, _ in growth.points] == [10, 100, 1000]
    assert asked == [10, 100, 1000] * 2


def test_a_part_that_fails_is_a_row_and_the_others_are_run(tmp_path: Path) -> None:
    run = Run(tmp_path / "bench.json")

    def fails() -> list[Row]:
        raise SystemExit("w1: pip: exit 1\nno index")

    run.parts(
        {"bad": fails, "broken": lambda: [MET][1:2] or [{}["x"]], "good": lambda: [MET]},
        {"bad", "broken", "good"},
    )
    results = read(tmp_path / "bench.json")
    assert results.rows == [
        Skipped("bad", "w1: pip: exit 1 no index"),
        Skipped("broken", "KeyError: 'x'"),
        MET,
    ]
    assert list(results.parts) == ["bad", "broken", "good"]
    assert results.header.keys() >= {
        "version",
        "commit",
        "python",
        "kernel",
        "engines",
        "processors",
        "load",
        "date",
    }


def test_the_rows_of_a_run_are_read_as_they_were(tmp_path: Path) -> None:
    run = Run(tmp_path / "bench.json")
    run.part("all", lambda: [MET, MISSED, PROPORTIONAL, Skipped("p", "why")])
    assert read(tmp_path / "bench.json") == run.results


def test_a_part_can_be_repeated_without_the_others(tmp_path: Path) -> None:
    Run(tmp_path / "bench.json").parts({"a": lambda: [MET], "b": lambda: [MISSED]}, {"a", "b"})
    Run(tmp_path / "bench.json", keep=True).part("a", lambda: [PROPORTIONAL])
    assert read(tmp_path / "bench.json").rows == [PROPORTIONAL, MISSED]


@pytest.mark.parametrize("text", ["{}", "nonsense", '[{"what": "a"}]', "3"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(SystemExit, match="not the results of a run"):
        read(tmp_path / "other.json")


def test_a_run_of_an_earlier_version_is_compared_with_one_of_this(tmp_path: Path) -> None:
    """Such a file was a list, with the unit in the title."""
    rows = [
        {"what": "a", "value": 1.0, "reference": 2.0, "against": "b", "aim": 0.5, "ratio": 0.5},
        {"what": "m, MiB", "value": 50.0, "reference": 100.0, "against": "b", "aim": 1, "ratio": 0.5},
        {"what": "old", "value": 1.0, "reference": 1.0, "against": "b", "aim": None, "ratio": 1.0},
    ]
    (tmp_path / "old.json").write_text(json.dumps(rows))
    old = read(tmp_path / "old.json").rows
    new = [Row("a", 1.2, 2.0, "b", 0.5), Row("m", 51.0, 100.0, "b", 1, "MiB"), PROPORTIONAL]
    assert compared(old, new) == [
        Change("worse", Key("a", "b"), "0.50 (1 s)", "0.60 (1.2 s)"),
        Change("gone", Key("old", "b"), "1.00 (1 s)", ""),
        Change("new", Key("g", "growth"), "", "^1.00"),
    ]


def test_the_margin_is_stated_and_an_exponent_has_its_own() -> None:
    worse = [Row("a", 1.2, 2.0, "b", 0.5), SQUARE]
    assert [each.verdict for each in compared([MET, PROPORTIONAL], worse, margin=0.3)] == ["worse"]
    assert [each.verdict for each in compared(worse, [MET, PROPORTIONAL])] == ["better", "better"]
    assert [each.verdict for each in compared([MET], [Skipped("part", "no docker")])] == ["not run", "gone"]
