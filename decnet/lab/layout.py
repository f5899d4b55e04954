"""Names, addresses and folders of a lab, all derived from its name and root."""

import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from decnet.errors import UsageError

LAN: Final = "192.0.2"
MGMT: Final = "198.51.100"
LAN_SUBNET: Final = f"{LAN}.0/24"
MGMT_SUBNET: Final = f"{MGMT}.0/24"
GATEWAY: Final = f"{LAN}.1"
ATTACKER_ADDRESS: Final = f"{LAN}.250"
OPERATOR_ADDRESS: Final = f"{MGMT}.2"
MAX_WORKERS: Final = 99

NETNS_FOLDER: Final = Path("/run/netns")
DEFAULT_PARENT: Final = Path("/var/lib/decnet-lab")

# Vendor prefixes from the IEEE registry: Routerboard.com, Dell, Hewlett Packard, Lcfc (laptops).
OUI: Final = {"gw": "48:8f:5a", "w": "d4:ae:52", "op": "3c:52:82", "att": "8c:16:45"}


@dataclass(frozen=True)
class Lab:
    """One practice network. Labs with different names can run on one machine at the same time.

    `name` has 1 to 8 characters of a-z and 0-9. `root` is the lab's own folder; by default, the folder `name`
    in `$DECNET_LAB_ROOT`, or else in /var/lib/decnet-lab.
    """

    name: str = "lab"
    root: Path | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]{1,8}", self.name):
            raise UsageError(f"lab name {self.name!r}: must be 1 to 8 lower-case letters and digits")
        if self.root is None:
            parent = os.environ.get("DECNET_LAB_ROOT")
            object.__setattr__(self, "root", (Path(parent) if parent else DEFAULT_PARENT) / self.name)

    @property
    def folder(self) -> Path:
        assert self.root is not None
        return self.root.absolute()

    @property
    def record(self) -> Path:
        """The file that marks `folder` as a lab's: without it, nothing is deleted."""
        return self.folder / "lab.json"

    @property
    def cgroup(self) -> str:
        return f"decnet-lab-{self.name}"

    @property
    def prefix(self) -> str:
        """The prefix of the names of this lab's network namespaces."""
        return f"dl-{self.name}-"

    @property
    def lan(self) -> "Place":
        """The namespace with the two bridges, which represents the switch."""
        return Place(self, "lan")

    def worker(self, number: int) -> "Place":
        return Place(self, f"w{number}")


@dataclass(frozen=True)
class Place:
    """One machine of the lab: `key` is lan, op, att, w1, w2..."""

    lab: Lab
    key: str

    @property
    def netns(self) -> str:
        return self.lab.prefix + self.key

    @property
    def netns_path(self) -> Path:
        return NETNS_FOLDER / self.netns

    @property
    def folder(self) -> Path:
        return self.lab.folder / self.key

    @property
    def cgroup(self) -> str:
        return f"{self.lab.cgroup}/{self.key}"

    @property
    def is_worker(self) -> bool:
        return self.key.startswith("w")

    @property
    def number(self) -> int:
        return int(self.key[1:]) if self.is_worker else 0

    @property
    def lan_address(self) -> str | None:
        if self.is_worker:
            return f"{LAN}.{10 + self.number}"
        return {"lan": GATEWAY, "att": ATTACKER_ADDRESS}.get(self.key)

    @property
    def mgmt_address(self) -> str | None:
        if self.is_worker:
            return f"{MGMT}.{10 + self.number}"
        return OPERATOR_ADDRESS if self.key == "op" else None

    def mac(self, side: str) -> str:
        """A stable MAC address of a plausible vendor; `side` is "lan" or "mgmt"."""
        oui = OUI["gw"] if self.key == "lan" else OUI["w" if self.is_worker else self.key]
        tail = zlib.crc32(f"{self.lab.name}/{self.key}/{side}".encode()) & 0xFFFFFF
        return f"{oui}:{tail >> 16:02x}:{tail >> 8 & 0xFF:02x}:{tail & 0xFF:02x}"


def place(lab: Lab, name: str) -> Place:
    """The place that users call `name`: operator, attacker, w1, w2..."""
    if name in ("operator", "attacker"):
        return Place(lab, {"operator": "op", "attacker": "att"}[name])
    match = re.fullmatch(r"w([1-9][0-9]?)", name)
    if not match:
        raise UsageError(
            f"{name!r} is not a machine of the lab", hint="operator, attacker, or a worker: w1, w2..."
        )
    return lab.worker(int(match.group(1)))
