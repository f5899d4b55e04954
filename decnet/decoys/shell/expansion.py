# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What words become: tilde, parameters, substitutions, splitting, file names."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from .arithmetic import BadArithmetic, calculate
from .braces import braced
from .context import Context, ExpansionError
from .globbing import paths_of
from .limits import OutOfWork
from .operations import operate
from .own_variables import own_names
from .parser import Parser
from .patterns import is_pattern, quoted
from .splitting import BREAK, Segment, split
from .state import Shell
from .syntax import Arithmetic, Literal, Parameter, Part, Substitution, Word
from .variables import NotAssigned, assign, elements_of, folder_stack, value_of

MOST_WORD = 256 * 1024
MOST_WORDS = 70_000
Expanding = Generator[Any, Any, Any]


class Expansion:
    """Expands the words of one evaluator."""

    def __init__(self, evaluator: Context) -> None:
        self._evaluator = evaluator
        self.status: int | None = None
        """The status of the last command substitution."""

    @property
    def shell(self) -> Shell:
        """Whose variables count."""
        return self._evaluator.shell

    def spend(self, work: int) -> None:
        """Account for steps. Raises OutOfWork."""
        self._evaluator.spend(work)

    def words(self, words: list[Word]) -> Expanding:
        """The fields of these words."""
        fields: list[str] = []
        for word in words:
            literal = word.literal
            if (
                literal is not None
                and not word.braces
                and literal[:1] != "~"
                and not self._is_pattern(literal)
            ):
                fields.append(literal)
                continue
            for each in braced(word, self.shell) if word.braces else (word,):
                fields += yield from self._fields(each)
                self.spend(2)
                if len(fields) > MOST_WORDS:
                    raise OutOfWork
        return fields

    def _fields(self, word: Word) -> Expanding:
        segments = yield from self.segments(word.parts, tilde="word")
        ifs = self.shell.variables.get("IFS", " \t\n")
        found: list[str] = []
        long = sum(len(segment[0]) for segment in segments if segment is not BREAK and segment[2])
        self.spend(long // 16 if ifs == " \t\n" else 3 * long)
        for count, pieces in enumerate(split(segments, ifs)):
            if count & 255 == 255:
                yield None
            text = "".join(piece for piece, _ in pieces)
            if "f" in self.shell.options or not any(
                not hidden and self._is_pattern(piece) or "[" in piece for piece, hidden in pieces
            ):
                found.append(text)
                continue
            pattern = "".join(quoted(piece) if hidden else piece for piece, hidden in pieces)
            found += (yield from self._paths(pattern, text)) if self._is_pattern(pattern) else [text]
        return found

    def _is_pattern(self, text: str) -> bool:
        return is_pattern(text, extended="extglob" in self.shell.shopts)

    def _paths(self, pattern: str, text: str) -> Expanding:
        """The paths that a pattern stands for, or what the options want if there are none."""
        found = yield from paths_of(self.shell, pattern, self.spend)
        if not found and "failglob" in self.shell.shopts:
            raise ExpansionError(f"no match: {text}", fatal=False)
        return found or ([] if "nullglob" in self.shell.shopts else [text])

    def single(self, word: Word | None, *, tilde: str = "word") -> Expanding:
        """One text, without splitting and file names: of an assignment, a `case`, a redirection."""
        if word is None:
            return ""
        literal = word.literal
        if literal is not None and "~" not in literal:
            return literal
        segments = yield from self.segments(word.parts, tilde=tilde)
        return "".join(" " if segment is BREAK else segment[0] for segment in segments)

    def pattern(self, word: Word | None) -> Expanding:
        """The same as a pattern, in which quoted characters are escaped."""
        if word is None:
            return ""
        segments = yield from self.segments(word.parts, tilde="word")
        return "".join(
            " " if segment is BREAK else quoted(segment[0]) if segment[1] else segment[0]
            for segment in segments
        )

    def pieces(self, word: Word) -> Expanding:
        """Text and whether it is quoted, piece by piece: for regular expressions."""
        segments = yield from self.segments(word.parts, tilde="word")
        return [(" ", False) if segment is BREAK else (segment[0], segment[1]) for segment in segments]

    def segments(self, parts: list[Part], *, tilde: str = "") -> Expanding:
        """What the parts of a word become."""
        segments: list[Segment] = []
        size = 0
        for at, part in enumerate(parts):
            if isinstance(part, Literal):
                if not part.quoted and "~" in part.text and tilde:
                    segments += self._tildes(part.text, at == 0, at == len(parts) - 1, tilde)
                else:
                    segments.append((part.text, part.quoted, False))
                size += len(part.text)
                continue
            found = yield from self._part(part)
            segments += found
            size += sum(len(segment[0]) for segment in found if segment is not BREAK)
            self.spend(3 + size // 64)
            if size > MOST_WORD or len(segments) > MOST_WORDS:
                raise OutOfWork
        return segments

    def _part(self, part: Part) -> Expanding:
        if isinstance(part, Parameter):
            return (yield from self._parameter(part))
        if isinstance(part, Arithmetic):
            text = yield from self.single(part.word, tilde="")
            return [(str(self.calculate(text)), part.quoted, not part.quoted)]
        assert isinstance(part, Substitution)
        if part.kind != "$":
            path = yield from self._evaluator.process_substitution(part)
            return [(path, True, False)]
        output, self.status = yield from self._evaluator.substitute(part)
        return [(output, part.quoted, not part.quoted)]

    def _tildes(self, text: str, first: bool, last: bool, context: str) -> list[Segment]:
        """Text with tildes at its begin, in assignments behind colons too."""
        pieces = text.split(":") if context == "assignment" else [text]
        segments: list[Segment] = []
        for at, piece in enumerate(pieces):
            colon = ":" if at else ""
            user, slash, rest = piece.partition("/")
            ends = bool(slash) or last or at < len(pieces) - 1
            home = self._home(user[1:]) if piece.startswith("~") and ends and (first or at) else None
            if home is None:
                segments.append((colon + piece, False, False))
            else:
                segments += [(colon + home, True, False), (slash + rest, False, False)]
        return segments

    def _home(self, user: str) -> str | None:
        shell = self.shell
        if not user:
            return str(shell.variables.get("HOME", shell.world.home(shell.user)))
        if user == "+" and shell.dialect.bash:
            return str(shell.cwd)
        if user == "-" and shell.dialect.bash:
            return shell.variables.get("OLDPWD")
        digits = user.lstrip("+-")
        if digits.isdecimal() and len(user) - len(digits) < 2 and len(digits) < 9 and shell.dialect.bash:
            stack = folder_stack(shell)
            at = len(stack) - 1 - int(digits) if user[0] == "-" else int(digits)
            return stack[at] if 0 <= at < len(stack) else None
        for line in (shell.read("/etc/passwd") or "").splitlines():
            fields = line.split(":")
            if fields[0] == user and len(fields) > 5:
                return str(fields[5])
        return None

    # Parameters

    def _parameter(self, part: Parameter) -> Expanding:
        shell = self.shell
        if part.bad:
            text = "bad substitution" if shell.dialect.name != "dash" else "Bad substitution"
            raise ExpansionError(f"{part.bad}: {text}" if shell.dialect.bash else text if shell.dialect.name == "dash" else "syntax error: bad substitution",
                                 1 if shell.dialect.bash else 2)  # fmt: skip
        if part.operator == "quoted":
            return (yield from self.segments(part.word.parts if part.word else []))
        if not part.operator and part.index is None and not part.length and not part.indirect:
            return self._plain(part)
        return (yield from self._operated(part))

    def _plain(self, part: Parameter) -> list[Segment]:
        """`$name`."""
        shell, name = self.shell, part.name
        if name in ("@", "*"):
            return self._listed(list(shell.positional), name, part.quoted)
        value = value_of(shell, name)
        if value is None:
            if "u" in shell.options:
                raise self.unbound(name)
            value = ""
        return [(value, part.quoted, not part.quoted)]

    def unbound(self, name: str) -> ExpansionError:
        """The error of `set -u`."""
        text = {"bash": "unbound variable", "dash": "parameter not set", "ash": "parameter not set"}
        status = 2 if not self.shell.dialect.bash else 1 if self.shell.mode == "i" else 127
        return ExpansionError(f"{name}: {text[self.shell.dialect.name]}", status)

    def _listed(self, values: list[str], kind: str, is_quoted: bool) -> list[Segment]:
        """`$@` and `$*`, of the positional parameters or of an array."""
        if kind == "*" and is_quoted:
            return [(self.shell.variables.get("IFS", " ")[:1].join(values), True, False)]
        segments: list[Segment] = []
        for at, value in enumerate(values):
            if at:
                segments.append(BREAK)
            segments.append((value, is_quoted, not is_quoted))
        return segments

    def _operated(self, part: Parameter) -> Expanding:
        """`${name...}` with an operator, an index, a length, or indirect."""
        shell, name = self.shell, part.name
        if part.indirect:
            return (yield from self._indirect(part))
        index = part.index
        if index in ("@", "*") or (index is None and name in ("@", "*")):
            listed = list(elements_of(shell, name).values()) if index is not None else list(shell.positional)
            kind = index or name
            if part.length:
                return [(str(len(listed)), part.quoted, not part.quoted)]
            values = yield from operate(self, part, listed, is_list=True)
            if isinstance(values, list):
                return self._listed(values, kind, part.quoted)
            return values.segments
        if index is not None:
            value = yield from self._element(name, index)
        else:
            value = value_of(shell, name)
        if part.length:
            if value is None and "u" in shell.options:
                raise self.unbound(name)
            return [(str(len(value or "")), part.quoted, not part.quoted)]
        values = yield from operate(self, part, value, is_list=False)
        if isinstance(values, list):
            return [(values[0] if values else "", part.quoted, not part.quoted)]
        return values.segments

    def _element(self, name: str, index: str) -> Expanding:
        if not index and self.shell.dialect.bash:
            raise ExpansionError(f"${{{name}[]}}: bad substitution")
        key = yield from self.key_of(name, index)
        elements = elements_of(self.shell, name)
        if isinstance(key, int) and key < 0 and elements:
            numbers = [each for each in elements if isinstance(each, int)]
            key += max(numbers, default=-1) + 1
        return elements.get(key)

    def key_of(self, name: str, index: str) -> Expanding:
        """The subscript of an element: a number, or the text for an associative array."""
        word = Parser(index, self.shell.dialect)._inside(index, self.shell.line)
        text = yield from self.single(word, tilde="")
        if "A" in self.shell.kinds.get(name, ""):
            return text.strip("\"'") if text[:1] in "\"'" else text
        return self.calculate(text)

    def _indirect(self, part: Parameter) -> Expanding:
        shell = self.shell
        if part.operator == "prefix":
            names = sorted(
                {*shell.variables, *shell.arrays, *own_names(shell)}
                - {name for name in shell.variables if name[:1] == " "}
            )
            return self._listed([name for name in names if name.startswith(part.name)], "@", part.quoted)
        if part.index in ("@", "*"):
            keys = [str(key) for key in elements_of(shell, part.name)]
            return self._listed(keys, part.index or "@", part.quoted)
        target = (
            value_of(shell, part.name)
            if part.index is None
            else (yield from self._element(part.name, part.index))
        )
        name, _, rest = (target or "").partition("[")
        if not name:
            raise ExpansionError(
                f"{part.name}: invalid indirect expansion"
                if not target and target is None
                else ": invalid variable name"
            )
        inner = Parameter(
            name, part.operator, part.word, part.more, part.quoted, rest.rstrip("]") if rest else None
        )
        return (yield from self._parameter(inner))

    def set_default(self, part: Parameter, value: str) -> Expanding:
        """`${name:=value}`."""
        if not (part.name[:1].isalpha() or part.name[:1] == "_"):
            text = "cannot assign in this way" if self.shell.dialect.bash else "bad variable name"
            raise ExpansionError(
                f"${part.name}: {text}" if self.shell.dialect.bash else f"{part.name}: {text}"
            )
        try:
            key = (yield from self.key_of(part.name, part.index)) if part.index is not None else None
            assign(self.shell, part.name, value, key)
        except NotAssigned as error:
            raise ExpansionError(f"{error.args[0]}: {error.args[1]}") from None

    # Numbers

    def calculate(self, text: str) -> int:
        """The value of an arithmetic expression. Raises ExpansionError."""
        self.spend(5 + len(text))
        try:
            return calculate(text, self, self.shell.dialect)
        except BadArithmetic as error:
            raise ExpansionError(
                str(error), 1 if self.shell.dialect.bash else 2, fatal=not self.shell.dialect.bash
            ) from None
        except NotAssigned as error:
            raise ExpansionError(
                f"{error.args[0]}: {error.args[1]}", fatal=not self.shell.dialect.bash
            ) from None

    def number_text(self, name: str, index: str | None) -> str:
        """The text of a variable in an expression."""
        shell = self.shell
        if index is None:
            value = value_of(shell, name)
            if value is None and "u" in shell.options:
                raise self.unbound(name)
            return value or ""
        return elements_of(shell, name).get(self._key(name, index), "")

    def set_number(self, name: str, index: str | None, value: int) -> None:
        """Set a variable in an expression."""
        assign(self.shell, name, str(value), None if index is None else self._key(name, index))

    def _key(self, name: str, index: str) -> str | int:
        if "A" in self.shell.kinds.get(name, ""):
            return index
        return self.calculate(index)
