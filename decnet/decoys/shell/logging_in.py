"""The record of a login, which every shell and command of a connection keeps up."""

from __future__ import annotations

import time
from dataclasses import replace

from ..visitor_logins import Login
from .arrivals import Arrival, arrival_of, log_in
from .state import Shell


def come(shell: Shell) -> None:
    """A shell or a command of a connection begins: note the login."""
    arrival = arrival_of(shell.world, shell.session, shell.began)
    arrival.open += 1
    arrival.terminal = arrival.terminal or shell.visit.terminal
    login = _login(shell, arrival)
    if arrival.login is None:
        arrival.login = login
        log_in(shell.world, shell.session, login)
    shell.files.log_in(login)


def leave(shell: Shell) -> None:
    """It has ended; the last one of a connection ends the login."""
    arrival = arrival_of(shell.world, shell.session, shell.began)
    arrival.open -= 1
    if arrival.open <= 0:
        shell.files.log_in(replace(_login(shell, arrival), ended=time.time()))


def _login(shell: Shell, arrival: Arrival) -> Login:
    service = shell.world.persona.service
    return Login(
        shell.visit.user, arrival.began, service, arrival.terminal, shell.session.port, arrival.server
    )
