"""What an intruder types at: a simulation that runs nothing and reads no file of the container."""

from .terminal import run_command, run_shell
from .world import World

__all__ = ["World", "run_command", "run_shell"]
