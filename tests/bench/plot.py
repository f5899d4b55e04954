"""One growth as a small SVG: logarithmic axes, the measured points, and the proportional line."""

from __future__ import annotations

import math
from html import escape

from .growth import Growth
from .rows import amount

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 64, 44, 40
STYLE = """\
text{font:11px system-ui,sans-serif;fill:#1f2328}.note{fill:#59636e}.axis{stroke:#818b98;fill:none}\
.same{stroke:#818b98;stroke-dasharray:3 4}.line{stroke:#0969da;stroke-width:2;fill:none}.point{fill:#0969da}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}.line{stroke:#4493f8}.point{fill:#4493f8}}"""


def svg(growth: Growth) -> str:
    """The picture; colors follow the reader's light or dark mode, the background is transparent."""
    places = [_place(growth, point) for point in growth.points]
    exponent = f"exponent {growth.exponent:.2f}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img">',
        f"<title>{escape(growth.what)}: {exponent}</title><style>{STYLE}</style>",
        _text(8, 16, _short(growth.what), "start"),
        _text(8, 31, f"{exponent}; dashed: proportional", "start", "note"),
        f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>',
        _proportional(growth),
        f'<polyline class="line" points="{" ".join(f"{x},{y}" for x, y in places)}"/>',
    ]
    for (size, value), (x, y) in zip(growth.points, places, strict=True):
        parts.append(f'<circle class="point" cx="{x}" cy="{y}" r="3.5"/>')
        parts.append(_text(x - 6, y - 7, amount(value, growth.unit), "end"))
        parts.append(_text(x, HEIGHT - BOTTOM + 15, f"{size:,.0f}", "middle", "note"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, growth.of, "middle", "note"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _short(title: str) -> str:
    return title if len(title) <= 58 else title[:57].rstrip() + "…"


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    chosen = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{chosen}>{escape(text)}</text>'


def _place(growth: Growth, point: tuple[float, float]) -> tuple[float, float]:
    """Where a point is: the axes have the range of the sizes, and of the values or what is proportional."""
    sizes = [size for size, _ in growth.points]
    lowest, highest = _range(growth)
    across = math.log(point[0] / sizes[0]) / math.log(sizes[-1] / sizes[0])
    up = math.log(point[1] / lowest) / math.log(highest / lowest)
    x = LEFT + across * (WIDTH - LEFT - RIGHT)
    return round(x, 1), round(HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM), 1)


def _range(growth: Growth) -> tuple[float, float]:
    values = [value for _, value in growth.points]
    return min(values), max(*values, _end(growth))


def _end(growth: Growth) -> float:
    """What the last value would be if the first one grew with the size."""
    (first, value), (last, _) = growth.points[0], growth.points[-1]
    return value * last / first


def _proportional(growth: Growth) -> str:
    (x1, y1), (x2, y2) = (
        _place(growth, growth.points[0]),
        _place(growth, (growth.points[-1][0], _end(growth))),
    )
    return f'<line class="same" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
