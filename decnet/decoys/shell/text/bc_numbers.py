"""Decimal numbers as bc has them: an integer and how many of its digits are behind the point."""

from __future__ import annotations

from typing import NamedTuple

from ..limits import OutOfWork

MOST_DIGITS = 4_000
"""Python converts no longer ones to text."""
MOST_SCALE = 1_000
DIGITS = "0123456789ABCDEF"


class Number(NamedTuple):
    """The value is `digits` / 10 ** `scale`."""

    digits: int
    scale: int = 0


ZERO, ONE = Number(0), Number(1)


def scaled(number: Number, scale: int) -> int:
    """Its digits with that many behind the point, truncated."""
    if scale >= number.scale:
        return int(number.digits * 10 ** (scale - number.scale))
    return truncated(number.digits, 10 ** (number.scale - scale))


def truncated(dividend: int, divisor: int) -> int:
    """The quotient, towards zero."""
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def bounded(number: Number) -> Number:
    """The number, if it is not too long. Raises OutOfWork."""
    if number.digits.bit_length() > MOST_DIGITS * 3.33:
        raise OutOfWork
    return number


def add(left: Number, right: Number) -> Number:
    scale = max(left.scale, right.scale)
    return bounded(Number(scaled(left, scale) + scaled(right, scale), scale))


def subtract(left: Number, right: Number) -> Number:
    return add(left, Number(-right.digits, right.scale))


def multiply(left: Number, right: Number, scale: int) -> Number:
    whole = Number(left.digits * right.digits, left.scale + right.scale)
    kept = min(whole.scale, max(scale, left.scale, right.scale))
    return bounded(Number(scaled(whole, kept), kept))


def divide(left: Number, right: Number, scale: int) -> Number:
    """Raises ZeroDivisionError."""
    shift = scale + right.scale - left.scale
    dividend = left.digits * 10**shift if shift >= 0 else truncated(left.digits, 10**-shift)
    if not right.digits:
        raise ZeroDivisionError
    return bounded(Number(truncated(dividend, right.digits), scale))


def remainder(left: Number, right: Number, scale: int) -> Number:
    """Raises ZeroDivisionError."""
    quotient = divide(left, right, scale)
    kept = max(left.scale, scale + right.scale)
    whole = Number(quotient.digits * right.digits, quotient.scale + right.scale)
    return bounded(Number(scaled(left, kept) - scaled(whole, kept), kept))


def power(base: Number, exponent: int, scale: int) -> Number:
    """Raises ZeroDivisionError, OutOfWork."""
    if base.digits.bit_length() * abs(exponent) > MOST_DIGITS * 4:
        raise OutOfWork
    raised = Number(base.digits ** abs(exponent), base.scale * abs(exponent))
    if exponent < 0:
        return divide(ONE, raised, scale)
    kept = min(raised.scale, max(scale, base.scale))
    return bounded(Number(scaled(raised, kept), kept))


def root(number: Number, scale: int) -> Number:
    """The square root."""
    from math import isqrt

    kept = max(scale, number.scale)
    return Number(isqrt(scaled(number, 2 * kept)), kept)


def compare(left: Number, right: Number) -> int:
    """Less than, equal to or greater than 0."""
    scale = max(left.scale, right.scale)
    return scaled(left, scale) - scaled(right, scale)


