"""A visitor who leaves or falls silent while a decoy waits takes nothing from the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from clients import BySsh, ByTelnet, Prompt, persona_of

WEAK = {"credentials": "root:123456"}
PROMPT_SECONDS = 10.0
"""A longer wait for a prompt, on any machine, means that another visitor blocks the decoy."""
MOST_GROWTH = 4.0
"""MiB."""
BY: dict[str, type[Prompt]] = {"ssh": BySsh, "telnet": ByTelnet}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def disconnected(server: Any, port: int) -> bool:
    """Whether the end of the visit from this port is recorded, sooner or later."""
    count = 1
    while True:
        ports = [event["sport"] for event in server.events("disconnect", count)]
        if port in ports or len(ports) < count:
            return port in ports
        count = len(ports) + 1


@pytest.mark.parametrize("service", ["ssh", "telnet"])
@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("debian-12", "sleep 60"),
        ("debian-12", "ping 192.0.2.9"),
        ("freebsd-13.2", "sleep 60"),
        ("cisco-ios-xe-16.12", "ping 10.255.255.1"),
    ],
)
def test_a_visitor_whose_input_ends_during_a_wait_costs_nothing(
    decoy: Callable[..., Any], service: str, release: str, command: str
) -> None:
    server = decoy(service, **persona_of(service, release, settings=WEAK))
    other, visitor = BY[service](server.port), BY[service](server.port)
    visitor.answers()
    before = server.memory()

    visitor.type(command)
    server.events("command", 1)
    visitor.end_input()
    slowest = max(other.answers() for _ in range(20) if not time.sleep(0.05))
    visitor.close()

    assert slowest < PROMPT_SECONDS
    assert disconnected(server, visitor.port)
    assert server.memory() - before < MOST_GROWTH
    other.close()


def test_openssh_with_a_terminal_and_no_input_is_let_go(decoy: Callable[..., Any], ssh: Any) -> None:
    server = decoy("ssh", **persona_of("ssh", "debian-12", settings=WEAK))

    done = ssh(server.port, "-tt", "sleep 60; echo done")

    assert (done.stdout, done.returncode) == ("done\n", 0)
    assert len(server.events("disconnect")) == 1
