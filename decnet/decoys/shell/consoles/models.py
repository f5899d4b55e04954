# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The switches whose command lines exist: hardware and software as SNMP and `show version` report them.

Sources: Cisco's data sheets and release notes of these models and versions; Ubiquiti's of the EdgeSwitch.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...persona import Persona


@dataclass(frozen=True)
class Model:
    """One model with one software. `sign`: by which its SNMP agent is known; `compiled` as IOS prints it."""

    sign: str
    name: str
    title: str
    train: str
    version: str
    image: str
    file: str
    rom: str
    compiled: str
    processor: str
    memory: str
    ports: int
    xe: bool = False


C2960X = Model(
    "C2960X", "WS-C2960X-24TS-L", "C2960X Software (C2960X-UNIVERSALK9-M)", "", "15.2(7)E3", "C2960X-UNIVERSALK9-M",
    "flash:/c2960x-universalk9-mz.152-7.E3/c2960x-universalk9-mz.152-7.E3.bin",
    "ROM: Bootstrap program is C2960X boot loader\nBOOTLDR: C2960X Boot Loader (C2960X-HBOOT-M) Version 15.2(7r)E, RELEASE SOFTWARE (fc1)",
    "Mon 07-Sep-20 08:38 by prod_rel_team", "APM86XXX", "524288K", 28,
)  # fmt: skip
C9300 = Model(
    "CAT9K", "C9300-24T", "Catalyst L3 Switch Software (CAT9K_IOSXE)", " [Gibraltar]", "16.12.4", "CAT9K_IOSXE",
    "flash:packages.conf", "ROM: IOS-XE ROMMON\nBOOTLDR: System Bootstrap, Version 16.12.2r, RELEASE SOFTWARE (P)",
    "Thu 09-Jul-20 19:49 by mcpre", "X86", "1331521K/6147K", 24, xe=True,
)  # fmt: skip
EDGESWITCH = Model(
    "EdgeSwitch", "ES-24-250W", "EdgeSwitch 24-Port 250W", "", "1.9.3.5392098", "", "", "", "", "", "", 24
)


def model_of(persona: Persona) -> Model:
    """The switch of this release."""
    if persona.release.startswith("edgeswitch"):
        return EDGESWITCH
    return C9300 if persona.release.startswith("cisco-ios-xe") else C2960X


def serial(persona: Persona, what: str = "system") -> str:
    """A serial number of Cisco: site, year and week, number."""
    letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    site = persona.choice(f"serial site {what}", ("FOC", "FCW", "FDO"))
    year, week = persona.number("serial year", 18, 23), persona.number(f"serial week {what}", 1, 52)
    tail = "".join(persona.choice(f"serial {what} {at}", letters) for at in range(4))
    return f"{site}{year}{week:02d}{tail}"


def dotted(mac: str) -> str:
    """A MAC as IOS prints it: 0011.2233.4455."""
    plain = mac.replace(":", "").lower()
    return f"{plain[:4]}.{plain[4:8]}.{plain[8:]}"
