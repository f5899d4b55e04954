"""A command that is interrupted does not wait for what blocks in another thread."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time

import pytest

from decnet.engine.daemon_thread import in_daemon_thread
from decnet.errors import ImageFailed


def test_what_is_done_apart_gives_its_result_and_its_error() -> None:
    def fail() -> None:
        raise ImageFailed("no room")

    async def both() -> int:
        with pytest.raises(ImageFailed, match="no room"):
            await in_daemon_thread(fail)
        return await in_daemon_thread(lambda: 7)

    assert asyncio.run(both()) == 7


def test_the_loop_continues_meanwhile() -> None:
    async def describe_mismatch() -> bool:
        done = threading.Event()
        waiting = asyncio.create_task(in_daemon_thread(lambda: done.wait(10)))
        await asyncio.sleep(0)
        done.set()
        return await waiting

    assert asyncio.run(describe_mismatch())


def test_an_interrupted_program_ends_at_once_though_the_work_does_not() -> None:
    script = (
        "import asyncio, time\n"
        "from decnet.engine.daemon_thread import in_daemon_thread\n"
        "async def main():\n"
        "    print('begun', flush=True)\n"
        "    await in_daemon_thread(lambda: time.sleep(60))\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    # The thread is there once Python has come to wait in the loop.
    time.sleep(0.3)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert time.monotonic() - start < 5
