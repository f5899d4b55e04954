"""The receivers of events, and how a user writes them: a command, a URL, or a file with either."""

from __future__ import annotations

import shlex
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from decnet.engine.trust import Tls, check_files
from decnet.errors import UsageError
from decnet.model.suggest import suggest
from decnet.wire import clean

MAX_FILE = 64 * 1024
SYSLOG_PORTS = {"syslog": 514, "syslog+udp": 514, "syslog+tcp": 514, "syslog+tls": 6514}
MAIL_PORTS = {"smtp": 25, "smtps": 465}
CHATS = ("slack", "teams")

Shape = Literal["plain", "slack", "teams"]


@dataclass(frozen=True)
class Command:
    """A program that reads what it is sent on its stdin."""

    argv: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"`{clean(Path(self.argv[0]).name, 60)}`"


@dataclass(frozen=True)
class Webhook:
    """A URL that a request is posted to. Its path may be a secret, as headers are: both are never shown.
    `secret` signs each request."""

    url: SplitResult = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secret: bytes = field(default=b"", repr=False)
    tls: Tls = Tls()
    shape: Shape = "plain"

    @property
    def label(self) -> str:
        return clean(self.url.hostname or "", 100)


@dataclass(frozen=True)
class Syslog:
    """A syslog server."""

    transport: Literal["udp", "tcp", "tls"]
    host: str
    port: int
    tls: Tls = Tls()

    @property
    def label(self) -> str:
        return f"{clean(self.host, 100)}:{self.port}"


@dataclass(frozen=True)
class Mail:
    """A mail server and the envelope. Unless it is `secure` from the start, STARTTLS is used if the server
    offers it, and required for a password."""

    host: str
    port: int
    secure: bool
    sender: str
    to: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls()

    @property
    def label(self) -> str:
        return f"{clean(self.host, 100)}:{self.port}"


Receiver = Command | Webhook | Syslog | Mail


@dataclass(frozen=True)
class Settings:
    """What a receiver's file may contain besides its address; "" for the defaults."""

    headers: tuple[tuple[str, str], ...] = ()
    secret: str = field(default="", repr=False)
    tls: Tls = Tls()
    format: str = ""


def receiver(
    text: str, option: str = "--alert", settings: Settings | None = None
) -> tuple[Receiver, Settings]:
    """The receiver that `text` names, with the settings of its file, or else `settings`: a URL, or a command
    line, which is split as by a shell but run without one. `@FILE` reads it from a file. Raises UsageError,
    which names the option."""
    given = settings or Settings()
    chat, _, rest = text.partition(":")
    if chat in CHATS:
        found, given = receiver(rest, option, given)
        if not isinstance(found, Webhook):
            raise UsageError(
                f"{option}: {chat}: needs a URL with https://", hint=f"{chat}:@FILE, with the URL in it"
            )
        return replace(found, shape=chat), given  # type: ignore[arg-type]
    in_file = text.startswith("@")
    if in_file:
        text, given = _from_file(Path(text[1:]), option, given)
    check_files(given.tls, option)
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme in ("http", "https"):
        return _webhook(text, option, given), given
    if scheme in SYSLOG_PORTS:
        return _syslog(text, option, given), given
    if scheme in MAIL_PORTS:
        return _mail(text, option, given, in_file=in_file), given
    return _command(text, option), given


