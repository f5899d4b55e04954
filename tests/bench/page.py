"""The pages with measured figures, from the results of one whole run, which are kept in docs/performance.

    python -m tests.bench.page FILE      keep these results, and write the pages and plots from them
    python -m tests.bench.page           write them from the kept results
    python -m tests.bench.page --check   only show which are not current; exit 1 if any is not

A page is its text in tests/bench/pages with the figures put in, where a line is `{machine}`, `{aims}`,
`{parts}` or `{part:NAME}`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from .growth import Growth
from .plot import svg
from .report import ROOT, Part, Results, read, write
from .rows import HEAD, Result, Skipped, cells

TEXTS = Path(__file__).with_name("pages")
DOCS = ROOT / "docs"
KEPT = DOCS / "performance" / "bench.json"
PLACE = re.compile(r"^\{(machine|aims|parts|part:(\w+))\}$", re.M)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.page")
    parser.add_argument("file", type=Path, nargs="?", default=KEPT, help="the results of a whole run")
    parser.add_argument("--check", action="store_true", help="write nothing")
    args = parser.parse_args()
    results = read(args.file)
    if args.check:
        return check(generated(results))
    KEPT.parent.mkdir(exist_ok=True)
    write(KEPT, results)
    for path in stale(generated(results)):
        path.unlink()
    for path, text in generated(results).items():
        path.write_text(text)
    return 0


def check(files: dict[Path, str]) -> int:
    wrong = [path for path, text in files.items() if not path.is_file() or path.read_text() != text]
    for path in [*wrong, *stale(files)]:
        print(f"{path.relative_to(ROOT)} is not current: python -m tests.bench.page", file=sys.stderr)
    return 1 if [*wrong, *stale(files)] else 0


def stale(files: Iterable[Path]) -> list[Path]:
    """Plots of figures that are not measured any more."""
    return sorted(set(KEPT.parent.glob("*.svg")) - set(files))


def generated(results: Results) -> dict[Path, str]:
    """Every page and plot with its text."""
    texts = {path.name: path.read_text() for path in sorted(TEXTS.glob("*.md"))}
    pages = {DOCS / name: filled(text, results, texts.values()) for name, text in texts.items()}
    plots = {DOCS / plot(row): svg(row) for row in results.rows if isinstance(row, Growth)}
    return pages | plots


def filled(text: str, results: Results, texts: Iterable[str]) -> str:
    """The text with the figures. `{parts}` are those that no page names by itself."""
    named = {part for each in texts for _, part in PLACE.findall(each)}
    puts: dict[str, Callable[[], str]] = {
        "machine": lambda: machine(results),
        "aims": lambda: aims(results.rows),
        "parts": lambda: "\n\n".join(
            f"### {name}\n\n{section(part)}"
            for name, part in results.parts.items()
            if part.rows and name not in named
        ),
    }
    return PLACE.sub(lambda at: puts[at[1]]() if not at[2] else section(results.parts.get(at[2])), text)


def machine(results: Results) -> str:
    """On what the figures were measured."""
    about = results.header
    engines = ", ".join(each for each in about["engines"].values() if each)
    minutes = sum(part.seconds for part in results.parts.values()) / 60
    return (
        f"Version {about['version']}, commit {about['commit']}, {about['date']}: "
        f"{about['processors']} processors, Linux {about['kernel']}, Python {about['python']}, {engines}; "
        f"load {about['load']:.1f} at the start. The run took {minutes:.0f} minutes."
    )


def aims(rows: list[Result]) -> str:
    """How many aims were met, and which were not."""
    aimed = [row for row in rows if not isinstance(row, Skipped) and row.aim is not None]
    missed = [row for row in aimed if row.missed]
    lines = [f"{len(aimed) - len(missed)} of {len(aimed)} aims are met."]
    if missed:
        lines += ["", "| missed | ratio | aim |", "|---|---|---|"]
        lines += [f"| {_cell(row.what)} | {cells(row)[3]} | {cells(row)[4]} |" for row in missed]
    return "\n".join(lines)


def section(part: Part | None) -> str:
    """The table of a part, and below it the plot of each growth."""
    if part is None:
        return "Not measured."
    lines = [_line(HEAD), "|" + "---|" * len(HEAD), *(_line(cells(row)) for row in part.rows)]
    plots = [f"![{row.what}]({plot(row)})" for row in part.rows if isinstance(row, Growth)]
    return "\n".join([*lines, *([""] if plots else []), *plots])


def plot(row: Growth) -> str:
    """The name of its picture, from docs."""
    return f"performance/{re.sub('[^a-z0-9]+', '-', row.what.lower()).strip('-')}.svg"


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(map(_cell, texts)) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main())
