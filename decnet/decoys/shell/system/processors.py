# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""lscpu."""

from __future__ import annotations

from ...host.vulnerabilities import vulnerabilities
from ..process import Process, Running
from ..text.common import parse, tool

Row = tuple[int, str, str, str]
"""Level, label in the tree ("" for a heading's own), label in the list, value."""


@tool
def lscpu(process: Process) -> Running:
    """The processors."""
    options = parse(process, "aBbcC::eE::hJp::s:xyV", "all=a online=b bytes=B caches:: offline=c json=J extended:: parse:: sysroot=s hex=x physical=y output-all help=h version=V")  # fmt: skip # noqa: E501
    yield 0.0
    if "V" in options:
        process.out("lscpu from util-linux 2.38.1\n")
    elif "p" in options or "parse" in options:
        process.out(_parsable(process))
    elif "e" in options or "extended" in options:
        process.out(_extended(process))
    elif "J" in options:
        rows = [(f"{name}:", value) for _, _, name, value in _rows(process) if value]
        body = ",".join(
            f'{{\n         "field": "{name}",\n         "data": "{value}"\n      }}' for name, value in rows
        )
        process.out(f'{{\n   "lscpu": [\n      {body}\n   ]\n}}\n')
    elif process.shell.world.system.machine != "x86_64":
        process.out(
            f"Architecture:        {process.shell.world.system.machine}\nByte Order:          Big Endian\nCPU(s):              1\n"
        )
    else:
        process.out(_tree(process) if process.to_terminal else _list(process))
    return 0


def _list(process: Process) -> str:
    rows = [(name, value) for _, _, name, value in _rows(process) if value]
    width = max(len(name) for name, _ in rows) + 2
    return "".join(f"{name + ':':<{width}}{value}\n" for name, value in rows)


def _tree(process: Process) -> str:
    rows = _rows(process)
    width = max(2 * level + len(label) for level, label, _, _ in rows) + 2
    out = []
    for level, label, _, value in rows:
        if not label:
            continue
        head = f"{' ' * 2 * level}{label}:"
        room = max(10, process.columns - width)
        parts = [value[at : at + room] for at in range(0, len(value), room)] or [""]
        out.append(f"{head:<{width}}{parts[0]}\n")
        out += [f"{'':<{width}}{part}\n" for part in parts[1:]]
    return "".join(out)


def _rows(process: Process) -> list[Row]:
    machine = process.shell.world
    model, count = machine.processor, machine.processors
    guest = machine.is_virtual
    sockets, cores, threads = (count, 1, 1) if guest else (1, model.cores, model.threads)
    listed = ",".join(map(str, range(count))) if count <= 2 else f"0-{count - 1}"
    rows: list[Row] = [
        (0, "Architecture", "Architecture", "x86_64"), (1, "CPU op-mode(s)", "CPU op-mode(s)", "32-bit, 64-bit"),
        (1, "Address sizes", "Address sizes", f"{model.bits} bits physical, 48 bits virtual"), (1, "Byte Order", "Byte Order", "Little Endian"),
        (0, "CPU(s)", "CPU(s)", str(count)), (1, "On-line CPU(s) list", "On-line CPU(s) list", listed), (0, "Vendor ID", "Vendor ID", "GenuineIntel"),
        (1, "Model name", "Model name", model.name), (2, "CPU family", "CPU family", "6"), (2, "Model", "Model", str(model.model)),
        (2, "Thread(s) per core", "Thread(s) per core", str(threads)), (2, "Core(s) per socket", "Core(s) per socket", str(cores)),
        (2, "Socket(s)", "Socket(s)", str(sockets)), (2, "Stepping", "Stepping", str(model.stepping)),
    ]  # fmt: skip
    if not guest:
        rows += [
            (2, "CPU max MHz", "CPU max MHz", f"{model.fastest}.0000"),
            (2, "CPU min MHz", "CPU min MHz", f"{model.slowest}.0000"),
        ]
    rows += [
        (2, "BogoMIPS", "BogoMIPS", f"{model.megahertz * 2:.2f}"),
        (2, "Flags", "Flags", model.flags),
        (0, "Virtualization features", "", ""),
    ]
    if guest:
        rows += [
            (1, "Hypervisor vendor", "Hypervisor vendor", "VMware"),
            (1, "Virtualization type", "Virtualization type", "full"),
        ]
    else:
        rows.append((1, "Virtualization", "Virtualization", "VT-x"))
    rows.append((0, "Caches (sum of all)", "", ""))
    own = sockets * cores
    sizes = (
        ("L1d", model.l1d * own, own),
        ("L1i", 32 * own, own),
        ("L2", model.l2 * own, own),
        ("L3", model.l3 * sockets, sockets),
    )
    rows += [
        (1, name, f"{name} cache", f"{_size(kib)} ({number} instance{'s' if number > 1 else ''})")
        for name, kib, number in sizes
    ]
    rows += [
        (0, "NUMA", "", ""),
        (1, "NUMA node(s)", "NUMA node(s)", "1"),
        (1, "NUMA node0 CPU(s)", "NUMA node0 CPU(s)", listed),
        (0, "Vulnerabilities", "", ""),
    ]
    for name, text in vulnerabilities(machine).items():
        label = name.replace("_", " ").capitalize()
        rows.append((1, label, f"Vulnerability {label}", text))
    return rows


def _size(kib: int) -> str:
    if kib < 1024:
        return f"{kib} KiB"
    size = kib / 1024
    return f"{size:.0f} MiB" if size == int(size) else f"{size:.1f} MiB"


def _parsable(process: Process) -> str:
    head = (
        "# The following is the parsable format, which can be fed to other\n# programs. Each different item in every column has an unique ID\n"
        "# starting usually from zero.\n# CPU,Core,Socket,Node,,L1d,L1i,L2,L3\n"
    )
    return head + "".join(
        f"{cpu},{core},{socket},0,,{core},{core},{core},{socket}\n" for cpu, core, socket in _places(process)
    )


def _places(process: Process) -> list[tuple[int, int, int]]:
    machine = process.shell.world
    if machine.is_virtual:
        return [(number, number, number) for number in range(machine.processors)]
    return [(number, number % machine.processor.cores, 0) for number in range(machine.processors)]


def _extended(process: Process) -> str:
    return "CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE\n" + "".join(
        f"{cpu:>3} {0:>4} {socket:>6} {core:>4} {f'{core}:{core}:{core}:{socket}':<13} {'yes':>6}\n"
        for cpu, core, socket in _places(process)
    )


COMMANDS = {"lscpu": lscpu}
