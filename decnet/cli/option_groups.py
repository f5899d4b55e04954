"""Options that several commands have in common: the fields of a dataclass."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints


class Without(NamedTuple):
    """In the annotation of a parameter: the fields that are no options of this command."""

    names: tuple[str, ...]


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of its parameters that are dataclasses; each field has the
    annotation of an option, and its default."""
    groups: dict[str, type] = {}
    parameters: list[Parameter] = []
    owners: dict[str, str] = {}
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        group, without = _group(parameter.annotation)
        if group is None:
            parameters.append(parameter)
            continue
        groups[parameter.name] = group
        for option in _options(group, without):
            owners[option.name] = parameter.name
            parameters.append(option)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        values = {name: value for name, value in given.items() if name not in owners}
        for parameter, group in groups.items():
            values[parameter] = group(**{n: v for n, v in given.items() if owners.get(n) == parameter})
        command(**values)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _group(annotation: Any) -> tuple[type | None, tuple[str, ...]]:
    without: tuple[str, ...] = ()
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        without = next((each.names for each in more if isinstance(each, Without)), ())
    return (annotation if isinstance(annotation, type) and is_dataclass(annotation) else None), without


def _options(group: Any, without: tuple[str, ...]) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    found = []
    for each in fields(group):
        assert each.default is not MISSING, "an option that is not given has a value"
        if each.name not in without:
            found.append(
                Parameter(
                    each.name,
                    Parameter.POSITIONAL_OR_KEYWORD,
                    default=each.default,
                    annotation=hints[each.name],
                )
            )
    return found
