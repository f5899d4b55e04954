"""What runs in a lab, as values."""

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
from decnet.lab.processes import look, recorded
from decnet.lab.shell import require_outside


@dataclass(frozen=True)
class WorkerStatus:
    """One worker. `engine` is up, down or silent (it runs and does not answer, as when it is paused).

    `release` names what it runs: host, debian12, trixie, sid, or such a release and VM.
    `address` is where the operator reaches its sshd, `lan_address` what the attacker sees.
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
        hindered = self.partitioned or self.lan_cut or self.slow
        return self.engine == "up" and self.sshd and not hindered


@dataclass(frozen=True)
class LabStatus:
    """A lab as it is now; `up` when its switch, operator, attacker and at least one worker are there."""

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
    """Look at the lab and change nothing."""
    require_outside()
    workers = tuple(_worker(worker) for worker in workers_of(lab))
    sides = (Place(lab, "op"), Place(lab, "att"))
    up = network.is_namespace(lab.lan.netns_path) and all(recorded(side, "keeper") for side in sides)
    return LabStatus(lab.name, lab.folder, up and any(worker.powered for worker in workers), workers)


def workers_of(lab: Lab) -> list[Place]:
    """The workers that have ever been started in this lab since it was last taken down, by number."""
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
    now = look(process.pid)
    # A stopped process is asked nothing: the answer would be a time-out.
    return "up" if now and now.state != "T" and engine.answers(worker) else "silent"
