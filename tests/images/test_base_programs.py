"""How the base runs nft and ip, and what it imports: each start of a decky waits for both."""

from __future__ import annotations

import subprocess
import sys

import pytest

from decnet.images.base import start

SLOW = {"socket", "subprocess", "json", "re", "typing", "enum", "contextlib", "collections", "threading"}


def test_a_program_that_succeeds_has_no_error_whatever_it_prints() -> None:
    assert start._run(("/bin/sh", "-c", "echo out; echo warning >&2")) == ""


def test_the_error_of_a_program_is_the_end_of_what_it_printed() -> None:
    assert start._run(("/bin/sh", "-c", "seq 9999 >&2; exit 3")).endswith("9998\n9999\n")
    assert start._run(("/bin/sh", "-c", "exit 3")) == "/bin/sh ended with 3"
    assert "No such file" in start._run(("/nonexistent",))


def test_a_program_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "RUN_SECONDS", 0.05)
    assert "did not end" in start._run(("/bin/sleep", "60"))


def test_a_report_is_one_line_of_json(capfd: pytest.CaptureFixture[str]) -> None:
    start._say({"base": "rules", "error": 'a "quote"\n\x00é'})
    assert capfd.readouterr().out == '{"base": "rules", "error": "a \\"quote\\"\\n\\u0000\\u00e9"}\n'


def test_the_base_imports_little() -> None:
    script = f"import sys; exec(open({start.__file__!r}).read(), {{}}); print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert SLOW & set(ended.stdout.split()) == set()
