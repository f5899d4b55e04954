# ruff: noqa: E501 (tables)
"""Perl programs as trees."""

from __future__ import annotations

from .expressions import MODIFIERS, Expressions, Tree
from .lexer import SyntaxProblem

__all__ = ["Parser", "Tree"]
DEEPEST = 60


class Parser(Expressions):
    """Reads statements."""

    def program(self) -> list[Tree]:
        """All statements."""
        found = []
        while self.now.kind != "end":
            found.append(self._statement())
        return found

    def block(self) -> list[Tree]:
        self._need("{")
        found = []
        while not self._take("}"):
            if self.now.kind == "end":
                raise SyntaxProblem(
                    f"Missing right curly or square bracket at {self.name} line {self.now.line}, at end of line\n"
                )
            found.append(self._statement())
        return found

    def _statement(self) -> Tree:
        line = self.now.line
        self.depth += 1
        if self.depth > DEEPEST:
            self.wrong()
        try:
            return ("statement", line, self._inner())
        finally:
            self.depth -= 1

    def _inner(self) -> Tree:
        if self._take(";"):
            return ("nothing",)
        word = self.now.text if self.now.kind == "name" else ""
        if self._is("{") and not self._is_hash():
            return ("block", self.block())
        if word in ("if", "unless"):
            return self._if()
        if word in ("while", "until"):
            self.at += 1
            self._need("(")
            test = ("number", 1) if self._is(")") else self.expression()
            self._need(")")
            return ("while", ("not", test) if word == "until" else test, self.block())
        if word in ("for", "foreach"):
            return self._for()
        if word == "sub" and self.tokens[self.at + 1].kind == "name":
            self.at += 2
            return ("sub", self.tokens[self.at - 1].text, self.block())
        if word in ("use", "no", "package"):
            return self._use()
        if word in ("BEGIN", "END") and self.tokens[self.at + 1].text == "{":
            self.at += 1
            return ("block" if self.name.startswith("(eval") else word, self.block())
        return self._simple()

    def _is_hash(self) -> bool:
        """Whether a brace at the begin of a statement begins an anonymous hash: `{ name => ...`, `{}`."""
        first, second = (self.tokens[min(self.at + far, len(self.tokens) - 1)] for far in (1, 2))
        if first.kind == "op":
            return first.text == "}" and second.kind in ("end", "op") and second.text in ("", "}", ",", ";")
        return second.text == "=>" or (second.text == "," and first.kind in ("string", "variable"))

    def _use(self) -> Tree:
        self.at += 1
        name, rest = self.now.text, []
        self.at += 1
        while self.now.kind != "end" and not self._is(";"):
            rest.append(self.now.text)
            self.at += 1
        self._take(";")
        return ("use", name, tuple(rest))

    def _if(self) -> Tree:
        negated = self.now.text == "unless"
        self.at += 1
        self._need("(")
        test = self.expression()
        self._need(")")
        body, otherwise = self.block(), []
        if self._is("elsif"):
            otherwise = [("statement", self.now.line, self._if())]
        elif self._take("else"):
            otherwise = self.block()
        return ("if", ("not", test) if negated else test, body, otherwise)

    def _for(self) -> Tree:
        self.at += 1
        variable: Tree = ("variable", "$", "_")
        self._take("my", "our")
        if self.now.kind == "variable":
            variable = ("variable", "$", self.now.text)
            self.at += 1
        self._need("(")
        first = None if self._is(";", ")") else self.expression()
        if self._take(";"):
            test = ("number", 1) if self._is(";") else self.expression()
            self._need(";")
            step = None if self._is(")") else self.expression()
            self._need(")")
            return ("cfor", first, test, step, self.block())
        self._need(")")
        return ("for", variable, first or ("list", ()), self.block())

    def _simple(self) -> Tree:
        tree = self.expression()
        while self.now.kind == "name" and self.now.text in MODIFIERS:
            word = self.now.text
            self.at += 1
            test = self.expression()
            body = [("statement", self.now.line, tree)]
            if word in ("if", "unless"):
                tree = ("if", ("not", test) if word == "unless" else test, body, [])
            elif word in ("while", "until"):
                tree = ("while", ("not", test) if word == "until" else test, body)
            else:
                tree = ("for", ("variable", "$", "_"), test, body)
        if not self._take(";") and not self._is("}") and self.now.kind != "end":
            self.wrong()
        return tree
