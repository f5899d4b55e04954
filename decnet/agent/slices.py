"""The applied slice, whole: what this worker was last told to be."""

from __future__ import annotations

from decnet.wire import digest

from . import arguments
from .home import read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

FILE = "slice.json"
COMPOSE = "compose.json"


def slice_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    arguments.only(args)
    return applied()


def applied() -> Dict[str, Any]:
    """{"slice", "generation", "plan_hash"} of the last accepted request; null, 0, null before the first."""
    known = read_json(FILE)
    return known if isinstance(known, dict) else {"slice": None, "generation": 0, "plan_hash": None}


def keep(content: Optional[Dict[str, Any]], generation: int, plan_hash: Optional[str]) -> None:
    write_json({"slice": content, "generation": generation, "plan_hash": plan_hash}, FILE)


def keep_of(job: Dict[str, Any]) -> None:
    """What the worker is to be from now on, by the content of an accepted job."""
    if "compose" in job:
        write_json(job["compose"], COMPOSE)
        keep(job["slice"], job["generation"], job["plan_hash"])
    else:
        keep_without(job["only"], job["generation"], job)


def keep_without(deckies: Optional[List[str]], generation: int, known: Dict[str, Any]) -> None:
    """The slice after a teardown of these deckies, or of all (None)."""
    empty = {"schema": 1, "fleet_id": known["fleet_id"], "worker_id": known["worker_id"], "deckies": {}}
    content = dict(applied()["slice"] or empty)
    left = {} if deckies is None else {k: v for k, v in content["deckies"].items() if k not in deckies}
    content["deckies"] = left
    keep(content, generation, digest(content))
