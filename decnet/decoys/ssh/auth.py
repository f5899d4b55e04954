"""User authentication (RFC 4252) as OpenSSH and Dropbear do it: methods, delays, tries, order of messages.

Source: sshd of OpenSSH 9.2p1 and Dropbear 2022.83, message by message.
"""

import asyncio
import random
from dataclasses import replace

from ..events import Session, shown
from ..threads import in_thread
from . import numbers as no
from .attempts import PUBLIC_KEY, Attempts, fingerprint
from .auth_log import AuthLog
from .dialects import Dialect
from .logins import Logins
from .signatures import fits, verifies
from .transport import Refused, Transport
from .wire import Malformed, Message, flag, names, string

SERVICE = b"ssh-userauth"
NEXT_SERVICE = b"ssh-connection"
RIGHT_SECONDS = (0.02, 0.08)
WRONG_SECONDS = (1.4, 2.6)
"""PAM waits about two seconds after a wrong password."""
TOO_MANY = b"Too many authentication failures"
MOST_ATTEMPTS = 1024
MOST_NAME, MOST_KEY = 1024, 16 * 1024
NEVER_COUNTED = "gssapi-with-mic"
"""OpenSSH does not count a failure that is due to its own missing key for the method."""


async def authenticate(
    transport: Transport, dialect: Dialect, logins: Logins, session: Session, log: AuthLog
) -> str:
    """The name of the user who logged in. Raises Gone, Refused, Malformed."""
    attempts = Attempts(session)
    try:
        return await _Authentication(transport, dialect, logins, attempts, log).run()
    except (Refused, Malformed):
        for packet in await transport.unread():
            attempts.take(packet)
        raise
    finally:
        attempts.end()


