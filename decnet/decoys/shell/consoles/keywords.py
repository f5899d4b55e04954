"""A command line of keywords that can be abbreviated, with `?` and two privileges."""

from __future__ import annotations

from ...credentials import Accounts, record_login
from ...events import Session
from ...host.world import World
from ..state import Answer
from .base import Plain
from .grammar import Found, Run, Word, Wrong, find, in_columns, listed

MOST_TRIES = 3
LOWEST, HIGHEST = 1, 15


class Keywords(Plain):
    """The base of the switches' consoles."""

    denied = "% Access denied\n\n"
    heads: dict[str, str] = {}
    """What `?` prints first, by mode."""

    def __init__(self, world: World, user: str, session: Session) -> None:
        super().__init__(world, user, session)
        self.level = LOWEST
        self.modes: list[str] = []
        """Of the configuration: "config", then "if" or "line"."""
        self._tries = 0
        self._delay = 0.0
        self._outside: Word | None = None

    def commands(self) -> Word:
        """The commands of the current mode."""
        return self.outside()

    def outside(self) -> Word:
        """The commands outside of the configuration."""
        if self._outside is None:
            self._outside = self._made()
        return self._outside

    def prompt(self) -> str:
        raise NotImplementedError

    def _made(self) -> Word:
        raise NotImplementedError

    def run(self, line: str, given: str = "") -> Answer:
        if not self.echoes:
            return self._password(line)
        words = [] if line.lstrip()[:1] == "!" else line.split()
        if not words:
            return Answer()
        if words[0].lower() == "do" and self.modes:
            return self._answer(self.outside(), words[1:], line)
        return self._answer(self.commands(), words, line)

    def help(self, line: str) -> str | None:
        """What can stand here: keywords that begin so, or what can follow."""
        table = self.commands()
        words = line.split()
        last = words.pop() if words and not line.endswith(" ") else None
        found = find(table, words, self.level)
        if found.choices:
            return f'% Ambiguous command:  "{line.strip()}"\n'
        if found.wrong is not None:
            return "% Unrecognized command\n"
        if last is not None:
            names = found.word.fitting(last, self.level)
            return in_columns(names) if names else "% Unrecognized command\n"
        rows = [(name, word.help) for name, word in found.word.next.items() if word.level <= self.level]
        rows.sort(key=lambda row: row[0].lower())
        rows += [("<cr>", "")] if found.word.run is not None and words else []
        head = self.heads.get("-".join(self.modes), "") if not words else ""
        return head + listed(rows) if rows else "% Unrecognized command\n"

    def complete(self, line: str) -> tuple[str, list[str]]:
        """The tabulator key completes what is not ambiguous."""
        table = self.commands()
        words = line.split()
        if not words or line.endswith(" "):
            return "", []
        found = find(table, words[:-1], self.level)
        names = found.word.fitting(words[-1], self.level) if found.wrong is None else []
        return (names[0][len(words[-1]) :] + " " if len(names) == 1 else ""), []

    def incomplete(self, words: list[str]) -> str:
        """The complaint about words that are only a beginning."""
        return "% Incomplete command.\n\n"

    def _answer(self, table: Word, words: list[str], line: str) -> Answer:
        found = find(table, words, self.level)
        if found.choices:
            return Answer(f'% Ambiguous command:  "{line.strip()}"\n')
        if found.wrong is not None:
            return Answer(self._marked(line, words, found.wrong))
        run = self._run_of(found)
        if run is None:
            return Answer(self.incomplete(words))
        self._delay = 0.0
        try:
            return Answer(run(found.arguments), delay=self._delay)
        except Wrong as wrong:
            return Answer(self._marked(line, words, wrong.number))

    def _run_of(self, found: Found) -> Run | None:
        """What a whole line does; None if it is not whole."""
        return found.word.run

    def _marked(self, line: str, words: list[str], wrong: int) -> str:
        """Where the line is wrong, counted from the beginning of the prompt."""
        at = 0
        for number, word in enumerate(words):
            at = line.index(word, at)
            if number == wrong:
                break
            at += len(word)
        return f"{' ' * (len(self.prompt()) + at)}^\n% Invalid input detected at '^' marker.\n\n"

    def _password(self, line: str) -> Answer:
        """The password of `enable` is that of the login."""
        self._tries += 1
        known = {password for _, password in Accounts(self.world.persona).pairs}
        success = line in known
        record_login(self.session, "enable", success=success, username=self.user, password=line)
        if success:
            self.level, self.echoes = HIGHEST, True
            return Answer("")
        if self._tries < MOST_TRIES:
            return Answer("", delay=0.2)
        self.echoes = True
        return Answer(self.denied, delay=0.2)
