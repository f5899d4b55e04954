"""HTML that cannot be broken out of: every text is escaped, unless it is an element that was made here."""

from __future__ import annotations

from html import escape

from decnet.wire import clean

TEXT_CHARS = 400
VOID = frozenset({"meta", "link"})


class Html(str):
    """Text that is HTML already."""


def el(name: str, /, *children: Html | str | int | None, **attributes: str | int | float | None) -> Html:
    """An element. Text among its children, and values of attributes, are cleaned of control and bidi
    characters and escaped; an attribute that is None is left out. `class_` is the attribute class, and `_` in
    a name a hyphen."""
    found = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(str(value), 4000)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Html(f"<{name}{found}>")
    if not children:
        # Of SVG only.
        return Html(f"<{name}{found}/>")
    return Html(f"<{name}{found}>{join(*children)}</{name}>")


def join(*children: Html | str | int | None) -> Html:
    """The children behind each other."""
    return Html("".join(_child(each) for each in children if each is not None))


def _child(each: Html | str | int) -> str:
    return each if isinstance(each, Html) else _text(str(each), TEXT_CHARS)


def _text(text: str, limit: int) -> str:
    return escape(clean(text, limit), quote=True)
