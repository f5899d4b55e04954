"""The check of the words that users read finds what it should, and leaves the rest."""

from __future__ import annotations

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "words"


@pytest.fixture(scope="module")
def words() -> ModuleType:
    loader = SourceFileLoader("ci_words", str(SCRIPT))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def found(words: ModuleType, texts: list[object], exceptions: list[tuple[str, str]]) -> list[str]:
    rules = words.read_rules(SCRIPT.parent / "words.txt")
    return [line for text in texts for line in words.complaints(text, rules, exceptions)]


def test_a_page_is_read_without_its_code(words: ModuleType) -> None:
    page = "Nobody is told.\n\n    echo nobody\n\n`nobody` ran\n\n```sh\nnobody\n```\n"
    assert found(words, list(words.prose("docs/x.md", page)), []) == [
        "docs/x.md:1: 'told': write reported, sent, logged, shows",
        "docs/x.md:1: 'Nobody': write no one, another host, someone",
    ]


def test_messages_are_read_and_docstrings_are_not(words: ModuleType) -> None:
    source = '''
"""A module that nobody reads."""
KEY = "nobody"

def other(name):
    """A docstring that nobody reads."""
    return f"{name}: nobody answers"
'''
    assert list(words.phrases("decnet/cli/x.py", source)) == [
        words.Text("decnet/cli/x.py", 7, "{}: nobody answers")
    ]


def test_an_exception_holds_for_its_words_and_its_files(words: ModuleType) -> None:
    texts = [words.Text(name, 1, "no home directory; no home") for name in ("docs/a.md", "docs/b.md")]
    assert found(words, texts, [("docs/a.md", "home directory")]) == [
        "docs/a.md:1: 'home': write state directory",
        "docs/b.md:1: 'home': write state directory",
        "docs/b.md:1: 'home': write state directory",
    ]
