"""The comparison with an earlier version measures both in turn; no time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.against import Figures, Pair, alternate, both, show, spent  # noqa: E402


def _logging(log: list[str], name: str, seconds: float) -> Callable[[], Figures]:
    def measure() -> Figures:
        log.append(name)
        return {"a command": seconds}

    return measure


def test_every_other_round_begins_with_the_new_version() -> None:
    log: list[str] = []
    pairs = alternate(_logging(log, "old", 2.0), _logging(log, "new", 1.0), rounds=2)
    assert (log, pairs) == (["old", "new", "new", "old"], [Pair("a command", [2.0, 2.0], [1.0, 1.0])])


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert Pair("a command", old=[1.0, 2.0, 1.0], new=[1.1, 2.2, 9.0]).ratio == pytest.approx(1.1)


def test_only_what_became_slower_than_accepted_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    show([Pair("slower", [1.0], [1.06]), Pair("faster", [1.0], [0.9])])
    marked = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.endswith("*")]
    assert marked == ["slower"]


def test_both_versions_are_run_from_their_own_sources(tmp_path: Path) -> None:
    where = (
        "import decnet, json; from tests.bench import passes;"
        "print(json.dumps([decnet.__file__, passes.__file__]))"
    )
    for version in both(tmp_path, "HEAD"):
        ended = subprocess.run(
            [sys.executable, "-c", where], env=version.environment, capture_output=True, text=True, check=True
        )
        files = ("decnet/__init__.py", "tests/bench/passes.py")
        assert json.loads(ended.stdout) == [str(version.sources / file) for file in files]
        assert spent([str(version.command), "--version"])[0] > 0
