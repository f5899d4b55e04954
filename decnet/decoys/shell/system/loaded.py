"""All units that systemd has loaded on a machine: services, and those of other types, systemctl(1)."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from ...host import loaded_units as facts
from ...host.units import Unit
from ..state import Shell
from .systemd_tools import escaped, unescaped
from .unit_files import GENERATED, file_of, unit_path
from .unit_finding import named, units_of


def loaded(shell: Shell) -> Generator[float, bytes | None, list[Unit]]:
    """All units as systemctl lists them with --all: by type, then by name. Pauses: it reads many files."""
    found = {unit.name: unit for unit in units_of(shell)}
    if shell.world.system.id in ("debian", "ubuntu"):
        for at, unit in enumerate(_others(shell)):
            found.setdefault(unit.name, unit)
            if at % 8 == 0:
                yield 0.0
    return sorted(found.values(), key=lambda unit: (unit.name.rpartition(".")[2], unit.name.lower()))


def find(shell: Shell, word: str) -> Unit | None:
    """The unit of this name or alias: a service, or one that has a file."""
    name = named(shell, word)
    found = next((unit for unit in units_of(shell) if unit.name == name), None)
    if found is not None:
        return found
    other = one_loaded(shell, name)
    return other if other is not None and other.load == "loaded" else described(shell, name)


def one_loaded(shell: Shell, name: str) -> Unit | None:
    """A unit that is no service with processes."""
    if shell.world.system.id not in ("debian", "ubuntu"):
        return None
    return next((unit for unit in _others(shell, name) if unit.name == name), None)


def sub_state(unit: Unit) -> str:
    """As in the column SUB."""
    return unit.sub or ("running" if unit.main else "exited" if unit.active else "dead")


def described(shell: Shell, name: str) -> Unit | None:
    """A unit with a file that is not loaded."""
    path = unit_path(shell, name)
    if not path:
        return None
    instance = name.rpartition(".")[0].partition("@")[2]
    return Unit(name, description(shell, path, instance), path, "static", False, 0, sub="dead")


def description(shell: Shell, path: str, instance: str = "") -> str:
    """What a unit's file calls it."""
    for line in (shell.read(path) or "").splitlines():
        if line.startswith("Description="):
            return line[12:].strip().replace("%i", instance).replace("%I", instance)
    return path.rpartition("/")[2]


def _others(shell: Shell, only: str = "") -> Iterator[Unit]:
    """Units of the tables; `only` is the name of the one whose files are read."""
    booted = shell.world.booted()
    for kind, rows in facts.LOADED.items():
        for names, active, sub in rows:
            for base in names.split():
                name = f"{base}.{kind}"
                if only in ("", name) and (path := file_of(shell, name)):
                    text = description(shell, path)
                    yield Unit(name, text, path, "static", active == "active", booted, sub=sub)
    yield from _modules(shell, booted)
    if path := file_of(shell, "ifup@.service"):
        card = shell.world.interface()
        yield Unit(f"ifup@{card}.service", f"ifup for {card}", path, "static", True, booted, sub="exited")
    yield from _mounts(shell, booted)
    yield from _slices(shell, booted)
    for name in facts.NOT_FOUND.split():
        if only in ("", name) and not file_of(shell, name):
            yield Unit(name, name, "", "", False, 0, sub="dead", load="not-found")


def _modules(shell: Shell, booted: int) -> Iterator[Unit]:
    path = file_of(shell, "modprobe@.service")
    for module in facts.MODULES.split() if path else ():
        text = description(shell, path, module)
        yield Unit(f"modprobe@{module}.service", text, path, "static", False, booted, sub="dead")


def _mounts(shell: Shell, booted: int) -> Iterator[Unit]:
    users = [f"/run/user/{uid}" for uid in _logged_in(shell)]
    for where in ["/", *mounted_by_units(shell), *users]:
        name = f"{escaped(where, path=True)}.mount"
        path = file_of(shell, name)
        text = facts.MOUNTED.get(where) or (description(shell, path) if path else where)
        yield Unit(name, text, path, "static", True, booted, sub="mounted")
    for device in [line.split()[0] for line in (shell.read("/proc/swaps") or "").splitlines()[1:]]:
        yield Unit(f"{escaped(device, path=True)}.swap", device, "", "generated", True, booted, sub="active")
    for name in shell.entries(GENERATED) if shell.node(GENERATED) is not None else ():
        if name.endswith(".swap"):
            device = unescaped("/" + name.removesuffix(".swap"))
            yield Unit(name, device, f"{GENERATED}/{name}", "generated", True, booted, sub="active")


def mounted_by_units(shell: Shell) -> list[str]:
    """Where systemd has mounted something by a unit of its own."""
    lines = (shell.read("/proc/mounts") or "").splitlines()
    rows = [line.split() for line in lines]
    return [
        row[1]
        for row in rows
        if row[1].startswith(
            ("/dev/hugepages", "/dev/mqueue", "/proc/sys/fs/", "/sys/fs/fuse", "/sys/kernel/")
        )
        and row[1] != "/sys/kernel/security"
        and row[2] != "autofs"
    ]


def _slices(shell: Shell, booted: int) -> Iterator[Unit]:
    yield Unit("-.slice", "Root Slice", "", "", True, booted, sub="active")
    yield Unit("init.scope", "System and Service Manager", "", "transient", True, booted, sub="running")
    yield Unit("system.slice", "System Slice", "", "", True, booted, sub="active")
    for name in ("getty", "modprobe"):
        yield Unit(f"system-{name}.slice", f"Slice /system/{name}", "", "", True, booted, sub="active")
    for uid in _logged_in(shell):
        yield Unit(f"user-{uid}.slice", f"User Slice of UID {uid}", "", "", True, booted, sub="active")
        text = f"User Runtime Directory /run/user/{uid}"
        path = file_of(shell, "user-runtime-dir@.service")
        yield Unit(f"user-runtime-dir@{uid}.service", text, path, "static", True, booted, sub="exited")
    number, user = shell.visit.number, shell.visit.user
    text = f"Session {number} of User {user}"
    yield Unit(f"session-{number}.scope", text, "", "transient", True, booted, sub="running")


def _logged_in(shell: Shell) -> list[int]:
    account = shell.world.accounts.user(shell.visit.user)
    return [account.uid] if account is not None else []
