"""How bash writes a command that it has parsed (`jobs`, `type`). Source: print_cmd.c of bash 5.2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .limits import OutOfWork
from .state import Shell
from .syntax import (
    AndOr,
    Assignment,
    Calculation,
    Case,
    Condition,
    Coprocess,
    CountingFor,
    For,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Redirection,
    Sequence,
    Simple,
    Subshell,
    Test,
    Word,
)

INDENT = 4
MOST_TEXT = 50_000


def written(node: Node) -> str:
    """A command in one line, as far as it has no body of its own."""
    writer = Writer()
    writer.node(node)
    return writer.text


def written_function(function: Function) -> str:
    """A definition, as `declare -f` prints it. Raises OutOfWork."""
    writer = Writer()
    writer.define(function)
    return writer.text


def function_text(shell: Shell, name: str) -> str:
    """A function of this shell, as it shows it."""
    function = shell.functions[name]
    return written_function(function) if shell.dialect.bash else function.text


class Writer:
    """Text so far. A function's commands stand in lines of their own."""

    def __init__(self) -> None:
        self.text = ""
        self._indentation = 0
        self._functions = 0
        self._skipped = 0
        """Commands to come that continue a line."""
        self._connections = 0
        self._documents: list[Redirection] = []
        self._had_document = False

    def define(self, function: Function) -> None:
        """The definition, without `function`."""
        self.text += f"{function.name} () \n"
        self._body(function)

    def node(self, node: Node) -> None:
        """Any command, with its redirections."""
        if isinstance(node, Sequence | AndOr | Pipeline):
            self._connected(node)
            return
        self._indent()
        KINDS[type(node)](self, node)
        if node.redirections and not isinstance(node, Function | Simple):
            self.text += " "
            self._redirections(node.redirections)

    # Connections

    def _connected(self, node: Sequence | AndOr | Pipeline) -> None:
        if isinstance(node, Sequence):
            self._sequence(node)
        elif isinstance(node, AndOr):
            parts = [(f" {operator} ", each) for operator, each in node.parts]
            self._joined(parts)
        else:
            if node.timed or node.negated:
                self._indent()
                self._skipped += 1
                self.text += "time " * bool(node.timed) + "-p " * (node.timed == "-p") + "! " * node.negated
            self._joined([(" | ", each) for each in node.commands])

    def _joined(self, parts: list[tuple[str, Any]]) -> None:
        self._connections += len(parts) > 1
        for at, (operator, each) in enumerate(parts):
            if at:
                self._end_documents(operator)
                self._skipped += 1
            self.node(each)
        self._connections -= len(parts) > 1

    def _sequence(self, node: Sequence) -> None:
        self._connections += len(node.items) > 1
        for at, item in enumerate(node.items):
            last = at == len(node.items) - 1
            self.node(item)
            if item.background:
                self._end_documents(" &")
                if not last:
                    self.text += " "
                    self._skipped += 1
            elif not last:
                self._separate()
        self._end_documents("")
        self._connections -= len(node.items) > 1

    def _separate(self) -> None:
        if self._documents:
            self._end_documents("" if self._functions else ";")
        elif self._had_document:
            self._had_document = False
        else:
            self.text += ";"
        if self._functions:
            self.text += "\n"
        else:
            self.text += " "
            self._skipped += 1

    # Simple commands and redirections

    def _simple(self, node: Simple) -> None:
        self.text += " ".join(_word(each) for each in [*node.assignments, *node.words])
        if node.redirections:
            self.text += " " * bool(node.words or node.assignments)
            self._redirections(node.redirections)

    def _redirections(self, found: list[Redirection]) -> None:
        documents = [each for each in found if each.operator in ("<<", "<<-")]
        self.text += " ".join(_redirection(each) for each in found if each not in documents)
        if not documents:
            return
        self.text += " " * (len(documents) < len(found)) + " ".join(map(_header, documents))
        self._documents += documents
        if not self._connections:
            self._end_documents("")

    def _end_documents(self, operator: str) -> None:
        """The bodies of here-documents, after the operator that ends their line."""
        self.text += operator
        if not self._documents:
            return
        self.text += "\n"
        for each in self._documents:
            self.text += (each.body.raw if each.body is not None else "") + _delimiter(each) + "\n"
        self._documents, self._had_document = [], True
        self.text += " " * bool(operator.strip(" ;"))

    # Compound commands

    def _indent(self) -> None:
        if self._skipped:
            self._skipped -= 1
        else:
            self.text += " " * self._indentation

    def _line(self, text: str) -> None:
        if len(self.text) > MOST_TEXT:
            raise OutOfWork
        self.text += "\n" + " " * self._indentation + text

    def _semicolon(self) -> None:
        if self.text[-1:] not in ("&", "\n"):
            self.text += ";"

    def _within(self, body: Node) -> None:
        self._indentation += INDENT
        self.node(body)
        self._indentation -= INDENT

    def _group(self, node: Group) -> None:
        self.text += "{ "
        if not self._functions:
            self._skipped += 1
            self.node(node.body)
            self._semicolon()
            self.text += " }"
            return
        self.text += "\n"
        self._within(node.body)
        self._line("}")

    def _subshell(self, node: Subshell) -> None:
        self.text += "( "
        self._skipped += 1
        self.node(node.body)
        self.text += " )"

    def _loop_body(self, body: Node) -> None:
        self._within(body)
        self._semicolon()
        self._line("done")

    def _for(self, node: For) -> None:
        words = [each.raw for each in node.words] if node.words is not None else ['"$@"']
        self.text += f"{'select' if node.select else 'for'} {node.name} in {' '.join(words)};"
        self._line("do\n")
        self._loop_body(node.body)

    def _counting_for(self, node: CountingFor) -> None:
        parts = [each.raw.strip() if each is not None else "" for each in (node.first, node.test, node.step)]
        self.text += f"for (({'; '.join(part or '1' for part in parts)}))"
        self._line("do\n")
        self._loop_body(node.body)

    def _loop(self, node: Loop) -> None:
        self.text += "until " if node.until else "while "
        self._skipped += 1
        self.node(node.condition)
        self._semicolon()
        self.text += " do\n"
        self._loop_body(node.body)

    def _if(self, node: If) -> None:
        (condition, body), *others = node.branches
        self.text += "if "
        self._skipped += 1
        self.node(condition)
        self._semicolon()
        self.text += " then\n"
        self._within(body)
        if others or node.otherwise is not None:
            self._semicolon()
            self._line("else\n")
            self._within(
                If(branches=others, otherwise=node.otherwise) if others else node.otherwise or Group()
            )
        self._semicolon()
        self._line("fi")

    def _case(self, node: Case) -> None:
        self.text += f"case {node.word.raw} in "
        self._indentation += INDENT
        for patterns, body, end in node.items:
            self._line(" | ".join(each.raw for each in patterns) + ")\n")
            if body.items:
                self._within(body)
            self._line(end)
        self._indentation -= INDENT
        self._line("esac")

    def _condition(self, node: Condition) -> None:
        self.text += f"[[ {_test(node.test)} ]]"

    def _coprocess(self, node: Coprocess) -> None:
        self.text += f"coproc {node.name} " if node.named else "coproc "
        self._skipped += 1
        self.node(node.body)

    def _calculation(self, node: Calculation) -> None:
        self.text += f"(({node.word.raw}))"

    def _function(self, node: Function) -> None:
        self.text += f"function {node.name} () \n"
        self._body(node)

    def _body(self, node: Function) -> None:
        self._skipped = 0
        self._indent()
        self.text += "{ \n"
        self._functions += 1
        body = node.body
        self._within(body.body if isinstance(body, Group) else body)
        self._functions -= 1
        self._line("}")
        if isinstance(body, Group) and body.redirections:
            self.text += " "
            self._redirections(body.redirections)


