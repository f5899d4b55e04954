# ruff: noqa: E501 (facts in rows)
"""The packages of a machine: which ones, their versions and when they were unpacked."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..machine import day
from .kernel_packages import KernelPackage, kernel_built, kernel_packages
from .release_data import Entry, ReleaseData, Row, release_data

if TYPE_CHECKING:
    from .model import World

UPGRADED = {
    "5.10.0-32-amd64": ("debian-11", "2024-08-20"), "6.1.0-23-amd64": ("debian-12", "2024-07-20"),
    "6.1.0-31-amd64": ("debian-12", "2025-02-20"), "5.4.0-192-generic": ("ubuntu-20.04", "2024-08-20"),
    "5.15.0-119-generic": ("ubuntu-22.04", "2024-08-25"), "5.15.0-133-generic": ("ubuntu-22.04", "2025-02-26"),
    "6.8.0-41-generic": ("ubuntu-24.04", "2024-08-25"),
}  # fmt: skip
"""By kernel, the data of the release, and the day of the machine's last upgrade."""
SERVERS = {
    "vsftpd": "ftp:vsftpd", "proftpd": "ftp:proftpd-core", "apache2": "http:apache2", "nginx": "http:nginx",
    "mariadbd": "mysql:mariadb-server", "mysqld": "mysql:mysql-server-8.0", "redis-server": "redis:redis-server",
    "master": "smtp:postfix", "exim4": "smtp:exim4-daemon-light", "snmpd": "snmp:snmpd",
    "inetutils-inetd": "telnet:inetutils-telnetd telnet:telnetd",
}  # fmt: skip
"""By the program that serves, the group of packages that it belongs to."""


GREETED = {
    "5.10.0-32-amd64": {"mariadb-": "1:10.5.26-0+deb11u2"},
    "6.1.0-23-amd64": {"apache2": "2.4.61-1~deb12u1"},
    "6.1.0-31-amd64": {"openssh-": "1:9.2p1-2+deb12u4"},
    "5.4.0-192-generic": {"vsftpd": "3.0.3-12", "openssh-": "1:8.2p1-4ubuntu0.11", "mysql-": "8.0.39-0ubuntu0.20.04.1"},
    "5.15.0-119-generic": {"openssh-": "1:8.9p1-3ubuntu0.10", "mysql-": "8.0.39-0ubuntu0.22.04.1"},
    "5.15.0-133-generic": {"openssh-": "1:8.9p1-3ubuntu0.11", "mysql-": "8.0.41-0ubuntu0.22.04.1"},
    "6.8.0-41-generic": {"openssh-": "1:9.6p1-3ubuntu13.5", "mysql-": "8.0.39-0ubuntu0.24.04.2"},
}  # fmt: skip
"""By kernel and the begin of a package's name, the version that the machine's greetings show, where the archive's
changelogs do not go back so far."""

FOLDERS_AT_ONCE = 64


OF_KERNEL = -1
"""The number of the packages that are not in the data."""


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package. `size` is in KiB; `unpacked` is when this version came, in seconds since the epoch."""

    name: str
    version: str
    architecture: str
    size: int
    section: str
    priority: str
    number: int
    unpacked: int
    made: int
    """When this version was built."""
    installed: tuple[tuple[str, int], ...]
    """The versions that the machine had, with the times of their unpacking."""
    is_recorded: bool = False
    """Whether the sums in the data are those of this version."""
    service: str = ""
    """The group of a service's packages that it belongs to ("http:apache2"), "" for all machines."""


