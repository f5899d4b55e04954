"""The builtins `history` and `fc`. Source: bash 5.2."""

from __future__ import annotations

import time
from typing import Any

from .context import Context, Discard, Work
from .history import Typed, forget, old_history, save_history, write_history
from .history_expansion import expanded_line
from .state import Shell
from .variables import value_of

USAGE = (
    "history: usage: history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]\n"
)
MOST_READ = 64 * 1024


def history(context: Context, words: list[Any]) -> int:
    shell, arguments = context.shell, [str(word) for word in words[1:]]
    if shell.dialect.name == "ash":
        context.out("".join(f"{at:>4} {line}\n" for at, line in enumerate(shell.history)))
        return 0
    flags = ""
    while arguments and arguments[0].startswith("-") and not arguments[0][1:].isdecimal():
        word = arguments.pop(0)
        if word == "--":
            break
        flags += word[1:]
        if wrong := next((each for each in word[1:] if each not in "acdnrwps"), ""):
            context.complain(f"history: -{wrong}: invalid option")
            context.err(USAGE)
            return 2
    if "c" in flags:
        shell.history.clear()
        shell.notes["cleared"] = "1"
    if not shell.interactive:
        return 0
    if "d" in flags:
        return _delete(context, arguments)
    if "s" in flags:
        shell.history[-1:] = [Typed(" ".join(arguments))] if arguments else shell.history[-1:]
        return 0
    if "p" in flags:
        return _expand(context, arguments)
    if set(flags) & set("anrw"):
        _exchange(shell, flags, arguments)
    if flags:
        return 0
    return _show(context, arguments)


def _expand(context: Context, words: list[str]) -> int:
    """Print what words would stand for, as if this command had not been typed."""
    del context.shell.history[-1:]
    status = 0
    for word in words:
        changed, complaint = expanded_line(context.shell, word)
        if complaint:
            context.complain(f"history: {word}: history expansion failed")
            status = 1
        else:
            context.out(f"{changed}\n")
    return status


def _show(context: Context, arguments: list[str]) -> int:
    if arguments and not arguments[0].removeprefix("-").isdecimal():
        context.complain(f"history: {arguments[0]}: numeric argument required")
        return 1
    if len(arguments) > 1:
        context.complain("history: too many arguments")
        raise Discard(2)
    lines = list(enumerate([*old_history(context.shell), *context.shell.history], 1))
    count = min(len(lines), abs(int(arguments[0][:9]))) if arguments else len(lines)
    form = value_of(context.shell, "HISTTIMEFORMAT")
    shown = lines[len(lines) - count :]
    context.out("".join(f"{at:>5}  {_time(line, form)}{line}\n" for at, line in shown))
    return 0


def _time(line: str, form: str | None) -> str:
    if form is None:
        return ""
    when = line.when if isinstance(line, Typed) else time.time()
    return time.strftime(form, time.gmtime(when))[:200]


def _delete(context: Context, arguments: list[str]) -> int:
    shell = context.shell
    total = len(old_history(shell)) + len(shell.history)
    text = arguments[0] if arguments else ""
    first, dash, last = text[1:].partition("-") if text[:1] == "-" else text.partition("-")
    numbers = [f"-{first}" if text[:1] == "-" else first, *([last] if dash else [])]
    if not text:
        context.complain("history: -d: option requires an argument")
        context.err(USAGE)
        return 2
    is_number = all(each.removeprefix("-").isdecimal() for each in numbers)
    places = [int(each[:9]) for each in numbers] if is_number else [0]
    places = [total + 1 + each if each < 0 else each for each in places]
    if not (is_number and all(0 < each <= total for each in places)):
        context.complain(f"history: {text}: history position out of range")
        return 1
    for place in range(max(places), min(places) - 1, -1):
        forget(shell, place)
    return 0


