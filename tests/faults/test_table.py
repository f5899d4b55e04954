"""docs/internals/faults.md and the tests: each row names a test that exists, each faults test has a row."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "internals" / "faults.md"
ROW = re.compile(r"\| ([A-Z])(\d+) \| ([^|]+) \| ([^|]+) \| `(tests/[\w/]+\.py)::(test_\w+)` \|")
WANTED = 80


def rows() -> list[re.Match[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| *[A-Z]\d", line)]
    found = [ROW.fullmatch(line) for line in lines]
    odd = [line for line, match in zip(lines, found, strict=True) if match is None]
    assert odd == []
    return [match for match in found if match is not None]


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_row_names_a_test_that_exists() -> None:
    files = {row[5] for row in rows()}
    known = {file: names_in(ROOT / file) if (ROOT / file).is_file() else set() for file in files}
    assert [f"{row[5]}::{row[6]}" for row in rows() if row[6] not in known[row[5]]] == []


def test_every_faults_test_has_a_row() -> None:
    own = Path(__file__)
    named = {(row[5], row[6]) for row in rows()}
    files = [path for path in sorted(own.parent.glob("test_*.py")) if path != own]
    there = {(str(path.relative_to(ROOT)), name) for path in files for name in names_in(path)}
    assert sorted(there - named) == []


def test_the_numbers_of_a_section_count_up_from_one() -> None:
    seen: Counter[str] = Counter()
    for row in rows():
        seen[row[1]] += 1
        assert int(row[2]) == seen[row[1]], row[0]


def test_there_are_at_least_eighty_cases() -> None:
    assert len(rows()) >= WANTED
