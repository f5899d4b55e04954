# ruff: noqa: E501 (published lists stand on one line)
"""Fingerprints of TLS clients against published ones, a second reading of OpenSSL's own bytes, and hostile input."""

from __future__ import annotations

import hashlib
import re
import ssl
import struct
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.decoys.client_hello import MOST_BYTES, Malformed, read_hello

CIPHERS = "4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53"
EXTENSIONS = "45-51-16-65037-23-17613-0-11-10-43-65281-35-18-5-13-27"
GROUPS = "4588-29-23-24"
SIGNATURES = "0403,0804,0401,0503,0805,0501,0806,0601"
CHROME = ("98487aa16281980e7d1120d399efb6a4", "t13d1516h2_8daaf6152771_d8a2da3f94cd")
"""Chrome 143's JA3 and JA4 with their lists, as tls.browserleaks.com showed them."""

GREASE = 0x3A3A


def numbers(text: str) -> list[int]:
    return [int(each) for each in text.split("-")]


def block(content: bytes, size: int = 2) -> bytes:
    return len(content).to_bytes(size, "big") + content


def shorts(values: list[int]) -> bytes:
    return b"".join(struct.pack(">H", each) for each in values)


def hello(
    ciphers: list[int], extensions: list[tuple[int, bytes]], version: int = 0x0303, piece: int = 16384
) -> bytes:
    """A ClientHello in records of at most `piece` bytes."""
    parts = b"".join(struct.pack(">H", kind) + block(content) for kind, content in extensions)
    body = (
        struct.pack(">H", version)
        + bytes(32)
        + block(bytes(32), 1)
        + block(shorts(ciphers))
        + block(b"\0", 1)
    )
    message = b"\x01" + block(body + block(parts), 3)
    pieces = (message[at : at + piece] for at in range(0, len(message), piece))
    return b"".join(b"\x16\x03\x01" + block(each) for each in pieces)


def contents() -> dict[int, bytes]:
    return {
        0: block(b"\0" + block(b"mail.example")),
        10: block(shorts([GREASE, *numbers(GROUPS)])),
        11: block(b"\0", 1),
        13: block(shorts([int(each, 16) for each in SIGNATURES.split(",")])),
        16: block(block(b"h2", 1) + block(b"http/1.1", 1)),
        43: block(shorts([GREASE, 0x0304, 0x0303]), 1),
    }


def chrome(piece: int = 16384) -> bytes:
    known = contents()
    extensions = [(kind, known.get(kind, b"")) for kind in numbers(EXTENSIONS)]
    return hello([GREASE, *numbers(CIPHERS)], [(GREASE, b""), *extensions, (GREASE, b"\0")], piece=piece)


@pytest.mark.parametrize("piece", [16384, 100, 1])
def test_the_fingerprints_of_a_browser_are_the_published_ones(piece: int) -> None:
    fields = read_hello(chrome(piece)).fields()

    assert (fields["ja3"], fields["ja4"]) == CHROME
    assert (fields["server_name"], fields["alpn"]) == ("mail.example", "h2,http/1.1")


@pytest.mark.parametrize(
    ("extensions", "version", "expected"),
    [
        ([], 0x0302, "t11i010000_"),
        ([(16, block(block(b"x", 1)))], 0x0303, "t12i0101xx_"),
        ([(16, block(block(b"\xab\xcd", 1)))], 0x0303, "t12i0101ad_"),
        ([(16, block(block(b"\x30\xab", 1)))], 0x0303, "t12i01013b_"),
        ([(43, block(shorts([0x0304]), 1))], 0x0303, "t13i010100_"),
        ([], 0x7F1C, "t00i010000_"),
    ],
)
def test_the_readable_part_of_ja4_is_as_its_page_says(
    extensions: list[tuple[int, bytes]], version: int, expected: str
) -> None:
    assert read_hello(hello([0x1301], extensions, version)).ja4.startswith(expected)


def test_a_hello_without_lists_has_the_hash_of_nothing() -> None:
    assert read_hello(hello([], [])).ja4 == "t12i000000_000000000000_000000000000"


