"""Records the credentials in a client's messages as events: in any order, complete or not, requested or
not."""

import hashlib
from base64 import b64encode

from ..credentials import record_login
from ..events import Session
from . import numbers as no
from .wire import Malformed, Message

MOST_METHOD = 60
PUBLIC_KEY = (b"publickey", b"publickey-hostbound-v00@openssh.com")
"""Both are recorded as the first one."""
MOST_ANSWERS = 10


class Attempts:
    """The credentials of one connection. A name without anything else is recorded at the end."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._user = b""
        self._open = ""
        """The method of an attempt with only a name."""
        self._held = b""
        """The last question for a key that would log in."""

    def hold(self, packet: bytes) -> None:
        """A question for a key that would log in: it is recorded unless the attempt itself follows."""
        self._held = packet

    def take(self, packet: bytes, *, success: bool = False) -> None:
        """Record the credentials in a message."""
        held, self._held = self._held, b""
        if held and _key(held) != _key(packet):
            self.take(held)
        message = Message(packet[1:])
        if packet[0] == no.USERAUTH_REQUEST:
            self._request(message, success)
        elif packet[0] == no.USERAUTH_INFO_RESPONSE:
            self._answers(message)

    def end(self) -> None:
        """Nothing more will be sent for this user."""
        if self._held:
            self.take(self._held)
        if self._open and self._user:
            record_login(self._session, self._open, success=False, username=self._user)
        self._open = ""

    def _request(self, message: Message, success: bool) -> None:
        fields: dict[str, bytes | str] = {}
        user, method = b"", ""
        try:
            user = message.cut()
            message.cut()
            raw = message.cut()
            raw = PUBLIC_KEY[0] if raw in PUBLIC_KEY else raw
            method = raw[:MOST_METHOD].decode("utf-8", "backslashreplace")
            _read(message, method, fields)
        except Malformed:
            pass
        if user != self._user:
            self.end()
        self._user, self._open = user, "" if fields or success else method or "none"
        if fields or success:
            record_login(self._session, method, success=success, username=user, **fields)

    def _answers(self, message: Message) -> None:
        try:
            for _ in range(min(message.number(), MOST_ANSWERS)):
                answer = message.cut()
                self._open = ""
                record_login(
                    self._session, "keyboard-interactive", success=False, username=self._user, password=answer
                )
        except Malformed:
            return


def _key(packet: bytes) -> bytes:
    """The key of an attempt, b"" if it has none."""
    message = Message(packet[1:])
    try:
        _, _, method = message.cut(), message.cut(), message.cut()
        if packet[0] != no.USERAUTH_REQUEST or method not in PUBLIC_KEY:
            return b""
        message.flag()
        message.cut()
        return message.cut()
    except Malformed:
        return b""


def _read(message: Message, method: str, fields: dict[str, bytes | str]) -> None:
    """What a method sends with the name. Raises Malformed; the part before the error is kept."""
    if method == "password":
        changes = message.flag()
        fields["password"] = message.cut()
        if changes:
            fields["new_password"] = message.cut()
    elif method == "publickey":
        message.flag()
        message.cut()
        fields["key"] = fingerprint(message.cut())
    elif method == "hostbased":
        message.cut()
        fields["key"] = fingerprint(message.cut())


def fingerprint(blob: bytes) -> str:
    """A public key as ssh-keygen names it: type and SHA256 fingerprint."""
    try:
        kind = Message(blob).text(100)
    except Malformed:
        kind = "?"
    return f"{kind} SHA256:{b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"
