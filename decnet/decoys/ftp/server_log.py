"""What vsftpd and ProFTPD log of a visit: in their own files, and through syslog what PAM says of a login.

Source: vsftpd 3.0.3 of Debian 12, run with its configuration; contrib and `SystemLog` of ProFTPD 1.3.8.
"""

from __future__ import annotations

import time

from ..host.administrators import has_account
from ..host.pids import new_pid
from ..machine import Machine
from ..persona import Persona
from ..server_logs import logs_of

MOST_TEXT = 200
"""Characters of what a visitor sent that a line has."""


class ServerLog:
    """The log of one visit; the servers of devices write none."""

    def __init__(self, persona: Persona, source: str) -> None:
        self._machine = Machine(persona)
        self._logs = logs_of(persona.machine.seed)
        is_known = persona.os == "linux" and self._machine.system.id in ("debian", "ubuntu")
        self._vsftpd = is_known and "vsFTPd" in persona.banner
        self._proftpd = is_known and "ProFTPD" in persona.banner
        self._source = source
        self._user = ""
        self._pid = self._child = 0

    def connected(self) -> None:
        """A visitor has come."""
        if self._vsftpd or self._proftpd:
            self._pid = new_pid(self._machine)
        if self._vsftpd:
            self._child = new_pid(self._machine)
            self._note(self._child, "CONNECT")
        self._say("FTP session opened.")

    def failed(self, name: str) -> None:
        """A login was refused."""
        if not (self._vsftpd or self._proftpd):
            return
        exists, user = has_account(self._machine, name), plain(name)
        self._pam(user, exists=exists)
        if self._vsftpd:
            self._note(self._pid, "FAIL LOGIN", user)
        if exists:
            self._say(f"USER {user} (Login failed): Incorrect password")
        else:
            host, own = self._source, self._machine.address
            self._say(f"USER {user}: no such user found from {host} [{host}] to ::ffff:{own}:21")

    def entered(self, user: str, password: str | None) -> None:
        """A login was accepted. `password`: that of an anonymous one."""
        self._user = user
        if self._vsftpd:
            more = "" if password is None else f', anon password "{plain(password or "?")}"'
            self._note(self._pid, "OK LOGIN", user, more)
            self._child = new_pid(self._machine)
        self._say(
            f"USER {user}: Login successful." if password is None else f"ANON {user}: Login successful."
        )

    def transferred(self, what: str, path: str, size: int, seconds: float, *, done: bool = True) -> None:
        """A file was sent (DOWNLOAD) or received (UPLOAD), or was not."""
        if self._vsftpd:
            rate = size / 1024 / seconds if done and seconds > 0 else 0.0
            length = f", {size} bytes" if done and size else ""
            text = f', "{plain(path)}"{length}, {rate:.2f}Kbyte/sec'
            self._note(self._child, f"{'OK' if done else 'FAIL'} {what}", self._user, text)
        elif self._proftpd and done:
            way = "i" if what == "UPLOAD" else "o"
            name = plain(path).replace(" ", "_")
            front = f"{_now()} {max(0, round(seconds))} {self._source} {size} {name}"
            self._logs.write("transfers", f"{front} b _ {way} r {self._user} ftp 0 * c")

    def ended(self) -> None:
        """The visitor has left."""
        self._say("FTP session closed.")

    def _note(self, pid: int, what: str, user: str = "", more: str = "") -> None:
        who = f" [{user}]" if user else ""
        self._logs.write(
            "ftp", f'{_now()} [pid {pid}]{who} {what}: Client "::ffff:{self._source}"{more}', pid=pid
        )

    def _say(self, text: str) -> None:
        if self._proftpd:
            now = time.time()
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now)) + f",{int(now * 1000) % 1000:03}"
            host, client = self._machine.hostname, self._source
            self._logs.write(
                "ftp",
                f"{stamp} {host} proftpd[{self._pid}] {host} ({client}[{client}]): {text}",
                pid=self._pid,
            )

    def _pam(self, user: str, *, exists: bool) -> None:
        name, terminal, source = "vsftpd", "ftp", f"::ffff:{self._source}"
        if self._proftpd:
            name, terminal, source = "proftpd", f"/dev/ftpd{self._pid}", self._source
        if not exists:
            self._logs.write("auth", f"pam_unix({name}:auth): check pass; user unknown", name, self._pid)
        more = f"  user={user}" if exists else ""
        who = f"logname= uid=0 euid=0 tty={terminal} ruser={user} rhost={source}{more}"
        self._logs.write("auth", f"pam_unix({name}:auth): authentication failure; {who}", name, self._pid)


def plain(text: str) -> str:
    """A text of a visitor as vsftpd writes it: other bytes than those of ASCII are question marks."""
    raw = text.encode("utf-8", "surrogateescape")[:MOST_TEXT]
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in raw)


def _now() -> str:
    return time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime())