class _Authentication:
    """One connection's authentication; its messages come in any order that the client chooses."""

    def __init__(
        self, transport: Transport, dialect: Dialect, logins: Logins, attempts: Attempts, log: AuthLog
    ) -> None:
        self._transport = transport
        self._dialect = dialect
        self._logins = logins
        self._attempts = attempts
        self._log = log
        self._named: tuple[bytes, bytes] | None = None
        self._count = self._failures = 0
        self._open = dialect.dropbear
        """Whether attempts are accepted: OpenSSH requires a service request first."""
        self._awaits_extensions = dialect.version >= (9, 6) and "ext-info-c" in transport.offered["kex"]

    async def run(self) -> str:
        """Answer message after message until a user has logged in."""
        while True:
            packet = await self._transport.read()
            number, message = packet[0], Message(packet[1:])
            if number == no.SERVICE_REQUEST:
                self._begin(message)
            elif number == no.USERAUTH_REQUEST and self._open:
                user = await self._attempt(packet)
                if user is not None:
                    return user
            elif number == no.EXT_INFO and self._awaits_extensions:
                self._awaits_extensions = False
            else:
                self._attempts.take(packet)
                self._strange(number)

    def _begin(self, message: Message) -> None:
        """Clients request the service once or, like Paramiko, before each attempt."""
        service = self._word(message)
        self._end(message)
        if service != SERVICE:
            raise self._refusal(b"bad service request " + service)
        self._open = True
        self._transport.send(bytes((no.SERVICE_ACCEPT,)) + string(SERVICE))

    def _strange(self, number: int) -> None:
        """A message that is not allowed here."""
        if self._dialect.dropbear and (number > no.USERAUTH_LAST or no.NEWKEYS <= number <= no.KEX_LAST):
            raise Refused
        self._transport.unimplemented()

    async def _attempt(self, packet: bytes) -> str | None:
        """The user if this attempt succeeds; otherwise sends the refusal."""
        message = Message(packet[1:])
        accepted = offered = False
        try:
            user, service, method = self._word(message), self._word(message), self._word(message)
            name = user if self._dialect.dropbear else user.partition(b":")[0]
            objection = self._objection(name, service)
            judged = objection is None and service == NEXT_SERVICE
            self._log.named(shown(name))
            if method == b"password":
                accepted = self._password(message, name, judged=judged)
            elif method in PUBLIC_KEY:
                bound = method == PUBLIC_KEY[1]
                accepted, offered = await self._public_key(message, packet, name, judged=judged, bound=bound)
            elif method == b"none":
                self._end(message)
        finally:
            if offered:
                self._attempts.hold(packet)
            else:
                self._attempts.take(packet, success=accepted)
        if objection is not None:
            raise objection
        if method == b"password":
            await asyncio.sleep(random.uniform(*(RIGHT_SECONDS if accepted else WRONG_SECONDS)))
        if offered:
            return None
        if not accepted:
            self._log.failed(shown(method))
            self._fail(method)
            return None
        self._transport.send(bytes((no.USERAUTH_SUCCESS,)))
        self._transport.logged_in()
        return shown(name)

    def _objection(self, name: bytes, service: bytes) -> Refused | None:
        """The first attempt fixes the user; no later one may be for another user."""
        self._count += 1
        if self._count > MOST_ATTEMPTS:
            return self._refusal(TOO_MANY)
        named = self._named = self._named or (name, service)
        if (name, service) != named:
            change = b"(%b,%b) -> (%b,%b)" % (*named, name, service)
            return self._refusal(b"Change of username or service not allowed: " + change)
        return Refused() if self._dialect.dropbear and service != NEXT_SERVICE else None

    def _password(self, message: Message, name: bytes, *, judged: bool) -> bool:
        """Whether the password logs in."""
        changes = message.flag()
        password = message.text()
        if changes:
            message.text()
        if not self._dialect.dropbear and (message.left or "\0" in password):
            raise Malformed
        accepts = judged and not changes
        return accepts and self._logins.accepts(shown(name), password)

    async def _public_key(
        self, message: Message, packet: bytes, name: bytes, *, judged: bool, bound: bool
    ) -> tuple[bool, bool]:
        """Whether the key logs in, and whether it would: then the client may sign. If it is `bound`, the
        signature also covers the server's key (PROTOCOL of OpenSSH, section 3.1)."""
        is_signed = message.flag()
        algorithm, blob = message.text(100), message.string(MOST_KEY)
        host_key = message.string(MOST_KEY) if bound else b""
        data = string(self._transport.session_id) + packet[: len(packet) - message.left]
        signature = message.string(MOST_KEY) if is_signed else b""
        self._end(message)
        if not judged or algorithm not in self._dialect.signatures or not fits(algorithm, blob):
            return False, False
        if bound and host_key != self._transport.host_key:
            return False, False
        permit = await self._logins.permit_of(shown(name), blob)
        if permit is None:
            return False, False
        if not is_signed:
            self._transport.send(bytes((no.USERAUTH_PK_OK,)) + string(algorithm) + string(blob))
            return False, True
        accepted = await in_thread(lambda: verifies(algorithm, blob, signature, data))
        if accepted:
            self._logins.permit = replace(permit, key=fingerprint(blob))
        return accepted, False

    def _fail(self, method: bytes) -> None:
        """Count the failure and send it. Raises Refused after too many."""
        first = self._dialect.dropbear or self._count == 1
        forgiven = method == NEVER_COUNTED.encode() and NEVER_COUNTED in self._dialect.methods
        self._failures += not forgiven and not (method == b"none" and first)
        over = self._failures >= self._dialect.tries
        if over and not self._dialect.dropbear:
            raise self._refusal(TOO_MANY)
        self._transport.send(bytes((no.USERAUTH_FAILURE,)) + names(self._dialect.methods) + flag(False))
        if over:
            raise Refused

    def _word(self, message: Message) -> bytes:
        """A name in a message. Both servers hang up at a NUL in one."""
        word = message.string(MOST_NAME)
        if b"\0" in word:
            raise Malformed
        return word

    def _end(self, message: Message) -> None:
        """OpenSSH hangs up at a message that is longer than it should be."""
        if message.left and not self._dialect.dropbear:
            raise Malformed

    def _refusal(self, reason: bytes) -> Refused:
        """The end of the connection; Dropbear never sends a reason."""
        return Refused() if self._dialect.dropbear else Refused(reason)
