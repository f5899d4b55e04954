"""BusyBox's ed, with the commands that it has. Source: editors/ed.c of 1.35."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..process import Command, Process, Running
from ..text.common import parse, tool, why_not

PAGE = 21
MOST_LINES, MOST_BYTES = 20_000, 1 << 20


class _Editor:
    """The lines of one run; `at` is the current one, from 1 on, 0 for none."""

    def __init__(self, process: Process, name: str) -> None:
        self._process, self._name = process, name
        self._lines: list[str] = []
        self._at = 0
        self._marks: dict[str, int] = {}
        self._pattern = ""
        self._is_dirty = False

    def run(self) -> Running:
        if self._name:
            self._read(self._name, 0)
            self._is_dirty, self._at = False, min(1, len(self._lines))
        while (line := (yield from self._input())) is not None:
            if (yield from self._command(line.strip(" \t"))):
                break
        return 0

    def _input(self) -> Generator[Any, Any, str | None]:
        self._process.spend(50)
        context = self._process.context
        raw: bytes = yield from context.read_line(context.fds.get(0))
        return raw.decode("utf-8", "surrogateescape").removesuffix("\n") if raw else None

    def _complain(self, text: str) -> None:
        self._process.err(f"ed: {text}\n")

    def _command(self, line: str) -> Generator[Any, Any, bool]:
        """One command; whether it ends the run."""
        first, line = self._number(line)
        second = first
        if line.startswith(","):
            second, line = self._number(line[1:].lstrip(" \t"))
            second = second if second is not None else 0
            first = first if first is not None else 1
        has_first = first is not None
        one = first if first is not None else self._at
        two = second if second is not None else one
        verb, rest = line[:1], line[1:]
        if verb in ("a", "i", "c"):
            if verb == "c" and not self._delete(one, two):
                return False
            yield from self._add(one + 1 if verb == "a" else max(1, one))
        elif verb == "q":
            if rest.strip():
                self._complain("Bad quit command")
            elif not self._is_dirty:
                return True
            else:
                answer = yield from self._input()
                return answer is None or answer[:1] in ("y", "Y")
        else:
            self._simple(verb, rest, one, two, has_first=has_first)
        return False

    def _simple(self, verb: str, rest: str, one: int, two: int, *, has_first: bool) -> None:
        if verb in ("p", "l"):
            self._print(one, two)
        elif verb == "d":
            self._delete(one, two)
        elif verb == "=":
            self._process.out(f"{one}\n")
        elif verb == "f":
            self._name = rest.strip() or self._name
            self._process.out(
                f'"{self._name}"\n'
                if self._name and not rest.strip()
                else ""
                if self._name
                else "No file name\n"
            )
        elif verb == "k":
            self._marks[rest.strip()[:1]] = one
        elif verb == "r":
            self._read(rest.strip() or self._name, one)
        elif verb == "s":
            self._substitute(rest, one, two)
        elif verb == "w":
            self._write(rest.strip() or self._name, *((one, two) if has_first else (1, len(self._lines))))
        elif verb == "z":
            self._page(rest.strip())
        elif not verb and has_first:
            self._print(two, two)
        elif not verb:
            self._print(self._at + 1, self._at + 1) if self._at < len(self._lines) else None
        elif verb == ".":
            self._print(one, one)
        else:
            self._complain("unimplemented command")

    def _number(self, text: str) -> tuple[int | None, str]:
        """The line that an address means, and what follows it."""
        found: int | None = None
        sign = 1
        while text:
            char = text[0]
            value: int | None = None
            if char.isdecimal():
                digits = text[: len(text) - len(text.lstrip("0123456789"))]
                value, text = int(digits[:9]), text[len(digits) :]
            elif char in ".$":
                value, text = self._at if char == "." else len(self._lines), text[1:]
            elif char == "'" and len(text) > 1:
                value, text = self._marks.get(text[1], 0), text[2:]
            elif char == "/":
                self._pattern, _, text = text[1:].partition("/")
                value = self._found(self._pattern)
            if value is not None:
                found = (found or 0) + sign * value
            text = text.lstrip(" \t")
            if text[:1] not in ("+", "-"):
                break
            found = found if found is not None else self._at
            sign, text = (1 if text[0] == "+" else -1), text[1:].lstrip(" \t")
        return found, text

    def _found(self, pattern: str) -> int:
        count = len(self._lines)
        for step in range(1, count + 1):
            at = (self._at + step - 1) % count
            if pattern in self._lines[at]:
                return at + 1
        self._complain(f"can't find string '{pattern}'")
        return 0

    def _in_range(self, one: int, two: int, what: str) -> bool:
        good = 1 <= one <= two <= len(self._lines)
        if not good:
            self._complain(f"bad line range for {what}")
        return good

    def _print(self, one: int, two: int) -> None:
        if self._in_range(one, two, "print"):
            self._process.out("".join(f"{line}\n" for line in self._lines[one - 1 : two]))
            self._at = two

    def _delete(self, one: int, two: int) -> bool:
        if not self._in_range(one, two, "delete"):
            return False
        del self._lines[one - 1 : two]
        self._is_dirty, self._at = True, min(one, len(self._lines))
        return True

    def _add(self, place: int) -> Generator[Any, Any, None]:
        while (line := (yield from self._input())) not in (None, ".") and len(self._lines) < MOST_LINES:
            self._lines.insert(place - 1, str(line))
            self._is_dirty, self._at, place = True, place, place + 1

    def _page(self, how: str) -> None:
        first, last = self._at, self._at + PAGE
        if how == "-":
            first, last = self._at - PAGE, self._at
        elif how == ".":
            first, last = self._at - PAGE // 2, self._at + PAGE // 2
        self._print(max(1, first), min(len(self._lines), last))

    def _read(self, name: str, after: int) -> None:
        shell = self._process.shell
        data = shell.content(shell.absolute(name))
        if data is None:
            self._complain(f"{name}: {why_not(self._process, name)}")
            return
        lines = data[:MOST_BYTES].decode("utf-8", "surrogateescape").split("\n")
        lines = lines[:-1] if not lines[-1] else lines
        self._lines[after:after] = lines[: MOST_LINES - len(self._lines)]
        self._process.out(f"{len(data)}\n")
        self._is_dirty, self._at = True, after + len(lines)

    def _write(self, name: str, one: int, two: int) -> None:
        if not name:
            self._complain("No file name specified")
        elif self._in_range(one, two, "write"):
            text = "".join(f"{line}\n" for line in self._lines[one - 1 : two])
            data = text.encode("utf-8", "surrogateescape")
            reason = self._process.shell.write(self._process.shell.absolute(name), data)
            if reason:
                self._complain(f"{name}: {reason}")
                return
            self._is_dirty = False
            self._process.out(f"{len(data)}\n")

    def _substitute(self, rest: str, one: int, two: int) -> None:
        if not self._in_range(one, two, "substitute"):
            return
        sign = rest[:1]
        parts = rest[1:].split(sign) if sign.strip() else []
        if len(parts) < 2:
            self._complain("bad delimiter for substitute")
            return
        old, new, flags = parts[0] or self._pattern, parts[1], "".join(parts[2:])
        if flags.strip("gp"):
            self._complain("bad options for substitute")
            return
        changed = False
        for at in range(one - 1, two):
            made = self._lines[at].replace(old, new, -1 if "g" in flags else 1) if old else self._lines[at]
            if made != self._lines[at]:
                self._lines[at], self._at, changed = made[:MOST_BYTES], at + 1, True
        if not changed:
            self._complain(f"no substitutions found for '{old}'")
            return
        self._is_dirty, self._pattern = True, old
        if "p" in flags:
            self._print(self._at, self._at)


@tool
def ed(process: Process) -> Running:
    """`ed [-p PROMPT] [FILE]`."""
    options = parse(process, "p:")
    return (yield from _Editor(process, (options.operands or [""])[0]).run())


COMMANDS: dict[str, Command] = {"ed": ed}