class Packages(Mapping[str, Package]):
    """The installed packages by name."""

    def __init__(self, world: World, data: ReleaseData, upgraded: int) -> None:
        self.data = data
        self._world = world
        self._sessions = _sessions(world, upgraded)
        self._last = upgraded
        wanted = {"", *_services(world)}
        self._by_number: dict[int, Package] = {}
        self._found: dict[str, Package] = {}
        for number, row in enumerate(data.packages()):
            if row.service in wanted and row.name not in self._found:
                self._found[row.name] = self._by_number[number] = self._package(number, row)
            elif row.service in wanted:
                self._by_number[number] = self._found[row.name]
        self._kernel = {each.name: each for each in kernel_packages(world.system)}
        for each in self._kernel.values():
            self._found[each.name] = self._of_kernel(each)
        self._found = dict(sorted(self._found.items()))

    def __getitem__(self, name: str) -> Package:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def numbered(self, number: int) -> Package | None:
        """The package by its number in the data, None if it is not installed."""
        return self._by_number.get(number)

    def _package(self, number: int, row: Row) -> Package:
        began = self._world.installed + number // 3
        installed = [(_version_at(row, min(began, self._last)), began)]
        for session in self._sessions:
            newer = _version_at(row, session - 86_400)
            if newer != installed[-1][0]:
                installed.append((newer, session + 60 + number // 4))
        greeted = GREETED.get(self._world.system.kernel, {})
        known = next((version for start, version in greeted.items() if row.name.startswith(start)), "")
        if known:
            installed = [(known, max(began, self._sessions[-1] if self._sessions else 0))]
        made = next(
            (when for version, when in row.versions if version == installed[-1][0]),
            min(row.made, self._last - 20 * 86_400),
        )
        version, unpacked = installed[-1]
        return Package(row.name, version, row.architecture, row.installed_size, row.section, row.priority,
                       number, unpacked, row.made if version == row.version else made, tuple(installed),
                       version == row.version, row.service)  # fmt: skip

    def _of_kernel(self, found: KernelPackage) -> Package:
        """One that came with the last upgrade, or with the machine."""
        session = self._sessions[-1] if self._sessions else self._world.installed
        unpacked, made = session + 180, kernel_built(self._world)
        return Package(found.name, found.version, "amd64", found.size, "kernel", "optional",
                       OF_KERNEL, unpacked, made, ((found.version, unpacked),))  # fmt: skip

    def control(self, package: Package) -> tuple[str, list[str], list[tuple[str, str]]]:
        """A package's fields as text, the names of its control files, its configuration files with their sums."""
        if package.number == OF_KERNEL:
            return self._kernel[package.name].fields, ["md5sums"], []
        return self.data.control(package.number)

    def paths(self, package: Package) -> list[str]:
        """What it has brought, as `dpkg -L` lists it: the folders before what is in them, links at the end."""
        pieces = self.paths_by_pieces(package)
        while True:
            try:
                next(pieces)
            except StopIteration as stop:
                return list(stop.value)

    def paths_by_pieces(self, package: Package) -> Generator[float, None, list[str]]:
        """The same with pauses: all folders of the machine are searched."""
        found: dict[str, bool] = {}
        if package.number == OF_KERNEL:
            brought = self._kernel[package.name].paths
            folders = {
                path[:at] for path in brought for at, letter in enumerate(path) if letter == "/" and at
            }
            return ["/.", *sorted({*folders, *brought})]
        numbers = {number for number, each in self._by_number.items() if each.name == package.name}
        for at, folder in enumerate(self.data.folders()):
            if at % FOLDERS_AT_ONCE == FOLDERS_AT_ONCE - 1:
                yield 0.0
            for name, entry in self.data.folder(folder):
                if entry.package in numbers:
                    path = f"{folder.rstrip('/')}/{name}"
                    path = path.removeprefix("/usr") if entry.split else path
                    parts = path.split("/")[1:-1]
                    for count in range(1, len(parts) + 1):
                        found["/" + "/".join(parts[:count])] = False
                    found[path] = entry.kind == "l"
        return ["/.", *sorted(found, key=lambda path: (found[path], path.split("/")))]

    def of_path(self, path: str) -> list[str]:
        """The names of the packages that have brought a path, as `dpkg -S` finds them, sorted."""
        kernel = [each.name for each in self._kernel.values() if path in each.paths]
        if kernel:
            return kernel
        split = path.split("/")[1].startswith(("bin", "sbin", "lib"))
        real = f"/usr{path}" if split and self._splits else path
        folder, _, name = real.rpartition("/")
        entry = next((each for known, each in self.data.folder(folder or "/") if known == name), None)
        if entry is not None and entry.kind != "d":
            package = self._by_number.get(entry.package)
            return [package.name] if package and entry.split == split else []
        numbers = {each.package for each in self._below(real, split)} | ({entry.package} if entry else set())
        return sorted({each.name for number in numbers if (each := self._by_number.get(number)) is not None})

    @property
    def _splits(self) -> bool:
        """Whether packages of this release still have files outside of /usr."""
        return any(entry.split for _, entry in self.data.folder("/usr/bin"))

    def _below(self, folder: str, split: bool) -> Iterator[Entry]:
        inside = folder.rstrip("/") + "/"
        for each in self.data.folders():
            if each == folder or each.startswith(inside):
                yield from (entry for _, entry in self.data.folder(each) if entry.split == split)


def _version_at(row: Row, moment: int) -> str:
    """The version that was current then."""
    known = [version for version, when in row.versions if when <= moment]
    return known[-1] if known else row.versions[0][0]


def _sessions(world: World, last: int) -> list[int]:
    """When the machine was upgraded: every few weeks from its installation to the last time."""
    if world.installed >= last:
        return []
    step = world.persona.number("upgrades", 12, 45) * 86_400
    hour = world.persona.number("upgrade hour", 7, 16) * 3600 + world.persona.number(
        "upgrade minute", 0, 3599
    )
    found = [
        moment // 86_400 * 86_400 + hour for moment in range(world.installed + step, last - 2 * 86_400, step)
    ]
    return [*found, last + hour]


def _services(world: World) -> set[str]:
    """The groups of packages of the services that the machine has ("http:apache2")."""
    return {group for each in world.services() for group in SERVERS.get(each.program, "").split()}


def packages_of(world: World) -> Packages | None:
    """The packages of a machine, None if its release has no data."""
    known = UPGRADED.get(world.system.kernel)
    if known is None:
        return None
    release, date = known
    return Packages(world, release_data(release), day(date))