def test_a_cut_or_changed_hello_is_refused_or_read_and_breaks_nothing() -> None:
    whole = chrome()
    for end in range(len(whole)):
        with pytest.raises(Malformed):
            read_hello(whole[:end])
    for at in range(len(whole)):
        for value in (0x00, 0xFF):
            try:
                read_hello(whole[:at] + bytes((value,)) + whole[at + 1 :]).fields()
            except Malformed:
                continue


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_noise_is_no_hello(noise: bytes) -> None:
    for data in (noise, b"\x16\x03\x01" + block(b"\x01" + block(noise, 3))):
        try:
            read_hello(data).fields()
        except Malformed:
            continue


def test_a_hello_as_long_as_may_be_has_short_fields() -> None:
    ciphers = [each for each in range(8000) if each & 0x0F0F != 0x0A0A]
    name = (0, block(b"\0" + block(b"\xff" * 9000)))
    fields = read_hello(hello(ciphers, [name])[:MOST_BYTES]).fields()

    assert fields["ja4"].startswith("t12d990100_")
    assert len(fields["server_name"]) <= 4 * 255


def traced(port: int) -> tuple[str, str]:
    """JA3 and JA4 of OpenSSL's client, read from its own trace of the ClientHello that it sends."""
    argv = [
        "openssl",
        "s_client",
        "-connect",
        f"127.0.0.1:{port}",
        "-starttls",
        "smtp",
        "-servername",
        "mail.corp",
        "-alpn",
        "smtp",
        "-msg",
    ]
    out = subprocess.run(argv, input=b"QUIT\r\n", capture_output=True, timeout=30).stdout.decode()
    block_text = re.search(r">>> [^\n]*ClientHello\n((?:    [0-9a-f ]+\n)+)", out)
    assert block_text is not None, out
    raw = bytes.fromhex("".join(block_text[1].split()))
    at = 4 + 2 + 32
    at += 1 + raw[at]
    count = int.from_bytes(raw[at : at + 2], "big")
    ciphers = struct.unpack(f">{count // 2}H", raw[at + 2 : at + 2 + count])
    at += 2 + count
    at += 1 + raw[at] + 2
    found: dict[int, bytes] = {}
    while at < len(raw):
        kind, size = struct.unpack(">HH", raw[at : at + 4])
        found[kind] = raw[at + 4 : at + 4 + size]
        at += 4 + size
    groups = struct.unpack(f">{len(found[10]) // 2 - 1}H", found[10][2:])
    algorithms = struct.unpack(f">{len(found[13]) // 2 - 1}H", found[13][2:])
    lists = [ciphers, found, groups, found[11][1:]]
    ja3 = hashlib.md5(",".join(["771", *("-".join(map(str, each)) for each in lists)]).encode()).hexdigest()
    one = hashlib.sha256(",".join(sorted(f"{each:04x}" for each in ciphers)).encode()).hexdigest()[:12]
    rest = ",".join(sorted(f"{each:04x}" for each in found if each not in (0, 16)))
    two = hashlib.sha256(f"{rest}_{','.join(f'{each:04x}' for each in algorithms)}".encode()).hexdigest()[:12]
    return ja3, f"t13d{len(ciphers):02}{len(found):02}sp_{one}_{two}"


def test_openssls_client_has_its_fingerprint_on_a_mail_server(decoy: Callable[..., Any]) -> None:
    server = decoy("smtp", banner="220 web01 ESMTP Postfix (Debian/GNU)")

    expected = traced(server.port)
    traced(server.port)

    end = server.events("disconnect", 2)[-1]["fields"]
    shaken = [event["fields"] for event in server.events("request")]
    assert [
        (each["request"], each["ja3"], each["ja4"], each["server_name"], each["alpn"]) for each in shaken
    ] == [("handshake", *expected, "mail.corp", "smtp")]
    assert (end["ja3"], end["ja4"], end["server_name"], end["tls"]) == (*expected, "mail.corp", "TLSv1.3")


def test_a_client_that_leaves_at_the_certificate_has_its_fingerprint(decoy: Callable[..., Any]) -> None:
    import smtplib

    server = decoy("smtp", banner="220 web01 ESMTP Postfix (Debian/GNU)")
    with smtplib.SMTP("127.0.0.1", server.port, "me", timeout=30) as client, pytest.raises(ssl.SSLError):
        client.starttls(context=ssl.create_default_context())

    assert server.events("request")[0]["fields"]["ja4"].startswith("t13i")
