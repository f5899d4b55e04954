# ruff: noqa: E501 (what the real server says is not broken into shorter lines)
"""From the greeting to the verdict."""

import os
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ..aside import Later
from ..der import BASIC_CONSTRAINTS, Wanted, certificate, pem, rsa_key, sequence
from ..events import shown
from ..machine import Machine
from ..persona import Persona
from ..tls import TEN_YEARS, Identity, Secured
from . import flavour as no
from .flavour import CACHING, CLEAR, NATIVE, Flavour
from .packets import SHORT_PACKET, Channel, Failed, Fields, Malformed, OutOfOrder
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
    """Who is there, as the login left it."""

    user: str
    source: str
    capabilities: int
    extended: int
    database: str = ""

    @property
    def account(self) -> str:
        """The account as CURRENT_USER() names it."""
        return f"{self.user}@%"


@dataclass(frozen=True)
class _Answer:
    """A handshake response, taken apart."""

    user: bytes
    proof: bytes
    database: str
    plugin: str
    capabilities: int
    extended: int
    attributes: dict[str, str]


class Gate:
    """What all logins share: the accounts, the keys, and who made too many errors."""

    def __init__(self, persona: Persona, flavour: Flavour) -> None:
        self._persona = persona
        self._flavour = flavour
        self.known = Known(persona)
        self._errors: OrderedDict[str, int] = OrderedDict()
        self.identity = Later(self._certify)
        """What TLS is spoken with."""
        self.key = Later(lambda: rsa_key(persona, "mysql password key"))
        """What passwords are sent under without TLS."""

    def _certify(self) -> Identity:
        """The certificates that MySQL makes for itself at its first start."""
        persona, begins = self._persona, Machine(self._persona).installed + 3600
        label = f"MySQL_Server_{self._flavour.version.split('-')[0]}_Auto_Generated"
        authority, key = rsa_key(persona, "mysql ca"), rsa_key(persona, "mysql tls")
        issuer = f"{label}_CA_Certificate"
        root = Wanted(issuer, issuer, 1, begins, begins + TEN_YEARS,
                      ((BASIC_CONSTRAINTS, True, sequence(b"\x01\x01\xff")),))  # fmt: skip
        own = Wanted(f"{label}_Server_Certificate", issuer, 2, begins, begins + TEN_YEARS,
                     ((BASIC_CONSTRAINTS, True, sequence()),))  # fmt: skip
        return Identity([certificate(own, key, authority), certificate(root, authority, authority)], key)

    def plugin_of(self, user: str) -> str:
        """How this user proves a password. Of unknown ones the server invents it, for each user the same."""
        if self.known.has(user) or self._flavour.plugin == NATIVE:
            return self._flavour.plugin
        return self._persona.choice(f"mysql plugin {user[:64]}", (CACHING, NATIVE))

    def failed(self, source: str) -> None:
        """One more connection of this source that came to nothing."""
        self._errors[source] = self._errors.pop(source, 0) + 1
        if len(self._errors) > MOST_SOURCES:
            self._errors.popitem(last=False)

    def forgive(self, source: str) -> None:
        """A login clears the count."""
        self._errors.pop(source, None)

    def check(self, source: str) -> None:
        """Raises Failed for a source with too many errors."""
        if self._errors.get(source, 0) >= MOST_ERRORS:
            tool = "mariadb-admin flush-hosts" if self._flavour.maria else "mysqladmin flush-hosts"
            if self._flavour.maria and self._flavour.number < (10, 5):
                tool = "mysqladmin flush-hosts"
            text = f"Host '{source}' is blocked because of many connection errors; unblock with '{tool}'"
            raise Failed(1129, "HY000", text, fatal=True)


