"""A shell at a terminal, typed at as a reader of a page would."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROWS, COLUMNS = 60, 100
PROMPT = re.compile(r"@@(\d+)@@ \Z")
VARIABLES = {
    "COLUMNS": str(COLUMNS),
    "HISTFILE": "/dev/null",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "PS1": "@@$?@@ ",
    "PS2": "",
    "TERM": "dumb",
}
ASKED = re.compile(r"(?:\[y/N\]:?|\)\?|[Pp]assword.*:) \Z")
SHELL = ["bash", "--noprofile", "--norc", "--noediting", "-i"]


@dataclass(frozen=True)
class Answer:
    """What is typed when a question is at the end of the output."""

    question: re.Pattern[str]
    text: str


@dataclass(frozen=True)
class Typed:
    """How a command ended, and all that was on the terminal after it."""

    code: int
    output: str


class Terminal:
    """A bash that runs until `close`; `argv` starts it, and ends with SHELL."""

    def __init__(self, argv: Sequence[str], folder: Path, variables: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *argv],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=VARIABLES | variables,
        )  # fmt: skip
        os.close(theirs)
        self._await("", (), None, 30)

    def type(
        self,
        text: str,
        answers: Sequence[Answer] = (),
        enough: Callable[[str], bool] | None = None,
        limit: float = 300,
    ) -> Typed:
        """Type a command and wait for its end. With `enough`, press Ctrl-C when no more output comes
        and it holds for what came.

        Raises AssertionError after `limit` seconds.
        """
        os.write(self._ours, f"{text}\n".encode())
        seen = self._await(text, answers, enough, limit)
        output, code = PROMPT.sub("", seen), int(PROMPT.search(seen)[1])  # type: ignore[index]
        return Typed(code, plain(output.removeprefix(f"{text}\n".replace("\n", "\r\n"))))

    def close(self) -> None:
        """Hang up."""
        os.close(self._ours)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _await(
        self, text: str, answers: Sequence[Answer], enough: Callable[[str], bool] | None, limit: float
    ) -> str:
        seen, since, waiting = "", 0, list(answers)
        deadline = time.monotonic() + limit
        while not PROMPT.search(seen, since):
            assert time.monotonic() < deadline, f"{text!r} did not end within {limit:g} s:\n{plain(seen)}"
            piece = self._piece()
            assert piece or waiting or not ASKED.search(seen, since), (
                f"a question without an answer:\n{plain(seen)}"
            )
            seen += piece
            if waiting and waiting[0].question.search(seen, since):
                os.write(self._ours, f"{waiting.pop(0).text}\n".encode())
                since = len(seen)
            if enough and not piece and enough(plain(seen)):
                os.write(self._ours, b"\x03")
                enough = None
        return seen

    def _piece(self) -> str:
        if not select.select([self._ours], [], [], 3)[0]:
            return ""
        try:
            return os.read(self._ours, 65536).decode("utf-8", "replace")
        except OSError:
            raise AssertionError("the shell has ended") from None


def plain(text: str) -> str:
    """The text as it stays on a screen: without escape sequences, and of overwritten lines the last."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
