# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`wget`: GNU Wget 1.21; BusyBox's is in busybox.py."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from ..process import Process, Running
from ..text.common import Failure, Options, content, parse, quoted, text_of
from .local_http import Response, fetched
from .reach import (
    DNS_SECONDS,
    NO_NAME,
    OPEN,
    REFUSED,
    TIMED_OUT,
    Clock,
    attempt,
    is_numeric,
    record,
    resolved,
)
from .urls import Url, split
from .wget_options import (
    AUTHENTICATION,
    GENERAL,
    LONG,
    NETWORK,
    PARSE,
    SERVER,
    SHORT,
    USAGE,
    short_size,
    speed,
)
from .wget_options import seconds as seconds_of

MOST_URLS = 200
MOST_REDIRECTS = 20
LONGEST_WAIT = 10.0
"""Seconds between two tries; they grow by one from one second."""


def wget(process: Process) -> Running:
    """`wget`."""
    if process.applet:
        from .busybox import wget as of_busybox

        found: int = yield from of_busybox(process)
        return found
    if process.shell.world.system.id == "openwrt":
        from .busybox import uclient_fetch

        return (yield from uclient_fetch(process))
    try:
        options = parse(process, SHORT, LONG, status=PARSE)
    except Failure as failure:
        process.err(f"wget: {failure.message}\n{USAGE}")
        return PARSE
    if "V" in options:
        process.out(
            "GNU Wget 1.21.3 built on linux-gnu.\n\n-cares +digest -gpgme +https +ipv6 +iri +large-file -metalink +nls \n+ntlm +opie +psl +ssl/gnutls \n"
        )
        return 0
    return (yield from Downloads(process, options).run())


