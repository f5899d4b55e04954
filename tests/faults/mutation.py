"""Random damage to values and to bytes, the same for the same dice."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

TOKENS = (
    b'"', b"\\", b"\\u0000", b"\\ud800", b"\x00", b"\xff", b"\xc3", b"\x1b[2J", b"[", b"{", b"}", b"]", b",",
    b":", b"1e999", b"NaN", b"-", b"9" * 40, b"null", b"true", b"\n", b"\r\n", b"\xe2\x80\xae",
    b"\xef\xbb\xbf", b"=", b"#", b"'''", b"[[", b"]]", b".", b"[" * 200, b'{"a":' * 60,
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, -(2**63), 10**18, 1.5, -0.0, 1e308, -1e308, 5e-324,
    float("nan"), float("inf"), "", "x", "x" * 300, "x" * 5000, "\x00", "\x1b]52;c;AAAA\x07", "\u202e",
    "\ud800", "../../etc/passwd", "[bold]", "[/]", "running", "up", "ok", "gap", "reset", "0" * 64, "g" * 64,
    [], {}, [[]], [None], {"": ""}, {"a": {"b": {}}}, ["x"] * 100, [[[[[[[[[[[]]]]]]]]]]], {"x" * 300: 1},
)  # fmt: skip


def damaged_value(dice: Random, value: Any) -> Any:
    """A copy of a JSON value with one to four things about it changed."""
    changed = [copy.deepcopy(value)]
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        place, key = _somewhere(dice, changed, 0)
        _change(dice, place, key)
    return changed[0] if changed else None


def damaged_bytes(dice: Random, content: bytes) -> bytes:
    """The bytes with one to four pieces cut, doubled, replaced, moved or put in."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        start = dice.randrange(len(content) + 1)
        end = min(len(content), start + dice.choice((0, 1, 1, 2, 8, 64, 1000)))
        piece = content[start:end]
        new = dice.choice(
            (b"", piece * 2, dice.choice(TOKENS), dice.randbytes(dice.randrange(4)), piece[::-1])
        )
        content = content[:start] + new + content[end:]
    return content


def _somewhere(dice: Random, place: Any, key: Any) -> tuple[Any, Any]:
    value = place[key]
    inner = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not inner or dice.random() < 0.15:
        return place, key
    return _somewhere(dice, value, dice.choice(inner))


def _change(dice: Random, place: Any, key: Any) -> None:
    match dice.randrange(6):
        case 0 if not isinstance(place, list) or len(place) > 1:
            del place[key]
        case 1 if isinstance(place, list):
            place.append(copy.deepcopy(place[key]))
        case 2 if isinstance(place, dict):
            place[str(dice.choice(ODD))[:400]] = place.pop(key)
        case 3 if isinstance(place[key], str):
            at = dice.randrange(len(place[key]) + 1)
            place[key] = place[key][:at] + str(dice.choice(ODD)) + place[key][at:]
        case 4 if isinstance(place[key], int | float):
            place[key] = place[key] * dice.choice((-1, 0, 2, 10**6, 1e300)) + dice.choice((0, 1, -1, 0.5))
        case _:
            place[key] = copy.deepcopy(dice.choice(ODD))
