"""Splitting of words into fields (POSIX, 2.6.5)."""

from __future__ import annotations

from collections.abc import Generator, Iterator

BREAK = None
"""Between the elements of "$@": a new word begins."""
Segment = tuple[str, bool, bool] | None
"""Text, whether it is quoted, whether it is split; or BREAK."""
Field = list[tuple[str, bool]]
"""Texts, and whether each is quoted."""


def split(segments: list[Segment], ifs: str) -> Iterator[Field]:
    """The fields: each is a list of text and whether that is quoted."""
    current: Field | None = None
    spaces = "".join(char for char in ifs if char in " \t\n")
    for segment in segments:
        if segment is BREAK:
            if current is not None:
                yield current
            current = None
            continue
        text, is_quoted, splits = segment
        if not splits or not ifs:
            if text or is_quoted:
                current = current or []
                current.append((text, is_quoted))
            continue
        current = yield from _split_one(text, ifs, spaces, current)
    if current is not None:
        yield current


def _split_one(
    text: str,
    ifs: str,
    spaces: str,
    current: Field | None,
) -> Generator[Field, None, Field | None]:
    """Split one text; what is before its first separator belongs to the current field."""
    if ifs == " \t\n":
        words = text.split()
        if text[:1].isspace() and text[:1] in ifs and current is not None:
            yield current
            current = None
        for at, word in enumerate(words):
            if at and current is not None:
                yield current
                current = None
            current = [*(current or []), (word, False)]
        if text and text[-1] in ifs and current is not None:
            yield current
            current = None
        return current
    at, size = 0, len(text)
    while at < size:
        start = at
        while at < size and text[at] not in ifs:
            at += 1
        if at > start:
            current = [*(current or []), (text[start:at], False)]
        if at >= size:
            break
        had_mark = False
        while at < size and text[at] in ifs and not (had_mark and text[at] not in spaces):
            had_mark = had_mark or text[at] not in spaces
            at += 1
        if current is not None or had_mark:
            yield current or [("", True)]
        current = None
    return current
