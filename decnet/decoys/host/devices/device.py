# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What one device consists of, and its tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ..accounts import Account, Group
from ..elf import Architecture, header
from ..node import Node

if TYPE_CHECKING:
    from ...persona import Persona

BEGINNING = 4096
"""Bytes of a program that its file really has."""


class Owner(Protocol):
    """The machine that is such a device. Times are seconds since the epoch."""

    hostname: str
    address: str
    persona: Persona
    installed: int

    def booted(self) -> int:
        """When it was started."""


IN_PATH = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")
Text = str | Callable[[Owner], str]


@dataclass(frozen=True)
class Build:
    """How a BusyBox was built. `asks`: at a prompt, ash asks the terminal where the cursor is. `searches`: ^R searches
    the history. `names_users`: Tab completes `~name`. `saves`: the history is kept in ~/.ash_history. `helps`: ash has
    `help`, and mentions it. `colours`: those of `ls` are the default on a terminal. `prompt`: PS1 of a login as
    /etc/profile sets it, {sign} is # or $.

    Sources: package/busybox/busybox.config of Buildroot 2018.02, Config-defaults.in of OpenWrt's busybox."""

    asks: bool = False
    searches: bool = False
    names_users: bool = False
    saves: bool = False
    helps: bool = False
    colours: bool = True
    prompt: str = "\\w \\$ "


OF_A_SERVER = Build(asks=True, names_users=True, helps=True, colours=False)
"""That of Debian's and Ubuntu's packages."""


@dataclass(frozen=True)
class Device:
    """One device's firmware. `busybox`: version and build as BusyBox names itself ("" if it has none); `applets`
    by folder; `programs`: other programs with their sizes; `links`: path to target; `files`: path to text."""

    busybox: str
    architecture: Architecture
    cpuinfo: str
    memory_kib: int
    processors: int
    applets: dict[str, str]
    programs: dict[str, int]
    links: dict[str, str]
    folders: str
    files: dict[str, Text]
    users: tuple[Account, ...]
    groups: tuple[Group, ...]
    modes: dict[str, int] = field(default_factory=dict)
    devices: str = "null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 console:5:1 ptmx:5:2 kmsg:1:11"
    build: Build = Build()
    built: int = 0
    """When the firmware was built, in seconds since the epoch: the date of its files."""

    @cached_property
    def applet_names(self) -> frozenset[str]:
        """What its BusyBox does."""
        return frozenset(name for names in self.applets.values() for name in names.split())

    @cached_property
    def names(self) -> frozenset[str]:
        """The programs in its PATH."""
        paths = [path for path in (*self.programs, *self.links) if path.rpartition("/")[0] in IN_PATH]
        return self.applet_names | {path.rsplit("/", 1)[-1] for path in paths}

    def nodes(self, world: Owner) -> dict[str, Node]:
        """Every path of the unchanged device."""
        nodes = {path: Node(0o755, folder=True, changed=self.built) for path in ("/", *self.folders.split())}
        for path in ("/tmp", "/var/tmp", "/dev/shm"):
            if path in nodes:
                nodes[path] = Node(0o1777, folder=True, changed=world.booted())
        nodes |= dict(self._programs())
        nodes |= dict(self._texts(world))
        for path, target in self.links.items():
            nodes[path] = Node(0o777, target=target, changed=self.built)
        for each in self.devices.split():
            name, major, minor = each.split(":")
            kind = "b" if name.startswith(("mtdblock", "sd", "md", "mmc")) else "c"
            nodes[f"/dev/{name}"] = Node(
                0o666 if major == "1" or name in ("tty", "ptmx") else 0o600,
                kind=kind,
                device=(int(major), int(minor)),
                changed=world.booted(),
            )
        return nodes

    def _programs(self) -> Iterator[tuple[str, Node]]:
        for path, size in self.programs.items():
            content = header(self.architecture, size)
            content += bytes(
                (at * 197 + size) & 255 if at % 5 else 0 for at in range(BEGINNING - len(content))
            )
            yield path, Node(0o755, content=content, size=size, changed=self.built)
        for folder, names in self.applets.items():
            up = "busybox" if folder == "/bin" else "../" * folder.count("/") + "bin/busybox"
            for name in names.split():
                yield f"{folder}/{name}", Node(0o777, target=up, changed=self.built)

    def _texts(self, world: Owner) -> Iterator[tuple[str, Node]]:
        for path, text in self.files.items():
            content = text if isinstance(text, str) else text(world)
            changed = world.installed if not isinstance(text, str) else self.built
            yield path, Node(self.modes.get(path, 0o644), content=content.encode(), changed=changed)
