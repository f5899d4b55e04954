# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""losetup and dmsetup: devices that stand for files and volumes."""

from __future__ import annotations

from ...host.hardware import Block, blocks
from ..process import Command, Process, Running
from ..text.common import Failure, parse
from ..text.packaged import packaged
from .namespaces import util_linux
from .volumes import reason_of


def _loops(process: Process) -> list[str]:
    """The files that the visitor has put behind loop devices."""
    return [line for line in process.shell.files.notes.get(LOOPS, "").split("\n") if line]


LOOPS, MOST_LOOPS = "loops", 4


@packaged(bare=True)
def losetup(process: Process) -> Running:
    """Loop devices."""
    options = parse(
        process,
        "ac:dDfj:lLo:PrvJnO:b:hV",
        "all=a detach=d detach-all=D find=f list=l nooverlap=L offset:=o partscan=P read-only=r show sizelimit: associated:=j json=J noheadings=n output:=O raw direct-io:: sector-size:=b help=h version=V",
        stop=False,
    )
    shell, loops = process.shell, _loops(process)
    yield 0.0
    if "V" in options:
        process.out(util_linux(process))
        return 0
    if "D" in options:
        shell.files.note(LOOPS, "")
        return 0
    if "d" in options:
        return _detach(process, options.operands, loops)
    if "f" in options:
        if not options.operands:
            if shell.user != "root":
                raise Failure("cannot find an unused loop device: Permission denied")
            process.out(f"/dev/loop{len(loops)}\n")
            return 0
        path = options.operands[0]
        if reason := reason_of(process, path):
            raise Failure(f"{path}: failed to set up loop device: {reason}")
        shell.files.note(LOOPS, "\n".join([*loops, shell.absolute(path)][:MOST_LOOPS]))
        process.out(f"/dev/loop{len(loops)}\n" if "show" in options else "")
        return 0
    if options.operands and "a" not in options and "l" not in options:
        device = options.operands[0]
        number = device.removeprefix("/dev/loop")
        if not number.isdecimal() or int(number) >= len(loops):
            there = device.startswith("/dev/loop") and shell.node(device) is not None
            raise Failure(
                f"{device}: {'No such device or address' if there else 'failed to use device: No such device'}"
            )
        process.out(f"{device}: []: ({loops[int(number)]})\n")
        return 0
    if "a" in options:
        process.out("".join(f"/dev/loop{at}: []: ({path})\n" for at, path in enumerate(loops)))
    elif loops:
        width = max(9, *(len(path) for path in loops))
        head = (
            ""
            if "n" in options
            else f"NAME       SIZELIMIT OFFSET AUTOCLEAR RO {'BACK-FILE':<{width}} DIO LOG-SEC\n"
        )
        process.out(
            head
            + "".join(
                f"/dev/loop{at}         0      0         0  0 {path:<{width}}   0     512\n"
                for at, path in enumerate(loops)
            )
        )
    return 0


def _detach(process: Process, devices: list[str], loops: list[str]) -> int:
    status = 0
    for device in devices:
        number = device.removeprefix("/dev/loop")
        if not number.isdecimal() or int(number) >= len(loops):
            there = process.shell.node(process.shell.absolute(device)) is not None
            what = (
                "detach failed: No such device or address"
                if there
                else "failed to use device: No such device"
            )
            process.err(f"losetup: {device}: {what}\n")
            status = 1
            continue
        loops.pop(int(number))
    process.shell.files.note(LOOPS, "\n".join(loops))
    return status


LIBRARIES = {
    "22.04": ("1.02.175", "2021-01-08"),
    "11": ("1.02.175", "2021-01-08"),
    "20.04": ("1.02.167", "2019-11-30"),
}
"""The library of device mapper, by version of the system."""


@packaged()
def dmsetup(process: Process) -> Running:
    """Mapped devices: the logical volumes of the machine."""
    options = parse(
        process,
        "c:Cfhjmno:rS:u:UvVy",
        "columns=C noheadings options:=o tree target: uuid:=u verbose=v version help=h nolockfs noflush",
    )
    verb, names = (options.operands or [""])[0], options.operands[1:]
    shell = process.shell
    volumes = [each for each in blocks(shell.world) if each.kind == "lvm"]
    library, dated = LIBRARIES.get(shell.world.system.version, ("1.02.185", "2022-05-18"))
    yield 0.0
    if verb in ("version", "targets") and shell.user == "root":
        process.out(f"Library version:   {library} ({dated})\nDriver version:    4.47.0\n" if verb == "version" else
                    "striped          v1.6.0\nlinear           v1.4.0\nerror            v1.6.0\n")  # fmt: skip
        return 0
    if shell.user != "root":
        process.err("/dev/mapper/control: open failed: Permission denied\nFailure to communicate with kernel device-mapper driver.\n"
                    f"Check that device-mapper is available in the kernel.\nIncompatible libdevmapper {library} ({dated}) and kernel driver (unknown version).\nCommand failed.\n")  # fmt: skip
        return 1
    if verb in ("info", "ls", "table", "status", "deps"):
        missing = [name for name in names if name not in [each.name for each in volumes]]
        for name in missing:
            process.err(f"Device {name} not found\n")
        wanted = [each for each in volumes if not names or each.name in names]
        if not wanted:
            process.out("No devices found\n" if not names else "")
            process.err("Command failed.\n" if names else "")
            return int(bool(names))
        process.out("".join(_mapped(verb, each) for each in wanted))
        return 0
    for name in names:
        known = name in [each.name for each in volumes]
        process.err(
            f"device-mapper: {verb} ioctl on {name}  failed: {'Device or resource busy' if known else 'No such device or address'}\nCommand failed.\n"
        )
        return 1
    process.err(
        "Unknown command.\n" if verb not in ("remove", "create", "suspend", "resume") else "Command failed.\n"
    )
    return 1


def _mapped(verb: str, each: Block) -> str:
    sectors = each.size * 2
    if verb == "ls":
        return f"{each.name}\t({each.number[0]}:{each.number[1]})\n"
    if verb == "table":
        return f"{each.name}: 0 {sectors} linear 8:3 2048\n"
    if verb in ("status", "deps"):
        return (
            f"{each.name}: 0 {sectors} linear \n"
            if verb == "status"
            else f"{each.name}: 1 dependencies\t: (8, 3)\n"
        )
    return (
        f"Name:              {each.name}\nState:             ACTIVE\nRead Ahead:        256\nTables present:    LIVE\nOpen count:        1\n"
        f"Event number:      0\nMajor, minor:      {each.number[0]}, {each.number[1]}\nNumber of targets: 1\n\n"
    )


COMMANDS: dict[str, Command] = {
    "losetup": losetup,
    "dmsetup": dmsetup,
}
