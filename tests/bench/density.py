"""What a decky costs a worker in memory: its decoys, and Docker's own process beside each container."""

from __future__ import annotations

import json
from pathlib import Path

from decnet.catalog import load

from .place import on_worker
from .rows import Row

AIM_MIB, AIMED = 60, "the aim for three services"
THREE = ("ssh", "http", "mysql")


def density_rows() -> list[Row]:
    """PSS in MiB: of a bare base, of each decoy in a container of its own, of a decky with three of them.

    PSS counts a page that n processes share as one n-th for each (proc(5)): about a dozen decoys run then.
    """
    services = sorted(name for name, service in load().services.items() if service.built)
    fleet = Path("/tmp/decnet-bench-density.toml")
    fleet.write_text(_described(services))
    on_worker("decnet", "deploy", "-c", str(fleet), "--yes", "--max-remove", "100")
    fleet.unlink()
    sizes = _sizes()
    shim = sum(s for _, s in sizes.values()) / len(sizes)
    base = sum(own for name, (own, _) in sizes.items() if name.startswith("one-") and name.count("-") == 1)
    rows = [
        Row("Docker's process next to one container", shim, AIM_MIB, AIMED, unit="MiB"),
        Row("a base container", base / len(services), AIM_MIB, AIMED, unit="MiB"),
    ]
    for name in services:
        own = sizes[f"one-{_plain(name)}-{_plain(name)}"][0]
        rows.append(Row(f"the {name} decoy", own, AIM_MIB, AIMED, unit="MiB"))
    whole = sum(own + beside for name, (own, beside) in sizes.items() if name.split("-")[0] == "three")
    what = f"a decky with {', '.join(THREE)} in total"
    return [*rows, Row(what, whole, AIM_MIB, AIMED, 1, "MiB")]


def _described(services: list[str]) -> str:
    lines = ["[network]", 'addresses = { use = ["192.0.2.100-192.0.2.199"] }']
    for name in services:
        lines += [f"[decky.one-{_plain(name)}]", f'services = ["{name}"]']
    return "\n".join([*lines, "[decky.three]", f"services = {json.dumps(THREE)}"]) + "\n"


def _plain(service: str) -> str:
    return service.replace("_", "-")


def _sizes() -> dict[str, tuple[float, float]]:
    """Container name to the PSS of its processes and of the shim that holds them, in MiB."""
    shown = on_worker("docker", "ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}")
    names = dict(line.split() for line in shown.splitlines())
    sizes = dict.fromkeys(names.values(), (0.0, 0.0))
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside, command = (process / "cgroup").read_text(), (process / "cmdline").read_text()
            owner = next((i for i in names if i in inside or i in command), None)
            if owner is None:
                continue
            own, shim = sizes[names[owner]]
            mib = _pss(process)
            is_shim = "containerd-shim" in command
            sizes[names[owner]] = (own, shim + mib) if is_shim else (own + mib, shim)
        except OSError:
            continue
    return sizes


def _pss(process: Path) -> float:
    rollup = (process / "smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
