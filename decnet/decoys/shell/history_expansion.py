"""`!!`, `!$`, `!word:2:s/a/b/`, `^old^new`: what bash replaces in a line before it is parsed.

Source: HISTORY EXPANSION in bash(1)."""

from __future__ import annotations

import re

from .context import Context
from .history import old_history, remember
from .state import Shell

EVENT = re.compile(r"!(?:(!|#)|(-?\d{1,6})|\?([^?\n]*)\??|([^\s:=^$*%!'\"();&|<>-][^\s:^$*%!'\"();&|<>]*))?")
SELECTED = re.compile(r":?([\^$*%])|:(\d{1,5})(?:-(\d{1,5}|\$)?|(\*))?|:-(\d{1,5}|\$)?")
MODIFIER = re.compile(r":(?:([htrepqx&])|(g|a)?s(.)(.*?)(?<!\\)\3(.*?)(?:(?<!\\)\3|$))")
TOKENS = re.compile(r"""(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|\\.|[^\s;|&<>()"'\\])+|[;|&<>()]+""")
MOST_LINE = 4096
SPACE_AFTER = " \t\n=("
COMMENT_AFTER = ("", *" \t;|&()<>")
"""What may stand before a `#` that begins a comment, in which nothing is expanded."""


class _Bad(Exception):
    """What cannot be expanded; its text is bash's complaint."""


def expand_history(context: Context, line: str) -> str | None:
    """The line with what stands for earlier ones replaced, which is printed; None if it is not executed."""
    shell = context.shell
    if not shell.dialect.bash or ("!" not in line and not line.startswith("^")):
        return line
    events = [*old_history(shell), *shell.history]
    try:
        changed, only_printed = _expanded(line, events)
    except _Bad as bad:
        context.err(f"{shell.script}: {bad}\n")
        return None
    if changed == line:
        return line
    context.err(changed + "\n")
    if only_printed:
        remember(shell, changed)
        return None
    return changed


def expanded_line(shell: Shell, line: str) -> tuple[str, str]:
    """The line as it would be executed, and the complaint if it cannot be expanded."""
    try:
        return _expanded(line, [*old_history(shell), *shell.history])[0], ""
    except _Bad as bad:
        return line, f"{shell.script}: {bad}"


def _expanded(line: str, events: list[str]) -> tuple[str, bool]:
    if line.startswith("^"):
        old, _, rest = line[1:].partition("^")
        new, _, rest = rest.partition("^")
        if not events or not old or old not in events[-1]:
            raise _Bad(f":s{line}: substitution failed")
        return (events[-1].replace(old, new, 1) + rest)[:MOST_LINE], False
    out, at, quote, printed = "", 0, "", False
    while at < len(line) and len(out) <= MOST_LINE:
        key = line[at]
        if key == "\\" and quote != "'":
            out, at = out + line[at : at + 2], at + 2
        elif key == "#" and not quote and line[at - 1 : at] in COMMENT_AFTER:
            return (out + line[at:])[:MOST_LINE], printed
        elif key == "!" and quote != "'" and _is_event(line, at, quote):
            text, at, only = _event(line, at, events, out)
            out, printed = out + text, printed or only
        else:
            if key == quote:
                quote = ""
            elif key in "'\"" and not quote:
                quote = key
            out, at = out + key, at + 1
    return out[:MOST_LINE], printed


def _is_event(line: str, at: int, quote: str) -> bool:
    after = line[at + 1 : at + 2]
    return (
        bool(after)
        and after not in SPACE_AFTER
        and after != (quote or " ")
        and line[at - 1 : at] not in ("$", "{", "[")
    )


def _event(line: str, at: int, events: list[str], so_far: str) -> tuple[str, int, bool]:
    """What an event stands for, where it ends, and whether it is only to be printed."""
    found = EVENT.match(line, at)
    assert found is not None
    end = found.end()
    text = _line_of(found, events, so_far)
    chosen = SELECTED.match(line, end)
    if text is None:
        raise _Bad(f"{line[at:end]}: event not found")
    if chosen and chosen[0]:
        end = chosen.end()
        words = _words(text, chosen, found[3])
        if words is None:
            raise _Bad(f"{chosen[0]}: bad word specifier")
        text = " ".join(words)
    printed = False
    while modifier := MODIFIER.match(line, end):
        end = modifier.end()
        printed = printed or modifier[1] == "p"
        text = _modified(text, modifier)
    return text, end, printed


def _line_of(found: re.Match[str], events: list[str], so_far: str) -> str | None:
    special, number, part, begin = found[1], found[2], found[3], found[4]
    if special == "#":
        return so_far
    if number:
        at = int(number)
        return events[at if at < 0 else at - 1] if at and -len(events) <= at <= len(events) else None
    if part is not None:
        return next((each for each in reversed(events) if part in each), None)
    if begin:
        return next((each for each in reversed(events) if each.startswith(begin)), None)
    return events[-1] if events else None


def _words(text: str, chosen: re.Match[str], searched: str | None) -> list[str] | None:
    """The words that were asked for; None if there are not so many."""
    words = TOKENS.findall(text)
    last = len(words) - 1
    if chosen[1] == "%":
        return [next((word for word in words if searched and searched in word), "")]
    if chosen[1]:
        first, end = {"^": (1, 1), "$": (last, last), "*": (1, last)}[chosen[1]]
        if chosen[1] == "*" and not last:
            return []
    elif chosen[2]:
        first = int(chosen[2])
        ranged = "-" in chosen[0]
        end = (
            last
            if chosen[4] or chosen[3] == "$"
            else int(chosen[3])
            if chosen[3]
            else last - 1
            if ranged
            else first
        )
    else:
        first, end = 0, last if chosen[5] == "$" else int(chosen[5] or last - 1)
    return words[first : end + 1] if 0 <= first <= last and end <= last else None


def _modified(text: str, found: re.Match[str]) -> str:
    if found[1] is None:
        old, new = found[4], found[5]
        if not old or old not in text:
            raise _Bad(f"{found[0]}: substitution failed")
        return text.replace(old, new, -1 if found[2] else 1)
    if found[1] == "h":
        return text.rpartition("/")[0] if "/" in text else text
    if found[1] == "t":
        return text.rpartition("/")[2]
    if found[1] in "re":
        begin, dot, end = text.rpartition(".")
        return (begin if found[1] == "r" else dot + end) if dot else text
    return "'" + text.replace("'", "'\\''") + "'" if found[1] == "q" else text
