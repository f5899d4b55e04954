"""What all shells and commands of one connection share: the server's process, and the record of the login."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..events import Session
from ..host.logins import login_port, login_texts
from ..host.processes import pid_at
from ..visitor_logins import Login

if TYPE_CHECKING:
    from ..host.world import World

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


def arrival_of(world: World, session: Session, began: float) -> Arrival:
    """The arrival of a connection; of one that is not known yet, at the time `began`."""
    known: Arrival | None = world.arrivals.get(session)
    if known is None:
        known = world.arrivals[session] = Arrival(began, world.new_pid(AHEAD), world.new_session())
    return known


@dataclass(frozen=True)
class Logged:
    """One line that a login has left in the logs: `program` has sent it at `when` (seconds since the
    epoch)."""

    when: int
    program: str
    pid: int
    text: str


def logged(world: World, source: str, login: Login) -> list[Logged]:
    """What sshd or login have logged of one login of a visitor."""
    began, uid = int(login.began), world.number_of(login.user)
    port = login.port or login_port(world, began)
    came, left = login_texts(world, login.user, uid, source, port)
    program, pid = "sshd", login.server or pid_at(world, began)
    if login.service == "telnet":
        came = [came[1].replace("sshd:", "login:").replace("by (uid=0)", "by LOGIN(uid=0)")]
        left = [left[2].replace("sshd:", "login:")]
        program = "login"
    found = [Logged(began, program, pid, text) for text in came]
    return found + [Logged(int(login.ended), program, pid, text) for text in left if login.ended]
