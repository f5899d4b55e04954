"""Messages about invalid documents: the invalid value, its line and column, and what it must be."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from decnet.model.base import FrozenModel
from decnet.model.fleet import Attachment, Decky, Fleet, Network, Project
from decnet.model.topology import Design, DesignDecky, Lan, Topology
from decnet.wire import clean

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Route = tuple[str | int, ...]
"""The keys and indexes from the top of a document to one value."""

Wrong = tuple[Route, str]
"""The route to a value, and what is wrong with it."""

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^ \t\n\r{}\[\]:,"]+)')

_WORDS = {
    "missing": "is missing",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "dict_type": "must be an object {...}",
    "model_type": "must be an object {...}",
    "tuple_type": "must be a list [...]",
    "list_type": "must be a list [...]",
}

_PATTERNS = {
    "mac": "must be a MAC address such as 02:42:c0:00:02:64, in lower case",
    "id": "must be 32 hexadecimal digits in lower case",
    "networks": "must be the name of one of the project's inner networks",
    "projects": "must be decnet, or decnet-t- and 8 hexadecimal digits",
    "seed": "must be 32 hexadecimal digits in lower case",
    "services": "must be a service's name: lower case letters, digits, - and _, at most 32",
    "name": "must be a name: lower case letters, digits and inner hyphens, at most 40",
    "node": "must be a name: lower case letters, digits and inner hyphens, at most 32",
}

FaultKind = Literal["field", "key", "union", "value"]


class Entry(NamedTuple):
    """One value: its route, the offset of its key (of the value in a list), and its first character."""

    route: Route
    offset: int
    token: str


def describe(error: ValidationError, document: Any) -> tuple[Route, str]:
    """The route to the first error, and one sentence about it that names the route."""
    # A misspelled field is also a missing one: the misspelling is the more helpful error.
    faults = sorted(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    routes = [_routed(fault, document) for fault in faults]
    route, kind = routes[0]
    sentence = f"{dotted(route)} {_sentence(faults[0], route, kind)}"
    if kind in ("value", "union") and _may_be_shown(route, _value(document, route)):
        sentence += f", not {clean(json.dumps(_value(document, route)), 60)}"
    elsewhere = {other for other, _ in routes} - {route}
    return route, sentence + (f" (and {len(elsewhere)} more)" if elsewhere else "")


def dotted(route: Sequence[str | int]) -> str:
    """A route as a message names it: projects.decnet.deckies.web-1.hostname."""
    return ".".join(clean(str(part), 60) for part in route) or "the document"


def survey(text: str) -> Iterator[Entry]:
    """Every value of a valid JSON text, in order; a repeated key is yielded twice."""
    route: list[str | int] = []
    kinds: list[str] = []
    key_offset = -1
    for match in _TOKEN.finditer(text):
        token = match[1]
        if token in "}]":
            kinds.pop()
            route.pop()
        elif token == "," and kinds:
            _advance(route, kinds)
            key_offset = -1
        elif token[0] == '"' and kinds and kinds[-1] == "{" and key_offset < 0:
            route[-1] = json.loads(token)
            key_offset = match.start()
        elif token != ":":
            yield Entry(tuple(route), max(key_offset, 0) or match.start(), token)
            if token in "{[":
                kinds.append(token)
                route.append(0 if token == "[" else "")
                key_offset = -1


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def nearest(text: str, route: Route) -> int:
    """The offset of the value on this route, or of the last existing value on the way there."""
    best, offset = -1, 0
    for entry in survey(text):
        if len(entry.route) > best and entry.route == route[: len(entry.route)]:
            best, offset = len(entry.route), entry.offset
    return offset


def _may_be_shown(route: Route, value: object) -> bool:
    """A service's settings hold passwords, a seed is what keys are made from, and a list or an object may
    hold any of these."""
    secret = {"services", "settings", "seed"} & set(map(str, route))
    return bool(route) and not secret and not isinstance(value, list | dict)


def _sentence(fault: ErrorDetails, route: Route, kind: FaultKind) -> str:
    if kind == "union":
        return "must be text, a number, true or false"
    if fault["type"] == "extra_forbidden":
        return "is not known here" + _suggestion(route)
    if fault["type"] == "string_pattern_mismatch":
        return _PATTERNS[_pattern(route, kind)]
    if fault["type"] == "literal_error":
        return f"must be {fault['ctx']['expected']}"
    if fault["type"] == "greater_than_equal":
        return f"must be {fault['ctx']['ge']} or more"
    if fault["type"] == "string_too_long":
        return f"must have at most {fault['ctx']['max_length']} characters"
    return _WORDS.get(fault["type"]) or f"is not valid: {clean(fault['msg'], 200)}"


def _pattern(route: Route, kind: FaultKind) -> str:
    """The key in _PATTERNS for a text, or a key, that does not have its form."""
    named = [part for part in route if isinstance(part, str)]
    about = named[-2] if kind == "key" and len(named) > 1 else named[-1]
    if kind == "value" and named[-2:-1] == ["macs"]:
        return "mac"
    if about in _PATTERNS and about != "name":
        return about
    return "node" if route[0] == "topologies" and about != "worker" else "name"


def _suggestion(route: Route) -> str:
    model: type[FrozenModel] = Fleet
    match route[:-1]:
        case ("lans", _):
            model = Network
        case ("projects", _):
            model = Project
        case ("projects", _, "deckies", _):
            model = Decky
        case ("projects", _, "deckies", _, "attachments", _):
            model = Attachment
        case ("projects", _, "networks", _):
            model = Network
        case ("topologies", _):
            model = Topology
        case ("topologies", _, "design"):
            model = Design
        case ("topologies", _, "design", "lans", _):
            model = Lan
        case ("topologies", _, "design", "deckies", _):
            model = DesignDecky
    near = difflib.get_close_matches(str(route[-1]), model.model_fields, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _routed(fault: ErrorDetails, document: Any) -> tuple[Route, FaultKind]:
    """The part of pydantic's location that is a route in the document, and the subject of the error: after
    the route, pydantic names members of a union, or marks an error of the key."""
    loc = fault["loc"]
    if fault["type"] in ("missing", "extra_forbidden"):
        return loc, "field"
    value = document
    for done, part in enumerate(loc):
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return loc[:done], "key" if part == "[key]" else "union"
    return loc, "value"


def _value(document: Any, route: Route) -> Any:
    for part in route:
        document = document[part]
    return document


def _advance(route: list[str | int], kinds: list[str]) -> None:
    if kinds[-1] == "[":
        route[-1] = int(route[-1]) + 1
