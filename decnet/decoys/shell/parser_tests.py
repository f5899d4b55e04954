"""The grammar of `[[ ]]`."""

from __future__ import annotations

from .dialect import BadSyntax
from .parser_simple import SimpleParser
from .scanner import Token
from .syntax import (
    Condition,
    Literal,
    Node,
    Part,
    Test,
    Word,
)  # fmt: skip

UNARY = frozenset("-" + each for each in "abcdefghknoprstuvwxzGLNORS")

BINARY = frozenset(
    ("==", "=", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef")
)


class ConditionParser(SimpleParser):
    """Parses conditions."""

    def _condition(self) -> Node:
        self.next()
        before, self.extglob = self.extglob, self.dialect.bash
        test = self._or_test()
        self.extglob = before
        token = self.peek()
        if not self._is_reserved(token, "]]"):
            raise self._not_a_condition(token)
        self.next()
        return Condition(test=test)

    def _not_a_condition(self, token: Token) -> BadSyntax:
        text = _shown(token)
        message = "syntax error in conditional expression"
        if token.kind == "operator":
            message += f": unexpected token `{text}'"
        if token.kind == "end":
            message = f"unexpected token `{text}', conditional binary operator expected"
        return BadSyntax(text, self._line_of(token), message=message)

    def _or_test(self) -> Test:
        test = self._and_test()
        while self.peek().text == "||":
            self.next()
            test = Test("||", test, self._and_test())
        return test

    def _and_test(self) -> Test:
        test = self._one_test()
        while self.peek().text == "&&":
            self.next()
            test = Test("&&", test, self._one_test())
        return test

    def _one_test(self) -> Test:
        self._skip_newlines()
        self.deeper()
        token = self.next()
        if self._is_reserved(token, "!"):
            test = Test("!", self._one_test())
        elif token.text == "(" and token.kind == "operator":
            test = Test("(", self._or_test())
            self._closing()
        elif token.kind != "word" or token.word is None:
            raise self._unexpected(token)
        elif token.text in UNARY and token.word.literal:
            test = Test(token.text, self._operand_of_test("unary"))
        else:
            test = self._binary_test(token.word)
        self.depth -= 1
        return test

    def _closing(self) -> None:
        """The `)` of a group."""
        token = self.next()
        if token.text != ")":
            text = _shown(token)
            raise BadSyntax(text, self._line_of(token), message=f"unexpected token `{text}', expected `)'")

    def _binary_test(self, left: Word) -> Test:
        token = self.peek()
        if token.text in BINARY and token.kind in ("word", "operator"):
            self.next()
            right = self._regex() if token.text == "=~" else self._operand_of_test()
            return Test(token.text, left, right)
        if self._is_reserved(token, "]]") or token.text in ("&&", "||", ")") or token.kind == "newline":
            return Test("-n", left)
        shown = "newline" if token.kind == "end" else token.text
        message = f"unexpected token `{shown}', conditional binary operator expected"
        if token.kind == "end":
            raise BadSyntax(shown, self._line_of(token), message=message)
        raise BadSyntax(shown, self._line_of(token), message="conditional binary operator expected")

    def _operand_of_test(self, kind: str = "binary") -> Word:
        token = self.next()
        if token.kind not in ("word", "number") or token.word is None or token.text == "]]":
            text = _shown(token)
            message = f"unexpected argument `{text}' to conditional {kind} operator"
            raise BadSyntax(text, self._line_of(token), message=message)
        return token.word

    def _regex(self) -> Word:
        """A regular expression: parentheses, `|`, `<` and `>` belong to it."""
        self._peeked = None
        parts, start, depth = list[Part](), self.at, 0
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        start = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "()|<>&;" or (char.isspace() and depth):
                depth += (char == "(") - (char == ")")
                if depth < 0 or (char in "&;" and not depth):
                    break
                parts.append(Literal(char))
                self.at += 1
            elif char.isspace():
                break
            else:
                parts += self.word().parts
        return Word(parts, self.text[start : self.at])


def _shown(token: Token) -> str:
    return "newline" if token.kind in ("end", "newline") else token.text
