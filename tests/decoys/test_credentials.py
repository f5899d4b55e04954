"""Every credential that is sent to any decoy is recorded, once, whatever the answer."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from sending import send_all
from tries import TARGETS
from tries.base import Target, Try

from decnet.catalog import load

PROOFS = ("password", "hash", "key", "response", "community")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_credential_is_recorded_whatever_the_answer(decoy: Callable[..., Any], target: Target) -> None:
    server = decoy(target.service, protocol=target.protocol, **target.persona())

    expected: list[dict[str, Any]] = []
    for one in target.tries:
        with visit(one, server.port):
            expected += one.logins
            recorded = [event["fields"] for event in server.events("login", len(expected))]
        assert (one.what, recorded[len(expected) - len(one.logins) :]) == (one.what, list(one.logins))

    assert server.stop() == 0 and server.complaints() == b""
    assert [event["fields"] for event in server.events("login", len(expected))] == expected


def visit(one: Try, port: int) -> AbstractContextManager[object]:
    """Send what it sends; a connection stays open for as long as the context."""
    if callable(one.visit):
        line = one.visit(port)
        return line if isinstance(line, socket.socket) else nullcontext()
    if isinstance(one.visit, tuple):
        argv = [word.replace("{port}", str(port)) for word in one.visit]
        subprocess.run(argv, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        return nullcontext()
    line = socket.create_connection(("127.0.0.1", port), 30)
    send_all(line, one.visit)
    return line


def test_a_login_says_who_with_what_and_whether_it_was_accepted() -> None:
    logins = [fields for target in TARGETS for one in target.tries for fields in one.logins]

    for fields in logins:
        assert isinstance(fields["success"], bool) and fields["method"]
        assert ("username" in fields) != ("community" in fields)
        assert sum(name in fields for name in PROOFS if name != "response") <= 1


def test_every_service_is_tried_with_what_is_accepted_and_what_is_refused() -> None:
    built = {name for name, service in load().services.items() if service.built}
    outcomes = {
        (target.service, fields["success"])
        for target in TARGETS
        for one in target.tries
        for fields in one.logins
    }

    assert {service for service, success in outcomes if not success} == built
    assert {service for service, success in outcomes if success} == built - {"http"}
