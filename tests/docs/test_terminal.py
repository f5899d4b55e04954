"""The terminal that pages are typed at runs commands as a person's would."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs.terminal import SHELL, Answer, Terminal, Typed


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(SHELL, tmp_path, {"PATH": os.environ["PATH"]})
    yield opened
    opened.close()


def test_commands_share_a_shell_and_report_their_exit_code(terminal: Terminal) -> None:
    assert terminal.type("X=5; (exit 3)   # a comment") == Typed(3, "")
    assert terminal.type("echo $?") == Typed(0, "3\n")
    assert terminal.type("echo \\\n  $X") == Typed(0, "5\n")


def test_a_question_is_answered_and_echoed(terminal: Terminal) -> None:
    asked = "read -p 'Sure? [y/N] ' A && echo \"<$A>\""
    answer = Answer(re.compile(r"\[y/N\] \Z"), "y")
    assert terminal.type(asked, [answer]) == Typed(0, "Sure? [y/N] y\n<y>\n")


def test_a_command_that_runs_on_is_ended_by_ctrl_c(terminal: Terminal) -> None:
    typed = terminal.type("echo ready; sleep 60", enough=lambda seen: seen.endswith("ready\n"), limit=20)
    assert (typed.code, typed.output.split("^C")[0]) == (130, "ready\n")


def test_a_command_that_does_not_end_fails(terminal: Terminal) -> None:
    with pytest.raises(AssertionError, match="did not end within 1 s"):
        terminal.type("cat", limit=1)
