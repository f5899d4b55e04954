# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`echo` and `printf`."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .limits import OutOfWork
from .quoting import escaped as quoted_word

if TYPE_CHECKING:
    from fractions import Fraction

MOST_PRINTED = 256 * 1024
BASH_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|0([0-7]{0,3})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|(.)|$)", re.DOTALL
)
ASH_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|(0?[0-7]{1,3})|(u(?!))|(U(?!))|(.)|$)", re.DOTALL)
"""The same groups, of which \\u and \\U never match."""
PRINTF_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|(.)|$)", re.DOTALL
)
SIMPLE = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "E": "\x1b",
}
OPTIONS = {"bash": re.compile(r"-[neE]+"), "ash": re.compile(r"-[neE]+"), "dash": re.compile(r"-n")}
CONVERSION = re.compile(
    r"%(?:%|([-+ #0']*)(\*|\d*)(?:\.(\*|-?\d*))?(?:hh?|ll?|[jztL])?(\([^)]*\)T|.)?)|([^%\\]+)|\\.?", re.DOTALL
)


def echo(words: list[str], dialect: str) -> str:
    """What `echo` with these arguments prints; `dialect` is "bash", "dash" or "ash"."""
    words = list(words)
    newline, escapes = "\n", dialect == "dash"
    while words and OPTIONS[dialect].fullmatch(words[0]):
        flags = words.pop(0)
        newline = "" if "n" in flags else newline
        escapes = "e" in flags or (escapes and "E" not in flags)
        if dialect == "dash":
            break
    text = " ".join(words)
    if not escapes or "\\" not in text:
        return text + newline
    text, ends = escaped(text, dialect, ASH_ESCAPE if dialect == "ash" else BASH_ESCAPE)
    return text + ("" if ends else newline)


def escaped(text: str, dialect: str, pattern: re.Pattern[str] = BASH_ESCAPE) -> tuple[str, bool]:
    """A text with its escapes replaced, and whether `\\c` has ended it."""
    out: list[str] = []
    at = 0
    for found in pattern.finditer(text):
        out.append(text[at : found.start()])
        at = found.end()
        if found[5] == "c":
            return "".join(out), True
        out.append(_one(found, dialect))
    return "".join(out) + text[at:], False


