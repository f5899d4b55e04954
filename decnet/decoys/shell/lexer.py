# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""From a script's text to tokens: operators, and words with their parts."""

from __future__ import annotations

import re
from typing import NamedTuple

from .dialect import OPERATORS, BadSyntax, Dialect, Incomplete
from .syntax import Arithmetic, Literal, Parameter, Part, Redirection, Sequence, Substitution, Word

MOST_TOKENS = 3000
"""Tokens and parts of words in one list: its parsing must not hold the others up."""
MOST_NESTED = 40
BY_LENGTH = sorted(OPERATORS, key=len, reverse=True)
OF_DASH = [each for each in BY_LENGTH if each not in ("<<<", "&>", "&>>", "|&", ";&", ";;&")]
OF_ASH = [each for each in BY_LENGTH if each not in ("<<<", "|&", ";&", ";;&")]
BLANKS = re.compile(r"(?:[ \t\r]|\\\n)+")
COMMENT = re.compile(r"#[^\n]*")
PLAIN = re.compile(r"[^\s'\"\\$`;&|<>()]+|\r")
IN_QUOTES = re.compile(r"[^\"\\$`]+")
IN_DOCUMENT = re.compile(r"[^\\$`]+")
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
SPECIAL = re.compile(r"[@*#?$!0-9-]")
OPERATION = re.compile(r":?[-=+?]|##?|%%?|//?|:|\^\^?|,,?|@")
SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b",
                  "E": "\x1b", "\\": "\\", "'": "'", '"': '"', "?": "?"}  # fmt: skip
NUMERIC_ESCAPE = re.compile(
    r"x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c(.)", re.DOTALL
)


class Token(NamedTuple):
    """`kind` is "word", "operator", "newline", "number" (before a redirection) or "end"."""

    kind: str
    text: str
    word: Word | None
    start: int


