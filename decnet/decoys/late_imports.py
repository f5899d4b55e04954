"""Modules that the standard library imports for what a decoy hardly ever does: loaded at their first use."""

import importlib.util
import sys
from types import ModuleType
from typing import Any

LATE = ("ast", "dis", "inspect", "locale", "textwrap", "tokenize")
"""For signatures, traces and the text of programs: 1 MiB with what they import."""


class LateModule(ModuleType):
    """A module that has nothing yet. (With `importlib.util.LazyLoader`, each `import` loads it.)"""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.__spec__ is None or self.__spec__.loader is None:
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def import_late() -> None:
    """Let the imports of these modules return at once. At the start, before anything has imported them."""
    for name in LATE:
        spec = importlib.util.find_spec(name) if name not in sys.modules else None
        if spec is not None:
            sys.modules[name] = module = importlib.util.module_from_spec(spec)
            module.__class__ = LateModule
    inspect = sys.modules["inspect"]
    if isinstance(inspect, LateModule):
        # Without docstrings, `dataclass` writes the signature of each class into a text that no one reads.
        inspect.signature = lambda _: ""  # type: ignore[attr-defined]
