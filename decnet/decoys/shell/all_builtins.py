"""The whole table of builtins, for the builtins that ask for it."""

from typing import Any

ALL: dict[str, Any] = {}
"""By name; `builtins` fills it."""
