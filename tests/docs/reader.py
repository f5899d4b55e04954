"""A reader who types every command of a page, in order, and compares what comes with what the page shows."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from docs.pages import PROMPT, ROOT, Command, WrittenFile, read, steps
from docs.shown import CTRL_C, answers, differences
from docs.terminal import Answer, Terminal, Typed

HERE = Path(__file__).parent
LIMIT = 120.0
"""How many seconds one command may take."""


@dataclass(frozen=True)
class Setting:
    """Where a page is typed, and what it takes for granted."""

    place: str
    """`here`, `lab` or a machine of the shared practice network, as in pages.toml."""
    before: list[str] = field(default_factory=list)
    """Commands that prepare what the page takes for granted."""


@dataclass(frozen=True)
class NotRun:
    """Commands of a page that are not run: `text` is a pattern as of file names."""

    page: str
    text: str
    reason: str

    def covers(self, command: Command) -> bool:
        return command.page == self.page and fnmatchcase(command.text, self.text)


@dataclass
class Count:
    """Commands of the pages that were read."""

    found: int = 0
    run: int = 0
    not_run: int = 0


def settings() -> dict[str, Setting]:
    """By page; each page with commands needs one."""
    return {
        page: Setting(**found) for page, found in tomllib.loads((HERE / "pages.toml").read_text()).items()
    }


def exceptions() -> list[NotRun]:
    return [NotRun(**entry) for entry in tomllib.loads((HERE / "not_run.toml").read_text())["command"]]


def commands_of(page: str) -> list[Command]:
    return [step for step in steps(page, read(page)) if isinstance(step, Command)]


@dataclass
class Reader:
    """Types one page. `open_at` starts a shell on a machine, "" being the page's own."""

    page: str
    open_at: Callable[[str], Terminal]
    count: Count
    folders: dict[str, str] = field(default_factory=dict)
    """What commands that prepare a page may name in braces, besides the repository."""
    terminals: dict[str, Terminal] = field(default_factory=dict)

    def type_page(self, before: list[str]) -> list[str]:
        """Do everything that the page asks for; returns what was not as the page shows it."""
        found = [f"before: {problem}" for text in before for problem in self._prepare(text)]
        todo = steps(self.page, read(self.page))
        step: Command | WrittenFile | None = None
        try:
            for step, following in zip(todo, [*todo[1:], None], strict=True):
                if isinstance(step, WrittenFile):
                    found += self._write(step)
                else:
                    found += self._command(step, following)
        except AssertionError as stuck:
            found.append(f"{self.page}:{step and step.line}: {stuck}")
        finally:
            for terminal in self.terminals.values():
                terminal.close()
        return found

    def _command(self, command: Command, following: Command | WrittenFile | None) -> Iterator[str]:
        self.count.found += 1
        if any(listed.covers(command) for listed in exceptions()):
            self.count.not_run += 1
            return
        self.count.run += 1
        interrupted = CTRL_C in command.shown
        typed = self._type(command, answers(command.shown), interrupted=interrupted)
        where = f"{command.page}:{command.line}: {command.text}"
        asked = isinstance(following, Command) and following.text == "echo $?"
        if typed.code and not asked and not interrupted:
            yield f"{where}\nexit code {typed.code}:\n{typed.output}"
        elif command.shown and not interrupted and (found := differences(command.shown, typed.output)):
            yield f"{where}\n{found}"

    def _type(self, command: Command, talk: list[Answer], *, interrupted: bool) -> Typed:
        before = command.shown[: command.shown.index(CTRL_C)] if interrupted else []

        def enough(output: str) -> bool:
            return not differences([*before, "..."], output.partition("\n")[2])

        wait = enough if interrupted else None
        return self._at(command.machine).type(command.text, talk, wait, LIMIT)

    def _write(self, file: WrittenFile) -> Iterator[str]:
        end = "END_OF_FILE"
        path = file.path if file.path.startswith("~/") else shlex.quote(file.path)
        typed = self._at("").type(f"cat > {path} <<'{end}'\n{file.text}{end}")
        if typed.code:
            yield f"{file.page}:{file.line}: {file.path} cannot be written: {typed.output}"

    def _prepare(self, text: str) -> Iterator[str]:
        prompt = PROMPT.fullmatch(text)
        machine, text = (prompt["machine"] or "", prompt["text"]) if prompt else ("", text)
        typed = self._at(machine).type(text.format(repository=ROOT, **self.folders), limit=LIMIT)
        if typed.code:
            yield f"{text}\nexit code {typed.code}:\n{typed.output}"

    def _at(self, machine: str) -> Terminal:
        if machine not in self.terminals:
            self.terminals[machine] = self.open_at(machine)
        return self.terminals[machine]
