"""What Ctrl-C leaves on the screen: nothing of a follow, else what the command had done until then."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from decnet.cli.loops import reconcile_forever
from decnet.cli.run import context, follow, wait_for
from decnet.console.prompts import QuestionInterrupted
from decnet.engine.options import PassOptions
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

JOBS = "hint: jobs that a worker accepted continue there; run decnet reconcile to record their results\n"


@pytest.mark.parametrize("words", [["events", "--follow"], ["status", "--watch", "1"]])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_follow_that_is_ended_ends_silently(
    tmp_path: Path, words: list[str], number: signal.Signals
) -> None:
    home = Home(tmp_path / "home")
    open_home(home)
    save_fleet(home, new_fleet())
    process = subprocess.Popen(
        [sys.executable, "-m", "decnet", *words],
        env={**os.environ, "DECNET_HOME": str(home.root)}, cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    _waits(process)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")


def _waits(process: subprocess.Popen[str]) -> None:
    """Until it catches both signals: its loop runs, or is about to."""
    both = 1 << signal.SIGINT - 1 | 1 << signal.SIGTERM - 1
    until = time.monotonic() + 30
    while time.monotonic() < until:
        status = Path(f"/proc/{process.pid}/status").read_text()
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        if caught & both == both:
            return
        time.sleep(0.05)
    raise AssertionError("it has installed no handlers")


def test_a_log_that_is_followed_ends_silently() -> None:
    async def lines() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as ended:
        follow(lines())
    assert ended.value.exit_code == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jitter", [0.0, 60.0])
def test_a_loop_that_is_ended_between_two_passes_ends_silently(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    jitter: float,
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    open_home(Home(tmp_path / "home"))
    save_fleet(Home(tmp_path / "home"), new_fleet())

    with pytest.raises(typer.Exit) as left, context("table") as ctx:

        async def loop() -> None:
            asyncio.get_running_loop().call_later(2, os.kill, os.getpid(), number)
            await reconcile_forever(ctx, PassOptions(quiet=True), 60, jitter, "table")

        wait_for(loop())
    assert (left.value.exit_code, capsys.readouterr().err) == (130, "")


@pytest.mark.parametrize(("jobs", "printed"), [(False, ""), (True, "error: interrupted\n" + JOBS)])
def test_a_loop_that_is_ended_in_a_pass_reports_only_jobs_that_continue(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    jobs: bool,
    printed: str,
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    with pytest.raises(typer.Exit) as left, context("table") as ctx:
        ctx.traces.repeats, ctx.traces.jobs = True, jobs
        raise KeyboardInterrupt
    assert (left.value.exit_code, capsys.readouterr().err) == (130, printed)


@pytest.mark.parametrize(
    ("changes", "jobs", "ended", "printed"),
    [
        (False, False, QuestionInterrupted, "error: interrupted: nothing was changed\n"),
        (True, False, QuestionInterrupted, "error: interrupted\n"),
        (True, True, QuestionInterrupted, "error: interrupted\n" + JOBS),
        (False, False, KeyboardInterrupt, "error: interrupted\n"),
        (True, True, KeyboardInterrupt, "error: interrupted\n" + JOBS),
    ],
)
def test_jobs_are_mentioned_only_if_some_were_sent(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: bool,
    jobs: bool,
    ended: type[BaseException],
    printed: str,
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    with pytest.raises(typer.Exit) as left, context("table") as ctx:
        ctx.traces.changes, ctx.traces.jobs = changes, jobs
        raise ended
    assert (left.value.exit_code, capsys.readouterr().err) == (130, printed)
