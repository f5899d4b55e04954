# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`test`, `[` and `[[ ]]`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from .context import Context, ExpansionError, Work
from .extended_patterns import fits_pattern
from .state import Shell
from .syntax import Test, Word
from .variables import elements_of, value_of

UNARY = frozenset("-" + each for each in "abcdefghknoprstuvwxzGLNORS")
NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b, "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}  # fmt: skip
BINARY = frozenset((*NUMERIC, "=", "==", "!=", "<", ">", "-nt", "-ot", "-ef"))
MOST_DEPTH = 40
_EMPTY = "''"


class BadTest(Exception):
    """A test that is none; the message is the dialect's."""


def unary(context: Context, operator: str, text: str) -> bool:
    """A test of one operand."""
    shell = context.shell
    if operator == "-n":
        return text != ""
    if operator == "-z":
        return text == ""
    if operator == "-t":
        end = context.fds.get(int(text) if text.isdecimal() and len(text) < 4 else -1)
        return end is not None and (
            end.is_terminal or (context.engine.input.is_terminal and hasattr(end, "number"))
        )
    if operator in ("-v", "-R"):
        name, _, rest = text.partition("[")
        return (
            (rest.rstrip("]") in map(str, elements_of(shell, name)))
            if rest
            else value_of(shell, text) is not None
        )
    if operator == "-o":
        from .options import LETTERS

        return LETTERS.get(text, text) in shell.options
    return _file_test(shell, operator, text)


def _file_test(shell: Shell, operator: str, text: str) -> bool:
    if not text:
        return False
    path = shell.absolute(text)
    if operator in ("-h", "-L"):
        node = shell.lstat(path)
        return node is not None and bool(node.target)
    node = shell.node(path)
    if path in ("/dev/null", "/dev/zero", "/dev/tty", "/dev/urandom", "/dev/random", "/dev/full"):
        return operator in ("-e", "-a", "-c", "-r", "-w")
    if node is None:
        return False
    match operator:
        case "-f":
            return not node.folder and not node.kind
        case "-b" | "-c" | "-p" | "-S":
            return node.kind == operator[1].lower()
        case "-d":
            return node.folder
        case "-s":
            return node.bytes > 0
        case "-r":
            return shell.allowed(path, 4)
        case "-w":
            return shell.allowed(path, 2)
        case "-x":
            return bool(node.mode & 0o111) and (shell.user == "root" or shell.allowed(path, 1))
        case "-k":
            return bool(node.mode & 0o1000)
        case "-u":
            return bool(node.mode & 0o4000)
        case "-g":
            return bool(node.mode & 0o2000)
        case "-O" | "-G":
            return node.owner == shell.user
    return operator in ("-e", "-a")


def binary(context: Context, left: str, operator: str, right: str) -> bool:
    """A test of two texts or numbers."""
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    if operator == "<":
        return left < right
    if operator == ">":
        return left > right
    if operator in NUMERIC:
        return NUMERIC[operator](_integer(context, left), _integer(context, right))
    shell = context.shell
    one, other = shell.node(shell.absolute(left)), shell.node(shell.absolute(right))
    if operator == "-ef":
        return one is not None and one is other
    if context.shell.dialect.name == "ash" and (one is None or other is None):
        return False
    newer = (one.changed if one else -1) - (other.changed if other else -1)
    return newer > 0 if operator == "-nt" else newer < 0


MOST_DIGITS = 18
"""Of a number that certainly fits into 64 bits."""


def _integer(context: Context, text: str) -> int:
    if context.shell.dialect.name == "ash" and len(text.strip().lstrip("+-0")) > MOST_DIGITS:
        raise BadTest(
            f"{text}: out of range" if text.strip().lstrip("+-").isdecimal() else f"{text}: bad number"
        )
    if re.fullmatch(r"\s*[-+]?\d{1,30}\s*", text):
        return int(text)
    name = context.shell.dialect.name
    raise BadTest({"bash": f"{text}: integer expression expected", "dash": f"Illegal number: {text}",
                   "ash": f"{text}: bad number" if text else "bad number"}[name])  # fmt: skip


