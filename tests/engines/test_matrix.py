"""What a run of `make engines` counts as: nothing that was not run is green where it must run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import run
from .matrix import CELLS, Cell, Result, is_green, table

PASSES = "def test_it(record_property):\n    record_property('versions', 'Engine 1')\n"
SKIPS = "import pytest\ndef test_it():\n    pytest.skip('decnet lab up: no mirror')\n"
FAILS = "def test_it():\n    assert not 1\n"
MARK = "\nimport pytest\npytestmark = pytest.mark.engines\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (PASSES, ("passed", "Engine 1", "")),
        (SKIPS, ("not run", "", "decnet lab up: no mirror")),
        (FAILS, ("failed", "", "")),
        (
            PASSES + SKIPS.replace("test_it", "test_other"),
            ("not run", "Engine 1", "decnet lab up: no mirror"),
        ),
        ("no python\n", ("failed", "", "")),
    ],
)
def test_a_cell_is_what_its_tests_are(tmp_path: Path, text: str, wanted: tuple[str, str, str]) -> None:
    (tmp_path / "test_cell.py").write_text(text + MARK)
    result = run(Cell("a cell", (str(tmp_path / "test_cell.py"),)))
    assert (result.verdict, result.found, result.reason) == wanted, result.output


def test_a_test_that_is_not_there_was_not_run(tmp_path: Path) -> None:
    gone = f"{tmp_path}/test_gone.py"
    result = run(Cell("a cell", (gone,)))
    assert (result.verdict, result.reason.startswith(f"pytest {gone}: ")) == ("not run", True)


@pytest.mark.parametrize(
    ("verdict", "must_run", "green"),
    [("passed", True, True), ("not run", False, True), ("not run", True, False), ("failed", False, False)],
)
def test_red_is_what_failed_or_had_to_run(verdict: str, must_run: bool, green: bool) -> None:
    assert is_green([Result(Cell("a cell", (), must_run), verdict)]) is green


def test_the_table_has_the_reason_below_its_cell() -> None:
    row = Result(Cell("worker sid", ()), "not run", "", "decnet lab up --engine sid: no mirror", seconds=2.0)
    assert table([row]).splitlines()[1:] == [
        "worker sid                       not run     2 s",
        "        decnet lab up --engine sid: no mirror",
    ]


def test_every_cell_has_tests_of_its_own() -> None:
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-m", "engines"]
    chosen = [test for cell in CELLS for test in cell.tests]
    ended = subprocess.run([*argv, *chosen], capture_output=True, text=True, check=False, timeout=300)
    assert (ended.returncode, len(chosen)) == (0, len(set(chosen))), ended.stdout[-2000:] + ended.stderr
