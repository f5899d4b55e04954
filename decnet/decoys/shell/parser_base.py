"""What all parts of the grammar use: errors, reserved words."""

from __future__ import annotations

from .dialect import BadSyntax, Dialect, Incomplete
from .lexer import Lexer
from .scanner import Token


class ParserBase(Lexer):
    """A reader of tokens that reports what is not expected."""

    def __init__(
        self,
        text: str,
        dialect: Dialect,
        line: int = 1,
        aliases: dict[str, str] | None = None,
        *,
        complete: bool = True,
    ) -> None:
        super().__init__(text, dialect, line)
        self.aliases = aliases if aliases is not None else {}
        self.complete = complete
        self._expanding: dict[str, int] = {}
        self.last_start = 0

    def _unexpected(self, token: Token, expecting: str = "") -> BadSyntax:
        if token.kind == "end":
            return Incomplete(self.line, expecting=expecting)
        text = "newline" if token.kind == "newline" else token.text
        return BadSyntax(text, self._line_of(token), expecting=expecting)

    def _line_of(self, token: Token) -> int:
        return self.first_line + self.text.count("\n", 0, token.start)

    def _expect(self, *words: str) -> Token:
        token = self.peek()
        if token.kind not in ("word", "operator") or token.text not in words:
            raise self._unexpected(token, words[0])
        return self.next()

    def _is_reserved(self, token: Token, *words: str) -> bool:
        return (
            token.kind == "word"
            and token.text in words
            and token.word is not None
            and token.word.literal == token.text
        )

    def _skip_newlines(self) -> None:
        while self.peek().kind == "newline":
            self.next()
