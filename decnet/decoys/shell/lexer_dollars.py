"""What begins with a dollar sign: parameters, substitutions, arithmetic."""

from __future__ import annotations

import re

from .dialect import BadSyntax
from .lexer_words import WordLexer, _joined
from .syntax import Arithmetic, Literal, Parameter, Part, Sequence, Substitution, Word

NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")

SPECIAL = re.compile(r"[@*#?$!0-9-]")

OPERATION = re.compile(r":?[-=+?]|##?|%%?|//?|:|\^\^?|,,?|@")

SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b",
                  "E": "\x1b", "\\": "\\", "'": "'", '"': '"', "?": "?"}  # fmt: skip

NUMERIC_ESCAPE = re.compile(
    r"x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c(.)", re.DOTALL
)


class DollarLexer(WordLexer):
    """Reads expansions."""

    def dollar(self, *, quoted: bool) -> Part:
        """What begins with `$` here."""
        text, at = self.text, self.at
        following = text[at + 1 : at + 2]
        if following == "(":
            if text.startswith("$((", at):
                found = self._arithmetic(quoted)
                if found is not None:
                    return found
            return self._command_substitution(quoted)
        if following == "{":
            return self._braced(quoted)
        if following == "[" and self.dialect.bash:
            return self._old_arithmetic(quoted)
        if following == "'" and not quoted and self.dialect.extended:
            return self._ansi_quoted()
        if following == '"' and not quoted and self.dialect.bash:
            self.at += 1
            parts = self._double_quoted()
            return (
                parts[0]
                if len(parts) == 1
                else Parameter("", word=Word(parts), operator="quoted", quoted=True)
            )
        name = NAME.match(text, at + 1) or SPECIAL.match(text, at + 1)
        if name:
            self.at = name.end()
            return Parameter(name[0], quoted=quoted)
        self.at += 1
        return Literal("$", quoted)

    def _ansi_quoted(self) -> Literal:
        at, out = self.at + 2, []
        while True:
            char = self.text[at : at + 1]
            if not char:
                raise self._open("'")
            if char == "'":
                break
            if char == "\\":
                piece, at = ansi_escape(self.text, at + 1)
                out.append(piece)
                continue
            out.append(char)
            at += 1
        self.at = at + 1
        return Literal("".join(out), True)

    def _command_substitution(self, quoted: bool) -> Substitution:
        self.at += 2
        line = self.line
        body = self.list_until_parenthesis()
        return Substitution(body, "", quoted, line=line)

    def _process_substitution(self) -> Substitution:
        kind, line = self.text[self.at], self.line
        self.at += 2
        return Substitution(self.list_until_parenthesis(), "", False, kind, line)

    def list_until_parenthesis(self) -> Sequence:
        """The commands up to a closing parenthesis, which is taken."""
        raise NotImplementedError

    def _arithmetic(self, quoted: bool) -> Arithmetic | None:
        """`$((...))`; None if it is a command substitution that begins with a subshell."""
        end = self.closing(self.at + 3, "(", ")")
        if end is None:
            raise self._open_at(")" if self.dialect.bash else "))")
        if self.text[end : end + 2] != "))":
            if self.dialect.bash:
                return None
            raise self._open_at("))")
        word = self._inside(self.text[self.at + 3 : end], self.line)
        self.at = end + 2
        return Arithmetic(word, quoted)

    def _open_at(self, quote: str) -> BadSyntax:
        if quote == "))":
            return BadSyntax(
                "", self.line, message=f"{'M' if self.dialect.name == 'dash' else 'm'}issing '))'"
            )
        return self._open(quote)

    def _old_arithmetic(self, quoted: bool) -> Arithmetic:
        end = self.closing(self.at + 2, "[", "]")
        if end is None:
            raise self._open("]")
        word = self._inside(self.text[self.at + 2 : end], self.line)
        self.at = end + 1
        return Arithmetic(word, quoted)

    def closing(self, at: int, opening: str, closing: str) -> int | None:
        """Where the bracket is that closes the one before this place; quotes are skipped."""
        depth, text = 1, self.text
        pattern = _brackets(opening, closing)
        while found := pattern.search(text, at):
            mark, at = found[0], found.end()
            if mark == opening:
                depth += 1
            elif mark == closing:
                depth -= 1
                if depth == 0:
                    return found.start()
        return None

    def _braced(self, quoted: bool) -> Parameter:
        """`${...}`."""
        start = self.at
        self.at += 2
        parameter = Parameter("", quoted=quoted)
        text = self.text
        if text.startswith("#", self.at) and not text.startswith(
            ("#}", "#:", "#-", "#?", "##", "#%", "#="), self.at
        ):
            parameter.length = True
            self.at += 1
        elif (
            text.startswith("!", self.at)
            and self.dialect.bash
            and (NAME.match(text, self.at + 1) or SPECIAL.match(text, self.at + 1))
        ):
            parameter.indirect = True
            self.at += 1
        name = (
            NAME.match(text, self.at)
            or re.compile(r"[0-9]+").match(text, self.at)
            or SPECIAL.match(text, self.at)
        )
        if name:
            parameter.name = name[0]
            self.at = name.end()
            self._index(parameter)
            self._operation(parameter)
        if not self.text.startswith("}", self.at) or not name:
            self._bad(parameter, start)
        self.at += 1
        return parameter

    def _index(self, parameter: Parameter) -> None:
        if self.dialect.bash and self.text.startswith("[", self.at):
            end = self.closing(self.at + 1, "[", "]")
            if end is not None:
                parameter.index = self.text[self.at + 1 : end]
                self.at = end + 1
        if parameter.indirect and self.text.startswith(("*}", "@}"), self.at):
            parameter.operator, parameter.keys = "prefix", True
            self.at += 1

    def _operation(self, parameter: Parameter) -> None:
        found = OPERATION.match(self.text, self.at)
        if not found or parameter.operator or (parameter.length and self.text.startswith("}", self.at)):
            return
        operator = found[0]
        if not self.dialect.extended and operator[0] in ":/^,@" and operator[1:] not in ("-", "=", "+", "?"):
            return
        if operator[0] in "^,@" and not self.dialect.bash:
            return
        self.at = found.end()
        parameter.operator = operator
        ends = "/" if operator[0] == "/" else ":" if operator == ":" else ""
        parameter.word = self._operand(parameter.quoted, ends, pattern=operator[0] in "#%/^,")
        if ends and self.text.startswith(ends, self.at):
            self.at += 1
            parameter.more = self._operand(parameter.quoted, "", pattern=False)

    def _operand(self, quoted: bool, ends: str, *, pattern: bool) -> Word:
        """A word within braces, up to `}` or one of `ends`."""
        self.deeper()
        start, parts, stops = self.at, list[Part](), "}" + ends
        while self.at < len(self.text) and self.text[self.at] not in stops:
            self._spend()
            char = self.text[self.at]
            if char == '"':
                parts += self._double_quoted()
            elif char == "'" and (not quoted or pattern):
                parts.append(Literal(self._single_quoted(), True))
            elif char == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                keeps = quoted and not pattern and escaped not in '$`"\\}'
                parts.append(Literal(("\\" if keeps else "") + escaped, True))
                self.at += 2
            elif char == "`":
                parts.append(self._backquoted(quoted=quoted))
            elif char == "$":
                is_ansi = self.text.startswith("$'", self.at)
                parts.append(self.dollar(quoted=quoted and not is_ansi))
            else:
                found = _operand_text(stops).match(self.text, self.at)
                plain = found[0] if found else char
                parts.append(Literal(plain, quoted and not pattern))
                self.at += len(plain)
        self.depth -= 1
        return Word(_joined(parts), self.text[start : self.at])

    def _bad(self, parameter: Parameter, start: int) -> None:
        """A substitution that is no valid one: an error when it is expanded."""
        end = self.closing(self.at, "{", "}")
        if end is None:
            self.at = start
            raise self._open("}" if self.dialect.bash or not parameter.quoted else '"')
        self.at = end
        parameter.bad = self.text[start : end + 1]


def ansi_escape(text: str, at: int) -> tuple[str, int]:
    """What the escape behind a backslash at this place means, and where it ends."""
    char = text[at : at + 1]
    if char in SIMPLE_ESCAPES and char:
        return SIMPLE_ESCAPES[char], at + 1
    found = NUMERIC_ESCAPE.match(text, at)
    if not found:
        return "\\" + char, at + len(char)
    if found[5]:
        return chr(ord(found[5].upper()) & 31), found.end()
    if found[1] or found[2]:
        value = int(found[1], 16) if found[1] else int(found[2], 8) & 255
        return bytes((value,)).decode("utf-8", "surrogateescape"), found.end()
    value = int(found[3] or found[4], 16)
    return (chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else ""), found.end()


def _brackets(opening: str, closing: str) -> re.Pattern[str]:
    marks = f"{re.escape(opening)}|{re.escape(closing)}"
    return re.compile(rf"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|{marks}", re.DOTALL)


def _operand_text(stops: str) -> re.Pattern[str]:
    return re.compile(rf"[^{re.escape(stops)}\"'\\`$]+")
