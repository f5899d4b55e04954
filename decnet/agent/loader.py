"""Imports the agent's modules from their byte code. `compiled.py` keeps this text together with what fills
MODULES, and the agent's start executes it: so it imports next to nothing.
"""

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Dict, Optional

MODULES: "Dict[str, bytes]" = {}
PACKAGES = ("decnet", "decnet.agent", "decnet.wire")


def install(size: "int", written: "int") -> "None":
    """From now on, imports take byte code. Raises ValueError unless the agent's file still has the size and
    the time that it had: one that is damaged must not go unnoticed because it is not needed."""
    found = os.stat(__file__[: __file__.rindex("/") + 65] + ".pyz")
    if (found.st_size, found.st_mtime_ns) != (size, written):
        raise ValueError("made from another file")
    sys.meta_path.insert(0, Loader)


class Loader:
    """A finder and loader in one, as importlib asks it."""

    @staticmethod
    def find_spec(name: "str", _path: "Any" = None, _target: "Any" = None) -> "Optional[ModuleSpec]":
        if name not in MODULES:
            return None
        loader: "Any" = Loader
        spec: "ModuleSpec" = type(sys.__spec__)(name, loader, is_package=name in PACKAGES)
        spec.origin = __file__
        return spec

    @staticmethod
    def create_module(_spec: "ModuleSpec") -> "None":
        return None

    @staticmethod
    def exec_module(module: "ModuleType") -> "None":
        exec(marshal.loads(MODULES[module.__name__]), module.__dict__)
