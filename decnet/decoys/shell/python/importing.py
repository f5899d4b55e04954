"""`import`: the modules that are known, each made when it is first imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .machine import Machine, block
from .values import Module, Scope

MODULES = {
    "of_system": "os os.path sys platform getpass pwd shutil glob tempfile signal",
    "of_time": "time",
    "of_encodings": "zlib gzip uuid secrets html textwrap hmac codecs statistics",
    "of_programs": "subprocess pty threading",
    "of_network": "socket urllib urllib.request urllib.parse urllib.error requests http http.client",
    "of_data": "base64 hashlib json re random string math struct binascii datetime collections",
    "of_errors": "errno traceback shlex",
    "": "functools itertools queue pathlib argparse fnmatch io csv stat",
}
"""Names of modules by the file of this package whose MODULES has them; "" for those of `sources`."""
BUILTIN = ("sys", "time", "math", "itertools", "binascii", "_thread")
ABSENT = ("requests",)
"""Names of modules that no package of the system has brought."""
FILES = {name: file for file, names in MODULES.items() for name in names.split()}


def _file(machine: Machine, name: str) -> str:
    short = ".".join(machine.version.split(".")[:2])
    return "" if name in BUILTIN else f"/usr/lib/python{short}/{name.replace('.', '/')}.py"


def _executed(machine: Machine, name: str) -> Module:
    """A module whose text is executed; it waits for nothing."""
    from .parsing import parsed
    from .sources import SOURCES

    scope, machine.scope = machine.scope, Scope({"__name__": name}, function="", is_library=True)
    try:
        for _ in block(machine, parsed(SOURCES[name], "<string>").body):
            pass
        names = machine.scope.names
    finally:
        machine.scope = scope
    module = machine.modules[name] = Module(name, names, _file(machine, name))
    return module


def imported(machine: Machine, name: str) -> Module:
    """A module. Raises ModuleNotFoundError."""
    if name in machine.modules:
        return machine.modules[name]
    if name not in FILES or name in ABSENT:
        above = name.partition(".")[0]
        error = ModuleNotFoundError(f"No module named '{name if above in FILES else above}'")
        error.name = name
        raise error
    if not FILES[name]:
        return _executed(machine, name)
    made = import_module(f".{FILES[name]}", __package__).MODULES[name](machine)
    module = machine.modules[name] = Module(name, made, _file(machine, name))
    for each in FILES:
        above, _, last = each.rpartition(".")
        if above == name and name == "os":
            module.attributes[last] = imported(machine, each)
    above, _, last = name.rpartition(".")
    if above:
        imported(machine, above).attributes[last] = module
    return module


def imported_from(machine: Machine, name: str, wanted: str) -> dict[str, Any]:
    """What `from name import wanted` finds. Raises ImportError."""
    module = imported(machine, name)
    if wanted == "*":
        return {key: value for key, value in module.attributes.items() if not key.startswith("_")}
    if wanted not in module.attributes and f"{name}.{wanted}" in FILES:
        imported(machine, f"{name}.{wanted}")
    if wanted not in module.attributes:
        where = f" ({module.file})" if module.file else " (unknown location)"
        raise ImportError(f"cannot import name '{wanted}' from '{name}'{where}")
    return {wanted: module.attributes[wanted]}
