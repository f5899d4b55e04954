"""All commands by name."""

from . import on_files, on_network, on_system, on_text
from .state import Command


def all_commands() -> dict[str, Command]:
    """A fresh table of everything that the shell knows."""
    table: dict[str, Command] = {}
    for module in (on_files, on_text, on_system, on_network):
        table |= module.COMMANDS
    return table
