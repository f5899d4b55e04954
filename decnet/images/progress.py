"""Progress of image builds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Phase = Literal["root", "wheels", "base", "decoys"]


@dataclass(frozen=True)
class ImageProgress:
    """How far one image is: `done` of `total` parts, and a message about the present step."""

    phase: Phase
    done: int
    total: int
    message: str


Emit = Callable[[ImageProgress], None]
