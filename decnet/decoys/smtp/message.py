"""Queue ids and what is kept of a mail."""

import os
import time

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEPT = 4096


class Mail:
    """One mail while it comes in: counted whole, kept from its beginning."""

    def __init__(self) -> None:
        self.size = 0
        self.beginning = bytearray()

    def add(self, data: bytes) -> None:
        """More of it."""
        self.size += len(data)
        if len(self.beginning) < KEPT:
            self.beginning += data[: KEPT - len(self.beginning)]

    def subject(self) -> str:
        """Its subject line."""
        for line in bytes(self.beginning).split(b"\n\n")[0].replace(b"\r", b"").split(b"\n"):
            if line.lower().startswith(b"subject:"):
                return line[8:].strip().decode("utf-8", "backslashreplace")
        return ""


def queue_id(kind: str) -> str:
    """An id as this server makes them."""
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
