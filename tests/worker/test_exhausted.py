"""What this machine runs out of is its own fault: no worker is called unreachable for it."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from decnet.errors import Failed
from decnet.worker.local import LocalSession
from decnet.worker.login import Place, fetch_key
from decnet.worker.pool import side_by_side
from decnet.worker.ssh_library import asyncssh
from decnet.worker.translate import translate

asyncssh()
"""Imported before there is no descriptor left to read it with."""


@contextmanager
def no_more_files() -> Iterator[None]:
    """Inside, the process can open nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def over_ssh() -> object:
    return await fetch_key(Place("127.0.0.1", 1, "root", None), "w1")


async def by_a_subprocess() -> object:
    return await LocalSession(Path("/nowhere.pyz")).call("hello", {}, limit=5.0)


@pytest.mark.parametrize("user", ["root", ""])
@pytest.mark.parametrize("ask", [over_ssh, by_a_subprocess])
def test_without_file_descriptors_no_worker_fails(
    ask: Callable[[], Awaitable[object]], user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose name is not in the environment, asyncssh looks up in a file."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, user)

    async def run() -> None:
        with no_more_files():
            await side_by_side({"w1": ask})

    with pytest.raises(Failed, match="Too many open files") as caught:
        asyncio.run(run())
    assert (caught.value.worker, caught.value.exit_code) == (None, 1)
    assert "ulimit -n" in str(caught.value.hint)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ENOSPC])
def test_whatever_is_exhausted_here_names_no_worker(number: int) -> None:
    error = translate(OSError(number, "x"), "w1")
    assert (type(error), error.worker) == (Failed, None)
    assert str(error) == f"failed on this machine: {os.strerror(number)}"


def test_a_file_of_ours_that_cannot_be_read_names_no_worker() -> None:
    error = translate(OSError(errno.EACCES, "Permission denied", "/etc/ours"), "w1")
    assert (error.worker, str(error)) == (None, "/etc/ours: Permission denied")
    full = translate(OSError(errno.ENOSPC, "No space left on device", "/etc/ours"), "w1")
    assert (str(full), full.hint) == (
        "/etc/ours: No space left on device",
        "free some disk space and run the command again",
    )
