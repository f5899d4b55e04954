"""The verb `enrol`: gives the agent its identity; on request removes what a former fleet has left."""

from __future__ import annotations

from . import identity, request
from .leftovers import remove_leftovers
from .rollouts import forget_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict


def enrol_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """With `adopt` and `sweep`, the containers and networks of all other fleets are removed."""
    sweeps = request.flag(args, "sweep")
    answer = identity.enrol({key: value for key, value in args.items() if key != "sweep"})
    if sweeps and request.flag(args, "adopt"):
        # A dead man of the former fleet would restore its deckies.
        forget_all()
        remove_leftovers(str(args["fleet_id"]))
    return answer
