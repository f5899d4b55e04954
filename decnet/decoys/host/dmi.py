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

    @property
    def smbios(self) -> str:
        """The version of the tables."""
        return "2.7" if self.bios_vendor == "Phoenix Technologies LTD" else "3.2"


@dataclass(frozen=True)
class _Maker:
    """What a maker's machines have in common. `{0}`: letters and digits of the machine. Of pairs, the first is that
    of a small machine."""

    vendor: str
    product: tuple[str, str]
    board: tuple[str, str]
    bios: tuple[str, str]
    bios_date: str
    serial: str
    board_serial: str
    version: str = "Not Specified"
    chassis: str = ""
    chassis_type: int = 23
    bios_vendor: str = ""


MAKERS = {
    "dell": _Maker(
        "Dell Inc.", ("PowerEdge R240", "PowerEdge R540"), ("0M6YP9", "0NJK2F"), ("2.16.1", "2.16.1"), "10/30/2023",
        "{0:.7}", ".{0:.7}.CNFCP0002S00CD.",
    ),
    "hp": _Maker(
        "HPE", ("ProLiant ML30 Gen10", "ProLiant DL380 Gen10"), ("ProLiant ML30 Gen10", "ProLiant DL380 Gen10"),
        ("U44", "U30"), "02/02/2023", "CZ{0:.8}", "PXXXX0ARH0X0PR",
    ),
    "lenovo": _Maker(
        "Lenovo", ("ThinkSystem ST50 -[7Y48CTO1WW]-", "ThinkSystem SR550 -[7Y48CTO1WW]-"),
        ("-[7Y48CTO1WW]-", "-[7Y48CTO1WW]-"), ("-[ISE130E-2.60]-", "-[ISE130E-2.60]-"), "05/18/2023",
        "J30{0:.5}", "N1ZS{0:.7}", version="07",
    ),
    "supermicro": _Maker(
        "Supermicro", ("Super Server", "Super Server"), ("X11SCL-F", "X11SPL-F"), ("1.9", "1.9"), "08/17/2022",
        "0123456789", "VM19{0:.8}", version="0123456789", chassis_type=17, bios_vendor="American Megatrends Inc.",
    ),
    "intel": _Maker(
        "Intel Corporation", ("S1200SPL", "S2600STB"), ("S1200SPL", "S2600STB"),
        ("S1200SP.86B.03.01.0049.060120200414", "S1200SP.86B.03.01.0049.060120200414"), "06/01/2020",
        "............", "BQWL{0:.8}", version="....................", chassis="...............................",
    ),
}  # fmt: skip


def firmware(machine: Machine) -> Firmware:
    """By the vendor of the machine's network card."""
    raw = machine.persona.bytes_for("serial", 16)
    uuid = uuid_for(machine, "system uuid")
    if machine.is_virtual:
        return _virtual(raw, uuid)
    letters = "".join("0123456789BCDFGHJKLMNPQRSTVWXYZ"[byte % 31] for byte in raw)
    name = next((name for name, ouis in OUIS.items() if machine.mac[:8] in ouis.split()), "intel")
    size = 0 if machine.processor.model == 158 else 1
    maker = MAKERS[name]
    return Firmware(
        maker.vendor,
        maker.product[size],
        maker.version,
        maker.serial.format(letters),
        uuid,
        maker.vendor,
        maker.board[size],
        maker.board_serial.format(letters),
        maker.chassis or maker.vendor,
        maker.chassis_type,
        maker.bios_vendor or maker.vendor,
        maker.bios[size],
        maker.bios_date,
    )


def _virtual(raw: bytes, uuid: str) -> Firmware:
    text = raw.hex(" ")
    serial = f"VMware-56 4d {text[6:23]}-{text[24:47]}".replace("  ", " ")
    return Firmware("VMware, Inc.", "VMware Virtual Platform", "None", serial, "564d" + uuid[4:], "Intel Corporation",
                    "440BX Desktop Reference Platform", "None", "No Enclosure", 1, "Phoenix Technologies LTD", "6.00", "11/12/2020")  # fmt: skip


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
