"""The base class of the model, and the types of its fields."""

from __future__ import annotations

import os
from typing import Annotated

# No plugin may change what a model accepts; the search for pydantic plugins also costs 5 ms.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from pydantic import BaseModel, ConfigDict, Field, StringConstraints  # noqa: E402 - the variable comes first


class FrozenModel(BaseModel):
    """An immutable value. Types are strict, and unknown fields are errors."""

    # Built at first use: a command uses few of the models.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


Loose = Field(strict=False)
"""For tuples and sets, which are lists in JSON and TOML."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
"""A decky's or worker's name: lower case letters, digits and inner hyphens, at most 40."""

ProjectName = Annotated[str, StringConstraints(pattern=r"^decnet(-t-[0-9a-f]{8})?$")]
"""`decnet` for the fleet itself, else a topology's."""

NetworkName = Annotated[
    str, StringConstraints(pattern=r"^decnet-t-[0-9a-f]{8}-[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")
]
"""The Docker network of a topology's inner LAN."""

ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Mac = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")]
Text = Annotated[str, StringConstraints(max_length=2000)]
Short = Annotated[str, StringConstraints(max_length=200)]

Timestamp = Annotated[float, Field(ge=0, le=1e11)]
"""Seconds since the epoch, up to the year 5138: clocks of workers may be wrong."""

Moment = Annotated[int, Field(ge=0, le=10**11)]
"""Whole seconds since the epoch."""