class Tests:
    """The expression of `test` and `[`, of which the number of words decides."""

    _and_word, _or_word = "-a", "-o"

    def __init__(self, context: Context, words: list[str]) -> None:
        self._context, self._words, self._at = context, words, 0

    def holds(self) -> bool:
        """Whether it is true. Raises BadTest."""
        if len(self._words) > 2000:
            raise BadTest("too many arguments")
        return self._by_count(self._words)

    def _by_count(self, words: list[str]) -> bool:
        match words:
            case []:
                return False
            case [one]:
                return one != ""
            case ["!", *rest] if len(words) <= 4 and not (
                len(words) == 3 and words[1] in (*BINARY, self._and_word, self._or_word)
            ):
                return not self._by_count(rest)
            case [_, operand] if operand in BINARY and self._name() != "bash":
                raise BadTest(f"{operand}: argument expected")
            case [operator, operand]:
                if operator in UNARY:
                    return unary(self._context, operator, operand)
                raise BadTest(self._unary_expected(operator, operand))
            case [left, operator, right]:
                if operator in BINARY or self._is_own(operator):
                    return self._binary(left, operator, right)
                if operator == self._and_word:
                    return left != "" and right != ""
                if operator == self._or_word:
                    return left != "" or right != ""
                if left == "(" and right == ")":
                    return operator != ""
                raise BadTest(self._binary_expected(words))
        self._words, self._at = words, 0
        value = self._or(0)
        if self._at < len(words):
            raise BadTest(self._too_many())
        return value

    def _is_own(self, operator: str) -> bool:
        """Whether it is an operator of this form of `test` only."""
        return False

    def _binary(self, left: str, operator: str, right: str) -> bool:
        return binary(self._context, left, operator, right)

    def _name(self) -> str:
        return self._context.shell.dialect.name

    def _unary_expected(self, operator: str, operand: str) -> str:
        return {"bash": f"{operator}: unary operator expected", "dash": f"{operand}: unexpected operator" if operator in ("(",) else f"{operator}: unexpected operator",
                "ash": f"{operand}: unknown operand"}[self._name()]  # fmt: skip

    def _binary_expected(self, words: list[str]) -> str:
        return {"bash": f"{words[1]}: binary operator expected", "dash": f"{words[0]}: unexpected operator" if words[0] not in UNARY else f"{words[2]}: unexpected operator",
                "ash": f"{words[1]}: unknown operand"}[self._name()]  # fmt: skip

    def _too_many(self) -> str:
        return {"bash": "too many arguments", "dash": f"{self._words[self._at]}: unexpected operator",
                "ash": f"{self._words[self._at]}: unknown operand"}[self._name()]  # fmt: skip

    def _or(self, depth: int) -> bool:
        value = self._and(depth)
        while self._peek() == self._or_word:
            self._at += 1
            other = self._and(depth)
            value = value or other
        return value

    def _and(self, depth: int) -> bool:
        value = self._not(depth)
        while self._peek() == self._and_word:
            self._at += 1
            other = self._not(depth)
            value = value and other
        return value

    def _peek(self, ahead: int = 0) -> str | None:
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else None

    def _not(self, depth: int) -> bool:
        if depth > MOST_DEPTH:
            raise BadTest("too many arguments")
        word = self._peek()
        if word == "!":
            self._at += 1
            return not self._not(depth + 1)
        if word == "(":
            self._at += 1
            value = self._or(depth + 1)
            if self._peek() != ")":
                raise BadTest("`)' expected" if self._name() == "bash" else "closing paren expected")
            self._at += 1
            return value
        if word is None:
            raise BadTest("argument expected")
        operator = self._peek(1)
        if (operator in BINARY or self._is_own(operator or "")) and self._peek(2) is not None:
            right = cast("str", self._peek(2))
            self._at += 3
            return self._binary(word, operator or "", right)
        if word in UNARY and operator is not None:
            self._at += 2
            return unary(self._context, word, operator)
        self._at += 1
        return word != ""


class BracketTests(Tests):
    """The expression of ash's `[[`: words like those of `[`, but with `&&`, `||`, patterns and `=~`."""

    _and_word, _or_word = "&&", "||"

    def _is_own(self, operator: str) -> bool:
        return operator == "=~"

    def _binary(self, left: str, operator: str, right: str) -> bool:
        context = self._context
        context.spend(1 + len(left) // 2)
        if operator == "=~":
            try:
                return _search(context, right, left) is not None
            except ExpansionError:
                raise BadTest("") from None
        if operator in ("=", "==", "!="):
            return fits_pattern(context.shell, right, left, context.spend) == (operator != "!=")
        return super()._binary(left, operator, right)


def holds(context: Context, test: Test, sign: str = "") -> Work:
    """Whether `[[ ... ]]` is true. `sign` is `! ` within a negation, for `set -x`."""
    left, right, operator = test.left, test.right, test.operator
    if isinstance(left, Test):
        value = yield from holds(context, left, "! " if operator == "!" else sign)
        if operator == "!":
            return not value
        if operator == "(" or (operator == "&&") != bool(value):
            return bool(value)
        return (yield from holds(context, cast("Test", right)))
    text = yield from context.expansion.single(left)
    if right is None:
        _trace(context, f"{sign}{operator} {text or _EMPTY}")
        return unary(context, operator, text)
    word = cast("Word", right)
    if "x" in context.shell.options:
        pieces = yield from context.expansion.pieces(word)
        pattern = "".join(re.sub("(?s)(.)", r"\\\1", piece) if hidden else piece for piece, hidden in pieces)
        _trace(context, f"{sign}{text or _EMPTY} {operator} {pattern or _EMPTY}")
    if operator in ("=", "==", "!="):
        pattern = yield from context.expansion.pattern(word)
        context.spend(1 + len(text) // 2)
        return fits_pattern(context.shell, pattern, text, context.spend, always=True) == (operator != "!=")
    if operator == "=~":
        return (yield from _matches(context, text, word))
    other = yield from context.expansion.single(word)
    if operator in NUMERIC:
        numbers = [context.expansion.calculate(each) if each.strip() else 0 for each in (text, other)]
        return NUMERIC[operator](*numbers)
    return binary(context, text, operator, other)


def _trace(context: Context, text: str) -> None:
    if "x" in context.shell.options:
        context.trace([f"[[ {text} ]]"], quoted=True)


def _matches(context: Context, text: str, word: Word) -> Work:
    """`=~`: the matched pieces are in BASH_REMATCH."""
    pieces = yield from context.expansion.pieces(word)
    pattern = "".join(_literal(piece) if hidden else piece for piece, hidden in pieces)
    found = _search(context, pattern, text)
    context.shell.arrays["BASH_REMATCH"] = dict(enumerate(found or []))
    return found is not None


def _literal(text: str) -> str:
    return re.sub(r"([.\[\]{}()*+?^$|\\])", r"\\\1", text)


def _search(context: Context, pattern: str, text: str) -> list[str] | None:
    """The first match's pieces."""
    from .regex import BadRegex, Regex, Syntax

    try:
        regex = Regex(pattern, Syntax(extended=True), context.spend)
    except BadRegex:
        raise ExpansionError("", 2, fatal=False) from None
    spans = regex.search(text, groups=True)
    return None if spans is None else [text[start:end] if start >= 0 else "" for start, end in spans]
