"""The tests and options of find."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from ...host.node import Node
from ..process import Process
from ..regex import BadRegex, Regex, Syntax
from ..text.common import Failure, glob, link_node, quoted

MOST_DEPTH = 40


@dataclass
class Entry:
    """One file as find sees it."""

    path: str
    where: str
    node: Node
    depth: int
    start: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rstrip("/").rsplit("/", 1)[-1] or "/"


Test = Callable[[Entry], "Generator[object, object, bool]"]


@dataclass
class Search:
    """The options and what is collected on the way."""

    process: Process
    least: int = 0
    most: int = MOST_DEPTH
    depth_first: bool = False
    now: float = field(default_factory=time.time)
    acts: bool = False
    pruned: bool = False
    quits: bool = False
    follows: str = "P"
    """Which links are followed: none, those of the command line (H), all (L)."""
    stays: bool = False
    """Whether other file systems than that of the start are left out."""
    status: int = 0
    batches: list[tuple[list[str], list[str]]] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)


def entry_of(process: Process, path: str, depth: int, start: str, *, follow: bool = False) -> Entry | None:
    """The file at a path; what a link leads to only if that is asked for, and there."""
    shell = process.shell
    where = shell.absolute(path)
    node = link_node(process, where)
    if node is not None and node.target and follow and (there := shell.node(where)) is not None:
        return Entry(path, shell.real(where), there, depth, start)
    return Entry(path, where, node, depth, start) if node is not None else None


def entry_in(process: Process, above: Entry, folder: str, name: str, *, follow: bool) -> Entry | None:
    """The file of a name in a folder that was found; `folder` is its path without links."""
    path = f"{above.path.rstrip('/')}/{name}"
    if follow:
        return entry_of(process, path, above.depth + 1, above.start, follow=True)
    node = process.shell.lstat_in(folder, name)
    where = f"{above.where.rstrip('/')}/{name}"
    return Entry(path, where, node, above.depth + 1, above.start) if node is not None else None


def pure(check: Callable[[Entry], bool]) -> Test:
    """A test that never waits."""

    def test(entry: Entry) -> Generator[object, object, bool]:
        return check(entry)
        yield

    return test


class Tests:
    """Makes a test of a word and its argument; the methods are found by name."""

    def __init__(self, search: Search, words: list[str]) -> None:
        self._search = search
        self._words = words
        self._at = 0
        self._depth = 0

    def _argument(self, word: str) -> str:
        if self._at >= len(self._words):
            raise Failure(f"missing argument to `{word}'")
        self._at += 1
        return self._words[self._at - 1]

    # Options -----------------------------------------------------------------------------------------------

    def _level(self, word: str) -> int:
        text = self._argument(word)
        if not text.isdecimal():
            shown = quoted(self._search.process, text)
            raise Failure(f"Expected a positive decimal integer argument to {word}, but got {shown}")
        return int(text[:6])

    def _on_maxdepth(self, word: str) -> Test:
        self._search.most = min(MOST_DEPTH, self._level(word))
        return pure(lambda entry: True)

    def _on_mindepth(self, word: str) -> Test:
        self._search.least = self._level(word)
        return pure(lambda entry: True)

    def _on_depth(self, word: str) -> Test:
        self._search.depth_first = True
        return pure(lambda entry: True)

    def _on_true(self, word: str) -> Test:
        return pure(lambda entry: True)

    _on_noleaf = _on_daystart = _on_warn = _on_nowarn = _on_ignore_readdir_race = _on_true
    _on_noignore_readdir_race = _on_true

    def _on_false(self, word: str) -> Test:
        return pure(lambda entry: False)

    def _on_regextype(self, word: str) -> Test:
        self._argument(word)
        return pure(lambda entry: True)

    # Tests -------------------------------------------------------------------------------------------------

    def _glob(self, word: str, what: Callable[[Entry], str], *, fold: bool = False) -> Test:
        regex = glob(self._argument(word)[:500], self._search.process.spend, fold=fold)
        return pure(lambda entry: regex.test(what(entry)))

    def _on_name(self, word: str) -> Test:
        return self._glob(word, lambda entry: entry.name)

    def _on_iname(self, word: str) -> Test:
        return self._glob(word, lambda entry: entry.name, fold=True)

    def _on_path(self, word: str) -> Test:
        return self._glob(word, lambda entry: entry.path)

    def _on_ipath(self, word: str) -> Test:
        return self._glob(word, lambda entry: entry.path, fold=True)

    _on_wholename = _on_path
    _on_iwholename = _on_ipath

    def _on_lname(self, word: str) -> Test:
        return self._glob(word, lambda entry: entry.node.target)

    def _on_regex(self, word: str) -> Test:
        fold = word == "-iregex"
        try:
            regex = Regex(
                self._argument(word),
                Syntax(extended=True, fold=fold),
                self._search.process.spend,
                around="line",
            )
        except BadRegex as error:
            raise Failure(str(error)) from None
        return pure(lambda entry: regex.test(entry.path))

    _on_iregex = _on_regex

    def _kinds(self, word: str) -> list[str]:
        kinds = self._argument(word).split(",")
        for kind in kinds:
            if kind not in tuple("bcdpfls"):
                raise Failure(f"Unknown argument to {word}: {kind}")
        return kinds

    def _on_type(self, word: str) -> Test:
        kinds = self._kinds(word)
        return pure(lambda entry: kind_of(entry) in kinds)

    def _number(self, word: str, value: Callable[[Entry], float], text: str = "") -> Test:
        text = text or self._argument(word)
        digits = text.lstrip("+-")
        if not digits.replace(".", "", 1).isdecimal():
            shown = digits if self._search.process.applet else text
            raise Failure(f"invalid argument `{shown}' to `{word}'")
        number = float(digits[:15])
        if text.startswith("+"):
            return pure(lambda entry: value(entry) > number)
        if text.startswith("-"):
            return pure(lambda entry: value(entry) < number)
        return pure(lambda entry: value(entry) == number)

    def _age(self, word: str, unit: int) -> Test:
        now = self._search.now
        return self._number(word, lambda entry: (now - entry.node.changed) // unit)

    def _on_mtime(self, word: str) -> Test:
        return self._age(word, 86400)

    _on_atime = _on_ctime = _on_mtime

    def _on_mmin(self, word: str) -> Test:
        now = self._search.now
        return self._number(word, lambda entry: -(-(now - entry.node.changed) // 60))

    _on_amin = _on_cmin = _on_mmin

    def _on_size(self, word: str) -> Test:
        text = self._argument(word)
        units = {"c": 1, "w": 2, "b": 512, "k": 1024, "M": 1024**2, "G": 1024**3}
        unit = units.get(text[-1:], 0)
        number = text[:-1] if unit else text
        if not number.lstrip("+-").isdecimal():
            shown = text.lstrip("+-") if self._search.process.applet else text[-1:]
            raise Failure(f"invalid -size type `{shown}'")
        return self._number(word, lambda entry: -(-entry.node.bytes // (unit or 512)), number)

    def _on_empty(self, word: str) -> Test:
        entries = self._search.process.shell.entries

        def check(entry: Entry) -> bool:
            if entry.node.folder:
                self._search.process.spend(500)
                return not entries(entry.where)
            return not entry.node.target and entry.node.bytes == 0

        return pure(check)

    def _on_perm(self, word: str) -> Test:
        text = self._argument(word)
        digits = text.lstrip("-/")
        if digits and set(digits) <= set("01234567"):
            mode = int(digits[:6], 8)
        else:
            mode = _symbolic(digits)
        if mode < 0:
            raise Failure(f"invalid mode {quoted(self._search.process, text)}")
        if text.startswith("-"):
            return pure(lambda entry: entry.node.mode & mode == mode)
        if text.startswith("/"):
            return pure(lambda entry: not mode or bool(entry.node.mode & mode))
        return pure(lambda entry: entry.node.mode & 0o7777 == mode)

    def _allowed(self, want: int) -> Test:
        shell = self._search.process.shell
        return pure(
            lambda entry: shell.allowed(entry.where, want) and (want != 1 or bool(entry.node.mode & 0o111))
        )

    def _on_readable(self, word: str) -> Test:
        return self._allowed(4)

    def _on_writable(self, word: str) -> Test:
        return self._allowed(2)

    def _on_executable(self, word: str) -> Test:
        return self._allowed(1)


def kind_of(entry: Entry) -> str:
    """The letter of a file's type."""
    if entry.node.folder:
        return "d"
    if entry.node.target:
        return "l"
    return entry.node.kind or "f"


def _symbolic(text: str) -> int:
    """The bits of a mode such as `u+x,g=w`; -1 for a bad one."""
    mode = 0
    shifts = {"u": 6, "g": 3, "o": 0}
    bits = {"r": 4, "w": 2, "x": 1}
    for part in text.split(","):
        who = part[: len(part) - len(part.lstrip("ugoa"))]
        what = part[len(who) :]
        if what[:1] not in ("+", "=") or not what[:1] or set(what[1:]) - set("rwxst"):
            return -1
        for letter in "ugo" if not who or "a" in who else who:
            mode |= sum(bits.get(bit, 0) for bit in what[1:]) << shifts[letter]
            mode |= {"u": 0o4000, "g": 0o2000}.get(letter, 0) if "s" in what else 0
        mode |= 0o1000 if "t" in what else 0
    return mode
