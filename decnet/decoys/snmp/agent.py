"""One agent: maps a datagram to an answer or silence, and to the events to record. Without any I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from . import ber, message
from .ber import Malformed, Oid
from .message import Binding, Pdu, Request, Secure
from .objects import AgentObjects

MOST_BINDINGS = 128
MOST_REPETITIONS = 100
MOST_SHOWN = 10
UNKNOWN_USERS, UNKNOWN_ENGINES = (1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0), (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)
NULL = ber.NOTHING
NO_OBJECT, NO_INSTANCE, END = (
    ber.value(tag, b"") for tag in (ber.NO_OBJECT, ber.NO_INSTANCE, ber.END_OF_VIEW)
)


@dataclass
class Handled:
    """The result of a datagram: `login` and `request` are the fields of events, empty for none."""

    answer: bytes | None = None
    login: Mapping[str, bytes | str] = field(default_factory=dict)
    version: str = ""
    known: bool = False
    """Whether the login was accepted."""
    request: dict[str, str | int] = field(default_factory=dict)
    malformed: bool = False


class Agent:
    """The agent of one machine."""

    def __init__(self, objects: AgentObjects, communities: frozenset[bytes]) -> None:
        self._objects = objects
        self._communities = communities
        self._counts = {UNKNOWN_USERS: 0, UNKNOWN_ENGINES: 0}

    def handle(self, data: bytes, room: int) -> Handled:
        """The answer to a datagram, at most `room` bytes long."""
        version, login = message.credentials(data)
        try:
            request = message.parse(data)
        except Malformed:
            self._objects.counts.received("malformed")
            return Handled(login=login if any(login.values()) else {}, version=version, malformed=True)
        if isinstance(request, Secure):
            self._objects.counts.received()
            return self._secure(request, login)
        known = request.community in self._communities
        self._objects.counts.received("" if known else "unknown")
        if not known:
            return Handled(login=login, version=version)
        fields = _request_fields(version, request.pdu)
        return Handled(self._answer(request, room), login, version, known, fields)

    def _answer(self, request: Request, room: int) -> bytes | None:
        pdu = request.pdu
        self._objects.counts.asked(pdu)
        if len(pdu.bindings) > MOST_BINDINGS:
            return self._too_big(request, room)
        if pdu.kind == message.SET:
            refused = message.NO_SUCH_NAME if request.version == message.V1 else message.NO_ACCESS
            return message.answer(
                request, refused if pdu.bindings else 0, min(1, len(pdu.bindings)), pdu.bindings
            )
        if pdu.kind == message.BULK:
            return self._bulk(request, room)
        bindings = tuple(self._one(name, pdu.kind) for name, _ in pdu.bindings)
        if request.version == message.V1:
            missing = (
                at for at, (_, value) in enumerate(bindings, 1) if value in (NO_OBJECT, NO_INSTANCE, END)
            )
            index = next(missing, 0)
            if index:
                return message.answer(request, message.NO_SUCH_NAME, index, pdu.bindings)
        reply = message.answer(request, 0, 0, bindings)
        return reply if len(reply) <= room else self._too_big(request, room)

    def _too_big(self, request: Request, room: int) -> bytes | None:
        kept = request.pdu.bindings if request.version == message.V1 else ()
        reply = message.answer(request, message.TOO_BIG, 0, kept)
        return reply if len(reply) <= room else None

    def _bulk(self, request: Request, room: int) -> bytes:
        """As many of the requested objects as there is room for (RFC 3416, 4.2.3)."""
        kept: list[Binding] = []
        reply = message.answer(request, 0, 0, ())
        size = len(reply) + 12  # the lengths of the enclosing values grow with it
        for binding in self._repeated(request.pdu):
            size += len(ber.oid(binding[0])) + len(binding[1]) + 4
            if size > room:
                break
            kept.append(binding)
        return message.answer(request, 0, 0, tuple(kept)) if kept else reply

    def _repeated(self, pdu: Pdu) -> Iterator[Binding]:
        once = min(max(pdu.first, 0), len(pdu.bindings))
        for name, _ in pdu.bindings[:once]:
            yield self._one(name, message.NEXT)
        names = [name for name, _ in pdu.bindings[once:]]
        for _ in range(min(max(pdu.second, 0), MOST_REPETITIONS)):
            row = [self._one(name, message.NEXT) for name in names]
            yield from row
            names = [name for name, _ in row]
            if all(value == END for _, value in row):
                return

    def _one(self, name: Oid, kind: int) -> Binding:
        """One object, or the exception value if there is none."""
        if kind == message.GET:
            value = self._objects.tree.value(name)
            if value is None:
                value = NO_INSTANCE if self._objects.tree.has_column(name) else NO_OBJECT
            return name, value
        found = self._objects.tree.next(name)
        if found is None:
            return name, END
        return found, self._objects.tree.value(found) or NULL

    def _secure(self, request: Secure, login: Mapping[str, bytes | str]) -> Handled:
        """Version 3 has no users here: the answer to every request is a report."""
        engine = self._objects.engine
        ours = engine and request.engine == engine
        login = login if ours or request.user else {}
        if not engine:
            return Handled(None, login, "v3", request=_request_fields("v3", request.pdu))
        counter = UNKNOWN_USERS if ours else UNKNOWN_ENGINES
        self._counts[counter] = (self._counts[counter] + 1) & 0xFFFFFFFF
        number = request.pdu.number if request.pdu is not None else 0
        reply = message.report(
            request,
            engine,
            self._objects.boots(),
            int(self._objects.uptime()),
            counter,
            self._counts[counter],
            number,
        )
        return Handled(reply, login, "v3", request=_request_fields("v3", request.pdu))


def _request_fields(version: str, pdu: Pdu | None) -> dict[str, str | int]:
    """A request as it is recorded."""
    if pdu is None:
        return {"version": version, "pdu": "encrypted"}
    names = " ".join(".".join(map(str, name)) for name, _ in pdu.bindings[:MOST_SHOWN])
    return {"version": version, "pdu": message.NAMES[pdu.kind], "objects": names, "count": len(pdu.bindings)}
