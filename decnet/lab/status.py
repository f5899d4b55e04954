"""The state of a lab, as values."""

from dataclasses import dataclass
from pathlib import Path

from decnet.lab import choice, engine, network, sshd, vm
from decnet.lab.layout import (
    ATTACKER_ADDRESS,
    GATEWAY,
    LAN_SUBNET,
    MGMT_SUBNET,
    OPERATOR_ADDRESS,
    Lab,
    Place,
)  # fmt: skip
from decnet.lab.processes import find_process, recorded
from decnet.lab.shell import require_outside


@dataclass(frozen=True)
class WorkerStatus:
    """One worker. `engine` is up, down or silent (running without answering, for example paused).

    `release` is host, debian12, trixie or sid; followed by "VM" for virtual workers.
    `address` is where the operator reaches its sshd, `lan_address` its address on the LAN.
    """

    name: str
    release: str
    address: str
    ssh_port: int
    lan_address: str
    powered: bool
    engine: str
    sshd: bool
    partitioned: bool
    lan_cut: bool
    slow: bool

    @property
    def healthy(self) -> bool:
        impaired = self.partitioned or self.lan_cut or self.slow
        return self.engine == "up" and self.sshd and not impaired


@dataclass(frozen=True)
class LabStatus:
    """The present state of a lab; `up` if its switch, operator, attacker and at least one worker run."""

    name: str
    folder: Path
    up: bool
    workers: tuple[WorkerStatus, ...]
    operator: str = OPERATOR_ADDRESS
    attacker: str = ATTACKER_ADDRESS
    gateway: str = GATEWAY
    lan_subnet: str = LAN_SUBNET
    mgmt_subnet: str = MGMT_SUBNET


def status(lab: Lab) -> LabStatus:
    """Observe the lab without changing it."""
    require_outside()
    workers = tuple(_worker(worker) for worker in workers_of(lab))
    sides = (Place(lab, "op"), Place(lab, "att"))
    up = network.is_namespace(lab.lan.netns_path) and all(recorded(side, "keeper") for side in sides)
    return LabStatus(lab.name, lab.folder, up and any(worker.powered for worker in workers), workers)


def workers_of(lab: Lab) -> list[Place]:
    """The workers that were started in this lab since the last `down`, by number."""
    folders = [path.parent.name for path in lab.folder.glob("w*/pids")]
    return [lab.worker(number) for number in sorted(int(name[1:]) for name in folders if name[1:].isdigit())]


def _worker(worker: Place) -> WorkerStatus:
    pulled = network.unplugged(worker)
    engine_state, listens = _daemons(worker)
    off = (worker.folder / "off").exists()
    return WorkerStatus(
        name=worker.key,
        release=choice.of(worker).release,
        address=worker.mgmt_address or "",
        ssh_port=sshd.PORT,
        lan_address=worker.lan_address or "",
        powered=recorded(worker, "keeper") is not None and not off,
        engine=engine_state,
        sshd=listens,
        partitioned="mgmt" in pulled,
        lan_cut="lan" in pulled,
        slow=network.is_slow(worker),
    )


def _daemons(worker: Place) -> tuple[str, bool]:
    if choice.of(worker).virtual:
        found = vm.engine_state(worker)
        return found or "down", found is not None
    return _engine(worker), sshd.listens(worker)


def _engine(worker: Place) -> str:
    process = recorded(worker, "dockerd")
    if process is None:
        return "down"
    now = find_process(process.pid)
    # A stopped process (SIGSTOP) is not asked, because that would only time out.
    return "up" if now and now.state != "T" and engine.answers(worker) else "silent"
