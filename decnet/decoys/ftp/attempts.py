"""Records the names and passwords of one visit as events, whether or not the server accepts them."""

from ..credentials import record_login
from ..events import Session

MOST_LATE = 50
"""Unanswered lines that are still examined."""
SECRET = {
    "PASS": "password",
    "ACCT": "account",
    "ADAT": "adat",
    "SITE PSWD": "site pswd",
    "SITE GPASS": "site gpass",
}
"""Commands with a credential, and the method of their logins."""


class Attempts:
    """What was tried so far."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._name = b""
        self._open = False

    def user(self, name: str) -> None:
        """USER: the password may follow."""
        self.end()
        self._name = name.encode("utf-8", "surrogateescape")
        self._open = bool(name)

    def password(self, text: str, method: str = "password", *, success: bool = False) -> None:
        """PASS, or another secret."""
        raw = text.encode("utf-8", "surrogateescape")
        self._open = False
        if success or raw or self._name:
            record_login(self._session, method, success=success, username=self._name, password=raw)

    def refused(self, raw: bytes) -> None:
        """A line that is not executed."""
        words = raw.decode("utf-8", "surrogateescape").split(None, 1)
        verb, argument = words[0].upper() if words else "", words[1] if len(words) > 1 else ""
        if verb == "SITE":
            part, _, argument = argument.partition(" ")
            verb = f"SITE {part.upper()}"
        if verb == "USER":
            self.user(argument)
        elif verb in SECRET and (argument or self._open):
            self.password(argument, SECRET[verb])

    def end(self, unread: bytes = b"") -> None:
        """The visit is over; `unread` was received but is never answered. A name without a password is
        recorded too."""
        for line in unread.split(b"\n")[:MOST_LATE]:
            self.refused(line.rstrip(b"\r"))
        if self._open:
            record_login(self._session, "none", success=False, username=self._name)
        self._open = False
