"""Command lines of machines without a Unix shell: Windows and network devices."""

from ...persona import Persona
from .base import Console, Plain
from .fastpath import EdgeSwitch
from .ios import Router
from .windows import Windows

__all__ = ["Console", "EdgeSwitch", "Plain", "Router", "Windows", "console_of"]


def console_of(persona: Persona) -> type[Windows] | type[Router] | type[EdgeSwitch] | None:
    """The kind of console of a machine without a Unix shell."""
    if persona.os.startswith("windows"):
        return Windows
    if persona.os != "cisco":
        return None
    return EdgeSwitch if persona.release.startswith("edgeswitch") else Router
