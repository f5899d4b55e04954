"""User authentication (RFC 4252) as OpenSSH does it: its methods, delays and number of tries."""

import asyncio
import hashlib
import random
from base64 import b64encode

from ..accounts import Accounts
from ..events import Session
from . import numbers as no
from .profile import Profile
from .transport import Refused, Transport
from .wire import Malformed, Message, flag, names, string

SERVICE = "ssh-userauth"
NEXT_SERVICE = "ssh-connection"
WRONG_PASSWORD_SECONDS = (1.4, 2.6)
"""PAM waits two seconds after a wrong password, give or take."""
TOO_MANY = "Too many authentication failures"


async def authenticate(transport: Transport, profile: Profile, accounts: Accounts, session: Session) -> str:
    """The name of the user who got in. Raises Gone, Refused, Malformed."""
    await _begin(transport)
    failures = 0
    while True:
        message = Message(await _next(transport))
        user, service, method = message.text(1024), message.text(64), message.text(64)
        if service != NEXT_SERVICE:
            raise Refused
        if method == "password" and await _password(message, user, accounts, session):
            transport.send(bytes((no.USERAUTH_SUCCESS,)))
            transport.logged_in()
            return user
        if method == "publickey":
            _public_key(message, user, session)
        failures += method != "none"
        if failures >= profile.tries:
            transport.disconnect(no.PROTOCOL_ERROR, TOO_MANY)
            raise Refused
        transport.send(bytes((no.USERAUTH_FAILURE,)) + names(profile.methods) + flag(False))


async def _begin(transport: Transport) -> None:
    while True:
        packet = await transport.read()
        if packet[0] == no.EXT_INFO:
            continue
        if packet[0] != no.SERVICE_REQUEST:
            raise Refused
        service = Message(packet[1:]).text(64)
        if service != SERVICE:
            transport.disconnect(no.PROTOCOL_ERROR, f"bad service request {service}")
            raise Refused
        transport.send(bytes((no.SERVICE_ACCEPT,)) + string(SERVICE))
        return


async def _next(transport: Transport) -> bytes:
    """The inside of the next request; anything else is answered as OpenSSH answers it."""
    while True:
        packet = await transport.read()
        if packet[0] == no.USERAUTH_REQUEST:
            return packet[1:]
        if packet[0] >= no.GLOBAL_REQUEST:
            raise Refused
        transport.unimplemented()


async def _password(message: Message, user: str, accounts: Accounts, session: Session) -> bool:
    message.flag()
    password = message.text()
    accepted = accounts.accepts(session.source, user, password)
    session.record("login", username=user, password=password, success=accepted, method="password")
    await asyncio.sleep(
        random.uniform(*WRONG_PASSWORD_SECONDS) if not accepted else random.uniform(0.02, 0.08)
    )
    return accepted


def _public_key(message: Message, user: str, session: Session) -> None:
    message.flag()
    message.text(100)
    key = fingerprint(message.string(16 * 1024))
    session.record("login", username=user, key=key, success=False, method="publickey")


def fingerprint(blob: bytes) -> str:
    """A public key as ssh-keygen names it: type and SHA256 fingerprint."""
    try:
        kind = Message(blob).text(100)
    except Malformed:
        kind = "?"
    return f"{kind} SHA256:{b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"
