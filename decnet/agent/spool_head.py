"""What the spool stores about itself next to its events: how far containers were read, what was dropped."""

from __future__ import annotations

import json
import os

from .home import read_json
from .request import Refusal
from .segments import FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple

HEAD = "spool.json"
POSITIONS = "positions.json"


def read_head() -> Tuple[Dict[str, Any], str]:
    """The head and its stored text; "" for a new head, so that it is stored: otherwise the next pull would
    find yet another spool."""
    is_stored = False
    head: Dict[str, Any] = {"spool_id": os.urandom(16).hex(), "last": 0, "mark": "", "positions": {}}
    try:
        found = read_json(FOLDER, HEAD)
        known = all(isinstance(found[key], type(value)) for key, value in head.items())
        if known and found["spool_id"].isalnum() and (found["spool_id"] + found["mark"]).isascii():
            head, is_stored = dict(found), True
    except (Refusal, KeyError, TypeError):
        pass
    # An agent of version 1 does not write these.
    for key, empty in _LATER.items():
        value = head.get(key)
        head[key] = value if isinstance(value, type(empty)) else type(empty)()
    head["seen"] = {key: names for key, names in head["seen"].items() if _are_names(names)}
    for key in ("dropped", "unsure"):
        head[key] = {each: counted for each, counted in head[key].items() if _is_count(counted)}
    return head, json.dumps(head, sort_keys=True) if is_stored else ""


_LATER: Dict[str, Any] = {
    "times": {},
    "acked": 0,
    "given": 0,
    "floor": 0,
    "dropped": {},
    "unsure": {},
    "scans": {},
    "seen": {},
}


def _are_names(names: Any) -> bool:
    return isinstance(names, list) and len(names) == 2 and all(isinstance(name, str) for name in names)


def _is_count(counted: Any) -> bool:
    return (
        isinstance(counted, list)
        and len(counted) == 3
        and isinstance(counted[0], int)
        and all(isinstance(at, (int, float)) and 0 <= at < 1e11 for at in counted[1:])
    )


def read_positions() -> Dict[str, Any]:
    try:
        found = read_json(POSITIONS)
    except Refusal:
        return {}
    return found if isinstance(found, dict) else {}
