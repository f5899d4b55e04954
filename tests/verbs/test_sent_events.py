"""`events --pull --send` and `--follow --send`: what a real pull has stored reaches a real receiver."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from event_receivers import Sink, sink
from fakefleet import FakeFleet

from decnet.cli.following import follow_events
from decnet.commands.events import pull, stored
from decnet.commands.sends import send_all, send_to, start_sends
from decnet.plan.event_filter import EventFilter

from .test_following import visit, with_a_silent_worker

__all__ = ["sink"]

ALL = EventFilter()


def test_a_pull_is_sent_and_what_another_command_pulled_too(fleet: FakeFleet, sink: Sink) -> None:
    target = send_to(sink.listen("tcp"), wanted=ALL)
    start_sends(fleet.context(), [target])
    visit(fleet, "w1", "web-01", 1, 2)
    asyncio.run(pull(fleet.context()))
    visit(fleet, "w2", "web-02", 1)
    asyncio.run(pull(fleet.context()))
    assert asyncio.run(send_all(fleet.context(), [target])) == []
    assert len(sink.wait(3)) == 3


def test_a_receiver_that_never_reads_holds_up_no_pull_and_no_other_receiver(
    fleet: FakeFleet, sink: Sink
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(4)
        stuck = send_to(f"syslog+tcp://127.0.0.1:{silent.getsockname()[1]}", wanted=ALL)
        fine = send_to(sink.listen("tcp"), wanted=ALL)
        start_sends(fleet.context(), [stuck, fine])
        visit(fleet, "w1", "web-01", 1)

        async def story() -> None:
            ctx = fleet.context(sleep=asyncio.sleep)
            following = asyncio.create_task(follow_events(ctx, ALL, 0.05, "name", sends=[stuck, fine]))
            await asyncio.to_thread(sink.wait, 1)
            visit(fleet, "w2", "web-02", 1)
            begun = time.monotonic()
            await asyncio.to_thread(sink.wait, 2)
            assert time.monotonic() - begun < 10
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

        asyncio.run(story())
    assert len(list(stored(fleet.context(), ALL))) == 2


def test_what_one_worker_sent_is_delivered_while_another_is_slow(fleet: FakeFleet, sink: Sink) -> None:
    target = send_to(sink.listen("tcp"), wanted=ALL)
    start_sends(fleet.context(), [target])
    visit(fleet, "w1", "web-01", 1)
    visit(fleet, "w2", "web-02", 1)

    async def story() -> None:
        ctx = with_a_silent_worker(fleet)
        following = asyncio.create_task(follow_events(ctx, ALL, 1.0, "name", sends=[target]))
        await asyncio.to_thread(sink.wait, 1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    asyncio.run(story())
    assert " web-01 decnet http contact " in sink.lines[0]


def test_the_options_of_sends_that_do_not_go_together_are_bad_usage(tmp_path: Path) -> None:
    def typed(*words: str) -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-m", "decnet", "events", *words],
            env={**os.environ, "DECNET_HOME": str(tmp_path / "home")},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return ran.returncode, ran.stderr.splitlines()[0]

    assert typed("--send", "syslog://h") == (2, "error: --send goes with --pull or --follow")
    assert typed("--pull", "--send-format", "cef") == (
        2, "error: --send-format needs --send",
    )  # fmt: skip
    assert typed("--pull", "--send", "syslog+tls://h", "--send-key", "k") == (
        2, "error: --send-key needs --send-cert",
    )  # fmt: skip
    assert typed("--pull", "--alert-format", "json") == (2, "error: --alert-format needs --alert")