class Downloads:
    """All URLs of one call."""

    def __init__(self, process: Process, options: Options) -> None:
        self._process = process
        self._options = options
        self._clock = Clock()
        self._log: list[str] = []
        self._brief = "v" in options.values("n") or "no-verbose" in options
        self._quiet = "q" in options
        self._logs_to_file = bool(options.value("o") or options.value("a"))
        self._target = options.value("O")
        self._done: list[int] = []
        tries = options.value("t")
        self._tries = 20 if not tries.isdecimal() else int(tries[:6]) or 1_000_000
        self._timeout = seconds_of(options.value("connect-timeout") or options.value("T"))
        self._dns_timeout = seconds_of(options.value("dns-timeout") or options.value("T"))

    def run(self) -> Running:
        """The exit status."""
        process, options = self._process, self._options
        urls = list(options.operands)
        name = options.value("i")
        if name:
            urls += self._listed(name)
            if not urls:
                return 0
        if not urls:
            process.err(f"wget: missing URL\n{USAGE}")
            return GENERAL
        self._record(urls)
        if "b" in options:
            return self._background()
        if self._target and "N" in options:
            process.err(
                "WARNING: timestamping does nothing in combination with -O. See the manual\nfor details.\n\n"
            )
        refusal = self._open_target()
        if refusal:
            process.err(f"{self._target}: {refusal}\n")
            return GENERAL
        if "spider" in options and not self._quiet:
            self.say("Spider mode enabled. Check if remote file exists.\n", brief=False)
        status = 0
        for text in urls[:MOST_URLS]:
            found = yield from self._one(text)
            status = found if not status or (found and found < status) else status
        self._finish(len(urls))
        return status

    def _record(self, urls: list[str]) -> None:
        where = self._process.shell.absolute(self._options.value("P") or ".").rstrip("/")
        for text in urls[:MOST_URLS]:
            url = split(text)
            name = (url.file_name if url else "") or "index.html"
            target = self._target and (
                self._target if self._target == "-" else self._process.shell.absolute(self._target)
            )
            record(self._process, "download", url=text, output=target or f"{where}/{name}")

    def _listed(self, name: str) -> list[str]:
        try:
            text = text_of(content(self._process, name))
        except Failure as failure:
            self._process.err(f"{name}: {failure.message}\nNo URLs found in {name}.\n")
            return []
        return [line.strip() for line in text.splitlines()[:MOST_URLS] if line.strip()]

    def _background(self) -> int:
        shell = self._process.shell
        name = self._options.value("o") or "wget-log"
        shell.put(shell.absolute(name), b"", 0)
        self._process.err(f"Continuing in background, pid {shell.pid + 3}.\n")
        if name == "wget-log":
            self._process.err(f"Output will be written to {quoted(self._process, name)}.\n")
        return 0

    def _open_target(self) -> str:
        """Create the file of -O; why that is impossible, "" if it is not."""
        shell = self._process.shell
        if not self._target or self._target in ("-", "/dev/null", "/dev/stdout"):
            return ""
        path = shell.absolute(self._target)
        if "c" in self._options and shell.node(path) is not None:
            return ""
        return shell.refusal(path) or shell.put(path, b"", 0)

    def say(self, text: str, *, brief: bool = True) -> None:
        """Write to the log. `brief`: also with -nv."""
        if self._quiet or (self._brief and not brief):
            return
        if self._logs_to_file:
            self._log.append(text)
        else:
            self._process.err(text)

    def _stamp(self, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        return time.strftime(form, time.gmtime(self._clock.now))

    def _finish(self, count: int) -> None:
        process, shell = self._process, self._process.shell
        if count > 1 and self._done and not self._brief:
            total = sum(self._done)
            self.say(
                f"FINISHED --{self._stamp()}--\nTotal wall clock time: {self._clock.waited + 0.01:.2g}s\n"
                f"Downloaded: {len(self._done)} files, {short_size(total)} in 0s ({speed(total)})\n"
            )
        if self._logs_to_file:
            name = self._options.value("o") or self._options.value("a")
            path = shell.absolute(name)
            before = (shell.read(path) or "") if "a" in self._options else ""
            data = (before + "".join(self._log)).encode("utf-8", "surrogateescape")
            reason = shell.refusal(path) or shell.put(path, data, len(data))
            if reason:
                process.err(f"{name}: {reason}\n")

    # One URL

    def _one(self, text: str) -> Running:
        url = split(text)
        if url is None:
            self.say(f"{text}: Invalid host name.\n" if "://" in text else f"{text}: Bad port number.\n")
            return GENERAL
        if url.scheme not in ("http", "https", "ftp", "ftps"):
            self.say(f"{text}: Unsupported scheme {quoted(self._process, url.scheme)}.\n")
            return GENERAL
        if "c" not in self._options and ("c" in self._options.values("n") or "no-clobber" in self._options):
            name = self._name(url)
            if self._process.shell.node(self._process.shell.absolute(name)) is not None:
                self.say(f"File {quoted(self._process, name)} already there; not retrieving.\n\n")
                return 0
        for _ in range(MOST_REDIRECTS):
            found: int | Url = yield from self._tried(url)
            if isinstance(found, int):
                return found
            url = found
        self.say(f"{MOST_REDIRECTS} redirections exceeded.\n")
        return SERVER

    def _shown(self, url: Url) -> str:
        user, colon, _ = url.user.partition(":")
        user = f"{user}:*password*@" if colon else f"{user}@" if user else ""
        return f"{url.scheme}://{user}{url.authority}{url.path}"

    def _head(self, url: Url, number: int) -> None:
        again = f"  (try:{number:2d})" if number > 1 else ""
        self.say(f"--{self._stamp()}--{again}  {self._shown(url)}\n", brief=False)
        if url.scheme == "ftp" and number == 1:
            self.say(f"           => {quoted(self._process, self._name(url))}\n", brief=False)

    def _tried(self, url: Url) -> Generator[Any, Any, int | Url]:
        """Try until it is over: the status, or where a redirection leads."""
        address = ""
        for number in range(1, self._tries + 1):
            self._head(url, number)
            if not address:
                address = yield from self._resolve(url)
                if not address:
                    return NETWORK
            error = yield from self._connect(url, address)
            if error == OPEN:
                return (yield from self._get(url, address))
            again = error == TIMED_OUT or (error == REFUSED and "retry-connrefused" in self._options)
            self.say(f"failed: {error}.\n")
            if not again:
                return NETWORK
            if number == self._tries:
                self.say("Giving up.\n\n", brief=False)
                return NETWORK
            self.say("Retrying.\n\n", brief=False)
            yield from self._clock.wait(min(float(number), LONGEST_WAIT))
        return NETWORK

    def _resolve(self, url: Url) -> Generator[Any, Any, str]:
        host = url.host
        if is_numeric(host):
            return host.strip("[]")
        self.say(f"Resolving {host} ({host})... ", brief=False)
        address = resolved(self._process, host)
        if address:
            self.say(f"{address}\n", brief=False)
            return address
        limit = self._dns_timeout
        yield from self._clock.wait(min(DNS_SECONDS, limit) if limit else DNS_SECONDS)
        self.say(f"failed: {TIMED_OUT if limit and limit < DNS_SECONDS else NO_NAME}.\n", brief=False)
        self.say(f"wget: unable to resolve host address {quoted(self._process, host)}\n")
        return ""

    def _connect(self, url: Url, address: str) -> Generator[Any, Any, str]:
        name = url.host if is_numeric(url.host) else f"{url.host} ({url.host})|{address}|"
        self.say(f"Connecting to {name}:{url.port}... ", brief=False)
        found = attempt(self._process, address, url.port)
        limit = self._timeout
        if limit and found.seconds > limit:
            yield from self._clock.wait(limit)
            return TIMED_OUT
        yield from self._clock.wait(found.seconds)
        return found.error

    def _get(self, url: Url, address: str) -> Generator[Any, Any, int | Url]:
        """A request to this machine itself."""
        self.say("connected.\n", brief=False)
        if url.scheme in ("https", "ftps"):
            self.say(
                "GnuTLS: The TLS connection was non-properly terminated.\nUnable to establish SSL connection.\n"
            )
            return NETWORK
        if url.scheme == "ftp":
            self.say("Logging in as anonymous ... Login incorrect.\n")
            return AUTHENTICATION
        self.say("HTTP request sent, awaiting response... ", brief=False)
        response = yield from fetched(self._process, url.port, self._request(url))
        if response is None:
            yield from self._clock.wait(0.2)
            self.say("200 No headers, assuming HTTP/0.9\nLength: unspecified\n", brief=False)
            return 0
        return self._answered(url, response)

    def _request(self, url: Url) -> bytes:
        options = self._options
        method = options.value("method") or (
            "POST"
            if options.value("post-data") or options.value("post-file")
            else "HEAD"
            if "spider" in options
            else "GET"
        )
        body = (options.value("post-data") or options.value("body-data")).encode("utf-8", "surrogateescape")
        lines = [
            f"{method} {url.path} HTTP/1.1", f"Host: {url.authority}", f"User-Agent: {options.value('U') or 'Wget/1.21.3'}",
            "Accept: */*", "Accept-Encoding: identity", "Connection: Keep-Alive", *options.values("header"),
        ]  # fmt: skip
        if body:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body

    def _answered(self, url: Url, response: Response) -> int | Url:
        self._heads(response)
        if response.status in (301, 302, 303, 307, 308) and response.header("location"):
            where = response.header("location")
            self.say(f"Location: {where} [following]\n", brief=False)
            target = split(
                where
                if "://" in where
                else f"{url.scheme}://{url.authority}{where if where.startswith('/') else '/' + where}"
            )
            return target or GENERAL
        if response.status == 401:
            self.say("\nUsername/Password Authentication Failed.\n")
            return AUTHENTICATION
        if response.status >= 300 or response.status < 200:
            if self._brief:
                self.say(f"{self._shown(url)}:\n")
            self.say(
                f"{self._stamp()} ERROR {response.status}: {response.reason}.\n"
                + ("" if self._brief else "\n")
            )
            return SERVER
        kind = response.header("content-type").partition(";")[0]
        size = (
            len(response.body)
            if "spider" not in self._options
            else int(response.header("content-length") or 0)
        )
        human = f" ({short_size(size)})" if size >= 1024 else ""
        self.say(f"Length: {size}{human}" + (f" [{kind}]" if kind else "") + "\n", brief=False)
        if "spider" in self._options:
            self.say("Remote file exists.\n\n", brief=False)
            return 0
        return self._save(url, response.body)

    def _heads(self, response: Response) -> None:
        if "S" in self._options:
            lines = response.head.decode("latin-1").rstrip("\r\n").split("\r\n")
            self.say("\n" + "".join(f"  {line}\n" for line in lines), brief=False)
        else:
            self.say(f"{response.status} {response.reason}\n", brief=False)

    def _name(self, url: Url) -> str:
        if self._target:
            return self._target
        name = url.path.rpartition("?")[0].rpartition("/")[2] if "?" in url.path else url.file_name
        query = url.path.partition("?")[2]
        name = (name or "index.html") + (f"?{query}" if query else "")
        folder = self._options.value("P").rstrip("/")
        return f"{folder}/{name}" if folder else name

    def _save(self, url: Url, body: bytes) -> int:
        process, shell = self._process, self._process.shell
        name = self._name(url)
        if self._target == "-":
            shown, verb = "STDOUT", "written to stdout"
        else:
            if not self._target:
                name = self._unused(name)
            shown, verb = name, f"{quoted(process, name)} saved"
        self.say(f"Saving to: {quoted(process, shown)}\n", brief=False)
        if self._target == "-":
            process.out(body)
        elif self._target != "/dev/null":
            folder = self._options.value("P").rstrip("/")
            if folder and shell.node(shell.absolute(folder)) is None:
                from ...host.node import Node

                shell.change(
                    shell.absolute(folder),
                    Node(0o755, folder=True, owner=shell.user, changed=int(time.time())),
                )
            path = shell.absolute(name)
            reason = shell.refusal(path) or shell.put(path, body, len(body))
            if reason:
                self.say(f"{name}: {reason}\n\nCannot write to {quoted(process, name)} ({reason}).\n")
                return 3
        self._progress(name, len(body))
        self.say(f"{self._stamp()} ({speed(len(body))}) - {verb} [{len(body)}/{len(body)}]\n\n", brief=False)
        if self._brief:
            self.say(f'{self._stamp()} URL:{self._shown(url)} [{len(body)}/{len(body)}] -> "{name}" [1]\n')
        self._done.append(len(body))
        return 0

    def _progress(self, name: str, size: int) -> None:
        if self._process.to_terminal and not self._logs_to_file:
            shown = name if len(name) <= 19 else f"{name[:17]}.."
            bar = "=" * max(1, self._process.columns - 63) + ">"
            self.say(
                f"\n{shown:<19} 100%[{bar}] {short_size(size, exact=True):>7}  --.-KB/s    in 0s      \n\n",
                brief=False,
            )
            return
        dots = "." * min(50, size // 1024)
        lines = [dots[at : at + 10] for at in range(0, len(dots), 10)]
        rate = speed(size).split("/")[0].replace(" ", "").removesuffix("B") if size else "0.00 "
        percent = "100%" if size else "    "
        self.say(f"\n     0K {' '.join(lines):<54} {percent} {rate:>5}=0s\n\n", brief=False)

    def _unused(self, name: str) -> str:
        shell, chosen, number = self._process.shell, name, 0
        while shell.node(shell.absolute(chosen)) is not None and number < 100:
            number += 1
            chosen = f"{name}.{number}"
        return chosen


COMMANDS = {"wget": wget}
