"""`decnet validate` and `decnet schema`: whether a fleet file is valid, and its JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from decnet.commands.userfile import read_bytes
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome, Verbatim
from decnet.model.fleetfile import parse_bytes
from decnet.model.schema import schema
from decnet.model.spec import FleetSpec
from decnet.plan.resolve import resolve


def read_spec(path: Path) -> FleetSpec:
    """The fleet file at `path`. Raises SpecError with file and line on any mistake in it."""
    return parse_bytes(read_bytes(path), str(path))


def validate(ctx: Context, path: Path) -> TextOutcome:
    """Check a fleet file against the catalog, touching neither files nor network."""
    spec = read_spec(path)
    drafts = resolve(spec, ctx.catalog, rng=Random(0), desired={})
    services = sorted({service for draft in drafts for service in draft.services})
    deckies = f"{len(drafts)} {'decky' if len(drafts) == 1 else 'deckies'}"
    found = f"{len(services)} service{'' if len(services) == 1 else 's'}"
    return TextOutcome(
        (f"{path}: {deckies}, {found}: valid",),
        {"file": str(path), "deckies": [d.name for d in drafts], "services": services},
    )


def fleet_schema() -> Verbatim:
    """The JSON Schema of a fleet file, for editors."""
    return Verbatim(json.dumps(schema(), indent=2) + "\n")
