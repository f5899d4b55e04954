"""A Telnet client that agrees to what it knows, and the real one."""

from __future__ import annotations

import re
import socket
import subprocess

ANSWERS = {b"\xfd": b"\xfc", b"\xfb": b"\xfd", b"\xfe": b"\xfc", b"\xfc": b"\xfe"}
"""DO is refused, WILL is taken."""


class Client:
    """A client that has only the options in `values`, and reads until it sees what it waits for."""

    def __init__(self, port: int, values: dict[int, bytes] | None = None) -> None:
        self.line = socket.create_connection(("127.0.0.1", port), 30)
        self.said = b""
        self._values = values or {}

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()

    def until(self, text: bytes) -> bytes:
        while text not in self.said:
            piece = self.line.recv(4096)
            assert piece, self.said
            self.said += piece
            self._answer(piece)
        before, _, self.said = self.said.partition(text)
        return before + text

    def _answer(self, piece: bytes) -> None:
        for verb, option in re.findall(rb"\xff([\xfb-\xfe])(.)", piece, re.DOTALL):
            has = verb == b"\xfd" and option[0] in self._values
            self.line.sendall(b"\xff" + (b"\xfb" if has else ANSWERS[verb]) + option)
        for option in re.findall(rb"\xff\xfa(.)\x01\xff\xf0", piece, re.DOTALL):
            self.line.sendall(b"\xff\xfa" + option + b"\0" + self._values[option[0]] + b"\xff\xf0")

    def type(self, text: bytes) -> None:
        self.line.sendall(text + b"\r\0")

    def rest(self) -> bytes:
        while piece := self.line.recv(4096):
            self.said += piece
        return self.said


def telnet(port: int, *lines: tuple[str, str]) -> str:
    """The real client: after each text that it shows, a line is typed; everything that it showed."""
    with subprocess.Popen(
        ["telnet", "127.0.0.1", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as client:
        assert client.stdin is not None and client.stdout is not None
        shown = b""
        for awaited, line in lines:
            mark = len(shown)
            while awaited.encode() not in shown[mark:]:
                piece = client.stdout.read1()
                assert piece, shown
                shown += piece
            client.stdin.write(line.encode() + b"\n")
            client.stdin.flush()
        shown += client.stdout.read()
        return shown.decode("utf-8", "replace")
