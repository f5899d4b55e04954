"""Commands of redis-cli on the machine itself: the ssh decoy asks with datagrams (host/insiders.py).

A request has the name of a client, a line feed, and one command as RESP sends it; the answer is what the
server sends. A client keeps its database and its transaction from one request to the next.
These are not visits: nothing is recorded."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

from ..host.insiders import MOST_BYTES, Answers
from ..tcp_server import Gone
from .arguments import word
from .dispatch import perform
from .instance import Client, Instance
from .resp import SILENCE, encode

MOST_CLIENTS = 40
"""That are remembered; of others the earliest is forgotten."""
MOST_WORDS, MOST_LENGTH = 1000, 64 * 1024
LONGEST_NAME = 32
ADDRESS = "127.0.0.1"
FIRST_PORT, PORTS = 32_768, 28_000
"""The kernel's usual range for clients."""


class Quiet:
    """A session whose events are not recorded."""

    def __init__(self, port: int) -> None:
        self.source, self.port = ADDRESS, port

    def record(self, kind: str, **fields: Any) -> None:
        """Drop an event."""

    def count(self, kind: str) -> None:
        """Drop an event."""


class Desk:
    """Answers such requests for one server."""

    def __init__(self, server: Instance) -> None:
        self._server = server
        self._clients: OrderedDict[str, tuple[Client, bytearray]] = OrderedDict()

    @property
    def answers(self) -> Answers:
        """As answer_insiders wants it."""
        return self._answer

    def _answer(self, request: bytes, port: int) -> bytes:
        name, _, rest = request.partition(b"\n")
        words = _words(rest)
        if not words or len(name) > LONGEST_NAME:
            return b""
        client, sent = self._client(name.decode("latin-1"), port)
        sent.clear()
        self._server.clients[client.number] = client
        try:
            return self._performed(client, sent, words)
        finally:
            del self._server.clients[client.number]
            self._server.sent += len(sent)

    def _performed(self, client: Client, sent: bytearray, words: list[bytes]) -> bytes:
        self._server.sessions.renew(self._server.keyspace.databases[0])
        work = perform(client, words)
        try:
            work.send(None)
        except StopIteration as done:
            if done.value is not SILENCE:
                with contextlib.suppress(Gone):
                    sent += encode(done.value, client.protocol, MOST_BYTES)
        except Gone:
            return b""
        else:
            # A command that waits for others: here no one comes.
            work.close()
            sent += b"_\r\n" if client.protocol > 2 else b"*-1\r\n"
        if word(words[0]) == "quit":
            self._forget(client)
        return bytes(sent)

    def _client(self, name: str, port: int) -> tuple[Client, bytearray]:
        if name in self._clients:
            self._clients.move_to_end(name)
            return self._clients[name]
        sent = bytearray()
        number = self._server.connected()
        line: Any = SimpleNamespace(
            session=Quiet(FIRST_PORT + number * 7919 % PORTS), port=port, write=sent.extend, turn=_Turn(),
            writer=SimpleNamespace(
                is_closing=bool, close=bool, transport=SimpleNamespace(get_write_buffer_size=int, abort=bool)
            ),
        )  # fmt: skip
        reader: Any = SimpleNamespace(waiting=int)
        line.reader = SimpleNamespace(at_most=contextlib.nullcontext)
        self._clients[name] = found = Client(self._server, line, reader, number), sent
        while len(self._clients) > MOST_CLIENTS:
            _, (oldest, _) = self._clients.popitem(last=False)
            self._server.unqueue(oldest)
        return found

    def _forget(self, client: Client) -> None:
        for name, (known, _) in list(self._clients.items()):
            if known is client:
                del self._clients[name]


class _Turn:
    """Nothing else waits while a request is answered."""

    async def pass_on(self) -> None:
        """Go on at once."""


def _words(request: bytes) -> list[bytes]:
    """The words of a command in RESP, [] if it is none."""
    if len(request) > MOST_BYTES or request[:1] != b"*":
        return []
    head, _, rest = request.partition(b"\r\n")
    count = int(head[1:]) if head[1:].isdigit() and len(head) < 8 else 0
    words = []
    for _ in range(min(count, MOST_WORDS)):
        size, _, rest = rest.partition(b"\r\n")
        if (
            size[:1] != b"$"
            or not size[1:].isdigit()
            or not int(size[1:8]) <= min(len(rest) - 2, MOST_LENGTH)
        ):
            return []
        words.append(rest[: int(size[1:])])
        rest = rest[int(size[1:]) + 2 :]
    return words if count <= MOST_WORDS else []
