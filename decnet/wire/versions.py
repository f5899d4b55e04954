"""Which programs do not work with each other."""

from __future__ import annotations

FIRST_ENGINE_WITHOUT_V1 = 25
"""Compose 1.x fails with `KeyError: ContainerConfig`: newer engines do not send that field of an image."""


def compose_breaks(compose: str, engine: str) -> bool:
    """Whether that Compose crashes with that Docker Engine: versions as the programs print them, such as
    `1.29.2`, `v2.24.5`, `20.10.24+dfsg1`."""
    return _major(compose) == 1 and _major(engine) >= FIRST_ENGINE_WITHOUT_V1


def _major(version: str) -> int:
    digits = version.strip().lstrip("v").partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else 0
