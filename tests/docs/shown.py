"""Whether the output that a page shows is what came, and what a reader answers to the questions in it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from docs.terminal import Answer

VARIABLE = (
    (r"^\[?\w+@[\w.-]+[: ][\w~/.-]*\]?[#$] ", "PROMPT "),
    (r"\bSHA256:[A-Za-z0-9+/]{43}", "SHA256:FINGERPRINT"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "MAC"),
    (r"\bMAC, [\w-]+, \w+ \([\w.-]+\)", "MAC, HOSTNAME, RELEASE"),
    (r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z| ?UTC|[+-]\d\d:?\d\d)?", "DATE"),
    (r"\b\d\d:\d\d(?::\d\d)?\b", "TIME"),
    (r"\b(\d+\.\d+\.\d+\.\d+):\d{5}\b", r"\1:PORT"),
    (r"--seed \d+", "--seed N"),
    (r"\b[0-9a-f]{12,64}\b", "ID"),
    (r"\b\d+(?:\.\d+)? ?(?:ms|s|seconds?|min|minutes?|h|hours?|d|days?)\b", "DURATION"),
    (r"\b\d+(?:\.\d+)? ?(?:B|KB|MB|GB|KiB|MiB|GiB|%)", "SIZE"),
    (r"[─━┄=-]{3,}", "---"),
    (r"  +", " "),
)
"""What may differ from what is shown: each pattern and the word that stands for it."""

QUESTIONS = (
    (r"\[y/N\]:? ", r"\S*"),
    (r"\(yes/no(?:/\[fingerprint\])?\)\? ", r"\S+"),
    (r"[Pp]assword(?: for \S+)?: ", r"\S+"),
    (r"\[?\w+@[\w.-]+[: ][\w~/.-]*\]?[#$] ", r".+"),
)
"""Questions, and prompts of a decky's shell, each with what can be typed after it."""

CTRL_C = "^C"


def answers(shown: Sequence[str]) -> list[Answer]:
    """What a reader types while the command runs, in order."""
    found = []
    for line in shown:
        for question, typed in QUESTIONS:
            if match := re.fullmatch(rf".*?{question}({typed})", line):
                found.append(Answer(re.compile(question + r"\Z"), match[1]))
                break
    return found


def differences(shown: Sequence[str], output: str) -> str:
    """How the output differs from what is shown, as a diff; "" if it does not.

    A line `...` stands for any lines, and `...` in a line for any text. What VARIABLE lists may differ.
    """
    came = [alike(line) for line in output.splitlines() if line.strip()]
    wanted = [alike(hidden(line)) for line in shown if line.strip()]
    if re.fullmatch(_pattern(wanted), "".join(f"{line}\n" for line in came)):
        return ""
    return "\n".join(difflib.unified_diff(wanted, came, "shown", "came", lineterm="", n=99))


def hidden(line: str) -> str:
    """The line as the terminal shows it: passwords are not echoed."""
    return re.sub(r"([Pp]assword(?: for \S+)?: )\S+$", r"\1", line)


def alike(line: str) -> str:
    """The line with everything that may differ replaced by a word."""
    for pattern, word in VARIABLE:
        line = re.sub(pattern, word, line)
    return line.strip()


def _pattern(wanted: Sequence[str]) -> str:
    parts = []
    for line in wanted:
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(re.escape(part) for part in line.split("...")) + r"\n")
    return "".join(parts)
