"""What programs at a terminal answer before their input ends: compared with Debian 12."""

from __future__ import annotations

import pytest
from test_terminal import Type, session, typed, world  # noqa: F401 (fixtures)

FILTERED = [
    ("grep x", ["axb", "c", "xx"], "axb\naxb\nc\nxx\nxx\n"),
    ("sed s/a/b/", ["aa", "cc"], "aa\nba\ncc\ncc\n"),
    ("uniq -c", ["a", "a", "b"], "a\na\nb\n      2 a\n"),
    ("awk '{s+=$1} END {print s}'", ["1", "2"], "1\n2\n3\n"),
    ("head -2", ["a", "b"], "a\na\nb\nb\n"),
    ("sort", ["b", "a"], "b\na\na\nb\n"),
]


@pytest.mark.parametrize(("command", "lines", "shown"), FILTERED)
def test_a_filter_answers_each_line_as_it_can(
    typed: Type,  # noqa: F811
    command: str,
    lines: list[str],
    shown: str,
) -> None:
    answers = typed(f"{command}\r", *(f"{line}\r" for line in lines), "\x04", "exit\r")

    assert f"{command}\n{shown}" in answers


def test_python_goes_on_after_an_interrupt_and_keeps_its_history(typed: Type) -> None:  # noqa: F811
    shown = typed("python3\r", "x = 41\r", "y\x03", "\x10 + 1\r", "_\r", "exit\r", "\x04", "exit\r")

    assert ">>> y\nKeyboardInterrupt\n>>> x = 41 + 1\n" in shown
    assert ">>> exit\nUse exit() or Ctrl-D (i.e. EOF) to exit\n>>> \n" in shown


def test_bound_keys_type_their_macro(typed: Type) -> None:  # noqa: F811
    shown = typed('bind \'"\\C-t": "echo ma\\C-mecho cro"\'\r', "\x14", "\r", "exit\r")

    assert "echo ma\nma\n" in shown and "echo cro\ncro\n" in shown


def test_history_is_deleted_written_and_executed_again(typed: Type) -> None:  # noqa: F811
    shown = typed("echo secret\r", "history -d -2\r", "history 2 | cut -c8-\r", "fc -s cut=tail\r", "exit\r")

    assert "| cut -c8-\nhistory -d -2\nhistory 2 | cut -c8-\n" in shown
    assert "history 2 | tail -c8-\n" in shown


def test_select_shows_its_menu_in_columns_and_asks_with_its_prompt(typed: Type) -> None:  # noqa: F811
    shown = typed("PS3='? '; select x in {1..30}; do echo got $x; break; done\r", "\r", "3\r", "exit\r")

    assert "\n1) 1\t 4) 4\t 7) 7" in shown and shown.count("3) 3\t") == 2 and "? 3\ngot 3\n" in shown
