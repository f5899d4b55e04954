"""Prompts at a real terminal: answers are read, and a signal ends a prompt at once, whenever it arrives."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

AT_ONCE = 8.0
"""Seconds that a prompt may take to end."""

PROGRAM = """
import os, signal, sys, threading
from decnet.console.prompts import ask, ask_secret
how, when = sys.argv[1:]
read = ask if how == "ask" else ask_secret
if when == "by another thread":
    # The kernel gives a signal to any thread that does not block it: then it does not interrupt a read.
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
try:
    if when.startswith("before"):
        from decnet.cli.run import wait_for
        async def command():
            os.kill(os.getpid(), signal.SIGTERM if when.endswith("TERM") else signal.SIGINT)
            return read("Sure?")
        print("read", repr(wait_for(command())))
    else:
        print("read", repr(read("Sure?")))
except KeyboardInterrupt:
    sys.exit(130)
except Exception as error:
    sys.exit(getattr(error, "exit_code", 99))
"""


class Prompted:
    """A process that prompts on its own terminal."""

    def __init__(self, how: str, when: str) -> None:
        self.terminal, its = pty.openpty()
        argv = ["setsid", "--ctty", sys.executable, "-c", PROGRAM, how, when]
        self.process = subprocess.Popen(
            argv, stdin=its, stdout=its, stderr=its, cwd=Path(__file__).parents[2]
        )
        self.its = its
        self.seen = ""

    def waits_for(self, text: str) -> None:
        until = time.monotonic() + 30
        while text not in self.seen:
            assert self._read(until - time.monotonic()), f"{text!r} did not appear: {self.seen!r}"

    def types(self, text: bytes) -> None:
        os.write(self.terminal, text)

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.its)[3] & termios.ECHO)

    def ends(self) -> int:
        """Its exit code; -9 if it did not end at once."""
        until = time.monotonic() + AT_ONCE
        while self.process.poll() is None:
            if time.monotonic() > until:
                self.process.kill()
            self._read(0.05)
        while self._read(0.0):
            pass
        os.close(self.terminal)
        os.close(self.its)
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        if not select.select([self.terminal], [], [], max(0.0, seconds))[0]:
            return False
        self.seen += os.read(self.terminal, 65536).decode(errors="replace")
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("how", ["ask", "secret"])
def test_a_signal_that_another_thread_gets_ends_a_prompt_at_once(how: str, number: signal.Signals) -> None:
    prompted = Prompted(how, "by another thread")
    prompted.waits_for("Sure?")
    time.sleep(0.2)
    prompted.process.send_signal(number)
    assert (prompted.ends(), "Traceback" in prompted.seen) == (130, False), prompted.seen


@pytest.mark.parametrize("when", ["before TERM", "before INT"])
def test_a_signal_before_the_prompt_ends_it_too(when: str) -> None:
    prompted = Prompted("ask", when)
    assert prompted.ends() == 130, prompted.seen


@pytest.mark.parametrize(
    ("typed", "read"),
    [(b"y\n", True), (b"YES \n", True), (b"n\n", False), (b"\n", False), (b"\x04", False), (b"yy\n", False)],
)
def test_an_answer_is_read(typed: bytes, read: bool) -> None:
    prompted = Prompted("ask", "now")
    prompted.waits_for("Sure? [y/N] ")
    prompted.types(typed)
    assert (prompted.ends(), f"read {read}" in prompted.seen) == (0, True), prompted.seen


def test_what_was_typed_before_the_question_is_no_answer_to_it() -> None:
    prompted = Prompted("ask", "now")
    prompted.types(b"y\ny\n")
    prompted.waits_for("Sure? [y/N] ")
    prompted.types(b"n\n")
    assert (prompted.ends(), "read False" in prompted.seen) == (0, True), prompted.seen


def test_a_question_without_a_terminal_is_refused_and_says_that_it_cannot_be_asked() -> None:
    code = "from decnet.console.prompts import ask; ask('Carry out 3 steps?')"
    ran = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert "UsageError: cannot ask, because this session is not interactive: Carry out 3 steps?" in ran.stderr


def test_a_secret_is_not_shown_and_the_terminal_is_as_before() -> None:
    prompted = Prompted("secret", "now")
    prompted.waits_for("Sure?")
    until = time.monotonic() + 5
    while prompted.echoes() and time.monotonic() < until:
        time.sleep(0.02)
    prompted.types(b"s3cret word\n")
    prompted.waits_for("read ")
    assert prompted.echoes()
    assert prompted.ends() == 0
    assert prompted.seen.count("s3cret word") == 1 and "read 's3cret word'" in prompted.seen
