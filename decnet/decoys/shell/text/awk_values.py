"""awk's values: numbers (float), strings, input that may be a number (Input), and None for uninitialized."""

import math
import re
from collections.abc import Callable, Iterator

from .common import Failure

MOST_STRING = 256 * 1024
MOST_WIDTH = 64 * 1024
NUMBER = re.compile(
    r"[ \t\n\r\f\v]*+([-+]?(?:0[xX][0-9a-fA-F]++|(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?))"
)
SPECIAL = re.compile(r"[ \t\n]*+([-+]?(?:inf(?:inity)?|nan))", re.IGNORECASE)
FORMAT = re.compile(r"%([-+ #0]*)(\*|[0-9]{0,9})(?:(\.)(\*|[0-9]{0,9}))?[hlLqjzt]*(.?)", re.DOTALL)
LARGEST = 2147483647


class Input(str):
    """Text from outside: a number where it looks like one."""

    __slots__ = ()


Value = float | str | None
Array = dict[str, Value]


def number_of(value: Value) -> float:
    """The numeric value: of a string, its longest numeric prefix."""
    if isinstance(value, float):
        return value
    if not value:
        return 0.0
    found = NUMBER.match(value, 0, 400)
    if not found:
        return 0.0
    return _parsed(found[1])


def _parsed(text: str) -> float:
    if "x" in text or "X" in text:
        sign = -1.0 if text[0] == "-" else 1.0
        return sign * float(int(text.lstrip("+-")[:60], 16))
    return float(text)


def looks_numeric(value: str) -> bool:
    """Whether all of an input is a number."""
    found = NUMBER.match(value, 0, 400)
    return found is not None and not value[found.end() :].strip(" \t\n\r\f\v")


def is_true(value: Value) -> bool:
    """Whether a condition holds."""
    if isinstance(value, Input):
        return number_of(value) != 0 if looks_numeric(value) else value != ""
    if isinstance(value, str):
        return value != ""
    return bool(value)


def text_of_number(number: float, format_: str, *, wide: bool) -> str:
    """A number as text; `wide`: integers of any size are printed whole, as gawk does."""
    if number != number:
        return "-nan" if math.copysign(1, number) < 0 or not wide else "nan"
    if number in (math.inf, -math.inf):
        return "inf" if number > 0 else "-inf"
    if number == int(number) and (abs(number) <= LARGEST or (wide and abs(number) < 1e16)):
        return str(int(number))
    return formatted(format_, [number], wide=wide)


def compare(left: Value, right: Value, text: Callable[[Value], str], operator: str) -> bool:
    """Compare as numbers, where both can be numbers, or as strings; `text` converts a value to a string."""
    if _numeric(left) and _numeric(right):
        return _compared(number_of(left), number_of(right), operator)
    return _compared(text(left), text(right), operator)


def _numeric(value: Value) -> bool:
    if isinstance(value, Input):
        return looks_numeric(value)
    return not isinstance(value, str)


def _compared(left: float | str, right: float | str, operator: str) -> bool:
    match operator:
        case "<":
            return left < right  # type: ignore[operator]
        case "<=":
            return left <= right  # type: ignore[operator]
        case ">":
            return left > right  # type: ignore[operator]
        case ">=":
            return left >= right  # type: ignore[operator]
        case "==":
            return left == right
        case _:
            return left != right


def divided(operator: str, left: float, right: float) -> float:
    """Division as in BusyBox's awk. Raises Failure."""
    if not right:
        raise Failure("cmd. line:1: Division by zero")
    return calculate(operator, left, right)


def calculate(operator: str, left: float, right: float) -> float:
    """Arithmetic as in C: division by zero gives inf or nan."""
    try:
        match operator:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "%":
                return math.fmod(left, right)
            case _:
                return float(math.pow(left, right))
    except ZeroDivisionError:
        return math.nan if left == 0 or left != left else math.copysign(math.inf, left)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def formatted(template: str, values: list[Value], *, wide: bool) -> str:
    """printf. Raises Failure for a width beyond the limit, and for too few values (mawk)."""
    rest = iter(values)
    out: list[str] = []
    at, size = 0, 0
    for found in FORMAT.finditer(template):
        out.append(template[at : found.start()])
        at = found.end()
        out.append(_converted(found, rest, template, wide))
        size += len(out[-1])
        if size > MOST_STRING:
            raise Failure("program limit exceeded: sprintf buffer size=8192", 2)
    return "".join(out) + template[at:]


def _converted(found: re.Match[str], rest: Iterator[Value], template: str, wide: bool) -> str:
    flags, width, dot, precision, kind = found.groups()
    if kind == "%":
        return "%"
    if kind not in "diouxXcsfFeEgGaA" or not kind:
        return found[0]

    def following() -> Value:
        for value in rest:
            return value
        if wide:
            return None
        raise Failure(f'run time error: not enough arguments passed to printf("{template}")', 2)

    if width == "*":
        number = int(number_of(following()))
        flags, width = (flags + "-", str(-number)) if number < 0 else (flags, str(number))
    if precision == "*":
        precision = str(max(0, int(number_of(following()))))
    if int(width or 0) > MOST_WIDTH or int(precision or 0) > MOST_WIDTH:
        raise Failure("program limit exceeded: sprintf buffer size=8192", 2)
    value = following()
    shape = "%" + flags + width + (f".{precision or 0}" if dot else "")
    return _shaped(shape, kind, value, wide)


def _shaped(shape: str, kind: str, value: Value, wide: bool) -> str:
    if kind == "s":
        text = text_of_number(value, "%.6g", wide=wide) if isinstance(value, float) else value or ""
        return _padded(shape, text)
    if kind == "c":
        if isinstance(value, float):
            code = int(value) if abs(value) < 1e9 else 0
            return _padded(shape.partition(".")[0], chr(code & 255) if not wide else chr(code % 0x110000))
        return _padded(shape.partition(".")[0], (value or "")[:1] or ("" if wide else "\0"))
    number = number_of(value)
    if kind in "diouxX":
        if number != number or number in (math.inf, -math.inf):
            return _padded(shape.partition(".")[0], text_of_number(number, "%g", wide=wide))
        whole = int(number)
        if not wide:
            whole = max(-LARGEST if kind in "di" else 0, min(LARGEST if kind in "di" else 2**64, whole))
        whole = max(-(2**63), min(2**64 - 1, whole))
        if kind in "ouxX" and whole < 0:
            whole += 2**64
        return _integer(shape, "d" if kind in "iu" else kind, whole)
    if kind in "aA":
        return number.hex()
    return (shape + kind) % number


def _integer(shape: str, kind: str, number: int) -> str:
    if kind == "o" and "#" in shape:
        shape = shape.replace("#", "")
        return (shape + "s") % ("0" + oct(number)[2:])
    if "." in shape:
        shape = shape[0] + shape[1:].replace("0", "", 1) if shape[1:2] == "0" else shape
    text: str = (shape + kind) % number
    return text


def _padded(shape: str, text: str) -> str:
    flags = shape[1:]
    digits = flags.lstrip("-+ #0")
    left = "-" in flags[: len(flags) - len(digits)]
    width, dot, precision = digits.partition(".")
    text = text[: int(precision or 0)] if dot else text
    return text.ljust(int(width or 0)) if left else text.rjust(int(width or 0))
