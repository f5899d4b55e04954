"""Attacker events in the formats that SIEMs read; each is a pure function from an event to one line."""

from __future__ import annotations

from collections.abc import Callable

from .cef import cef
from .cowrie import cowrie
from .ecs import ecs
from .native import native
from .ocsf import ocsf
from .opencanary import opencanary
from .rfc5424 import enveloped, rfc5424
from .sighting import Sighting, redacted, shared

__all__ = ["FORMATS", "Sighting", "enveloped", "native", "redacted", "shared"]

FORMATS: dict[str, Callable[[Sighting], str]] = {
    "opencanary": opencanary,
    "cowrie": cowrie,
    "ecs": ecs,
    "ocsf": ocsf,
    "rfc5424": rfc5424,
    "cef": cef,
}
"""By the name that `events -o` takes."""
