"""Words of a script and their quotes."""

from __future__ import annotations

import re

from .dialect import Incomplete
from .scanner import Scanner
from .syntax import Literal, Part, Substitution, Word

PLAIN = re.compile(r"[^\s'\"\\$`;&|<>()]+|\r")

IN_QUOTES = re.compile(r"[^\"\\$`]+")

IN_DOCUMENT = re.compile(r"[^\\$`]+")


class WordLexer(Scanner):
    """Reads words."""

    def dollar(self, *, quoted: bool) -> Part:
        """What begins with `$` here."""
        raise NotImplementedError

    def _process_substitution(self) -> Substitution:
        raise NotImplementedError

    def _inside(self, text: str, line: int) -> Word:
        """The parts of a here-document or of an arithmetic expression."""
        inner = type(self)(text, self.dialect, line)
        inner.depth = self.depth
        return Word(inner.quoted_parts(IN_DOCUMENT, ""), text)

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
            elif char == "(" and self._begins_list(parts):
                parts += self._pattern_list()
            else:
                break
        return Word(_joined(parts), text[start : self.at], braces and self.dialect.bash)

    def _begins_list(self, parts: list[Part]) -> bool:
        """Whether a parenthesis here belongs to a pattern like `@(a|b)`."""
        last = parts[-1] if parts and self.extglob else None
        return isinstance(last, Literal) and not last.quoted and last.text[-1:] in ("?", "*", "+", "@", "!")

    def _pattern_list(self) -> list[Part]:
        """The rest of such a pattern, up to its last parenthesis."""
        start, depth, parts = self.at, 0, list[Part]()
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "'\"\\$`":
                self._spend()
                parts += self._special(char)
                continue
            depth += (char == "(") - (char == ")")
            parts.append(Literal(char))
            self.at += 1
            if not depth:
                return parts
        self.at = start
        raise self._open(")")

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
