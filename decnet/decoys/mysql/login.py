# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""The login: from the greeting to its acceptance or refusal."""

import contextlib
import os
from collections import OrderedDict
from dataclasses import dataclass

from ..credentials import is_text, record_login
from ..der import BASIC_CONSTRAINTS, Wanted, certificate, pem, rsa_key, sequence
from ..events import shown
from ..machine import Machine, day
from ..machine_certificate import TEN_YEARS
from ..persona import Persona
from ..threads import Later
from ..tls import Identity, Secured
from . import dialects as no
from .answer import Answer, change_of_user, replica, take_apart
from .dialects import CACHING, CLEAR, NATIVE, RELEASED, Dialect
from .packets import SHORT_PACKET, Channel, Failed, Malformed, OutOfOrder
from .passwords import Known, caching_proof, native_proof, unwrap

GREETING_SECONDS = 10.0
"""connect_timeout."""
MOST_ERRORS = 100
"""max_connect_errors."""
MOST_SOURCES = 1000
PROXY_HEADS = (b"\r\n\r\n", b"PROX")
BAD_HANDSHAKE = (1043, "08S01", "Bad handshake")
FULL_LOGIN, KEY_PLEASE = b"\x01\x04", b"\x02"
STATUS = 2
ATTRIBUTES = ("_client_name", "_client_version", "program_name", "_os", "_platform")


@dataclass
class Visitor:
    """The visitor's state after the login."""

    user: str
    source: str
    capabilities: int
    extended: int
    database: str = ""

    @property
    def account(self) -> str:
        """The account as CURRENT_USER() names it."""
        return f"{self.user}@%"


def made(persona: Persona, dialect: Dialect) -> int:
    """When the server made its files, seconds since the epoch."""
    return Machine(persona).first_start(3600, day(RELEASED.get(dialect.plain_version, "1970-01-01")))


class Gate:
    """The state that all logins share: accounts, keys, and the errors of each source."""

    def __init__(self, persona: Persona, dialect: Dialect) -> None:
        self._persona = persona
        self._dialect = dialect
        self.known = Known(persona)
        self._errors: OrderedDict[str, int] = OrderedDict()
        self.identity = Later(self._certify)
        """The certificate and key for TLS."""
        self.key = Later(lambda: rsa_key(persona, "mysql password key"))
        """The RSA key for passwords sent without TLS."""

    def _certify(self) -> Identity:
        """The certificates that MySQL makes for itself at its first start."""
        persona, begins = self._persona, made(self._persona, self._dialect)
        label = f"MySQL_Server_{self._dialect.plain_version}_Auto_Generated"
        authority, key = rsa_key(persona, "mysql ca"), rsa_key(persona, "mysql tls")
        issuer = f"{label}_CA_Certificate"
        root = Wanted(issuer, issuer, 1, begins, begins + TEN_YEARS,
                      ((BASIC_CONSTRAINTS, True, sequence(b"\x01\x01\xff")),))  # fmt: skip
        own = Wanted(f"{label}_Server_Certificate", issuer, 2, begins, begins + TEN_YEARS,
                     ((BASIC_CONSTRAINTS, True, sequence()),))  # fmt: skip
        return Identity([certificate(own, key, authority), certificate(root, authority, authority)], key)

    def plugin_of(self, user: str) -> str:
        """The authentication plug-in of this user. For unknown users the server picks one, always the same
        for each."""
        if self.known.has(user) or self._dialect.plugin == NATIVE:
            return self._dialect.plugin
        return self._persona.choice(f"mysql plugin {user[:64]}", (CACHING, NATIVE))

    def failed(self, source: str) -> None:
        """Count one more failed connection of this source."""
        self._errors[source] = self._errors.pop(source, 0) + 1
        if len(self._errors) > MOST_SOURCES:
            self._errors.popitem(last=False)

    def forgive(self, source: str) -> None:
        """A login clears the count."""
        self._errors.pop(source, None)

    def check(self, source: str) -> None:
        """Raises Failed for a source with too many errors."""
        if self._errors.get(source, 0) >= MOST_ERRORS:
            tool = "mariadb-admin flush-hosts" if self._dialect.maria else "mysqladmin flush-hosts"
            if self._dialect.maria and self._dialect.number < (10, 5):
                tool = "mysqladmin flush-hosts"
            text = f"Host '{source}' is blocked because of many connection errors; unblock with '{tool}'"
            raise Failed(1129, "HY000", text, fatal=True)


