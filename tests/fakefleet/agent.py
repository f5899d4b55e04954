"""The agent's own modules in this process: a copy whose view of the machine is a machine in memory.

The copy is `decnet.agent` imported under another name. It replaces only the names through which the agent
reaches its machine: the Docker socket, programs, /proc, the network, the clock, and detached processes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import decnet.agent

from .engine import Socket

NAME = "agent_in_memory"
SOURCES = Path(decnet.agent.__file__).parent


class Machine(Protocol):
    """The machine as the agent sees it."""

    home: Path
    socket: Path
    program: Path
    stdin: bytes

    def now(self) -> float: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def run_program(self, command: list[str]) -> tuple[int, str]: ...
    def start_job(self, job_id: str, descriptors: list[int]) -> None: ...
    def start_work(self, work: Any) -> None: ...
    def watch(self, project: str, lock: int) -> None: ...
    def uptime_of(self, container_id: str) -> float | None: ...
    def answered(self, addresses: Sequence[str]) -> dict[str, set[str]]: ...
    @property
    def link_error(self) -> str: ...
    def start_tick(self, pid: int) -> int: ...
    def process_file(self, pid: int, name: str) -> bytes | None: ...

    def nft(self, container_id: str, commands: str) -> str: ...

    @property
    def boot_id(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def neighbours(self) -> dict[str, str]: ...

    routes: list[str]


_current: list[Machine] = []


def here() -> Machine:
    """The machine on which the agent runs now."""
    return _current[-1]


@contextmanager
def running_on(machine: Machine) -> Iterator[None]:
    """Inside, the agent's modules are on that machine."""
    known = {name: os.environ.get(name) for name in ("DECNET_AGENT_HOME", "DECNET_DOCKER_SOCKET")}
    os.environ.update(DECNET_AGENT_HOME=str(machine.home), DECNET_DOCKER_SOCKET=str(machine.socket))
    _current.append(machine)
    try:
        yield
    finally:
        _current.pop()
        for name, value in known.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def module(name: str) -> Any:
    """A module of the agent's copy."""
    return import_module(f"{NAME}.{name}")


def numbers_of(agent: Path) -> tuple[int, int]:
    """The version and the protocol of an agent's file, which is named by its content."""
    file = agent.resolve()
    if file.name not in _numbers:
        with zipfile.ZipFile(file) as archive:
            text = archive.read("decnet/wire/limits.py").decode()
        found = dict(re.findall(r"(?m)^(AGENT_VERSION|PROTOCOL) = (\d+)", text))
        _numbers[file.name] = int(found["AGENT_VERSION"]), int(found["PROTOCOL"])
    return _numbers[file.name]


_numbers: dict[str, tuple[int, int]] = {}


class _Time:
    """The `time` module of the agent's modules."""

    time = staticmethod(lambda: here().now())
    monotonic = staticmethod(lambda: here().monotonic())
    sleep = staticmethod(lambda seconds: here().sleep(seconds))


class _Process:
    """A started Compose program: its work is done before anyone waits for it."""

    pid = 0

    def __init__(self, command: list[str], *, stdout: Any) -> None:
        self.returncode, output = here().run_program(command)
        stdout.write(output.encode())
        stdout.flush()
        self._is_first = True

    def wait(self, seconds: float | None = None) -> int:
        if self._is_first:
            self._is_first = False
            raise subprocess.TimeoutExpired("compose", seconds or 0.0)
        return self.returncode


def _read(_deadline: float) -> bytes:
    machine = here()
    content, machine.stdin = machine.stdin, b""
    return content


def _number(address: str) -> int:
    a, b, c, d = (int(part) for part in address.split("."))
    return a << 24 | b << 16 | c << 8 | d


class _Probes:
    """The probes of the agent, on the LAN in memory: whoever answers does so at once."""

    def __init__(self, addresses: Iterable[str], ways: Mapping[str, str] | None = None) -> None:
        self._addresses = list(addresses)
        self.answered: dict[str, set[str]] = {}

    def __enter__(self) -> _Probes:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, hosts: Mapping[str, str] | None = None) -> None:
        for address, macs in here().answered(self._addresses).items():
            asked = macs if hosts is None else macs & {hosts[address]}
            if asked:
                self.answered.setdefault(address, set()).update(asked)

    def listen(self, seconds: float) -> None:
        pass


MAC = bytes.fromhex("025600000000")
MASK = 0xFFFFFF00
INTERFACE = "eth0"


def _own_address(name: str) -> tuple[int, int] | None:
    return (_number(here().address), MASK) if name == INTERFACE else None


