"""A design as a picture: text, SVG, Mermaid or DOT. Written by hand: a layered tree needs no library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from typing import Literal, NamedTuple

from decnet.model.topology import Design, DesignDecky, Lan
from decnet.wire import clean

from .paths import reached

Format = Literal["text", "svg", "mermaid", "dot"]

WORKERS_LAN = "the worker's LAN"
"""In place of the subnet of the DMZ."""

_LAN_HEIGHT, _DECKY_HEIGHT, _NARROWEST, _GAP, _LEVEL = 44, 34, 190, 24, 60
_MARGIN, _LETTER = 30, 8
"""Pixels around a name, and of a bold letter at most."""


def graph(design: Design, form: Format, title: str = "topology") -> str:
    """The picture, with a newline at its end."""
    drawings: dict[str, Callable[[Design, str], str]] = {
        "text": _text, "svg": _svg, "mermaid": _mermaid, "dot": _dot,
    }  # fmt: skip
    return drawings[form](design, title)


def _text(design: Design, title: str) -> str:
    """The tree of LANs, with the deckies of each below it."""
    lines = [title]
    ways = reached(design)

    def below(parent: str, indent: str) -> None:
        lans = [each.lan for each in ways.values() if each.parent == parent and (parent or not each.through)]
        if not parent:
            lans += [lan.name for lan in design.lans if lan.name not in ways]
        deckies = [each for each in design.deckies if each.home == parent]
        rows: list[DesignDecky | str] = [*deckies, *lans]
        for number, row in enumerate(rows, 1):
            last = number == len(rows)
            branch, more = ("└── ", "    ") if last else ("├── ", "│   ")
            if isinstance(row, str):
                lines.append(f"{indent}{branch}{_lan_label(design.lan(row))}")
                below(row, indent + more)
            else:
                lines.append(f"{indent}{branch}{row.name} {_decky_label(row)}")

    below("", "")
    return "\n".join(lines) + "\n"


def _mermaid(design: Design, title: str) -> str:
    return (
        "\n".join(["---", f"title: {_dot_text(title)}", "---", "flowchart TD", *_mermaid_lines(design)])
        + "\n"
    )


def _mermaid_lines(design: Design) -> Iterator[str]:
    for number, lan in enumerate(design.lans):
        yield f'    lan{number}{{{{"{_quoted(_lan_label(lan))}"}}}}'
    for number, decky in enumerate(design.deckies):
        yield f'    decky{number}["{_quoted(decky.name)}<br/>{_quoted(_decky_label(decky))}"]'
    for here, there, address in _edges(design):
        label = f'|"{address}"|' if address else ""
        yield f"    lan{here} ---{label} decky{there}"


def _quoted(text: str) -> str:
    return escape(text)


def _dot(design: Design, title: str) -> str:
    return (
        "\n".join([f"graph {_dot_text(title)} {{", "    node [shape=box]", *_dot_lines(design), "}"]) + "\n"
    )


def _dot_lines(design: Design) -> Iterator[str]:
    for number, lan in enumerate(design.lans):
        yield f"    lan{number} [shape=ellipse, label={_dot_text(_lan_label(lan))}]"
    for number, decky in enumerate(design.deckies):
        yield f"    decky{number} [label={_dot_text(decky.name)[:-1]}\\n{_dot_text(_decky_label(decky))[1:]}]"
    for here, there, address in _edges(design):
        label = f" [label={_dot_text(address)}]" if address else ""
        yield f"    lan{here} -- decky{there}{label}"


def _dot_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _edges(design: Design) -> Iterator[tuple[int, int, str]]:
    """LAN and decky by their numbers, and the address of the one on the other."""
    numbers = {lan.name: number for number, lan in enumerate(design.lans)}
    for number, decky in enumerate(design.deckies):
        for lan, address in sorted(decky.addresses.items()):
            if lan in numbers:
                yield numbers[lan], number, clean(address, 40)


class _Box(NamedTuple):
    """One LAN and the deckies that live on it, below each other; `x` and `y` are its upper left corner."""

    lan: Lan
    deckies: tuple[DesignDecky, ...]
    x: int
    y: int
    width: int

    @property
    def height(self) -> int:
        return _LAN_HEIGHT + _DECKY_HEIGHT * len(self.deckies)


def _svg(design: Design, title: str) -> str:
    boxes = _layout(design)
    width = max((box.x + box.width for box in boxes.values()), default=0) + _GAP
    height = max((box.y + box.height for box in boxes.values()), default=0) + _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_lines_between(boxes),
        *(part for box in boxes.values() for part in _svg_box(box)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _layout(design: Design) -> dict[str, _Box]:
    """A row of boxes per level, the DMZ on top; LANs that nothing connects to it are in the last row."""
    ways = reached(design)
    deepest = max((each.depth for each in ways.values()), default=-1)
    rows: list[list[Lan]] = [[] for _ in range(deepest + 2)]
    order = {name: number for number, name in enumerate(ways)}
    for lan in sorted(design.lans, key=lambda lan: order.get(lan.name, len(order))):
        rows[ways[lan.name].depth if lan.name in ways else deepest + 1].append(lan)
    names = [*(lan.name for lan in design.lans), *(decky.name for decky in design.deckies)]
    width = max(_NARROWEST, _MARGIN + _LETTER * max(map(len, names), default=0))
    boxes: dict[str, _Box] = {}
    y = _GAP
    for row in rows:
        for column, lan in enumerate(row):
            deckies = tuple(each for each in design.deckies if each.home == lan.name)
            boxes[lan.name] = _Box(lan, deckies, _GAP + column * (width + _GAP), y, width)
        if row:
            y = max(boxes[lan.name].y + boxes[lan.name].height for lan in row) + _LEVEL
    return boxes


def _lines_between(boxes: dict[str, _Box]) -> Iterator[str]:
    """From each decky that bridges LANs to the others that it is on."""
    for box in boxes.values():
        for row, decky in enumerate(box.deckies):
            y1 = box.y + _LAN_HEIGHT + row * _DECKY_HEIGHT + _DECKY_HEIGHT // 2
            for name in sorted(decky.addresses):
                other = boxes.get(name)
                if other is None or other is box:
                    continue
                x1, x2 = box.x + box.width // 2, other.x + other.width // 2
                dashes = "" if decky.forwards else ' stroke-dasharray="4 3"'
                yield f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{other.y}" stroke="#666666"{dashes}/>'


def _svg_box(box: _Box) -> Iterator[str]:
    fill = "#fde2c8" if box.lan.dmz else "#dbe9f6"
    yield _rect(box.x, box.y, box.width, box.height, fill, "#444444")
    yield _label(box.x + 10, box.y + 18, box.lan.name, "bold")
    yield _label(box.x + 10, box.y + 34, clean(box.lan.subnet, 40) or WORKERS_LAN)
    for row, decky in enumerate(box.deckies):
        y = box.y + _LAN_HEIGHT + row * _DECKY_HEIGHT
        yield _rect(box.x + 6, y, box.width - 12, _DECKY_HEIGHT - 4, "#ffffff", "#999999")
        yield _label(box.x + 12, y + 13, decky.name, "bold")
        yield _label(box.x + 12, y + 26, _cut(_decky_label(decky)))


def _rect(x: int, y: int, width: int, height: int, fill: str, stroke: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}" stroke="{stroke}"/>'


def _label(x: int, y: int, text: str, weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" font-weight="{weight}">{escape(text)}</text>'


def _cut(text: str) -> str:
    return text if len(text) <= 28 else text[:27] + "…"


def _lan_label(lan: Lan | None) -> str:
    if lan is None:
        return ""
    return f"{lan.name} ({clean(lan.subnet, 40) or WORKERS_LAN})"


def _decky_label(decky: DesignDecky) -> str:
    """Archetype or OS, and services."""
    return f"{clean(decky.archetype or decky.os, 60)}: {', '.join(sorted(decky.services))}"