class Lexer:
    """Reads tokens one after the other; `at` is the place in the text, `line` counts from 1."""

    def __init__(self, text: str, dialect: Dialect, line: int = 1) -> None:
        self.text = text
        self.dialect = dialect
        self.at = 0
        self.first_line = line
        self.depth = 0
        self.complete = True
        """Whether the text is all there will be: else an open here-document waits for its end."""
        self._count = 0
        self._counted_to = 0
        self._lines = line
        self._peeked: Token | None = None
        self._documents: list[tuple[Redirection, str, bool, bool]] = []
        self._operators = {"bash": BY_LENGTH, "dash": OF_DASH, "ash": OF_ASH}[dialect.name]

    @property
    def line(self) -> int:
        """The line of the current place."""
        if self.at < self._counted_to:
            self._counted_to, self._lines = 0, self.first_line
        self._lines += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._lines

    def deeper(self) -> None:
        """One more level. Raises BadSyntax."""
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise BadSyntax("(", self.line)

    def _spend(self) -> None:
        self._count += 1
        if self._count > MOST_TOKENS:
            raise BadSyntax("newline", self.line)

    # Tokens

    def peek(self) -> Token:
        """The next token."""
        if self._peeked is None:
            self._spend()
            self._peeked = self._read()
        return self._peeked

    def next(self) -> Token:
        """Take the next token."""
        token = self.peek()
        self._peeked = None
        return token

    def back_to(self, token: Token) -> None:
        """Read from this token again."""
        self._peeked, self.at = None, token.start

    def _read(self) -> Token:
        found = BLANKS.match(self.text, self.at)
        if found:
            self.at = found.end()
        comment = COMMENT.match(self.text, self.at)
        if comment:
            self.at = comment.end()
        start = self.at
        if start >= len(self.text):
            return Token("end", "", None, start)
        if self.text[start] == "\n":
            self.at += 1
            self._read_documents()
            return Token("newline", "\n", None, start)
        substitutes = self.dialect.bash and self.text[start : start + 2] in ("<(", ">(")
        if self.text[start] in "&|;<>()" and not substitutes:
            operator = next(each for each in self._operators if self.text.startswith(each, start))
            self.at += len(operator)
            return Token("operator", operator, None, start)
        word = self.word()
        following = self.text[self.at : self.at + 1]
        if following in ("<", ">") and word.raw.isdecimal() and len(word.raw) < 4:
            return Token("number", word.raw, word, start)
        return Token("word", word.raw, word, start)

    # Here-documents

    def expect_document(self, redirection: Redirection, delimiter: Word, strip: bool) -> None:
        """The body of this one begins on the next line."""
        quoted = any(isinstance(part, Literal) and part.quoted for part in delimiter.parts)
        end = "".join(part.text if isinstance(part, Literal) else "" for part in delimiter.parts)
        end = end if all(isinstance(part, Literal) for part in delimiter.parts) else delimiter.raw
        self._documents.append((redirection, end, quoted, strip))

    def waits_for_document(self) -> bool:
        """Whether a here-document's body is still to come."""
        return bool(self._documents)

    def finish_documents(self, *, complete: bool) -> None:
        """The text has ended: an open here-document ends here too. Raises Incomplete if more may come."""
        if self._documents and not complete:
            raise Incomplete(self.line, until=self._documents[0][1])
        self._read_documents()

    def _read_documents(self) -> None:
        pending, self._documents = self._documents, []
        for redirection, end, quoted, strip in pending:
            start_line, lines = self.line, []
            while True:
                stop = self.text.find("\n", self.at)
                line = self.text[self.at :] if stop < 0 else self.text[self.at : stop]
                shown = line.lstrip("\t") if strip else line
                is_last = stop < 0
                if is_last and shown != end and not self.complete:
                    raise Incomplete(self.line, until=end)
                if shown == end or (is_last and not line):
                    self.at = len(self.text) if is_last else stop + 1
                    redirection.unended = "" if shown == end and (line or end == "") else end or " "
                    break
                lines.append(shown + ("" if is_last else "\n"))
                self.at = len(self.text) if is_last else stop + 1
            body = "".join(lines)
            redirection.body = Word([Literal(body, True)]) if quoted else self._inside(body, start_line)

    def _inside(self, text: str, line: int) -> Word:
        """The parts of a here-document or of an arithmetic expression."""
        inner = Lexer.__new__(type(self))
        Lexer.__init__(inner, text, self.dialect, line)
        inner.depth = self.depth
        return Word(inner.quoted_parts(IN_DOCUMENT, ""), text)

    # Words

    def word(self) -> Word:
        """The word at this place."""
        start, parts = self.at, list[Part]()
        text, size, braces = self.text, len(self.text), False
        while self.at < size:
            plain = PLAIN.match(text, self.at)
            if plain:
                braces = braces or "{" in plain[0]
                parts.append(Literal(plain[0]))
                self.at = plain.end()
                continue
            char = text[self.at]
            if char in "'\"\\$`":
                self._spend()
                parts += self._special(char)
            elif self.dialect.bash and text[self.at : self.at + 2] in ("<(", ">(") and not parts:
                parts.append(self._process_substitution())
            elif char == "(" and self._is_extended_pattern(parts):
                parts.append(self._extended_pattern())
            else:
                break
        return Word(_joined(parts), text[start : self.at], braces and self.dialect.bash)

    def _is_extended_pattern(self, parts: list[Part]) -> bool:
        return False

    def _extended_pattern(self) -> Part:
        raise NotImplementedError

    def _special(self, char: str) -> list[Part]:
        if char == "'":
            return [Literal(self._single_quoted(), True)]
        if char == '"':
            return self._double_quoted()
        if char == "\\":
            escaped = self.text[self.at + 1 : self.at + 2]
            self.at += 2 if escaped else 1
            if escaped == "\n":
                return []
            return [Literal(escaped or "\\", True)]
        if char == "`":
            return [self._backquoted(quoted=False)]
        return [self.dollar(quoted=False)]

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise self._open("'")
        text, self.at = self.text[self.at + 1 : end], end + 1
        return text

    def _open(self, quote: str) -> Incomplete:
        start = self.line
        self.at = len(self.text)
        return Incomplete(self.line, quote=quote, start=start)

    def _double_quoted(self) -> list[Part]:
        start = self.at
        self.at += 1
        parts = self.quoted_parts(IN_QUOTES, '"')
        if self.text[self.at : self.at + 1] != '"':
            self.at = start
            raise self._open('"')
        self.at += 1
        return parts or [Literal("", True)]

    def quoted_parts(self, plain: re.Pattern[str], end: str) -> list[Part]:
        """The parts up to the closing quote (not taken), or up to the end of the text."""
        parts: list[Part] = []
        escapable = "$`\\\n" + end
        while self.at < len(self.text) and (not end or self.text[self.at] != end):
            found = plain.match(self.text, self.at)
            if found:
                parts.append(Literal(found[0], True))
                self.at = found.end()
                continue
            self._spend()
            char = self.text[self.at]
            if char == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                self.at += 2 if escaped else 1
                if escaped != "\n":
                    parts.append(
                        Literal(escaped if escaped and escaped in escapable else "\\" + escaped, True)
                    )
            elif char == "`":
                parts.append(self._backquoted(quoted=True))
            elif char == "$":
                parts.append(self.dollar(quoted=True))
            else:
                parts.append(Literal(char, True))
                self.at += 1
        return _joined(parts)

    def _backquoted(self, *, quoted: bool) -> Substitution:
        start, line = self.at, self.line
        at, text = self.at + 1, []
        while True:
            char = self.text[at : at + 1]
            if not char:
                self.at = start
                raise self._open("`")
            if char == "`":
                break
            if char == "\\" and self.text[at + 1 : at + 2] in ("$", "`", "\\", *('"' if quoted else "")):
                char, at = self.text[at + 1 : at + 2], at + 1
            text.append(char)
            at += 1
        self.at = at + 1
        return Substitution(None, "".join(text), quoted, line=line)

    # Dollars

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
            return None
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
                parts.append(self.dollar(quoted=quoted))
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
            raise self._open("}")
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


def _joined(parts: list[Part]) -> list[Part]:
    """With neighbouring literals of one kind as one."""
    if len(parts) < 2:
        return parts
    joined: list[Part] = []
    run: list[str] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Literal) and isinstance(last, Literal) and last.quoted == part.quoted:
            run.append(part.text)
            continue
        if run and isinstance(last, Literal):
            joined[-1] = Literal(last.text + "".join(run), last.quoted)
            run = []
        joined.append(part)
    if run and isinstance(joined[-1], Literal):
        last = joined[-1]
        joined[-1] = Literal(last.text + "".join(run), last.quoted)
    return joined


def _brackets(opening: str, closing: str) -> re.Pattern[str]:
    marks = f"{re.escape(opening)}|{re.escape(closing)}"
    return re.compile(rf"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|{marks}", re.DOTALL)


def _operand_text(stops: str) -> re.Pattern[str]:
    return re.compile(rf"[^{re.escape(stops)}\"'\\`$]+")
