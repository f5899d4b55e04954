"""POSIX regular expressions as a tree: basic and extended ones with GNU's extensions, and glibc's errors."""

from dataclasses import dataclass
from typing import NoReturn

MOST_DEPTH = 60
MOST_REPEATS = 32767
"""RE_DUP_MAX of glibc."""


class BadRegex(Exception):
    """A pattern that does not compile; the message is glibc's."""


@dataclass(frozen=True)
class Syntax:
    """How a tool reads its patterns. `strict`: as regcomp does, an operator without operand is an error."""

    extended: bool = False
    fold: bool = False
    multiline: bool = False
    strict: bool = True
    intervals: bool = True


@dataclass(frozen=True)
class Characters:
    """A set of characters: single ones, ranges, named classes."""

    single: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()
    negated: bool = False
    fold: bool = False

    def __contains__(self, char: object) -> bool:
        assert isinstance(char, str)
        if self._has(char) or (self.fold and (self._has(char.lower()) or self._has(char.upper()))):
            return not self.negated
        return self.negated and not "\udc80" <= char <= "\udcff"

    def _has(self, char: str) -> bool:
        return (
            char in self.single
            or any(low <= char <= high for low, high in self.ranges)
            or any(in_class(name, char) for name in self.classes)
        )


def in_class(name: str, char: str) -> bool:
    """Whether a character belongs to `[:name:]`."""
    if len(char) != 1:
        return False
    code = ord(char)
    match name:
        case "alpha":
            return char.isalpha()
        case "digit":
            return "0" <= char <= "9"
        case "alnum":
            return char.isalpha() or "0" <= char <= "9"
        case "upper":
            return char.isupper()
        case "lower":
            return char.islower()
        case "space":
            return char in " \t\n\v\f\r"
        case "blank":
            return char in " \t"
        case "punct":
            return 32 < code < 127 and not char.isalnum()
        case "cntrl":
            return code < 32 or code == 127
        case "xdigit":
            return char in "0123456789abcdefABCDEF"
        case "print":
            return char.isprintable()
        case "graph":
            return char.isprintable() and char != " "
        case _:
            return char == "_" or char.isalpha() or "0" <= char <= "9"


CLASSES = frozenset(
    (
        "alpha",
        "digit",
        "alnum",
        "upper",
        "lower",
        "space",
        "blank",
        "punct",
        "cntrl",
        "xdigit",
        "print",
        "graph",
    )
)
ANY = Characters(negated=True)
WORD = Characters(classes=("word",))
SPACE = Characters(classes=("space",))


@dataclass(frozen=True, eq=False)
class Node:
    """Part of a pattern. Kinds: char, cat, alt, repeat (low, high; -1 for no limit), group (number), assert
    (name), back (number)."""

    kind: str
    items: tuple["Node", ...] = ()
    test: Characters = ANY
    low: int = 0
    high: int = -1
    number: int = 0
    name: str = ""
    captures: bool = False


