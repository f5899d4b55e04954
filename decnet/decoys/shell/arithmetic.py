# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Arithmetic of 64 bits, as `$((...))`, `((...))`, `let` and array subscripts calculate."""

from __future__ import annotations

import re
from typing import Protocol

from .dialect import Dialect

MOST_DEPTH = 60
MOST_TOKENS = 2000
TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F]+|\d+#[0-9a-zA-Z@_]+|\d+[A-Za-z_]*)|([A-Za-z_]\w*)|(<<=|>>=|\*\*|\+\+|--|&&|\|\||<<|>>|[-+*/%&|^=!<>]=|[-+*/%&|^~!<>=?:(),\[\]]))"
)
LEVELS = (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<=", ">=", "<", ">"), ("<<", ">>"), ("+", "-"),
          ("*", "/", "%"))  # fmt: skip
ASSIGNING = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")


class BadArithmetic(Exception):
    """An expression without a value; the message is the dialect's, without the shell's name."""


class Variables(Protocol):
    """What an expression reads and sets."""

    def number_text(self, name: str, index: str | None) -> str:
        """The text of a variable."""

    def set_number(self, name: str, index: str | None, value: int) -> None:
        """Set a variable."""


def calculate(text: str, variables: Variables, dialect: Dialect, depth: int = 0) -> int:
    """The value of an expression. Raises BadArithmetic."""
    return _Calculation(text, variables, dialect, depth).value()


