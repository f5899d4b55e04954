# ruff: noqa: E501 (what real servers log is not broken into shorter lines)
"""What Postfix and Exim log of a visit.

Source: smtpd(8), cleanup(8), qmgr(8) and local(8) of Postfix 3.7; the specification of Exim 4.96, chapter 53.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

from ..host.pids import new_pid
from ..machine import Machine
from ..persona import Persona
from ..server_logs import logs_of

MOST_TEXT = 200
"""Characters of what a visitor sent that a line has."""
COMMANDS = (
    "ehlo",
    "helo",
    "starttls",
    "auth",
    "mail",
    "rcpt",
    "data",
    "bdat",
    "rset",
    "noop",
    "vrfy",
    "etrn",
    "quit",
    "unknown",
)
"""The order of postfix's counts."""
LOCAL_SECONDS = 0.03
RESOLVER_SECONDS = 20.0
"""Until a resolver that does not answer is given up."""
MOST_RECIPIENTS = 5
"""Whose delivery is logged."""


class MailLog:
    """The log of one visit; other servers write none that the machine shows."""

    def __init__(self, kind: str, persona: Persona, source: str, host: str) -> None:
        self._machine = Machine(persona)
        self._logs = logs_of(persona.machine.seed)
        has_log = persona.os == "linux" and self._machine.system.id in ("debian", "ubuntu")
        self._postfix = has_log and kind == "postfix"
        self._exim = has_log and kind == "exim"
        self._source, self._host = source, host
        self._pid = 0
        self._counts: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._last = ""
        self._is_over = False

    @property
    def _client(self) -> str:
        return f"unknown[{self._source}]"

    def connected(self) -> None:
        """A visitor has come."""
        if self._postfix:
            self._pid = new_pid(self._machine)
            self._smtpd(f"connect from {self._client}")

    def command(self, verb: str, *, is_known: bool) -> None:
        """A command begins."""
        self._last = verb.lower() if is_known else "unknown"
        self._counts[self._last] += 1

    def failed(self) -> None:
        """The answer to the last command is an error."""
        if self._last:
            self._failed[self._last] += 1

    def refused(self, answer: str, path: str, sender: str, name: str, *, extended: bool) -> None:
        """A recipient was refused."""
        if self._postfix:
            how = "ESMTP" if extended else "SMTP"
            self._smtpd(
                f"NOQUEUE: reject: RCPT from {self._client}: {plain(answer)}; from=<{plain(sender)}> to=<{plain(path)}> proto={how} helo=<{plain(name)}>"
            )
        elif self._exim:
            self._main(
                f"H=({plain(name)}) [{self._source}] F=<{plain(sender)}> rejected RCPT <{plain(path)}>: {plain(answer[4:])}"
            )

    def login_failed(self, mechanism: str) -> None:
        """A wrong password."""
        if self._postfix:
            self._smtpd(
                f"warning: {self._client}: SASL {plain(mechanism)} authentication failed: (reason unavailable)"
            )
        elif self._exim:
            self._main(
                f"{plain(mechanism).lower()}_server authenticator failed for ({self._source}) [{self._source}]: 535 Incorrect authentication data"
            )

    def queued(
        self,
        identity: str,
        sender: str,
        recipients: list[str],
        size: int,
        message_id: str,
        name: str,
        *,
        extended: bool,
    ) -> None:
        """A mail was accepted: it is delivered to the mailbox of root, or stays in the queue."""
        if self._postfix:
            self._through_postfix(identity, sender, recipients, size, message_id)
        elif self._exim:
            how = "esmtp" if extended else "smtp"
            ident = f" id={plain(message_id)}" if message_id else ""
            self._main(
                f"{identity} <= {plain(sender) or '<>'} H=({plain(name)}) [{self._source}] P={how} S={size}{ident}"
            )
            self._main(f"{identity} => root <{plain(recipients[0])}> R=local_user T=mail_spool")
            self._main(f"{identity} Completed")

    def _through_postfix(
        self, identity: str, sender: str, recipients: list[str], size: int, message_id: str
    ) -> None:
        self._smtpd(f"{identity}: client={self._client}")
        cleanup, local = new_pid(self._machine), new_pid(self._machine)
        own = plain(message_id) or time.strftime("%Y%m%d%H%M%S.", time.gmtime()) + f"{identity}@{self._host}"
        self._say("cleanup", f"{identity}: message-id=<{own}>", cleanup)
        manager = self._number("qmgr")
        self._say(
            "qmgr",
            f"{identity}: from=<{plain(sender)}>, size={size + 180}, nrcpt={len(recipients)} (queue active)",
            manager,
        )
        is_kept = False
        for path in recipients[:MOST_RECIPIENTS]:
            name, _, domain = path.partition("@")
            if domain and domain.lower() not in (
                self._host.lower(),
                self._machine.hostname.lower(),
                "localhost",
            ):
                text = f"{identity}: to=<{plain(path)}>, relay=none, delay=20, delays=0.09/0.01/20/0, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name={plain(domain)} type=MX: Host not found, try again)"
                asyncio.get_running_loop().call_later(RESOLVER_SECONDS, self._say, "smtp", text, local)
                is_kept = True
                continue
            seconds = random.uniform(0.06, 0.2)
            to, orig = (
                f"root@{self._host}",
                f" orig_to=<{plain(path)}>," if name.lower() != "root" or not domain else "",
            )
            self._say(
                "local",
                f"{identity}: to=<{to}>,{orig} relay=local, delay={seconds:.2g}, delays={seconds - LOCAL_SECONDS:.2g}/0.01/0/{LOCAL_SECONDS - 0.01:.2g}, dsn=2.0.0, status=sent (delivered to mailbox)",
                local,
            )
        if not is_kept:
            self._say("qmgr", f"{identity}: removed", manager)

    def ended(self, *, is_lost: bool) -> None:
        """The visitor has left, without QUIT if he `is_lost`."""
        if not self._postfix or self._is_over:
            return
        self._is_over = True
        if is_lost:
            self._smtpd(f"lost connection after {self._last.upper() or 'CONNECT'} from {self._client}")
        counts = [
            f"{name}={self._counts[name] - self._failed[name]}/{self._counts[name]}" if self._failed[name] else f"{name}={self._counts[name]}"
            for name in COMMANDS if self._counts[name]
        ]  # fmt: skip
        good, every = self._counts.total() - self._failed.total(), self._counts.total()
        whole = f"{good}/{every}" if good < every else f"{every}"
        self._smtpd(" ".join([f"disconnect from {self._client}", *counts, f"commands={whole}"]))

    def _number(self, name: str) -> int:
        from ..host.processes import processes
        from ..host.services import services

        found, _ = processes(self._machine, services(self._machine), int(time.time()))
        return next((each.pid for each in found if each.name == name), self._pid)

    def _smtpd(self, text: str) -> None:
        self._say("smtpd", text, self._pid)

    def _say(self, name: str, text: str, pid: int) -> None:
        self._logs.write("mail", text, f"postfix/{name}", pid)

    def _main(self, text: str) -> None:
        self._logs.write("mail", time.strftime("%Y-%m-%d %H:%M:%S ", time.gmtime()) + text)


def plain(text: str) -> str:
    """A text of a visitor as Postfix writes it: other bytes than those of ASCII are question marks."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text[:MOST_TEXT])
