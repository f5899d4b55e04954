# ruff: noqa: E501 (magic and descriptions)
"""What `file` finds in contents: the magic of file(1) for what visitors have, its texts and MIME types."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

from ...host.node import Node

MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\xfd7zXZ\0", "XZ compressed data, checksum CRC64", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard compressed data (v0.8+), Dictionary ID: None", "application/zstd"),
    (b"\x04\x22\x4d\x18", "LZ4 compressed data (v1.4+)", "application/x-lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7-zip archive data, version 0.4", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "RAR archive data, v5", "application/x-rar"),
    (b"\xff\xd8\xff", "JPEG image data", "image/jpeg"),
    (b"SQLite format 3\0", "SQLite 3.x database", "application/vnd.sqlite3"),
    (b"MZ", "MS-DOS executable", "application/x-dosexec"),
    (b"\xca\xfe\xba\xbe", "compiled Java class data", "application/x-java-applet"),
    (b"!<arch>\n", "current ar archive", "application/x-archive"),
    (b"%!PS-Adobe-3.0", "PostScript document text conforming DSC level 3.0", "application/postscript"),
    (b"-----BEGIN OPENSSH PRIVATE KEY-----", "OpenSSH private key", "text/plain"),
    (b"-----BEGIN RSA PRIVATE KEY-----", "PEM RSA private key", "text/plain"),
    (b"-----BEGIN CERTIFICATE-----", "PEM certificate", "text/plain"),
    (b"-----BEGIN CERTIFICATE REQUEST-----", "PEM certificate request", "text/plain"),
    (
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----",
        "PGP public key block Public-Key (old)",
        "application/pgp-keys",
    ),
    (b"ssh-rsa ", "OpenSSH RSA public key", "text/plain"),
    (b"ssh-ed25519 ", "OpenSSH ED25519 public key", "text/plain"),
    (b"ecdsa-sha2-nistp256 ", "OpenSSH ECDSA public key", "text/plain"),
)
"""Begins of contents whose text says all."""
SCRIPTS = {
    "sh": ("POSIX shell script", "text/x-shellscript"),
    "dash": ("POSIX shell script", "text/x-shellscript"),
    "bash": ("Bourne-Again shell script", "text/x-shellscript"),
    "python": ("Python script", "text/x-script.python"),
    "python3": ("Python script", "text/x-script.python"),
    "node": ("Node.js script executable", "application/javascript"),
    "ruby": ("Ruby script", "text/x-ruby"),
    "awk": ("awk script", "text/x-awk"),
    "perl": ("Perl script text executable", "text/x-perl"),
    "php": ("PHP script", "text/x-php"),
}
WITHOUT_EXECUTABLE = ("node", "perl")
BUILD_ID = 40
MACHINES = {
    62: "x86-64",
    3: "Intel 80386",
    40: "ARM",
    183: "ARM aarch64",
    8: "MIPS",
    20: "PowerPC or cisco 4500",
    243: "UCB RISC-V",
}
MOST_LOOKED_AT = 65_536
LONG_LINE = 300


def kind_of_content(data: bytes, node: Node | None) -> tuple[str, str]:
    """The text and the MIME type of a file's content."""
    if not data:
        return "empty", "inode/x-empty"
    if data[:4] == b"\x7fELF":
        return _elf(node, data)
    if data[:2] == b"\x1f\x8b" and len(data) > 9:
        return _gzip(data), "application/gzip"
    if data[:3] == b"BZh" and data[3:4].isdigit():
        return f"bzip2 compressed data, block size = {chr(data[3])}00k", "application/x-bzip2"
    if data[:4] == b"PK\x03\x04" and len(data) > 29:
        return _zip(data), "application/zip"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        sizes = [int.from_bytes(data[at : at + 2], "little") for at in (6, 8)]
        shown = f" {sizes[0]} x {sizes[1]}" if len(data) > 9 else ""
        return f"GIF image data, version {data[3:6].decode()},{shown}", "image/gif"
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) > 28:
        return _png(data), "image/png"
    if data[:5] == b"%PDF-":
        return f"PDF document, version {data[5:8].decode('latin-1')}", "application/pdf"
    if data[257:262] == b"ustar":
        return "POSIX tar archive (GNU)" if data[
            262:264
        ] == b"  " else "POSIX tar archive", "application/x-tar"
    if data[1080:1082] == b"\x53\xef" and len(data) > 1160:
        return _ext(data), "application/octet-stream"
    if data[4086:4096] == b"SWAPSPACE2":
        return _swap(data), "application/octet-stream"
    for begin, text, mime in MAGIC:
        if data.startswith(begin):
            return text, mime
    return _text(data[:MOST_LOOKED_AT])