KINDS: dict[type, Callable[[Writer, Any], None]] = {
    Simple: Writer._simple,
    Subshell: Writer._subshell, Group: Writer._group, If: Writer._if, Loop: Writer._loop, For: Writer._for,
    CountingFor: Writer._counting_for, Case: Writer._case, Function: Writer._function,
    Condition: Writer._condition, Calculation: Writer._calculation,
    Coprocess: Writer._coprocess,
}  # fmt: skip


def _word(word: Word | Assignment) -> str:
    if isinstance(word, Word):
        return word.raw
    index = f"[{word.index}]" if word.index is not None else ""
    items = f"({' '.join(each.raw for each in word.items)})" if word.items is not None else ""
    return f"{word.name}{index}{'+' * word.append}={items}{word.value.raw if word.value is not None else ''}"


def _redirection(found: Redirection) -> str:
    target, operator = found.target.raw, found.operator
    default = 0 if operator.startswith("<") else 1
    number = found.number if found.number >= 0 else default
    if operator in (">&", "<&"):
        return f"&> {target}" if found.number < 0 and _is_file(target) else f"{number}{operator}{target}"
    return f"{number if number != default else ''}{operator} {target}"


def _is_file(target: str) -> bool:
    return target.strip("0123456789-") != "" and not target.startswith("$")


def _header(found: Redirection) -> str:
    is_quoted = found.target.raw != _delimiter(found)
    end = f"'{_delimiter(found)}'" if is_quoted else _delimiter(found)
    return f"{found.number if found.number > 0 else ''}{found.operator}{end}"


def _delimiter(found: Redirection) -> str:
    return "".join(each for each in found.target.raw if each not in "'\"\\")


def _test(test: Test | Word | None) -> str:
    if test is None or isinstance(test, Word):
        return test.raw if test is not None else ""
    left = _test(test.left)
    if test.operator == "(":
        return f"( {left} )"
    if test.right is not None:
        return f"{left} {test.operator} {_test(test.right)}"
    return f"{test.operator} {left}"
