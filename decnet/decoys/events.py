"""What attackers did, as JSON lines on stdout: bounded, and never in the way of the service."""

import asyncio
import json
import os
import time

Field = str | int | float | bool | None

MAX_LINE = 8192
MAX_TEXT = 1000
MAX_WAITING = 256 * 1024
STDOUT = 1


class Recorder:
    """Writes events. When nobody reads them they are dropped and counted, and the service goes on."""

    def __init__(self, output: int = STDOUT) -> None:
        self._output = output
        self._run = os.urandom(8).hex()
        self._count = 0
        self._dropped = 0
        self._waiting = bytearray()
        os.set_blocking(output, False)

    def session(self, source: str, port: int) -> "Session":
        """A new visit from this address; it is recorded at once as a `contact`."""
        visit = Session(self, source, port)
        visit.record("contact")
        return visit

    def write(self, kind: str, source: str, port: int, session: str, fields: dict[str, Field]) -> None:
        """Record one event."""
        if len(self._waiting) > MAX_WAITING:
            self._dropped += 1
            return
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self.write("error", source, port, session, {"dropped_events": dropped})
        self._count += 1
        event: dict[str, Field] = {
            "run": self._run,
            "n": self._count,
            "at": round(time.time(), 3),
            "kind": kind,
        }
        event |= {"src": source, "sport": port, "session": session}
        self._waiting += _line(event, fields)
        self._flush()

    def _flush(self) -> None:
        while self._waiting:
            try:
                done = os.write(self._output, self._waiting[:65536])
            except BlockingIOError:
                self._wait()
                return
            except OSError:
                self._waiting.clear()
                return
            del self._waiting[:done]
        self._stop_waiting()

    def _wait(self) -> None:
        try:
            asyncio.get_running_loop().add_writer(self._output, self._flush)
        except (RuntimeError, OSError):
            return

    def _stop_waiting(self) -> None:
        try:
            asyncio.get_running_loop().remove_writer(self._output)
        except (RuntimeError, OSError):
            return


class Session:
    """One visit: everything that one connection did, under one name."""

    def __init__(self, recorder: Recorder, source: str, port: int) -> None:
        self.name = os.urandom(6).hex()
        self.source = source
        self.port = port
        self._recorder = recorder
        self._began = time.monotonic()
        self._ended = False

    def record(self, kind: str, **fields: Field) -> None:
        """Record one thing that this visitor did."""
        self._recorder.write(kind, self.source, self.port, self.name, fields)

    def end(self, **fields: Field) -> None:
        """Record the end of the visit, once."""
        if not self._ended:
            self._ended = True
            self.record("disconnect", seconds=round(time.monotonic() - self._began, 3), **fields)


def shown(raw: bytes) -> str:
    """Bytes from outside as text: UTF-8, with what is not as \\xNN."""
    return raw[: 4 * MAX_TEXT].decode("utf-8", "backslashreplace")


def _line(event: dict[str, Field], fields: dict[str, Field]) -> bytes:
    """One line, cut so that it fits: escapes can make one character twelve bytes."""
    limit = MAX_TEXT
    while True:
        cut = {name: value[:limit] if isinstance(value, str) else value for name, value in fields.items()}
        line = json.dumps({**event, "fields": cut}, separators=(",", ":")).encode() + b"\n"
        if len(line) <= MAX_LINE or limit == 0:
            return line
        limit //= 2
