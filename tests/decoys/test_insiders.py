"""Requests between the services of a decky: what another user or a service that does not read can do."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import pytest
from free_ports import free_port

from decnet.decoys.host.insiders import MOST_BYTES, Question, _name, answer_insiders

NOBODY = 65534


def asked(visit: Callable[[int], Awaitable[list[bytes]]]) -> list[bytes]:
    async def run() -> list[bytes]:
        port = free_port()
        stop = await answer_insiders([port], lambda request, _: request.ljust(MOST_BYTES, b"."))
        try:
            return await visit(port)
        finally:
            stop()

    return asyncio.run(run())


async def answers(question: Question) -> list[bytes]:
    """All that comes in within a moment."""
    await asyncio.sleep(0.02)
    found = []
    while (answer := question.answer()) is not None:
        found.append(answer.rstrip(b"."))
    question.close()
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be someone else")
def test_another_user_gets_no_answer_and_cannot_give_one() -> None:
    async def visit(port: int) -> list[bytes]:
        os.setresuid(NOBODY, NOBODY, 0)
        try:
            stranger = Question(port, b"stranger")
        finally:
            os.setresuid(0, 0, 0)
        own = Question(port, b"own")
        os.setresuid(NOBODY, NOBODY, 0)
        try:
            stranger._socket.sendto(b"forged", own._socket.getsockname())
        finally:
            os.setresuid(0, 0, 0)
        return [b"%d" % len(await answers(stranger)), own.answer() or b"none", *await answers(own)]

    assert asked(visit) == [b"0", b"none", b"own"]


def test_a_service_that_does_not_read_costs_no_memory() -> None:
    """Its answers are dropped once the kernel takes no more, and others get theirs."""

    async def visit(port: int) -> list[bytes]:
        idle = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        idle.bind(b"\0" + os.urandom(8))
        for _ in range(8):
            idle.sendto(b"idle", _name(port))
        await asyncio.sleep(0.05)
        held = 0
        idle.setblocking(False)
        while held < 8 and _has_one(idle):
            held += 1
            await asyncio.sleep(0.005)
        idle.close()
        return [b"few" if 0 < held < 8 else b"%d" % held, *await answers(Question(port, b"other"))]

    assert asked(visit) == [b"few", b"other"]


def _has_one(idle: socket.socket) -> bool:
    try:
        return bool(idle.recv(16))
    except BlockingIOError:
        return False