class Login:
    """The login of one connection."""

    def __init__(self, gate: Gate, dialect: Dialect, channel: Channel, thread: int) -> None:
        self._gate = gate
        self._dialect = dialect
        self._channel = channel
        self._thread = thread
        self._salt = bytes(1 + byte % 126 for byte in os.urandom(20)).replace(b"$", b"%")
        self._secure = False
        self._source = channel.line.session.source
        self._answer = Answer()
        self._whole = self._recorded = self._asked = False

    async def run(self) -> Visitor:
        """The visitor who logged in. Raises Failed, EOFError, TimeoutError, Gone."""
        self._gate.check(self._source)
        await self._channel.send(self._greeting())
        try:
            await self._read()
            await self._prove()
        finally:
            self._record_unproven()
        self._gate.forgive(self._source)
        answer = self._answer
        return Visitor(
            shown(answer.user), self._source, answer.capabilities, answer.extended, answer.database
        )

    def record_change(self, content: bytes) -> None:
        """Record the login in a COM_CHANGE_USER, which is refused."""
        self._record_later(change_of_user(content, self._answer.capabilities), "change user")

    def record_replica(self, content: bytes) -> None:
        """Record the account in a COM_REGISTER_SLAVE, which is refused."""
        self._record_later(replica(content), "register slave")

    def _greeting(self) -> bytes:
        dialect = self._dialect
        return (
            b"\x0a" + dialect.greeting.encode() + b"\0" + self._thread.to_bytes(4, "little") + self._salt[:8] + b"\0"
            + (dialect.capabilities & 0xFFFF).to_bytes(2, "little") + bytes((dialect.charset, STATUS, 0))
            + (dialect.capabilities >> 16).to_bytes(2, "little") + bytes((21,)) + bytes(6)
            + dialect.extended.to_bytes(4, "little") + self._salt[8:] + b"\0" + dialect.plugin.encode() + b"\0"
        )  # fmt: skip

    async def _read(self) -> None:
        """Read the handshake response; an incomplete one counts as an error of its source."""
        try:
            content = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
            if self._dialect.tls and len(content) == 32 and content[1] << 8 & no.CLIENT_SSL:
                await self._secured()
                content = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
            take_apart(content, self._answer)
            self._whole = True
        except (Failed, EOFError, TimeoutError) as error:
            self._gate.failed(self._source)
            if isinstance(error, OutOfOrder) and self._dialect.maria and error.head in PROXY_HEADS:
                text = f"Proxy header is not accepted from {self._source}"
                raise Failed(1130, "HY000", text, fatal=True) from error
            raise
        except Malformed as malformed:
            self._gate.failed(self._source)
            raise Failed(*BAD_HANDSHAKE, fatal=True) from malformed

    async def _secured(self) -> None:
        line = Secured(self._channel.line, await self._gate.identity.get())
        line.feed(self._channel.left())
        version = await line.handshake()
        self._channel.line.summary["tls"] = version
        self._channel.line = line
        self._secure = True

    async def _prove(self) -> None:
        """Request a proof by the plug-in of this user's account. Raises Failed."""
        answer = self._answer
        plugin = self._gate.plugin_of(shown(answer.user))
        proof = answer.proof
        if answer.plugin == CLEAR and proof:
            self._record(CLEAR, proof, shown(proof.removesuffix(b"\0")), accepted=False)
        if answer.plugin != plugin and answer.capabilities & no.CLIENT_PLUGINS:
            await self._channel.send(b"\xfe" + plugin.encode() + b"\0" + self._salt + b"\0")
            proof = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
        if plugin == CACHING:
            await self._prove_caching(proof.removesuffix(b"\0") if len(proof) == 1 else proof)
            return
        if len(proof) not in (0, 20):
            answer.proof = proof
            raise Failed(*BAD_HANDSHAKE, fatal=True)
        self._judge(plugin, proof, self._guess(answer, proof))

    async def _prove_caching(self, proof: bytes) -> None:
        answer, guess = self._answer, self._guess(self._answer, proof)
        answer.proof, answer.plugin = proof, CACHING
        if not proof or (guess is not None and self._gate.known.accepts(shown(answer.user), guess)):
            if proof:
                self._channel.put(b"\x01\x03")
            self._judge(CACHING, proof, guess)
            return
        await self._channel.send(FULL_LOGIN)
        self._asked = self._secure
        password = await self._password()
        self._judge(CLEAR if password is not None else CACHING, proof, password)

    async def _password(self) -> str | None:
        """The password itself, inside TLS or under the server's RSA key."""
        reply = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
        if self._secure:
            return shown(reply.removesuffix(b"\0"))
        key = await self._gate.key.get()
        if reply == KEY_PLEASE:
            await self._channel.send(b"\x01" + pem("PUBLIC KEY", key.public()))
            reply = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
        password = unwrap(key, reply, self._salt)
        return None if password is None else shown(password)

    def _guess(self, answer: Answer, proof: bytes) -> str | None:
        """The password of this proof, if it is one of the common ones."""
        prove = {0: native_proof, 20: native_proof, 32: caching_proof}.get(len(proof))
        if prove is None:
            return None
        candidates = self._gate.known.candidates(shown(answer.user))
        return next((each for each in candidates if prove(each, self._salt) == proof), None)

    def _judge(self, plugin: str, proof: bytes, password: str | None) -> None:
        answer = self._answer
        accepted = password is not None and self._gate.known.accepts(shown(answer.user), password)
        self._record(plugin, proof, password, accepted=accepted)
        if not accepted:
            using = "YES" if proof else "NO"
            name = answer.user.decode("utf-8", "replace").replace("\ufffd", "?")
            text = f"Access denied for user '{name[:128]}'@'{self._source}' (using password: {using})"
            raise Failed(1045, "28000" if answer.capabilities & no.CLIENT_41 else "", text, fatal=True)

    def _record_unproven(self) -> None:
        """Record what was sent of an incomplete login."""
        if self._recorded:
            return
        answer, rest = self._answer, self._channel.left()
        if self._whole:
            password = shown(rest.removesuffix(b"\0")) if self._asked and rest else None
            self._record(answer.plugin[:60], answer.proof, password, accepted=False)
            return
        if not answer.user:
            with contextlib.suppress(Malformed):
                take_apart(rest, answer)
        if answer.user and is_text(answer.user) and answer.user.decode().isprintable():
            self._record(answer.plugin[:60], answer.proof, self._guess(answer, answer.proof), accepted=False)

    def _record(self, plugin: str, proof: bytes, password: str | None, *, accepted: bool) -> None:
        answer, self._recorded = self._answer, True
        client = " ".join(answer.attributes[name] for name in ATTRIBUTES if name in answer.attributes)
        fields = self._fields(answer, proof, password) | ({"client": client} if client else {})
        record_login(self._channel.line.session, plugin, success=accepted, **fields)

    def _record_later(self, answer: Answer, method: str) -> None:
        clear = answer.plugin == CLEAR
        password = shown(answer.proof.removesuffix(b"\0")) if clear else self._guess(answer, answer.proof)
        fields = self._fields(answer, answer.proof, password)
        record_login(self._channel.line.session, method, success=False, **fields)

    def _fields(self, answer: Answer, proof: bytes, password: str | None) -> dict[str, bytes | str]:
        """Who, and the password itself, or a proof in the form that password crackers read, or other
        bytes."""
        fields: dict[str, bytes | str] = {"username": answer.user}
        if password is not None:
            fields["password"] = password
        elif len(proof) == 20:
            fields["hash"] = f"$mysqlna${self._salt.hex()}*{proof.hex()}"
        elif len(proof) == 32:
            fields["hash"] = f"{self._salt.hex()}*{proof.hex()}"
        elif proof:
            fields["response"] = proof.hex()
        return fields | ({"database": answer.database} if answer.database else {})