class _Calculation:
    def __init__(self, text: str, variables: Variables, dialect: Dialect, depth: int) -> None:
        self.text, self.variables, self.dialect, self.depth = text, variables, dialect, depth
        self._tokens: list[tuple[str, str, int]] = []
        self._at = 0
        self._nested = 0
        self._live = True
        """False in the branch of `?:`, `&&` and `||` that does not count."""

    def value(self) -> int:
        if self.depth > MOST_DEPTH:
            if self.dialect.bash:
                raise BadArithmetic(
                    f'{self.text}: expression recursion level exceeded (error token is "{self.text}")'
                )
            raise BadArithmetic("expression recursion loop detected")
        self._scan()
        if not self._tokens:
            return 0
        value = self._comma()
        if self._at < len(self._tokens):
            self._fail("syntax error in expression" if self._peek() not in ("=", *ASSIGNING) else
                       "attempted assignment to non-variable")  # fmt: skip
        return value

    def _scan(self) -> None:
        at, text = 0, self.text
        while at < len(text) and text[at:].strip():
            found = TOKEN.match(text, at)
            if not found or len(self._tokens) > MOST_TOKENS:
                start = len(text[:at]) + len(text[at:]) - len(text[at:].lstrip())
                self._tokens.append(("bad", text[start:], start))
                return
            kind = "number" if found[1] else "name" if found[2] else "operator"
            shown = found[1] or found[2] or found[3]
            self._tokens.append((kind, shown, found.end() - len(shown)))
            at = found.end()

    def _fail(self, reason: str, at: int | None = None) -> None:
        where = self._at if at is None else at
        rest = self.text[self._tokens[where][2] :] if where < len(self._tokens) else ""
        if self.dialect.bash:
            if where >= len(self._tokens) and self._tokens:
                rest = self.text[self._tokens[-1][2] :]
            if where < len(self._tokens) and self._tokens[where][0] == "bad" and "operand" not in reason:
                reason = "syntax error: invalid arithmetic operator"
            raise BadArithmetic(f'{self.text.lstrip()}: {reason} (error token is "{rest}")')
        if self.dialect.name == "dash":
            wanted = "expecting primary" if "operand" in reason else "expecting EOF"
            raise BadArithmetic(f'arithmetic expression: {wanted}: "{self.text}"')
        raise BadArithmetic("arithmetic syntax error")

    def _peek(self) -> str:
        return (
            self._tokens[self._at][1]
            if self._at < len(self._tokens) and self._tokens[self._at][0] != "bad"
            else ""
        )

    def _take(self, *operators: str) -> str:
        if self._at < len(self._tokens):
            kind, text, _ = self._tokens[self._at]
            if kind == "operator" and text in operators:
                self._at += 1
                return text
        return ""

    def _comma(self) -> int:
        value = self._assignment()
        while self.dialect.name != "dash" and self._take(","):
            value = self._assignment()
        return value

    def _assignment(self) -> int:
        self._nested += 1
        if self._nested > MOST_DEPTH:
            self._fail("expression recursion level exceeded")
        try:
            start = self._at
            if start < len(self._tokens) and self._tokens[start][0] == "name":
                name, index = self._name()
                operator = self._take(*ASSIGNING)
                if operator:
                    value = self._assignment()
                    if operator != "=":
                        value = self._apply(operator[:-1], self._read(name, index), value, self._at - 1)
                    if self._live:
                        self.variables.set_number(name, index, value)
                    return value
                self._at = start
            return self._conditional()
        finally:
            self._nested -= 1

    def _conditional(self) -> int:
        value = self._binary(0)
        if not self._take("?"):
            return value
        live = self._live
        self._live = live and value != 0
        first = self._comma()
        if not self._take(":"):
            if self.dialect.name == "ash":
                raise BadArithmetic("malformed ?: operator")
            self._fail("`:' expected for conditional expression")
        self._live = live and value == 0
        second = self._conditional()
        self._live = live
        return first if value else second

    def _binary(self, level: int) -> int:
        if level == len(LEVELS):
            return self._power()
        value = self._binary(level + 1)
        while operator := self._take(*LEVELS[level]):
            live = self._live
            if (operator == "&&" and not value) or (operator == "||" and value):
                self._live = False
            at = self._at
            right = self._binary(level + 1)
            self._live = live
            value = self._apply(operator, value, right, at)
        return value

    def _power(self) -> int:
        value = self._unary()
        if self.dialect.name != "dash" and self._take("**"):
            exponent = self._power()
            if exponent < 0:
                self._fail("exponent less than 0", self._at - 1)
            return _wrapped(pow(value, exponent, 1 << 64))
        return value

    def _unary(self) -> int:
        self._nested += 1
        if self._nested > MOST_DEPTH:
            self._fail("expression recursion level exceeded")
        try:
            operator = self._take("!", "~", "-", "+", "++", "--")
            if operator in ("++", "--"):
                if self._at < len(self._tokens) and self._tokens[self._at][0] == "name":
                    name, index = self._name()
                    return self._step(name, index, 1 if operator == "++" else -1)
                return self._unary()
            if operator:
                value = self._unary()
                return {"!": int(not value), "~": ~value, "-": _wrapped(-value), "+": value}[operator]
            return self._primary()
        finally:
            self._nested -= 1

    def _step(self, name: str, index: str | None, step: int) -> int:
        value = _wrapped(self._read(name, index) + step)
        if self._live:
            self.variables.set_number(name, index, value)
        return value

    def _primary(self) -> int:
        if self._at >= len(self._tokens):
            self._fail("syntax error: operand expected")
        kind, text, _ = self._tokens[self._at]
        if kind == "number":
            self._at += 1
            if self.dialect.name == "dash" and self._peek() == "**":
                self._fail("syntax error: operand expected")
            return self._number(text)
        if kind == "name":
            name, index = self._name()
            value = self._read(name, index)
            operator = self._take("++", "--") if self.dialect.name != "dash" else ""
            if not operator and self.dialect.name == "dash" and self._peek() in ("++", "--", "**"):
                self._fail("syntax error: operand expected")
            if operator:
                self._step(name, index, 1 if operator == "++" else -1)
            return value
        if text == "(":
            self._at += 1
            value = self._comma()
            if not self._take(")"):
                self._fail("missing `)'")
            return value
        self._fail("syntax error: operand expected")
        return 0

    def _name(self) -> tuple[str, str | None]:
        name = self._tokens[self._at][1]
        self._at += 1
        if not (self.dialect.bash and self._take("[")):
            return name, None
        start, depth = self._tokens[self._at - 1][2] + 1, 1
        while self._at < len(self._tokens):
            kind, text, at = self._tokens[self._at]
            depth += (text == "[") - (text == "]")
            self._at += 1
            if depth == 0:
                return name, self.text[start:at]
        self._fail("bad array subscript")
        return name, None

    def _read(self, name: str, index: str | None) -> int:
        if not self._live:
            return 0
        text = self.variables.number_text(name, index).strip()
        if not text:
            return 0
        if re.fullmatch(r"[-+]?\d+", text) and not re.match(r"[-+]?0\d", text):
            return _wrapped(int(text[:30]))
        if self.dialect.name == "dash":
            if re.fullmatch(r"[-+]?(0[xX][0-9a-fA-F]+|0[0-7]*)", text):
                return _wrapped(int(text, 16) if "x" in text.lower() else int(text, 8))
            raise BadArithmetic(f"Illegal number: {text}")
        return calculate(text, self.variables, self.dialect, self.depth + 1)

    def _number(self, text: str) -> int:
        base, digits = 10, text
        if text[:2] in ("0x", "0X"):
            base, digits = 16, text[2:]
        elif "#" in text:
            before, _, digits = text.partition("#")
            base = int(before[:3])
        elif text.startswith("0") and len(text) > 1:
            base, digits = 8, text[1:]
        value = 0
        letters = "0123456789abcdefghijklmnopqrstuvwxyz" + (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ@_" if base > 36 else ""
        )
        for char in digits[:80] if base > 36 else digits[:80].lower():
            digit = letters.find(char)
            if not 0 <= digit < base:
                self._at -= 1
                if self.dialect.bash:
                    rest = re.match(r"[\w@#]+", self.text[self._tokens[self._at][2] :].lstrip())
                    self._at = len(self._tokens)
                    raise BadArithmetic(
                        f'{self.text.lstrip()}: value too great for base (error token is "{rest[0] if rest else text}")'
                    )
                self._fail("syntax error in expression")
            value = value * base + digit
        return _wrapped(value)

    def _apply(self, operator: str, left: int, right: int, at: int) -> int:
        if operator in ("/", "%") and right == 0:
            if not self._live:
                return 0
            self._divided_by_zero(at)
        match operator:
            case "+":
                return _wrapped(left + right)
            case "-":
                return _wrapped(left - right)
            case "*":
                return _wrapped(left * right)
            case "/" | "%":
                quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
                return _wrapped(quotient if operator == "/" else left - quotient * right)
            case "<<":
                return _wrapped(left << (right & 63))
            case ">>":
                return left >> (right & 63)
            case "&":
                return left & right
            case "|":
                return left | right
            case "^":
                return left ^ right
            case "&&":
                return int(bool(left) and bool(right))
            case "||":
                return int(bool(left) or bool(right))
        return int({"==": left == right, "!=": left != right, "<": left < right, ">": left > right,
                    "<=": left <= right, ">=": left >= right}[operator])  # fmt: skip

    def _divided_by_zero(self, at: int) -> None:
        if self.dialect.bash:
            rest = self.text[self._tokens[at][2] :] if at < len(self._tokens) else "0"
            raise BadArithmetic(f'{self.text.lstrip()}: division by 0 (error token is "{rest}")')
        if self.dialect.name == "dash":
            raise BadArithmetic(f'arithmetic expression: division by zero: "{self.text}"')
        raise BadArithmetic("divide by zero")


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
