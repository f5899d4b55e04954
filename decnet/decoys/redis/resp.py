"""RESP: parses commands as the real server does, and encodes replies."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..tcp_server import Gone, Line

IDLE_SECONDS = 1800.0
MOST_INLINE = 64 * 1024
MOST_HELD = 1024 * 1024
"""Bytes of one unfinished command; beyond, the connection is closed, as for client-query-buffer-limit."""
MOST_ARGUMENTS = 1024 * 1024
PER_ARGUMENT = 64
UNKNOWN_ARGUMENTS, UNKNOWN_LENGTH = 10, 16384
"""Limits for a client before its password: arguments, and bytes of one."""

SPACES = b" \t\n\v\f\r"
ESCAPES = {ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("b"): 8, ord("a"): 7}
HEX = b"0123456789abcdefABCDEF"


class Status(str):
    """A short answer: +OK."""


class Failure(str):
    """An error, with its code: ERR syntax error."""


class Verbatim(str):
    """A long text for people."""


class Push(list["Reply"]):
    """A push message: a published message."""


class NoList:
    """The null array."""


Reply = None | int | float | bytes | str | Sequence["Reply"] | Mapping[Any, Any] | frozenset[bytes] | NoList

OK = Status("OK")
NO_LIST = NoList()
SILENCE = NoList()
"""No answer at all."""


class Malformed(Exception):
    """A protocol error, with the server's text."""


class Budget:
    """Bytes that all connections together may hold."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0

    def change(self, delta: int) -> None:
        """Take more, or give back. Raises Gone when the limit is reached."""
        self._used += delta
        if delta > 0 and self._used > self._most:
            raise Gone


class Reader:
    """The commands of one connection."""

    def __init__(self, line: Line, budget: Budget) -> None:
        self._line = line
        self._budget = budget
        self._buffer = bytearray()
        self._held = 0
        self._words: list[bytes] = []
        self.received = 0

    async def command(self, *, known: bool) -> list[bytes]:
        """The next command's words. Raises Malformed, EOFError, Gone and TimeoutError."""
        while True:
            self._hold(0)
            if not self._buffer:
                await self._more()
            words = await (self._multibulk(known) if self._buffer[0] == 0x2A else self._inline())
            if words:
                self._words = []
                return words

    def unfinished(self) -> tuple[list[bytes], bytes]:
        """The bytes that were not read as a command: the words of an incomplete one, and the beginning of the
        rest."""
        return self._words, bytes(self._buffer[:MOST_INLINE])

    def waiting(self) -> int:
        """Bytes that were received and not consumed yet."""
        return len(self._buffer)

    def close(self) -> None:
        """Release the bytes that this connection held."""
        self._budget.change(-self._held)
        self._held = 0

    async def _more(self) -> None:
        data = await self._line.read(IDLE_SECONDS)
        if not data:
            raise EOFError
        self.received += len(data)
        self._buffer += data

    def _hold(self, parsed: int) -> None:
        held = parsed + len(self._buffer)
        if held > MOST_HELD:
            raise Gone
        self._budget.change(held - self._held)
        self._held = held

    async def _until(self, end: bytes, what: str) -> bytes:
        """The bytes before `end`, which is consumed too. A NUL hides what follows it, as in C."""
        while True:
            stop, nul = self._buffer.find(end), self._buffer.find(0)
            if stop >= 0 and not 0 <= nul < stop:
                found = bytes(self._buffer[:stop])
                del self._buffer[: stop + 1]
                return found
            if len(self._buffer) > MOST_INLINE:
                raise Malformed(f"too big {what}")
            await self._more()

    async def _inline(self) -> list[bytes]:
        line = await self._until(b"\n", "inline request")
        try:
            return split(line)
        except Malformed:
            self._buffer[:0] = line + b"\n"
            raise

    async def _multibulk(self, known: bool) -> list[bytes]:
        count = _number((await self._until(b"\r", "mbulk count string"))[1:])
        await self._skip(1)
        if count is None or count > MOST_ARGUMENTS:
            raise Malformed("invalid multibulk length")
        if count > UNKNOWN_ARGUMENTS and not known:
            raise Malformed("unauthenticated multibulk length")
        words = self._words = []
        parsed = 0
        for _ in range(count):
            words.append(await self._bulk(known, parsed))
            parsed += len(words[-1]) + PER_ARGUMENT
        return words

    async def _bulk(self, known: bool, parsed: int) -> bytes:
        head = await self._until(b"\r", "bulk count string")
        await self._skip(1)
        if head[:1] != b"$":
            self._buffer[:0] = b"*\r\n" + head + b"\r\n"
            raise Malformed(f"expected '$', got '{head[:1].decode('latin-1')}'")
        length = _number(head[1:])
        if length is None or not 0 <= length <= 512 * 1024 * 1024:
            raise Malformed("invalid bulk length")
        if length > UNKNOWN_LENGTH and not known:
            raise Malformed("unauthenticated bulk length")
        while len(self._buffer) < length + 2:
            self._hold(parsed)
            if length > MOST_HELD:
                raise Gone
            await self._more()
        word = bytes(self._buffer[:length])
        del self._buffer[: length + 2]
        self._hold(parsed + length)
        return word

    async def _skip(self, count: int) -> None:
        while len(self._buffer) < count:
            await self._more()
        del self._buffer[:count]


