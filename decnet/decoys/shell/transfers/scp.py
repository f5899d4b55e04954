"""The remote side of scp's own protocol: `scp -t` receives files, `scp -f` sends them.

Source: scp of OpenSSH 9.2p1, given the same input and compared byte by byte.
"""

from __future__ import annotations

import re
from typing import Any

from ...host.node import Node
from ..context import Context, Work
from ..descriptors import Stream
from ..process import Process
from ..tasks import Readable, Writable
from .files import NO_FOLDER, Failed, Files
from .handles import MOST_SIZE, piece_of

MOST_LINE = 2048
MOST_NESTED = 30
PIECE = 32 * 1024
FLAGS = "346ABCdfOpqRrtTv1"
TAKES_VALUE = "cDFiJloPSX"
OK = b"\0"
USAGE = """usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]
           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]
           [-P port] [-S program] [-X sftp_option] source ... target
"""


class Stopped(Exception):
    """scp ends at once, with status 1."""


def scp(context: Context, process: Process) -> Work:
    """`scp` as a client on another machine starts it; None of the two modes: the usage."""
    flags, words = _options(process.args)
    transfer = Transfer(context, flags)
    try:
        if "f" in flags:
            yield from transfer.response()
            yield from transfer.send(words)
        elif "t" in flags:
            if len(words) != 1:
                transfer.complain("ambiguous target")
                return 1
            yield from transfer.receive_at(words[0])
        else:
            context.err(USAGE)
            return 1
    except Stopped:
        return 1
    return int(transfer.errors > 0)


def is_remote(arguments: list[str]) -> bool:
    """Whether a client on another machine has started it with these arguments."""
    return bool({"f", "t"} & _options(arguments)[0])


def _options(arguments: list[str]) -> tuple[set[str], list[str]]:
    """The flags, and the words after them; getopt(3) also finds flags behind words."""
    flags: set[str] = set()
    words: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return flags, words + rest
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        for at, letter in enumerate(word[1:], 2):
            if letter in TAKES_VALUE:
                if at == len(word) and rest:
                    rest.pop(0)
                break
            flags.add(letter)
    return flags, words


