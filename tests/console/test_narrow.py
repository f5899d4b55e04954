"""Errors, hints and tables on a terminal of 80 columns."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections import Counter
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


def on_a_terminal(columns: int, *argv: str, **more: str) -> list[str]:
    """The lines of a command on a terminal of that width, without what steers it."""
    ours, its = pty.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)
    environ |= more
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


FACTS = """
from decnet.console.show import show
from decnet.engine.outcome import TextOutcome
line = "  decky     gw: dmz 192.0.2.101, lan-01 10.202.38.1; snmp ssh telnet; sw-floor-42, routes; running"
show(TextOutcome((line,), fold=12), "table")
show(TextOutcome((line,)), "table")
"""


def test_facts_break_between_words_under_their_column_and_verbatim_lines_do_not_break() -> None:
    *facts, verbatim = on_a_terminal(80, "-c", FACTS)
    assert [len(line) <= 80 for line in facts] == [True, True] and facts[1].startswith(" " * 12 + "sw-floor")
    assert " ".join(" ".join(facts).split()) == " ".join(verbatim.split())


def test_names_that_are_typed_are_whole_on_a_narrow_terminal() -> None:
    lines = on_a_terminal(80, "-m", "decnet", "archetypes", "--all")
    names = {line.split()[0] for line in lines if line and not line.startswith(" ")}
    assert {"database-server", "windows-workstation", "domain-controller"} <= names
    assert max(map(len, lines)) <= 80


def test_nothing_of_a_table_is_cut_on_a_narrow_terminal() -> None:
    folded, whole = (Counter(words_of(width, "-m", "decnet", "archetypes", "--all")) for width in (80, 200))
    # The last column is below its row, with its name there.
    assert whole - folded == Counter(["VENDORS"])
    assert set(folded - whole) == {"vendors"}


def words_of(columns: int, *argv: str) -> list[str]:
    return " ".join(on_a_terminal(columns, *argv)).split()


STATUS = """
from decnet.console.show import show
from decnet.engine.outcome import Listing

columns = ("decky", "worker", "status", "address", "hostname", "services", "drift")
more = ("mac", "os", "changed", "recorded")
row = ("intranet-files", "w1", "running", "192.0.2.100", "srv-gate-38", "ftp http smtp ssh", "revive")
below = ("00:50:56:34:7a:43", "linux", "2023-11-14 22:13:20", "running")
show(Listing("deckies", columns, (row,) * 3, (), more_columns=more, more_cells=(below,) * 3), "wide")
"""


def test_columns_without_room_go_below_their_row_with_their_names() -> None:
    lines = on_a_terminal(80, "-c", STATUS)
    assert [line.rstrip() for line in lines[:4]] == [
        "DECKY           WORKER  STATUS   ADDRESS      HOSTNAME     SERVICES   DRIFT",
        "intranet-files  w1      running  192.0.2.100  srv-gate-38  ftp http   revive",
        "                                                           smtp ssh",
        "    mac 00:50:56:34:7a:43   os linux   changed 2023-11-14 22:13:20",
    ]
    assert (lines[4].strip(), len(lines)) == ("recorded running", 13)


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
@pytest.mark.parametrize(
    "argv", [("-c", STATUS), ("-m", "decnet", "services"), ("-m", "decnet", "archetypes")]
)
def test_no_word_is_broken_that_fits_the_line(argv: tuple[str, ...], columns: int) -> None:
    whole, narrow = words_of(400, *argv), words_of(columns, *argv)
    assert max(map(len, on_a_terminal(columns, *argv))) <= columns
    # Below a row, columns have their names, which are capitals in the heading.
    assert set(narrow) - set(whole) - {word.lower() for word in whole} - {"mac", "os"} == set()


@pytest.mark.parametrize("columns", [0, 1, 2, 12])
def test_a_terminal_whose_size_is_not_set_counts_as_one_of_80_columns(columns: int) -> None:
    for argv in (("-c", STATUS), ("-c", MISTAKES), ("-m", "decnet", "services")):
        assert on_a_terminal(columns, *argv) == on_a_terminal(80, *argv)


@pytest.mark.parametrize("columns", [60, 100])
def test_a_dumb_terminal_has_the_width_that_it_has(columns: int) -> None:
    assert on_a_terminal(columns, "-c", STATUS, TERM="dumb") == on_a_terminal(columns, "-c", STATUS)


def test_a_width_in_the_environment_does_not_break_a_table() -> None:
    for columns in ("0", "2", "9"):
        assert on_a_terminal(80, "-c", STATUS, COLUMNS=columns) == on_a_terminal(80, "-c", STATUS)
