# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""udevadm: devices as udev knows them."""

from __future__ import annotations

from ..process import Command, Process, Running
from ..system.logged_errors import complain
from ..system.unit_finding import OLD
from ..text.common import parse
from ..text.packaged import packaged
from .ip_show import links

DEVICES = {
    "null": "mem",
    "zero": "mem",
    "full": "mem",
    "random": "mem",
    "urandom": "mem",
    "kmsg": "mem",
    "mem": "mem",
    "tty": "tty",
    "console": "tty",
    "ptmx": "tty",
    "fuse": "misc",
    "loop-control": "misc",
}


@packaged()
def udevadm(process: Process) -> Running:
    """Devices as udev knows them."""
    options = parse(
        process,
        "q:n:p:raxedwvNhVs:t:c:S:a:g:",
        "query:=q name:=n path:=p attribute-walk=a export=x export-db=e root=r device-id-of-file: cleanup-db wait-for-daemon:: wait-for-initialization:: settle verbose=v dry-run=n reload reload-rules exit ping timeout: exit-if-exists: action: type: subsystem-match: property: value quiet help=h version=V",
    )
    verb, words = (options.operands or [""])[0], options.operands[1:]
    yield 0.0
    if verb in ("settle", "control", "monitor", "wait", "lock"):
        if process.shell.user != "root" and verb == "control":
            process.err("This command expects to be run as root.\n")
            return 1
        return 0
    if verb == "trigger":
        return 0 if process.shell.user == "root" else 1
    if verb in ("test", "test-builtin"):
        process.err(f"Failed to open device '{(words or [''])[0]}': No such device\n")
        return 1
    if verb != "info":
        complain(process, f"Unknown command verb {verb}." if verb else "")
        return 1
    word = options.value("n") or options.value("p") or (words or [""])[0]
    found = _device(process, word)
    if not found:
        reason = (
            "No such file or directory" if process.shell.world.system.version in OLD else "No such device"
        )
        complain(process, f'Unknown device "{word}": {reason}')
        return 1
    return _shown(process, options.value("q"), found)


def _device(process: Process, word: str) -> dict[str, str]:
    """The properties of a device, {} for none."""
    from ...host.hardware import blocks

    world = process.shell.world
    name = word.removeprefix("/dev/")
    if word.startswith(("/sys/class/net/", "/class/net/", "/devices/virtual/net/")):
        card = next((each for each in links(world) if each.name == word.rstrip("/").rpartition("/")[2]), None)
        if card is None:
            return {}
        where = (
            f"/devices/virtual/net/{card.name}"
            if card.kind == "loopback"
            else f"/devices/pci0000:00/0000:00:11.0/0000:02:00.0/net/{card.name}"
        )
        return {"DEVPATH": where, "INTERFACE": card.name, "IFINDEX": str(card.index), "SUBSYSTEM": "net"}
    block = next((each for each in blocks(world) if each.name == name.removeprefix("mapper/")), None)
    if block is not None:
        parent = block.parent or block.name
        where = f"/devices/pci0000:00/0000:00:10.0/host0/target0:0:0/0:0:0:0/block/{parent}" + (
            f"/{block.name}" if block.parent else ""
        )
        found = {
            "DEVPATH": where,
            "DEVNAME": f"/dev/{name}",
            "DEVTYPE": "partition" if block.parent else "disk",
            "MAJOR": str(block.number[0]),
            "MINOR": str(block.number[1]),
            "SUBSYSTEM": "block",
        }
        return found | ({"ID_FS_UUID": block.uuid, "ID_FS_TYPE": block.system} if block.uuid else {})
    node = process.shell.node(f"/dev/{name}")
    if name in DEVICES and node is not None:
        kind = DEVICES[name]
        return {
            "DEVPATH": f"/devices/virtual/{kind}/{name}",
            "DEVNAME": f"/dev/{name}",
            "MAJOR": str(node.device[0]),
            "MINOR": str(node.device[1]),
            "SUBSYSTEM": kind,
        }
    return {}


def _shown(process: Process, query: str, found: dict[str, str]) -> int:
    if query == "path":
        process.out(f"{found['DEVPATH']}\n")
    elif query == "name":
        process.out(f"{found.get('DEVNAME', '').removeprefix('/dev/')}\n")
    elif query == "symlink":
        process.out("\n")
    elif query == "property":
        process.out("".join(f"{name}={value}\n" for name, value in found.items()))
    else:
        name = found.get("DEVNAME", "").removeprefix("/dev/")
        process.out(
            f"P: {found['DEVPATH']}\n"
            + (f"N: {name}\n" if name else "")
            + "L: 0\n"
            + "".join(f"E: {key}={value}\n" for key, value in found.items())
            + "\n"
        )
    return 0


COMMANDS: dict[str, Command] = {
    "udevadm": udevadm,
}
