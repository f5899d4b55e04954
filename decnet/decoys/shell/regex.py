"""Matching POSIX regular expressions in linear time: leftmost and longest, with groups.

A pattern becomes an automaton whose states are made when a text needs them, so no pattern can make a match
backtrack. One pass from the right finds where matches can begin, one from the left finds the longest end;
groups are assigned afterwards, each as long as possible, from the left. Only back-references need a search,
with a limit.
"""

from collections.abc import Iterator

from .regex_automaton import Automaton, Spend, compiled, holds, kind_of
from .regex_syntax import BadRegex, Node, Parser, Syntax

__all__ = ["BadRegex", "Regex", "Spans", "Spend", "Syntax", "escape_literal"]

MOST_TRIES = 20_000
"""Steps of one search with back-references."""

Spans = list[tuple[int, int]]
"""The whole match and each group; (-1, -1) for a group that took no part."""
BASIC = Syntax()


def escape_literal(text: str) -> str:
    """A basic expression that matches this text."""
    return "".join("\\" + char if char in "\\.[]*^$" else char for char in text)


def _free(work: int) -> None:
    return


class Regex:
    """A compiled pattern. Raises BadRegex. `spend` accounts the steps of compiling and matching."""

    def __init__(
        self, pattern: str, syntax: Syntax = BASIC, spend: Spend = _free, *, around: str = ""
    ) -> None:
        """`around`: "line" for matches that are whole lines, "word" for whole words."""
        parser = Parser(pattern, syntax)
        self.groups = parser.groups
        self.warnings = parser.warnings
        self._spend = spend
        self._tree = _between(around, parser.tree)
        self._multiline = syntax.multiline
        self._literal = _literal(self._tree)
        self._automata: dict[tuple[int, str], Automaton] = {}
        self._nodes: list[Node] = []
        self._search_steps = compiled(self._tree, reverse=False) if parser.back else []
        if self._literal is None and not parser.back:
            self._automaton(self._tree, "floating")
        self._text: str | None = None
        self._starts: list[int] = []

    def test(self, text: str) -> bool:
        """Whether the pattern matches anywhere."""
        if self._literal is not None:
            self._spend(len(text) // 64 + 1)
            return self._literal in text
        if self._search_steps:
            return self.search(text) is not None
        return self._automaton(self._tree, "floating").found(text)

    def search(self, text: str, start: int = 0, *, groups: bool = False) -> Spans | None:
        """The leftmost, longest match that begins at `start` or later."""
        if self._literal is not None:
            self._spend((len(text) - start) // 64 + 1)
            at = text.find(self._literal, start)
            return None if at < 0 else [(at, at + len(self._literal))]
        if self._search_steps:
            return self._tried(text, start)
        at = self._next_start(text, start)
        if at < 0:
            return None
        end = self._automaton(self._tree, "forward").longest(text, at)
        spans = [(at, end)] + [(-1, -1)] * self.groups
        if groups and self.groups:
            self._assign(self._tree, text, at, end, spans)
        return spans

    def _next_start(self, text: str, start: int) -> int:
        if self._text is not text:
            self._starts = self._automaton(self._tree, "starts").starts(text)
            self._text = text
        from bisect import bisect_left

        # The positions are in descending order, as they were found from the right.
        at = bisect_left(self._starts, -start, key=lambda position: -position)
        if at < len(self._starts) and self._starts[at] == start:
            return start
        return self._starts[at - 1] if at > 0 else -1

    def matches(self, text: str, start: int = 0) -> Iterator[tuple[int, int]]:
        """Every match after the other, empty ones between them too."""
        last = -1
        while start <= len(text):
            found = self.search(text, start)
            if found is None:
                return
            begin, end = found[0]
            if begin == end == last:
                start = begin + 1
                continue
            yield begin, end
            last = end
            start = end if end > begin else begin + 1

    def _automaton(self, node: Node, way: str) -> "Automaton":
        key = (id(node), way)
        if key not in self._automata:
            steps = compiled(node, reverse=way in ("starts", "backward"))
            self._spend(len(steps))
            self._nodes.append(node)
            self._automata[key] = Automaton(steps, way, multiline=self._multiline, spend=self._spend)
        return self._automata[key]

    def _assign(self, node: Node, text: str, start: int, end: int, spans: Spans) -> None:
        """Set the groups inside a node that matches text[start:end]."""
        if not node.captures:
            return
        if node.kind == "group":
            spans[node.number] = (start, end)
            self._assign(node.items[0], text, start, end, spans)
        elif node.kind == "alt":
            for item in node.items:
                if end in self._automaton(item, "forward").ends(text, start, end):
                    self._assign(item, text, start, end, spans)
                    return
        elif node.kind == "cat":
            self._assign_sequence(node, text, start, end, spans)
        elif node.kind == "repeat":
            self._assign_repeat(node, text, start, end, spans)

    def _assign_sequence(self, node: Node, text: str, start: int, end: int, spans: Spans) -> None:
        rest = node
        while len(rest.items) > 1 and rest.captures:
            first = rest.items[0]
            rest = self._rest_of(rest)
            allowed = set(self._automaton(rest, "backward").ends(text, end, start))
            middle = max(
                at for at in self._automaton(first, "forward").ends(text, start, end) if at in allowed
            )
            self._assign(first, text, start, middle, spans)
            start = middle
        for item in rest.items if rest.kind == "cat" and len(rest.items) == 1 else ():
            self._assign(item, text, start, end, spans)

    def _rest_of(self, node: Node) -> Node:
        """The sequence without its first item: the same object each time, so that its automata are reused."""
        for known in self._nodes:
            if known.kind == "cat" and known.number == -id(node):
                return known
        items = node.items[1:]
        rest = Node("cat", items, number=-id(node), captures=any(item.captures for item in items))
        self._nodes.append(rest)
        return rest

    def _assign_repeat(self, node: Node, text: str, start: int, end: int, spans: Spans) -> None:
        """Every round of a repetition sets its groups; what a later one does not set stays, as in glibc."""
        item = node.items[0]
        if start == end:
            if node.low > 0:
                self._assign(item, text, start, end, spans)
            return
        rounds = self._star_of(node)
        allowed = set(self._automaton(rounds, "backward").ends(text, end, start))
        forward = self._automaton(item, "forward")
        inside = any(part.captures for part in item.items)
        while start < end:
            stops = [at for at in forward.ends(text, start, end) if at in allowed and at > start]
            if not stops:
                return
            middle = max(stops)
            if middle == end or inside:
                self._assign(item, text, start, middle, spans)
            start = middle

    def _star_of(self, node: Node) -> Node:
        for known in self._nodes:
            if known.kind == "repeat" and known.number == -id(node):
                return known
        star = Node("repeat", node.items, number=-id(node), captures=True)
        self._nodes.append(star)
        return star

    def _tried(self, text: str, start: int) -> Spans | None:
        """The leftmost, longest match with back-references, as far as MOST_TRIES steps find it."""
        left = MOST_TRIES
        for at in range(start, len(text) + 1):
            self._spend(1)
            best, left = self._tried_at(text, at, left)
            if best is not None:
                return best
            if left <= 0:
                return None
        return None

    def _tried_at(self, text: str, start: int, left: int) -> tuple[Spans | None, int]:
        steps = self._search_steps
        empty = (-1,) * (2 * self.groups)
        stack: list[tuple[int, int, tuple[int, ...]]] = [(0, start, empty)]
        seen: set[tuple[int, int, tuple[int, ...]]] = set()
        best: tuple[int, tuple[int, ...]] | None = None
        while stack and left > 0:
            place = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            left -= 1
            pc, at, saved = place
            if steps[pc].kind == "match":
                if best is None or at > best[0]:
                    best = at, saved
                continue
            stack.extend(self._followers(text, pc, at, saved))
        self._spend(len(seen))
        if best is None:
            return None, left
        pairs = [(best[1][2 * n], best[1][2 * n + 1]) for n in range(self.groups)]
        return [(start, best[0]), *(pair if -1 not in pair else (-1, -1) for pair in pairs)], left

    def _followers(
        self, text: str, pc: int, at: int, saved: tuple[int, ...]
    ) -> list[tuple[int, int, tuple[int, ...]]]:
        step = self._search_steps[pc]
        if step.kind == "split":
            return [(to, at, saved) for to in (step.y, step.x) if to >= 0]
        if step.kind == "save":
            return [(pc + 1, at, (*saved[: step.x], at, *saved[step.x + 1 :]))]
        if step.kind == "back":
            begin, end = saved[2 * step.x - 2], saved[2 * step.x - 1]
            taken = text[begin:end] if begin >= 0 and end >= 0 else None
            return (
                [(pc + 1, at + len(taken), saved)] if taken is not None and text.startswith(taken, at) else []
            )
        if step.kind == "assert":
            kinds = kind_of(text[at - 1] if at else ""), kind_of(text[at : at + 1])
            return [(pc + 1, at, saved)] if holds(step.name, *kinds, self._multiline) else []
        assert step.test is not None
        return [(pc + 1, at + 1, saved)] if at < len(text) and text[at] in step.test else []


def _between(around: str, tree: Node) -> Node:
    if not around:
        return tree
    names = ("^", "$") if around == "line" else ("word before", "word after")
    sides = [Node("assert", name=name) for name in names]
    return Node("cat", (sides[0], tree, sides[1]), captures=tree.captures)


def _literal(tree: Node) -> str | None:
    """The text that the whole pattern is, None where it is more than text."""
    items = tree.items if tree.kind == "cat" else (tree,)
    text = ""
    for item in items:
        if item.kind != "char" or item.test.negated or item.test.ranges or item.test.classes:
            return None
        if len(item.test.single) != 1 or item.test.fold:
            return None
        text += next(iter(item.test.single))
    return text
