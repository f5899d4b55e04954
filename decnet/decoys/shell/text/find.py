"""find: tests, operators and actions over the machine's files."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from ..node import Node
from ..process import Process, Running
from ..regex import BadRegex, Regex, Syntax
from .common import Failure, bytes_of, glob, link_node, quoted, save, tool

MOST_FOUND = 20_000
MOST_WORDS = 2_000
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
    status: int = 0
    batches: list[tuple[list[str], list[str]]] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)


@tool
def find(process: Process) -> Running:
    """Status 1 after an error. Raises Failure for a bad expression."""
    words = list(process.args)
    while words and words[0] in ("-H", "-L", "-P"):
        words.pop(0)
    starts: list[str] = []
    while words and not words[0].startswith(("-", "(", ")", "!", ",")):
        starts.append(words.pop(0))
    if len(words) > MOST_WORDS:
        raise Failure("Argument list too long")
    search = Search(process)
    parser = Expression(search, words)
    test = parser.whole()
    for start in starts or ["."]:
        yield from _walk(search, start, test)
        if search.quits:
            break
    for command, paths in search.batches:
        if paths:
            status = yield from process.call(command + paths, b"")
            search.status = search.status or (1 if status else 0)
    for path, lines in search.files.items():
        save(process, path, bytes_of("".join(lines)))
    return search.status


def _entry(process: Process, path: str, depth: int, start: str) -> Entry | None:
    """The file at a path, links not followed."""
    shell = process.shell
    where = shell.absolute(path)
    node = link_node(process, where)
    return Entry(path, where, node, depth, start) if node is not None else None


def _walk(search: Search, start: str, test: Test) -> Generator[object, object, None]:
    process = search.process
    first = _entry(process, start, 0, start)
    if first is None:
        process.err(f"{process.name}: {quoted(process, start)}: No such file or directory\n")
        search.status = 1
        return
    stack: list[tuple[Entry, bool]] = [(first, False)]
    count = 0
    while stack and not search.quits:
        entry, done = stack.pop()
        process.spend(20)
        if process.tired:
            yield 0.0
        count += 1
        if count > 2 * MOST_FOUND:
            return
        search.pruned = False
        if search.depth_first and entry.node.folder and not done:
            stack.append((entry, True))
            stack += _children(search, entry)
            continue
        if entry.depth >= search.least and (yield from test(entry)) and not search.acts:
            process.out(entry.path + "\n")
        if entry.node.folder and not search.pruned and not done:
            stack += _children(search, entry)


def _children(search: Search, entry: Entry) -> list[tuple[Entry, bool]]:
    process = search.process
    if entry.depth >= search.most or entry.node.target:
        return []
    if not process.shell.allowed(entry.where, 4):
        process.err(f"{process.name}: {quoted(process, entry.path)}: Permission denied\n")
        search.status = 1
        return []
    names = process.shell.entries(entry.where)
    process.spend(500 + 5 * len(names))
    found = []
    for name in reversed(names):
        child = _entry(process, f"{entry.path.rstrip('/')}/{name}", entry.depth + 1, entry.start)
        if child is not None:
            found.append((child, False))
    return found


def _pure(check: Callable[[Entry], bool]) -> Test:
    def test(entry: Entry) -> Generator[object, object, bool]:
        return check(entry)
        yield

    return test


class Expression:
    """Parses the words after the starting points."""

    def __init__(self, search: Search, words: list[str]) -> None:
        self._search = search
        self._words = words
        self._at = 0
        self._depth = 0

    def whole(self) -> Test:
        """The test that the words stand for; true without words."""
        if not self._words:
            return _pure(lambda entry: True)
        test = self._comma()
        if self._at < len(self._words):
            raise Failure("you have too many ')'")
        return test

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _comma(self) -> Test:
        left = self._or()
        while self._peek() == ",":
            self._at += 1
            left = self._both(left, self._or(), wanted=None)
        return left

    def _or(self) -> Test:
        left = self._and()
        while self._peek() in ("-o", "-or"):
            self._at += 1
            left = self._both(left, self._and(), wanted=False)
        return left

    def _and(self) -> Test:
        left = self._not()
        while self._peek() not in ("", ")", "-o", "-or", ","):
            if self._peek() in ("-a", "-and"):
                self._at += 1
            left = self._both(left, self._not(), wanted=True)
        return left

    @staticmethod
    def _both(left: Test, right: Test, *, wanted: bool | None) -> Test:
        def test(entry: Entry) -> Generator[object, object, bool]:
            first = yield from left(entry)
            if wanted is not None and first != wanted:
                return first
            return (yield from right(entry))

        return test

    def _not(self) -> Test:
        self._depth += 1
        if self._depth > 60:
            raise Failure("expression too deep")
        try:
            return self._primary()
        finally:
            self._depth -= 1

    def _primary(self) -> Test:
        word = self._peek()
        self._at += 1
        if word in ("!", "-not"):
            if not self._peek():
                raise Failure(f"expected an expression after '{word}'")
            inner = self._not()

            def negated(entry: Entry) -> Generator[object, object, bool]:
                return not (yield from inner(entry))

            return negated
        if word == "(":
            if self._peek() == ")":
                raise Failure("invalid expression; empty parentheses are not allowed.")
            inner = self._comma()
            if self._peek() != ")":
                raise Failure(
                    "invalid expression; I was expecting to find a ')' somewhere but did not see one."
                )
            self._at += 1
            return inner
        if word == ")" or not word:
            raise Failure("invalid expression; you have used a binary operator '-a' with nothing before it.")
        return self._predicate(word)

    def _argument(self, word: str) -> str:
        if self._at >= len(self._words):
            raise Failure(f"missing argument to `{word}'")
        self._at += 1
        return self._words[self._at - 1]

    def _predicate(self, word: str) -> Test:
        name = word.lstrip("-").replace("-", "_")
        maker = getattr(self, "_on_" + name, None)
        if not word.startswith("-"):
            raise Failure(f"paths must precede expression: `{word}'")
        if maker is None:
            raise Failure(f"unknown predicate `{word}'")
        made: Test = maker(word)
        return made

    # Options -----------------------------------------------------------------------------------------------

    def _level(self, word: str) -> int:
        text = self._argument(word)
        if not text.isdecimal():
            shown = quoted(self._search.process, text)
            raise Failure(f"Expected a positive decimal integer argument to {word}, but got {shown}")
        return int(text[:6])

    def _on_maxdepth(self, word: str) -> Test:
        self._search.most = min(MOST_DEPTH, self._level(word))
        return _pure(lambda entry: True)

    def _on_mindepth(self, word: str) -> Test:
        self._search.least = self._level(word)
        return _pure(lambda entry: True)

    def _on_depth(self, word: str) -> Test:
        self._search.depth_first = True
        return _pure(lambda entry: True)

    def _on_xdev(self, word: str) -> Test:
        return _pure(lambda entry: True)

    _on_mount = _on_noleaf = _on_follow = _on_daystart = _on_warn = _on_nowarn = _on_true = _on_xdev
    _on_ignore_readdir_race = _on_xdev

    def _on_false(self, word: str) -> Test:
        return _pure(lambda entry: False)

    def _on_regextype(self, word: str) -> Test:
        self._argument(word)
        return _pure(lambda entry: True)

    # Tests -------------------------------------------------------------------------------------------------

    def _glob(self, word: str, what: Callable[[Entry], str], *, fold: bool = False) -> Test:
        regex = glob(self._argument(word)[:500], self._search.process.spend, fold=fold)
        return _pure(lambda entry: regex.test(what(entry)))

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
        return _pure(lambda entry: regex.test(entry.path))

    _on_iregex = _on_regex

    def _on_type(self, word: str) -> Test:
        kinds = self._argument(word).split(",")
        for kind in kinds:
            if kind not in tuple("bcdpfls"):
                raise Failure(f"Unknown argument to {word}: {kind}")
        return _pure(lambda entry: kind_of(entry) in kinds)

    _on_xtype = _on_type

    def _number(self, word: str, value: Callable[[Entry], float], text: str = "") -> Test:
        text = text or self._argument(word)
        digits = text.lstrip("+-")
        if not digits.replace(".", "", 1).isdecimal():
            raise Failure(f"invalid argument `{text}' to `{word}'")
        number = float(digits[:15])
        if text.startswith("+"):
            return _pure(lambda entry: value(entry) > number)
        if text.startswith("-"):
            return _pure(lambda entry: value(entry) < number)
        return _pure(lambda entry: value(entry) == number)

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
            raise Failure(f"invalid -size type `{text[-1:]}'")
        return self._number(word, lambda entry: -(-entry.node.bytes // (unit or 512)), number)

    def _on_empty(self, word: str) -> Test:
        entries = self._search.process.shell.entries

        def check(entry: Entry) -> bool:
            if entry.node.folder:
                self._search.process.spend(500)
                return not entries(entry.where)
            return not entry.node.target and entry.node.bytes == 0

        return _pure(check)

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
            return _pure(lambda entry: entry.node.mode & mode == mode)
        if text.startswith("/"):
            return _pure(lambda entry: not mode or bool(entry.node.mode & mode))
        return _pure(lambda entry: entry.node.mode & 0o7777 == mode)

    def _on_user(self, word: str) -> Test:
        name = self._argument(word)
        world = self._search.process.shell.world
        return _pure(lambda entry: entry.node.owner == name or str(world.number_of(entry.node.owner)) == name)

    _on_group = _on_uid = _on_gid = _on_user

    def _on_nouser(self, word: str) -> Test:
        return _pure(lambda entry: False)

    _on_nogroup = _on_nouser

    def _on_newer(self, word: str) -> Test:
        path = self._argument(word)
        other = _entry(self._search.process, path, 0, path)
        if other is None:
            raise Failure(f"{quoted(self._search.process, path)}: No such file or directory")
        changed = other.node.changed
        return _pure(lambda entry: entry.node.changed > changed)

    _on_anewer = _on_cnewer = _on_newer

    def _allowed(self, want: int) -> Test:
        shell = self._search.process.shell
        return _pure(
            lambda entry: shell.allowed(entry.where, want) and (want != 1 or bool(entry.node.mode & 0o111))
        )

    def _on_readable(self, word: str) -> Test:
        return self._allowed(4)

    def _on_writable(self, word: str) -> Test:
        return self._allowed(2)

    def _on_executable(self, word: str) -> Test:
        return self._allowed(1)

    def _on_links(self, word: str) -> Test:
        return self._number(word, lambda entry: 2 if entry.node.folder else 1)

    # Actions -----------------------------------------------------------------------------------------------

    def _shown(self, show: Callable[[Entry], str], path: str = "") -> Test:
        search = self._search
        search.acts = True
        lines: list[str] = search.files.setdefault(path, []) if path else []

        def check(entry: Entry) -> bool:
            if path:
                lines.append(show(entry))
            else:
                search.process.out(show(entry))
            return True

        return _pure(check)

    def _on_print(self, word: str) -> Test:
        return self._shown(lambda entry: entry.path + "\n")

    def _on_print0(self, word: str) -> Test:
        return self._shown(lambda entry: entry.path + "\0")

    def _on_fprint(self, word: str) -> Test:
        return self._shown(lambda entry: entry.path + "\n", self._argument(word))

    def _on_printf(self, word: str) -> Test:
        from .find_format import formatted

        template = self._argument(word)[:2000]
        world = self._search.process.shell.world
        return self._shown(
            lambda entry: formatted(template, entry.path, entry.start, entry.depth, entry.node, world)
        )

    def _on_ls(self, word: str) -> Test:
        from .find_format import listed

        return self._shown(lambda entry: listed(entry.path, entry.node, self._search.now))

    def _on_prune(self, word: str) -> Test:
        def check(entry: Entry) -> bool:
            self._search.pruned = True
            return True

        return _pure(check)

    def _on_quit(self, word: str) -> Test:
        self._search.acts = True

        def check(entry: Entry) -> bool:
            self._search.quits = True
            return True

        return _pure(check)

    def _on_delete(self, word: str) -> Test:
        self._search.acts = self._search.depth_first = True
        process = self._search.process

        def check(entry: Entry) -> bool:
            folder = entry.where.rsplit("/", 1)[0] or "/"
            reason = ""
            if not process.shell.allowed(folder, 2):
                reason = "Permission denied"
            elif entry.node.folder and process.shell.entries(entry.where):
                reason = "Directory not empty"
            reason = reason or process.shell.change(entry.where, None)
            if reason:
                process.err(f"{process.name}: cannot delete {quoted(process, entry.path)}: {reason}\n")
                self._search.status = 1
            return not reason

        return _pure(check)

    def _on_exec(self, word: str) -> Test:
        self._search.acts = True
        words: list[str] = []
        while self._at < len(self._words):
            part = self._argument(word)
            if part == ";":
                return self._each(words)
            if part == "+" and words and words[-1] == "{}":
                return self._batch(words[:-1])
            words.append(part)
        raise Failure(f"missing argument to `{word}'")

    _on_execdir = _on_ok = _on_okdir = _on_exec

    def _batch(self, words: list[str]) -> Test:
        batch: list[str] = []
        self._search.batches.append((words, batch))

        def check(entry: Entry) -> bool:
            batch.append(entry.path)
            return True

        return _pure(check)

    def _each(self, words: list[str]) -> Test:
        process = self._search.process

        def test(entry: Entry) -> Generator[object, object, bool]:
            command = [part.replace("{}", entry.path) for part in words]
            status = yield from process.call(command, b"")
            return status == 0

        return test


def kind_of(entry: Entry) -> str:
    """The letter of a file's type."""
    if entry.node.folder:
        return "d"
    if entry.node.target:
        return "l"
    if entry.where.startswith("/dev/") and entry.node.bytes == 0:
        return "c"
    return "f"


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


COMMANDS = {"find": find}
