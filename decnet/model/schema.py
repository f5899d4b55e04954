"""The JSON Schema of a fleet file, for editors, from the parser's own table of keys."""

from __future__ import annotations

from typing import Any

from . import fleetkeys, values
from .fleetkeys import Key

_TYPES: dict[str, str | list[str]] = {
    "text": "string",
    "number or percentage": ["integer", "string"],
    "whole number": "integer",
    "true or false": "boolean",
    "list": "array",
    "table": "object",
    "tables": "object",
    "rows": "array",
    "scalars": "object",
    "texts": "object",
}


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12. The parser checks what it cannot express (addresses in the subnet)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A decnet fleet file",
        **_table(fleetkeys.FLEET),
        "required": ["decky"],
    }


def _table(keys: dict[str, Key]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: _key(key) for name, key in keys.items()},
        "additionalProperties": False,
    }


def _key(key: Key) -> dict[str, Any]:
    described: dict[str, Any] = {"description": key.help, "type": _TYPES[key.kind]}
    bounds = {"minimum": key.minimum, "maximum": key.maximum, "pattern": key.pattern}
    described |= {name: bound for name, bound in bounds.items() if bound is not None}
    if key.choices:
        described["enum"] = list(key.choices)
    return described | _shape(key)


def _shape(key: Key) -> dict[str, Any]:
    if key.kind == "list":
        kinds = list(key.entries)
        return {"items": {"type": kinds if kinds[1:] else kinds[0]}, "maxItems": values.MAX_LIST}
    if key.kind == "table":
        return _table(key.keys)
    if key.kind == "rows":
        return {"items": {**_table(key.keys), "minProperties": 1}, "maxItems": values.MAX_LIST}
    if key.kind == "tables":
        return {
            "propertyNames": {"pattern": key.names},
            "additionalProperties": _table(key.keys),
            "minProperties": 1,
        }
    if key.kind == "scalars":
        scalar = {"type": ["string", "integer", "number", "boolean"]}
        return {"additionalProperties": {"type": "object", "additionalProperties": scalar}}
    return {}