def _gzip(data: bytes) -> str:
    import time

    parts, flags = ["gzip compressed data"], data[3]
    if flags & 8 and not flags & 4:
        parts.append(f'was "{data[10:].partition(bytes(1))[0].decode("latin-1")[:256]}"')
    stamp = int.from_bytes(data[4:8], "little")
    if stamp:
        parts.append(f"last modified: {time.strftime('%a %b %e %H:%M:%S %Y', time.gmtime(stamp))}")
    parts += {2: ["max compression"], 4: ["max speed"]}.get(data[8], [])
    parts.append({3: "from Unix", 0: "from FAT filesystem (MS-DOS, OS/2, NT)"}.get(data[9], "from Unix"))
    return ", ".join(parts) + f", original size modulo 2^32 {int.from_bytes(data[-4:], 'little')}"


def _zip(data: bytes) -> str:
    needs, method = int.from_bytes(data[4:6], "little"), int.from_bytes(data[8:10], "little")
    how = {0: "store", 8: "deflate", 12: "bzip2"}.get(method, f"[{method:#x}]")
    return f"Zip archive data, at least v{needs // 10}.{needs % 10} to extract, compression method={how}"


def _png(data: bytes) -> str:
    wide, high = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    colors = {0: "grayscale", 2: "/color RGB", 3: " colormap", 4: " gray+alpha", 6: "/color RGBA"}
    name = colors.get(data[25], "")
    joint = "" if name.startswith(("/", " ")) else " "
    lace = "interlaced" if data[28] else "non-interlaced"
    return f"PNG image data, {wide} x {high}, {data[24]}-bit{joint}{name}, {lace}"


def encoding_of(data: bytes) -> str:
    """The charset, as `--mime-encoding` shows it."""
    if any(byte < 7 or 14 <= byte < 27 or 28 <= byte < 32 for byte in data[:MOST_LOOKED_AT]):
        return "binary"
    if data.isascii():
        return "us-ascii" if data else "binary"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "iso-8859-1"
    return "utf-8"


def _text(data: bytes) -> tuple[str, str]:
    encoding = encoding_of(data)
    if encoding == "binary":
        return "data", "application/octet-stream"
    if _is_json(data):
        return "JSON text data", "application/json"
    name = {
        "us-ascii": "ASCII text",
        "utf-8": "Unicode text, UTF-8 (with BOM) text"
        if data[:3] == b"\xef\xbb\xbf"
        else "Unicode text, UTF-8 text",
    }.get(encoding, "ISO-8859 text")
    if name == "ASCII text" and _is_csv(data):
        return "CSV text", "text/csv"
    longest = max(map(len, data.split(b"\n")))
    end = f", with very long lines ({longest})" if longest > LONG_LINE else ""
    end += _line_ends(data)
    end += ", with escape sequences" if b"\x1b" in data else ""
    first = data.split(b"\n", 1)[0]
    if first.startswith(b"#!"):
        return _script(first, name, end)
    for found, text, mime, executable in LANGUAGES:
        if found(data):
            return f"{text}, {name}{' executable' * executable}{end}", mime
    return name + end, "text/plain"


def _script(first: bytes, name: str, end: str) -> tuple[str, str]:
    words = first[2:].decode("latin-1").split()
    program = words[0].rpartition("/")[2] if words else ""
    program = words[1] if program == "env" and len(words) > 1 else program
    text, mime = SCRIPTS.get(program, (f"a {' '.join(words)} script", "text/plain"))
    if program == "perl":
        return text, mime
    return f"{text}, {name}{'' if program in WITHOUT_EXECUTABLE else ' executable'}{end}", mime


def _line_ends(data: bytes) -> str:
    if b"\r\n" in data:
        return ", with CRLF line terminators"
    if b"\n" not in data:
        return ", with CR line terminators" if b"\r" in data else ", with no line terminators"
    return ""


