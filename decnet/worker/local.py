"""This machine as a worker: the same agent, through a subprocess."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from decnet.errors import Unreachable, WorkerError
from decnet.wire import PROTOCOL

from .agent_start import local_environment, start
from .exchange import PIECE, Sink, Source, converse, describe_status
from .translate import exhausted


class LocalSession:
    """Calls the agent file `agent` with this Python, one process for each verb."""

    def __init__(self, agent: Path, *, worker: str = "local", home: Path | None = None) -> None:
        """`home` is the agent's own folder (DECNET_AGENT_HOME); None leaves it to the environment."""
        self.worker = worker
        self.noise = 0
        self.protocol = PROTOCOL
        self.serves = False
        self._argv = (sys.executable, *start(str(agent)))
        self._environment = local_environment(str(home) if home is not None else None)

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        process = await self._start(verb)
        try:
            async with asyncio.timeout(limit):
                return await converse(
                    _LocalAgent(process), self.worker, verb, args, stream, protocol=self.protocol
                )
        except TimeoutError as error:
            raise Unreachable(f"no answer to {verb} within {limit:g} s", worker=self.worker) from error
        finally:
            await _end(process)

    async def close(self) -> None:
        """Nothing stays open between calls."""

    async def _start(self, verb: str) -> Process:
        try:
            # In its own session: Ctrl-C in the terminal ends the command, which then ends the agent.
            return await asyncio.create_subprocess_exec(
                *self._argv, verb, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=PIECE,
                env=self._environment, cwd="/", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            if (lack := exhausted(error)) is not None:
                raise lack from error
            raise WorkerError(f"the agent cannot be started: {error.strerror}", worker=self.worker) from error


class _LocalAgent:
    """A subprocess as a Remote."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        self.preamble = 0
        self._process = process
        self.sink: Sink = process.stdin
        self.source: Source = process.stdout
        self.noise: Source = process.stderr

    async def ended(self) -> str | None:
        return describe_exit(await _exit_status(self._process))


def describe_exit(status: int) -> str | None:
    """A description of a process's return code; None for success."""
    if status < 0:
        try:
            return f"was ended by signal {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by signal {-status}"
    return describe_status(status)


async def _exit_status(process: Process) -> int:
    # In some Python releases Process.wait() also waits for the pipes, which a child may hold open.
    waiting = asyncio.create_task(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait({waiting}, timeout=0.05)
        return process.returncode
    finally:
        waiting.cancel()


async def _end(process: Process) -> None:
    """End the agent and what it started in its session; a detached job has its own session."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        await asyncio.shield(_exit_status(process))
    process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - else a child's open pipe is a leak
