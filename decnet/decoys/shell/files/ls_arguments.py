"""The words that options of ls take, and its complaint about others (argmatch of gnulib)."""

from __future__ import annotations

from ..process import Process
from ..text.common import Failure, Options, quoted

WHEN = (("always", "yes", "force"), ("never", "no", "none"), ("auto", "tty", "if-tty"))
WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "sort": (("none",), ("time",), ("size",), ("extension",), ("version",), ("width",)),
    "format": (("verbose", "long"), ("commas",), ("horizontal", "across"), ("vertical",), ("single-column",)),
    "quoting-style": tuple(
        (each,) for each in ("literal", "shell", "shell-always", "shell-escape", "shell-escape-always", "c",
                             "c-maybe", "escape", "locale", "clocale")
    ),
    "indicator-style": (("none",), ("slash",), ("file-type",), ("classify",)),
    "time": (
        ("atime", "access", "use"), ("ctime", "status"), ("mtime", "modification"), ("birth", "creation")
    ),
    "color": WHEN, "classify": WHEN, "hyperlink": WHEN,
}  # fmt: skip
"""By option, the words with one meaning together."""
NOT_SHOWN = "mtime"
"""What ls 8 and 9 leave out of the list."""
TIME_STYLES = ("full-iso", "long-iso", "iso", "locale")


def check(process: Process, options: Options) -> None:
    """Raises Failure for the first word that ls does not know."""
    for option, value in options.given:
        if option == "time-style":
            _check_style(process, value)
        elif value and option in WORDS and not _is_known(value, WORDS[option]):
            raise _unknown(process, value, option)


def _is_known(value: str, groups: tuple[tuple[str, ...], ...]) -> bool:
    """A whole word, or the begin of words that mean the same."""
    if any(value in group for group in groups):
        return True
    return sum(any(word.startswith(value) for word in group) for group in groups) == 1


def _check_style(process: Process, value: str) -> None:
    if value.removeprefix("posix-") in TIME_STYLES or value.startswith("+"):
        return
    valid = "".join(f"\n  - [posix-]{each}" for each in TIME_STYLES)
    what = f"invalid argument {quoted(process, value)} for {quoted(process, 'time style')}"
    form = "\n  - +FORMAT (e.g., +%H:%M) for a 'date'-style format"
    raise Failure(f"{what}\nValid arguments are:{valid}{form}", 2, hint=True)


def _unknown(process: Process, value: str, option: str) -> Failure:
    groups = [group for group in WORDS[option] if NOT_SHOWN not in group]
    listed = "".join("\n  - " + ", ".join(quoted(process, each) for each in group) for group in groups)
    what = f"invalid argument {quoted(process, value)} for {quoted(process, '--' + option)}"
    return Failure(f"{what}\nValid arguments are:{listed}", 1, hint=True)
