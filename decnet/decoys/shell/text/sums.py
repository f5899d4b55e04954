"""base64, base32, and checksums."""

import base64
import binascii
import hashlib
from collections.abc import Callable

from ...host.origins import origin
from ..process import Command, Process, Running
from .common import Failure, Options, await_input, content, parse, quoted, split_lines, text_of, tool

HASHES = {f"{kind}sum": kind for kind in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")}
HASHES["b2sum"] = "blake2b"
LABELS = {"md5": "MD5", "blake2b": "BLAKE2b"}
HASHED_AT_ONCE = 256


def _decoded_leniently(
    process: Process, decode: Callable[[bytes], bytes], data: bytes, alphabet: bytes, group: int
) -> int:
    """As BusyBox decodes: it skips what is no letter, and complains of a last group that is not whole."""
    kept = bytes(byte for byte in data.partition(b"=")[0] if byte in alphabet)
    missing = -len(kept) % group
    padded = b"=" in data
    whole = kept if padded else kept[: len(kept) - len(kept) % group]
    try:
        process.out(decode(whole + b"=" * (-len(whole) % group)))
    except (ValueError, binascii.Error):
        raise Failure("truncated input") from None
    if missing and not padded:
        raise Failure("truncated input")
    return 0


def _coder(
    encode: Callable[[bytes], bytes], decode: Callable[[bytes], bytes], alphabet: bytes, group: int
) -> Command:
    def coder(process: Process) -> Running:
        options = parse(process, "dDiw:", "decode=d ignore-garbage=i wrap=w")
        if len(options.operands) > 1:
            raise Failure(f"extra operand {quoted(process, options.operands[1])}", hint=True)
        width = options.value("w", "76")
        if not width.isdecimal():
            raise Failure(f"invalid wrap size: {quoted(process, width)}")
        path = options.operands[0] if options.operands else "-"
        try:
            data = content(process, path)
        except Failure as failure:
            directory = failure.message == "Is a directory"
            raise Failure(
                f"read error: {failure.message}" if directory else f"{path}: {failure.message}"
            ) from None
        process.spend(1 + len(data) // 16)
        yield 0.0
        if "d" in options or "D" in options:
            return _decoded(process, options, data)
        wrap = min(int(width[:9]), 10**6)
        text = encode(data)
        step = wrap * max(1, 4096 // wrap) if wrap else 65536
        for at in range(0, len(text), step):
            part = text[at : at + step]
            lines = (
                [part[start : start + wrap] + b"\n" for start in range(0, len(part), wrap)]
                if wrap
                else [part]
            )
            process.spend(2 * len(lines))
            process.out(b"".join(lines))
            if process.tired:
                yield 0.0
        return 0

    def _decoded(process: Process, options: Options, data: bytes) -> int:
        if process.applet:
            return _decoded_leniently(process, decode, data, alphabet, group)
        if "i" in options:
            data = bytes(byte for byte in data if byte in alphabet or byte == 61)
        data = data.replace(b"\n", b"")
        good = len(data) - len(data.lstrip(alphabet + b"="))
        body = data[:good]
        whole = body[: len(body) // group * group]
        rest = body[len(whole) :] if group == 4 else b""
        try:
            process.out(decode(whole))
            process.out(decode(rest + b"=" * (4 - len(rest))) if len(rest) > 1 else b"")
        except (ValueError, binascii.Error):
            raise Failure("invalid input") from None
        if len(whole) != len(data):
            raise Failure("invalid input")
        return 0

    return tool(coder)


LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@tool
def hashed(process: Process) -> Running:
    """md5sum and its relatives: print sums, or check them with -c."""
    kind = HASHES[process.name.rsplit("/", 1)[-1]]
    options = parse(
        process,
        "bctwzs" if process.applet else "bctwz",
        "binary=b check=c text=t tag ignore-missing quiet status strict warn=w zero=z",
    )
    if "c" in options:
        return (yield from _check(process, options, kind))
    status = 0
    await_input(process, options.operands)
    for path in options.operands or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            process.err(f"{process.name}: {path}: {failure.message}\n")
            status = 1
            continue
        digest = known_sum(process, kind, path) or _digest(process, kind, data)
        if "tag" in options:
            process.out(f"{LABELS.get(kind, kind.upper())} ({path}) = {digest}\n")
        else:
            process.out(f"{digest} {'*' if 'b' in options and not process.applet else ' '}{path}\n")
        if process.tired:
            yield 0.0
    return status


def known_sum(process: Process, kind: str, path: str) -> str:
    """The sum of a file of which only the begin is kept, "" for others."""
    node = process.shell.node(process.shell.absolute(path)) if path != "-" else None
    return dict(node.sums).get(kind, "") if node is not None else ""


def _digest(process: Process, kind: str, data: bytes) -> str:
    process.spend(1 + len(data) // HASHED_AT_ONCE)
    source = origin(data)
    if source is not None and kind in dict(source.sums):
        return dict(source.sums)[kind]
    return hashlib.new(kind, data, usedforsecurity=False).hexdigest()


def _check(process: Process, options: Options, kind: str) -> Running:
    bad = unread = broken = checked = status = 0
    for source in options.operands or ["-"]:
        try:
            lines = split_lines(content(process, source))
        except Failure as failure:
            process.err(f"{process.name}: {source}: {failure.message}\n")
            return 1
        for line in lines[:20_000]:
            digest, _, path = text_of(line).partition(" ")
            path = path[1:] if path[:1] in (" ", "*") else path
            size = hashlib.new(kind, usedforsecurity=False).digest_size * 2
            if not path or (len(digest) != size and not process.applet):
                broken += 1
                continue
            checked += 1
            if process.tired:
                yield 0.0
            try:
                data = content(process, path)
                good = (known_sum(process, kind, path) or _digest(process, kind, data)) == digest.lower()
            except Failure as failure:
                process.err(f"{process.name}: {path}: {failure.message}\n")
                process.out("" if "status" in options else f"{path}: FAILED open or read\n")
                unread += 1
                continue
            bad += not good
            silent = "status" in options or "s" in options or ("quiet" in options and good)
            process.out("" if silent else f"{path}: {'OK' if good else 'FAILED'}\n")
        if process.applet and bad + unread and "s" not in options:
            process.err(
                f"{process.name}: WARNING: {bad + unread} of {checked} computed checksums did NOT match\n"
            )
            bad = unread = 0
            status = 1
        if not checked:
            shown = "'standard input'" if source == "-" else source
            is_old = process.shell.world.system.version in ("11", "20.04", "22.04")
            kind = f"{process.name.removesuffix('sum').upper()} " * is_old
            process.err(f"{process.name}: {shown}: no properly formatted {kind}checksum lines found\n")
            return 1
    _warn(process, options, broken, unread, bad)
    return 1 if bad or unread else status


def _warn(process: Process, options: Options, broken: int, unread: int, bad: int) -> None:
    if "status" in options:
        return
    if broken:
        process.err(
            f"{process.name}: WARNING: {_lines(broken, 'line is', 'lines are')} improperly formatted\n"
        )
    if unread:
        process.err(
            f"{process.name}: WARNING: {_lines(unread, 'listed file', 'listed files')} could not be read\n"
        )
    if bad:
        what = _lines(bad, "computed checksum did", "computed checksums did")
        process.err(f"{process.name}: WARNING: {what} NOT match\n")


def _lines(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


CRC = []
for _value in range(256):
    _sum = _value << 24
    for _ in range(8):
        _sum = ((_sum << 1) ^ 0x04C11DB7 if _sum & 0x80000000 else _sum << 1) & 0xFFFFFFFF
    CRC.append(_sum)


@tool
def cksum(process: Process) -> Running:
    """The checksum of POSIX, and the size."""
    options = parse(process, "a:", "algorithm=a untagged")
    status = 0
    for path in options.operands or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            process.err(f"cksum: {path}: {failure.message}\n")
            status = 1
            continue
        length, tail = len(data), b""
        while length:
            tail += bytes([length & 255])
            length >>= 8
        crc = 0
        for at, byte in enumerate(data + tail):
            crc = ((crc << 8) & 0xFFFFFFFF) ^ CRC[(crc >> 24) ^ byte]
            if at % 8192 == 0:
                process.spend(16384)
                yield 0.0
        process.out(f"{crc ^ 0xFFFFFFFF} {len(data)}" + (f" {path}\n" if options.operands else "\n"))
    return status


@tool
def sum_(process: Process) -> Running:
    """BSD's checksum, and blocks of 1024 bytes."""
    options = parse(process, "rs", "sysv=s")
    status = 0
    for path in options.operands or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            process.err(f"sum: {path}: {failure.message}\n")
            status = 1
            continue
        total = 0
        for at, byte in enumerate(data):
            total = total + byte if "s" in options else ((total >> 1) + ((total & 1) << 15) + byte) & 0xFFFF
            if at % 8192 == 0:
                process.spend(16384)
                yield 0.0
        name = f" {path}" if options.operands else ""
        if "s" in options:
            folded = (total & 0xFFFF) + ((total & 0xFFFFFFFF) >> 16)
            total = (folded & 0xFFFF) + (folded >> 16)
            process.out(f"{total} {-(-len(data) // 512)}{name}\n")
        else:
            process.out(f"{total:05d} {-(-len(data) // 1024):5d}{name}\n")
    return status


COMMANDS: dict[str, Command] = {
    "base64": _coder(base64.b64encode, lambda data: base64.b64decode(data, validate=True),
                     LETTERS + LETTERS.lower() + b"0123456789+/", 4),
    "base32": _coder(base64.b32encode, base64.b32decode, LETTERS + b"234567", 8),
    "cksum": cksum,
    "sum": sum_,
    **dict.fromkeys(HASHES, hashed),
}  # fmt: skip
