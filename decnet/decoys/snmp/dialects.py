"""Vendors' agents: how they identify themselves to a manager."""

from dataclasses import dataclass

from ..host.served_configuration import contact_and_location
from ..machine import Machine
from ..persona import Persona
from .ber import Oid


@dataclass(frozen=True)
class Dialect:
    """A kind of agent. `object_id` is below 1.3.6.1.4.1; its first number starts the engine identifier."""

    name: str
    object_id: Oid
    services: int = 72
    net_snmp: bool = False
    host: bool = False
    printer: bool = False
    ports: int = 0
    """Of a switch."""
    card: str = "eth0"
    speed: int = 1_000_000_000
    loopback: str = ""
    version_3: bool = True

    def engine(self, persona: Persona) -> bytes:
        """Its snmpEngineID (RFC 3411, 5): net-snmp's is random, that of a device has its MAC."""
        if not self.version_3:
            return b""
        start = (0x80000000 | self.object_id[0]).to_bytes(4, "big")
        if self.net_snmp:
            made = Machine(persona).first_start(600)
            return (
                start + b"\x80" + persona.bytes_for("snmp engine", 4) + made.to_bytes(4, "little") + bytes(4)
            )
        return start + b"\x03" + bytes.fromhex((persona.mac or "00:50:56:8a:11:2c").replace(":", ""))

    def contact(self, persona: Persona) -> str:
        """sysContact."""
        return contact_and_location(persona)[0] if self.net_snmp else ""

    def location(self, persona: Persona) -> str:
        """sysLocation."""
        return contact_and_location(persona)[1] if self.net_snmp else ""


DIALECTS = {
    "JETDIRECT": Dialect(
        "HP LaserJet Pro M404dn", (11, 2, 3, 9, 1), 64, host=True, printer=True, card="HP ETHERNET"
    ),
    "Brother": Dialect(
        "Brother HL-L6400DW series", (2435, 2, 3, 9, 1), 72, host=True, printer=True, card="NC-8900h"
    ),
    "Canon": Dialect("Canon LBP226", (1602, 4, 7), 72, host=True, printer=True, card="Canon LBP226"),
    "C2960X": Dialect("Cisco IOS", (9, 1, 1208), 6, ports=28),
    "CAT9K": Dialect("Cisco IOS XE", (9, 1, 2494), 6, ports=24),
    "Cisco IOS": Dialect("Cisco IOS", (9, 1, 1208), 6, ports=28),
    "EdgeSwitch": Dialect("EdgeSwitch", (4413,), 6, ports=24),
    "SIMATIC": Dialect(
        "SIMATIC S7", (4329,), 72, card="Siemens, SIMATIC NET, internal, X1", speed=100_000_000
    ),
    "Schneider": Dialect(
        "Modicon M340", (3833, 1, 7, 255, 9), 72, card="Ethernet", speed=100_000_000, version_3=False
    ),
    "ESP32": Dialect("ESP32", (26381,), 72, card="st", speed=54_000_000, version_3=False),
    "UCOS": Dialect("UCOS", (9, 1, 1348), 72, host=True, loopback="lo"),
}
WINDOWS_LOOPBACK = "Software Loopback Interface 1\0"
WINDOWS = {
    "windows": Dialect(
        "Windows", (311, 1, 1, 3, 1, 1), 76, host=True, loopback=WINDOWS_LOOPBACK, version_3=False
    ),
    "windows_server": Dialect(
        "Windows", (311, 1, 1, 3, 1, 2), 76, host=True, loopback=WINDOWS_LOOPBACK, version_3=False
    ),
}
VMWARE_CARD, OTHER_CARD = "vmxnet3 Ethernet Adapter\0", "Intel(R) Ethernet Connection (7) I219-LM\0"


def dialect_of(persona: Persona) -> Dialect:
    """The agent that matches the persona's description of itself."""
    if persona.os in WINDOWS:
        return WINDOWS[persona.os]
    for sign, dialect in DIALECTS.items():
        if sign in persona.banner:
            return dialect
    system = 8 if persona.os == "bsd" else 10
    return Dialect(
        "net-snmp", (8072, 3, 2, system), net_snmp=True, host=True, loopback="lo0" if system == 8 else "lo"
    )
