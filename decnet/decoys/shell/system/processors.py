# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""lscpu."""

from __future__ import annotations

from ...host.printed_versions import version_of
from ...host.vulnerabilities import vulnerabilities
from ...host.world import World
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
        process.out(
            f"lscpu from util-linux {version_of(process.shell.world.packages, 'util-linux', '2.38.1')}\n"
        )
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
    guest = machine.is_virtual
    rows = [*_counts(machine), *_speed(machine), _named(0, "Virtualization features")]
    if guest:
        rows += [_same(1, "Hypervisor vendor", "VMware"), _same(1, "Virtualization type", "full")]
    else:
        rows.append(_same(1, "Virtualization", "VT-x"))
    rows += [
        *_caches(machine),
        _named(0, "NUMA"),
        _same(1, "NUMA node(s)", "1"),
        _same(1, "NUMA node0 CPU(s)", _listed(machine.processors)),
        _named(0, "Vulnerabilities"),
    ]
    for name, text in vulnerabilities(machine).items():
        label = name.replace("_", " ").capitalize()
        rows.append((1, label, f"Vulnerability {label}", text))
    return rows


def _same(level: int, label: str, value: str) -> Row:
    """A row that has the same name in the tree and in the flat list."""
    return level, label, label, value


def _named(level: int, label: str) -> Row:
    """The heading of a group, which the flat list lacks."""
    return level, label, "", ""


def _listed(count: int) -> str:
    return ",".join(map(str, range(count))) if count <= 2 else f"0-{count - 1}"


def _layout(machine: World) -> tuple[int, int, int]:
    """Sockets, cores of each, and threads of a core: a hypervisor shows each processor as a socket."""
    model = machine.processor
    return (machine.processors, 1, 1) if machine.is_virtual else (1, model.cores, model.threads)


def _counts(machine: World) -> list[Row]:
    model, count = machine.processor, machine.processors
    sockets, cores, threads = _layout(machine)
    return [
        _same(0, "Architecture", "x86_64"), _same(1, "CPU op-mode(s)", "32-bit, 64-bit"),
        _same(1, "Address sizes", f"{model.bits} bits physical, 48 bits virtual"),
        _same(1, "Byte Order", "Little Endian"), _same(0, "CPU(s)", str(count)),
        _same(1, "On-line CPU(s) list", _listed(count)), _same(0, "Vendor ID", "GenuineIntel"),
        _same(1, "Model name", model.name), _same(2, "CPU family", "6"), _same(2, "Model", str(model.model)),
        _same(2, "Thread(s) per core", str(threads)), _same(2, "Core(s) per socket", str(cores)),
        _same(2, "Socket(s)", str(sockets)), _same(2, "Stepping", str(model.stepping)),
    ]  # fmt: skip


def _speed(machine: World) -> list[Row]:
    model = machine.processor
    limits = [
        _same(2, "CPU max MHz", f"{model.fastest}.0000"),
        _same(2, "CPU min MHz", f"{model.slowest}.0000"),
    ]
    rest = [_same(2, "BogoMIPS", f"{model.megahertz * 2:.2f}"), _same(2, "Flags", model.flags)]
    return rest if machine.is_virtual else limits + rest


def _caches(machine: World) -> list[Row]:
    model, (sockets, cores, _) = machine.processor, _layout(machine)
    own = sockets * cores
    sizes = (
        ("L1d", model.l1d * own, own),
        ("L1i", 32 * own, own),
        ("L2", model.l2 * own, own),
        ("L3", model.l3 * sockets, sockets),
    )
    return [
        _named(0, "Caches (sum of all)"),
        *(
            (1, name, f"{name} cache", f"{_size(kib)} ({number} instance{'s' if number > 1 else ''})")
            for name, kib, number in sizes
        ),
    ]


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
