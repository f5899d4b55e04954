"""Addresses in MAIL and RCPT, queue ids, and the recorded part of a mail."""

import os
import re
import time

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEPT = 4096
ADDRESS = re.compile(r"\s*(?:<([^<>]*)>|([^\s<>]+))\s*(.*)")
LOCAL_PART = re.compile(r"[^\s<>()\[\]\\,;:@\"]{1,64}|\"[^\"]{0,62}\"")


class Mail:
    """One mail during its reception: all of it is counted, its beginning is kept."""

    def __init__(self) -> None:
        self.size = 0
        self.beginning = bytearray()

    def add(self, data: bytes) -> None:
        """Add a part of the mail."""
        self.size += len(data)
        if len(self.beginning) < KEPT:
            self.beginning += data[: KEPT - len(self.beginning)]

    def subject(self) -> str:
        """Its subject line."""
        return self.header("subject")

    def header(self, name: str) -> str:
        """The first header of this name (in lower case), "" if there is none."""
        front = name.encode() + b":"
        for line in bytes(self.beginning).replace(b"\r", b"").split(b"\n\n")[0].split(b"\n"):
            if line.lower().startswith(front):
                return line[len(front) :].strip().decode("utf-8", "backslashreplace")
        return ""


def address(rest: str, word: str, kind: str) -> tuple[str, list[str], str]:
    """Address, options, and "syntax" or "address" where there is none. `word`: FROM: or TO:."""
    if not rest.upper().replace(" ", "").startswith(word):
        return "", [], "syntax"
    text = rest[rest.find(":") + 1 :]
    if not text.strip():
        return "", [], "syntax"
    found = ADDRESS.fullmatch(text[:1000])
    if found is None:
        return "", [], "address"
    path = found.group(1) if found.group(1) is not None else found.group(2)
    if path.startswith("@") and ":" in path:
        path = path.partition(":")[2]
    local = path.rpartition("@")[0] if "@" in path else path
    if path and not all(LOCAL_PART.fullmatch(part) for part in local.split("@")):
        return "", [], "address"
    return path.replace('"', "") if kind == "postfix" else path, found.group(3).split(), ""


def queue_id(kind: str) -> str:
    """An id in this server's format."""
    if kind == "postfix":
        return os.urandom(5).hex().upper() + f"{os.urandom(1)[0] % 16:X}"
    if kind == "exim":
        return "-".join(
            (
                _digits(int(time.time()), 6),
                _digits(int.from_bytes(os.urandom(3), "big"), 6),
                _digits(os.urandom(1)[0], 2),
            )
        )
    if kind == "sendmail":
        return f"4ALB{_digits(int.from_bytes(os.urandom(3), 'big'), 4)}{1000 + os.urandom(1)[0]:06d}"
    return os.urandom(16).hex()


def _digits(number: int, length: int) -> str:
    out = ""
    for _ in range(length):
        number, place = divmod(number, 62)
        out = ALPHABET[place] + out
    return out
