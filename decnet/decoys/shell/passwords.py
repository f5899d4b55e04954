"""Passwords in the input of a shell's commands, for switching users and for changing passwords."""

from ..credentials import record_login
from ..events import Session

MOST = 20
READERS = ("passwd", "chpasswd", "su", "sudo")


def are_read_by(line: str) -> bool:
    """Whether a command line begins with a command that reads passwords."""
    return any(word.rsplit("/", 1)[-1] in READERS for word in line.split()[:1])


def record_passwords(session: Session, user: str, words: list[str], given: str, *, success: bool) -> None:
    """Record the passwords in the input of a command that reads them."""
    name, arguments = words[0].rsplit("/", 1)[-1], words[1:]
    lines = [line for line in given.splitlines() if line][:MOST]
    if name == "chpasswd":
        pairs = [(line.partition(":")[0], line.partition(":")[2]) for line in lines]
    elif name in ("passwd", "su") or (name == "sudo" and "-S" in arguments):
        names = [word for word in arguments if not word.startswith("-")]
        own = user if name == "sudo" else names[0] if names else "root" if name == "su" else user
        pairs = [(own, line) for line in dict.fromkeys(lines)]
    else:
        return
    for account, password in pairs:
        record_login(session, name, success=success, username=account, password=_plain(password))


def _plain(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
