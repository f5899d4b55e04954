# ruff: noqa: E501 (what real programs log is not broken into shorter lines)
"""What sshd and PAM log of a connection until someone has logged in, and the failures in btmp.

Source: auth.c, auth2.c and monitor.c of OpenSSH 9.2, pam_unix of Linux-PAM 1.5.
"""

from __future__ import annotations

from ..events import Session
from ..host.administrators import has_account
from ..host.pids import new_pid
from ..login_log import LoginLog, bytes_of
from ..persona import Persona

MOST_ATTEMPTS = 20
"""Of one connection that are logged."""


class AuthLog(LoginLog):
    """As sshd writes it."""

    def __init__(self, persona: Persona, session: Session) -> None:
        super().__init__(persona, session)
        self._user: str | None = None
        self._exists = True
        self._wrong = 0

    @property
    def _from(self) -> str:
        return f"{self._session.source} port {self._session.port}"

    @property
    def _name(self) -> str:
        return f"{self._user}" if self._exists else f"invalid user {self._user}"

    @property
    def _who(self) -> str:
        return f"user {self._user}" if self._exists else self._name

    def named(self, name: str) -> None:
        """The first attempt has named a user."""
        if not self._writes or self._user is not None:
            return
        self._user, self._exists = visible(name), has_account(self._machine, name)
        if not self._exists:
            self._say(f"Invalid user {self._user} from {self._from}")

    def failed(self, method: str) -> None:
        """An attempt has failed."""
        self._count += 1
        if not self._writes or self._user is None or method != "password" or self._count > MOST_ATTEMPTS:
            return
        self._wrong += 1
        if not self._exists:
            self._say("pam_unix(sshd:auth): check pass; user unknown")
        if self._wrong == 1:
            self._say(f"pam_unix(sshd:auth): {self._failure()}")
        self._say(f"Failed password for {self._name} from {self._from} ssh2")
        self._logs.write("btmp", f"{self._session.source} {self._user}", "ssh:notty", self._number())

    def ended(self, version: str, reason: str = "") -> None:
        """The connection ends before a login. `version`: how the client has introduced itself; `reason`: why
        the server ends it, "" if the client has left."""
        if not self._writes:
            return
        known = "authenticating " if self._exists else ""
        if not version.startswith("SSH-"):
            self._not_ssh(version)
        elif self._user is None:
            self._say(f"Connection closed by {self._from} [preauth]")
        elif reason.startswith("Too many"):
            self._say(
                f"error: maximum authentication attempts exceeded for {self._name} from {self._from} ssh2 [preauth]"
            )
            self._say(f"Disconnecting {known}{self._who} {self._from}: {reason} [preauth]")
        else:
            self._say(f"Connection closed by {known}{self._who} {self._from} [preauth]")
        if self._wrong > 1:
            more = self._wrong - 1
            failures = "failure" if more == 1 else "failures"
            self._say(f"PAM {more} more {self._failure().replace('failure', failures, 1)}")

    def _not_ssh(self, line: str) -> None:
        """The client has left, or has sent something else."""
        if line:
            sent = f'client sent invalid protocol identifier "{visible(line)}"'
            self._say(f"error: kex_exchange_identification: {sent}")
            self._say(f"banner exchange: Connection from {self._from}: invalid format")
        else:
            self._say("error: kex_exchange_identification: Connection closed by remote host")
            self._say(f"Connection closed by {self._from}")

    def _failure(self) -> str:
        more = f"  user={self._user}" if self._exists else ""
        return (
            f"authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={self._session.source}{more}"
        )

    def _number(self) -> int:
        """The number of the server's process for the connection."""
        self._session.server = self._session.server or new_pid(self._machine)
        return self._session.server

    def _say(self, text: str) -> None:
        self._logs.write("auth", text, "sshd", self._number())


def visible(name: str) -> str:
    """A name as strvis(3) of OpenSSH writes it: other bytes than those of ASCII as octal numbers."""
    return "".join(
        "\\\\" if byte == ord("\\") else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in bytes_of(name)
    )
