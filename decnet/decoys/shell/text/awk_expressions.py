"""The expressions of awk's grammar."""

from .awk_lexer import AwkError, Lexer, Token
from .awk_tree import ASSIGN, BUILTINS, COMPARE, EXTENDED, LVALUES, MOST_DEPTH, Tree


class ExpressionParser:
    """Takes expressions from the tokens of a program."""

    def __init__(self, text: str, *, extended: bool, more: frozenset[str] = frozenset()) -> None:
        self._tokens = Lexer(text, extended=extended).tokens
        self._at = 0
        self._depth = 0
        self._no_in = 0
        self._no_greater = 0
        self._builtins = BUILTINS | EXTENDED if extended else BUILTINS | more

    def _kind(self, ahead: int = 0) -> str:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)].kind

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _take(self, *kinds: str) -> Token | None:
        return self._next() if self._kind() in kinds else None

    def _need(self, kind: str) -> Token:
        if kind == ")" and self._kind() not in (")", "end", "newline"):
            token = self._tokens[self._at]
            raise AwkError(f"line {token.line}: missing ) near {token.text}")
        if kind == ")" and self._kind() == "end" and self._depth:
            open_brace = f"line {self._tokens[self._at].line + 1}: missing }} near end of file"
            raise AwkError(f"line {self._tokens[self._at].line}: missing ) near end of line", open_brace)
        return self._take(kind) or self._fail()

    def _fail(self) -> Token:
        token = self._tokens[self._at]
        if token.kind == "end" and self._depth:
            raise AwkError(f"line {token.line + 1}: missing }} near end of file")
        if token.kind == "}" and not self._depth:
            near = f"line {token.line}: syntax error at or near end of line"
            raise AwkError(f"line {token.line}: extra '}}'", near)
        shown = {"newline": "end of line", "end": "end of file"}.get(token.kind, token.text)
        shown = f'"{shown}"' if token.kind == "string" else f"/{shown}/" if token.kind == "regex" else shown
        raise AwkError(f"line {token.line}: syntax error at or near {shown}")

    def _skip_ends(self) -> None:
        while self._take("newline", ";"):
            pass

    def _skip_newlines(self) -> None:
        while self._take("newline"):
            pass

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise AwkError("program limit exceeded: parser stack overflow")

    def _list(self) -> list[Tree]:
        parts = [self._expression()]
        while self._take(","):
            self._skip_newlines()
            parts.append(self._expression())
        return parts

    def _subscript(self) -> Tree:
        saved = self._no_greater, self._no_in
        self._no_greater = self._no_in = 0
        parts = self._list()
        self._need("]")
        self._no_greater, self._no_in = saved
        return parts[0] if len(parts) == 1 else Tree("subscript", parts)

    def _expression(self) -> Tree:
        self._deeper()
        left = self._ternary()
        token = self._tokens[self._at]
        if token.kind in ASSIGN and left.kind in LVALUES:
            self._next()
            self._skip_newlines()
            left = Tree("assign", [left, self._expression()], token.kind[:-1], token.line)
        self._depth -= 1
        return left

    def _ternary(self) -> Tree:
        condition = self._or()
        return self._chosen(condition) if self._kind() == "?" else condition

    def _chosen(self, condition: Tree) -> Tree:
        """`condition ? a : b`, behind the condition."""
        self._need("?")
        self._skip_newlines()
        yes = self._expression()
        self._skip_newlines()
        self._need(":")
        self._skip_newlines()
        return Tree("ternary", [condition, yes, self._expression()])

    def _or(self) -> Tree:
        left = self._and()
        while self._take("||"):
            self._skip_newlines()
            left = Tree("or", [left, self._assigned(self._and())])
        return left

    def _and(self) -> Tree:
        left = self._in()
        while self._take("&&"):
            self._skip_newlines()
            left = Tree("and", [left, self._assigned(self._in())])
        return left

    def _assigned(self, left: Tree) -> Tree:
        """`a && b = c` assigns to b, as every awk reads it."""
        token = self._tokens[self._at]
        if token.kind in ASSIGN and left.kind in LVALUES:
            self._next()
            return Tree("assign", [left, self._expression()], token.kind[:-1], token.line)
        return left

    def _in(self) -> Tree:
        left = self._match()
        while not self._no_in and self._kind() == "in":
            self._next()
            left = Tree("in", [left, Tree("name", text=self._need("name").text)])
        return left

    def _match(self) -> Tree:
        left = self._comparison()
        while True:
            negated = self._kind() == "!" and self._kind(1) == "~"
            if not negated and self._kind() != "~":
                return left
            self._at += 1 + negated
            left = Tree("match", [left, self._comparison()], "!" if negated else "")

    def _comparison(self) -> Tree:
        left = self._concatenation()
        kind = self._kind()
        if kind in COMPARE and not (kind == ">" and self._no_greater):
            self._next()
            left = Tree("compare", [left, self._concatenation()], kind)
        while self._kind() == "|" and self._kind(1) == "getline":
            self._at += 2
            left = Tree("getline", [left, *self._target()], "|")
        return left

    def _concatenation(self, *, target: bool = False) -> Tree:
        left = self._additive()
        while self._starts_operand() and not (target and self._kind() == "in"):
            left = Tree("concat", [left, self._additive()])
        return left

    def _starts_operand(self) -> bool:
        kind = self._kind()
        if kind == "in":
            return False
        return kind in (
            "number",
            "string",
            "name",
            "call",
            "regex",
            "$",
            "(",
            "!",
            "-",
            "+",
            "++",
            "--",
        ) and not (kind == "!" and self._kind(1) == "~")

    def _additive(self) -> Tree:
        left = self._multiplicative()
        while token := self._take("+", "-"):
            left = Tree("binary", [left, self._multiplicative()], token.kind)
        return left

    def _multiplicative(self) -> Tree:
        left = self._unary()
        while token := self._take("*", "/", "%"):
            left = Tree("binary", [left, self._unary()], token.kind)
        return left

    def _unary(self) -> Tree:
        token = self._take("!", "-", "+")
        if not token:
            return self._power()
        self._deeper()
        inner = self._unary()
        self._depth -= 1
        return Tree("not" if token.kind == "!" else "sign", [inner], token.kind)

    def _power(self) -> Tree:
        left = self._postfix()
        if self._take("^"):
            self._deeper()
            sign = self._take("-", "+", "!")
            right = self._power()
            self._depth -= 1
            if sign:
                right = Tree("not" if sign.kind == "!" else "sign", [right], sign.kind)
            return Tree("binary", [left, right], "^")
        return left

    def _postfix(self) -> Tree:
        left = self._primary()
        if left.kind in LVALUES and self._kind() in ("++", "--"):
            return Tree("after", [left], self._next().kind[0])
        return left

    def _primary(self) -> Tree:
        token = self._next()
        kind, line = token.kind, token.line
        if kind == "number":
            text = token.text
            return Tree("number", number=float(int(text, 16)) if text[:2] in ("0x", "0X") else float(text))
        if kind in ("string", "regex"):
            return Tree(kind, text=token.text, line=line)
        if kind == "$":
            self._deeper()
            change = self._take("++", "--", "-", "+", "!")
            inner = self._primary()
            self._depth -= 1
            if change:
                inner = Tree("before" if len(change.kind) == 2 else "sign", [inner], change.kind[0])
            return Tree("field", [inner])
        if kind in ("++", "--"):
            target = self._primary()
            if target.kind not in LVALUES:
                self._fail()
            return Tree("before", [target], kind[0])
        if kind == "(":
            return self._grouped()
        if kind == "getline":
            return self._getline()
        if kind in ("name", "call"):
            return self._named(token)
        if kind in ("-", "+", "!"):
            return Tree("not" if kind == "!" else "sign", [self._unary()], kind)
        self._at -= 1 if kind != "end" else 0
        self._fail()
        raise AssertionError(kind)

    def _grouped(self) -> Tree:
        saved = self._no_greater, self._no_in
        self._no_greater = self._no_in = 0
        parts = self._list()
        self._need(")")
        self._no_greater, self._no_in = saved
        if len(parts) == 1:
            return Tree("group", parts)
        self._need("in")
        return Tree("in", [Tree("subscript", parts), Tree("name", text=self._need("name").text)])

    def _target(self) -> list[Tree]:
        """The variable of a getline, if there is one."""
        if self._kind() not in ("name", "$"):
            return []
        return [self._primary()]

    def _getline(self) -> Tree:
        target = self._target()
        if self._take("<"):
            return Tree("getline", [self._postfix(), *target], "<")
        return Tree("getline", target)

    def _named(self, token: Token) -> Tree:
        name, line = token.text, token.line
        if name in self._builtins:
            arguments = self._arguments() if self._kind() == "(" else []
            return Tree("builtin", arguments, name, line)
        if token.kind == "call":
            return Tree("call", self._arguments(), name, line)
        if self._take("["):
            return Tree("index", [Tree("name", text=name), self._subscript()], line=line)
        return Tree("name", text=name, line=line)

    def _arguments(self) -> list[Tree]:
        self._need("(")
        saved = self._no_greater, self._no_in
        self._no_greater = self._no_in = 0
        self._skip_newlines()
        parts = [] if self._kind() == ")" else self._list()
        self._skip_newlines()
        self._need(")")
        self._no_greater, self._no_in = saved
        return parts
