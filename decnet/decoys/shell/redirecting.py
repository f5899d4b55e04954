# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Redirections: from `> file` to the ends that descriptors refer to."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

from .context import Context, NotRedirected
from .descriptors import End, FileWriter, Full, Null, ReaderAndWriter, Refusing, Stream, number_of
from .fifos import is_fifo, open_fifo
from .syntax import Redirection
from .variables import assign, elements_of

WRITES = (">", ">>", ">|", "&>", "&>>", "<>")
MOST_DESCRIPTOR = 255
WRITABLE = ("/proc/sys/", "/proc/sysrq-trigger")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console")


def opened(evaluator: Context, redirections: list[Redirection], here: list[End]) -> Generator[Any, Any, Any]:
    """The descriptors after these redirections; what was opened for them is added to `here`. Raises
    NotRedirected."""
    fds = dict(evaluator.fds)
    try:
        for each in redirections:
            yield from _one(evaluator, each, fds, here)
    except BaseException:
        for end in here:
            end.close()
        here.clear()
        raise
    return fds


def _denied(evaluator: Context, each: Redirection, path: str) -> bool:
    if each.operator == "<":
        return not evaluator.shell.allowed(path, 4)
    return bool(evaluator.shell.refusal(path))


def _lacks_end(evaluator: Context, each: Redirection, text: str) -> bool:
    """Whether a here-document that the end of `-c` has cut gets a newline, which bash adds to that text."""
    shell = evaluator.shell
    cut = each.unended and text and not text.endswith("\n")
    return bool(cut) and shell.dialect.bash and shell.mode == "c"


def _one(
    evaluator: Context, each: Redirection, fds: dict[int, End], here: list[End]
) -> Generator[Any, Any, Any]:
    number = each.number if each.number >= 0 else 0 if each.operator.startswith("<") else 1
    if each.variable:
        number = yield from _named(evaluator, each, fds)
    if each.body is not None or each.operator in ("<<", "<<-", "<<<"):
        if each.unended.strip() and evaluator.shell.dialect.bash:
            evaluator.shell.line, before = each.last_line, evaluator.shell.line
            evaluator.complain(
                f"warning: here-document at line {each.line} delimited by end-of-file (wanted `{each.unended}')"
            )
            evaluator.shell.line = before
        text = yield from evaluator.expansion.single(
            each.body if each.operator != "<<<" else each.target, tilde=""
        )
        text += "\n" if each.operator == "<<<" or _lacks_end(evaluator, each, text) else ""
        fds[number] = Stream(text.encode("utf-8", "surrogateescape"), ended=True)
        return
    target = yield from _target(evaluator, each)
    if each.operator in (">&", "<&"):
        if target == "-":
            if isinstance(fds.get(number), ReaderAndWriter):
                fds[number].close()
            _closed(evaluator, each, number, fds)
            return
        moved = target.endswith("-") and target[:-1].isdecimal()
        digits = target[:-1] if moved else target
        if digits.isdecimal() and len(digits) < 5:
            if int(digits) not in fds:
                raise NotRedirected(_bad_descriptor(evaluator, digits))
            fds[number] = fds[int(digits)]
            if each.variable:
                evaluator.fds[number] = fds[number]
            if moved:
                fds.pop(int(digits))
            return
        if each.operator == "<&" or not evaluator.shell.dialect.extended or each.number >= 0:
            raise NotRedirected(
                f"{target}: ambiguous redirect" if evaluator.shell.dialect.bash else "Bad fd number"
            )
    both = each.operator in ("&>", "&>>") or (each.operator == ">&" and each.number < 0)
    append = each.operator in (">>", "&>>")
    if target.startswith(("/dev/tcp/", "/dev/udp/")) and evaluator.shell.dialect.bash:
        end = yield from _connection(evaluator, each, target)
    elif is_fifo(evaluator.shell, path := evaluator.shell.absolute(target)) and not _denied(
        evaluator, each, path
    ):
        end = yield from open_fifo(evaluator.shell, path, each.operator)
    else:
        end = _file(evaluator, each, target, fds, append=append)
    if each.variable:
        evaluator.fds[number] = end
    else:
        here.append(end)
    fds[number] = end
    if both:
        fds[2] = end


def _named(evaluator: Context, each: Redirection, fds: dict[int, End]) -> Generator[Any, Any, int]:
    """The descriptor of `{name}>`: a free one, whose number the variable gets; that of the variable to close it."""
    if each.target.raw == "-":
        base, _, index = each.variable.rstrip("]").partition("[")
        key = (yield from evaluator.expansion.key_of(base, index)) if index else 0
        text = str(elements_of(evaluator.shell, base).get(key, ""))
        if not text.isdecimal() or len(text) > 4:
            raise NotRedirected(f"{each.variable}: Bad file descriptor")
        return int(text)
    number = next((number for number in range(10, MOST_DESCRIPTOR) if number not in fds), 0)
    if not number:
        raise NotRedirected(f"{each.variable}: cannot assign fd to variable")
    assign(evaluator.shell, each.variable, str(number))
    return number


