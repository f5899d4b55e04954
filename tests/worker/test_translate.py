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


FOUND = "No matching {} algorithm found, sent curve25519-sha256,aes256-ctr and received {}"


def error_of(kind: str, theirs: str) -> DecnetError:
    return translate(LIBRARY.KeyExchangeFailed(FOUND.format(kind, theirs)), "w1")


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        (
            "key exchange",
            "diffie-hellman-group14-sha1,diffie-hellman-group1-sha1,kex-strict-s-v00@openssh.com",
        ),
        ("key exchange", "diffie-hellman-group-exchange-sha1,gss-group14-sha1-toWM5Slw5Ew8Mqkay+al2g=="),
        ("encryption", "3des-cbc,aes256-cbc,arcfour256,rijndael-cbc@lysator.liu.se"),
        ("MAC", "hmac-md5,hmac-sha1,hmac-sha1-96,hmac-sha1-etm@openssh.com,umac-64@openssh.com"),
        ("host key", "ssh-dss,ssh-rsa"),
    ],
)
def test_weak_algorithms_are_refused_and_not_unreachable(kind: str, theirs: str) -> None:
    error = error_of(kind, theirs)
    assert (type(error), error.exit_code) == (TrustRefused, 6)
    assert error.message.startswith(f"it offers only weak algorithms ({kind}): {theirs.split(',')[0]}")
    assert "kex-strict" not in error.message


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        ("key exchange", "sntrup761x25519-sha512@openssh.com,ext-info-s,kex-strict-s-v00@openssh.com"),
        ("key exchange", "mlkem768x25519-sha256,diffie-hellman-group14-sha1"),
        ("encryption", "aes192-ctr,aes256-cbc"),
        ("MAC", "umac-128-etm@openssh.com"),
        ("key exchange", "<None>"),
    ],
)
def test_no_algorithm_in_common_is_no_weakness_and_names_both_sides(kind: str, theirs: str) -> None:
    error = error_of(kind, theirs)
    assert (type(error), error.exit_code, "weak" in error.message) == (Unreachable, 5, False)
    assert (
        f"no {kind} algorithm in common: it offers {theirs.split(',')[0].strip('<>').lower()}"
        in error.message
    )
    assert "decnet has curve25519-sha256, aes256-ctr" in error.message
    assert "kex-strict" not in error.message


def test_thousands_of_their_algorithms_are_one_short_line() -> None:
    error = error_of("key exchange", ",".join(["x\x1b[2J" + "y" * 100] * 5000))
    assert len(error.message) < 1000 and "4992 more" in error.message and "\x1b" not in error.message
