"""The table of builtin commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import (
    builtins_flow,
    builtins_jobs,
    builtins_kill,
    builtins_limits,
    builtins_names,
    builtins_text,
    builtins_umask,
    builtins_variables,
)
from .all_builtins import ALL
from .context import Context

Run = Callable[[Context, list[Any]], Any]
EVERYWHERE = ("bash", "dash", "ash")
ONLY_BASH = """builtin declare typeset let shopt pushd popd dirs mapfile readarray disown enable caller
fc compgen complete compopt bind suspend logout"""
NOT_IN_DASH = "source let shopt_ history [["


@dataclass(frozen=True)
class Builtin:
    """A builtin: what runs it, and in which dialects it is one."""

    run: Run
    dialects: dict[str, bool]


def _table(*tables: Mapping[str, Run]) -> dict[str, Builtin]:
    bash, not_dash = set(ONLY_BASH.split()), set(NOT_IN_DASH.split())
    found: dict[str, Builtin] = {}
    for table in tables:
        for name, run in table.items():
            dialects = {
                "bash": name not in ("chdir", "[["),
                "dash": name not in bash and name not in not_dash,
                "ash": name not in bash or name == "let",
            }
            found[name] = Builtin(run, dialects)
    return found


def builtin_names(dialect: str) -> Iterable[str]:
    """The names in one dialect."""
    return (name for name, builtin in BUILTINS.items() if builtin.dialects[dialect])


BUILTINS = _table(
    builtins_flow.BUILTINS,
    builtins_variables.BUILTINS,
    builtins_names.BUILTINS,
    builtins_text.BUILTINS,
    builtins_jobs.BUILTINS,
    builtins_kill.BUILTINS,
    builtins_limits.BUILTINS,
    builtins_umask.BUILTINS,
)
ALL.update(BUILTINS)
