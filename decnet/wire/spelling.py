"""JSON by the interpreter's own C parts.

The `json` package around them imports `re` and `enum`, which takes longer than all else that a heartbeat
of the agent does. Where the parts are not to be had, or want other arguments, `json` does the work.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

_BLANKS = " \t\n\r"


def spell(value: Any) -> str:
    """Sorted keys, no spaces, ASCII only. Raises ValueError on NaN and infinities."""
    try:
        from _json import encode_basestring_ascii, make_encoder  # type: ignore[import-not-found, unused-ignore]

        encode = make_encoder({}, _refuse, encode_basestring_ascii, None, ":", ",", True, False, False)
    except (ImportError, TypeError):
        import json

        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return "".join(encode(value, 0))


def read(
    text: str,
    constant: Callable[[str], Any] = float,
    whole: Callable[[str], int] = int,
    pairs: Optional[Callable[[Any], Any]] = None,
    real: Callable[[str], float] = float,
) -> Any:
    """The value of a JSON text. `constant` makes NaN and infinities, `whole` integers, `pairs` objects,
    `real` numbers with a point or an exponent.

    Raises ValueError on anything that is not one JSON value, and RecursionError on deep nesting.
    """
    try:
        from _json import make_scanner

        scan = make_scanner(_Rules(constant, whole, pairs, real))  # type: ignore[arg-type]
        begin = len(text) - len(text.lstrip(_BLANKS))
        value, end = scan(text, begin)
    except StopIteration as stop:
        raise ValueError("no JSON value at character %s" % stop.value) from None
    except (ImportError, TypeError, AttributeError, SystemError):
        # SystemError: the scanner found bad syntax, and no json.decoder to take its exception from.
        import json

        return json.loads(
            text, parse_constant=constant, parse_int=whole, object_pairs_hook=pairs, parse_float=real
        )
    if text[end:].strip(_BLANKS):
        raise ValueError("more than one JSON value, from character %d" % end)
    return value


class _Rules:
    """What the C scanner asks for: the attributes of a `json.JSONDecoder`."""

    strict = True
    object_hook = None

    def __init__(
        self,
        constant: Callable[[str], Any],
        whole: Callable[[str], int],
        pairs: Optional[Callable[[Any], Any]],
        real: Callable[[str], float],
    ) -> None:
        self.parse_constant = constant
        self.parse_int = whole
        self.object_pairs_hook = pairs
        self.parse_float = real


def _refuse(value: object) -> Any:
    raise TypeError("%s cannot be spelled as JSON" % type(value).__name__)