def _is_json(data: bytes) -> bool:
    if data.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        return isinstance(json.loads(data), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_csv(data: bytes) -> bool:
    """At least two lines, each with the same number of commas."""
    lines = data.decode("latin-1").splitlines()
    counts = {line.count(",") for line in lines[:10]}
    return len(lines) > 1 and len(counts) == 1 and counts != {0} and b"\n" in data


def _begins(*words: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.lstrip().lower().startswith(words)


LANGUAGES: tuple[tuple[Callable[[bytes], bool], str, str, bool], ...] = (
    (_begins(b"<?xml "), "XML 1.0 document", "text/xml", False),
    (_begins(b"<!doctype html", b"<html", b"<head", b"<title"), "HTML document", "text/html", False),
    (_begins(b"<?php"), "PHP script", "text/x-php", False),
    (lambda data: b"\n#include" in b"\n" + data, "C source", "text/x-c", False),
    (lambda data: data.startswith(b"def ") and b":\n" in data, "Python script", "text/x-script.python", True),
    (
        lambda data: data.startswith(b"import ") and b"\nfrom " in data,
        "Python script",
        "text/x-script.python",
        True,
    ),
    (_begins(b"diff ", b"--- "), "unified diff output", "text/x-diff", False),
)


def _ext(data: bytes) -> str:
    incompatible, read_only = (int.from_bytes(data[at : at + 4], "little") for at in (1120, 1124))
    kind = "ext4" if incompatible & 0x40 else "ext3" if data[1116] & 4 else "ext2"
    label = data[1144:1160].rstrip(b"\0").decode("latin-1")
    name = f', volume name "{label}"' if label else ""
    flags = "".join(text for text, on in ((" (extents)", incompatible & 0x40), (" (64bit)", incompatible & 0x80),
                                          (" (large files)", read_only & 2), (" (huge files)", read_only & 8)) if on)  # fmt: skip
    return f"Linux rev 1.0 {kind} filesystem data, UUID={uuid.UUID(bytes=data[1128:1144])}{name}{flags}"


def _swap(data: bytes) -> str:
    pages = int.from_bytes(data[1028:1032], "little")
    label = data[1052:1068].rstrip(b"\0").decode("latin-1")
    name = f"LABEL={label}" if label else "no label"
    return f"Linux swap file, 4k page size, little endian, version 1, size {pages} pages, 0 bad pages, {name}, UUID={uuid.UUID(bytes=data[1036:1052])}"


def _elf(node: Node | None, data: bytes) -> tuple[str, str]:
    if len(data) < 20:
        return "ELF", "application/octet-stream"
    text = _elf_text(node, data)
    mime = (
        "sharedlib" if "shared object" in text else "pie-executable" if "pie exec" in text else "executable"
    )
    return text, f"application/x-{mime}"


def _elf_text(node: Node | None, data: bytes) -> str:
    order: str = "little" if data[5] == 1 else "big"
    kind, machine = (int.from_bytes(data[at : at + 2], order) for at in (16, 18))  # type: ignore[arg-type]
    wide = "64" if data[4] == 2 else "32"
    front = f"ELF {wide}-bit {'LSB' if order == 'little' else 'MSB'}"
    is_library = kind == 3 and b"ld-linux" not in data[:1024]
    name = {2: "executable", 1: "relocatable"}.get(kind, "shared object" if is_library else "pie executable")
    build = (dict(node.sums).get("sha1", "") if node is not None else "")[:BUILD_ID]
    system = f"{front} {name}, {MACHINES.get(machine, 'unknown')}, version 1 (SYSV)"
    if not build:
        return (
            f"{system}, dynamically linked, stripped"
            if is_library
            else f"{system}, statically linked, no section header"
            if kind == 2
            else f"{system}, dynamically linked, interpreter /lib64/ld-linux-x86-64.so.2, for GNU/Linux 3.2.0, stripped"
        )
    interpreter = "" if is_library else ", interpreter /lib64/ld-linux-x86-64.so.2"
    return f"{system}, dynamically linked{interpreter}, BuildID[sha1]={build}, for GNU/Linux 3.2.0, stripped"
