"""The lines of an SMTP session, and its count of errors."""

import asyncio
import re

from ..events import shown
from ..tcp_server import Line
from .dialects import Dialect
from .mail_log import MailLog

IDLE_SECONDS = 300.0
MOST_LINE = 2048
MOST_RECORDED = 300


class Ended(Exception):
    """The session is over, and the client has been notified."""


class Talk:
    """Lines in, answers out."""

    def __init__(self, dialect: Dialect, host: str, line: Line, log: MailLog) -> None:
        self._log = log
        self._dialect = dialect
        self._host = host
        self._line = line
        self._name = ""
        self._buffer = bytearray()
        self._out = bytearray()
        self._errors = self._unknown = self._commands = 0

    async def _read(self, most: int = MOST_LINE) -> bytes:
        """One line without its end; the excess of a long line is dropped."""
        line = bytearray()
        while True:
            end = self._buffer.find(b"\n")
            piece = self._buffer[: end if end >= 0 else len(self._buffer)]
            line += piece[: max(most - len(line), 0)]
            del self._buffer[: len(piece) + (end >= 0)]
            if end >= 0:
                return bytes(line).rstrip(b"\r")
            try:
                await self._more()
            except (EOFError, TimeoutError):
                self._buffer += line
                raise

    async def _more(self) -> None:
        await self._flush()
        data = await self._line.read(IDLE_SECONDS)
        if not data:
            raise EOFError
        self._buffer += data

    def _record(self, line: bytes) -> None:
        self._commands += 1
        self._line.summary["commands"] = self._commands
        words = line.split(None, 1)
        if not line or (words and words[0].upper() == b"AUTH"):
            return
        if self._commands <= MOST_RECORDED:
            self._line.session.record("command", input=shown(line))
        else:
            self._line.session.count("command")

    def _filled(self, key: str, **words: str) -> str:
        known = {"host": self._host, "peer": self._line.session.source, "name": self._name} | words
        return re.sub(r"\{(\w+)\}", lambda found: known.get(found.group(1), ""), self._dialect.texts[key])

    async def _answer(self, key: str, **words: str) -> None:
        self._send(self._filled(key, **words))

    async def _fail(self, key: str, **words: str) -> None:
        """An answer that counts as an error; after too many the server hangs up."""
        text, dialect = self._filled(key, **words), self._dialect
        self._log.failed()
        self._errors += dialect.counted is None or key in dialect.counted
        if self._errors <= dialect.most_errors or (dialect.counted and key not in dialect.counted):
            if self._errors > dialect.slow_after:
                await self._wait(1.0)
            self._send(text)
            return
        if dialect.kind != "exim":
            text = self._filled("errors")
        elif self._unknown > dialect.most_errors:
            text = self._filled("unknowns")
        elif key != "hello_syntax":
            text = f"{text[:3]}-{text[4:]}\r\n{text[:3]} {self._filled('errors')}"
        self._send(text)
        raise Ended

    async def _wait(self, seconds: float) -> None:
        await self._flush()
        await asyncio.sleep(seconds)

    def _send(self, text: str) -> None:
        """Queue an answer; it is sent when no more commands wait."""
        self._out += text.encode("latin-1", "replace") + b"\r\n"

    async def _flush(self) -> None:
        if self._out:
            out, self._out = bytes(self._out), bytearray()
            await self._line.send(out)
