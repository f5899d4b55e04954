"""The manual page is one that man(1) shows without a complaint, with every command in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from decnet.cli.manual import bounds_in_words, manual
from decnet.cli.tree import tree

PAGE = Path(__file__).parents[2] / "docs" / "decnet.1"


def commands(node: dict[str, Any], path: str) -> list[str]:
    if "commands" not in node:
        return [path]
    return [found for name, sub in node["commands"].items() for found in commands(sub, f"{path} {name}")]


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_shows_it_without_a_warning() -> None:
    shown = subprocess.run(
        ["man", "--warnings", "-l", PAGE],
        env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    text = re.sub(".\b", "", shown.stdout)
    assert shown.stderr == ""
    assert all(f"\n   {command}\n" in text for command in commands(tree(), "decnet"))
    assert "decnet - decoy hosts on a real LAN" in text
    assert "decnet deploy -n 3 --archetype linux-server --dry-run\n" in text


def test_the_page_says_who_made_it_and_every_dash_can_be_copied() -> None:
    assert PAGE.read_text() == manual()
    body = manual().split("\n", 2)[2]
    assert not re.search(r"(?<!\\)-", body)


@pytest.mark.parametrize(
    ("given", "worded"),
    [
        ("How long. [default: 10.0; x>=0]", "How long. [default: 10.0; 0 or more]"),
        ("How many. [1<=x<=8]", "How many. [1 to 8]"),
        ("Only these: 'edge-*,@dmz,!w3'.", "Only these: 'edge-*,@dmz,!w3'."),
    ],
)
def test_bounds_are_rendered_in_plain_words(given: str, worded: str) -> None:
    assert bounds_in_words(given) == worded
