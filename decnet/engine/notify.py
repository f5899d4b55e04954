"""Delivery of an alert: JSON on the stdin of a command, or posted to a URL; no shell, within a time limit."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from decnet import __version__
from decnet.engine.daemon_thread import in_daemon_thread
from decnet.errors import Failed, UsageError
from decnet.wire import clean

LIMIT = 10.0
"""Seconds that a receiver may take for one alert."""

MAX_REDIRECTS = 3
MAX_STDERR = 64 * 1024
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
    """The receiver that `text` names: a URL, or a command line, which is split as by a shell but run without
    one. `@FILE` reads it from a file. Raises UsageError."""
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
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"--alert: {path} cannot be read: {reason}") from error


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
    """Deliver one alert. Raises Failed if the receiver does not accept it within the limit."""
    try:
        async with asyncio.timeout(limit):
            await (_run(to, document) if isinstance(to, Command) else _post(to, document, limit))
    except TimeoutError:
        raise Failed(f"alert: {to.label} did not accept it within {limit:g} s") from None


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
    stderr_tail = asyncio.create_task(_tail(process.stderr))
    try:
        await _write_stdin(process, document)
        code = await _exit_status(process)
        await asyncio.wait({stderr_tail}, timeout=STDERR_GRACE)
    finally:
        # End its child processes too: a receiver that hangs must not accumulate processes.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _exit_status(process)
        await asyncio.wait({stderr_tail}, timeout=STDERR_GRACE)
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - else an open pipe is a leak
    if code != 0:
        how = f"exited with status {code}" if code > 0 else f"was ended by signal {-code}"
        raise Failed(f"alert: {to.label} {how}{_last_line(stderr_tail)}")


async def _write_stdin(process: asyncio.subprocess.Process, document: bytes) -> None:
    """Write the alert to the command's stdin. A command that does not read it is not an error."""
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
    while piece := await stream.read(MAX_STDERR):
        tail = (tail + piece)[-MAX_STDERR:]
    return tail


def _last_line(stderr_tail: asyncio.Task[bytes]) -> str:
    output = stderr_tail.result() if stderr_tail.done() else b""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return f": {clean(lines[-1], 200)}" if lines else ""


async def _post(to: Webhook, document: bytes, limit: float) -> None:
    """Post the alert from a thread, which is abandoned after the limit. A receiver that still blocks a thread
    gets no other one: threads must not accumulate."""
    if to in _posting:
        raise Failed(f"alert: {to.label} has not answered the previous alert yet")
    _posting.add(to)

    def post() -> tuple[int, str]:
        try:
            return _response(to, document, limit)
        finally:
            _posting.discard(to)

    status, reason = await in_daemon_thread(post)
    if not 200 <= status < 300:
        hint = "use the address that it redirects to" if 300 <= status < 400 else None
        raise Failed(f"alert: {to.label} answered {clean(f'{status} {reason}', 100)}", hint=hint)


_posting: set[Webhook] = set()


def _response(to: Webhook, document: bytes, limit: float) -> tuple[int, str]:
    """The status of the response and its reason; the body is not read. Follows redirects that keep the
    method, and uses proxies as requests does."""
    import requests
    from urllib3.exceptions import HTTPError

    headers = {"User-Agent": f"decnet/{__version__}", "Content-Type": "application/json"}
    address, found = to.url.geturl(), ssl.get_default_verify_paths()
    for _ in range(MAX_REDIRECTS + 1):
        try:
            answer = requests.post(
                address, document, headers=headers, timeout=limit, stream=True, allow_redirects=False,
                # The certificates of this system, not those of requests.
                verify=found.cafile or found.capath or True,
            )  # fmt: skip
        except requests.Timeout as error:
            raise TimeoutError from error
        except (requests.RequestException, HTTPError) as error:
            raise Failed(f"alert: {to.label}{_failure(error, to)}") from None
        with answer:
            location = answer.headers.get("Location", "")
            target = urljoin(address, location)
            is_followed = answer.status_code in (307, 308) and location
            if not is_followed or urlsplit(target).scheme != to.url.scheme:
                return answer.status_code, answer.reason
            address = target
    raise Failed(f"alert: {to.label} redirects more than {MAX_REDIRECTS} times")


def _failure(error: Exception, to: Webhook) -> str:
    """The cause of the failure, without the URL, which requests puts into its messages."""
    from http.client import BadStatusLine

    import requests
    from urllib3.exceptions import LocationParseError, NewConnectionError

    causes = _causes(error)
    reason = next((each.strerror for each in causes if isinstance(each, OSError) and each.strerror), "")
    if refused := next((each for each in causes if isinstance(each, ssl.SSLError)), None):
        return f": its certificate is refused: {clean(refused.reason or str(refused), 100)}"
    if isinstance(error, requests.exceptions.ProxyError):
        return f": its proxy cannot be used: {clean(reason or 'no connection', 200)}"
    if any(isinstance(each, (LocationParseError, requests.exceptions.InvalidURL)) for each in causes):
        return ": this host name is not valid"
    if any(type(each) is BadStatusLine for each in causes):
        return " does not answer as an HTTP server"
    if any(isinstance(each, NewConnectionError) for each in causes):
        port = to.url.port or (443 if to.url.scheme.lower() == "https" else 80)
        return f":{port} cannot be reached: {clean(reason or 'no such host', 200)}"
    return f" did not complete the request: {clean(reason or 'the connection was closed', 200)}"


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all its causes: requests and urllib3 put them into each other's arguments."""
    found: list[BaseException] = []
    left: list[object] = [error]
    while left:
        each = left.pop()
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            left += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return found
