"""Makes completions.zip: `python -m trees.completions FOLDER` in packaging/, by hand.

FOLDER has a file for each program with the lines of completions.sh, which ran in the tree of a system with
bash-completion, and `=` with what `complete -p` prints there. The archive has the form of RELEASE.printed.zip. An
answer has a line for each question: the words so far, "n" if no blank follows a word, and the words that are
offered, with \\x1f between them. Questions whose answer is that of the program without these words are missing.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from .printed import DATA, write

MOST_WORDS = 400
"""More are a list of the machine, such as all packages."""
DYNAMIC = {
    "man": "<manuals>",
    "apropos": "<manuals>",
    "whatis": "<manuals>",
    "umount": "<mounts>",
    "type": "<commands>",
}
"""Programs whose first words are such a list."""
LISTS = {
    "<allowed_users>": {"root", "daemon", "games", "nobody"},
    "<allowed_groups>": {"root", "daemon", "adm", "tty"},
    "<filedir>": {"etc", "usr", "boot"},
    "<filedir> ": {"/etc", "/usr", "/boot"},
    "<filedir>  ": {"etc/", "usr/", "boot/"},
}
"""Lists of a machine, and words that only they have."""


def main() -> None:
    """Write the archive."""
    folder = Path(sys.argv[1])
    answers = {"=": (folder / "=").read_bytes()}
    for file in sorted(folder.iterdir()):
        if file.name != "=" and (answer := _packed(file.name, file.read_text(errors="replace"))):
            answers[file.name] = answer.encode()
    write(DATA / "completions.zip", answers)
    print(len(answers), "programs")


def _packed(program: str, text: str) -> str:
    """The lines of one program; "" if it has none of its own."""
    specification, found = "", {}
    for line in re.sub(r"-o\n(\w+\x1f)", r"-o \1", text).splitlines():
        fields = line.split("\x1f")
        if fields[0] == "=":
            specification = fields[1]
        elif len(fields) > 2:
            found[fields[0]] = (
                "n" if "-o nospace" in fields[1] else "",
                _words(program, fields[0], fields[2:]),
            )
    if not found or "_minimal" in specification:
        return ""
    base = {"": found.get(""), "-": found.get("-"), "--": found.get("--")}
    kept = {
        words: answer
        for words, answer in found.items()
        if words in base or answer != base.get(words.rpartition(" ")[2])
    }
    falls_back = "-o default" in specification or "-o bashdefault" in specification
    lines = [
        f"{words}\t{flag}\t" + "\x1f".join(_or_files(offered, falls_back))
        for words, (flag, offered) in kept.items()
    ]
    return "\n".join(lines)


def _words(program: str, words: str, offered: list[str]) -> list[str]:
    if not words and program in DYNAMIC:
        return [DYNAMIC[program]]
    offered = [each for each in dict.fromkeys(_named(each.strip()) for each in offered) if each]
    for name, marks in LISTS.items():
        if marks <= set(offered):
            offered = [*(each for each in offered if each[:1] in ("-", "<")), name.strip()]
    return offered if len(offered) <= MOST_WORDS else []


def _named(word: str) -> str:
    """A list by one name, and without what belongs to the machine that was asked."""
    name = word[1:-1].split(" ")[0]
    if not word.startswith("<"):
        return word
    if "unit" in name:
        return "<units>"
    if name.startswith("__"):
        return ""
    if "packages" in name or name == "installed":
        return "<packages>"
    return word if name in ("filedir", "signals", "pnames") else f"<{name}>"


def _or_files(offered: list[str], falls_back: bool) -> list[str]:
    return offered or ["<filedir>"] if falls_back else offered


if __name__ == "__main__":
    main()
