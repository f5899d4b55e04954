# ruff: noqa: E501 (tables)
"""`grep -P`: the part of Perl's patterns that a linear automaton can match."""

from ..regex import BadRegex, Regex, Spans, Syntax
from ..regex import Spend as Spend

CLASSES = {
    "d": "[0-9]", "D": "[^0-9]", "s": "[[:space:]]", "S": "[^[:space:]]", "w": "[[:alnum:]_]", "W": "[^[:alnum:]_]",
    "h": "[[:blank:]]", "t": "\t", "n": "\n", "r": "\r", "f": "\f", "e": "\x1b", "A": "\\`", "z": "\\'", "Z": "\\'",
    "R": "\n",
}  # fmt: skip
NOT_A_NEWLINE = "[^\n]"
INSIDE = {"d": "0-9", "s": "[:space:]", "w": "[:alnum:]_", "h": "[:blank:]", "t": "\t", "n": "\n", "r": "\r"}


class PerlRegex(Regex):
    """A pattern with what must stand before and after its match (`\\K`, `(?<=...)`, `(?=...)`)."""

    def __init__(self, parts: tuple[str, str, str], syntax: Syntax, spend: Spend, around: str) -> None:
        before, middle, after = parts
        self._edges = bool(before or after)
        self._inner = 1 + (before.count("(") - before.count("\\(") + 1 if before else 0)
        text = (f"({before})" if before else "") + f"({middle})" + (f"({after})" if after else "")
        super().__init__(text if self._edges else middle, syntax, spend, around=around)

    def search(self, text: str, start: int = 0, *, groups: bool = False) -> Spans | None:
        """As Regex.search, but only the part between the edges counts as the match."""
        if not self._edges:
            return super().search(text, start, groups=groups)
        at = start
        while at <= len(text):
            # What must stand before the match may be text that an earlier match has used.
            found = super().search(text, max(0, at if at > start else 0), groups=True)
            while found is not None and found[self._inner][0] < start:
                found = super().search(text, found[0][0] + 1, groups=True)
            return None if found is None else [found[self._inner]]
        return None


def from_perl(
    pattern: str, syntax: Syntax, spend: Spend, around: str = "", *, dot: str = NOT_A_NEWLINE
) -> Regex:
    """The pattern of `grep -P`; `dot` is what a dot stands for. Raises BadRegex for what is not available."""
    fold = pattern.startswith("(?i)")
    pattern = pattern.removeprefix("(?i)")
    if pattern.startswith("(?s)"):
        pattern, dot = pattern[4:], "."
    before, middle, after = "", pattern, ""
    if middle.startswith("(?<="):
        end = _closing(middle, 0)
        before, middle = middle[4:end], middle[end + 1 :]
    head, cut, tail = middle.partition("\\K")
    if cut:
        before, middle = before + head, tail
    at = middle.rfind("(?=")
    if at >= 0 and _closing(middle, at) == len(middle) - 1:
        middle, after = middle[:at], middle[at + 3 : -1]
    parts = (_translated(before, dot), _translated(middle, dot), _translated(after, dot))
    whole = Syntax(extended=True, fold=fold or syntax.fold, multiline=syntax.multiline, strict=False)
    return PerlRegex(parts, whole, spend, around)


def _closing(pattern: str, start: int) -> int:
    depth, at = 0, start
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] in "()":
            depth += 1 if pattern[at] == "(" else -1
            if depth == 0:
                return at
        at += 1
    raise BadRegex("missing closing parenthesis")


def _translated(pattern: str, dot: str) -> str:
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern):
            out += CLASSES.get(pattern[at + 1], pattern[at : at + 2])
            at += 2
        elif char == "[":
            part, at = _set(pattern, at)
            out += part
        elif pattern.startswith("(?:", at):
            out += "("
            at += 3
        elif pattern.startswith("(?", at):
            raise BadRegex("unrecognized character after (? or (?-")
        elif char in "*+?}" and pattern[at + 1 : at + 2] in ("?", "+"):
            out = _lazy(char, out, pattern[at + 2 : at + 3], dot)
            at += 2
        else:
            out += dot if char == "." else char
            at += 1
    return out


def _lazy(char: str, before: str, following: str, dot: str) -> str:
    """What was written so far, with `.*?x` as `[^x]*`: up to the first x."""
    plain = following.isprintable() and following not in "(.[\\"
    if before.endswith(dot) and not before.endswith("\\.") and plain:
        newline = "\n" if dot == NOT_A_NEWLINE else ""
        return f"{before.removesuffix(dot)}[^{following}{newline}]{char}"
    return before + char


def _set(pattern: str, at: int) -> tuple[str, int]:
    out = "["
    at += 1
    if pattern.startswith("^", at):
        out, at = out + "^", at + 1
    if pattern.startswith("]", at):
        out, at = out + "]", at + 1
    last = ""
    while at < len(pattern) and pattern[at] != "]":
        if pattern.startswith("[:", at) and ":]" in pattern[at:]:
            end = pattern.index(":]", at) + 2
            out, at = out + pattern[at:end], end
        elif pattern[at] == "\\" and at + 1 < len(pattern):
            each = INSIDE.get(pattern[at + 1], pattern[at + 1])
            if each in "]-^":
                last += each
            else:
                out += each
            at += 2
        else:
            out, at = out + pattern[at], at + 1
    if at >= len(pattern):
        raise BadRegex("missing terminating ] for character class")
    return _closed(out, last), at + 1


def _closed(out: str, last: str) -> str:
    """A set with the characters that have a place of their own in POSIX sets."""
    negated = out.startswith("[^")
    inside = out[2 if negated else 1 :]
    first = "]" if "]" in last else ""
    end = ("^" if "^" in last else "") + ("-" if "-" in last else "")
    return ("[^" if negated else "[") + first + inside + end + "]"
