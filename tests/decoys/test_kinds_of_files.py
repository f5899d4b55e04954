"""`file` finds what file(1) of Debian 12 found in the same contents."""

from __future__ import annotations

import gzip

import pytest
from decoys.plain_shell import shell_of

from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.files.kinds import encoding_of, kind_of_content

KINDS: tuple[tuple[bytes, str], ...] = (
    (b"", "empty"),
    (b"\x7fELF", "ELF"),
    (b"GIF89a\x01\x00\x02\x00", "GIF image data, version 89a, 1 x 2"),
    (b'{"a":1}', "JSON text data"),
    (b"PK\x03\x04", "data"),
    (b"%PDF-1.4\n", "PDF document, version 1.4"),
    (b"<html><body>x</body></html>\n", "HTML document, ASCII text"),
    (b"<?php echo 1; ?>\n", "PHP script, ASCII text"),
    (b"a,b\n1,2\n3,4\n", "CSV text"),
    (b"#!/usr/bin/env node\n", "Node.js script executable, ASCII text"),
    (b"#!/bin/bash\n", "Bourne-Again shell script, ASCII text executable"),
    (b"-----BEGIN RSA PRIVATE KEY-----\n", "PEM RSA private key"),
    (b"a\rb\r", "ASCII text, with CR line terminators"),
    (b"\xe9\n", "ISO-8859 text"),
    (b"\x1b[1m\n", "ASCII text, with escape sequences"),
    (b"\x00\x01", "data"),
    (
        gzip.compress(b"hi\n", 9, mtime=0),
        "gzip compressed data, max compression, from Unix, original size modulo 2^32 3",
    ),
)


@pytest.mark.parametrize(("data", "kind"), KINDS)
def test_a_content_has_its_kind(data: bytes, kind: str) -> None:
    assert kind_of_content(data, None)[0] == kind


def test_a_charset_is_that_of_the_bytes() -> None:
    found = [encoding_of(data) for data in (b"a", "é".encode(), b"\xe9\n", b"\0")]

    assert found == ["us-ascii", "utf-8", "iso-8859-1", "binary"]


def test_file_shows_types_and_the_standard_input() -> None:
    with shell_of("debian-12") as shell:
        line = "file -i /etc/hostname /tmp; file --mime-type -b /dev/null; echo hi | file -"
        answer = run_at_once(shell, line)

    assert (answer.out, answer.error) == (
        "/etc/hostname: text/plain; charset=us-ascii\n"
        "/tmp:          inode/directory; charset=binary\n"
        "inode/chardevice\n"
        "/dev/stdin: ASCII text\n",
        "",
    )