class Parser:
    """Parses one pattern. `tree`: its tree; `groups`: the number of its groups."""

    def __init__(self, pattern: str, syntax: Syntax) -> None:
        self._text = pattern
        self._syntax = syntax
        self._at = 0
        self._depth = 0
        self._open = 0
        self._closed: set[int] = set()
        self.groups = 0
        self.back = False
        self.warnings: list[str] = []
        """What GNU grep warns of."""
        self.tree = self._alternatives()
        if self._at < len(pattern):
            raise BadRegex("Unmatched ) or \\)")

    def _fail(self, message: str) -> NoReturn:
        raise BadRegex(message)

    def _peek(self, operator: str) -> bool:
        """Whether an operator comes next: `(` stands for `\\(` in a basic expression."""
        sign = operator if self._syntax.extended else "\\" + operator
        return self._text.startswith(sign, self._at)

    def _take(self, operator: str) -> bool:
        if self._peek(operator):
            self._at += len(operator) + (not self._syntax.extended)
            return True
        return False

    def _alternatives(self) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            self._fail("Regular expression too big")
        branches = [self._branch()]
        while self._take("|"):
            branches.append(self._branch())
        self._depth -= 1
        if len(branches) == 1:
            return branches[0]
        return Node("alt", tuple(branches), captures=any(each.captures for each in branches))

    def _branch(self) -> Node:
        items: list[Node] = []
        while self._at < len(self._text) and not self._peek("|"):
            if self._peek(")") and (self._open or self._syntax.strict or not self._syntax.extended):
                break
            item = self._repeated(self._atom(first=not items or self._only_anchors(items)))
            if item is not None:
                items.append(item)
        if len(items) == 1:
            return items[0]
        return Node("cat", tuple(items), captures=any(each.captures for each in items))

    @staticmethod
    def _only_anchors(items: list[Node]) -> bool:
        return len(items) == 1 and items[0].kind == "assert" and items[0].name == "^"

    def _atom(self, *, first: bool) -> Node | None:
        char = self._text[self._at]
        if self._take("("):
            return self._group()
        extended = self._syntax.extended
        if (
            extended
            and char in "*+?"
            and first
            or (extended and char == "{" and first and self._is_interval())
        ):
            if self._syntax.strict:
                self._fail("Invalid preceding regular expression")
            what = "{...}" if char == "{" else char
            self.warnings.append(f"{what} at start of expression")
            self._at = self._text.index("}", self._at) + 1 if char == "{" else self._at + 1
            return None
        if char == "\\":
            return self._escaped()
        self._at += 1
        if char == "[":
            return Node("char", test=self._bracket())
        if char == ".":
            return Node("char", test=ANY)
        if char == "^" and (extended or self._begins(self._at - 1)):
            return Node("assert", name="^")
        if char == "$" and (extended or self._ends()):
            return Node("assert", name="$")
        return self._literal(char)

    def _begins(self, at: int) -> bool:
        return at == 0 or self._text.endswith(("\\(", "\\|", "\n"), 0, at)

    def _ends(self) -> bool:
        return self._at == len(self._text) or self._text.startswith(("\\)", "\\|", "\n"), self._at)

    def _literal(self, char: str) -> Node:
        fold = self._syntax.fold
        single = frozenset((char, char.lower(), char.upper())) if fold else frozenset(char)
        return Node("char", test=Characters(single))

    def _group(self) -> Node:
        self.groups += 1
        number = self.groups
        self._open += 1
        inner = self._alternatives()
        self._open -= 1
        if not self._take(")"):
            self._fail("Unmatched ( or \\(")
        self._closed.add(number)
        return Node("group", (inner,), number=number, captures=True)

    def _escaped(self) -> Node:
        if self._at + 1 >= len(self._text):
            self._fail("Trailing backslash")
        char = self._text[self._at + 1]
        self._at += 2
        if char in "123456789":
            if int(char) not in self._closed:
                self._fail("Invalid back reference")
            self.back = True
            return Node("back", number=int(char), captures=True)
        if char in "wWsS":
            named = ("word" if char in "wW" else "space",)
            return Node("char", test=Characters(classes=named, negated=char.isupper()))
        if char in "bB<>`'":
            return Node("assert", name="\\" + char)
        if char == "{" and not self._syntax.extended and self._syntax.strict:
            self._fail("Invalid preceding regular expression")
        return self._literal(char)

    def _repeated(self, node: Node | None) -> Node | None:
        while node is not None and self._at < len(self._text):
            limits = self._limits()
            if limits is None:
                break
            low, high = limits
            if node.kind == "assert" and not self._syntax.extended and low == 0 and high == -1:
                self._at -= 1
                break
            node = Node("repeat", (node,), low=low, high=high, captures=node.captures)
            self._depth += 1
            if self._depth > MOST_DEPTH:
                self._fail("Regular expression too big")
        return self._unwound(node)

    def _unwound(self, node: Node | None) -> Node | None:
        inner = node
        while inner is not None and inner.kind == "repeat":
            self._depth -= 1
            inner = inner.items[0]
        return node

    def _limits(self) -> tuple[int, int] | None:
        if self._text[self._at] == "*":
            self._at += 1
            return 0, -1
        for sign, limits in (("+", (1, -1)), ("?", (0, 1))):
            if self._take(sign):
                return limits
        if self._syntax.intervals and self._peek("{"):
            return self._interval()
        return None

    def _is_interval(self) -> bool:
        end = self._text.find("}", self._at)
        inside = self._text[self._at + 1 : end] if end >= 0 else "x"
        return self._syntax.intervals and set(inside) <= set("0123456789,") and inside not in ("", ",")

    def _interval(self) -> tuple[int, int] | None:
        """The limits of `{low,high}`; None where it is text."""
        extended = self._syntax.extended
        start = self._at + (1 if extended else 2)
        end = self._text.find("}" if extended else "\\}", start)
        low, comma, high = self._text[start : end if end >= 0 else start].partition(",")
        numbers = all(not part or (part.isdecimal() and part.isascii()) for part in (low, high))
        if end < 0 or not numbers or not (low or comma):
            if extended and not self._syntax.strict:
                return None
            self._fail(self._interval_error(end, start))
        least, most = int((low or "0")[:9]), int((high or "-1")[:9]) if comma else int((low or "0")[:9])
        if most != -1 and least > most:
            self._fail("Invalid content of \\{\\}")
        if max(least, most) > MOST_REPEATS:
            self._fail("Regular expression too big")
        self._at = end + (1 if extended else 2)
        return least, most

    def _interval_error(self, end: int, start: int) -> str:
        rest = self._text[start:]
        only = rest.lstrip("0123456789,")
        return "Unmatched \\{" if end < 0 and not only else "Invalid content of \\{\\}"

    def _bracket(self) -> Characters:
        """The set after `[`."""
        text, at = self._text, self._at
        negated = text.startswith("^", at)
        at += negated
        single: set[str] = set()
        ranges: list[tuple[str, str]] = []
        classes: list[str] = []
        first = at
        while True:
            if at >= len(text):
                self._fail("Unmatched [, [^, [:, [., or [=")
            if text[at] == "]" and at > first:
                break
            if text.startswith("[:", at):
                end = text.find(":]", at + 2)
                if end < 0:
                    self._fail("Unmatched [, [^, [:, [., or [=")
                classes.append(self._class_name(text[at + 2 : end]))
                at = end + 2
                continue
            low, at = self._element(at)
            if text.startswith("-", at) and not text.startswith("-]", at) and at + 1 < len(text):
                high, at = self._element(at + 1)
                if low > high:
                    self._fail("Invalid range end")
                ranges.append((low, high))
            else:
                single.add(low)
        self._at = at + 1
        return Characters(frozenset(single), tuple(ranges), tuple(classes), negated, self._syntax.fold)

    def _class_name(self, name: str) -> str:
        if name not in CLASSES:
            self._fail("Invalid character class name")
        return "alpha" if self._syntax.fold and name in ("upper", "lower") else name

    def _element(self, at: int) -> tuple[str, int]:
        """One character of a set, and the position after it; `[.x.]` and `[=x=]` are read too."""
        text = self._text
        if text[at] == "[" and text[at + 1 : at + 2] in (".", "="):
            mark = text[at + 1]
            end = text.find(mark + "]", at + 2)
            if end < 0:
                self._fail("Unmatched [, [^, [:, [., or [=")
            if end != at + 3:
                self._fail("Invalid collation character")
            return text[at + 2], end + 2
        return text[at], at + 1
