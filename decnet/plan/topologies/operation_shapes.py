"""The shape of each operation on a design: its keys, and what their values must be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from decnet.errors import SpecError
from decnet.model import addresses, values
from decnet.model.suggest import suggest
from decnet.model.topologykeys import node
from decnet.wire import clean

MOST = 1000


class Field(NamedTuple):
    """One key of an operation."""

    kind: str
    help: str
    required: bool = False


_LAN = Field("name", "the LAN", required=True)
_DECKY = Field("name", "the decky", required=True)
_ADDRESS = Field("address", "its address there; default: a free one")
_MAC = Field("mac", "its MAC there; default: one of a fitting vendor")
_SERVICES = Field("services", "its services; default: those of its archetype")
_SETTINGS = Field("settings", "settings by service")
_HOSTNAME = Field("hostname", "its hostname; default: one in the style of such machines")
_FORWARDS = Field("flag", "whether it routes between its LANs")

OPERATIONS: dict[str, dict[str, Field]] = {
    "add_lan": {
        "name": Field("name", "its name", required=True),
        "subnet": Field("subnet", "its subnet; default: a free one"),
    },
    "remove_lan": {"name": _LAN},
    "update_lan": {
        "name": _LAN,
        "new_name": Field("name", "its new name"),
        "subnet": Field("subnet", "its new subnet; deckies keep their places in it"),
    },
    "add_decky": {
        "name": Field("name", "its name", required=True),
        "home": Field("name", "its main LAN", required=True),
        "archetype": Field("word", "the kind of machine"),
        "os": Field("word", "its OS; default: that of its archetype"),
        "release": Field("word", "the release of its OS; default: one at random"),
        "services": _SERVICES,
        "settings": _SETTINGS,
        "hostname": _HOSTNAME,
        "forwards": _FORWARDS,
        "address": _ADDRESS,
        "mac": _MAC,
    },
    "remove_decky": {"name": _DECKY},
    "update_decky": {
        "name": _DECKY,
        "new_name": Field("name", "its new name"),
        "home": Field("name", "its main LAN, one that it is on"),
        "release": Field("word", "the release of its OS"),
        "services": Field("services", "its services"),
        "settings": Field("settings", "settings by service; the others of that service are reset"),
        "hostname": Field("hostname", "its hostname"),
        "forwards": _FORWARDS,
    },
    "attach_decky": {
        "name": _DECKY,
        "lan": _LAN,
        "address": _ADDRESS,
        "mac": _MAC,
        "forwards": _FORWARDS,
    },
    "detach_decky": {"name": _DECKY, "lan": _LAN},
}
"""Every operation, with its keys in addition to `op`."""


def checked(operations: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The operations with normalised values. Raises SpecError for one that is not of a known shape."""
    if not operations:
        raise SpecError("there is no operation", hint=f"known: {', '.join(OPERATIONS)}")
    if len(operations) > MOST:
        raise SpecError(f"{len(operations)} operations, more than {MOST}", hint="make several changes")
    single = len(operations) == 1
    return tuple(
        _checked(each, "" if single else f"operation {number}: ") for number, each in enumerate(operations, 1)
    )


def _checked(operation: Any, who: str) -> dict[str, Any]:
    if not isinstance(operation, Mapping):
        raise SpecError(
            f"{who}an operation must be a table", hint='for example { op = "add_lan", name = "x" }'
        )
    name = operation.get("op")
    if not isinstance(name, str) or name not in OPERATIONS:
        near = suggest(name, OPERATIONS) if isinstance(name, str) else None
        hint = f"did you mean `{near}`?" if near else f"known: {', '.join(OPERATIONS)}"
        shown = values.display(name) if name is not None else "missing"
        raise SpecError(f"{who}`op` must be an operation, not {shown}", hint=hint)
    fields = OPERATIONS[name]
    for key in operation:
        if key != "op" and key not in fields:
            near = suggest(str(key), fields)
            hint = f"did you mean `{near}`?" if near else f"known: {', '.join(fields)}"
            raise SpecError(f"{who}{name} has no key `{clean(str(key), 60)}`", hint=hint)
    for key, field in fields.items():
        if field.required and key not in operation:
            raise SpecError(f"{who}{name} needs `{key}`: {field.help}")
        if key in operation and (complaint := _complaint(field.kind, operation[key])):
            raise SpecError(f"{who}`{key}` of {name} {complaint}")
    optional = [key for key, field in fields.items() if not field.required]
    if name.startswith("update_") and not any(key in operation for key in optional):
        raise SpecError(f"{who}{name} changes nothing", hint=f"give one of {', '.join(optional)}")
    kinds = {"op": "op", **{key: field.kind for key, field in fields.items()}}
    return {key: _normalised(kinds[key], value) for key, value in operation.items()}


def _complaint(kind: str, value: Any) -> str | None:
    """What is wrong with a value of that kind."""
    if kind == "flag":
        return None if isinstance(value, bool) else f"must be true or false, not {values.display(value)}"
    if kind == "services":
        if not isinstance(value, list | tuple) or len(value) > values.MAX_LIST:
            return "must be a list of service names"
        return values.services(value)
    if kind == "settings":
        return _settings_complaint(value)
    if not isinstance(value, str):
        return "must be text"
    if kind == "name":
        return (complaint := node(value)) and f"{complaint}, not {values.display(value)}"
    check = {
        "subnet": addresses.subnet, "address": addresses.host, "mac": addresses.mac, "word": values.word,
        "hostname": values.hostname,
    }[kind]  # fmt: skip
    return check(value)


def _settings_complaint(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "must be a table of tables, one per service"
    for service, settings in value.items():
        if not isinstance(service, str) or not re.fullmatch(values.SERVICE, service):
            return f"names {values.display(service)}, which is not a service"
        if not isinstance(settings, Mapping):
            # Without the value: it may be a password.
            return f"must have a table for {service}"
        for key, each in settings.items():
            if not isinstance(key, str) or len(key) > 64:
                return f"has a name for {service} that is too long"
            if complaint := values.setting(each):
                return f"has {clean(key, 60)} for {service}, which {complaint}"
    return None


def _normalised(kind: str, value: Any) -> Any:
    if kind == "services":
        return tuple(value)
    if kind == "settings":
        return {service: dict(settings) for service, settings in value.items()}
    if kind == "mac":
        return value.lower().replace("-", ":")
    return value
