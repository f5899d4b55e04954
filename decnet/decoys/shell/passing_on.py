# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Programs that print their input as it comes: `cat`, `tee`."""

from __future__ import annotations

from .context import Context, Work
from .descriptors import End, FileWriter, Stream, number_of
from .fifos import FifoWriter, is_fifo, open_fifo
from .process import Process
from .tasks import Readable, Writable


def cat(context: Context, process: Process) -> Work:
    """`cat`, which prints its input as it comes."""
    flags = "".join(
        word[1:]
        for word in process.args
        if word.startswith("-") and not word.startswith("--") and word != "-"
    )
    flags += "".join(
        {"--number": "n", "--show-all": "A", "--show-ends": "E", "--number-nonblank": "b"}.get(word, "")
        for word in process.args
    )
    if (wrong := unknown_option(process, CAT)) != "":
        context.err(wrong)
        return 1
    paths = [word for word in process.args if word == "-" or not word.startswith("-")] or ["-"]
    bad = next((flag for flag in flags if flag not in "AbeEnstTuv"), None)
    if bad:
        hint = "Try 'cat --help' for more information.\n"
        context.err(
            f"cat: invalid option -- '{bad}'\n" + (hint if not context.shell.world.system.busybox else "")
        )
        return 1
    status, shown = 0, _Shown(flags)
    for path in paths:
        where = context.shell.absolute(path)
        number = None if where in context.shell.streams else number_of(where)
        if path == "-" or isinstance(context.fds.get(-1 if number is None else number), Stream):
            yield from _copy_input(context, shown, number=number or 0)
            continue
        if is_fifo(context.shell, where) and context.shell.allowed(where, 4):
            yield from _copy_from((yield from open_fifo(context.shell, where, "<")), context, shown)
            continue
        data, reason = content_of(context, path)
        if reason:
            context.err(
                ("cat: read error: " if reason == "Is a directory" else f"cat: can't open '{path}': ")
                + f"{reason}\n"
                if context.shell.world.system.busybox
                else f"cat: {path}: {reason}\n"
            )
            status = 1
        for at in range(0, len(data), 32768):
            context.out(shown.of(data[at : at + 32768]))
            yield from _room(context)
    return status


CAT = (
    "number", "number-nonblank", "show-all", "show-ends", "show-nonprinting", "show-tabs", "squeeze-blank", "help", "version",
)  # fmt: skip
TEE = ("append", "ignore-interrupts", "output-error", "help", "version")


def unknown_option(process: Process, known: tuple[str, ...]) -> str:
    """The complaint about a long option that a program does not have, "" for none."""
    for word in process.args:
        if word == "--":
            break
        name = word[2:].partition("=")[0]
        if word.startswith("--") and not any(each.startswith(name) for each in known):
            hint = f"Try '{process.name} --help' for more information.\n"
            hint = "" if process.shell.world.system.busybox else hint
            return f"{process.name}: unrecognized option '{word}'\n{hint}"
    return ""


def content_of(context: Context, path: str) -> tuple[bytes, str]:
    """What a file has, and why it cannot be read ("" if it can)."""
    shell = context.shell
    where = shell.absolute(path)
    if where in ("/dev/null", "/dev/stdin", "/dev/tty"):
        return b"", ""
    if where in ("/dev/zero", "/dev/urandom", "/dev/random", "/dev/full"):
        import os

        return (os.urandom(1 << 17) if "random" in where else bytes(1 << 17)), ""
    node = shell.node(where)
    if node is None and shell.loops(where):
        return b"", "Too many levels of symbolic links"
    if node is None:
        parent = shell.node(where.rsplit("/", 1)[0] or "/")
        return (
            b"",
            "Not a directory" if parent is not None and not parent.folder else "No such file or directory",
        )
    if node.folder:
        return b"", "Is a directory"
    if not shell.allowed(where, 4):
        return b"", "Permission denied"
    return (shell.read(where) or "").encode("utf-8", "surrogateescape"), ""


def _room(context: Context) -> Work:
    end = context.fds.get(1)
    if end is not None and end.is_full:
        yield Writable(end)
    else:
        yield None


