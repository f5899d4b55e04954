"""BusyBox's crc32, uuencode, uudecode, mkpasswd, dos2unix, unix2dos and ipcalc (1.35)."""

from __future__ import annotations

import binascii
import os
import zlib
from ipaddress import IPv4Interface

from ..net.hostname import address_of
from ..process import Command, Process, Running
from ..text.common import Failure, content, parse, tool, why_not
from ..text.password_hashes import md5, sha
from .applets import complain

LINE = 45
"""Bytes of a line of uuencode."""
SALT = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
METHODS = {"md5": "1", "sha256": "5", "sha512": "6", "des": "5"}
LONGEST_PASSWORD = 128


@tool
def crc32(process: Process) -> Running:
    """The checksum of gzip for each file."""
    status = 0
    for name in process.args or ["-"]:
        try:
            data = content(process, name)
        except Failure:
            process.err(f"crc32: can't open '{name}': {why_not(process, name)}\n")
            status = 1
            continue
        process.spend(1 + len(data) // 64)
        yield 0.0
        process.out(f"{zlib.crc32(data):08x}{f' {name}' if name != '-' else ''}\n")
    return status


@tool
def uuencode(process: Process) -> Running:
    """A file, or the standard input, as text."""
    options = parse(process, "m")
    words = options.operands
    yield 0.0
    try:
        data = content(process, words[0]) if len(words) > 1 else process.given
    except Failure:
        process.err(f"uuencode: can't open '{words[0]}': {why_not(process, words[0])}\n")
        return 1
    pieces = [data[at : at + LINE] for at in range(0, len(data), LINE)]
    if "m" in options:
        lines = [binascii.b2a_base64(piece).decode() for piece in pieces]
        process.out(f"begin-base64 644 {words[-1]}\n{''.join(lines)}====\n")
        return 0
    lines = [binascii.b2a_uu(piece, backtick=True).decode() for piece in pieces]
    process.out(f"begin 644 {words[-1]}\n{''.join(lines)}`\nend\n")
    return 0


@tool
def uudecode(process: Process) -> Running:
    """A text of uuencode as the file that it names, or as `-o` says."""
    options = parse(process, "o:")
    name = (options.operands or ["-"])[0]
    yield 0.0
    try:
        lines = content(process, name).splitlines()
    except Failure:
        raise Failure(f"{name}: {why_not(process, name)}") from None
    begins = (at for at, line in enumerate(lines) if line.startswith((b"begin ", b"begin-base64 ")))
    at = next(begins, None)
    if at is None:
        raise Failure("no 'begin' line")
    head, end = lines[at].split(b" ", 2), b"====" if lines[at].startswith(b"begin-") else b"end"
    if end not in lines[at:]:
        raise Failure("short file")
    decode = binascii.a2b_base64 if end == b"====" else binascii.a2b_uu
    try:
        data = b"".join(decode(line) for line in lines[at + 1 : lines.index(end, at)])
    except binascii.Error:
        raise Failure("short file") from None
    target = options.value("o") or head[2].decode("utf-8", "surrogateescape")
    if target in ("-", "/dev/stdout"):
        process.out(data)
        return 0
    where, mode = process.shell.absolute(target), int(head[1], 8) & 0o777 if head[1].isdigit() else 0o644
    if reason := process.shell.refusal(where) or process.shell.put(where, data, len(data), mode):
        raise Failure(f"can't open '{target}': {reason}")
    return 0


@tool
def mkpasswd(process: Process) -> Running:
    """A password's hash. One of DES is given as SHA-256, since nothing here makes DES."""
    options = parse(process, "sP:S:m:a:", "stdin=s password-fd=P salt=S method=m")
    words = options.operands
    method = options.value("m", options.value("a", "sha256"))
    kind = METHODS.get(method, "1")
    salt = options.value("S") or (words[1] if len(words) > 1 else "")
    if not salt:
        salt = "".join(SALT[byte % 64] for byte in os.urandom(8 if kind == "1" else 16))
    given = words[0].encode("utf-8", "surrogateescape") if words else process.given.partition(b"\n")[0]
    found = ""
    for each in (md5 if kind == "1" else sha)(
        given[:LONGEST_PASSWORD], salt[: 8 if kind == "1" else 16].encode(), kind
    ):
        found = each
        yield 0.0
    process.out(f"{found}\n")
    return 0


@tool
def line_ends(process: Process) -> Running:
    """`dos2unix` and `unix2dos`."""
    options = parse(process, "du")
    to_dos = options.last("du") == "d" or (not options.last("du") and process.name == "unix2dos")
    yield 0.0
    for name in options.operands or ["-"]:
        try:
            data = content(process, name)
        except Failure:
            process.err(f"{process.name}: can't open '{name}': {why_not(process, name)}\n")
            return 1
        process.spend(1 + len(data) // 32)
        made = data.replace(b"\r", b"")
        made = made.replace(b"\n", b"\r\n") if to_dos else made
        if name == "-":
            process.out(made)
        elif reason := process.shell.write(process.shell.absolute(name), made):
            process.err(f"{process.name}: can't open '{name}': {reason}\n")
            return 1
    return 0


@tool
def ipcalc(process: Process) -> Running:
    """Netmask, broadcast, network, prefix and name of an address."""
    options = parse(process, "mbnphs", "netmask=m broadcast=b network=n prefix=p hostname=h silent=s")
    words = options.operands
    text, mask = words[0], words[1] if len(words) > 1 else ""
    yield 0.0
    try:
        given = IPv4Interface(f"{text}/{mask}" if mask else text)
    except ValueError:
        if "s" not in options and not options.last("h"):
            process.err(f"ipcalc: bad {'netmask' if mask or '/' in text else 'IP address'}: {mask or text}\n")
        return 1
    if not any(each in options for each in "mbnph"):
        return complain(process, "")
    return _calculated(process, given, "".join(each for each in "mbnph" if each in options))


def _calculated(process: Process, given: IPv4Interface, wanted: str) -> int:
    network = given.network
    lines = {
        "m": f"NETMASK={network.netmask}", "b": f"BROADCAST={network.broadcast_address}",
        "n": f"NETWORK={network.network_address}", "p": f"PREFIX={network.prefixlen}",
    }  # fmt: skip
    process.out("".join(f"{lines[each]}\n" for each in wanted if each in lines))
    if "h" in wanted and str(given.ip) == address_of(process, "localhost"):
        process.out("HOSTNAME=localhost\n")
    return 0


COMMANDS: dict[str, Command] = {
    "crc32": crc32, "uuencode": uuencode, "uudecode": uudecode, "mkpasswd": mkpasswd,
    "dos2unix": line_ends, "unix2dos": line_ends, "ipcalc": ipcalc,
}  # fmt: skip
