"""Where a shell's lines come from: a text, its input, a prompt."""

from __future__ import annotations

from typing import Any, Protocol

from .context import Context, Discard, Leave, Work, fatal
from .descriptors import Stream
from .dialect import BadSyntax, Incomplete, error_text
from .parser import Parser
from .prompts import converse
from .syntax import Sequence, Simple
from .variables import bash_version

MOST_LINES = 4000
"""Lines that are joined to one command."""


class Scripts(Context, Protocol):
    """The part of the evaluator that reads scripts."""

    def script(self, text: str, *, inner: bool = False) -> Work:
        """Execute a text: `-c`, a file, backquotes. The shell's end, unless it is `inner`."""
        if self.shell.mode == "c" and not inner:
            self.shell.notes[" text"] = text
        work = self._run_text(text, self._head(), whole=not inner)
        if inner:
            yield work
            return self.shell.status
        return (yield self.whole(work))

    def _head(self) -> str:
        if self.shell.dialect.bash and self.shell.mode == "c":
            return f"{self.shell.source}: -c"
        return self.shell.source

    def evaluate(self, text: str, word: str) -> Work:
        """Execute a text in this shell: `eval`, `trap`."""
        try:
            yield self._run_text(
                text,
                f"{self.shell.source}: {word}" if self.shell.dialect.bash else self._head(),
                first=self.shell.line,
            )
        except Discard:
            if self.shell.mode == "c":
                raise
        return self.shell.status

    def _run_text(self, text: str, head: str, *, first: int = 1, whole: bool = False) -> Work:
        first = first if self.shell.dialect.extended else 1
        parser = Parser(text, self.shell.dialect, first, self.aliases())
        shown = 0
        while True:
            try:
                parser.aliases, parser.extglob = self.aliases(), "extglob" in self.shell.shopts
                node = parser.next_command()
            except BadSyntax as error:
                self._show_error(error, head, first, text)
                if not self._keeps_status(error):
                    self.shell.status = 2
                if not self.shell.dialect.bash:
                    raise fatal(self, 2) from None
                return self.shell.status
            if node is None:
                return self.shell.status
            if "v" in self.shell.options and whole:
                self.err(text[shown : parser.at].rstrip("\n") + "\n")
            shown = parser.at
            if self._only_reads:
                continue
            if whole and self.shell.mode == "c" and parser.is_at_end:
                self.replaced_by = _last_command(node)
            try:
                yield self.sequence(node)
            except Discard as discard:
                self.shell.status = discard.status
                if self.shell.mode == "c":
                    raise

    @property
    def _only_reads(self) -> bool:
        """`set -n`: what follows is parsed and not executed."""
        return "n" in self.shell.options and not self.shell.interactive

    def _keeps_status(self, error: BadSyntax) -> bool:
        """Whether an error within `[[ ]]` leaves `$?` as it was: bash 5.2 with `-c`."""
        is_condition = bool(error.message) and error.token not in ("", "newline")
        is_new = self.shell.dialect.bash and bash_version(self.shell) >= "5.2"
        return is_condition and is_new and self.shell.mode == "c"

    def _show_error(self, error: BadSyntax, head: str, first: int, text: str) -> None:
        """A syntax error; bash before 5.2 has a second line about an open quote."""
        dialect = self.shell.dialect
        if dialect.name == "ash":
            self.shell.line = error.line
            head = self.shell.name
        self.err(error_text(error, dialect, head, "\n" * (first - 1) + text))
        is_open = isinstance(error, Incomplete) and bool(error.quote)
        if not dialect.bash or bash_version(self.shell) >= "5.2":
            return
        if is_open:
            self.err(error_text(Incomplete(error.line), dialect, head))
        elif error.message and error.token not in ("", "newline"):
            near = error_text(BadSyntax(error.token, error.line), dialect, head, "\n" * (first - 1) + text)
            self.err(near.replace("unexpected token ", "", 1))

    def aliases(self) -> dict[str, str]:
        """The aliases that count: bash expands none in scripts."""
        if (
            self.shell.dialect.bash
            and not self.shell.interactive
            and "expand_aliases" not in self.shell.shopts
        ):
            return {}
        return self.shell.aliases

    def from_input(self) -> Work:
        """Execute the lines of the standard input."""
        return (yield self.whole(self._lines()))

    def _lines(self) -> Work:
        source = self.fds.get(0)
        if not isinstance(source, Stream):
            return 0
        pending, first, line_number = "", 1, 0
        is_channel = source is self.engine.input
        while True:
            raw = yield from self.read_line(source)
            if raw:
                line_number += 1
                line = raw.decode("utf-8", "surrogateescape")
                if is_channel and line.strip():
                    self.engine.reads_lines(line.rstrip("\r\n"))
                line = line.replace("\r\n", "\n") if is_channel else line
                pending = pending + line if pending else line
                first = first if pending != line else line_number
            if not pending:
                return self.shell.status
            found = self._parsed(pending, first, at_end=not raw)
            if found is None:
                continue
            pending = ""
            for node in () if self._only_reads else found:
                try:
                    yield self.sequence(node)
                except Discard as discard:
                    self.shell.status = discard.status

    def _parsed(self, text: str, first: int, *, at_end: bool) -> list[Any] | None:
        """The commands of some lines; None if more lines belong to them."""
        parser = Parser(text, self.shell.dialect, first, self.aliases(), complete=at_end)
        parser.extglob = "extglob" in self.shell.shopts
        found = []
        try:
            while (node := parser.next_command()) is not None:
                found.append(node)
        except BadSyntax as error:
            if isinstance(error, Incomplete) and not at_end and text.count("\n") < MOST_LINES:
                return None
            self._show_error(error, self.shell.source, first, text)
            self.shell.status = 2
            if not self.shell.dialect.bash:
                raise Leave(2) from None
        else:
            if text.endswith("\\\n") and not at_end:
                return None
        return found

    def interactive(self) -> Work:
        """A shell with a prompt, up to its end."""
        return (yield self.whole(converse(self)))


def _last_command(node: Sequence) -> Simple | None:
    """The simple command with which a list ends, None if it ends with something else."""
    last = node.items[-1]
    pipeline = last.parts[-1][1]
    alone = len(pipeline.commands) == 1 and not (last.background or pipeline.negated or pipeline.timed)
    command = pipeline.commands[0] if alone else None
    return command if isinstance(command, Simple) else None
