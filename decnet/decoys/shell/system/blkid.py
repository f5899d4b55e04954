# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""blkid: the file systems of block devices and images."""

from __future__ import annotations

from ...host.hardware import blocks
from ..process import Command, Process, Running
from ..text.common import parse, tool
from .volumes import volume_of


@tool
def blkid(process: Process) -> Running:
    """The file systems of the block devices."""
    options = parse(
        process, "c:dDghiklL:n:o:O:ps:S:t:u:U:vV", "help=h version=V output=o match-tag=s label=L uuid=U"
    )
    found = [block for block in blocks(process.shell.world) if block.uuid]
    yield 0.0
    if process.shell.user != "root":
        return 2
    words = options.operands
    if "L" in options:
        return 2
    if "U" in options:
        match = next((block for block in found if block.uuid == options.value("U")), None)
        process.out(f"/dev/{match.name}\n" if match else "")
        return 0 if match else 2
    shown = 0
    rows = [
        (
            f"/dev/mapper/{block.name}" if block.kind == "lvm" else f"/dev/{block.name}",
            "",
            block.uuid,
            block.system,
            block.part,
        )
        for block in found
    ]
    rows = [row for row in rows if not words or row[0] in words]
    images = [volume_of(process.shell, word) for word in words if not word.startswith("/dev/")]
    rows += [
        (each.path, each.label, each.uuid, each.kind, "") for each in images if each is not None and each.kind
    ]
    for path, label, uuid, system, part in rows:
        shown += 1
        size = {"ext4": "4096", "xfs": "512", "vfat": "512"}.get(system, "")
        if label or path in words:
            image = volume_of(process.shell, path)
            size = (
                str(image.block_size)
                if image is not None and image.node is not None and system.startswith("ext")
                else size
            )
        tags = {"LABEL": label, "UUID": uuid, "BLOCK_SIZE": size, "TYPE": system, "PARTUUID": part}
        if "s" in options:
            tags = {name: value for name, value in tags.items() if name in options.values("s")}
        if options.value("o") == "value":
            process.out("".join(f"{value}\n" for value in tags.values() if value))
        else:
            process.out(
                f"{path}: " + " ".join(f'{name}="{value}"' for name, value in tags.items() if value) + "\n"
            )
    return 0 if shown else 2


COMMANDS: dict[str, Command] = {
    "blkid": blkid,
}