def _closed(evaluator: Context, each: Redirection, number: int, fds: dict[int, End]) -> None:
    end = fds.pop(number, None)
    if each.variable:
        evaluator.fds.pop(number, None)
        if isinstance(end, Stream) and end not in fds.values():
            end.ended = True


def _connection(evaluator: Context, each: Redirection, target: str) -> Generator[Any, Any, End]:
    """The end of a connection by bash's own paths. Raises NotRedirected."""
    from .net.dev_tcp import connected

    end, lines = yield from connected(evaluator.shell, target, writes=each.operator in (">", ">>", "&>"))
    if end is not None:
        return end
    for line in lines[:-1]:
        if line.startswith(f"{evaluator.shell.script}: connect: "):
            evaluator.err(f"{line}\n")
        else:
            evaluator.complain(line)
    raise NotRedirected(lines[-1])


def _bad_descriptor(evaluator: Context, digits: str) -> str:
    return f"{digits}: Bad file descriptor"


def _target(evaluator: Context, each: Redirection) -> Generator[Any, Any, Any]:
    """The one word that the target gives."""
    if evaluator.shell.dialect.bash and each.target.literal is None:
        words = yield from evaluator.expansion.words([each.target])
        if len(words) != 1:
            raise NotRedirected(f"{each.target.raw}: ambiguous redirect")
        return words[0]
    return (yield from evaluator.expansion.single(each.target))


def _file(evaluator: Context, each: Redirection, target: str, fds: dict[int, End], *, append: bool) -> End:
    shell = evaluator.shell
    path = shell.absolute(target) if target else ""
    writes = each.operator != "<"
    if path in DEVICES or (number_of(path) in fds and path not in shell.streams):
        return _device(path, fds, writes=writes)
    if writes and each.operator != "<>":
        return _writer(evaluator, target, path, append=append, force=each.operator == ">|")
    node = shell.node(path) if path else None
    reason = ""
    is_plain = node is not None and not node.folder and not node.kind
    if is_plain and each.operator == "<>" and not shell.refusal(path):
        return ReaderAndWriter(shell, shell.real(path))
    if node is None and each.operator == "<>" and not shell.refusal(path):
        shell.put(path, b"", 0)
        return ReaderAndWriter(shell, shell.real(path))
    if node is None and path and shell.loops(path):
        reason = "Too many levels of symbolic links"
    elif node is None:
        reason = (shell.refusal(path) if each.operator == "<>" else "") or "No such file or directory"
    elif not shell.allowed(path, 4):
        reason = "Permission denied"
    if reason:
        raise NotRedirected(_refused(evaluator, target, reason, writes=each.operator == "<>"))
    content = (
        b"" if node is None or node.folder else (shell.read(path) or "").encode("utf-8", "surrogateescape")
    )
    return Stream(content, ended=True)


def _writer(evaluator: Context, target: str, path: str, *, append: bool, force: bool) -> End:
    shell = evaluator.shell
    reason = shell.refusal(path) if path else "No such file or directory"
    there = shell.node(path) if path else None
    if not reason and there is not None and not append and not force and "C" in shell.options:
        reason = "cannot overwrite existing file" if shell.dialect.bash else "File exists"
    if not reason and there is None:
        reason = shell.put(path, b"", 0, 0o666 & ~shell.umask)
    if (
        reason == "Permission denied"
        and there is not None
        and path.startswith("/proc/")
        and shell.user == "root"
    ):
        # The kernel refuses the write, not the opening.
        return Null() if path.startswith(WRITABLE) or path.endswith(("/comm", "_adj")) else Refusing()
    if reason:
        raise NotRedirected(_refused(evaluator, target, reason, writes=True))
    writer = FileWriter(shell, evaluator.shell.real(path), append=append)
    writer.flush()
    return writer


def _refused(evaluator: Context, target: str, reason: str, *, writes: bool) -> str:
    if evaluator.shell.dialect.bash:
        return f"{target}: {reason}"
    short = {"No such file or directory": "nonexistent directory" if writes else "no such file"}
    verb = "create" if writes else "open"
    if evaluator.shell.dialect.name == "dash":
        shown = (
            "Directory nonexistent"
            if writes and reason in short
            else "No such file"
            if reason in short
            else reason
        )
        return f"cannot {verb} {target}: {shown}"
    return f"can't {verb} {target}: {short.get(reason, reason)}"


def _device(path: str, fds: dict[int, End], *, writes: bool) -> End:
    number = number_of(path)
    if number is not None and number in fds:
        return fds[number]
    if path in ("/dev/tty", "/dev/console"):
        return fds.get(1 if writes else 0, Null())
    if writes:
        return Full() if path == "/dev/full" else Null()
    if path in ("/dev/random", "/dev/urandom"):
        return Stream(os.urandom(65536), ended=True)
    return Stream(bytes(65536) if path in ("/dev/zero", "/dev/full") else b"", ended=True)
