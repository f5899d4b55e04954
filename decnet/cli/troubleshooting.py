"""The troubleshooting page, from the classes of errors and the tables that translate foreign errors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from decnet import errors
from decnet.cli.manual import EXIT_CODES
from decnet.errors import DecnetError
from decnet.worker.envelope import AGENT_ERRORS, AGENT_HINTS
from decnet.worker.translate import MEANINGS

INTRODUCTION = """\
# Troubleshooting

Every error has one message that names the worker, file or decky, often a hint, and an exit code. With
`-o json`, an error is one JSON object on stderr; its `code` is the heading below. `decnet doctor` checks this
machine and every worker, and `decnet worker check NAME` checks one worker ([what they find](doctor.md)).

This page is generated from the code by `make generate`."""


def troubleshooting() -> str:
    """docs/troubleshooting.md: exit codes, then each error with cause and fix."""
    rows = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES]
    parts = [
        INTRODUCTION,
        "## Exit codes",
        "\n".join(["| code | meaning |", "|---|---|", *rows]),
        "If several apply, the first of 6, 1, 4, 5 wins.",
        "## Errors",
        *(_section(kind) for kind in _classes() if kind.exit_code),
        "## Connecting to a worker",
        "\n".join(["| message | code | fix |", "|---|---|---|", *dict.fromkeys(_connection_rows())]),
        "## Errors that an agent reports",
        "The message comes from the worker. [The protocol](internals/protocol.md#the-answer) has all codes.",
        "\n".join(["| agent's code | code | exit code | fix |", "|---|---|---|---|", *_agent_rows()]),
    ]
    return "\n\n".join(parts) + "\n"


def described(kind: type[DecnetError]) -> tuple[str, str, str]:
    """The parts of a class's docstring: the error, its cause, its fix; "" for a missing one."""
    text = inspect.getdoc(kind) or ""
    what, _, rest = text.partition("\n\nCause: ")
    cause, _, fix = rest.partition("\nFix: ")
    return _line(what), _line(cause), _line(fix)


def _section(kind: type[DecnetError]) -> str:
    what, cause, fix = described(kind)
    parent = kind.__mro__[1]
    # A class with its parent's exit code is listed under its parent.
    case = parent is not DecnetError and parent.__dict__.get("code") == kind.code
    heading = [] if case else [f"### {kind.code}", ""]
    text = [f"{what} Exit code {kind.exit_code}.", "", f"- Cause: {cause}", f"- Fix: {fix}"]
    return "\n".join(heading + text)


def _classes() -> Iterator[type[DecnetError]]:
    """Every error class except the base class, in the order of the file."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, DecnetError) and kind is not DecnetError:
            yield kind


def _connection_rows() -> Iterator[str]:
    for meaning in MEANINGS.values():
        fix = meaning.hint or _see(meaning.kind)
        yield f"| {meaning.message} | `{meaning.kind.code}` | {_filled(fix)} |"


def _agent_rows() -> Iterator[str]:
    for code, kind in AGENT_ERRORS.items():
        fix = AGENT_HINTS.get(code) or _see(kind)
        yield f"| `{code}` | `{kind.code}` | {kind.exit_code} | {_filled(fix)} |"


def _see(kind: type[DecnetError]) -> str:
    return f"see [{kind.code}](#{kind.code})"


def _filled(hint: str) -> str:
    return re.sub(r"\{worker\}", "NAME", hint)


def _line(text: str) -> str:
    return " ".join(text.split())
