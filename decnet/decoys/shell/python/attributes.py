"""Attributes of values."""

from __future__ import annotations

import time
from typing import Any

from .files import File
from .machine import Machine
from .methods import OF_TYPES, is_method
from .values import (
    Bound,
    Class,
    Function,
    Instance,
    Lazy,
    Module,
    Native,
    Record,
    UserError,
    check,
    kind_of,
    type_name,
)

OF_ERRORS = ("args", "errno", "strerror", "filename", "code", "msg", "reason")


def attribute_of(machine: Machine, value: Any, name: str) -> Any:
    """`value.name`. Raises AttributeError."""
    if name == "__class__":
        return kind_of(value)
    if isinstance(value, Module):
        return _of_module(value, name)
    if isinstance(value, UserError) and name in ("__cause__", "__context__"):
        return value.__dict__.get(name)
    if isinstance(value, (Instance, UserError)):
        return _of_instance(value.instance if isinstance(value, UserError) else value, name)
    if isinstance(value, Class):
        return _of_class(value, name)
    if isinstance(value, Record) and name in value.attributes:
        return value.attributes[name]
    if isinstance(value, time.struct_time) and name.startswith("tm_") and hasattr(value, name):
        return getattr(value, name)
    if isinstance(value, File) and (name in File.METHODS or name in File.ATTRIBUTES):
        return Bound(value, name) if name in File.METHODS else getattr(value, name)
    if isinstance(value, Lazy) and name in ("send", "close", "__next__"):
        return Native(name, lambda machine, args, keywords: _of_generator(machine, value, name, args))
    if isinstance(value, tuple) and name in (fields := getattr(value, "fields", [])):
        return value[fields.index(name)]
    if isinstance(value, type):
        return _of_type(value, name)
    if isinstance(value, (Function, Native)) and name in ("__name__", "__qualname__"):
        return value.name
    if isinstance(value, BaseException) and name in ("__cause__", "__context__"):
        return value.__dict__.get(name)
    if isinstance(value, BaseException) and name in OF_ERRORS and hasattr(value, name):
        return getattr(value, name)
    if is_method(value, name):
        return Bound(value, name)
    raise AttributeError(f"'{type_name(value)}' object has no attribute '{name}'")


def _of_generator(machine: Machine, lazy: Lazy, name: str, args: list[Any]) -> Any:
    from .iterating import resumed

    if name == "close":
        lazy.work = None
        return None
    return resumed(machine, lazy, *args)


def _of_module(module: Module, name: str) -> Any:
    if name in module.attributes:
        return module.attributes[name]
    if name == "__name__":
        return module.name
    if name == "__file__" and module.file:
        return module.file
    raise AttributeError(f"module '{module.name}' has no attribute '{name}'")


def _of_instance(instance: Instance, name: str) -> Any:
    if name in instance.attributes:
        return instance.attributes[name]
    if name == "__dict__":
        return instance.attributes
    found = instance.made_by.find(name)
    if found is None:
        raise AttributeError(f"'{instance.made_by.name}' object has no attribute '{name}'")
    if isinstance(found, Function) and found.kind != "staticmethod":
        return Bound(instance.made_by if found.kind == "classmethod" else instance, found)
    return found


def _of_class(owner: Class, name: str) -> Any:
    if name == "__name__":
        return owner.name
    found = owner.find(name)
    if found is None:
        raise AttributeError(f"type object '{owner.name}' has no attribute '{name}'")
    if isinstance(found, Function) and found.kind == "classmethod":
        return Bound(owner, found)
    return found


def _of_type(owner: type, name: str) -> Any:
    if name == "__name__":
        return owner.__name__
    if (owner, name) in OF_TYPES:
        return Native(name, lambda machine, args, keywords: _of_types(owner, name, args, keywords))
    if owner in (str, bytes, list, dict) and is_method(owner(), name):
        return Native(name, lambda machine, args, keywords: _unbound(args, name, keywords))
    raise AttributeError(f"type object '{owner.__name__}' has no attribute '{name}'")


def _of_types(owner: type, name: str, args: list[Any], keywords: dict[str, Any]) -> Any:
    for each in args:
        check(len(each) if hasattr(each, "__len__") else 0)
    return OF_TYPES[owner, name](*args, **keywords)


def _unbound(args: list[Any], name: str, keywords: dict[str, Any]) -> Any:
    from .methods import call_method

    return call_method(args[0], name, args[1:], keywords)
