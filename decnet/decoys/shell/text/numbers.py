"""seq, factor, expr."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import TYPE_CHECKING

from ..process import Process, Running
from ..regex import BadRegex, Regex, Syntax
from .common import Failure, parse, quoted, text_of, tool

if TYPE_CHECKING:
    from decimal import Decimal

MOST_DIGITS = 400
MOST_PLAIN = 15
"""Characters of a whole number that needs no decimal arithmetic."""
LARGEST_FACTORED = 2**80


def _number(process: Process, text: str) -> int | Decimal:
    digits = text.strip()
    if (
        digits.removeprefix("-").isdecimal()
        and text.isascii()
        and len(digits) <= MOST_PLAIN
        and digits != "-0"
    ):
        return int(digits)
    from decimal import Decimal, InvalidOperation

    try:
        number = Decimal(_as_decimal(digits[:MOST_DIGITS]))
    except InvalidOperation:
        raise Failure(f"invalid floating point argument: {quoted(process, text)}", hint=True) from None
    if not number.is_finite() or number.adjusted() > 300:
        raise Failure(f"invalid floating point argument: {quoted(process, text)}", hint=True)
    return number


def _as_decimal(text: str) -> str:
    """A number of strtold: hexadecimal ones too, and an end that never comes."""
    bare = text.lstrip("+-").lower()
    if bare.startswith("0x"):
        try:
            return str(int(text, 16))
        except ValueError:
            return text
    return text.lower().replace(bare, "1e300") if bare in ("inf", "infinity") else text


@tool
def seq(process: Process) -> Running:
    """Numbers from one to another."""
    words = list(process.args)
    numbers: list[str] = []
    while (
        words
        and (words[-1].lstrip("-+.")[:1].isdecimal() or words[-1].lstrip("-+").lower() in ("inf", "infinity"))
        and len(numbers) < 3
    ):
        numbers.insert(0, words.pop())
    process.args = words
    options = parse(process, "f:s:w", "format=f separator=s equal-width=w", stop=False)
    numbers = options.operands + numbers
    if not numbers:
        raise Failure("missing operand", hint=True)
    if len(numbers) > 3:
        raise Failure(f"extra operand {quoted(process, numbers[3])}", hint=True)
    values = [_number(process, text) for text in numbers]
    first, step, last = (
        1 if len(values) == 1 else values[0],
        values[1] if len(values) == 3 else 1,
        values[-1],
    )
    if step == 0:
        raise Failure(f"invalid Zero increment value: {quoted(process, numbers[1])}", hint=True)
    places = max(_places(value) for value in (first, step)) if len(values) > 1 else 0
    places = max(0, min(100, places))
    between = options.value("s", "\n")
    width = max(len(_plain(first, places)), len(_plain(last, places))) if "w" in options else 0
    form = options.value("f")
    if form:
        _check(process, form)
    number, started = first, False
    while (number <= last) if step > 0 else (number >= last):
        text = _shown(form, number) if form else _plain(number, places)
        text = (
            ("-" + text[1:].zfill(width - 1) if text.startswith("-") else text.zfill(width))
            if width
            else text
        )
        process.out(between + text if started else text)
        started = True
        number += step
        process.spend(30)
        if process.tired:
            yield 0.0
    process.out("\n" if started else "")
    return 0


def _check(process: Process, form: str) -> None:
    """Refuse a format that has not just one directive for a number."""
    found = re.findall(r"%[-+ #0']*\d*(?:\.\d*)?L?(.?)", form.replace("%%", ""), re.DOTALL)
    wrong = ""
    if not found:
        wrong = "has no % directive"
    elif not found[0]:
        wrong = "ends in %"
    elif found[0] not in "efgaEFGA":
        wrong = f"has unknown %{found[0]} directive"
    elif len(found) > 1:
        wrong = "has too many % directives"
    if wrong:
        raise Failure(f"format {quoted(process, form)} {wrong}")


def _shown(form: str, number: int | Decimal) -> str:
    from .awk_values import formatted

    return formatted(form, [float(number)], wide=True)


def _places(number: int | Decimal) -> int:
    """Digits after the point."""
    return 0 if isinstance(number, int) else -int(number.as_tuple().exponent)


def _plain(number: int | Decimal, places: int) -> str:
    return str(number) if isinstance(number, int) and not places else f"{number:.{places}f}"


@tool
def factor(process: Process) -> Running:
    """Prime factors."""
    options = parse(process, "h", "exponents=h")
    words = options.operands
    status = 0
    for word in words or text_of(process.given).split():
        text = word.lstrip("+")
        if not text.isdecimal() or not text.isascii():
            process.err(f"factor: {quoted(process, word)} is not a valid positive integer\n")
            status = 1
            continue
        number = int(text[:40])
        if number > LARGEST_FACTORED:
            process.err(f"factor: {quoted(process, word)} is too large\n")
            status = 1
            continue
        found = yield from _factors(process, number)
        process.out(f"{number}:" + "".join(f" {prime}" for prime in found) + "\n")
    return status


def _factors(process: Process, number: int) -> Generator[object, object, list[int]]:
    """By small divisors, then Pollard's rho."""
    found: list[int] = []
    divisor = 2
    while divisor < 2000 and divisor * divisor <= number:
        process.spend(2)
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1 if divisor == 2 else 2
    left = [number] if number > 1 else []
    while left:
        each = left.pop()
        if each < 2000 * 2000 or _is_prime(each):
            found.append(each)
            continue
        part = yield from _rho(process, each)
        left += [part, each // part]
    return sorted(found)


def _is_prime(number: int) -> bool:
    if any(number % prime == 0 for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return number in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def _rho(process: Process, number: int) -> Generator[object, object, int]:
    from math import gcd

    for start in range(1, 50):
        slow = fast = 2
        divisor = 1
        while divisor == 1:
            slow = (slow * slow + start) % number
            fast = (fast * fast + start) % number
            fast = (fast * fast + start) % number
            divisor = gcd(abs(slow - fast), number)
            process.spend(12)
            if process.tired:
                yield 0.0
        if divisor != number:
            return divisor
    return number


@tool
def expr(process: Process) -> Running:
    """Evaluate an expression: status 0 unless the result is empty or 0, 2 for a bad one."""
    words = process.args
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        raise Failure("missing operand", 2, hint=True)
    parser = Calculation(process, words[:2000])
    value = parser.either()
    if parser.at < len(words):
        raise Failure(f"syntax error: unexpected argument {quoted(process, words[parser.at])}", 2)
    process.out(value + "\n")
    yield 0.0
    return 1 if _is_null(value) else 0


def _is_null(value: str) -> bool:
    return value == "" or (value.lstrip("-").strip("0") == "" and value.lstrip("-") != "")


def _is_integer(value: str) -> bool:
    return value.removeprefix("-").isdecimal() and value.isascii()


class Calculation:
    """The grammar of expr; each level takes words from `at` on."""

    def __init__(self, process: Process, words: list[str]) -> None:
        self._process = process
        self._words = words
        self.at = 0
        self._depth = 0

    def _take(self, *signs: str) -> str:
        if self.at < len(self._words) and self._words[self.at] in signs:
            self.at += 1
            return self._words[self.at - 1]
        return ""

    def either(self) -> str:
        """`|` and everything below it."""
        left = self._both()
        while self._take("|"):
            right = self._both()
            left = left if not _is_null(left) else right if not _is_null(right) else "0"
        return left

    def _both(self) -> str:
        left = self._compared()
        while self._take("&"):
            right = self._compared()
            left = left if not _is_null(left) and not _is_null(right) else "0"
        return left

    def _compared(self) -> str:
        left = self._added()
        while sign := self._take("<", "<=", "=", "==", "!=", ">=", ">"):
            right = self._added()
            one: int | str = left
            two: int | str = right
            if _is_integer(left) and _is_integer(right):
                one, two = int(left[:MOST_DIGITS]), int(right[:MOST_DIGITS])
            less, same = one < two, one == two  # type: ignore[operator]
            true = {"<": less, "<=": less or same, "=": same, "==": same, "!=": not same, ">=": not less,
                    ">": not less and not same}[sign]  # fmt: skip
            left = "1" if true else "0"
        return left

    def _number(self, text: str) -> int:
        if not _is_integer(text):
            raise Failure("non-integer argument", 2)
        return int(text[:MOST_DIGITS])

    def _added(self) -> str:
        left = self._multiplied()
        while sign := self._take("+", "-"):
            right = self._number(self._multiplied())
            left = str(self._number(left) + (right if sign == "+" else -right))
        return left

    def _multiplied(self) -> str:
        left = self._matched()
        while sign := self._take("*", "/", "%"):
            right = self._number(self._matched())
            number = self._number(left)
            if sign == "*":
                left = str(number * right)
                if len(left) > MOST_DIGITS:
                    raise Failure("memory exhausted", 3)
                continue
            if right == 0:
                raise Failure("division by zero", 2)
            quotient = abs(number) // abs(right) * (1 if (number < 0) == (right < 0) else -1)
            left = str(quotient if sign == "/" else number - quotient * right)
        return left

    def _matched(self) -> str:
        left = self._unit()
        while self._take(":"):
            left = self._match(left, self._unit())
        return left

    def _match(self, text: str, pattern: str) -> str:
        try:
            regex = Regex(pattern, Syntax(), self._process.spend)
        except BadRegex as error:
            raise Failure(str(error), 2) from None
        found = regex.search(text, groups=True)
        matched = found is not None and found[0][0] == 0
        if regex.groups:
            return text[slice(*found[1])] if matched and found and found[1][0] >= 0 else ""
        return str(found[0][1]) if matched and found else "0"

    def _unit(self) -> str:
        if self.at >= len(self._words):
            raise Failure(f"syntax error: missing argument after {quoted(self._process, self._words[-1])}", 2)
        self._depth += 1
        if self._depth > 60:
            raise Failure("memory exhausted", 3)
        word = self._words[self.at]
        self.at += 1
        value = self._keyword(word)
        self._depth -= 1
        return value

    def _keyword(self, word: str) -> str:
        if word == "(":
            value = self.either()
            if not self._take(")"):
                shown = self._words[-1] if self.at >= len(self._words) else self._words[self.at]
                last = quoted(self._process, shown)
                if self.at < len(self._words):
                    raise Failure(f"syntax error: expecting ')' instead of {last}", 2)
                raise Failure(f"syntax error: expecting ')' after {last}", 2)
            return value
        if word == ")":
            raise Failure("syntax error: unexpected ')'", 2)
        if word == "+":
            self.at += 1
            return self._words[self.at - 1]
        if word == "length":
            return str(len(self._unit()))
        if word == "match":
            return self._match(self._unit(), self._unit())
        if word == "index":
            text, characters = self._unit(), self._unit()
            return str(next((at for at, char in enumerate(text, 1) if char in characters), 0))
        if word == "substr":
            text, start, count = self._unit(), self._unit(), self._unit()
            if not (_is_integer(start) and _is_integer(count)) or int(start[:9]) < 1 or int(count[:9]) < 1:
                return ""
            return text[int(start[:9]) - 1 :][: int(count[:9])]
        return word


COMMANDS = {"seq": seq, "factor": factor, "expr": expr}
