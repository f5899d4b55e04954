"""One intruder's shell: its folder, its changes, and how a line is executed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..events import Session
from ..uploads import record_content
from . import passwords
from .language import ASSIGNMENT, BadSyntax, Simple, expand, parse
from .node import Node
from .world import World

MOST_DEPTH = 4
MOST_OUTPUT = 128 * 1024
MOST_CHANGES = 200
MOST_KEPT = 256 * 1024
MOST_FILE = 64 * 1024
MOST_DELAY = 60.0
MOST_STEPS = 200
MOST_WORK = 1024 * 1024
"""Limit of characters that one line may parse, expand, read from files and pass through pipes."""
STEP_WORK = 200
"""The cost of a command without any work."""
COMPOUND = ("for", "while", "until", "if", "case", "function", "{", "(")
"""Loops and similar constructs are accepted without output, as many of them have none."""


@dataclass
class Answer:
    """The result of a command. `delay` in seconds, before the output."""

    out: str = ""
    error: str = ""
    status: int = 0
    delay: float = 0.0


Command = Callable[["Shell", list[str], str], Answer]


@dataclass
class Shell:
    """The state between two lines."""

    world: World
    user: str
    session: Session
    commands: dict[str, Command]
    cwd: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    interactive: bool = False
    columns: int = 80
    to_terminal: bool = False
    """Whether the current command writes to the terminal: `ls` checks that."""
    leaving: bool = False
    has_all_input: bool = True
    """Whether the command got all that the visitor sent for it."""
    began: float = field(default_factory=time.time)
    _changes: dict[str, Node | None] = field(default_factory=dict)
    _kept: int = 0
    _depth: int = 0
    _steps: int = 0
    _work: int = 0

    def __post_init__(self) -> None:
        home = self.world.home(self.user)
        self.cwd = self.cwd or (home if self.node(home) else "/")
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        self.variables |= {
            "HOME": home, "USER": self.user, "LOGNAME": self.user, "SHELL": self.world.system.shell,
            "PATH": path, "PWD": self.cwd, "LANG": "en_US.UTF-8", "?": "0", "$": "2231", "0": "-bash",
        }  # fmt: skip

    @property
    def name(self) -> str:
        """How the shell calls itself in errors."""
        shell = self.world.system.shell.rsplit("/", 1)[-1]
        return f"-{shell}" if self.interactive else f"{shell}: line 1"

    def prompt(self) -> str:
        """The prompt, as this release's own profile sets it."""
        home = self.world.home(self.user)
        where = (
            "~" + self.cwd[len(home) :] if self.cwd == home or self.cwd.startswith(home + "/") else self.cwd
        )
        sign = "#" if self.user == "root" else "$"
        if self.world.system.id in ("rocky", "qts"):
            return f"[{self.user}@{self.world.hostname} {where.rsplit('/', 1)[-1] or '/'}]{sign} "
        space = " " if self.world.system.id == "freebsd" else ""
        return f"{self.user}@{self.world.hostname}:{where}{space}{sign} "

    def run(self, line: str, given: str = "") -> Answer:
        """Execute one line. Output is bounded; nothing outside this object changes."""
        if self._depth >= MOST_DEPTH:
            return Answer()
        if self._depth == 0:
            self._steps = self._work = 0
        if not self._affords(len(line)):
            return Answer()
        self._depth += 1
        try:
            if line.split(maxsplit=1)[:1] and line.split(maxsplit=1)[0] in COMPOUND:
                return Answer()
            return self._run_steps(line, given)
        except BadSyntax as error:
            return Answer(error=f"{self.name}: {error}\n", status=2)
        finally:
            self._depth -= 1

    def _affords(self, work: int) -> bool:
        """Whether the line may do this much more work: one visitor's line must not delay all others."""
        self._work += work
        return self._work <= MOST_WORK

    def _run_steps(self, line: str, given: str) -> Answer:
        whole = Answer()
        for step in parse(line):
            self._steps += 1
            failed = whole.status != 0
            if (step.after == "&&" and failed) or (step.after == "||" and not failed):
                continue
            if self._steps > MOST_STEPS or len(whole.out) > MOST_OUTPUT:
                break
            answer = self._run_pipe(step.pipe, given)
            whole.out += answer.out
            whole.error += answer.error
            whole.delay = min(MOST_DELAY, whole.delay + answer.delay)
            whole.status = answer.status
            self.variables["?"] = str(answer.status)
            if self.leaving:
                break
        whole.out = whole.out[:MOST_OUTPUT]
        return whole

    def _run_pipe(self, pipe: list[Simple], given: str) -> Answer:
        error, delay = "", 0.0
        answer = Answer(given)
        for command in pipe:
            self.to_terminal = (
                self.interactive and command is pipe[-1] and not command.redirections and self._depth == 1
            )
            if not self._affords(STEP_WORK + (len(answer.out) if command is not pipe[0] else 0)):
                return Answer()
            answer = self._run_simple(command, answer.out)
            error += answer.error
            delay += answer.delay
        return Answer(answer.out, error, answer.status, delay)

    def _run_simple(self, command: Simple, given: str) -> Answer:
        words = [part for word in command.words for part in self._expanded(word)]
        while words and ASSIGNMENT.match(words[0]):
            name, _, value = words.pop(0).partition("=")
            if len(self.variables) < 200:
                self.variables[name] = value[:4096]
        for operator, target in command.redirections:
            if operator == "<":
                found = self.read(self.absolute(" ".join(self._expanded(target))))
                if found is None:
                    return Answer(error=f"{self.name}: {target}: No such file or directory\n", status=1)
                given = found
        answer = self._call(words, given) if words else Answer()
        if words and given:
            passwords.record_passwords(self.session, self.user, words, given, success=answer.status == 0)
        return self._redirected(answer, command.redirections)

    def _expanded(self, word: str) -> list[str]:
        parts = expand(word, self.variables, lambda line: self.run(line).out)
        if not self._affords(sum(len(part) for part in parts)):
            return []
        if parts and ("*" in parts[0] or "?" in parts[0]) and not any(mark in word for mark in "'\""):
            return self._globbed(parts[0])
        return parts

    def _globbed(self, pattern: str) -> list[str]:
        from fnmatch import fnmatchcase

        if not self._affords(len(self.world.nodes)):
            return [pattern]
        folder, _, name = pattern.rpartition("/")
        where = self.absolute(folder or ("/" if pattern.startswith("/") else "."))
        prefix = pattern[: len(pattern) - len(name)]
        found = [
            entry for entry in self.entries(where) if not entry.startswith(".") and fnmatchcase(entry, name)
        ]
        return [prefix + entry for entry in found] or [pattern]

    def _call(self, words: list[str], given: str) -> Answer:
        name = words[0].rsplit("/", 1)[-1] if words[0].startswith(("/bin/", "/usr/", "/sbin/")) else words[0]
        command = self.commands.get(name)
        if command is not None:
            return command(self, words[1:], given)
        node = self.node(self.absolute(words[0])) if "/" in words[0] else None
        if node is None:
            missing = "No such file or directory" if "/" in words[0] else self._not_found()
            return Answer(error=f"{self.name}: {words[0]}: {missing}\n", status=127)
        if node.folder:
            return Answer(error=f"{self.name}: {words[0]}: Is a directory\n", status=126)
        if not node.mode & 0o111:
            return Answer(error=f"{self.name}: {words[0]}: Permission denied\n", status=126)
        return self._execute(words[0], node)

    def _execute(self, word: str, node: Node) -> Answer:
        """A program of the intruder: a script is interpreted, a binary does not run on this machine."""
        if node.content.startswith((b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash")):
            return self.run(node.content.decode("utf-8", "replace"))
        if node.content.startswith(b"\x7fELF"):
            return Answer(
                error=f"{self.name}: {word}: cannot execute binary file: Exec format error\n", status=126
            )
        return self.run(node.content.decode("utf-8", "replace"))

    def _not_found(self) -> str:
        return (
            "not found"
            if self.world.system.busybox or self.world.system.shell == "/bin/sh"
            else "command not found"
        )

    def _redirected(self, answer: Answer, redirections: list[tuple[str, str]]) -> Answer:
        for operator, target in redirections:
            if operator == "2>&1":
                answer.out, answer.error = answer.out + answer.error, ""
            elif operator in (">&2", "1>&2"):
                answer.error, answer.out = answer.error + answer.out, ""
            elif operator != "<":
                refusal = self._redirect_to_file(answer, operator, " ".join(self._expanded(target)))
                if refusal:
                    return Answer(error=refusal, status=1, delay=answer.delay)
        return answer

    def _redirect_to_file(self, answer: Answer, operator: str, target: str) -> str:
        content = ""
        if operator in (">", "1>", ">>", "&>", "&>>"):
            content, answer.out = answer.out, ""
        if operator.startswith(("2", "&")):
            content, answer.error = content + answer.error, ""
        path = self.absolute(target)
        if path.startswith("/dev/"):
            return ""
        if operator.endswith(">>"):
            content = (self.read(path) or "") + content
        reason = self.write(path, content.encode("utf-8", "surrogateescape"))
        return f"{self.name}: {target}: {reason}\n" if reason else ""

    def absolute(self, path: str) -> str:
        """A normalized absolute path."""
        parts: list[str] = []
        for part in (path if path.startswith("/") else f"{self.cwd}/{path}").split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    def node(self, path: str) -> Node | None:
        """The node at an absolute path; links are followed."""
        for _ in range(5):
            node = self._changes[path] if path in self._changes else self.world.nodes.get(path)
            if node is None or not node.target:
                return node
            folder = path.rsplit("/", 1)[0]
            path = self._joined(folder, node.target)
        return None

    def _joined(self, folder: str, target: str) -> str:
        before, self.cwd = self.cwd, folder or "/"
        try:
            return self.absolute(target)
        finally:
            self.cwd = before

    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted as `ls` does without a locale."""
        prefix = path.rstrip("/") + "/"
        paths = {name for name in self.world.nodes if name not in self._changes}
        paths |= {name for name, node in self._changes.items() if node is not None}
        return sorted(
            name[len(prefix) :]
            for name in paths
            if name.startswith(prefix) and "/" not in name[len(prefix) :] and name != "/"
        )

    def allowed(self, path: str, want: int) -> bool:
        """Whether this user may read (4) or write (2) that path."""
        node = self.node(path)
        if self.user == "root" or node is None:
            return True
        return bool(node.mode >> (6 if node.owner == self.user else 0) & want)

    def read(self, path: str) -> str | None:
        """A file's text, None where there is no file."""
        node = self.node(path)
        if node is None or node.folder:
            return None
        if not self._affords(len(node.content)):
            return ""
        return node.content.decode("utf-8", "surrogateescape")

    def write(self, path: str, content: bytes, mode: int = 0o644) -> str:
        """Create or replace a file; the error, "" on success. It is recorded."""
        folder = path.rsplit("/", 1)[0] or "/"
        parent = self.node(folder)
        if parent is None or not parent.folder:
            return "No such file or directory"
        if not self.allowed(folder, 2) or not self.allowed(path, 2):
            return "Permission denied"
        there = self.node(path)
        if there is not None and there.folder:
            return "Is a directory"
        if path.startswith(("/proc/", "/sys/")):
            return "Permission denied"
        record_content(self.session, path, content, whole=self.has_all_input)
        kept = content[:MOST_FILE]
        return self.change(path, Node(there.mode if there else mode, content=kept, owner=self.user,
                                      changed=int(time.time()), size=len(content)))  # fmt: skip

    def change(self, path: str, node: Node | None) -> str:
        """Set or remove the node at a path; the amount kept is bounded."""
        self._kept += len(node.content) if node else 0
        if len(self._changes) >= MOST_CHANGES or self._kept > MOST_KEPT:
            return "No space left on device"
        self._changes[path] = node
        return ""
