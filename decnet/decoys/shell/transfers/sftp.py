"""The server of the SSH file transfer protocol, version 3, as OpenSSH's sftp-server behaves.

Source: sftp-server of OpenSSH 9.2p1, given the same requests and compared message by message.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

from ...host.node import Node
from ...ssh_strings import Malformed, string, uint32
from ..context import Context, Work
from ..descriptors import Stream
from ..files.facts import links_of, mode_text
from ..process import Process
from ..state import Shell
from ..tasks import Readable, Writable
from . import packets as no
from .files import Failed, Files
from .handles import Handle, piece_of
from .packets import (
    BAD,
    DENIED,
    END,
    FAILURE,
    NO_FILE,
    OK,
    STATUSES,
    Request,
    named,
    status,
)

MOST_HANDLES = 200
MOST_READ = 261120
MOST_NAMES = 100
TURN_SECONDS = 0.004
"""After so long an answer has fewer names: the client asks for the rest."""
READ, WRITE, APPEND, CREATE, TRUNCATE, EXCLUSIVE = 1, 2, 4, 8, 16, 32
REASONS = {
    "No such file or directory": NO_FILE, "Not a directory": NO_FILE, "Bad file descriptor": NO_FILE,
    "Too many levels of symbolic links": NO_FILE, "Permission denied": DENIED,
    "Operation not permitted": DENIED, "Invalid argument": BAD, "File name too long": BAD,
}  # fmt: skip
"""The status of each error of a system call; of any other: FAILURE."""
HALF_A_YEAR = 365 * 86400 // 2


class Sftp:
    """One client's session."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.files = Files(shell)
        self.handles: dict[bytes, Handle] = {}
        self._is_begun = False
        self._requests: dict[int, Callable[[Request], bytes]] = {
            no.OPEN: self._open, no.CLOSE: self._close, no.READ: self._read, no.WRITE: self._write,
            no.LSTAT: self._lstat, no.STAT: self._stat, no.FSTAT: self._fstat, no.SETSTAT: self._setstat,
            no.FSETSTAT: self._fsetstat, no.OPENDIR: self._opendir, no.READDIR: self._readdir,
            no.REMOVE: self._remove, no.MKDIR: self._mkdir, no.RMDIR: self._rmdir,
            no.REALPATH: self._realpath, no.RENAME: self._rename, no.READLINK: self._readlink,
            no.SYMLINK: self._symlink, no.EXTENDED: self._extended,
        }  # fmt: skip

    def answer(self, message: bytes) -> bytes:
        """The answer to one message, b"" if it has none. Raises Malformed."""
        reader = Request(message)
        number = reader.number(1)
        if number == no.INIT:
            from .extensions import offered

            reader.number()
            self._is_begun = True
            return bytes((no.VERSION,)) + uint32(3) + offered(self.shell)
        if not self._is_begun:
            raise Malformed
        request = reader.number()
        call = self._requests.get(number)
        if call is None:
            return b""
        try:
            answer = call(reader)
        except Failed as failed:
            answer = status(REASONS.get(failed.text, FAILURE))
        return answer[:1] + uint32(request) + answer[1:]

    def end(self, *, whole: bool) -> None:
        """Close everything; `whole`: the client has ended the session."""
        for handle in self.handles.values():
            if handle.update is not None:
                handle.update.whole = handle.update.whole and whole
                handle.update.close()
        self.handles.clear()

    # Files

    def _open(self, reader: Request) -> bytes:
        path, flags, wanted = reader.path(), reader.number(), reader.attributes()
        self._expect_room()
        update = None
        if flags & WRITE:
            mode = 0o666 if wanted.mode is None else wanted.mode
            update = self.files.update(
                path, mode, create=bool(flags & CREATE), truncate=bool(flags & TRUNCATE),
                exclusive=bool(flags & EXCLUSIVE),
            )  # fmt: skip
            where, node = update.path, self.files.stat(path)
        else:
            where, node = self.files.readable(path)
            if flags & (CREATE | EXCLUSIVE) == CREATE | EXCLUSIVE:
                raise Failed("File exists")
        return self._handle(Handle(where, node, update, bool(flags & READ), bool(flags & APPEND)))

    def _close(self, reader: Request) -> bytes:
        name = reader.string()
        handle = self.handles.pop(name, None)
        if handle is None:
            return status(NO_FILE)
        if handle.update is not None:
            handle.update.close()
        return status(OK)

    def _read(self, reader: Request) -> bytes:
        handle, offset, count = self._file(reader, FAILURE), reader.number(8), reader.number()
        node = self.shell.node(handle.path) or handle.node
        if not handle.reads:
            raise Failed("Bad file descriptor")
        if node.folder:
            raise Failed("Is a directory")
        piece = piece_of(self.shell, handle.path, node, offset, min(count, MOST_READ))
        return bytes((no.DATA,)) + string(piece) if piece else status(END)

    def _write(self, reader: Request) -> bytes:
        handle, offset, data = self._file(reader, FAILURE), reader.number(8), reader.string()
        update = handle.update
        if update is None:
            raise Failed("Bad file descriptor")
        reason = update.append(data) if handle.appends else update.write_at(offset, data)
        if reason:
            raise Failed(reason)
        return status(OK)

    def _lstat(self, reader: Request) -> bytes:
        return self._attributes(self.files.lstat(reader.path()))

    def _stat(self, reader: Request) -> bytes:
        return self._attributes(self.files.stat(reader.path()))

    def _fstat(self, reader: Request) -> bytes:
        handle = self._file(reader)
        return self._attributes(self.shell.node(handle.path) or handle.node)

    def _setstat(self, reader: Request) -> bytes:
        return self._set(reader.path(), reader)

    def _fsetstat(self, reader: Request) -> bytes:
        handle = self._file(reader)
        update, wanted = handle.update, reader.attributes()
        if wanted.size is not None and update is not None:
            if reason := update.set_size(wanted.size):
                raise Failed(reason)
            wanted.size = None
        return self._set_all(handle.path, wanted)

    def _set(self, path: str, reader: Request) -> bytes:
        wanted = reader.attributes()
        return self._set_all(path, wanted)

    def _set_all(self, path: str, wanted: no.Attributes) -> bytes:
        if wanted.size is not None:
            self.files.truncate(path, wanted.size)
        if wanted.mode is not None:
            self.files.set_mode(path, wanted.mode)
        if wanted.times is not None:
            self.files.set_time(path, wanted.times[1])
        if wanted.owner is not None:
            self.files.set_owner(path, *wanted.owner)
        return status(OK)

    def _remove(self, reader: Request) -> bytes:
        self.files.remove(reader.path())
        return status(OK)

    def _rename(self, reader: Request) -> bytes:
        """OpenSSH links and unlinks a regular file, which never replaces another one."""
        old, new = reader.path(), reader.path()
        self.files.lstat(old)
        if self._exists(new):
            raise Failed("File exists")
        self.files.rename(old, new)
        return status(OK)

    def _exists(self, path: str) -> bool:
        try:
            self.files.lstat(path)
        except Failed:
            return False
        return True

    # Folders and links

    def _opendir(self, reader: Request) -> bytes:
        path = reader.path()
        self._expect_room()
        names = self.files.names(path)
        where, node = self.files.readable(path)
        seed = self.shell.world.persona.seed

        def place(name: str) -> bytes:
            """A folder of a real file system has no order that one could guess."""
            raw = f"{seed} {where}/{name}".encode("utf-8", "surrogateescape")
            return hashlib.md5(raw, usedforsecurity=False).digest()

        names = sorted([".", "..", *names], key=place)
        return self._handle(Handle(where, node, names=iter(names)))

    def _readdir(self, reader: Request) -> bytes:
        handle = self._file(reader, FAILURE)
        if handle.names is None:
            raise Failed("Is a directory")
        rows: list[bytes] = []
        until = time.perf_counter() + TURN_SECONDS
        for name in handle.names:
            node = self.shell.lstat(self.shell.absolute(f"{handle.path}/{name}"))
            if node is not None:
                rows.append(string(name) + string(self._long_name(handle, name, node)) + self._facts(node))
            if len(rows) == MOST_NAMES or time.perf_counter() > until:
                break
        return bytes((no.NAME,)) + uint32(len(rows)) + b"".join(rows) if rows else status(END)

    def _mkdir(self, reader: Request) -> bytes:
        path, wanted = reader.path(), reader.attributes()
        self.files.make_folder(path, 0o777 if wanted.mode is None else wanted.mode)
        return status(OK)

    def _rmdir(self, reader: Request) -> bytes:
        self.files.remove_folder(reader.path())
        return status(OK)

    def _realpath(self, reader: Request) -> bytes:
        return named(self.files.real(reader.path()))

    def _readlink(self, reader: Request) -> bytes:
        return named(self.files.target(reader.path()))

    def _symlink(self, reader: Request) -> bytes:
        """In OpenSSH's order, which is not that of the draft."""
        target, path = reader.path(), reader.path()
        self.files.link(target, path)
        return status(OK)

    def _extended(self, reader: Request) -> bytes:
        from .extensions import extended

        return extended(self.files, self.shell, self.handles, reader)

    # Parts of these

    def _file(self, reader: Request, missing: int = FAILURE) -> Handle:
        handle = self.handles.get(reader.string())
        if handle is None:
            raise Failed(STATUSES[missing])
        return handle

    def _handle(self, handle: Handle) -> bytes:
        name = next(raw for n in range(MOST_HANDLES + 1) if (raw := uint32(n)) not in self.handles)
        self.handles[name] = handle
        return bytes((no.HANDLE,)) + string(name)

    def _expect_room(self) -> None:
        if len(self.handles) >= MOST_HANDLES:
            raise Failed("Too many open files")

    def _attributes(self, node: Node) -> bytes:
        return bytes((no.ATTRS,)) + self._facts(node)

    def _facts(self, node: Node) -> bytes:
        return no.attributes_of(node, *self.files.numbers(node))

    def _long_name(self, handle: Handle, name: str, node: Node) -> str:
        """A line as `ls -l` prints it."""
        age = time.time() - node.changed
        form = "%b %e  %Y" if not 0 <= age < HALF_A_YEAR else "%b %e %H:%M"
        when = time.strftime(form, time.gmtime(node.changed))
        where = self.shell.absolute(f"{handle.path}/{name}")
        links = links_of(self.shell, where, node)
        return (
            f"{mode_text(node)} {links:>4} {node.owner:<8} {node.group_name:<8} {node.bytes:>8} {when} {name}"
        )


