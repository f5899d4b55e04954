# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""From a script's text to tokens: operators, and words with their parts."""

from __future__ import annotations

import re

from .dialect import Incomplete
from .lexer_dollars import DollarLexer
from .scanner import Token
from .syntax import Literal, Redirection, Word

BLANKS = re.compile(r"(?:[ \t\r]|\\\n)+")
NAMED_DESCRIPTOR = re.compile(r"\{[A-Za-z_]\w*(?:\[[^\[\]{}]+\])?\}")
COMMENT = re.compile(r"#[^\n]*")


class Lexer(DollarLexer):
    """Reads tokens one after the other; `at` is the place in the text, `line` counts from 1."""

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
        if following in ("<", ">") and self.dialect.bash and NAMED_DESCRIPTOR.fullmatch(word.raw):
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
            redirection.last_line = self.line - self.text.endswith("\n", 0, self.at)
            body = "".join(lines)
            redirection.body = Word([Literal(body, True)], body) if quoted else self._inside(body, start_line)
