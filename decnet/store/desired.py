"""Desired state: `decnet-state.json`, which decnet writes and a user may edit."""

from __future__ import annotations

import json
import math
import shlex
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from decnet.errors import Failed, SpecError, StateBroken
from decnet.model.catalog import Catalog
from decnet.model.fleet import Fleet

from .atomic import last_copy, read_whole, write_whole
from .desired_rules import contradiction, unknown
from .gc_pause import gc_paused
from .migrate import FLEET_MIGRATIONS, FLEET_SCHEMA, Migration, backup_path, migrated
from .paths import Home
from .validation_messages import Entry, Route, describe, dotted, nearest, position, survey

_MAX_DIGITS = 19


def new_fleet(fleet_id: uuid.UUID | None = None) -> Fleet:
    """An empty fleet with a new id."""
    return Fleet(fleet_id=str(fleet_id or uuid.uuid4()))


def load_fleet(home: Home, *, migrations: Mapping[int, Migration] = FLEET_MIGRATIONS) -> Fleet | None:
    """The stored desired state; None if there is no fleet yet.

    Raises SpecError (exit 2) for content that is not a fleet: empty, truncated, not JSON, a duplicate key, an
    unknown or invalid field, two deckies with one address; it names file, line and column, and the last good
    copy. Raises StateBroken if the file cannot be read, is missing while its copy exists, or was written by a
    newer decnet.
    """
    content = read_whole(home.state)
    if content is None:
        _check_never_there(home)
        return None
    with gc_paused():
        fleet = _as_committed(home, content)
        return fleet or _checked(home, content, _as_edited(home, content, migrations))


def last_good_fleet(home: Home) -> Fleet | None:
    """The last good copy of the desired state, if there is one and it can be read."""
    try:
        copy = read_whole(last_copy(home.state))
    except StateBroken:
        return None
    return None if copy is None else _as_written(copy)


@gc_paused()
def save_fleet(home: Home, fleet: Fleet) -> bool:
    """Stores the desired fleet; returns whether the file had to be written.

    Raises Failed instead of writing what `load_fleet` would refuse. A file of an older schema is first copied
    to `<name>.v<version>`.
    """
    content = render(fleet)
    present = read_whole(home.state)
    if present == content:
        return False
    if _as_written(content) != fleet:
        raise Failed("this fleet cannot be written so that it reads the same again: nothing was changed")
    wrong = contradiction(fleet)
    if wrong:
        raise Failed(f"{wrong[1]}: nothing was changed")
    if present is not None:
        _keep_older(home.state, present)
    return write_whole(home.state, content, keep=True)


def check_known(home: Home, fleet: Fleet, catalog: Catalog) -> None:
    """Raises SpecError, with its place, for a stored fleet that names an OS, a release or a service that the
    catalog does not have: edited by hand, or made with a catalog file or a decnet version that is gone."""
    wrong = unknown(fleet, catalog)
    if wrong is None:
        return
    text = (read_whole(home.state) or b"").decode(errors="replace")
    line, column = position(text, nearest(text, wrong[0]))
    raise SpecError(
        wrong[1],
        place=f"{home.state}:{line}:{column}",
        hint=f"correct {catalog.mistakes[0].place}, then the other mistakes above"
        if catalog.mistakes
        else f"restore the file that defines it in {home.catalog}, or correct this line",
    )