def sftp_server(context: Context, process: Process) -> Work:
    """`sftp-server`: answers the messages on its standard input until that ends."""
    source, server = context.fds.get(0), Sftp(context.shell)
    waiting, whole = bytearray(), False
    try:
        while isinstance(source, Stream):
            if not source.is_readable:
                yield Readable(source)
            data = source.take()
            if not data:
                whole = not waiting and context.shell.has_all_input
                return 0
            waiting += data
            while (message := _next(waiting)) is not None:
                answer = server.answer(message)
                context.out(string(answer) if answer else b"")
                yield from _room(context)
    except Malformed:
        return 255
    finally:
        server.end(whole=whole)
    return 0


def _next(waiting: bytearray) -> bytes | None:
    """The next whole message, taken from the input. Raises Malformed."""
    if len(waiting) < 4:
        return None
    length = int.from_bytes(waiting[:4], "big")
    if not 0 < length <= no.MOST_LENGTH:
        raise Malformed
    if len(waiting) < 4 + length:
        return None
    message = bytes(waiting[4 : 4 + length])
    del waiting[: 4 + length]
    return message


def _room(context: Context) -> Any:
    """Wait until the output has room; else it is the others' turn."""
    end = context.fds.get(1)
    context.shell.files.read = 0
    if end is not None and end.is_full:
        yield Writable(end)
    else:
        yield None