def _gateway() -> str:
    return f"{here().address.rpartition('.')[0]}.1"


def mac_of_machine(address: str) -> bytes:
    return MAC[:5] + bytes([int(address.rpartition(".")[2])])


REPLACED: dict[str, dict[str, Any]] = {
    "docker": {"Socket": Socket},
    "composerun": {
        "_started": lambda warden, command, output, held: _Process(command, stdout=output),
        "run": lambda command, limit: here().run_program(command),
        "find_compose": lambda home, limit: here().find_compose(),
        "_warden": lambda limit: [],
        "_stamp": list,
    },
    "deadman": {
        "uptime": lambda: here().monotonic(),
        "has_systemd": lambda: False,
        "_start_process": lambda project, lock: here().watch(project, lock),
    },
    "detach": {
        "run": lambda work, log: here().start_work(work),
        "run_in_a_scope": lambda arguments, descriptors, unit: False,
    },
    "containers": {
        "start_tick": lambda pid: here().start_tick(pid),
        "uptime": lambda container: here().uptime_of(container.id),
    },
    "health": {"shown": lambda pid, name: here().process_file(pid, name)},
    "facts": {"_memory": lambda: 4096, "_disk_free": lambda place: 9000, "_virtual_machine": lambda: ""},
    "identity": {
        "boot_id": lambda: here().boot_id,
        "program": lambda: os.path.realpath(here().program),
    },
    "interfaces": {
        "default_route": lambda: (INTERFACE, _gateway()) if here().has_route else (None, None),
        "neighbours": lambda interface=None: here().neighbours,
        "routes": lambda: here().routes,
        "interfaces": lambda: [(INTERFACE, *_own_address(INTERFACE))],  # type: ignore[misc]
        "address_of": _own_address,
        "mac_of": lambda name: mac_of_machine(here().address) if name == INTERFACE else None,
        "is_wireless": lambda name: here().is_wireless,
        "link_error": lambda name: here().link_error,
        "is_leased": lambda name: False,
    },
    "inner_networks": {"_is_root": lambda: here().is_root, "silence": lambda interface: ""},
    "nftables": {"run": lambda base, commands: here().nft(base.id, commands)},
    "jobs": {"_start": lambda job_id, claim, _: here().start_job(job_id, claim.descriptors())},
    "lan": {"Probes": _Probes},
    "probe": {"Probes": _Probes},
    "program": {"_limit": lambda seconds: None},
    "status": {"wait_until_idle": lambda seconds: None},
    "readiness": {"shown": lambda pid, name: here().process_file(pid, name)},
    "request": {"_read": _read},
    "uploads": {
        "_root_of": lambda pid: here().root_of(pid),
        "_is_mounted": lambda folder, device: True,
        "_is_root": lambda: here().is_root,
    },
    "self_destruct": {
        "_key_files": lambda: [str(here().home.parent / "user" / ".ssh" / "authorized_keys")],
    },
    "job_runner": {"signal": type("_NoSignals", (), {"SIGTERM": 0, "signal": staticmethod(lambda *_: None)})},
}
"""By module, what the copy has in the place of the real name."""


def _with_this_machine(hello_of: Callable[[str], dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
    """A new agent is really started for its hello, which would describe this machine: the fake's values."""

    def hello(place: str) -> dict[str, Any]:
        ours = module("identity").hello({})
        return hello_of(place) | {key: ours[key] for key in ("engine_id", "boot_id", "clock")}

    return hello


WRAPPED = {"upgrade": {"_hello_of": _with_this_machine}}

EVERYWHERE = {"time": _Time, "place": lambda name: None, "step": lambda name: None}
"""Names that are replaced in every module; only the operator's process is killed at a place here."""


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        names = vars(module)
        names.update({name: each for name, each in EVERYWHERE.items() if name in names})
        for name, wrapped in WRAPPED.get(module.__name__.rpartition(".")[2], {}).items():
            names[name] = wrapped(names[name])
        replaced = REPLACED.get(module.__name__.rpartition(".")[2], {})
        assert set(replaced) <= set(names), f"{module.__name__} has not all of {sorted(replaced)}"
        names.update(replaced)


class _Finder(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != NAME and not name.startswith(NAME + "."):
            return None
        file = SOURCES / (name.removeprefix(NAME).lstrip(".") or "__init__")
        place = f"{file}.py"
        folder = [str(SOURCES)] if name == NAME else None
        return spec_from_file_location(
            name, place, loader=_Loader(name, place), submodule_search_locations=folder
        )


sys.meta_path.insert(0, _Finder())
