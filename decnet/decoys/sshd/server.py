"""The SSH server: the release's version and algorithms, password logins, sessions on the small shell."""

import asyncio
import logging
from typing import Any

import asyncssh

from ..events import Recorder, Session
from ..persona import Persona
from ..serve import Stop, listening
from .access import Access
from .algorithms import offered
from .hostkeys import host_keys
from .visit import Visit

LOGIN_SECONDS = 120
IDLE_SECONDS = 900
MAX_CONNECTIONS = 40
MAX_TRIES = 6
BAD_BANNER = b"Invalid SSH identification string.\r\n"
LONGEST_BANNER = 255


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's ports; returns how to stop."""
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
    access = Access(persona)
    crowd = Crowd()

    def server() -> "Server":
        return Server(persona, recorder, access, crowd)

    acceptors = [
        await asyncssh.create_server(
            server,
            sock=listening(port),
            server_host_keys=host_keys(persona),
            server_version=persona.banner,
            process_factory=Visit(persona, IDLE_SECONDS),
            encoding="utf-8",
            errors="replace",
            sftp_factory=None,
            allow_scp=False,
            login_timeout=LOGIN_SECONDS,
            line_history=50,
            max_line_length=4096,
            agent_forwarding=False,
            x11_forwarding=False,
            gss_host=None,
            kbdint_auth=False,
            config=None,
            **offered(persona.banner),
        )
        for port in persona.tcp_ports()
    ]

    async def stop() -> None:
        for acceptor in acceptors:
            acceptor.close()

    return stop


class Crowd:
    """How many are connected at once: past the limit new ones are turned away, as MaxStartups does."""

    def __init__(self) -> None:
        self.here = 0

    @property
    def full(self) -> bool:
        return self.here >= MAX_CONNECTIONS


class Server(asyncssh.SSHServer):
    """One connection, from its first byte to its end."""

    def __init__(self, persona: Persona, recorder: Recorder, access: Access, crowd: Crowd) -> None:
        self._persona = persona
        self._recorder = recorder
        self._access = access
        self._crowd = crowd
        self._tries = 0
        self._connection: asyncssh.SSHServerConnection | None = None
        self._session: Session | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        address = conn.get_extra_info("peername") or ("", 0)
        self._session = self._recorder.session(str(address[0]), int(address[1]))
        conn.set_extra_info(visit_session=self._session)
        self._crowd.here += 1
        if self._crowd.full:
            conn.abort()
            return
        _guard_first_line(conn, self._session)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.here -= 1
        if self._session is None or self._connection is None:
            return
        client = str(self._connection.get_extra_info("client_version") or "")
        self._session.end(client=client[:LONGEST_BANNER])

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._record(username, method="publickey", success=False, key=key.get_fingerprint())
        self._count_try()
        return False

    async def validate_password(self, username: str, password: str) -> bool:
        assert self._session is not None
        inside = self._access.lets_in(self._session.source, username, password)
        self._record(username, method="password", success=inside, password=password)
        if not inside:
            await asyncio.sleep(self._access.delay())
            self._count_try()
        return inside

    def _record(self, username: str, **fields: Any) -> None:
        if self._session is not None:
            self._session.record("login", username=username, **fields)

    def _count_try(self) -> None:
        self._tries += 1
        if self._tries >= MAX_TRIES and self._connection is not None:
            self._connection.disconnect(asyncssh.DISC_PROTOCOL_ERROR, "Too many authentication failures", "")

    def session_requested(self) -> bool:
        return True


def _guard_first_line(conn: asyncssh.SSHServerConnection, session: Session) -> None:
    """Answer a first line that is no SSH identification as OpenSSH does, before the library sees it."""
    deliver = conn.data_received
    seen = bytearray()

    def first(data: bytes, datatype: int | None = None) -> None:
        seen.extend(data)
        line, newline, _ = bytes(seen).partition(b"\n")
        if line[:4] == b"SSH-"[: len(line[:4])] and len(line) <= LONGEST_BANNER:
            if newline or len(seen) >= 4:
                conn.data_received = deliver  # type: ignore[method-assign]
                deliver(bytes(seen), datatype)
            return
        session.record("error", bytes=bytes(seen[:200]).decode("utf-8", "backslashreplace"))
        # The library has no public way to send plain bytes before the identification strings.
        if conn._transport is not None:
            conn._transport.write(BAD_BANNER)
            conn._transport.close()

    conn.data_received = first  # type: ignore[method-assign]
