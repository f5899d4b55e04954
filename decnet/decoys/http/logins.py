"""The credentials anywhere in a request, whatever the reply is."""

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from ..credentials import is_text, unwrapped
from .messages import Refused, Request

USER_FIELDS = ("username", "user", "login", "email", "log", "name", "usr", "uname", "account")
PASSWORD_FIELDS = ("password", "pass", "passwd", "pwd", "psw", "secret")
MOST_FIELDS = 50
NAME = re.compile(rb'\bname="?([^";\r\n]{1,100})')
MEMBER = re.compile(rb'"(\w{1,100})"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)')
PARAMETER = re.compile(r'\b(\w{1,30})="?([^",]*)')
USERINFO = re.compile(r"^(?:\w+:)?//([^/?#]*)@|^([^/?#@]+)@")

Login = tuple[str, dict[str, bytes | str]]
"""Its method, and the fields of its event."""


def logins(request: Request) -> Iterator[Login]:
    """Every credential in the request."""
    for name, value in request.headers:
        if name in ("authorization", "proxy-authorization") and value:
            yield _authorization(value)
    for place in (request.target, request.header("host")):
        found = USERINFO.match(place)
        if found:
            user, _, password = (found[1] or found[2]).encode("latin-1").partition(b":")
            yield "url", {"username": unquote_to_bytes(user), "password": unquote_to_bytes(password)}
    query = request.target.partition("?")[2].partition("#")[0]
    yield from _of_fields(_pairs(query.encode("latin-1", "replace")), "query")
    yield from _of_fields(_body(request), "json" if _is_json(request.body) else "form")


def salvaged(refused: Refused, rest: bytes) -> Request:
    """A refused request, as far as it can be read. `rest`: what was received but not read for it."""
    request = refused.request or Request("", "", (1, 1))
    if request.headers:
        return Request(request.method, request.target, request.version, request.headers, request.body + rest)
    head, _, body = (refused.head + rest).replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = (line.partition(":") for line in re.sub(r"\n[ \t]+", " ", head.decode("latin-1")).split("\n"))
    headers = [(name.strip().lower(), value.strip()) for name, colon, value in lines if colon]
    words = refused.raw.split()
    target = request.target or (words[1].decode("latin-1") if len(words) > 1 else "")
    if len(words) == 1 and not request.target:  # a body without a length, taken for the next request
        body = refused.raw
    return Request(request.method, target, request.version, headers, body)


def _authorization(value: str) -> Login:
    scheme, _, rest = value.partition(" ")
    method, rest = scheme.lower()[:60], rest.strip()
    raw = rest.encode("latin-1", "replace")
    if method == "basic":
        return method, _basic(rest, raw)
    if method == "digest":
        found = dict(PARAMETER.findall(rest))
        return method, {"username": found.get("username", "").encode("latin-1"), "response": raw}
    return method if rest else "authorization", {"username": "", "response": raw or scheme}


def _basic(rest: str, raw: bytes) -> dict[str, bytes | str]:
    decoded = unwrapped(rest)
    if decoded is None:
        return {"username": "", "response": raw}
    user, colon, password = decoded.partition(b":")
    found: dict[str, bytes | str] = {"username": user}
    if colon:
        found["password"] = password
    if not colon or not is_text(decoded):
        found["response"] = raw
    return found


def _of_fields(fields: list[tuple[str, bytes]], method: str) -> Iterator[Login]:
    """A login, if one of these fields is a password."""
    known = {name.lower(): value for name, value in reversed(fields[:MOST_FIELDS])}
    user = next((known[name] for name in USER_FIELDS if name in known), b"")
    password = next((known[name] for name in PASSWORD_FIELDS if name in known), None)
    if password is not None:
        yield method, {"username": user, "password": password}


def _body(request: Request) -> list[tuple[str, bytes]]:
    """The fields of a form, posted in any of the usual ways, or its beginning."""
    body = request.body
    if "multipart/" in request.header("content-type").lower():
        parts = (part.partition(b"\n\n") for part in body.replace(b"\r\n", b"\n").split(b"\n--"))
        return [
            (found[1].decode("latin-1"), value) for head, _, value in parts if (found := NAME.search(head))
        ]
    if _is_json(body):
        return [(name.decode(), _plain(value)) for name, value in MEMBER.findall(body)]
    return _pairs(body)


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"{", b"[")


def _pairs(text: bytes) -> list[tuple[str, bytes]]:
    """The fields of a query string."""
    parts = (part.partition(b"=") for part in text.split(b"&", MOST_FIELDS))
    return [(_unquoted(name).decode("latin-1"), _unquoted(value)) for name, _, value in parts]


def _unquoted(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _plain(value: bytes) -> bytes:
    """The value of a JSON text or number."""
    try:
        return str(json.loads(value)).encode("utf-8", "surrogatepass")
    except ValueError:
        return value