def split(line: bytes) -> list[bytes]:
    """The words of an inline command, quoted as in redis-cli. Raises Malformed."""
    words: list[bytes] = []
    at = 0
    while True:
        while at < len(line) and line[at] in SPACES:
            at += 1
        if at >= len(line):
            return words
        word = bytearray()
        while at < len(line) and line[at] not in SPACES:
            if line[at] in b"\"'":
                at = _quoted(line, at, word)
                break
            word.append(line[at])
            at += 1
        words.append(bytes(word))


def _quoted(line: bytes, at: int, word: bytearray) -> int:
    """Append the text of the quotes that begin at `at`; the position where they end."""
    quote = line[at]
    at += 1
    while at < len(line):
        byte = line[at]
        if byte == 0x5C and quote == 0x22 and at + 1 < len(line):
            digits = line[at + 2 : at + 4]
            if line[at + 1] == 0x78 and len(digits) == 2 and all(digit in HEX for digit in digits):
                word.append(int(digits, 16))
                at += 4
            else:
                word.append(ESCAPES.get(line[at + 1], line[at + 1]))
                at += 2
            continue
        if byte == 0x5C and quote == 0x27 and line[at + 1 : at + 2] == b"'":
            word.append(0x27)
            at += 2
            continue
        if byte == quote:
            if at + 1 < len(line) and line[at + 1] not in SPACES:
                break
            return at + 1
        word.append(byte)
        at += 1
    raise Malformed("unbalanced quotes in request")


def _number(text: bytes) -> int | None:
    """A number as string2ll reads it: no sign but a minus, no leading zeros."""
    digits = text[1:] if text[:1] == b"-" else text
    if not digits.isdigit() or len(digits) > 19 or (digits[:1] == b"0" and len(text) > 1):
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


def size(reply: Reply) -> int:
    """Bytes of a reply, roughly."""
    if isinstance(reply, bytes | str):
        return len(reply)
    if isinstance(reply, Mapping):
        return sum(size(key) + size(value) for key, value in reply.items())
    if isinstance(reply, Sequence | frozenset):
        return sum(size(part) for part in reply)
    return 8


def encode(reply: Reply, version: int, most: int) -> bytearray:
    """A reply in RESP 2 or 3. Raises Gone above `most` bytes: one key may be requested often."""
    out = bytearray()
    _encode(reply, version, out, most)
    return out


def _encode(reply: Reply, version: int, out: bytearray, most: int) -> None:
    if len(out) > most:
        raise Gone
    if isinstance(reply, bytes):
        out += b"$%d\r\n%b\r\n" % (len(reply), reply)
    elif isinstance(reply, int):
        out += b":%d\r\n" % reply
    elif isinstance(reply, Status):
        out += b"+%b\r\n" % reply.encode()
    elif isinstance(reply, Failure):
        out += b"-%b\r\n" % clean(reply)
    elif isinstance(reply, str):
        raw = reply.encode()
        if version > 2 and isinstance(reply, Verbatim):
            out += b"=%d\r\ntxt:%b\r\n" % (len(raw) + 4, raw)
        else:
            out += b"$%d\r\n%b\r\n" % (len(raw), raw)
    elif reply is None or isinstance(reply, NoList):
        out += b"_\r\n" if version > 2 else b"$-1\r\n" if reply is None else b"*-1\r\n"
    elif isinstance(reply, float):
        text = format_number(reply)
        out += b",%b\r\n" % text if version > 2 else b"$%d\r\n%b\r\n" % (len(text), text)
    else:
        _encode_many(reply, version, out, most)


def _encode_many(
    reply: Sequence[Reply] | Mapping[Any, Any] | frozenset[bytes], version: int, out: bytearray, most: int
) -> None:
    parts: Iterable[Reply] = reply
    mark, count = b"*", len(reply)
    if isinstance(reply, Mapping):
        mark, count = (b"%", count) if version > 2 else (b"*", 2 * count)
        parts = (part for pair in reply.items() for part in pair)
    elif version > 2 and isinstance(reply, frozenset | Push):
        mark = b">" if isinstance(reply, Push) else b"~"
    out += b"%b%d\r\n" % (mark, count)
    for part in parts:
        _encode(part, version, out, most)


def clean(text: str) -> bytes:
    """An error's bytes, on one line."""
    return text.encode("latin-1", "replace").replace(b"\r", b" ").replace(b"\n", b" ")


def format_number(number: float) -> bytes:
    """A floating point number as the server writes it (%.17g, whole ones without a point)."""
    if math.isinf(number):
        return b"inf" if number > 0 else b"-inf"
    if number == int(number) and abs(number) < 1e17:
        return b"%d" % int(number)
    return b"%.17g" % number
