"""Faults on purpose: unplugged cables, slow lines, power cuts, frozen daemons, wiped folders."""

import signal

from decnet.errors import UsageError
from decnet.lab import choice, engine, ground, network, processes, sshd, vm
from decnet.lab.enter import run_in
from decnet.lab.guard import exclusive
from decnet.lab.layout import Lab, Place, place
from decnet.lab.lifecycle import power_on
from decnet.lab.shell import require_programs


def partition(lab: Lab, worker: str, *, lan: bool = False) -> None:
    """Unplug the worker's management cable, with `lan` its LAN cable, too."""
    with exclusive(lab.name):
        network.pull(_worker(lab, worker), {"mgmt", "lan"} if lan else {"mgmt"})


def heal(lab: Lab, worker: str) -> None:
    """Plug the worker's cables in again and end `slow`."""
    with exclusive(lab.name):
        found = _worker(lab, worker)
        network.pull(found, set())
        network.speed_up(found)


def slow(lab: Lab, worker: str, delay_ms: int, loss_percent: float = 0) -> None:
    """Delay every frame between operator and worker, in both directions, and drop some; `heal` ends it."""
    if not 0 <= delay_ms <= 60_000 or not 0 <= loss_percent <= 100:
        raise UsageError(
            f"delay {delay_ms} ms, loss {loss_percent}%: 0 to 60000 ms and 0 to 100% are allowed"
        )
    with exclusive(lab.name):
        network.slow_down(_worker(lab, worker), delay_ms, loss_percent)


def stop(lab: Lab, worker: str, what: str = "worker") -> None:
    """Stop the "engine" (cleanly), "sshd", or the whole "worker" (a power cut: SIGKILL to all processes)."""
    with exclusive(lab.name):
        found = _worker(lab, worker)
        if what == "engine":
            _stop_engine(found)
        elif what == "sshd":
            vm.refuse_virtual(found, "the lab needs its sshd")
            sshd.stop(found)
        elif what == "worker":
            _cut_power(found)
        else:
            raise UsageError(f"{what!r} cannot be stopped", hint="engine, sshd or worker")


def start(lab: Lab, worker: str) -> None:
    """Start every stopped part of the worker, and wait until it answers."""
    with exclusive(lab.name):
        power_on(_worker(lab, worker))


def pause(lab: Lab, worker: str, what: str = "engine") -> None:
    """Freeze the processes of "engine" or "sshd": they keep their sockets but do not answer."""
    with exclusive(lab.name):
        _signal(_worker(lab, worker), what, signal.SIGSTOP)


def resume(lab: Lab, worker: str, what: str = "engine") -> None:
    with exclusive(lab.name):
        _signal(_worker(lab, worker), what, signal.SIGCONT)


def wipe(lab: Lab, worker: str) -> None:
    """Empty the worker's agent folder: identity, slice, journal, events."""
    with exclusive(lab.name):
        found = _worker(lab, worker)
        if choice.of(found).virtual:
            run_in(found, ["find", "/var/lib/decnet-agent", "-mindepth", "1", "-delete"])
        else:
            ground.clear(found.folder / "agent")


def _worker(lab: Lab, name: str) -> Place:
    require_programs()
    found = place(lab, name)
    if not found.is_worker:
        raise UsageError(f"{name!r} is not a worker")
    ground.keeper(found)
    return found


def _cut_power(worker: Place) -> None:
    keeper = ground.keeper(worker)
    # Written first, so that the next `start` or `up` finishes an interrupted power cut.
    (worker.folder / "off").touch()
    processes.end_place(worker, spare=[keeper])
    ground.clear(worker.folder / "run")


def _stop_engine(worker: Place) -> None:
    if choice.of(worker).virtual:
        vm.stop_engine(worker)
    else:
        engine.stop(worker)


def _signal(worker: Place, what: str, number: signal.Signals) -> None:
    if choice.of(worker).virtual and what == "engine":
        vm.signal_engine(worker, number.name)
    else:
        vm.refuse_virtual(worker, "the lab needs its sshd")
        processes.end(_daemons(worker, what), number=number)


def _daemons(worker: Place, what: str) -> list[processes.Process]:
    if what == "engine":
        return engine.engine_processes(worker)
    if what == "sshd":
        return sshd.sshd_processes(worker)
    raise UsageError(f"{what!r} cannot be paused", hint="engine or sshd")