def _from_file(path: Path, option: str, settings: Settings) -> tuple[str, Settings]:
    """The address in a file: its first line, or the key `to` of a TOML document with the other settings."""
    try:
        with path.open(encoding="utf-8") as stream:
            content = stream.read(MAX_FILE)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"{option}: {path} cannot be read: {reason}") from error
    lines = [line.strip() for line in content.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    if lines and (lines[0].startswith("[") or lines[0].split("=")[0].strip() in _KEYS):
        return _from_toml(content, path, option, settings)
    return content.partition("\n")[0][:4096].strip(), settings


_KEYS: dict[str, type] = {
    "to": str, "secret": str, "ca": str, "cert": str, "key": str, "format": str, "headers": dict,
}  # fmt: skip


def _from_toml(content: str, path: Path, option: str, settings: Settings) -> tuple[str, Settings]:
    try:
        table: dict[str, Any] = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{option}: {path} is not valid TOML: {str(error).lower()}") from None
    mistakes = [fault for name, value in table.items() if (fault := _fault(name, value))]
    if "to" not in table:
        mistakes.append("`to` is missing")
    if "key" in table and "cert" not in table:
        mistakes.append("`key` needs `cert`")
    if mistakes:
        raise UsageError(f"{option}: {path}: {'; '.join(mistakes)}", hint=f"known keys: {', '.join(_KEYS)}")
    # A key belongs to its certificate: both are the file's, or both the options'.
    pair = table if "cert" in table else {"cert": settings.tls.cert, "key": settings.tls.key}
    tls = Tls(str(table.get("ca") or settings.tls.ca), str(pair["cert"]), str(pair.get("key") or ""))
    own = {name: str(table.get(name) or getattr(settings, name)) for name in ("secret", "format")}
    headers = {str(key): str(value) for key, value in table.get("headers", {}).items()}
    return str(table["to"]).strip(), Settings(tuple(headers.items()), own["secret"], tls, own["format"])


def _fault(name: str, value: Any) -> str:
    if name not in _KEYS:
        near = suggest(name, _KEYS)
        return f"unknown key `{clean(name, 60)}`" + (f" (did you mean `{near}`?)" if near else "")
    fits = isinstance(value, _KEYS[name])
    if not fits:
        return f"`{name}` must be {'a table' if name == 'headers' else 'text'}"
    return _header_fault(value) if name == "headers" else ""


def _header_fault(headers: dict[str, Any]) -> str:
    # Without the value: it may be a secret.
    wrong = [name for name, value in headers.items() if not _is_header(name, value)]
    return f"`headers.{clean(wrong[0], 60)}` is not a valid header" if wrong else ""


def _is_header(name: str, value: Any) -> bool:
    is_name = bool(name) and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return is_name and isinstance(value, str) and value.isascii() and value.isprintable()


def _webhook(text: str, option: str, settings: Settings) -> Webhook:
    url = _url(text, option, "https://HOST/PATH")
    return Webhook(url, settings.headers, settings.secret.encode(), settings.tls)


def _url(
    text: str, option: str, example: str, usable: Callable[[SplitResult], bool] = lambda url: True
) -> SplitResult:
    try:
        url = urlsplit(text)
        is_usable = bool(url.hostname) and (url.port or 1) > 0 and usable(url)
    except ValueError:
        is_usable = False
    if not is_usable or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"{option}: this is not a valid URL", hint=example)
    return url


def _syslog(text: str, option: str, settings: Settings) -> Syslog:
    scheme = text.partition("://")[0].lower()
    url = _url(
        text,
        option,
        f"{scheme}://HOST:{SYSLOG_PORTS[scheme]}",
        lambda url: url.path in ("", "/") and not (url.query or url.fragment or url.username),
    )
    transport: Any = scheme.partition("+")[2] or "udp"
    return Syslog(transport, url.hostname or "", url.port or SYSLOG_PORTS[scheme], settings.tls)


def _mail(text: str, option: str, settings: Settings, *, in_file: bool) -> Mail:
    scheme = text.partition("://")[0].lower()
    example = f"{scheme}://HOST/?to=soc@example.org&from=decnet@example.org"
    url = _url(text, option, example)
    asked = parse_qs(url.query)
    to = tuple(each.strip() for each in ",".join(asked.get("to", [])).split(",") if each.strip())
    sender = asked.get("from", ["decnet@localhost"])[0]
    if not to or not all(_is_mailbox(each) for each in (*to, sender)) or asked.keys() - {"to", "from"}:
        raise UsageError(f"{option}: a mail server needs the address that the mail goes to", hint=example)
    if url.password and not in_file:
        raise UsageError(
            f"{option}: a password on the command line is visible to other users",
            hint=f"write the URL into a file that only you can read: {option} @FILE",
        )
    return Mail(
        url.hostname or "", url.port or MAIL_PORTS[scheme], scheme == "smtps", sender, to,
        unquote(url.username or ""), unquote(url.password or ""), settings.tls,
    )  # fmt: skip


def _is_mailbox(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and text.isprintable() and not set(text) & set(' <>",;:\\')


def _command(text: str, option: str) -> Command:
    try:
        argv = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"{option}: the command cannot be split into words: {str(error).lower()}") from None
    if not argv:
        raise UsageError(f"{option} is empty", hint="give a command, or a URL with http:// or https://")
    if shutil.which(argv[0]) is None:
        raise UsageError(
            f"{option}: there is no program {clean(argv[0], 80)}",
            hint="its first word is a program; there is no shell, so no pipe and no variable either",
        )
    return Command(argv)