def _one(found: re.Match[str], dialect: str) -> str:
    if found[1] is not None and dialect != "dash":
        return _byte(int(found[1], 16))
    if found[2] is not None:
        return _byte(int(found[2] or "0", 8) & 255)
    if (found[3] or found[4]) and dialect == "bash":
        code = int(found[3] or found[4], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
    if dialect == "dash" and found[5] in ("e", "E"):
        return found[0]
    return SIMPLE.get(found[5] or "", found[0])


def _byte(code: int) -> str:
    return bytes((code,)).decode("utf-8", "surrogateescape")


def has_groups(variables: dict[str, str]) -> bool:
    """Whether the numbers of the locale have commas: English, as C has none."""
    names = ("LC_ALL", "LC_NUMERIC", "LANG")
    return next((variables[name] for name in names if variables.get(name)), "").startswith("en_")


def as_hexadecimal(value: Fraction | float, kind: str, precision: int | None, flags: str) -> str:
    """%a of an 80-bit `long double`, whose first digit has four bits."""
    from fractions import Fraction

    number = value if isinstance(value, Fraction) else Fraction(value) if math.isfinite(value) else None
    sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
    if number is None:
        text = sign + ("nan" if value != value else "inf")
    elif not number:
        text = sign + "0x0" + ("." + "0" * precision if precision else "") + "p+0"
    else:
        number = abs(number)
        exponent = number.numerator.bit_length() - number.denominator.bit_length() - 64
        while round(number / Fraction(2) ** exponent) >= 1 << 64:
            exponent += 1
        digits = f"{round(number / Fraction(2) ** exponent):016x}"
        if precision is not None and precision < 15:
            kept = round(int(digits, 16) / Fraction(16) ** (15 - precision))
            digits = f"{kept:x}".ljust(precision + 1, "0")
        tail = digits[1:].rstrip("0") if precision is None else digits[1:].ljust(precision, "0")
        text = f"{sign}0x{digits[0]}{'.' if tail else ''}{tail}p{exponent + 60:+d}"
    return text.upper() if kind == "A" else text


class Printf:
    """One `printf`: `text` is its output, `errors` the messages, `status` its status."""

    def __init__(
        self,
        form: str,
        arguments: list[str],
        dialect: str,
        *,
        groups: bool = False,
        dated: Callable[[str, float], str] | None = None,
    ) -> None:
        self.text, self.status = "", 0
        self._groups = groups
        self._dated = dated or (lambda form, when: time.strftime(form, time.gmtime(when)))
        self.errors: list[str] = []
        self._dialect = dialect
        self._arguments = arguments
        self._used = 0
        self._stops = False
        self._rest = ""
        """The format behind the conversion at hand."""
        out: list[str] = []
        size = 0
        while True:
            before = self._used
            for piece in self._once(form):
                out.append(piece)
                size += len(piece)
                if size > MOST_PRINTED:
                    raise OutOfWork
            if self._stops or self._used >= len(arguments) or self._used == before:
                break
        self.text = "".join(out)

    def _once(self, form: str):  # type: ignore[no-untyped-def]
        at = 0
        while at < len(form):
            found = CONVERSION.match(form, at)
            assert found is not None
            if found[0].startswith("\\"):
                escape = PRINTF_ESCAPE.match(form, at)
                if self._dialect == "ash" and form.startswith("\\c", at):
                    self._stops = True
                    return
                if escape is not None:
                    yield (
                        SIMPLE.get(
                            escape[5] or "",
                            {'"': '"', "'": "'"}.get(escape[5] or "", "")
                            or _one(escape, "ash" if self._dialect == "dash" else self._dialect),
                        )
                        if escape[5]
                        else _one(escape, self._dialect)
                    )
                    at = escape.end()
                    continue
            at = found.end()
            self._rest = form[at:]
            if found[5] is not None:
                yield found[5]
            elif found[0] == "%%":
                yield "%"
            else:
                yield self._converted(found)
                if self._stops:
                    return

    def _next(self) -> str | None:
        if self._used < len(self._arguments):
            self._used += 1
            return self._arguments[self._used - 1]
        return None

    def _grouped(self, found: re.Match[str]) -> str:
        """The flag ' of glibc: thousands are grouped, as in English."""
        plain = self._converted(CONVERSION.match(found[0].replace("'", "")) or found)
        whole = re.search(r"\d+", plain)
        if whole is None or (found[4] or "") not in "diufFgG" or not self._groups:
            return plain
        return plain.replace(whole[0], f"{int(whole[0]):,}", 1)

    def _converted(self, found: re.Match[str]) -> str:
        flags, kind = found[1] or "", found[4] or ""
        if "'" in flags and self._dialect == "dash":
            self.status, self._stops = 1, True
            self.errors.append("%': invalid directive")
            return ""
        if "'" in flags:
            return self._grouped(found)
        width, precision = self._size(found[2]), self._size(found[3]) if found[3] is not None else None
        if width < 0:
            flags, width = flags + "-", -width
        width = min(width, 100_000)
        known = "diouxXeEfFgGaAcsb" + "q" * (self._dialect == "bash")
        if kind.endswith(")T") or kind not in known or not kind:
            if kind.endswith(")T") and self._dialect == "bash":
                return self._date(kind[1:-2]).ljust(width)
            return self._invalid(found)
        argument = self._next()
        if kind in "sbqc":
            text = self._text(kind, argument or "")
            text = text if precision is None or kind == "c" else text[: max(0, precision)]
            return text.ljust(width) if "-" in flags else text.rjust(width)
        return self._number(kind, flags, width, precision, argument)

    def _size(self, text: str | None) -> int:
        if text == "*":
            return max(-9_999_999, min(9_999_999, self._integer(self._next() or "0")))
        return int(text or "0") if len(text or "") < 7 else 0

    def _invalid(self, found: re.Match[str]) -> str:
        self.status, self._stops = 1, True
        kind = found[4] or ""
        if self._dialect == "bash":
            self.errors.append(
                f"`{kind or found[0][-1:]}': invalid format character"
                if kind
                else f"`{found[0]}': missing format character"
            )
        elif self._dialect == "dash":
            self.errors.append(f"{found[0]}: invalid directive")
        else:
            front, sizes = found[0].rstrip("\\"), "hlLz"
            kept = front.translate({ord(size): None for size in sizes}) + found[0][len(front) :]
            self.errors.append(f"{kept}{self._rest}: invalid format")
        return ""

    def _text(self, kind: str, argument: str) -> str:
        if kind == "b":
            text, ends = escaped(argument, *(("bash",) if self._dialect == "bash" else ("ash", ASH_ESCAPE)))
            self._stops = self._stops or ends
            return text
        if kind == "c":
            return argument[:1] or "\0" * (self._dialect == "bash")
        return quoted_word(argument) if kind == "q" else argument

    def _date(self, form: str) -> str:
        argument = self._next()
        seconds = time.time() if argument in (None, "-1", "") else self._integer(argument or "0")
        seconds = max(-(1 << 40), min(1 << 40, seconds))
        return self._dated(form or "%X", seconds)

    def _integer(self, text: str) -> int:
        stripped = text.strip()
        if stripped[:1] in ("'", '"'):
            return ord(stripped[1:2] or "\0")
        found = re.match(r"([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)", stripped)
        if not stripped and self._dialect == "ash":
            self.status = 1
            self.errors.append("invalid number ''")
        if not stripped:
            return 0
        if not found or found.end() < len(stripped):
            self.status = 1
            if self._dialect == "bash":
                base = "hex " if text[:2] == "0x" else "octal " if re.match(r"0\d", text) else ""
                self.errors.append(f"{text}: invalid {base}number")
            elif self._dialect == "dash":
                self.errors.append(
                    f"{text}: {'expected numeric value' if not found else 'not completely converted'}"
                )
            else:
                self.errors.append(f"invalid number '{text}'")
                return 0
        if not found:
            return 0
        digits = found[2]
        value = int(digits, 16 if digits[:2].lower() == "0x" else 8 if digits.startswith("0") else 10)
        return -value if found[1] == "-" else value

    def _in_range(self, number: int, kind: str, argument: str) -> int:
        """As strtoimax and strtoumax return it: the nearest one, with a warning."""
        least, most = (-(1 << 63), (1 << 63) - 1) if kind in "di" else (-(1 << 64) + 1, (1 << 64) - 1)
        if least <= number <= most:
            return number if kind in "di" or number >= 0 else number + (1 << 64)
        self.status = self.status or int(self._dialect == "dash")
        warning = "warning: " * (self._dialect == "bash")
        self.errors.append(f"{warning}{argument}: Numerical result out of range")
        return most if number > 0 or kind not in "di" else least

    def _number(self, kind: str, flags: str, width: int, precision: int | None, argument: str | None) -> str:
        if kind in "eEfFgGaA":
            try:
                value = float(argument or "0")
            except ValueError:
                self.status = 1
                self.errors.append(
                    f"{argument}: invalid number"
                    if self._dialect == "bash"
                    else f"{argument}: expected numeric value"
                )
                found = re.match(r"[-+]?\d+(\.\d*)?", argument or "")
                value = float(found[0]) if found else 0.0
            if kind in "aA":
                from fractions import Fraction

                found = re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?", (argument or "0").strip())
                text = as_hexadecimal(
                    Fraction((argument or "0").strip()) if found else value, kind, precision, flags
                )
                return text.ljust(width) if "-" in flags else text.rjust(width)
            shown = "." + str(6 if precision is None else min(precision, 300))
            return f"%{flags}{width or ''}{shown}{kind}" % value
        if argument is None and self._dialect == "ash":
            self.status = 1
            self.errors.append("invalid number ''")
        number = self._in_range(self._integer(argument or "0"), kind, argument or "0")
        shown = "" if precision is None else "." + str(min(max(precision, 0), 1000))
        form = f"%{flags}{width or ''}{shown}{'d' if kind in 'diu' else kind}"
        text = form % number
        return text.replace("0o", "0", 1) if "#" in flags and kind == "o" else text
