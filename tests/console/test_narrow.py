"""Errors, hints and tables on a terminal of 80 columns."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MISTAKES = """
from decnet.errors import SpecError
from decnet.console.prompts import print_error
first = "fleet.toml:3: unknown key `adresses` in [network] (did you mean `addresses`?), which has "
first += "a long list " * 5
hint = "write `decnet validate fleet.toml` " + "to see all of them " * 5
print_error(SpecError(first + "\\n" + first, hint=hint), "table")
"""


def on_a_terminal(columns: int, *argv: str) -> list[str]:
    """The lines of a command on a terminal of that width, without what steers it."""
    ours, its = pty.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)
    process = subprocess.Popen([sys.executable, *argv], stdin=its, stdout=its, stderr=its, env=environ)
    os.close(its)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:  # the last process at the terminal has ended
        pass
    os.close(ours)
    assert process.wait(60) == 0, seen
    return re.sub(r"\x1b\[[0-9;]*m|\r", "", seen.decode()).splitlines()


@pytest.mark.parametrize("columns", [80, 160])
def test_errors_and_hints_break_between_words_and_are_indented(columns: int) -> None:
    lines = on_a_terminal(columns, "-c", MISTAKES)
    assert max(map(len, lines)) <= columns
    assert lines[0].startswith("error: fleet.toml:3: unknown key")
    assert all(line.startswith(("error: ", "hint: ", "       ", "      ")) for line in lines)
    assert " ".join(" ".join(lines).split()).count("(did you mean `addresses`?), which has") == 2


def test_names_that_are_typed_are_whole_on_a_narrow_terminal() -> None:
    lines = on_a_terminal(80, "-m", "decnet", "archetypes")
    names = {line.split()[0] for line in lines if line and not line.startswith(" ")}
    assert {"database-server", "windows-workstation", "domain-controller"} <= names
    assert max(map(len, lines)) <= 80


def test_nothing_of_a_table_is_cut_on_a_narrow_terminal() -> None:
    texts = [
        " ".join("".join(on_a_terminal(width, "-m", "decnet", "archetypes")).split()) for width in (80, 200)
    ]
    folded, whole = (sorted(text.replace(" ", "")) for text in texts)
    assert folded == whole
