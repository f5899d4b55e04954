"""Records what visitors send to AUTH as logins: requested or not, complete or not."""

import re

from ..credentials import is_text, record_login, unwrapped
from ..events import Session, shown

ANSWERS = {"LOGIN": 2}
"""The number of answers of a mechanism; the others have one."""
MOST_LATE = 50
"""Unanswered lines that are still examined."""
USER = re.compile(r'(?:^|[,\x01 ])(?:n|user|username)="?([^,\x01"]+)')


class Attempts:
    """The attempts of one visit, one after the other; each is recorded when it ends."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._mechanism = ""
        self._answers: list[str] = []

    def begin(self, mechanism: str, first: str) -> None:
        """AUTH was sent, with or without an initial response."""
        self.end()
        self._mechanism, self._answers = mechanism, [first] if first else []

    def answer(self, text: str) -> None:
        """One more answer, supposedly in base64."""
        self._answers.append(text)

    def end(self, *, success: bool = False) -> None:
        """Record the attempt, if any credential was sent."""
        mechanism, answers = self._mechanism, self._answers
        self._mechanism, self._answers = "", []
        if any(text not in ("", "=") for text in answers):
            method = f"auth {mechanism.lower()}"[:60].strip()
            record_login(self._session, method, success=success, **meaning(mechanism, answers))

    def stray(self, line: bytes) -> None:
        """A line that is not a valid command: AUTH itself, or the answer to a refused one."""
        words = line.decode("latin-1").split(None, 2)
        if words and words[0].upper() == "AUTH":
            self.begin(*(words[1:] + ["", ""])[:2])
            self.refused()
        elif self._mechanism and len(words) == 1 and unwrapped(words[0]) is not None:
            self.answer(words[0])
            self.refused()

    def refused(self) -> None:
        """Record the attempt if it is complete; else answers may follow that were not requested."""
        if len(self._answers) >= ANSWERS.get(self._mechanism.upper(), 1):
            self.end()

    def unread(self, rest: bytes) -> None:
        """The visit is over, or continues in TLS; `rest` was received but is never answered."""
        for line in rest.split(b"\n")[:MOST_LATE]:
            self.stray(line)
        self.end()


def meaning(mechanism: str, answers: list[str]) -> dict[str, bytes | str]:
    """The fields of a login; `response` is what was sent, if that is not a user and a password in base64."""
    decoded = [b"" if text == "=" else unwrapped(text) for text in answers]
    readable = all(part is not None and is_text(part) for part in decoded)
    parts = [text if part is None else part for part, text in zip(decoded, answers, strict=True)]
    response: dict[str, bytes | str] = {} if readable else {"response": " ".join(answers)}
    if mechanism.upper() == "LOGIN":
        return dict(zip(("username", "password"), parts, strict=False)) | response
    first = parts[0]
    if isinstance(first, bytes) and mechanism.upper() == "PLAIN" and b"\0" in first:
        return _plain(first.split(b"\0")) | response
    if isinstance(first, bytes) and mechanism.upper() == "CRAM-MD5":
        user, _, proof = first.rpartition(b" ")
        return {"username": user, "response": proof} | response
    found = USER.search(first if isinstance(first, str) else shown(first))
    return {"username": found[1] if found else "", "response": first} | response


def _plain(parts: list[bytes]) -> dict[str, bytes | str]:
    """RFC 4616: identity, user and password; the identity may be missing."""
    user, *password = parts[1:] if len(parts) > 2 else parts
    return {"username": user, "password": b"\0".join(password)}
