"""The single executable has every module of the standard library that decnet imports."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def left_out() -> tuple[str, ...]:
    spec = importlib.util.spec_from_file_location("binary", ROOT / "packaging" / "binary.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: tuple[str, ...] = module.LEFT_OUT
    return found


def imported() -> Iterator[str]:
    """The top modules of the standard library that the operator's program imports, and what they rest on."""
    for path in sorted((ROOT / "decnet").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


@pytest.mark.parametrize("name", sorted(set(imported()) & sys.stdlib_module_names))
def test_no_module_that_is_imported_is_left_out(name: str) -> None:
    patterns = left_out()
    for spelled in (name, f"{name}.py", f"_{name}.so"):
        assert not any(fnmatch(spelled, pattern) for pattern in patterns), name
