"""The grammar of simple commands: words, assignments, redirections, aliases."""

from __future__ import annotations

import re

from .dialect import BadSyntax, Incomplete
from .parser_base import ParserBase
from .scanner import Token
from .syntax import (
    Assignment,
    Literal,
    Node,
    Parameter,
    Redirection,
    Simple,
    Word,
)  # fmt: skip

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[((?:[^\[\]]|\[[^\[\]]*\])*)\])?(\+?)=")

REDIRECTIONS = frozenset(("<<-", "<<<", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">", "&>>", "&>"))

DECLARATIONS = frozenset(("declare", "typeset", "local", "export", "readonly"))


class SimpleParser(ParserBase):
    """Parses simple commands."""

    def _simple(self) -> Simple:
        first = self.peek()
        node = Simple(line=self._line_of(first))
        while True:
            token = self.peek()
            if token.kind == "word" and token.word is not None:
                self._take_word(node, token, token.word)
            elif token.text in ("&&", "||") and self._is_in_brackets(node):
                self.next()
                node.words.append(Word([Literal(token.text, True)], token.text))
            elif token.kind == "number" or (token.kind == "operator" and token.text in REDIRECTIONS):
                node.redirections.append(self._redirection())
            elif token.text == "(" and token.kind == "operator" and node.words:
                raise self._unexpected_parenthesis(token)
            else:
                break
        if not node.words and not node.assignments and not node.redirections:
            raise self._unexpected(self.peek())
        node.text = self.text[first.start : self.peek().start].strip()
        return node

    def _is_in_brackets(self, node: Simple) -> bool:
        """Whether `[[` is open: ash passes the operators between it and `]]` as words."""
        brackets = [word.raw for word in node.words if isinstance(word, Word) and word.raw in ("[[", "]]")]
        return self.dialect.name == "ash" and brackets[-1:] == ["[["]

    def _unexpected_parenthesis(self, token: Token) -> BadSyntax:
        """A parenthesis behind a command's words: bash complains of what follows a single word."""
        self.next()
        following = self.peek()
        if self.dialect.bash:
            if self._simple_words == 1 and following.kind != "end":
                return BadSyntax(
                    "newline" if following.kind == "newline" else following.text, self._line_of(following)
                )
            if self._simple_words == 1:
                return BadSyntax("newline", self._line_of(token))
            return self._unexpected(token)
        if self._simple_words == 1:
            return self._unexpected(following, ")")
        return self._unexpected(token)

    _simple_words = 0

    def _take_word(self, node: Simple, token: Token, word: Word) -> None:
        self.next()
        found = ASSIGNMENT.match(token.text)
        declares = bool(node.words) and _is_declaration(node.words[0])
        if found and (not node.words or declares) and (self.dialect.bash or not (found[2] or found[3])):
            assignment = self._assignment(found, word)
            if assignment is not None:
                if node.words:
                    node.words.append(assignment)
                else:
                    node.assignments.append(assignment)
                    self._alias()
                return
        node.words.append(word)
        self._simple_words = len(node.words)

    def _assignment(self, found: re.Match[str], word: Word) -> Assignment | None:
        name, index, append = found[1], found[2], bool(found[3])
        rest = _without_prefix(word, found.end())
        if rest is None and index is not None:
            value = word.raw[found.end() :]
            rest = type(self)(value, self.dialect, self.line).word() if value else Word([])
        if rest is None:
            return None
        if not rest.parts and self.dialect.bash and self.text.startswith("(", self.at) and index is None:
            return Assignment(name, None, None, append, self._items())
        return Assignment(name, rest, index, append)

    def _items(self) -> list[Word]:
        start = self.next()
        items: list[Word] = []
        while True:
            token = self.next()
            if token.kind == "word" and token.word is not None:
                items.append(token.word)
            elif token.text == ")" and token.kind == "operator":
                return items
            elif token.kind == "end":
                raise Incomplete(self.line, quote=")", start=self._line_of(start))
            elif token.kind != "newline":
                raise self._unexpected(token)

    def _redirections(self, node: Node) -> None:
        while (token := self.peek()).kind == "number" or (
            token.kind == "operator" and token.text in REDIRECTIONS
        ):
            node.redirections.append(self._redirection())

    def _redirection(self) -> Redirection:
        token = self.next()
        number, variable = -1, ""
        if token.kind == "number" and token.text[0] == "{":
            variable = token.text[1:-1]
            token = self.next()
        elif token.kind == "number":
            number = int(token.text)
            token = self.next()
        target = self.peek()
        if target.kind == "number":
            target = target._replace(kind="word")
        if target.kind != "word" or target.word is None:
            if target.kind == "end" and self.dialect.bash:
                target = target._replace(kind="newline")
            raise self._unexpected(target)
        self.next()
        redirection = Redirection(
            token.text, number, target.word, line=self._line_of(token), variable=variable
        )
        if token.text in ("<<", "<<-"):
            self.expect_document(redirection, target.word, token.text == "<<-")
        return redirection

    def _alias(self) -> None:
        """Replace an alias at this place by its text."""
        for _ in range(20):
            token = self.peek()
            if token.kind != "word" or token.word is None or token.word.literal != token.text:
                return
            value = self.aliases.get(token.text)
            if value is None or self._expanding.get(token.text, -1) > token.start:
                return
            end = token.start + len(token.text)
            self.text = self.text[: token.start] + value + self.text[end:]
            self._expanding[token.text] = token.start + len(value)
            self._counted_to, self._lines = 0, self.first_line
            self.back_to(token)


def _is_declaration(word: Word | Assignment) -> bool:
    return isinstance(word, Word) and word.literal in DECLARATIONS


def _without_prefix(word: Word, size: int) -> Word | None:
    """The word without its first characters, which must be literal."""
    first = word.parts[0]
    text = getattr(first, "text", None)
    if text is None or isinstance(first, Parameter) or getattr(first, "quoted", True) or len(text) < size:
        return None
    rest = [Literal(text[size:])] if len(text) > size else []
    return Word([*rest, *word.parts[1:]], word.raw[size:])