class Transfer:
    """One run of scp; what it says goes to the client over the standard output."""

    def __init__(self, context: Context, flags: set[str]) -> None:
        self._context = context
        self._shell = context.shell
        self._files = Files(context.shell)
        self._flags = flags
        self._waiting = bytearray()
        self.errors = 0

    def complain(self, text: str) -> None:
        """An error: the client prints it."""
        self.errors += 1
        self._context.out(f"\x01scp: {text}\n")

    # Receiving

    def receive_at(self, target: str) -> Work:
        """Receive files into this folder, or as this file."""
        if "d" in self._flags:
            try:
                if not self._files.stat(target).folder:
                    raise Failed(NO_FOLDER)
            except Failed as failed:
                self.complain(f"{target}: {failed.text}")
                raise Stopped from failed
        yield from self._receive(target, 0)

    def _receive(self, target: str, depth: int) -> Work:
        into_folder = self._is_folder(target)
        self._context.out(OK)
        times: tuple[int, int] | None = None
        first = True
        while True:
            line = yield from self._line(first=first)
            if line is None:
                return
            kind, rest = line[:1], line[1:]
            if kind in ("\x01", "\x02"):
                self.errors += 1
                if kind == "\x02":
                    raise Stopped
                first = False
                continue
            if kind == "E":
                self._context.out(OK)
                return
            if kind == "T":
                times = self._times(rest)
                self._context.out(OK)
            elif kind in ("C", "D"):
                mode, size, name = self._described(rest, kind)
                path = f"{target.rstrip('/') if target != '/' else ''}/{name}" if into_folder else target
                if kind == "D":
                    yield from self._folder(path, mode, times, depth)
                else:
                    yield from self._file(path, mode, size, times)
                times = None
            else:
                self._stop(line if first else "protocol error: expected control record")
            first = False

    def _line(self, *, first: bool) -> Work:
        """The next record, None at the end of the input."""
        raw = bytearray()
        while not raw.endswith(b"\n"):
            if len(raw) > MOST_LINE:
                self._stop("protocol error: lost connection")
            byte = yield from self._take(1)
            if not byte:
                if not raw:
                    return None
                self._stop("protocol error: lost connection")
            raw += byte
            if raw == b"\n":
                self._stop("protocol error: unexpected <newline>")
        return raw[:-1].decode("utf-8", "surrogateescape")

    def _times(self, text: str) -> tuple[int, int]:
        """Times of modification and of access."""
        parts = (("mtime.sec", " "), ("mtime.usec", " "), ("atime.sec", " "), ("atime.usec", ""))
        numbers: list[int] = []
        for name, end in parts:
            found = re.match(r"\d{1,18}", text)
            if found is None and name in ("mtime.sec", "atime.sec"):
                self._stop(f"protocol error: {name} not present")
            digits = found[0] if found else ""
            text = text[len(digits) :]
            too_much = name.endswith("usec") and int(digits or 0) > 999_999
            if not text.startswith(end) or (not end and text) or too_much:
                self._stop(f"protocol error: {name} not delimited")
            text = text[1:]
            numbers.append(int(digits or 0))
        return numbers[0], numbers[2]

    def _described(self, text: str, kind: str) -> tuple[int, int, str]:
        """Mode, size and name of a file or folder."""
        mode, rest = text[:4], text[4:]
        if not re.fullmatch(r"[0-7]{4}", mode):
            self._stop("protocol error: bad mode")
        if not rest.startswith(" "):
            self._stop("protocol error: mode not delimited")
        if not rest[1:2].isdigit():
            self._stop("protocol error: size not present")
        digits = re.match(r"[0-9]+", rest[1:])
        size = digits[0] if digits else "0"
        rest = rest[1 + len(size) :]
        if not rest.startswith(" "):
            self._stop("protocol error: size not delimited")
        if len(size) > 18:
            self._stop("protocol error: size out of range")
        name = rest[1:]
        if name in ("", ".", "..") or "/" in name:
            self._stop(f"error: unexpected filename: {name}")
        if kind == "D" and "r" not in self._flags:
            self._stop("protocol error: received directory without -r")
        return int(mode, 8), int(size), name

    def _folder(self, path: str, mode: int, times: tuple[int, int] | None, depth: int) -> Work:
        existed = self._is_there(path)
        try:
            if existed and not self._is_folder(path):
                raise Failed(NO_FOLDER)
            if depth > MOST_NESTED:
                raise Failed("File name too long")
            if not existed:
                self._files.make_folder(path, mode | 0o700)
            elif "p" in self._flags:
                self._files.set_mode(path, mode)
        except Failed as failed:
            self.complain(f"{path}: {failed.text}")
            return
        yield from self._receive(path, depth + 1)
        try:
            if times is not None:
                self._files.set_time(path, times[0])
            if not existed and mode & 0o700 != 0o700:
                self._files.set_mode(path, mode & ~self._shell.umask)
        except Failed as failed:
            self.complain(f"{path}: set times: {failed.text}")

    def _file(self, path: str, mode: int, size: int, times: tuple[int, int] | None) -> Work:
        existed = self._is_there(path)
        try:
            update = self._files.update(path, mode)
        except Failed as failed:
            self.complain(f"{path}: {failed.text}")
            return
        update.whole = False
        reason = ""
        try:
            self._context.out(OK)
            left = size
            while left:
                data = yield from self._take(min(left, PIECE))
                if not data:
                    self.complain("Broken pipe")
                    raise Stopped
                left -= len(data)
                reason = reason or update.append(data)
            update.whole = not reason and self._shell.has_all_input and size <= MOST_SIZE
        finally:
            update.close()
        is_answered = yield from self.response(at_end=True)
        try:
            if times is not None:
                self._files.set_time(path, times[0])
            if "p" in self._flags or not existed:
                self._files.set_mode(path, mode if "p" in self._flags else mode & ~self._shell.umask)
        except Failed as failed:
            self.complain(f"{path}: set mode: {failed.text}")
        if reason:
            self.complain(f"{path}: {reason}")
        elif is_answered is not None:
            self._context.out(OK)

    # Sending

    def send(self, paths: list[str]) -> Work:
        """Send these files and folders."""
        for path in paths:
            yield from self._send(path, 0)

    def _send(self, path: str, depth: int) -> Work:
        try:
            where, node = self._files.readable(path)
            if node.folder and ("r" not in self._flags or depth > MOST_NESTED):
                self.complain(f"{path}: not a regular file")
                return
            if node.kind:
                self.complain(f"{path}: not a regular file")
                return
        except Failed as failed:
            self.complain(f"{path}: {failed.text}")
            return
        name = path.rstrip("/").rpartition("/")[2] or path
        name = self._shell.absolute(path).rpartition("/")[2] if name in (".", "..") else name
        if "p" in self._flags:
            self._context.out(f"T{node.changed} 0 {node.changed} 0\n")
            if not (yield from self.response()):
                return
        if node.folder:
            yield from self._send_folder(path, name, node, depth)
        else:
            yield from self._send_file(where, name, node)

    def _send_folder(self, path: str, name: str, node: Node, depth: int) -> Work:
        self._context.out(f"D{node.mode & 0o7777:04o} 0 {name[:1024]}\n")
        if not (yield from self.response()):
            return
        try:
            names = self._files.names(path)
        except Failed as failed:
            self.complain(f"{path}: {failed.text}")
            names = []
        for each in names:
            yield from self._send(f"{path.rstrip('/')}/{each}", depth + 1)
        self._context.out("E\n")
        yield from self.response()

    def _send_file(self, where: str, name: str, node: Node) -> Work:
        size = max(node.bytes, len(node.data))
        self._context.out(f"C{node.mode & 0o7777:04o} {size} {name}\n")
        if not (yield from self.response()):
            return
        for at in range(0, size, PIECE):
            self._context.out(piece_of(self._shell, where, node, at, min(PIECE, size - at)))
            yield from self._room()
        self._context.out(OK)
        yield from self.response()

    # Both

    def response(self, *, at_end: bool = False) -> Work:
        """The client's answer: True, or False where it skips this file. Raises Stopped."""
        first = yield from self._take(1)
        if not first:
            raise Stopped
        if first == OK:
            return True
        line = bytearray() if first in b"\1\2" else bytearray(first)
        while not line.endswith(b"\n") and len(line) < MOST_LINE:
            byte = yield from self._take(1)
            if not byte:
                break
            line += byte
        self.errors += 1
        if first != b"\1":
            raise Stopped
        return None if at_end else False

    def _take(self, most: int) -> Work:
        """The next bytes of the input, b"" at its end."""
        source = self._context.fds.get(0)
        if not self._waiting and isinstance(source, Stream):
            if not source.is_readable:
                yield Readable(source)
            else:
                yield None
            self._waiting += source.take()
        data = bytes(self._waiting[:most])
        del self._waiting[:most]
        return data

    def _room(self) -> Any:
        end = self._context.fds.get(1)
        self._shell.files.read = 0
        if end is not None and end.is_full:
            yield Writable(end)
        else:
            yield None

    def _is_there(self, path: str) -> bool:
        try:
            self._files.stat(path)
        except Failed:
            return False
        return True

    def _is_folder(self, path: str) -> bool:
        try:
            return self._files.stat(path).folder
        except Failed:
            return False

    def _stop(self, text: str) -> None:
        self.complain(text)
        raise Stopped
