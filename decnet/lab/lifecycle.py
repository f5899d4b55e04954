"""Starting and removing a lab. Both finish whatever an earlier or killed command left unfinished."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from decnet.errors import Failed, UsageError
from decnet.lab import cgroups, choice, engine, ground, keys, mountpoints, network, processes, sshd, vm
from decnet.lab.guard import exclusive
from decnet.lab.layout import DEFAULT_PARENT, MAX_WORKERS, Lab, Place
from decnet.lab.shell import require_programs, run
from decnet.lab.status import LabStatus, status, workers_of

Emit = Callable[[str], None]


def silent(_sentence: str) -> None:
    """An `emit` that prints nothing."""


def up(
    lab: Lab,
    workers: int = 1,
    emit: Emit = silent,
    *,
    images: Sequence[Path] = (),
    operator_engine: bool = False,
    engines: Sequence[str] = (),
    engine_options: Mapping[str, Any] = MappingProxyType({}),
    virtual: bool = False,
) -> LabStatus:
    """Start the lab with at least `workers` workers and load every tarball of `images` into each.

    New workers get one of `engines` (names of choice.ENGINES) in turn, by default this machine's own; with
    `virtual`, they have their own kernel and systemd, and trixie by default.
    `operator_engine` gives the operator's machine a Docker engine, too, to build images there.
    Whatever runs stays unchanged, including unplugged cables; whatever died or was powered off is started.
    """
    require_programs()
    if not 1 <= workers <= MAX_WORKERS:
        raise UsageError(f"{workers} workers: a lab has 1 to {MAX_WORKERS}")
    with exclusive(lab.name):
        _claim_folder(lab)
        number = max([workers, *(worker.number for worker in workers_of(lab))])
        machines = [lab.worker(each) for each in range(1, number + 1)]
        choice.choose(machines, engines, engine_options, emit, virtual=virtual)
        _create_network(lab, machines, emit)
        _start(lab, machines, emit)
        if operator_engine:
            engine.start(Place(lab, "op"))
            engine.await_engine(Place(lab, "op"))
        for worker in machines:
            for tarball in images:
                if engine.load(worker, tarball):
                    emit(f"{worker.key}: loaded {tarball.name}")
        return status(lab)


def down(lab: Lab, emit: Emit = silent, *, keep_images: bool = False) -> None:
    """Remove the lab and everything in it, in any state. `keep_images` keeps the engines' image stores."""
    require_programs()
    with exclusive(lab.name):
        if lab.folder.exists() and any(lab.folder.iterdir()) and not lab.record.exists():
            raise Failed(f"{lab.folder} is not a lab's folder: nothing was removed")
        _refuse_duplicate(lab)
        if keep_images:
            _stop_engines(lab, emit)
        processes.end_lab(lab)
        with exclusive(""):
            network.take_down(lab)
            network.remove_netns_folder()
            mountpoints.remove()
        cgroups.remove(lab.cgroup)
        _unmount_below(lab.folder)
        _remove_folder(lab, keep_images)
    emit(f"lab {lab.name}: down")


def power_on(worker: Place) -> None:
    """Start everything that is not running on one worker, for example after a power cut, and wait for it."""
    ground.set_up(worker)
    ground.boot_if_off(worker)
    _switch_on(worker)
    _await(worker)


def _switch_on(worker: Place) -> None:
    if choice.of(worker).virtual:
        vm.start(worker)
    else:
        engine.start(worker)
        sshd.start(worker)


def _await(worker: Place) -> None:
    if choice.of(worker).virtual:
        vm.await_up(worker)
    else:
        engine.await_engine(worker)
        sshd.await_sshd(worker)


def _claim_folder(lab: Lab) -> None:
    folder = lab.folder
    if folder.exists() and any(folder.iterdir()) and not lab.record.exists():
        raise UsageError(f"{folder} is not empty and not a lab's folder", hint="choose another root")
    _refuse_duplicate(lab)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lab.record.write_text(json.dumps({"lab": lab.name, "version": 1}))


def _refuse_duplicate(lab: Lab) -> None:
    """Refuse a second root for a lab: namespaces are named after the lab only, so both would share them."""
    for process in processes.of_lab(lab):
        other = processes.home_of(process)
        if other not in (None, str(lab.folder)):
            raise UsageError(f"a lab {lab.name!r} is already up, in {other}", hint="choose another name")


def _create_network(lab: Lab, machines: list[Place], emit: Emit) -> None:
    network.create_switch(lab)
    for one in (Place(lab, "op"), Place(lab, "att"), *machines):
        network.plug_in(one)
        ground.set_up(one)
    emit(f"lab {lab.name}: network is up")


def _start(lab: Lab, machines: list[Place], emit: Emit) -> None:
    operator_key = keys.operator_key(lab)
    keys.make_key(operator_key, "ed25519")
    for worker in machines:
        ground.boot_if_off(worker)
        keys.accept(worker, operator_key.with_suffix(".pub"))
        _switch_on(worker)
    for worker in machines:
        _await(worker)
        where = f"{worker.mgmt_address}, {worker.lan_address} on the LAN"
        emit(f"{worker.key} ({choice.of(worker).release}): Docker and sshd are up, {where}")


def _stop_engines(lab: Lab, emit: Emit) -> None:
    for place in (*workers_of(lab), Place(lab, "op")):
        if engine.engine_processes(place):
            emit(f"{place.key}: stopping the engine; its images are kept")
            engine.drop_containers(place)
            engine.stop(place)


def _remove_folder(lab: Lab, keep_images: bool) -> None:
    """Remove the folder, and its record last, so that another `down` can finish after a kill."""
    for path in sorted(lab.folder.iterdir()) if lab.folder.is_dir() else []:
        if path == lab.record:
            continue
        if keep_images and (path / "docker").is_dir():
            _keep_images(Place(lab, path.name))
        elif path.is_dir() and not path.is_symlink():
            run(["rm", "-rf", "--one-file-system", str(path)], limit=300)
        else:
            path.unlink()
    if keep_images:
        return
    lab.record.unlink(missing_ok=True)
    if lab.folder.is_dir():
        lab.folder.rmdir()
    if lab.folder.parent == DEFAULT_PARENT and DEFAULT_PARENT.is_dir() and not any(DEFAULT_PARENT.iterdir()):
        DEFAULT_PARENT.rmdir()


def _keep_images(place: Place) -> None:
    """Keep a stopped engine's images and layers and its choice; remove its containers and networks."""
    kept = [place.folder / "docker", choice.file_of(place)]
    others = [path for path in place.folder.iterdir() if path not in kept]
    names = ["containers", "network", "volumes"]
    if not choice.of(place).images_in_containerd:
        names.append("containerd")
    dropped = [place.folder / "docker" / name for name in names]
    run(["rm", "-rf", "--one-file-system", *map(str, others + dropped)], limit=300)


def _unmount_below(folder: Path) -> None:
    """A lab mounts nothing in the machine's own namespace; unmount what someone else mounted there."""
    for point in reversed(mountpoints.mounted(Path("/proc/self/mountinfo"))):
        if point.startswith(f"{folder}/"):
            run(["umount", "--lazy", point])