def parsed(text: str, base: int = 10) -> Number:
    """A number as it is written: capital letters are digits up to 15. Raises OutOfWork."""
    if len(text) > MOST_DIGITS:
        raise OutOfWork
    whole, _, part = text.partition(".")
    if base == 10 and not any(char.isalpha() for char in text):
        return Number(int(whole + part or "0"), len(part))
    value = 0
    for char in whole:
        value = value * base + min(DIGITS.index(char), base - 1 if len(whole) > 1 else 15)
    if not part:
        return Number(value)
    fraction = 0
    for char in part:
        fraction = fraction * base + min(DIGITS.index(char), base - 1)
    scale = len(part)
    return Number(value * 10**scale + fraction * 10**scale // base**scale, scale)


def shown(number: Number, base: int = 10) -> str:
    """As bc prints it."""
    sign, digits = ("-" if number.digits < 0 else ""), abs(number.digits)
    if not digits:
        return "0"
    if base == 10:
        text = str(digits).rjust(number.scale + 1, "0")
        whole, part = text[: len(text) - number.scale], text[len(text) - number.scale :]
        whole = "" if whole == "0" and part else whole
        return f"{sign}{whole}{'.' + part if part else ''}"
    unit = 10**number.scale
    whole, part = _in_base(digits // unit, base), ""
    fraction, reach = digits % unit, 1
    while reach < unit and number.scale:
        fraction *= base
        part += _digit(fraction // unit, base)
        fraction, reach = fraction % unit, reach * base
    return f"{sign}{whole}{'.' + part if part else ''}"


def _in_base(value: int, base: int) -> str:
    out: list[str] = []
    while value:
        out.append(_digit(value % base, base))
        value //= base
    return "".join(reversed(out)) or ("0" if base <= 16 else "")


def _digit(value: int, base: int) -> str:
    return DIGITS[value] if base <= 16 else f" {value:0{len(str(base - 1))}}"


# The functions of `bc -l`


def sine(number: Number, scale: int) -> Number:
    kept = scale + 10 + len(str(abs(number.digits)))
    unit = 10**kept
    x = scaled(number, kept) % (2 * _pi(kept))
    total, term, count = 0, x, 1
    while term:
        total += term
        term = truncated(-truncated(term * x, unit) * x, unit * (count + 1) * (count + 2))
        count += 2
    return Number(scaled(Number(total, kept), scale), scale)


def cosine(number: Number, scale: int) -> Number:
    kept = scale + 10 + len(str(abs(number.digits)))
    unit = 10**kept
    x = scaled(number, kept) % (2 * _pi(kept))
    total, term, count = 0, unit, 1
    while term:
        total += term
        term = truncated(-truncated(term * x, unit) * x, unit * count * (count + 1))
        count += 2
    return Number(scaled(Number(total, kept), scale), scale)


def arctangent(number: Number, scale: int) -> Number:
    kept = scale + 12
    value, halvings = scaled(number, kept), 0
    unit = 10**kept
    from math import isqrt

    while abs(value) > unit // 10:
        value = truncated(value * unit, unit + isqrt(unit * unit + value * value))
        halvings += 1
    total, power_of, count = 0, value, 1
    while power_of:
        total += truncated(power_of, count)
        power_of = -truncated(truncated(power_of * value, unit) * value, unit)
        count += 2
    return Number(scaled(Number(total << halvings, kept), scale), scale)


def exponential(number: Number, scale: int) -> Number:
    return _by_decimal("exp", number, scale)


def logarithm(number: Number, scale: int) -> Number:
    if number.digits <= 0:
        return Number(1 - 10**scale) if not scale else Number(-(10**scale - 1) * 10**scale - 0, scale)
    return _by_decimal("ln", number, scale)


def _by_decimal(name: str, number: Number, scale: int) -> Number:
    from decimal import Context, Decimal, Overflow

    whole = len(str(abs(number.digits))) - number.scale
    if name == "exp" and whole > 4:
        if number.digits < 0:
            return Number(0, scale)
        raise OutOfWork
    size = max(1, int(abs(number.digits) // 10**number.scale * 0.44) + 2) if name == "exp" else 6
    context = Context(prec=scale + size + 12)
    try:
        value = getattr(Decimal(number.digits).scaleb(-number.scale, context), name)(context)
    except Overflow:
        raise OutOfWork from None
    sign, digits, exponent = value.as_tuple()
    mantissa = int("".join(map(str, digits)))
    return (
        Number(scaled(Number(-mantissa if sign else mantissa, -int(exponent)), scale), scale)
        if int(exponent) <= 0
        else Number((-mantissa if sign else mantissa) * 10 ** int(exponent))
    )


def _pi(scale: int) -> int:
    """The digits of pi, by Machin's formula."""
    unit: int = 10 ** (scale + 10)

    def inverse(number: int) -> int:
        total = term = unit // number
        count, sign = 3, -1
        while term:
            term //= number * number
            total += sign * (term // count)
            count, sign = count + 2, -sign
        return total

    return int(4 * (4 * inverse(5) - inverse(239)) // 10**10)
