"""Command lines of machines without a Unix shell: Windows and network devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...persona import Persona

if TYPE_CHECKING:
    from .fastpath import EdgeSwitch
    from .ios import Router
    from .windows import Windows

    Kind = Windows | Router | EdgeSwitch


def has_console(persona: Persona) -> bool:
    """Whether it is a machine without a Unix shell."""
    return persona.os == "cisco" or persona.os.startswith("windows")


def console_of(persona: Persona) -> type[Windows] | type[Router] | type[EdgeSwitch] | None:
    """The kind of console of a machine without a Unix shell; loads it, and what drives it."""
    if not has_console(persona):
        return None
    from . import lines  # noqa: F401

    if persona.os != "cisco":
        from .windows import Windows

        return Windows
    if persona.release.startswith("edgeswitch"):
        from .fastpath import EdgeSwitch

        return EdgeSwitch
    from .ios import Router

    return Router
