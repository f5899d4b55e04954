"""Deterministic automata for patterns, built while they run, with a bounded number of states."""

from collections.abc import Callable
from typing import NamedTuple

from .regex_syntax import BadRegex, Characters, Node

MOST_INSTRUCTIONS = 3000
MOST_STATES = 800
MOST_CACHED = 60_000

Spend = Callable[[int], None]


class Step(NamedTuple):
    """One instruction: char, split (go on at x and y; y may be -1), save, assert, back, match."""

    kind: str
    test: Characters | None = None
    x: int = -1
    y: int = -1
    name: str = ""


def compiled(node: Node, *, reverse: bool) -> list[Step]:
    """The program of a tree, for runs from the right if `reverse`. Raises BadRegex."""
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


def kind_of(char: str) -> str:
    """What assertions know about a neighbouring character: "" (none), newline, word or other."""
    if char in ("", "\n"):
        return char
    return "w" if char == "_" or char.isalnum() else "o"


def holds(name: str, left: str, right: str, multiline: bool) -> bool:
    """Whether an assertion is true between two characters of these kinds."""
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
        before = kind_of(char) if self._looks else ""
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
        accepts, reached = self._closure(state.waiting, state.before, kind_of(char) if self._looks else "")
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
            if step.kind == "assert" and not holds(step.name, left, right, self._multiline):
                continue
            for to in (step.x, step.y) if step.kind == "split" else (pc + 1,):
                if to >= 0 and to not in seen:
                    seen.add(to)
                    stack.append(to)
        self._spend(len(seen) + 4)
        return accepts, reached
