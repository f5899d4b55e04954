"""From the text of bc to a tree of tuples: (kind, parts...)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

TOKEN = re.compile(
    r"""(?P<space>(?:[ \t]|\\\n|/\*.*?\*/|\#[^\n]*)+)|(?P<number>[0-9A-F]+\.?[0-9A-F]*|\.[0-9A-F]+)
    |(?P<name>[a-z][a-z0-9_]*)|(?P<string>"[^"]*")|(?P<newline>\n)
    |(?P<operator>\+\+|--|&&|\|\||[-+*/%^=!<>]=|[-+*/%^=!<>(){}\[\],;.])""",
    re.DOTALL | re.VERBOSE,
)
WORDS = frozenset(["auto", "break", "continue", "define", "else", "for", "halt", "if", "length", "print", "quit", "read", "return", "scale", "sqrt", "while", "warranty", "limits", "ibase", "obase", "last"])  # fmt: skip  # noqa: E501
ASSIGNING = ("=", "+=", "-=", "*=", "/=", "%=", "^=")
LEVELS = (("||",), ("&&",), ("!",), ("==", "!=", "<", ">", "<=", ">="), None, ("+", "-"), ("*", "/", "%"))
MOST_NESTED = 60
Node = tuple[Any, ...]


class BadProgram(Exception):
    """A syntax error, with its line; `sign` is a character that has no meaning."""

    def __init__(self, line: int, sign: str = "") -> None:
        super().__init__(line)
        self.line, self.sign = line, sign


class Token(NamedTuple):
    kind: str
    text: str
    line: int


def tokens_of(text: str, line: int) -> list[Token]:
    """All tokens; one of kind "bad" for a character that has no meaning."""
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            found.append(Token("bad", text[at], line))
            at += 1
            continue
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], line))
        line += match[0].count("\n")
        at = match.end()
    return [*found, Token("end", "", line)]


class Parser:
    """Parses one line, or more if a block is open."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self.at = 0
        self._depth = 0

    @property
    def here(self) -> Token:
        """The next token."""
        return self._tokens[self.at]

    def skip_line(self) -> None:
        """Go behind the next newline."""
        while self.here.kind not in ("newline", "end"):
            self.at += 1
        self.at += self.here.kind == "newline"

    def line(self) -> list[Node] | None:
        """The statements up to the end of the line; None at the end of the text. Raises BadProgram."""
        if self.here.kind == "end":
            return None
        found: list[Node] = []
        while self.here.kind not in ("newline", "end"):
            if self._takes(";"):
                continue
            found.append(self._statement())
            if self.here.kind not in ("newline", "end") and self.here.text != ";":
                raise self._unexpected(self.here)
        self.at += self.here.kind == "newline"
        return found

    def _takes(self, *texts: str) -> bool:
        if self.here.kind in ("operator", "name") and self.here.text in texts:
            self.at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise self._unexpected(self.here)

    def _skip_newlines(self) -> None:
        while self.here.kind == "newline":
            self.at += 1

    def _unexpected(self, token: Token) -> BadProgram:
        return BadProgram(token.line + (token.kind == "newline"), token.text if token.kind == "bad" else "")

    # Statements

    def _statement(self) -> Node:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise self._unexpected(self.here)
        try:
            return self._one_statement()
        finally:
            self._depth -= 1

    def _one_statement(self) -> Node:
        token = self.here
        if token.kind == "string":
            self.at += 1
            return ("print", [("string", token.text[1:-1])])
        if self._takes("{"):
            return self._block()
        if token.kind == "name" and token.text in WORDS:
            special = getattr(self, f"_{token.text}", None)
            if special is not None:
                self.at += 1
                found: Node = special()
                return found
        expression = self._expression()
        is_quiet = expression[0] == "assign"
        return ("expression", expression, is_quiet)

    def _block(self) -> Node:
        found = []
        while not self._takes("}"):
            if self.here.kind == "end":
                raise self._unexpected(self.here)
            if self.here.kind == "newline" or self.here.text == ";":
                self.at += 1
                continue
            found.append(self._statement())
        return ("block", found)

    def _if(self) -> Node:
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        self._skip_newlines()
        body = self._statement()
        otherwise = None
        place = self.at
        if self._takes(";"):
            self._skip_newlines()
        if self._takes("else"):
            self._skip_newlines()
            otherwise = self._statement()
        else:
            self.at = place
        return ("if", condition, body, otherwise)

    def _while(self) -> Node:
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        self._skip_newlines()
        return ("for", None, condition, None, self._statement())

    def _for(self) -> Node:
        self._expect("(")
        parts: list[Node | None] = []
        for end in (";", ";", ")"):
            parts.append(None if self.here.text == end else self._expression())
            self._expect(end)
        self._skip_newlines()
        return ("for", *parts, self._statement())

    def _print(self) -> Node:
        items: list[Node] = []
        while True:
            token = self.here
            if token.kind == "string":
                self.at += 1
                items.append(("string", _unescaped(token.text[1:-1])))
            else:
                items.append(self._expression())
            if not self._takes(","):
                return ("print", items)

    def _break(self) -> Node:
        return ("break",)

    def _continue(self) -> Node:
        return ("continue",)

    def _quit(self) -> Node:
        return ("quit",)

    def _halt(self) -> Node:
        return ("quit",)

    def _return(self) -> Node:
        if self.here.kind in ("newline", "end") or self.here.text in (";", "}"):
            return ("return", None)
        return ("return", self._expression())

    def _define(self) -> Node:
        self._takes("void")
        name = self._name()
        self._expect("(")
        parameters = self._names(")")
        self._expect(")")
        self._skip_newlines()
        self._expect("{")
        self._skip_newlines()
        local: list[str] = []
        if self._takes("auto"):
            local = self._names(";", "\n")
        return ("define", name, parameters, local, self._block())

    def _name(self) -> str:
        token = self.here
        if token.kind != "name" or token.text in WORDS:
            raise self._unexpected(token)
        self.at += 1
        return token.text

    def _names(self, *ends: str) -> list[str]:
        found: list[str] = []
        while self.here.text not in ends:
            self._takes("*")
            name = self._name()
            if self._takes("["):
                self._expect("]")
                name += "[]"
            found.append(name)
            if not self._takes(","):
                break
        return found

    # Expressions

    def _expression(self, level: int = 0) -> Node:
        if level == len(LEVELS):
            return self._power()
        operators = LEVELS[level]
        if operators is None:
            return self._assignment(level)
        if operators == ("!",):
            if self._takes("!"):
                return ("not", self._deeper(level))
            return self._expression(level + 1)
        left = self._expression(level + 1)
        while self.here.kind == "operator" and self.here.text in operators:
            operator = self.here.text
            self.at += 1
            left = (operator, left, self._expression(level + 1))
        return left

    def _deeper(self, level: int) -> Node:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise self._unexpected(self.here)
        found = self._expression(level)
        self._depth -= 1
        return found

    def _assignment(self, level: int) -> Node:
        left = self._expression(level + 1)
        if self.here.kind == "operator" and self.here.text in ASSIGNING:
            if left[0] not in ("name", "item"):
                raise self._unexpected(self.here)
            operator = self.here.text[:-1]
            self.at += 1
            return ("assign", left, operator, self._deeper(level))
        return left

    def _power(self) -> Node:
        negative = self._takes("-")
        base = self._operand() if self.here.text != "-" else self._deeper(len(LEVELS))
        base = ("negative", base) if negative else base
        if self._takes("^"):
            return ("^", base, self._deeper(len(LEVELS)))
        return base

    def _operand(self) -> Node:
        token = self.here
        self.at += 1
        if token.kind == "number":
            return ("number", token.text)
        if token.text == "(":
            inner = self._deeper(0)
            self._expect(")")
            return ("group", inner)
        if token.text in ("++", "--"):
            return ("step", self._operand(), token.text[0], True)
        if token.kind != "name" and token.text != ".":
            raise self._unexpected(token)
        return self._named("last" if token.text == "." else token.text, token)

    def _named(self, name: str, token: Token) -> Node:
        if name in ("length", "scale", "sqrt") and self._takes("("):
            inner = self._deeper(0)
            self._expect(")")
            return (name, inner)
        if name in WORDS and name not in ("scale", "ibase", "obase", "last"):
            raise self._unexpected(token)
        if self._takes("("):
            return ("call", name, self._arguments())
        found: Node = ("name", name)
        if self._takes("["):
            found = ("item", name, self._deeper(0))
            self._expect("]")
        if self.here.text in ("++", "--") and self.here.kind == "operator":
            self.at += 1
            return ("step", found, self._tokens[self.at - 1].text[0], False)
        return found

    def _arguments(self) -> list[Node]:
        found: list[Node] = []
        while not self._takes(")"):
            found.append(self._deeper(0))
            if not self._takes(",") and self.here.text != ")":
                raise self._unexpected(self.here)
        return found


def _unescaped(text: str) -> str:
    signs = {"n": "\n", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "r": "\r", "q": '"', "\\": "\\"}
    return re.sub(r"\\(.)", lambda found: signs.get(found[1], found[0]), text)