def render(fleet: Fleet) -> bytes:
    """The canonical text of a fleet: sorted keys, two spaces, a newline at the end."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    try:
        return orjson.dumps(fleet.model_dump(warnings="error"), option=options)
    except (TypeError, ValueError) as error:
        raise Failed(f"this fleet cannot be written: {error}") from error


def _as_committed(home: Home, content: bytes) -> Fleet | None:
    """The fleet of a file that is unchanged since decnet checked and wrote it, with its copy."""
    if content != read_whole(last_copy(home.state)):
        return None
    try:
        return Fleet.model_validate_json(content)
    except ValidationError:
        return None


def _checked(home: Home, content: bytes, fleet: Fleet) -> Fleet:
    wrong = contradiction(fleet)
    if wrong:
        _refuse(home, content.decode(), *wrong)
    return fleet


def _as_written(content: bytes) -> Fleet | None:
    """The fleet of a file that is exactly what decnet writes, which has no duplicate keys."""
    try:
        fleet = Fleet.model_validate_json(content)
        return fleet if render(fleet) == content else None
    except (ValidationError, Failed):
        return None


def _as_edited(home: Home, content: bytes, migrations: Mapping[int, Migration]) -> Fleet:
    written = _as_written(content)
    if written:
        return written
    text = _text(home, content)
    document = migrated(_document(home, text), home.state, FLEET_SCHEMA, migrations)
    try:
        return Fleet.model_validate_json(json.dumps(document))
    except ValidationError as error:
        _refuse(home, text, *describe(error, document))


def _text(home: Home, content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        _refuse_at(home, before, len(before), "the bytes from here on are not UTF-8 text")
    if not text.strip():
        _refuse_at(home, text, 0, "the file is empty")
    return text


def _document(home: Home, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        _refuse_at(home, text, error.pos, f"this is not JSON: {error.msg}")
    except (RecursionError, ValueError):
        _refuse_at(home, text, 0, "this JSON cannot be read: nested too deeply, or a huge number")
    _check_oddities(home, text)
    if not isinstance(document, dict):
        _refuse_at(home, text, 0, "the document must be an object {...}")
    return document


def _check_oddities(home: Home, text: str) -> None:
    """Refuse text that parses as JSON, or only in Python, but is not a valid value."""
    known: set[Route] = set()
    escaped = "\\u" in text
    for entry in survey(text):
        if entry.route in known:
            _refuse_at(home, text, entry.offset, f"{dotted(entry.route)} appears twice")
        known.add(entry.route)
        if entry.token[0] not in '"{[tfn' and not _is_plain_number(entry.token):
            _refuse_at(home, text, entry.offset, f"{dotted(entry.route)} is not a valid number")
        if escaped and not _is_plain_text(entry):
            _refuse_at(home, text, entry.offset, f"{dotted(entry.route)} has half a character (a surrogate)")


def _is_plain_number(token: str) -> bool:
    return math.isfinite(float(token)) and (not token.lstrip("-").isdigit() or len(token) <= _MAX_DIGITS)


def _is_plain_text(entry: Entry) -> bool:
    try:
        words = (json.loads(entry.token) if entry.token[0] == '"' else "", *entry.route[-1:])
        return bool("".join(map(str, words)).encode()) or True
    except UnicodeEncodeError:
        return False


def _check_never_there(home: Home) -> None:
    copy = last_copy(home.state)
    if read_whole(copy) is not None:
        remove = f"rm {shlex.quote(str(copy))}"
        raise StateBroken(
            f"{home.state} is missing, but its last good copy exists",
            hint=f"to restore it: {_restore(home.state)}; to start without a fleet: {remove}",
        )


def _refuse(home: Home, text: str, route: Route, sentence: str) -> NoReturn:
    _refuse_at(home, text, nearest(text, route), sentence)


def _refuse_at(home: Home, text: str, offset: int, sentence: str) -> NoReturn:
    line, column = position(text, offset)
    copy = read_whole(last_copy(home.state))
    good = copy is not None and _as_written(copy) is not None
    hint = f"correct it there, or restore the last good copy: {_restore(home.state)}" if good else None
    raise SpecError(sentence, place=f"{home.state}:{line}:{column}", hint=hint)


def _restore(path: Path) -> str:
    return f"cp {shlex.quote(str(last_copy(path)))} {shlex.quote(str(path))}"


def _keep_older(path: Path, present: bytes) -> None:
    # In a file that decnet wrote, only the document's own field has such a line.
    if f'\n  "schema_version": {FLEET_SCHEMA}\n'.encode() in present:
        return
    try:
        version = json.loads(present).get("schema_version")
    except (ValueError, AttributeError):
        return
    if isinstance(version, int) and version < FLEET_SCHEMA:
        write_whole(backup_path(path, version), present)
