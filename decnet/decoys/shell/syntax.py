"""The tree of a parsed script. Words keep their parts until they are expanded."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Literal:
    """Text; `quoted` text is no pattern and is not split."""

    text: str
    quoted: bool = False


@dataclass(slots=True)
class Parameter:
    """`$name` or `${name OPERATOR word}`. `index` is an array's subscript."""

    name: str
    operator: str = ""
    word: Word | None = None
    more: Word | None = None
    quoted: bool = False
    index: str | None = None
    length: bool = False
    indirect: bool = False
    keys: bool = False
    bad: str = ""
    """The text of a substitution that no shell accepts."""


@dataclass(slots=True)
class Substitution:
    """`$(...)` with its tree, or backquotes with their text, which is parsed when it runs."""

    body: Sequence | None
    text: str = ""
    quoted: bool = False
    kind: str = "$"
    """Or `<` and `>`: a process substitution."""
    line: int = 1


@dataclass(slots=True)
class Arithmetic:
    """`$((...))`."""

    word: Word
    quoted: bool = False


Part = Literal | Parameter | Substitution | Arithmetic


@dataclass(slots=True)
class Word:
    """One word; `raw` is its source text."""

    parts: list[Part]
    raw: str = ""
    braces: bool = False
    """Whether it may be a brace expansion."""

    @property
    def literal(self) -> str | None:
        """Its text, if it is one part without quotes."""
        if len(self.parts) == 1:
            part = self.parts[0]
            if isinstance(part, Literal) and not part.quoted:
                return part.text
        return None


@dataclass(slots=True)
class Redirection:
    """`number` is -1 for the operator's own; `body` is a here-document."""

    operator: str
    number: int
    target: Word
    body: Word | None = None
    unended: str = ""
    """The delimiter of a here-document that ended with the file."""
    line: int = 1
    last_line: int = 1
    """Where a here-document ends."""
    variable: str = ""
    """The variable of `{name}>file`, which gets the number of the descriptor."""


@dataclass(slots=True)
class Assignment:
    """`name=value`, `name[index]+=value`, `name=(values)`."""

    name: str
    value: Word | None
    index: str | None = None
    append: bool = False
    items: list[Word] | None = None


@dataclass(slots=True)
class Node:
    """What all commands have."""

    line: int = 1
    redirections: list[Redirection] = field(default_factory=list)


@dataclass(slots=True)
class Simple(Node):
    """Words, with assignments before them. `declared` are assignments among a declaration's words."""

    words: list[Word | Assignment] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    text: str = ""


@dataclass(slots=True)
class Pipeline(Node):
    """Commands whose output is the next one's input."""

    commands: list[Node] = field(default_factory=list)
    negated: bool = False
    timed: str = ""
    text: str = ""


@dataclass(slots=True)
class AndOr(Node):
    """Pipelines, each with the operator before it (the first one with "")."""

    parts: list[tuple[str, Pipeline]] = field(default_factory=list)
    background: bool = False
    text: str = ""


@dataclass(slots=True)
class Sequence(Node):
    """A list of commands."""

    items: list[AndOr] = field(default_factory=list)


@dataclass(slots=True)
class Subshell(Node):
    body: Sequence = field(default_factory=Sequence)


@dataclass(slots=True)
class Group(Node):
    body: Sequence = field(default_factory=Sequence)


@dataclass(slots=True)
class If(Node):
    branches: list[tuple[Sequence, Sequence]] = field(default_factory=list)
    otherwise: Sequence | None = None


@dataclass(slots=True)
class Loop(Node):
    condition: Sequence = field(default_factory=Sequence)
    body: Sequence = field(default_factory=Sequence)
    until: bool = False


@dataclass(slots=True)
class For(Node):
    """`words` is None for the positional parameters; `select` shows a menu."""

    name: str = ""
    words: list[Word] | None = None
    body: Sequence = field(default_factory=Sequence)
    select: bool = False


@dataclass(slots=True)
class CountingFor(Node):
    """`for ((first; test; step))`."""

    first: Word | None = None
    test: Word | None = None
    step: Word | None = None
    body: Sequence = field(default_factory=Sequence)


@dataclass(slots=True)
class Case(Node):
    """Each item: patterns, commands, and how it ends (`;;`, `;&`, `;;&`)."""

    word: Word = field(default_factory=lambda: Word([]))
    items: list[tuple[list[Word], Sequence, str]] = field(default_factory=list)


@dataclass(slots=True)
class Function(Node):
    """`source`: the file that defined it, or the word of bash for a text that is none."""

    name: str = ""
    body: Node = field(default_factory=Node)
    text: str = ""
    source: str = ""


@dataclass(slots=True)
class Coprocess(Node):
    """`coproc NAME command`; without a name it is COPROC."""

    name: str = "COPROC"
    body: Node = field(default_factory=Node)
    named: bool = False
    text: str = ""


@dataclass(slots=True)
class Condition(Node):
    """`[[ ... ]]`."""

    test: Test | None = None


@dataclass(slots=True)
class Test:
    """One test of `[[ ]]`: an operator and operands, which are words or tests."""

    operator: str
    left: Word | Test | None = None
    right: Word | Test | None = None


@dataclass(slots=True)
class Calculation(Node):
    """`((...))`."""

    word: Word = field(default_factory=lambda: Word([]))