def _copy_input(context: Context, shown: _Shown, ends: tuple[End, ...] = (), *, number: int = 0) -> Work:
    """Print what is read from a descriptor, piece by piece."""
    yield from _copy_from(context.fds.get(number), context, shown, ends)


def _copy_from(source: End | None, context: Context, shown: _Shown, ends: tuple[End, ...] = ()) -> Work:
    while isinstance(source, Stream):
        if not source.is_readable:
            yield Readable(source)
        data = source.take(32768)
        if not data:
            return
        for end in ends:
            end.write(data)
        context.out(shown.of(data))
        yield from _room(context)


class _Shown:
    """Bytes as `cat` with these flags shows them."""

    def __init__(self, flags: str) -> None:
        self._flags = (
            set(flags)
            | ({"v", "E", "T"} if "A" in flags else set())
            | ({"v", "E"} if "e" in flags else set())
            | ({"v", "T"} if "t" in flags else set())
        )
        self._line, self._at_start, self._blank = 0, True, False

    def of(self, data: bytes) -> bytes:
        if not self._flags - {"u"}:
            return data
        return b"".join(self._one(line) for line in data.splitlines(keepends=True))

    def _one(self, line: bytes) -> bytes:
        flags, ended = self._flags, line.endswith(b"\n")
        body = line[:-1] if ended else line
        if "s" in flags and ended and not body and self._at_start:
            if self._blank:
                return b""
            self._blank = True
        elif body:
            self._blank = False
        head = b""
        if self._at_start and ("b" in flags or "n" in flags) and (body or "b" not in flags):
            self._line += 1
            head = b"%6d\t" % self._line
        self._at_start = ended
        if "v" in flags:
            body = b"".join(_visible(code, tabs="T" in flags) for code in body)
        elif "T" in flags:
            body = body.replace(b"\t", b"^I")
        return head + body + (b"$" if "E" in flags and ended else b"") + (b"\n" if ended else b"")


def _visible(code: int, *, tabs: bool) -> bytes:
    if code == 9 and not tabs:
        return b"\t"
    if code >= 128:
        return b"M-" + _visible(code - 128, tabs=True)
    return b"^" + bytes((code ^ 64,)) if code < 32 or code == 127 else bytes((code,))


def tee(context: Context, process: Process) -> Work:
    """`tee`, which copies its input as it comes."""
    if (wrong := unknown_option(process, TEE)) != "":
        context.err(wrong)
        return 1
    shell, status = context.shell, 0
    short = "".join(word[1:] for word in process.args if word[:1] == "-" and word[1:2] != "-")
    if bad := short.lstrip("aip" if not process.applet else "ai")[:1]:
        hint = "" if shell.world.system.busybox else "Try 'tee --help' for more information.\n"
        context.err(f"tee: invalid option -- '{bad}'\n{hint}")
        return 1
    append = any(word in ("-a", "--append") for word in process.args)
    writers: list[End] = []
    for path in (word for word in process.args if not word.startswith("-")):
        where = shell.absolute(path)
        if where == "/dev/null":
            continue
        if where == "/dev/tty" and not context.engine.input.is_terminal:
            context.err("tee: /dev/tty: No such device or address\n")
            status = 1
            continue
        number = 1 if where == "/dev/tty" else number_of(where)
        if number in context.fds and where not in shell.streams:
            writers.append(context.fds[number])
            continue
        if is_fifo(shell, where) and not shell.refusal(where):
            writers.append((yield from open_fifo(shell, where, ">")))
            continue
        reason = shell.refusal(where) or (
            shell.put(where, b"", 0, 0o666 & ~shell.umask) if shell.node(where) is None else ""
        )
        if reason:
            context.err(f"tee: {path}: {reason}\n")
            status = 1
        else:
            writers.append(FileWriter(shell, where, append=append))
    whole = False
    try:
        yield from _copy_input(context, _Shown(""), tuple(writers))
        whole = True
    finally:
        for writer in writers:
            if isinstance(writer, FileWriter | FifoWriter) and writer not in context.fds.values():
                writer.whole = whole
                writer.close()
    return status
