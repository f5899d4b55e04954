# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`curl`, in the versions of the releases."""

from __future__ import annotations

import base64
from collections.abc import Generator
from typing import Any

from ..process import Process, Running
from ..text.common import Failure, content
from . import curl_options
from .curl_help import HELP, VERSION
from .curl_options import HINT, MOST_URLS, BadOption, Given
from .curl_show import HEAD, METER, Transfer, formatted, progress
from .local_http import Response, fetched
from .reach import DNS_SECONDS, OPEN, TIMED_OUT, Clock, attempt, is_numeric, record, resolved
from .urls import DEFAULT_PORTS, Url, split

VERSIONS = {
    ("debian", "11"): "7.74.0", ("debian", "12"): "7.88.1", ("ubuntu", "20.04"): "7.68.0", ("ubuntu", "22.04"): "7.81.0",
    ("ubuntu", "24.04"): "8.5.0", ("rocky", "8.10"): "7.61.1", ("rocky", "9.4"): "7.76.1", ("dsm", "7.2"): "7.86.0",
    ("qts", "5.1.8"): "8.4.0", ("openwrt", "21.02.3"): "7.83.1", ("freebsd", "13.2-RELEASE"): "8.1.2",
    ("freebsd", "14.0-RELEASE"): "8.4.0",
}  # fmt: skip
MOST_REDIRECTS = 50
MOST_METER = 3600
"""Updates of the progress meter, one per second."""


