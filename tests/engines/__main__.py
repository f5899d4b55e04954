"""`make engines`: decnet on each engine, system and Python that people run, cell by cell, as a table.

    python -m tests.engines [WORD...]     only the cells whose names contain one of these words

A cell that is "not run" shows the command that was tried and its error. Red if a cell failed, or one that
must run did not.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .matrix import CELLS, Cell, Result, is_green, read_report, table

SECONDS = 2400


def main(words: list[str]) -> int:
    chosen = [cell for cell in CELLS if not words or any(word in cell.name for word in words)]
    results = []
    for cell in chosen:
        results.append(run(cell))
        print(table([results[-1]], head=False), flush=True)
        if results[-1].verdict == "failed":
            print(results[-1].output[-4000:], flush=True)
    print(f"\n{table(results)}")
    return 0 if results and is_green(results) else 1


def run(cell: Cell) -> Result:
    """One pytest for each cell: what breaks in one leaves nothing to the next."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        argv = [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "engines or not lab",
            "--tb=short", "-o", "junit_family=xunit1", f"--junitxml={report}", *cell.tests,
        ]  # fmt: skip
        began = time.monotonic()
        code, output = _ended(argv)
        return read_report(cell, report, code, output, time.monotonic() - began)


def _ended(argv: list[str]) -> tuple[int, str]:
    """Exit code and output; one that does not end is killed."""
    try:
        ended = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        return 1, f"{(late.stdout or b'').decode('utf-8', 'replace')}\nstill running after {SECONDS} s"
    return ended.returncode, ended.stdout.decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
