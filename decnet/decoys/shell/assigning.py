"""Assignments: alone, before a command, of arrays."""

from __future__ import annotations

from typing import Any, Protocol, cast

from . import variables
from .builtins import BUILTINS
from .context import Context, ExpansionError, Work
from .dialect import SPECIAL_BUILTINS
from .parser import Parser
from .quoting import if_needed, if_needed_in_ash
from .syntax import Assignment, Simple


class Assigning(Context, Protocol):
    """The part of the evaluator that sets variables."""

    def trace(self, words: list[str], *, quoted: bool = False) -> None:
        """The line of `set -x`."""

    def assign(self, assignment: Assignment, *, trace: bool = False, name: str = "") -> Work:
        """Execute one assignment."""
        shell, name = self.shell, name or assignment.name
        if assignment.items is not None:
            yield from self._assign_items(name, assignment)
            return
        value = yield from self.expansion.single(assignment.value, tilde="assignment")
        key: Any = None
        if assignment.index == "" and shell.dialect.bash:
            raise ExpansionError(f"{name}[]: bad array subscript")
        if assignment.index is not None:
            key = yield from self.expansion.key_of(name, assignment.index)
            if isinstance(key, int) and key < 0:
                key += max((k for k in shell.arrays.get(name, {}) if isinstance(k, int)), default=-1) + 1
        kinds = shell.kinds.get(name, "")
        if assignment.append:
            old = (
                variables.value_of(shell, name)
                if key is None
                else variables.elements_of(shell, name).get(key)
            )
            value = (
                str(self.expansion.calculate(f"{old or 0}+({value})"))
                if "i" in kinds
                else (old or "") + value
            )
        elif "i" in kinds:
            value = str(self.expansion.calculate(value))
        if trace and "x" in shell.options:
            quote = if_needed_in_ash if self.shell.dialect.name == "ash" else if_needed
            self.trace([f"{name}={quote(value) if value else ''}"], quoted=True)
        variables.assign(shell, name, value, key)

    def _assign_items(self, name: str, assignment: Assignment) -> Work:
        """`name=(values)`."""
        shell = self.shell
        if name in shell.readonly:
            raise variables.NotAssigned(name, "readonly variable")
        is_map = "A" in shell.kinds.get(name, "")
        items: list[tuple[Any, str]] = []
        at = (
            max((k for k in variables.elements_of(shell, name) if isinstance(k, int)), default=-1) + 1
            if assignment.append
            else 0
        )
        plain: list[str] = []
        for word in assignment.items or []:
            raw = word.raw
            if (
                raw.startswith("[")
                and "]=" in raw
                and (found := Parser("x" + raw, shell.dialect).next_command())
            ):
                inner = cast("Simple", found.items[0].parts[0][1].commands[0])
                one = inner.assignments[0] if inner.assignments else None
                if one is not None and one.index is not None:
                    key = yield from self.expansion.key_of(name, one.index)
                    items.append((key, (yield from self.expansion.single(one.value, tilde="assignment"))))
                    at = key + 1 if isinstance(key, int) else at
                    continue
            for value in (yield from self.expansion.words([word])):
                plain.append(value) if is_map else items.append((at, value))
                at += 1
        for key, value in zip(plain[::2], [*plain[1::2], ""], strict=False):
            items.append((key, value))
        if not assignment.append:
            kinds = shell.kinds.get(name)
            exported = name in shell.exported
            variables.unset(shell, name)
            if kinds:
                shell.kinds[name] = kinds.replace(variables.NO_VALUE, "")
            if exported:
                shell.exported.add(name)
        shell.arrays.setdefault(name, {})
        for key, value in items:
            variables.assign(shell, name, value, key)

    def _assign_for_command(self, node: Simple, name: Any) -> Work:
        """`name=value command`: the values before, for `_restore_assigned`."""
        if not node.assignments:
            return None
        keeps = (name in SPECIAL_BUILTINS and not self.shell.dialect.bash) or name == "exec"
        if isinstance(name, str) and name in BUILTINS and keeps:
            for assignment in node.assignments:
                yield from self.assign(assignment, trace=True)
            return None
        hidden: dict[str, tuple[object, ...]] = {}
        for assignment in node.assignments:
            key = assignment.name
            if key not in hidden:
                array = self.shell.arrays.get(key)
                hidden[key] = (self.shell.variables.get(key), array, self.shell.kinds.get(key),
                               key in self.shell.exported, False)  # fmt: skip
            try:
                yield from self.assign(assignment, trace=True)
            except variables.NotAssigned as error:
                if not self.shell.dialect.bash:
                    raise
                del hidden[key]
                self.complain(f"{error.args[0]}: {error.args[1]}")
                continue
            self.shell.exported.add(key)
        return hidden

    def _restore_assigned(self, hidden: dict[str, tuple[object, ...]] | None) -> None:
        if hidden:
            variables.restore(self.shell, hidden)