class Failed(Exception):
    """A transfer ends with a status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def curl(process: Process) -> Running:
    """`curl`."""
    if not process.args:
        process.err(HINT)
        return 2
    try:
        given = curl_options.read(process.args)
    except BadOption as error:
        process.err(f"curl: {error}\n{HINT}")
        return 2
    if "version" in given:
        process.out(VERSION.replace("7.88.1", version_of(process)))
        return 0
    if "help" in given:
        process.out(HELP)
        return 0
    if not given.urls:
        process.err(f"curl: no URL specified!\n{HINT}")
        return 2
    status = 0
    for number, text in enumerate(given.urls[:MOST_URLS]):
        output = given.outputs[number] if number < len(given.outputs) else None
        if output is None and "remote-name-all" in given:
            output = ""
        transfers = Transfers(process, given, text, output)
        status = yield from transfers.run()
    return status


def version_of(process: Process) -> str:
    """The version of the release."""
    system = process.shell.world.system
    return VERSIONS.get((system.id, system.version), "7.88.1")


class Transfers:
    """One URL: its tries and redirections. `output`: the file of -o, "" for -O, None for standard output."""

    def __init__(self, process: Process, given: Given, text: str, output: str | None) -> None:
        self._process = process
        self._given = given
        self._text = text
        self._clock = Clock()
        self._version = tuple(int(part) for part in version_of(process).split("."))
        url = split(text)
        name = url.file_name if url else ""
        self._output = name if output == "" else output
        self._lacks_name = output == "" and not name
        self._meters = "silent" not in given and "no-progress-meter" not in given
        if self._output in (None, "-") and process.to_terminal:
            self._meters = False
        self._limit = _number(given.value("max-time"))
        self._connect_limit = _number(given.value("connect-timeout"))

    def run(self) -> Running:
        """The status."""
        process, given = self._process, self._given
        where = "-" if self._output is None else self._output
        if where not in ("", "-", "/dev/null"):
            folder = given.value("output-dir")
            where = process.shell.absolute(f"{folder}/{where}" if folder else where)
        record(process, "download" if "upload-file" not in given else "upload", url=self._text, output=where)
        if self._lacks_name:
            process.err("curl: Remote file name has no length!\n")
            self._complain(Failed(23, "Failed writing received data to disk/application"))
            return 23
        tries = int(_number(given.value("retry"))) + 1
        for number in range(1, tries + 1):
            try:
                yield from self._transfer(first=number == 1)
                return 0
            except Failed as failed:
                self._complain(failed)
                again = (
                    failed.status == 28
                    or (failed.status == 7 and "retry-connrefused" in given)
                    or (failed.status == 6)
                )
                if number == tries or not (again or "retry-all-errors" in given):
                    return failed.status
                delay = _number(given.value("retry-delay")) or float(min(600, 2 ** (number - 1)))
                if "silent" not in given or "show-error" in given:
                    process.err(
                        f"Warning: Problem : timeout. Will retry in {delay:.0f} seconds. {tries - number} retries left.\n"
                    )
                yield from Clock().wait(delay)
                self._clock = Clock()
        return 0

    def _complain(self, failed: Failed) -> None:
        if failed.message and ("silent" not in self._given or "show-error" in self._given):
            self._process.err(f"curl: ({failed.status}) {failed.message}\n")
        self._written(Transfer(self._text, seconds=self._clock.waited))

    def _url(self, text: str) -> Url:
        url = split(text, self._given.value("proto-default") or _guessed(text))
        if url is None or any(char.isspace() for char in text):
            raise Failed(3, "URL using bad/illegal format or missing URL")
        if url.scheme not in (*DEFAULT_PORTS, "file", "mqtt", "rtmp"):
            raise Failed(1, f'Protocol "{url.scheme}" not supported or disabled in libcurl')
        return url

    def _transfer(self, *, first: bool) -> Generator[Any, Any, None]:
        text = self._text
        url = None if text.startswith("file://") else self._url(text)
        if self._meters and first:
            self._process.err(HEAD)
        if url is None:
            self._file(text)
            return
        for number in range(MOST_REDIRECTS + 1):
            host, port = self._proxied(url)
            address = yield from self._resolve(host)
            yield from self._connect(host, address, port)
            response = yield from self._ask(url, address, port)
            location = response.header("location")
            if (
                300 <= response.status < 400
                and location
                and ("location" in self._given or "location-trusted" in self._given)
            ):
                if "include" in self._given or "head" in self._given:
                    self._print(response.head)
                target = location if "://" in location else f"{url.scheme}://{url.authority}{location}"
                url = self._url(target)
                if number == int(_number(self._given.value("max-redirs")) or MOST_REDIRECTS):
                    raise Failed(47, f"Maximum ({number}) redirects followed")
                continue
            self._received(url, address, response)
            return

    def _proxied(self, url: Url) -> tuple[str, int]:
        """Whom it connects to: the host, or the proxy."""
        for name in ("proxy", "preproxy", "socks5", "socks5-hostname", "socks4", "socks4a", "proxy1.0"):
            proxy = split(self._given.value(name), "http") if self._given.value(name) else None
            if proxy is not None:
                return proxy.host, proxy.port if proxy.has_port else 1080
        return url.host, url.port

    # Waiting, with the progress meter

    def _wait(
        self, seconds: float, *, resolves: bool = False, ends: bool = True
    ) -> Generator[Any, Any, None]:
        """Wait, and count the seconds. `ends`: with the last line of the meter."""
        process = self._process
        if not self._meters:
            yield from self._clock.wait(seconds)
            return
        process.err(METER.format("--:--:--"))
        left = seconds
        for number in range(1, MOST_METER):
            if left <= 1.0:
                break
            yield from self._clock.wait(1.0)
            left -= 1.0
            process.err(METER.format(_time(number)))
        yield from self._clock.wait(left)
        if ends:
            process.err(METER.format(_time(int(seconds)) if seconds >= 1 else "--:--:--") + "\n")

    def _resolve(self, host: str) -> Generator[Any, Any, str]:
        address = host.strip("[]") if is_numeric(host) else resolved(self._process, host)
        if address:
            return address
        limit = min((each for each in (self._limit, self._connect_limit) if each), default=0.0)
        if limit and limit < DNS_SECONDS:
            yield from self._wait(limit, ends=False)
            raise Failed(28, f"Resolving timed out after {limit * 1000:.0f} milliseconds")
        yield from self._wait(DNS_SECONDS - 0.05, ends=False)
        self._verbose(f"* Could not resolve host: {host}\n* Closing connection 0\n")
        raise Failed(6, f"Could not resolve host: {host}")

    def _connect(self, host: str, address: str, port: int) -> Generator[Any, Any, None]:
        self._verbose(f"*   Trying {f'[{address}]' if ':' in address else address}:{port}...\n")
        found = attempt(self._process, address, port)
        limit, total = self._connect_limit, self._limit
        if total and found.seconds > total and (not limit or total <= limit):
            yield from self._wait(total)
            late = int(total * 1000) + 1
            self._verbose(f"* Connection timed out after {late} milliseconds\n* Closing connection 0\n")
            raise Failed(28, f"Connection timed out after {late} milliseconds")
        if limit and found.seconds > limit:
            yield from self._wait(limit)
            raise Failed(28, self._late(host, port, limit))
        if found.error == OPEN:
            return
        yield from self._wait(found.seconds)
        status = 28 if found.error == TIMED_OUT and self._version >= (7, 64) else 7
        text = self._cannot(host, port, found.error, found.seconds)
        self._verbose(
            f"* connect to {address} port {port} failed: {found.error}\n* {text}\n* Closing connection 0\n"
        )
        raise Failed(status, text)

    def _cannot(self, host: str, port: int, error: str, seconds: float) -> str:
        after = f" after {seconds * 1000:.0f} ms" if self._version >= (7, 79) else ""
        reason = "Couldn't connect to server" if self._version >= (7, 87) else error
        return f"Failed to connect to {host} port {port}{after}: {reason}"

    def _late(self, host: str, port: int, limit: float) -> str:
        late = int(limit * 1000) + 1
        if self._version >= (7, 87):
            return f"Failed to connect to {host} port {port} after {late} ms: Timeout was reached"
        return f"Connection timed out after {late} milliseconds"

    def _verbose(self, text: str) -> None:
        if "verbose" in self._given:
            self._process.err(text)

    # This machine's own servers

    def _ask(self, url: Url, address: str, port: int) -> Generator[Any, Any, Response]:
        if url.scheme == "https":
            if self._meters:
                self._process.err(METER.format("--:--:--") + METER.format("--:--:--") + "\n")
            raise Failed(35, "error:0A00010B:SSL routines::wrong version number")
        if url.scheme != "http":
            raise Failed(67, "Access denied: 530")
        shown = f"{url.host} ({address}) port {port}"
        self._verbose(f"* Connected to {shown} (#0)\n")
        request = self._request(url)
        head = request.partition(b"\r\n\r\n")[0].decode("utf-8", "surrogateescape")
        self._verbose("".join(f"> {line}\r\n" for line in [*head.split("\r\n"), ""]))
        response = yield from fetched(self._process, port, request)
        if response is None:
            if self._meters:
                self._process.err(METER.format("--:--:--") + METER.format("--:--:--") + "\n")
            raise Failed(1, "Received HTTP/0.9 when not allowed")
        return response

    def _request(self, url: Url) -> bytes:
        given, body = self._given, self._body()
        method = given.value("request") or (
            "HEAD" if "head" in given else "POST" if body is not None and "get" not in given else "GET"
        )
        if body is not None and "get" in given:
            url, body = (
                Url(
                    url.scheme,
                    url.user,
                    url.host,
                    url.port,
                    f"{url.path}{'&' if '?' in url.path else '?'}{body.decode('latin-1')}",
                ),
                None,
            )
        own = {name.partition(":")[0].strip().lower() for name in given.all("header")}
        lines = [f"{method} {url.path} HTTP/1.1"]
        user = given.value("user") or url.user
        for name, value in (
            ("Host", url.authority), ("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""),
            ("User-Agent", given.value("user-agent") or f"curl/{version_of(self._process)}"), ("Accept", "*/*"),
            ("Referer", given.value("referer")), ("Cookie", given.value("cookie") if "=" in given.value("cookie") else ""),
        ):  # fmt: skip
            if value and name.lower() not in own:
                lines.append(f"{name}: {value}")
        lines += [text for text in given.all("header") if text.partition(":")[2].strip()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
            if "content-type" not in own:
                lines.append("Content-Type: application/x-www-form-urlencoded")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + (body or b"")

    def _body(self) -> bytes | None:
        """The data to post, None without any."""
        parts: list[bytes] = []
        for name in ("data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json"):
            for value in self._given.all(name):
                if value.startswith("@") and name != "data-raw":
                    try:
                        parts.append(content(self._process, value[1:]))
                    except Failure:
                        self._process.err(
                            f'Warning: Couldn\'t read data from file "{value[1:]}", this makes an \nWarning: empty POST.\n'
                        )
                        parts.append(b"")
                else:
                    parts.append(value.encode("utf-8", "surrogateescape"))
        return b"&".join(parts) if parts else None

    def _received(self, url: Url, address: str, response: Response) -> None:
        given = self._given
        lines = response.head.decode("latin-1").split("\r\n")[:-1]
        self._verbose("".join(f"< {line}\r\n" for line in lines))
        if "fail" in given and response.status >= 400:
            if self._meters:
                self._process.err(METER.format("--:--:--") + METER.format("--:--:--") + "\n")
            raise Failed(22, f"The requested URL returned error: {response.status}")
        body = b"" if "head" in given else response.body
        data = (response.head if "include" in given or "head" in given else b"") + body
        if body and "verbose" in given:
            self._verbose(
                f"{{ [{len(body)} bytes data]\n" if self._output or not self._process.to_terminal else ""
            )
        self._print(data)
        if self._meters:
            self._process.err(METER.format("--:--:--") + progress(len(body)))
        self._verbose(f"* Connection #0 to host {url.host} left intact\n")
        self._written(Transfer(f"{url.scheme}://{url.authority}{url.path}", response.status, len(body), response.header("content-type"), address, 0.001, response.header("location")))  # fmt: skip

    def _print(self, data: bytes) -> None:
        """Write to where the output goes. Raises Failed."""
        process = self._process
        if self._output in (None, "-"):
            process.out(data)
            return
        assert self._output is not None
        if self._output == "/dev/null":
            return
        shell = process.shell
        path = shell.absolute(self._output)
        reason = shell.refusal(path) or shell.put(path, data, len(data))
        if reason:
            process.err(f"Warning: Failed to open the file {self._output}: {reason}\n")
            raise Failed(23, "Failure writing output to destination")

    def _written(self, transfer: Transfer) -> None:
        form = self._given.value("write-out")
        if form:
            self._process.out(formatted(form, transfer))

    def _file(self, text: str) -> None:
        path = text[len("file://") :]
        try:
            data = content(self._process, path)
            self._print(data)
            if self._meters:
                self._process.err(METER.format("--:--:--") + progress(len(data), rate=24_300))
        except Failure:
            raise Failed(37, f"Couldn't open file {path}") from None


def _guessed(text: str) -> str:
    """The scheme of a URL without one, by the beginning of its host."""
    name = text.partition(".")[0].lower()
    return name if name in ("ftp", "dict", "ldap", "imap", "smtp", "pop3") else "http"


def _number(text: str) -> float:
    plain = text.replace(".", "", 1)
    return float(text[:12]) if plain.isdecimal() else 0.0


def _time(seconds: int) -> str:
    return f"{seconds // 3600:2d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


COMMANDS = {"curl": curl}
