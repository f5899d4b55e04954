# ruff: noqa: E501 (facts of the vendors)
"""The firmware's description of a machine (SMBIOS), for dmidecode and /sys/class/dmi/id."""

from __future__ import annotations

from dataclasses import dataclass

from ..machine import Machine
from .hardware import uuid_for
from .node import Node

OUIS = {
    "dell": "18:03:73 20:47:47 34:e6:d7 54:9f:35 6c:2b:59 80:18:44 98:40:bb b0:4f:13 bc:30:5b d0:43:1e dc:f4:01 f0:1f:af",
    "hp": "3c:d9:2b 10:60:4b 28:80:23 30:8d:99 3c:a8:2a 50:81:40 6c:3b:e5 80:ce:62 98:4b:e1 a0:b3:cc b4:99:ba c8:5a:cf d8:9d:67 ec:9a:74",
    "lenovo": "50:7b:9d 54:05:db 54:e1:ad 68:f7:28 84:a9:38 8c:8c:aa 90:2e:16 98:fa:9b c8:5b:76 e8:6a:64",
    "supermicro": "00:25:90 00:30:48 0c:c4:7a 3c:ec:ef 7c:c2:55 ac:1f:6b",
}  # fmt: skip
"""Beginnings of addresses by maker of servers (IEEE)."""


@dataclass(frozen=True)
class Firmware:
    """What the firmware says of the machine."""

    vendor: str
    product: str
    version: str
    serial: str
    uuid: str
    board_vendor: str
    board: str
    board_serial: str
    chassis: str
    chassis_type: int
    bios_vendor: str
    bios: str
    bios_date: str


def firmware(machine: Machine) -> Firmware:
    """By the vendor of the machine's network card."""
    raw = machine.persona.bytes_for("serial", 16)
    uuid = uuid_for(machine, "system uuid")
    letters = "".join("0123456789BCDFGHJKLMNPQRSTVWXYZ"[byte % 31] for byte in raw)
    if machine.is_virtual:
        text = raw.hex(" ")
        serial = f"VMware-56 4d {text[6:23]}-{text[24:47]}".replace("  ", " ")
        return Firmware("VMware, Inc.", "VMware Virtual Platform", "None", serial, "564d" + uuid[4:], "Intel Corporation",
                        "440BX Desktop Reference Platform", "None", "No Enclosure", 1, "Phoenix Technologies LTD", "6.00", "11/12/2020")  # fmt: skip
    maker = next((name for name, ouis in OUIS.items() if machine.mac[:8] in ouis.split()), "intel")
    small = machine.processor.model == 158
    if maker == "dell":
        product = "PowerEdge R240" if small else "PowerEdge R540"
        return Firmware("Dell Inc.", product, "Not Specified", letters[:7], uuid, "Dell Inc.", "0M6YP9" if small else "0NJK2F",
                        f".{letters[:7]}.CNFCP0002S00CD.", "Dell Inc.", 23, "Dell Inc.", "2.16.1", "10/30/2023")  # fmt: skip
    if maker == "hp":
        product = "ProLiant ML30 Gen10" if small else "ProLiant DL380 Gen10"
        return Firmware(
            "HPE",
            product,
            "Not Specified",
            f"CZ{letters[:8]}",
            uuid,
            "HPE",
            product,
            "PXXXX0ARH0X0PR",
            "HPE",
            23,
            "HPE",
            "U44" if small else "U30",
            "02/02/2023",
        )
    if maker == "lenovo":
        product = "ThinkSystem ST50" if small else "ThinkSystem SR550"
        return Firmware(
            "Lenovo",
            f"{product} -[7Y48CTO1WW]-",
            "07",
            f"J30{letters[:5]}",
            uuid,
            "Lenovo",
            "-[7Y48CTO1WW]-",
            f"N1ZS{letters[:7]}",
            "Lenovo",
            23,
            "Lenovo",
            "-[ISE130E-2.60]-",
            "05/18/2023",
        )
    if maker == "supermicro":
        board = "X11SCL-F" if small else "X11SPL-F"
        return Firmware(
            "Supermicro",
            "Super Server",
            "0123456789",
            "0123456789",
            uuid,
            "Supermicro",
            board,
            f"VM19{letters[:8]}",
            "Supermicro",
            17,
            "American Megatrends Inc.",
            "1.9",
            "08/17/2022",
        )
    board = "S1200SPL" if small else "S2600STB"
    return Firmware("Intel Corporation", board, "....................", "............", uuid, "Intel Corporation", board, f"BQWL{letters[:8]}", "...............................", 23,
                    "Intel Corporation", "S1200SP.86B.03.01.0049.060120200414", "06/01/2020")  # fmt: skip


SYSFS = "block bus class dev devices firmware fs hypervisor kernel module power"


def files(machine: Machine) -> dict[str, Node]:
    """/sys/class/dmi/id."""
    if machine.system.busybox or machine.system.id in ("dsm", "qts", "freebsd"):
        return {}
    info, boot = firmware(machine), machine.booted()
    texts = {
        "bios_date": info.bios_date, "bios_vendor": info.bios_vendor, "bios_version": info.bios, "board_name": info.board, "board_vendor": info.board_vendor,
        "board_version": "None" if machine.is_virtual else "A02", "chassis_type": str(info.chassis_type), "chassis_vendor": info.chassis, "product_name": info.product,
        "product_version": info.version, "sys_vendor": info.vendor, "product_serial": info.serial, "product_uuid": info.uuid, "board_serial": info.board_serial,
        "product_family": "", "product_sku": "",
    }  # fmt: skip
    found = {
        path: Node(0o755, folder=True, changed=boot)
        for path in (
            *(f"/sys/{name}" for name in SYSFS.split()),
            "/sys/class/dmi",
            "/sys/class/dmi/id",
            "/sys/devices/virtual",
        )
    }
    for name, text in texts.items():
        secret = name in ("product_serial", "product_uuid", "board_serial")
        found[f"/sys/class/dmi/id/{name}"] = _live(text, 0o400 if secret else 0o444, boot)
    return found


def _live(text: str, mode: int, changed: int) -> Node:
    return Node(mode, live=lambda: text.encode() + b"\n", changed=changed)
