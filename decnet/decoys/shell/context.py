"""What builtins and expansions see of the evaluator that runs them, and how commands end early."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Protocol

from .descriptors import End, Stream
from .dialect import Dialect
from .jobs import Jobs
from .process import Command
from .state import Shell
from .syntax import Assignment, Function, Node, Parameter, Part, Sequence, Simple, Substitution, Word

if TYPE_CHECKING:
    from .engine import Engine
    from .tasks import Task

Work = Generator[Any, Any, Any]
"""What the engine drives: it yields other such generators, conditions to wait for, and seconds."""


class Leave(Exception):
    """The shell, or subshell, ends."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Discard(Leave):
    """The rest of this line is not executed."""


def fatal(context: Context, status: int) -> Leave:
    """What an error of a special builtin raises (POSIX, 2.8.1): at a prompt only the line ends."""
    return Discard(status) if context.shell.interactive and not context.is_subshell else Leave(status)


class Returned(Exception):
    """`return` ends a function or a sourced file; its argument is the status."""


class Jump(Exception):
    """`break` or `continue`, out of `count` loops."""

    def __init__(self, kind: str, count: int) -> None:
        super().__init__(kind)
        self.kind, self.count = kind, count


class ExpansionError(Exception):
    """A word that cannot be expanded: its command is not executed. `fatal` ends a shell without prompt."""

    def __init__(self, message: str, status: int = 1, *, fatal: bool = True) -> None:
        super().__init__(message)
        self.status, self.fatal = status, fatal


class NotRedirected(Exception):
    """A redirection that fails, in the dialect's words."""


class Words(Protocol):
    """The expansion of words. `single`, `pattern` and `words` are generators that return their result."""

    status: int | None

    @property
    def shell(self) -> Shell:
        """Whose variables count."""

    def spend(self, work: int) -> None:
        """Account for steps."""

    def words(self, words: list[Word]) -> Work:
        """The fields of these words."""

    def single(self, word: Word | None, *, tilde: str = "word") -> Work:
        """One text."""

    def pattern(self, word: Word | None) -> Work:
        """One pattern."""

    def pieces(self, word: Word) -> Work:
        """Text and whether it is quoted."""

    def segments(self, parts: list[Part], *, tilde: str = "") -> Work:
        """What parts become, not yet split."""

    def calculate(self, text: str) -> int:
        """The value of an expression. Raises ExpansionError."""

    def key_of(self, name: str, index: str) -> Work:
        """An array's subscript."""

    def set_default(self, part: Parameter, value: str) -> Work:
        """`${name:=value}`."""

    def unbound(self, name: str) -> ExpansionError:
        """The error of `set -u`."""


class Context(Protocol):
    """The evaluator."""

    engine: Engine
    shell: Shell
    fds: dict[int, End]
    loops: int
    guards: int
    keeps_redirections: bool
    is_subshell: bool
    jobs: Jobs
    pending: list[str]
    """Names of signals whose traps are to be executed."""
    becomes: Task | None
    """The process that a program started now would be, if this one has nothing else to do."""
    program_pid: int
    replaced_by: Simple | None
    """The last command of `-c`: a program takes the place of the shell."""
    is_replaced: bool
    """Whether that command runs now."""
    """The number of the program that runs now, 0 if none does."""

    expansion: Words

    @property
    def controls_jobs(self) -> bool:
        """Whether programs get process groups of their own: in a shell with a prompt on a terminal."""

    @property
    def text(self) -> str:
        """The pipeline that runs, as `jobs` shows it."""

    def spend(self, work: int) -> None:
        """Account for steps. Raises OutOfWork."""

    def out(self, text: str | bytes) -> None:
        """Print."""

    def err(self, text: str | bytes) -> None:
        """Print to standard error."""

    def complain(self, text: str) -> None:
        """Print an error of the shell itself."""

    def trace(self, words: list[str], *, quoted: bool = False) -> None:
        """Print the line of `set -x`."""

    def fork(self, fds: dict[int, End] | None = None) -> Context:
        """A subshell's evaluator."""

    def whole(self, work: Work) -> Work:
        """A subshell from its begin to its end; its status."""

    def command(self, node: Node) -> Work:
        """Execute one command with its redirections."""

    def sequence(self, node: Sequence) -> Work:
        """Execute a list."""

    def evaluate(self, text: str, word: str) -> Work:
        """Execute a text in this shell."""

    def script(self, text: str, *, inner: bool = False) -> Work:
        """Execute a script."""

    def child_script(
        self, text: str, script: str, arguments: list[str], dialect: Dialect | None, mode: str = "f"
    ) -> Work:
        """Execute a script in a new shell."""

    def from_input(self) -> Work:
        """Execute the lines of the standard input."""

    def interactive(self) -> Work:
        """A shell with a prompt."""

    def invoke(self, words: list[Any], *, functions: bool = True) -> Work:
        """Run a command by its words."""

    def process(self, command: Command, name: str, arguments: list[str]) -> Work:
        """Run a command of this machine; its status."""

    def program(self, words: list[str]) -> Work:
        """Run a program by its name."""

    def call(self, function: Function, words: list[str]) -> Work:
        """Call a function."""

    def assign(self, assignment: Assignment, *, trace: bool = False, name: str = "") -> Work:
        """Execute an assignment."""

    def read_line(self, source: Stream, delimiter: bytes = b"\n") -> Work:
        """The next line of a descriptor."""

    def substitute(self, part: Substitution) -> Work:
        """The output of a command substitution and its status."""

    def process_substitution(self, part: Substitution) -> Work:
        """The path of a process substitution's output."""

    def program_names(self) -> list[str]:
        """Of all programs of this machine."""

    def applet(self, command: Command, name: str, arguments: list[str]) -> Work:
        """Run a command of this machine by another program."""

    def packaged_script(self, path: str) -> Command | None:
        """What stands for a script of a package whose content is not known."""

    def where(self, name: str) -> str | None:
        """The path of a program."""

    def run_trap(self, name: str) -> Work:
        """Execute what `trap` has set."""

    def script_input(self, path: str) -> Work:
        """The text of a script that is one of this shell's own inputs (/dev/stdin); None for other paths."""

    def as_process(self, child: Context, work: Work) -> Work:
        """A shell that this one starts, up to its end; its status."""

    def start(self, child: Any, work: Work, text: str = "") -> Work:
        """Start a task, once there is room for one."""

    def in_foreground(self, tasks: list[Task], text: str) -> Work:
        """Wait for the tasks of a new job that has the terminal."""

    def own_pid_of(self, child: Context) -> None:
        """Give a shell that this one starts its process id."""
