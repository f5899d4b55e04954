"""Plans in files: `--out` of the verbs that change the fleet, and what `apply` reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from decnet import __version__
from decnet.commands.userfile import write_text
from decnet.engine.context import Context
from decnet.engine.outcome import PassOutcome
from decnet.errors import PlanRefused, UsageError
from decnet.model.planfile import HEADER, MAX_BYTES, Basis, PlanFile, parse_plan
from decnet.plan.plan_document import plan_document
from decnet.store.desired_rules import contradiction
from decnet.wire import digest

if TYPE_CHECKING:
    from decnet.engine.options import PassOptions
    from decnet.engine.snapshot import Snapshot


def write_plan(ctx: Context, path: Path, outcome: PassOutcome, options: PassOptions) -> None:
    """Write the plan of a dry run to a file that only its owner can read: it holds credentials. A refused
    plan is not written, nor one that does nothing. Raises UsageError for a file that is not a plan, or cannot
    be written."""
    if outcome.refusal is not None or outcome.planned is None:
        return
    _refuse_other(path)
    loaded, desired = outcome.planned
    if outcome.plan.is_empty and desired == loaded.stored and not outcome.troubles:
        ctx.note(f"there is nothing to do: {path} was not written")
        return
    file = PlanFile(
        command=ctx.command,
        made_at=ctx.now(),
        seed="" if outcome.plan.seed is None else str(outcome.plan.seed)[:200],
        max_remove=options.max_remove,
        adopt=options.adopt_agent,
        basis=basis_of(loaded),
        plan=plan_document(outcome.plan),
        desired=desired,
    )
    document = file.sealed().model_dump(mode="json")
    write_text(path, json.dumps(document, indent=1) + "\n")
    ctx.note(f"the plan is in {path}; decnet apply {path} carries it out")


def read_plan(path: Path) -> PlanFile:
    """The plan of a file. Raises PlanRefused (exit 2), which names the file, if it is not a valid plan."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise PlanRefused(f"cannot be read: {(error.strerror or '').lower()}", place=str(path)) from error
    file = parse_plan(content or b"")
    if isinstance(file, str):
        raise PlanRefused(file, place=str(path), hint="make it again: decnet deploy ... --out FILE")
    if wrong := contradiction(file.desired):
        raise PlanRefused(f"its fleet is not valid: {wrong[1]}", place=str(path))
    return file


def basis_of(loaded: Snapshot) -> Basis:
    """What a plan made from this snapshot rests on, apart from what its steps show."""
    workers = {
        name: [worker.worker_id, worker.drained, worker.max_deckies]
        for name, worker in loaded.workers.items()
    }
    return Basis(
        desired=digest(loaded.stored.model_dump(mode="json")),
        workers=digest(workers),
        catalog=loaded.catalog.digest,
        images=(loaded.images.base, loaded.images.decoys),
        version=__version__,
    )


def _refuse_other(path: Path) -> None:
    """Raises UsageError if the path exists and is not an earlier plan."""
    if not os.path.lexists(path):
        return
    try:
        is_plan = not path.is_symlink() and path.is_file() and HEADER.encode() in _beginning(path)
    except OSError:
        is_plan = False
    if not is_plan:
        raise UsageError(f"{path} exists and is not a plan", hint="choose another name for --out")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(200)
