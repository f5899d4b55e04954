"""`python -m tests.docs.picture DEMO.LOG`: docs/demo.svg, from the output of `make demo`."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).parents[2] / "docs" / "demo.svg"
WIDTH = 112
PROMPT = re.compile(r"(?:operator|attacker|w\d)\$ ")
SHOWN = (
    ("operator$ decnet status", ""),
    ("attacker$ ssh root@", ""),
    ("operator$ decnet events --pull", r"/ssh .*(contact|login)"),
    ("w1$ docker kill", ""),
    ("operator$ decnet reconcile", r"^[~]|succeeded|done"),
)
"""Commands of the demo in its order, and which lines of their output are shown ("": all)."""


def main(log: Path) -> None:
    """Draw the chosen commands of the log as docs/demo.svg."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in chosen(log.read_text().splitlines()):
        console.print(Text(line[:WIDTH], style="bold green" if PROMPT.match(line) else ""))
    svg = console.export_svg(title="make demo")
    # No fonts from elsewhere: the reader's monospace font will do.
    TARGET.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S))


def chosen(lines: list[str]) -> Iterator[str]:
    """The shown commands, each with its output and an empty line."""
    ends = [at for at, line in enumerate(lines) if PROMPT.match(line) or line.startswith("===")]
    at = 0
    for command, pattern in SHOWN:
        at = next(start for start in ends if start >= at and lines[start].startswith(command))
        end = next(place for place in ends if place > at)
        yield lines[at]
        yield from (line for line in lines[at + 1 : end - 1] if re.search(pattern, line))
        yield ""
        at = end


if __name__ == "__main__":
    main(Path(sys.argv[1]))
