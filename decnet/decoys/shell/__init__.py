"""What an intruder types at: a simulation that runs nothing and reads no file of the container."""

from .stream import IDLE_SECONDS, Stream, Terminal
from .terminal import run_command, run_shell
from .world import World

__all__ = ["IDLE_SECONDS", "Stream", "Terminal", "World", "run_command", "run_shell"]
