# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`show version` and `show inventory` of a Cisco switch."""

from __future__ import annotations

import time

from ...host.world import World
from .models import Model, serial


def uptime(seconds: int) -> str:
    """As IOS prints it: the years, weeks, days, hours and minutes that are not zero; minutes always."""
    units = (("year", 31_536_000), ("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60))
    parts = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count or name == "minute":
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return ", ".join(parts)


def version(world: World, model: Model, hostname: str) -> str:
    """`show version`."""
    head = f"Cisco IOS Software{model.train}, {model.title}, Version {model.version}, RELEASE SOFTWARE (fc{5 if model.xe else 3})\n"
    if model.xe:
        head = f"Cisco IOS XE Software, Version 16.12.04\n{head}"
    up = uptime(int(time.time()) - world.booted())
    back = time.strftime("%H:%M:%S UTC %a %b ", time.gmtime(world.booted())) + time.strftime(
        "%d %Y", time.gmtime(world.booted())
    ).lstrip("0")
    number = serial(world.persona)
    control = f"Uptime for this control processor is {up}\n" if model.xe else ""
    reason = "Power Failure or Unknown" if model.xe else "power-on"
    kind = f"({model.processor}) processor" + ("" if model.xe else " (revision A0)")
    memory = f"{model.memory} bytes of memory."
    interfaces = "1 Virtual Ethernet interface\n" + (f"{model.ports} Gigabit Ethernet interfaces\n")
    return (
        f"{head}Technical Support: http://www.cisco.com/techsupport\nCopyright (c) 1986-2020 by Cisco Systems, Inc.\nCompiled {model.compiled}\n\n"
        f"{model.rom}\n\n{hostname} uptime is {up}\n{control}System returned to ROM by {reason}\nSystem restarted at {back}\n"
        f'System image file is "{model.file}"\nLast reload reason: {reason}\n\n\n\n'
        f"cisco {model.name} {kind} with {memory}\nProcessor board ID {number}\n"
        f"{'' if model.xe else 'Last reset from power-on' + chr(10)}{interfaces}"
        f"{_memories(model)}{_numbers(world, model, number)}\n"
        "Switch Ports Model              SW Version        SW Image              "
        f"{'Mode   ' if model.xe else '           '}\n------ ----- -----              ----------        ----------            {'----   ' if model.xe else ''}\n"
        f"*    1 {model.ports:<5} {model.name:<18} {model.version:<17} {model.image:<21} {'INSTALL' if model.xe else ''}\n\n\nConfiguration register is {'0x102' if model.xe else '0xF'}\n\n"
    )


def inventory(world: World, model: Model) -> str:
    """`show inventory`."""
    number, version_id = serial(world.persona), "V02" if model.xe else "V03"
    first = "c93xx Stack" if model.xe else "1"
    description = "c93xx Stack" if model.xe else model.name
    rows = f'NAME: "{first}", DESCR: "{description}"\nPID: {model.name:<18}, VID: {version_id}  , SN: {number}\n\n'
    if model.xe:
        rows += f'NAME: "Switch 1", DESCR: "{model.name}"\nPID: {model.name:<18}, VID: {version_id}  , SN: {number}\n\n'
    return rows + "\n"


def _memories(model: Model) -> str:
    if model.xe:
        return (
            "2048K bytes of non-volatile configuration memory.\n8388608K bytes of physical memory.\n1638400K bytes of Crash Files at crashinfo:.\n"
            "11264000K bytes of Flash at flash:.\n0K bytes of WebUI ODM Files at webui:.\n\n"
        )
    return "The password-recovery mechanism is enabled.\n\n512K bytes of flash-simulated non-volatile configuration memory.\n"


def _numbers(world: World, model: Model, number: str) -> str:
    mac = world.mac
    board = serial(world.persona, "board")
    if model.xe:
        return (
            f"Base Ethernet MAC Address          : {mac}\nMotherboard Assembly Number        : 73-17952-06\nMotherboard Serial Number          : {board}\n"
            f"Model Revision Number              : A0\nMotherboard Revision Number        : A0\nModel Number                       : {model.name}\nSystem Serial Number               : {number}\n\n"
        )
    return (
        f"Base ethernet MAC Address       : {mac.upper()}\nMotherboard assembly number     : 73-16688-02\nPower supply part number        : 341-0537-01\n"
        f"Motherboard serial number       : {board}\nPower supply serial number      : LIT{serial(world.persona, 'power')[3:]}\nModel revision number           : A0\n"
        f"Motherboard revision number     : A0\nModel number                    : {model.name}\nSystem serial number            : {number}\n"
        "Top Assembly Part Number        : 800-41325-02\nTop Assembly Revision Number    : C0\nVersion ID                      : V03\nCLEI Code Number                : COM5F00ARC\n"
        "Hardware Board Revision Number  : 0x12\n\n"
    )
