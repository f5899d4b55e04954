"""Every foreign error has one meaning of ours."""

from __future__ import annotations

import inspect
import socket

import pytest

from decnet.errors import DecnetError, HostKeyRefused, TrustRefused, Unreachable
from decnet.worker.ssh_library import asyncssh
from decnet.worker.translate import meaning_of, translate, translated

LIBRARY = asyncssh()


def public_errors() -> list[type[Exception]]:
    found = [getattr(LIBRARY, name) for name in dir(LIBRARY)]
    return [cls for cls in found if inspect.isclass(cls) and issubclass(cls, Exception)]


@pytest.mark.parametrize("kind", public_errors(), ids=lambda kind: kind.__name__)
def test_every_public_asyncssh_error_has_a_meaning_and_is_caught(kind: type[Exception]) -> None:
    assert kind is LIBRARY.Error or meaning_of(kind) is not None
    error = kind.__new__(kind)
    Exception.__init__(error, "bad \x1b[2J")
    with pytest.raises(DecnetError), translated("w1"):
        raise error


def test_the_walk_sees_the_whole_tree() -> None:
    assert len(public_errors()) > 50


def test_only_a_wrong_host_key_is_a_refused_host_key() -> None:
    refused = {
        kind.__name__ for kind in public_errors() if (m := meaning_of(kind)) and m.kind is HostKeyRefused
    }
    assert refused == {"HostKeyNotVerifiable"}


def test_text_of_the_other_side_is_made_harmless() -> None:
    error = translate(LIBRARY.DisconnectError(11, "bye \x1b]52;c;x\x07\n"), "w1")
    assert str(error) == "w1: its sshd ended the connection (bye \\x1b]52;c;x\\x07)"


def test_refused_no_route_and_no_such_name_are_three_messages() -> None:
    errors = [
        translate(ConnectionRefusedError(111, "x"), "w1"),
        translate(OSError(113, "x"), "w1"),
        translate(socket.gaierror(-2, "x"), "w1"),
        translate(socket.gaierror(socket.EAI_AGAIN, "x"), "w1"),
        translate(TimeoutError(), "w1"),
    ]
    assert len({str(error) for error in errors}) == 5
    assert all(type(error) is Unreachable for error in errors)


def test_weak_algorithms_are_refused_and_not_unreachable() -> None:
    assert type(translate(LIBRARY.KeyExchangeFailed("no match"), "w1")) is TrustRefused