def _exchange(shell: Shell, flags: str, paths: list[str]) -> None:
    """With HISTFILE or another file: append, write, read."""
    if not paths:
        if "a" in flags:
            save_history(shell)
        if "w" in flags:
            write_history(shell)
        return
    path = shell.absolute(paths[0])
    if "r" in flags or "n" in flags:
        shell.history += [Typed(line) for line in (shell.read(path) or "")[:MOST_READ].splitlines()][-500:]
        return
    before = (shell.read(path) or "") if "a" in flags else ""
    lines = shell.history if "a" in flags else [*old_history(shell), *shell.history]
    if not shell.refusal(path):
        content = (before + "".join(f"{line}\n" for line in lines)).encode("utf-8", "surrogateescape")[
            -MOST_READ:
        ]
        shell.put(path, content, len(content), 0o600)


def fc(context: Context, words: list[Any]) -> Any:
    """`fc -l` lists the last commands, `fc -s` executes one again, `fc` lets an editor change them first."""
    shell, arguments = context.shell, [str(word) for word in words[1:]]
    editor = ""
    if "-e" in arguments[:-1]:
        at = arguments.index("-e")
        editor = arguments[at + 1]
        del arguments[at : at + 2]
    flags = "".join(word[1:] for word in arguments if word.startswith("-") and not word[1:].isdecimal())
    places = [word for word in arguments if not word.startswith("-") or word[1:].isdecimal()]
    if not shell.interactive and "s" not in flags:
        return 0
    lines = [*old_history(shell), *shell.history]
    lines = lines[:-1] or lines
    if "s" in flags or editor == "-":
        return _again(context, lines, places)
    default = max(0, len(lines) - 16) if "l" in flags else len(lines) - 1
    first = _numbered(lines, places[:1], default)
    last = _numbered(lines, places[1:2], len(lines) - 1 if "l" in flags else first)
    shown = list(enumerate(lines, 1))[min(first, last) : max(first, last) + 1]
    shown = shown[::-1] if ("r" in flags) != (first > last) else shown
    if "l" not in flags:
        return _edited(context, editor, [line for _, line in shown])
    context.out("".join(("" if "n" in flags else str(at)) + f"\t {line}\n" for at, line in shown))
    return 0


def _again(context: Context, lines: list[str], places: list[str]) -> Any:
    changes = [word.split("=", 1) for word in places if "=" in word]
    begins = [word for word in places if "=" not in word]
    again = next((line for line in reversed(lines) if not begins or line.startswith(begins[-1])), None)
    if begins and begins[-1].removeprefix("-").isdecimal():
        again = lines[_numbered(lines, begins[-1:], 0)]
    if again is None:
        context.complain("fc: no command found")
        return 1
    for old, new in changes:
        again = again.replace(old, new) if old else again
    context.shell.history[-1:] = [Typed(again[:4096])]
    context.err(again + "\n")
    return context.evaluate(again, "fc")


def _edited(context: Context, editor: str, lines: list[str]) -> Work:
    """Edit commands in a file, and execute what is in it then."""
    shell = context.shell
    path = f"/tmp/bash-fc.{shell.world.new_pid(1):06X}"
    content = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    shell.history.pop() if shell.history else None
    shell.put(path, content, len(content), 0o600)
    named = editor or value_of(shell, "FCEDIT") or value_of(shell, "EDITOR") or "editor"
    yield context.evaluate(f"{named} {path}", "fc")
    text = shell.read(path) or ""
    shell.change(path, None)
    if shell.status or not text.strip():
        return shell.status
    shell.history.append(Typed(text.rstrip("\n")[:4096]))
    context.err(text)
    return (yield context.evaluate(text, "fc"))


def _numbered(lines: list[str], places: list[str], default: int) -> int:
    """The index of a line that is given by its number, or by how it begins."""
    if not places:
        return default
    word = places[0]
    if word.lstrip("-").isdecimal() and len(word) < 9:
        place = int(word) - 1 if int(word) > 0 else len(lines) + int(word)
        return max(0, min(place, len(lines) - 1))
    return next((at for at in range(len(lines) - 1, -1, -1) if lines[at].startswith(word)), default)


BUILTINS = {"history": history, "fc": fc}
