# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""sdiff and diff3 (GNU diffutils)."""

from __future__ import annotations

from collections.abc import Generator
from itertools import zip_longest

from ..process import Command, Process, Running
from .common import Failure, Options, content, parse, split_lines, text_of, why_not
from .compare import blocks_of
from .diff_formats import Block, opcodes, side
from .packaged import packaged

MOST_COMPARED = 1000
"""Lines of a file that is compared."""


@packaged(refuses=False)
def sdiff(process: Process) -> Running:
    """Two files beside each other."""
    options = parse(
        process,
        "aBbdEHiI:lo:stvw:WZ",
        "suppress-common-lines=s width:=w left-column=l ignore-case=i ignore-all-space=W text=a expand-tabs=t output:=o help version=v",
        status=2,
    )
    if len(options.operands) != 2:
        raise Failure(f"missing operand after '{(options.operands or ['sdiff'])[-1]}'", 2, hint=True)
    texts = []
    for path in options.operands:
        if path != "-" and (reason := why_not(process, path)):
            process.err(f"diff: {path}: {reason}\n")
            return 2
        texts.append(
            [text_of(line).expandtabs() for line in split_lines(content(process, path))[:MOST_COMPARED]]
        )
    width = int(options.value("w", "130")[:4]) if options.value("w", "130").isdecimal() else 130
    left, right = texts
    process.spend(1 + len(left) + len(right))
    differs = False
    found = yield from blocks_of(process, Options(), left, right)
    for same, a, b, c, d in opcodes(found, len(left), len(right)):
        yield 0.0
        if same:
            if "s" not in options:
                process.out(
                    "".join(side(one, " ", one if "l" not in options else "", width) for one in left[a:b])
                )
            continue
        differs = True
        for one, two in zip_longest(left[a:b], right[c:d]):
            sign = "|" if one is not None and two is not None else "<" if two is None else ">"
            process.out(side(one or "", sign, two or "", width))
    return int(differs)


@packaged(refuses=False)
def diff3(process: Process) -> Running:
    """Three files."""
    options = parse(
        process,
        "aAeEiL:mTxX3v",
        "merge=m text=a show-all=A ed=e label:=L initial-tab=T easy-only=3 overlap-only=x show-overlap=E help version=v strip-trailing-cr diff-program:",
        status=2,
    )
    if len(options.operands) != 3:
        raise Failure(
            "missing operand" if len(options.operands) < 3 else f"extra operand '{options.operands[3]}'",
            2,
            hint=True,
        )
    texts = []
    for path in options.operands:
        if path != "-" and (reason := why_not(process, path)):
            raise Failure(f"{path}: {reason}", 2)
        texts.append([text_of(line) for line in split_lines(content(process, path))[:MOST_COMPARED]])
    mine, old, yours = texts
    process.spend(1 + sum(map(len, texts)))
    yield 0.0
    conflict = False
    for kind, spans in (yield from _regions(process, mine, old, yours)):
        parts = [text[low:high] for text, (low, high) in zip(texts, spans, strict=True)]
        if "m" in options:
            if kind in ("same", "1"):
                process.out("".join(f"{line}\n" for line in parts[0]))
            elif kind in ("3", "2"):
                process.out("".join(f"{line}\n" for line in parts[2]))
            else:
                conflict = True
                names = (
                    [*options.values("L"), *options.operands][:3] if options.values("L") else options.operands
                )
                for mark, name, part in (
                    ("<<<<<<<", names[0], parts[0]),
                    ("|||||||", names[1], parts[1]),
                    ("=======", "", parts[2]),
                ):
                    process.out(
                        f"{mark}{' ' + name if name else ''}\n" + "".join(f"{line}\n" for line in part)
                    )
                process.out(f">>>>>>> {names[2]}\n")
        elif kind != "same":
            process.out(_shown3(kind, spans, parts))
    return int(conflict)


Span = tuple[int, int]


def _kept(found: list[Block], left: int, right: int) -> dict[int, int]:
    """The lines of the first text that the second has, too, and where."""
    return {a + n: c + n for same, a, b, c, _ in opcodes(found, left, right) if same for n in range(b - a)}


def _regions(
    process: Process, mine: list[str], old: list[str], yours: list[str]
) -> Generator[object, object, list[tuple[str, list[Span]]]]:
    """The regions in order: same, 1, 2 or 3 (the one that differs), or "" if all do."""
    kept_left = _kept((yield from blocks_of(process, Options(), old, mine)), len(old), len(mine))
    kept_right = _kept((yield from blocks_of(process, Options(), old, yours)), len(old), len(yours))
    found: list[tuple[str, list[Span]]] = []
    a = b = c = 0
    commons = [n for n in range(len(old)) if n in kept_left and n in kept_right]
    for at in [*commons, len(old)]:
        low, high = (kept_left[at], kept_right[at]) if at < len(old) else (len(mine), len(yours))
        if (a, b, c) != (low, at, high):
            parts = mine[a:low], old[b:at], yours[c:high]
            kind = (
                "3"
                if parts[0] == parts[1]
                else "1"
                if parts[1] == parts[2]
                else "2"
                if parts[0] == parts[2]
                else ""
            )
            found.append((kind, [(a, low), (b, at), (c, high)]))
        if at < len(old):
            found.append(("same", [(low, low + 1), (at, at + 1), (high, high + 1)]))
        a, b, c = low + 1, at + 1, high + 1
    return found


def _shown3(kind: str, spans: list[Span], parts: list[list[str]]) -> str:
    order = {"1": (1, 2, 0), "2": (0, 2, 1), "3": (0, 1, 2)}.get(kind, (0, 1, 2))
    out = f"===={kind}\n"
    for place, at in enumerate(order):
        low, high = spans[at]
        span = f"{low}a" if low == high else f"{low + 1}c" if high - low == 1 else f"{low + 1},{high}c"
        out += f"{at + 1}:{span}\n"
        hidden = kind and place == 0
        out += "" if hidden else "".join(f"  {line}\n" for line in parts[at])
    return out


COMMANDS: dict[str, Command] = {
    "sdiff": sdiff,
    "diff3": diff3,
}
