# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Answers to commands as packets."""

import struct
from dataclasses import dataclass, field

from . import dialects as no
from .dialects import Dialect
from .login import STATUS, Visitor
from .packets import Channel, Failed, counted, number
from .world import Cell

TEXT, WHOLE, LONG = 0xFD, 0x03, 0x08
BINARY_CHARSET, TEXT_CHARSET = 63, 45


@dataclass(frozen=True)
class Rows:
    """A result set. `whole`: which columns are numbers."""

    columns: list[str]
    rows: list[tuple[Cell, ...]]
    whole: frozenset[int] = frozenset()
    table: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Done:
    """The result of a statement without rows. `info`: a text for users."""

    affected: int = 0
    info: str = ""
    warnings: int = 0


@dataclass(frozen=True)
class Outcome:
    """The result of a statement, and the database that is selected from then on."""

    result: Rows | Done
    database: str | None = field(default=None)


def refusal(failed: Failed) -> bytes:
    """An error packet."""
    state = f"#{failed.state}" if failed.state else ""
    return b"\xff" + struct.pack("<H", failed.code) + state.encode() + failed.text.encode()


def put_result(channel: Channel, visitor: Visitor, dialect: Dialect, result: Rows | Done) -> None:
    """All packets of a result."""
    if isinstance(result, Done):
        channel.put(_ok(result, visitor))
        return
    short = bool(visitor.capabilities & no.CLIENT_NO_EOF)
    cached = dialect.maria and visitor.extended & no.CACHED_METADATA and not visitor.capabilities & 1
    channel.put(number(len(result.columns)) + (b"\x01" if cached else b""))
    for at, column in enumerate(result.columns):
        longest = max((len(str(row[at])) for row in result.rows), default=0)
        channel.put(_column(column, at in result.whole, longest, result.table, visitor, dialect))
    if not short:
        channel.put(_eof())
    for row in result.rows:
        channel.put(b"".join(b"\xfb" if cell is None else counted(str(cell).encode()) for cell in row))
    channel.put(b"\xfe" + _ok(Done(), visitor)[1:] if short else _eof())


def _ok(done: Done, visitor: Visitor) -> bytes:
    head = b"\x00" + number(done.affected) + number(0) + struct.pack("<HH", STATUS, done.warnings)
    if not done.info:
        return head
    return head + (
        counted(done.info.encode()) if visitor.capabilities & no.CLIENT_TRACKS else done.info.encode()
    )


def _eof() -> bytes:
    return b"\xfe" + struct.pack("<HH", 0, STATUS)


def put_columns(
    channel: Channel, visitor: Visitor, dialect: Dialect, columns: dict[str, str], table: tuple[str, str]
) -> None:
    """The columns of a table without its rows: COM_FIELD_LIST."""
    for name, kind in columns.items():
        channel.put(_column(name, "int" in kind, 11, table, visitor, dialect) + b"\xfb")
    channel.put(_eof())


def _column(
    name: str, whole: bool, longest: int, table: tuple[str, str], visitor: Visitor, dialect: Dialect
) -> bytes:
    schema, table_name = (part.encode() for part in table)
    more = dialect.maria and visitor.extended & no.EXTENDED_METADATA and not visitor.capabilities & 1
    charset, length, code, flags, digits = (
        (BINARY_CHARSET, longest, WHOLE if longest < 10 else LONG, 0x0081, 0)
        if whole
        else (TEXT_CHARSET, 4 * longest, TEXT, 0, 39)
    )
    return (
        counted(b"def") + counted(schema) + counted(table_name) * 2
        + counted(name.encode()) + counted(name.encode() if table_name else b"")
        + (b"\x00" if more else b"") + b"\x0c" + struct.pack("<HIBHBH", charset, length, code, flags, digits, 0)
    )  # fmt: skip
