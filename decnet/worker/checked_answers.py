"""What a worker answers, checked: its shape, and who it is."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from decnet import wire
from decnet.errors import BadAnswer, EnrolledHint, FleetRefused, IdentityRefused
from decnet.model.worker import Hello

Answer = TypeVar("Answer", bound=BaseModel)


def validated(model: type[Answer], answer: dict[str, Any], worker: str, verb: str) -> Answer:
    """The answer as a model. Raises BadAnswer with its first error, in one short line."""
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = wire.clean(".".join(str(part) for part in first["loc"][:6]), 80)
        raise BadAnswer(
            f"its answer to {verb} is not valid at {place}: {wire.clean(first['msg'], 120)}",
            hint=EnrolledHint(f"decnet worker upgrade {worker}"),
            worker=worker,
        ) from error


def check_identity(hello: Hello, worker: str, *, worker_id: str | None, fleet_id: str | None) -> None:
    """Raises FleetRefused or IdentityRefused if another agent answers than the enrolled one. None: any."""
    if fleet_id is not None and hello.fleet_id != fleet_id:
        whose = "no fleet" if hello.fleet_id is None else f"fleet {wire.clean(hello.fleet_id, 40)}"
        raise FleetRefused(
            f"it belongs to {whose}, not to this fleet",
            hint="enrol it: decnet worker add" + (" --adopt takes it over" if hello.fleet_id else ""),
            worker=worker,
        )
    if worker_id is not None and hello.worker_id != worker_id:
        who = "none" if hello.worker_id is None else wire.clean(hello.worker_id, 40)
        raise IdentityRefused(
            f"another worker answers there, its identity is {who}",
            hint=EnrolledHint(f"`decnet worker show {worker}` shows what was enrolled"),
            worker=worker,
        )
