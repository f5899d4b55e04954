# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The properties of a unit as `systemctl show` prints them."""

from __future__ import annotations

import uuid

from ...host.loaded_units import LISTENING
from ...host.units import Unit
from ..state import Shell
from .loaded import find, sub_state
from .unit_files import file_of, unit_file
from .unit_finding import named, stamp, state_of
from .unit_properties import SERVICE, UNIT
from .unit_settings import Settings, requires, wants

COPIED = ("Type", "Restart", "KillMode", "NotifyAccess", "RestartPreventExitStatus", "RuntimeDirectory", "RemainAfterExit",
          "Conflicts", "RequiresMountsFor", "ExitType", "OOMPolicy", "UMask", "ProtectSystem", "ProtectHome", "PrivateTmp")  # fmt: skip
"""Settings that are shown as the file has them."""
COMMANDS = ("ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost")


def properties(shell: Shell, word: str, *, all_of_them: bool = False) -> list[tuple[str, str]]:
    """Names and values; those of the manager without a unit."""
    if not word:
        from .unit_manager import manager

        return manager(shell)
    name = named(shell, word)
    unit, settings = find(shell, word), Settings(shell, name)
    is_service = name.endswith(".service")
    values = _of_unit(shell, name, unit) | (_of_service(shell, name, unit, settings) if is_service else {})
    values |= {key: settings.last(key) for key in COPIED if settings.all(key)}
    if name.endswith(".slice"):
        values |= {"Slice": "-.slice", "ControlGroup": f"/{name}"}
    lines = []
    for line in (SERVICE if is_service or not name.endswith(".target") else UNIT).splitlines():
        key, _, usual = line.partition("=")
        if key == "Slice" and is_service:
            lines += _commands(settings)
        lines.append((key, values.get(key, usual)))
    known = {key for key, _ in lines}
    return lines + [(key, value) for key, value in values.items() if key not in known]


def _of_unit(shell: Shell, name: str, unit: Unit | None) -> dict[str, str]:
    if unit is None:
        error = f'org.freedesktop.systemd1.NoSuchUnit "Unit {name} not found."'
        return {"Id": name, "Names": name, "Description": name, "LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead", "LoadError": error}  # fmt: skip
    file = unit_file(shell, name)
    settings = Settings(shell, name)
    state = state_of(shell, unit)
    wanted_by = settings.words("WantedBy") if state == "enabled" else []
    values = {
        "Id": name, "Names": " ".join([name, *(each for each in settings.words("Alias") if state == "enabled")]),
        "Requires": " ".join(requires(shell, name)), "Wants": " ".join(wants(shell, name)), "WantedBy": " ".join(wanted_by),
        "Documentation": " ".join(f'"{each}"' for each in settings.words("Documentation")), "Description": unit.description, "LoadState": unit.load,
        "ActiveState": "active" if unit.active else "inactive", "SubState": sub_state(unit), "FragmentPath": unit.path, "UnitFileState": state,
        "UnitFilePreset": file.preset.replace("-", "enabled") if file is not None else "", "Before": " ".join(settings.words("Before")),
        "After": " ".join(settings.words("After")), "TriggeredBy": " ".join(_triggers(shell, name)),
    }  # fmt: skip
    if unit.active:
        when, number = stamp(unit.since), uuid.uuid5(uuid.UUID(int=unit.since), name).hex
        after = str((unit.since - shell.world.booted()) * 1_000_000 + 417_209)
        for key in ("StateChange", "InactiveExit", "ActiveEnter", "Condition", "Assert"):
            values |= {f"{key}Timestamp": when, f"{key}TimestampMonotonic": after}
        values["InvocationID"] = number
    return values


def _of_service(shell: Shell, name: str, unit: Unit | None, settings: Settings) -> dict[str, str]:
    main = unit.main if unit is not None else None
    group = (
        f"/system.slice/{'system-getty.slice/' if name.startswith('getty@') else ''}{name}" if main else ""
    )
    tasks = str(sum(entry.threads for entry in unit.processes)) if unit and main else "[not set]"
    memory = str(sum(entry.resident for entry in unit.processes) * 640) if unit and main else "[not set]"
    limit = str(shell.world.memory_kib // 264)
    values = {
        "Type": "simple" if settings.all("ExecStart") else "oneshot", "Restart": "no", "NotifyAccess": "main" if settings.last("Type") == "notify" else "none",
        "MainPID": str(main.pid if main else 0), "ExecMainPID": str(main.pid if main else 0), "ControlGroup": group, "TasksCurrent": tasks,
        "MemoryCurrent": memory, "TasksMax": str(shell.world.memory_kib // 880), "KillMode": "control-group", "Slice": "system.slice",
        "LimitNPROC": limit, "LimitNPROCSoft": limit, "LimitSIGPENDING": limit, "LimitSIGPENDINGSoft": limit,
        "CPUUsageNSec": str(int(sum(entry.cpu for entry in unit.processes) * 1e9)) if unit and main else "[not set]",
    }  # fmt: skip
    if main:
        values["ExecMainStartTimestamp"] = stamp(main.started)
    return values


def _commands(settings: Settings) -> list[tuple[str, str]]:
    found = []
    for key in COMMANDS:
        for value in settings.all(key):
            command = value.lstrip("-@+!:")
            ignored = "yes" if "-" in value[: len(value) - len(command)] else "no"
            path = command.partition(" ")[0]
            rest = "start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }"
            found.append((key, f"{{ path={path} ; argv[]={command} ; ignore_errors={ignored} ; {rest}"))
    return found


def _triggers(shell: Shell, name: str) -> list[str]:
    base, _, kind = name.rpartition(".")
    if kind != "service":
        return []
    sockets = [unit for _, unit, activated in LISTENING if activated == name]
    others = [f"{base}.{each}" for each in ("socket", "timer", "path")]
    return [each for each in dict.fromkeys([*sockets, *others]) if file_of(shell, each)]
