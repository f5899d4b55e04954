"""What all shells and commands of one connection share: the server's process, and the record of the login."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..events import Session
from ..host.logins import login_texts
from ..server_logs import logs_of
from ..visitor_logins import Login

if TYPE_CHECKING:
    from ..host.world import World

KINDS = {"ssh-rsa": "RSA", "ssh-ed25519": "ED25519", "ssh-dss": "DSA"}
"""How sshd names types of keys; the others are ECDSA's."""
AHEAD = 6
"""Processes that a connection starts before the last one of its server."""


@dataclass(eq=False)
class Arrival:
    """One connection that has logged in. `began`: seconds since the epoch; `server`: the number of the
    server's last process for it; `number`: of its login session; `open`: how many of its shells and commands
    run."""

    began: float
    server: int
    number: int
    terminal: str = ""
    open: int = 0
    login: Login | None = None
    """What the logs have of it."""


def arrival_of(world: World, session: Session, began: float) -> Arrival:
    """The arrival of a connection; of one that is not known yet, at the time `began`."""
    known: Arrival | None = world.arrivals.get(session)
    if known is None:
        server = session.server or world.new_pid(AHEAD)
        known = world.arrivals[session] = Arrival(began, server, world.new_session())
    return known


def log_in(world: World, session: Session, login: Login) -> None:
    """Log what sshd or login and PAM do when a user comes."""
    _log(world, session, login, at=0)


def log_out(world: World, session: Session) -> None:
    """The same when his connection ends."""
    arrival: Arrival | None = world.arrivals.get(session)
    if arrival is not None and arrival.login is not None:
        _log(world, session, arrival.login, at=1)


def _log(world: World, session: Session, login: Login, *, at: int) -> None:
    if world.packages is None:
        return
    texts = login_texts(world, login.user, world.number_of(login.user), session.source, session.port)[at]
    program = "sshd"
    if login.service == "telnet":
        program = "login"
        texts = [texts[1].replace("by (uid=0)", "by LOGIN(uid=0)") if at == 0 else texts[2]]
        texts = [text.replace("sshd:", "login:") for text in texts]
    elif session.key and at == 0:
        kind, _, print_ = session.key.partition(" ")
        name = KINDS.get(kind, "ECDSA")
        texts[0] = texts[0].replace("password", "publickey", 1) + f": {name} {print_}"
    for text in texts:
        logs_of(world.persona.seed).write("auth", text, program, login.server)
