"""An alert on its way out: JSON on a command's stdin, or posted to a URL. No shell, and a limit in time."""

from __future__ import annotations

import asyncio
import base64
import os
import shlex
import shutil
import signal
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from decnet import __version__
from decnet.errors import Failed, UsageError
from decnet.wire import clean

LIMIT = 10.0
"""Seconds that a receiver has for one alert."""

MAX_TOLD = 64 * 1024
STDERR_GRACE = 0.5


@dataclass(frozen=True)
class Command:
    """A program that reads the alert on its stdin."""

    argv: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"`{clean(Path(self.argv[0]).name, 60)}`"


@dataclass(frozen=True)
class Webhook:
    """A URL that the alert is posted to. Its path may be a secret: it is never shown."""

    url: SplitResult

    @property
    def label(self) -> str:
        return clean(self.url.hostname or "", 100)


Receiver = Command | Webhook


def receiver(text: str) -> Receiver:
    """A URL, or a command line, split as a shell does but never given to one; `@FILE` is a file that holds
    it. Raises UsageError."""
    if text.startswith("@"):
        text = _from_file(Path(text[1:]))
    if text.lower().startswith(("http://", "https://")):
        return _webhook(text)
    try:
        argv = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--alert: the command cannot be split into words: {str(error).lower()}") from None
    if not argv:
        raise UsageError("--alert is empty", hint="give a command, or a URL with http:// or https://")
    if shutil.which(argv[0]) is None:
        raise UsageError(
            f"--alert: there is no program {clean(argv[0], 80)}",
            hint="its first word is a program; there is no shell, so no pipe and no variable either",
        )
    return Command(argv)


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            return stream.readline(4096).strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"--alert: {path} cannot be read: {said}") from error


def _webhook(text: str) -> Webhook:
    try:
        url = urlsplit(text)
        usable = bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError("--alert: this is not a valid URL", hint="https://HOST/PATH")
    return Webhook(url)


async def deliver(to: Receiver, document: bytes, *, limit: float = LIMIT) -> None:
    """Give one alert to its receiver. Raises Failed where it was not taken within the limit."""
    try:
        async with asyncio.timeout(limit):
            await (_run(to, document) if isinstance(to, Command) else _post(to, document))
    except TimeoutError:
        raise Failed(f"alert: {to.label} did not take it within {limit:g} s") from None


async def _run(to: Command, document: bytes) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *to.argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise Failed(f"alert: {to.label} cannot be started: {error.strerror}") from error
    assert process.stderr is not None
    listening = asyncio.create_task(_tail(process.stderr))
    try:
        await _feed(process, document)
        code = await _exit_status(process)
        await asyncio.wait({listening}, timeout=STDERR_GRACE)
    finally:
        # What it started goes with it: nothing may pile up behind a receiver that hangs.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _exit_status(process)
        await asyncio.wait({listening}, timeout=STDERR_GRACE)
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - else an open pipe is a leak
    if code != 0:
        how = f"exited with status {code}" if code > 0 else f"was ended by signal {-code}"
        raise Failed(f"alert: {to.label} {how}{_last_line(listening)}")


async def _feed(process: asyncio.subprocess.Process, document: bytes) -> None:
    """Write the alert to the command's stdin. One that does not read it is in order, too."""
    assert process.stdin is not None
    process.stdin.write(document)
    writing = asyncio.create_task(process.stdin.drain())
    try:
        while process.returncode is None and not writing.done():
            await asyncio.wait({writing}, timeout=0.05)
        with suppress(BrokenPipeError, ConnectionResetError):
            if writing.done():
                writing.result()
    finally:
        writing.cancel()
    process.stdin.close()


async def _exit_status(process: asyncio.subprocess.Process) -> int:
    # Process.wait() of some Python releases waits for the pipes too, which a child may hold open.
    while process.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return process.returncode


async def _tail(stream: asyncio.StreamReader) -> bytes:
    tail = b""
    while piece := await stream.read(MAX_TOLD):
        tail = (tail + piece)[-MAX_TOLD:]
    return tail


def _last_line(listening: asyncio.Task[bytes]) -> str:
    said = listening.result() if listening.done() else b""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return f": {clean(lines[-1], 200)}" if lines else ""


async def _post(to: Webhook, document: bytes) -> None:
    url = to.url
    secure = ssl.create_default_context() if url.scheme.lower() == "https" else None
    port = url.port or (443 if secure else 80)
    try:
        reader, writer = await asyncio.open_connection(url.hostname, port, ssl=secure, limit=MAX_TOLD)
    except ssl.SSLError as error:
        raise Failed(
            f"alert: {to.label}: its certificate is refused: {clean(error.reason or '', 100)}"
        ) from error
    except OSError as error:
        raise Failed(
            f"alert: {to.label}:{port} is not reached: {clean(error.strerror or str(error), 200)}"
        ) from error
    try:
        writer.write(_request(url, port, document))
        await writer.drain()
        status = await reader.readline()
    except (OSError, ValueError) as error:
        raise Failed(f"alert: {to.label} broke off: {clean(str(error), 200)}") from error
    finally:
        writer.close()
    words = status.decode("latin-1").strip().split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise Failed(f"alert: {to.label} does not answer as an HTTP server")
    if not words[1].startswith("2"):
        hint = (
            "say the address that it leads to: a redirection is not followed" if words[1][0] == "3" else None
        )
        raise Failed(f"alert: {to.label} answered {clean(' '.join(words[1:]), 100)}", hint=hint)


def _request(url: SplitResult, port: int, document: bytes) -> bytes:
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    usual = 443 if url.scheme.lower() == "https" else 80
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = {
        "Host": f"{host}" if port == usual else f"{host}:{port}",
        "User-Agent": f"decnet/{__version__}",
        "Content-Type": "application/json",
        "Content-Length": str(len(document)),
        "Connection": "close",
    }
    if url.username is not None:
        pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + document
