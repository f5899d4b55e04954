"""Matching POSIX regular expressions in linear time: leftmost and longest, with groups.

A pattern becomes an automaton whose states are made when a text needs them, so no pattern can make a match
backtrack. One pass from the right finds where matches can begin, one from the left finds the longest end; groups are
assigned afterwards, each as long as possible, from the left. Only back-references need a search, with a limit.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .regex_syntax import BadRegex, Characters, Node, Parser, Syntax

__all__ = ["BadRegex", "Regex", "Syntax", "escape_literal"]

MOST_INSTRUCTIONS = 3000
MOST_STATES = 800
MOST_CACHED = 60_000
MOST_TRIES = 20_000
"""Steps of one search with back-references."""

Spans = list[tuple[int, int]]
"""The whole match and each group; (-1, -1) for a group that took no part."""
Spend = Callable[[int], None]
BASIC = Syntax()


class Step(NamedTuple):
    """One instruction: char, split (go on at x and y; y may be -1), save, assert, back, match."""

    kind: str
    test: Characters | None = None
    x: int = -1
    y: int = -1
    name: str = ""


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
        self._search_steps = _compile(self._tree, reverse=False) if parser.back else []
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
            steps = _compile(node, reverse=way in ("starts", "backward"))
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
            middle = max(at for at in self._automaton(first, "forward").ends(text, start, end) if at in allowed)
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
        """Every round of a repetition sets its groups: a later one keeps what it does not set, as in glibc."""
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
        """The leftmost, longest match of a pattern with back-references, as far as MOST_TRIES steps find it."""
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
            return [(pc + 1, at + len(taken), saved)] if taken is not None and text.startswith(taken, at) else []
        if step.kind == "assert":
            kinds = _kind(text[at - 1] if at else ""), _kind(text[at : at + 1])
            return [(pc + 1, at, saved)] if _holds(step.name, *kinds, self._multiline) else []
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


def _compile(node: Node, *, reverse: bool) -> list[Step]:
    steps: list[Step] = []
    _emit(node, steps, reverse)
    steps.append(Step("match"))
    return steps


def _emit(node: Node, steps: list[Step], reverse: bool) -> None:
    if len(steps) > MOST_INSTRUCTIONS:
        raise BadRegex("Regular expression too big")
    if node.kind == "char":
        steps.append(Step("char", node.test))
    elif node.kind == "assert":
        steps.append(Step("assert", name=node.name))
    elif node.kind == "back":
        steps.append(Step("back", x=node.number))
    elif node.kind == "cat":
        for item in reversed(node.items) if reverse else node.items:
            _emit(item, steps, reverse)
    elif node.kind == "group":
        steps.append(Step("save", x=2 * node.number - 2))
        _emit(node.items[0], steps, reverse)
        steps.append(Step("save", x=2 * node.number - 1))
    elif node.kind == "alt":
        _emit_alternatives(node, steps, reverse)
    else:
        _emit_repeat(node, steps, reverse)


def _emit_alternatives(node: Node, steps: list[Step], reverse: bool) -> None:
    jumps = []
    for item in node.items[:-1]:
        split = len(steps)
        steps.append(Step("split"))
        _emit(item, steps, reverse)
        jumps.append(len(steps))
        steps.append(Step("split"))
        steps[split] = Step("split", x=split + 1, y=len(steps))
    _emit(node.items[-1], steps, reverse)
    for jump in jumps:
        steps[jump] = Step("split", x=len(steps))


def _emit_repeat(node: Node, steps: list[Step], reverse: bool) -> None:
    item = node.items[0]
    for _ in range(node.low):
        _emit(item, steps, reverse)
    splits = []
    if node.high == -1:
        split = len(steps)
        steps.append(Step("split"))
        _emit(item, steps, reverse)
        steps.append(Step("split", x=split))
        splits.append(split)
    for _ in range(node.high - node.low):
        splits.append(len(steps))
        steps.append(Step("split"))
        _emit(item, steps, reverse)
    for split in splits:
        steps[split] = Step("split", x=split + 1, y=len(steps))


def _kind(char: str) -> str:
    """What assertions know about a neighbouring character: "" (none), newline, word or other."""
    if char in ("", "\n"):
        return char
    return "w" if char == "_" or char.isalnum() else "o"


def _holds(name: str, left: str, right: str, multiline: bool) -> bool:
    if name == "^":
        return left == "" or (multiline and left == "\n")
    if name == "$":
        return right == "" or (multiline and right == "\n")
    if name in ("\\`", "\\'"):
        return (left if name == "\\`" else right) == ""
    before, after = left == "w", right == "w"
    if name in ("word before", "word after"):
        return not (before if name == "word before" else after)
    if name == "\\<":
        return after and not before
    if name == "\\>":
        return before and not after
    return (before != after) == (name == "\\b")


class State:
    """The instructions that wait for the next character, and what that character leads to."""

    __slots__ = ("before", "edges", "waiting")

    def __init__(self, waiting: tuple[int, ...], before: str) -> None:
        self.waiting = waiting
        self.before = before
        self.edges: dict[str, tuple[bool, State | None]] = {}


class Automaton:
    """A deterministic automaton that is built on demand.

    Ways: forward and backward (anchored where the run starts), floating (a match may begin anywhere), starts
    (backwards and floating).
    """

    def __init__(self, steps: list[Step], way: str, *, multiline: bool, spend: Spend) -> None:
        self._steps = steps
        self._floating = way in ("floating", "starts")
        self._reverse = way in ("starts", "backward")
        self._multiline = multiline
        self._spend = spend
        self._looks = any(step.kind == "assert" for step in steps)
        self._states: dict[tuple[tuple[int, ...], str], State] = {}
        self._cached = 0

    def found(self, text: str) -> bool:
        """Whether there is a match anywhere."""
        state: State | None = self._state((0,), "")
        self._spend(len(text) // 8 + 1)
        for char in text:
            assert state is not None
            accepts, state = state.edges.get(char) or self._edge(state, char)
            if accepts:
                return True
        assert state is not None
        return self._edge(state, "")[0]

    def longest(self, text: str, start: int) -> int:
        """The end of the longest match that begins at `start`, -1 for none."""
        ends = self.ends(text, start, len(text))
        return ends[-1] if ends else -1

    def ends(self, text: str, start: int, stop: int) -> list[int]:
        """Every position up to `stop` where a run from `start` can end, in the order of the run."""
        reverse = self._reverse
        before = text[start : start + 1] if reverse else text[start - 1 : start] if start else ""
        state: State | None = self._state((0,), before)
        found = []
        for at in range(start, stop - 1, -1) if reverse else range(start, stop + 1):
            char = text[at - 1 : at] if reverse else text[at : at + 1]
            if reverse and at == 0:
                char = ""
            assert state is not None
            accepts, state = state.edges.get(char) or self._edge(state, char)
            if accepts:
                found.append(at)
            if state is None:
                break
        self._spend(abs(at - start) // 8 + len(found) // 4 + 1)
        return found

    def starts(self, text: str) -> list[int]:
        """Every position where a match can begin, from the right to the left."""
        state: State | None = self._state((0,), "")
        self._spend(len(text) // 8 + 1)
        at = len(text)
        found = []
        for char in reversed(text):
            assert state is not None
            accepts, state = state.edges.get(char) or self._edge(state, char)
            if accepts:
                found.append(at)
            at -= 1
        assert state is not None
        if self._edge(state, "")[0]:
            found.append(0)
        return found

    def _state(self, waiting: tuple[int, ...], char: str) -> State:
        before = _kind(char) if self._looks else ""
        key = (waiting, before)
        state = self._states.get(key)
        if state is None:
            if len(self._states) >= MOST_STATES or self._cached > MOST_CACHED:
                for each in self._states.values():
                    each.edges.clear()
                self._states.clear()
                self._cached = 0
            state = self._states[key] = State(waiting, before)
            self._cached += len(waiting) + 10
        return state

    def _edge(self, state: State, char: str) -> tuple[bool, State | None]:
        """Whether a match ends before `char` ("" at the end of the text), and the state after it."""
        accepts, reached = self._closure(state.waiting, state.before, _kind(char) if self._looks else "")
        following = set()
        for pc in reached:
            test = self._steps[pc].test
            if char and test is not None and char in test:
                following.add(pc + 1)
        if self._floating:
            following.add(0)
        ahead = self._state(tuple(sorted(following)), char) if following else None
        self._cached += 4
        edge = accepts, ahead
        state.edges[char] = edge
        return edge

    def _closure(self, waiting: tuple[int, ...], before: str, after: str) -> tuple[bool, list[int]]:
        left, right = (after, before) if self._reverse else (before, after)
        stack = list(waiting)
        seen = set(stack)
        reached = []
        accepts = False
        while stack:
            pc = stack.pop()
            step = self._steps[pc]
            if step.kind == "char":
                reached.append(pc)
                continue
            if step.kind == "match":
                accepts = True
                continue
            if step.kind == "assert" and not _holds(step.name, left, right, self._multiline):
                continue
            for to in (step.x, step.y) if step.kind == "split" else (pc + 1,):
                if to >= 0 and to not in seen:
                    seen.add(to)
                    stack.append(to)
        self._spend(len(seen) + 4)
        return accepts, reached
