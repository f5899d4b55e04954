"""Makes bash.help.zip: `python -m trees.bash_help VERSION=FILE...` in packaging/, by hand.

FILE has what `help '*'` of that version of bash prints. The archive has the form of RELEASE.printed.zip, and
a text for each `VERSION TOPIC`; one that two versions have in common is kept once.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from .printed import DATA, write


def main() -> None:
    """Write the archive."""
    answers = {}
    for argument in sys.argv[1:]:
        version, _, file = argument.partition("=")
        text = Path(file).read_text().partition("\n\n")[2]
        for topic in re.findall(r"(?m)^(?:\S[^\n]*\n)(?:    [^\n]*\n)+", text):
            name = re.findall(r"(.+?): ", topic)[0]
            answers[f"{version} {name}"] = topic.encode()
    write(DATA / "bash.help.zip", answers)


if __name__ == "__main__":
    main()
