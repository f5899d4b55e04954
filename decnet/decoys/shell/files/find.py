"""find: its grammar, its actions, and the walk over the machine's files."""

import re
from collections.abc import Callable, Generator

from ..process import Process, Running
from ..text.common import Failure, bytes_of, quoted, save, tool
from .find_files import FileTests
from .find_tests import Entry, Search, Test, entry_in, entry_of, pure

MOST_FOUND = 20_000
MOST_WORDS = 2_000


@tool
def find(process: Process) -> Running:
    """Status 1 after an error. Raises Failure for a bad expression."""
    words = list(process.args)
    follows = "P"
    while words and (words[0] in ("-H", "-L", "-P") or words[0].startswith("-O")):
        word = words.pop(0)
        follows = word[1] if word[1] != "O" else follows
    starts: list[str] = []
    while words and not words[0].startswith(("-", "(", ")", "!", ",")):
        starts.append(words.pop(0))
    if len(words) > MOST_WORDS:
        raise Failure("Argument list too long")
    search = Search(process, follows=follows)
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


def _walk(search: Search, start: str, test: Test) -> Generator[object, object, None]:
    process = search.process
    follow = search.follows != "P" or (start.endswith("/") and start.strip("/") != "")
    first = entry_of(process, start, 0, start, follow=follow)
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
    if search.stays and entry.depth and entry.where in {mount.target for mount in process.shell.mounts()}:
        return []
    names = process.shell.entries(entry.where)
    process.spend(500 + 5 * len(names))
    found, follow, folder = [], search.follows == "L", process.shell.real(entry.where)
    for name in reversed(names):
        child = entry_in(process, entry, folder, name, follow=follow)
        if child is None or (follow and _is_loop(search, entry, child)):
            continue
        found.append((child, False))
    return found


def _is_loop(search: Search, entry: Entry, child: Entry) -> bool:
    """Whether a link leads to a folder that it is in, which is reported."""
    inside = f"{entry.where.rstrip('/')}/"
    if not child.node.folder or not inside.startswith(f"{child.where.rstrip('/')}/"):
        return False
    process = search.process
    outer = entry.path.rstrip("/") or "/"
    for _ in range(inside[len(child.where.rstrip("/")) :].count("/") - 1):
        outer = outer.rpartition("/")[0] or "/"
    shown = f"{quoted(process, child.path)} is part of the same file system loop as {quoted(process, outer)}"
    process.err(f"{process.name}: File system loop detected; {shown}.\n")
    search.status = 1
    return True


NOT_IN_BUSYBOX = frozenset((
    "-delete", "-printf", "-fprintf", "-fprint", "-fprint0", "-fls", "-ls", "-ok", "-okdir", "-execdir",
    "-readable", "-writable", "-lname", "-cnewer", "-anewer", "-used", "-fstype", "-nogroup", "-nouser",
    "-daystart",
))  # fmt: skip
"""Predicates that BusyBox does not have, as it is usually built."""


class Expression(FileTests):
    """Parses the words after the starting points."""

    def whole(self) -> Test:
        """The test that the words stand for; true without words."""
        if not self._words:
            return pure(lambda entry: True)
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

    def _predicate(self, word: str) -> Test:
        name = word.lstrip("-").replace("-", "_")
        maker = getattr(self, "_on_" + name, None)
        if not word.startswith("-"):
            raise Failure(f"paths must precede expression: `{word}'")
        if self._search.process.applet and word in NOT_IN_BUSYBOX:
            maker = None
        if maker is None and re.fullmatch("-newer..", word):
            return self._newer_than(word)
        if maker is None:
            raise Failure(f"unknown predicate `{word}'")
        made: Test = maker(word)
        return made

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

        return pure(check)

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

        return pure(check)

    def _on_quit(self, word: str) -> Test:
        self._search.acts = True

        def check(entry: Entry) -> bool:
            self._search.quits = True
            return True

        return pure(check)

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

        return pure(check)

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

        return pure(check)

    def _each(self, words: list[str]) -> Test:
        process = self._search.process

        def test(entry: Entry) -> Generator[object, object, bool]:
            command = [part.replace("{}", entry.path) for part in words]
            status = yield from process.call(command, b"")
            return status == 0

        return test


COMMANDS = {"find": find}