class Login:
    """One connection's way in."""

    def __init__(self, gate: Gate, flavour: Flavour, channel: Channel, thread: int) -> None:
        self._gate = gate
        self._flavour = flavour
        self._channel = channel
        self._thread = thread
        self._salt = bytes(1 + byte % 126 for byte in os.urandom(20)).replace(b"$", b"%")
        self._secure = False
        self._source = channel.line.session.source

    async def run(self) -> Visitor:
        """The visitor who got in. Raises Failed, EOFError, TimeoutError, Gone."""
        self._gate.check(self._source)
        await self._channel.send(self._greeting())
        try:
            answer = await self._read()
        except (Failed, EOFError, TimeoutError):
            self._gate.failed(self._source)
            raise
        user = shown(answer.user)
        await self._prove(answer, user)
        self._gate.forgive(self._source)
        return Visitor(user, self._source, answer.capabilities, answer.extended, answer.database)

    def _greeting(self) -> bytes:
        flavour = self._flavour
        return (
            b"\x0a" + flavour.greeting.encode() + b"\0" + self._thread.to_bytes(4, "little") + self._salt[:8] + b"\0"
            + (flavour.capabilities & 0xFFFF).to_bytes(2, "little") + bytes((flavour.charset, STATUS, 0))
            + (flavour.capabilities >> 16).to_bytes(2, "little") + bytes((21,)) + bytes(6)
            + flavour.extended.to_bytes(4, "little") + self._salt[8:] + b"\0" + flavour.plugin.encode() + b"\0"
        )  # fmt: skip

    async def _read(self) -> _Answer:
        try:
            content = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
            if self._flavour.tls and len(content) == 32 and content[1] << 8 & no.CLIENT_SSL:
                await self._secured()
                content = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
            return _taken_apart(content)
        except OutOfOrder as strange:
            if self._flavour.maria and strange.head in PROXY_HEADS:
                text = f"Proxy header is not accepted from {self._source}"
                raise Failed(1130, "HY000", text, fatal=True) from strange
            raise
        except Malformed as malformed:
            raise Failed(*BAD_HANDSHAKE, fatal=True) from malformed

    async def _secured(self) -> None:
        line = Secured(self._channel.line, await self._gate.identity.get())
        line.feed(self._channel.left())
        version = await line.handshake()
        self._channel.line.summary["tls"] = version
        self._channel.line = line
        self._secure = True

    async def _prove(self, answer: _Answer, user: str) -> None:
        """Ask for a proof in the way of this user's account. Raises Failed."""
        plugin = self._gate.plugin_of(user)
        proof = answer.proof
        if answer.plugin != plugin and answer.capabilities & no.CLIENT_PLUGINS:
            await self._channel.send(b"\xfe" + plugin.encode() + b"\0" + self._salt + b"\0")
            proof = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
        if plugin == NATIVE:
            if len(proof) not in (0, 20):
                raise Failed(*BAD_HANDSHAKE, fatal=True)
            self._judge(answer, user, plugin, proof.hex(), self._guess(native_proof, user, proof))
        else:
            await self._prove_caching(answer, user, proof.removesuffix(b"\0") if len(proof) == 1 else proof)

    async def _prove_caching(self, answer: _Answer, user: str, proof: bytes) -> None:
        guess = self._guess(caching_proof, user, proof)
        if not proof or (guess is not None and self._gate.known.accepts(user, guess)):
            if proof:
                self._channel.put(b"\x01\x03")
            self._judge(answer, user, CACHING, proof.hex(), guess)
            return
        await self._channel.send(FULL_LOGIN)
        try:
            password = await self._password()
        except (EOFError, TimeoutError):
            self._tell(answer, user, CACHING, proof.hex(), guess, accepted=False)
            raise
        self._judge(answer, user, CLEAR if password is not None else CACHING, proof.hex(), password)

    async def _password(self) -> str | None:
        """The password itself, inside TLS or under the server's RSA key."""
        said = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
        if self._secure:
            return shown(said.removesuffix(b"\0"))
        key = await self._gate.key.get()
        if said == KEY_PLEASE:
            await self._channel.send(b"\x01" + pem("PUBLIC KEY", key.public()))
            said = await self._channel.read(GREETING_SECONDS, SHORT_PACKET)
        password = unwrap(key, said, self._salt)
        return None if password is None else shown(password)

    def _guess(self, prove: Callable[[str, bytes], bytes], user: str, proof: bytes) -> str | None:
        """The password of this proof, where it is one of those that everybody tries."""
        return next(
            (each for each in self._gate.known.candidates(user) if prove(each, self._salt) == proof), None
        )

    def _judge(self, answer: _Answer, user: str, plugin: str, proof: str, password: str | None) -> None:
        accepted = password is not None and self._gate.known.accepts(user, password)
        self._tell(answer, user, plugin, proof, password, accepted=accepted)
        if not accepted:
            using = "YES" if proof else "NO"
            name = answer.user.decode("utf-8", "replace").replace("\ufffd", "?")
            text = f"Access denied for user '{name[:128]}'@'{self._source}' (using password: {using})"
            raise Failed(1045, "28000" if answer.capabilities & no.CLIENT_41 else "", text, fatal=True)

    def _tell(
        self, answer: _Answer, user: str, plugin: str, proof: str, password: str | None, *, accepted: bool
    ) -> None:
        fields: dict[str, str] = {}
        if password is not None:
            fields["password"] = password
        elif plugin == NATIVE:
            fields["hash"] = f"$mysqlna${self._salt.hex()}*{proof}"
        elif proof:
            fields["hash"] = f"{self._salt.hex()}*{proof}"
        if answer.database:
            fields["database"] = answer.database
        client = " ".join(answer.attributes[name] for name in ATTRIBUTES if name in answer.attributes)
        if client:
            fields["client"] = client
        self._channel.line.session.record("login", username=user, **fields, success=accepted, method=plugin)


def _taken_apart(content: bytes) -> _Answer:
    fields = Fields(content)
    capabilities = fields.number(2)
    if not capabilities & no.CLIENT_41:
        return _old(fields, capabilities)
    capabilities |= fields.number(2) << 16
    fields.take(5)
    extended = int.from_bytes(fields.take(23)[19:], "little")
    user = fields.text()
    proof = _proof(fields, capabilities)
    database = shown(fields.last()) if capabilities & no.CLIENT_WITH_DB else ""
    plugin = (shown(fields.last()) if capabilities & no.CLIENT_PLUGINS else "") or NATIVE
    attributes = _attributes(fields) if capabilities & no.CLIENT_ATTRIBUTES and len(fields) else {}
    return _Answer(user, proof, database, plugin, capabilities, extended, attributes)


def _proof(fields: Fields, capabilities: int) -> bytes:
    if capabilities & no.CLIENT_COUNTED:
        return fields.counted()
    if capabilities & no.CLIENT_SECURE:
        return fields.take(fields.number(1))
    return fields.text()


def _old(fields: Fields, capabilities: int) -> _Answer:
    """The response of a client before 4.1."""
    fields.take(3)
    user = fields.text()
    return _Answer(user, fields.last(), "", NATIVE, capabilities & 0xFFFF & ~no.CLIENT_PLUGINS, 0, {})


def _attributes(fields: Fields) -> dict[str, str]:
    """What the client says of itself."""
    inside = Fields(fields.counted())
    found: dict[str, str] = {}
    while len(inside) and len(found) < 32:
        name = shown(inside.counted())
        found[name] = re.sub(r"\s+", " ", shown(inside.counted())[:100])
    return found
