"""Posts a parcel to a URL: signed, through the proxies of the environment, within a time limit."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from decnet import __version__
from decnet.engine.daemon_thread import in_daemon_thread
from decnet.engine.parcel import JSON, Parcel
from decnet.engine.receivers import Webhook
from decnet.engine.trust import Tls, tls_failure
from decnet.errors import Failed, Refused
from decnet.wire import clean

MAX_REDIRECTS = 3
OF_CONTENT = (400, 413, 422)
"""Answers about what was sent, which would be the same again."""

SIGNATURE, TIMESTAMP = "X-Decnet-Signature", "X-Decnet-Timestamp"


async def post(to: Webhook, parcel: Parcel, limit: float) -> None:
    """Post from a thread, which is abandoned after the limit. A receiver that still blocks a thread gets no
    other one: threads must not accumulate. Raises Failed, or TimeoutError."""
    if to in _posting:
        raise Failed(f"{to.label} has not answered the previous request yet")
    _posting.add(to)

    def work() -> tuple[int, str]:
        try:
            return _response(to, _shaped(to, parcel), limit)
        finally:
            _posting.discard(to)

    status, reason = await in_daemon_thread(work)
    if not 200 <= status < 300:
        hint = "use the address that it redirects to" if 300 <= status < 400 else None
        kind = Refused if status in OF_CONTENT else Failed
        raise kind(f"{to.label} answered {clean(f'{status} {reason}', 100)}", hint=hint)


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """The signature of a request: HMAC-SHA256 of its timestamp, a dot and its body."""
    return "sha256=" + hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


_posting: set[Webhook] = set()


def _shaped(to: Webhook, parcel: Parcel) -> Parcel:
    """The parcel as the receiver's preset wants it: a chat gets the summary."""
    if to.shape == "plain":
        return parcel
    text = parcel.summary
    if to.shape == "slack":
        # Without this, Slack would read links and mentions in what an attacker sent.
        for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(character, entity)
        return replace(parcel, lines=(json.dumps({"text": text}).encode(),), media=JSON)
    card: dict[str, Any] = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.2",
        "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    message = {"type": "message", "attachments": [attachment]}
    return replace(parcel, lines=(json.dumps(message).encode(),), media=JSON)


def _response(to: Webhook, parcel: Parcel, limit: float) -> tuple[int, str]:
    """The status of the response and its reason; the body is not read. Follows redirects that keep the
    method, and uses proxies as requests does."""
    import requests
    from urllib3.exceptions import HTTPError

    headers, address = _headers(to, parcel), to.url.geturl()
    for _ in range(MAX_REDIRECTS + 1):
        try:
            answer = requests.post(
                address, parcel.body, headers=headers, timeout=limit, stream=True, allow_redirects=False,
                verify=_trusted(to), cert=_own(to.tls),
            )  # fmt: skip
        except requests.Timeout as error:
            raise TimeoutError from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _failure(error, to) from None
        with answer:
            location = answer.headers.get("Location", "")
            target = urljoin(address, location)
            is_followed = answer.status_code in (307, 308) and location and _may_follow(to, target)
            if not is_followed:
                return answer.status_code, answer.reason
            address = target
    raise Failed(f"{to.label} redirects more than {MAX_REDIRECTS} times")


def _headers(to: Webhook, parcel: Parcel) -> dict[str, str]:
    headers = {"User-Agent": f"decnet/{__version__}", "Content-Type": parcel.media, **dict(to.headers)}
    if to.secret:
        timestamp = str(int(time.time()))
        headers |= {TIMESTAMP: timestamp, SIGNATURE: signature(to.secret, timestamp, parcel.body)}
    return headers


def _own(tls: Tls) -> tuple[str, str] | None:
    """Our certificate and its key, if any, as requests takes them."""
    return (tls.cert, tls.key or tls.cert) if tls.cert else None


def _trusted(to: Webhook) -> str | bool:
    """The certificates of the receiver's own file, else those of this system, not those of requests."""
    found = ssl.get_default_verify_paths()
    return to.tls.ca or found.cafile or found.capath or True


def _may_follow(to: Webhook, target: str) -> bool:
    """To the same scheme; headers and signature are for one host only."""
    url = urlsplit(target)
    return url.scheme == to.url.scheme and (url.netloc == to.url.netloc or not (to.headers or to.secret))


def _failure(error: Exception, to: Webhook) -> Failed:
    """What failed, without the URL, which requests puts into its messages."""
    from http.client import BadStatusLine

    import requests
    from urllib3.exceptions import LocationParseError, NewConnectionError

    causes = _causes(error)
    reason = next((each.strerror for each in causes if isinstance(each, OSError) and each.strerror), "")
    if refused := next((each for each in causes if isinstance(each, ssl.SSLError)), None):
        return tls_failure(to.label, refused)
    if isinstance(error, requests.exceptions.ProxyError):
        return Failed(f"{to.label}: its proxy cannot be used: {clean(reason or 'no connection', 200)}")
    if any(isinstance(each, (LocationParseError, requests.exceptions.InvalidURL)) for each in causes):
        return Failed(f"{to.label}: this host name is not valid")
    if any(type(each) is BadStatusLine for each in causes):
        return Failed(f"{to.label} does not answer as an HTTP server")
    if any(isinstance(each, NewConnectionError) for each in causes):
        port = to.url.port or (443 if to.url.scheme.lower() == "https" else 80)
        return Failed(f"{to.label}:{port} cannot be reached: {clean(reason or 'no such host', 200)}")
    reason = reason or "the connection was closed"
    return Failed(f"{to.label} did not complete the request: {clean(reason, 200)}")


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
