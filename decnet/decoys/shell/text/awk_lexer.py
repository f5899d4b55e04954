"""The words of an awk program."""

from dataclasses import dataclass

WORDS = """BEGIN END function func if else while for do break continue next nextfile exit return delete in
getline print printf"""
KEYWORDS = frozenset(WORDS.split())
OPERATORS = (
    *(
        "**=",
        "...",
        "&&",
        "||",
        "++",
        "--",
        "+=",
        "-=",
        "*=",
        "/=",
        "%=",
        "^=",
        "**",
        "==",
        "<=",
        ">=",
        "!=",
        ">>",
    ),
    *"{}()[];,+-*/%^!<>|?:~$=&",
)
OPERANDS = ("number", "string", "name", "function name", "regex", ")", "]", "$", "builtin", "++", "--")
"""After one of these a slash divides."""
MOST_TOKENS = 20_000


class AwkError(Exception):
    """A program that does not parse; each argument is a line of mawk's."""


@dataclass
class Token:
    """kind: number, string, regex, name, call (a name with its bracket), a keyword, an operator, newline,
    end."""

    kind: str
    text: str
    line: int


class Lexer:
    """Splits a program into tokens. `extended`: gawk's words are read too."""

    def __init__(self, text: str, *, extended: bool) -> None:
        self._text = text
        self._extended = extended
        self._at = 0
        self._line = 1
        self.tokens: list[Token] = []
        while self._one():
            if len(self.tokens) > MOST_TOKENS:
                raise AwkError(f"line {self._line}: program too large")
        self._add("end", "")

    def _add(self, kind: str, text: str) -> None:
        self.tokens.append(Token(kind, text, self._line))

    def _one(self) -> bool:
        text, at = self._text, self._at
        while at < len(text) and (text[at] in " \t\r" or text.startswith(("\\\n", "\\\r\n"), at)):
            if text[at] == "\\":
                at = text.index("\n", at)
                self._line += 1
            at += 1
        if at < len(text) and text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        self._at = at
        if at >= len(text):
            return False
        char = text[at]
        if char == "\n":
            self._add("newline", "\n")
            self._line += 1
            self._at += 1
        elif char in "0123456789" or (char == "." and text[at + 1 : at + 2].isdecimal()):
            self._number()
        elif char == "_" or (char.isalpha() and char.isascii()):
            self._name()
        elif char == '"':
            self._string()
        elif char == "/" and not self._divides():
            self._regex()
        else:
            self._operator(char)
        return True

    def _divides(self) -> bool:
        return bool(self.tokens) and self.tokens[-1].kind in OPERANDS

    def _number(self) -> None:
        text, start = self._text, self._at
        at = start
        if text[at : at + 2].lower() == "0x":
            at += 2
            while at < len(text) and text[at] in "0123456789abcdefABCDEF":
                at += 1
        else:
            at = self._digits(at)
            if text[at : at + 1] == ".":
                at = self._digits(at + 1)
            sign = at + 1 if text[at : at + 1] in ("e", "E") else 0
            if sign:
                sign += text[sign : sign + 1] in ("+", "-")
                end = self._digits(sign)
                at = end if end > sign else at
        self._at = at
        self._add("number", text[start:at])

    def _digits(self, at: int) -> int:
        while at < len(self._text) and self._text[at] in "0123456789":
            at += 1
        return at

    def _name(self) -> None:
        text, start = self._text, self._at
        at = start
        while at < len(text) and (text[at] == "_" or (text[at].isalnum() and text[at].isascii())):
            at += 1
        self._at = at
        name = text[start:at]
        if name in KEYWORDS and (name != "func" or self._extended):
            self._add("function" if name == "func" else name, name)
        else:
            self._add("call" if text[at : at + 1] == "(" else "name", name)

    def _string(self) -> None:
        text, at = self._text, self._at + 1
        out: list[str] = []
        while True:
            char = text[at : at + 1]
            if char in ("", "\n"):
                raise AwkError(
                    f"line {self._line}: runaway string constant {text[self._at : self._at + 10]} ..."
                )
            if char == '"':
                break
            if char == "\\" and at + 1 < len(text):
                piece, at = escape(text, at, '"' if not self._extended else '"/')
                out.append(piece)
                continue
            out.append(char)
            at += 1
        self._at = at + 1
        self._add("string", "".join(out))

    def _regex(self) -> None:
        text, at = self._text, self._at + 1
        inside = False
        out: list[str] = []
        while True:
            char = text[at : at + 1]
            if char in ("", "\n"):
                raise AwkError(
                    f"line {self._line}: runaway regular expression /{text[self._at + 1 : self._at + 11]} ..."
                )
            if char == "/" and not inside:
                break
            if char == "\\" and at + 1 < len(text):
                out.append("/" if text[at + 1] == "/" else text[at : at + 2])
                at += 2
                continue
            if char == "[" and not inside:
                inside = True
                width = 1 + text.startswith("^", at + 1)
                width += text.startswith("]", at + width)
                out.append(text[at : at + width])
                at += width
                continue
            inside = inside and char != "]"
            out.append(char)
            at += 1
        self._at = at + 1
        self._add("regex", "".join(out))

    def _operator(self, char: str) -> None:
        for operator in OPERATORS:
            if self._text.startswith(operator, self._at):
                if operator.startswith("**") and not self._extended:
                    continue
                self._at += len(operator)
                self._add({"**": "^", "**=": "^="}.get(operator, operator), operator)
                return
        raise AwkError(f"line {self._line}: unexpected character '{char}'")


SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def escape(text: str, at: int, plain: str = '"/') -> tuple[str, int]:
    """What the escape at a place stands for, and the place after it; unknown ones stay as they are."""
    char = text[at + 1]
    if char in SIMPLE:
        return SIMPLE[char], at + 2
    if char in plain:
        return char, at + 2
    if char == "\n":
        return "", at + 2
    if char in "01234567":
        end = at + 2
        while end < at + 4 and text[end : end + 1] in tuple("01234567"):
            end += 1
        return chr(int(text[at + 1 : end], 8) & 255), end
    if char == "x" and text[at + 2 : at + 3] in tuple("0123456789abcdefABCDEF"):
        end = at + 3 + (text[at + 3 : at + 4] in tuple("0123456789abcdefABCDEF"))
        return chr(int(text[at + 2 : end], 16)), end
    return "\\" + char, at + 2


def escaped(text: str) -> str:
    """A value from the command line (-v, -F): its escapes replaced."""
    out, at = "", 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            piece, at = escape(text, at)
            out += piece
        else:
            out += text[at]
            at += 1
    return out
