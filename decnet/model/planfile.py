"""The file of a reviewed plan: what `--out` writes and `apply` carries out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from decnet.wire import digest, parse

from .base import FrozenModel, Hex64, Short, Text, Timestamp
from .fleet import Fleet

MAX_BYTES = 64 << 20
MAX_VALUES = 4_000_000
FORMAT = 1
HEADER = "decnet-plan"


class Basis(FrozenModel):
    """What the plan rests on, apart from what its steps show: a hash of each part, or its name."""

    desired: Hex64
    workers: Hex64
    catalog: Hex64
    images: Annotated[tuple[Short, ...], Field(strict=False, max_length=10)]
    version: Short


class PlanFile(FrozenModel):
    """One plan. `desired` is the whole fleet after it, with every value that was chosen at random; `plan` is
    what was shown (`plan_document`); `hash` covers all other fields."""

    kind: Literal["decnet-plan"] = "decnet-plan"
    format: Literal[1] = 1
    command: Text
    made_at: Timestamp
    seed: Short = ""
    max_remove: Annotated[int, Field(ge=0, le=10**6)] | None = None
    adopt: bool = False
    basis: Basis
    plan: dict[str, Any]
    desired: Fleet
    hash: Short = ""

    def sealed(self) -> PlanFile:
        """The same plan with its hash."""
        return self.model_copy(update={"hash": self._digest()})

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed since it was sealed."""
        return self.hash == self._digest()

    def _digest(self) -> str:
        return digest(self.model_dump(mode="json", exclude={"hash"}))


def parse_plan(content: bytes) -> PlanFile | str:
    """The plan of a file, or what is wrong with the file."""
    if len(content) > MAX_BYTES:
        return f"larger than {MAX_BYTES >> 20} MiB"
    try:
        document = parse(content, max_entries=MAX_VALUES)
    except ValueError:
        return "not a plan, or damaged"
    if not isinstance(document, dict) or document.get("kind") != HEADER:
        return "not a plan"
    if document.get("format") != FORMAT:
        return "a plan in the format of another version of decnet"
    try:
        file = PlanFile.model_validate_json(content)
        if file.is_whole:
            return file
    except (ValidationError, ValueError, RecursionError):
        pass
    return "damaged or edited by hand"
