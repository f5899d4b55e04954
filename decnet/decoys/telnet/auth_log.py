# ruff: noqa: E501 (what real programs log is not broken into shorter lines)
"""What login and PAM log of a refused password, and its record in btmp.

Source: login.c of shadow 4.13 and of util-linux 2.38, pam_unix of Linux-PAM 1.5.
"""

from __future__ import annotations

from ..host.administrators import has_account
from ..host.pids import new_pid
from ..login_log import LoginLog, bytes_of

AHEAD = 2
"""Processes that a connection starts before its login."""


class AuthLog(LoginLog):
    """As login writes it."""

    def failed(self, name: str) -> None:
        """A password was wrong."""
        if not self._writes:
            return
        self._session.server = self._session.server or new_pid(self._machine, AHEAD)
        self._count += 1
        source, user = self._session.source, plain(name)
        exists = has_account(self._machine, name)
        if not exists:
            self._say("pam_unix(login:auth): check pass; user unknown")
        more = f"  user={user}" if exists else ""
        self._say(
            f"pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/pts/0 ruser= rhost={source}{more}"
        )
        shown = user if exists else "UNKNOWN"
        self._say(
            f"FAILED LOGIN ({self._count}) on '/dev/pts/0' from '{source}' FOR '{shown}', Authentication failure"
        )
        self._logs.write("btmp", f"{source} {user if exists else 'UNKNOWN'}", "pts/0", self._session.server)

    def _say(self, text: str) -> None:
        self._logs.write("auth", text, "login", self._session.server)


def plain(name: str) -> str:
    """A name with nothing but characters of ASCII: rsyslog writes control characters as octal numbers."""
    return "".join(chr(byte) if 32 <= byte < 127 else f"#{byte:03o}" for byte in bytes_of(name))
