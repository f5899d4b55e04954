# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""One login of a visitor as the machine sees it: his terminal, and the processes that are his."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..host.processes import ProcessEntry

if TYPE_CHECKING:
    from ..host.world import World

MOST_ENTRIES = 200
COMPOUND = frozenset(";|&\n(){}`")
MANAGERS = {
    "debian": "/lib/systemd/systemd", "20.04": "/lib/systemd/systemd", "22.04": "/lib/systemd/systemd",
    "24.04": "/usr/lib/systemd/systemd", "rocky": "/usr/lib/systemd/systemd",
}  # fmt: skip
"""systemd, as it starts itself for a user."""
READERS = ("ps", "top")
"""They run while they look at the processes."""
SIZES = {
    "bash": (8_216, 4_992), "dash": (2_580, 1_536), "sh": (2_580, 1_536), "ash": (1_544, 872), "ps": (11_088, 4_608),
    "top": (11_884, 5_120), "sleep": (5_464, 1_792), "w": (9_364, 4_096), "sudo": (17_412, 6_272),
    "systemd": (18_952, 10_496),
}  # fmt: skip
"""Virtual and resident size in KiB of what visitors start."""


@dataclass(eq=False)
class Visit:
    """One login. `began`: seconds since the epoch; `terminal`: like pts/0, "" without one; `server` and
    `shell`: the numbers of the server's process for it and of its shell; `line`: the command line of a
    visit that has only one; `entries`: the other processes by number."""

    world: World
    user: str
    source: str
    began: float
    server: int
    shell: int
    terminal: str = ""
    line: str = ""
    entries: dict[int, ProcessEntry] = field(default_factory=dict)
    words: dict[int, list[str]] = field(default_factory=dict)
    """The arguments of those."""
    current: int = 0
    """The number of the command that runs now; 0: the shell itself."""
    number: int = 0
    """Of the login session."""
    came: float = 0.0
    """When its connection logged in; seconds since the epoch."""
    sudo_until: float = 0.0
    """Until when sudo does not ask for the password again; seconds since the epoch."""
    _listener: int = 0

    @property
    def telnet(self) -> bool:
        """Whether it came by telnet."""
        return self.world.persona.service == "telnet"

    def take_terminal(self) -> None:
        """It has a terminal: the first that no other one of the same source has."""
        taken = {each.terminal for each in visits_of(self.world, self.source) if each is not self}
        self.terminal = next(
            name for name in (f"pts/{n}" for n in range(len(taken) + 1)) if name not in taken
        )

    @property
    def is_replaced(self) -> bool:
        """Whether the only command takes the place of the shell that would wait for it."""
        return bool(self.line) and not set(self.line) & COMPOUND

    def enter(self, pid: int, ppid: int, user: str, words: list[str], *, behind: bool = False) -> None:
        """A process starts, or becomes another program; `behind`: in the background."""
        if pid == self.shell or pid in self.entries:
            ppid = self.server if pid == self.shell else self.entries[pid].ppid
        if len(self.entries) >= MOST_ENTRIES:
            return
        self.words[pid] = words
        name = words[0].rpartition("/")[2].lstrip("-")
        virtual, resident = SIZES.get(name, (5_492 + len(name) * 48, 1_792))
        state = ("R" if name in READERS else "S") + ("+" if self.terminal and not behind else "")
        self.entries[pid] = ProcessEntry(
            pid,
            ppid,
            user,
            " ".join(words),
            name[:15],
            int(time.time()),
            self.terminal or "?",
            state,
            0.0,
            virtual,
            resident,
        )

    def leave(self, pid: int) -> None:
        """A process ends."""
        self.entries.pop(pid, None)
        self.words.pop(pid, None)

    def end(self) -> None:
        """The visitor has left."""
        self.entries.clear()
        self.world.visits.discard(self)

    def numbers(self) -> set[int]:
        """The numbers of the processes that are the visitor's own."""
        return {self.shell, *self.entries}

    def processes(self) -> list[ProcessEntry]:
        """The processes of this login: server's, shell, commands."""
        return [
            *self._servers(),
            *self._manager(),
            *([] if self.shell in self.entries else [self._shell()]),
            *self.entries.values(),
        ]

    def _shell(self) -> ProcessEntry:
        name = self.world.system.shell.rpartition("/")[2]
        command = f"-{name}" if not self.line else f"{name} -c {self.line}"
        virtual, resident = SIZES.get(name, SIZES["sh"])
        state = "Ss" if self.entries or not self.terminal else "Ss+"
        return ProcessEntry(
            self.shell,
            self.server,
            self.user,
            command,
            name,
            int(self.began),
            self.terminal or "?",
            state,
            0.02,
            virtual,
            resident,
        )

    def _servers(self) -> list[ProcessEntry]:
        """The processes of the service that serve this login."""
        system, place = self.world.system, self.terminal or "notty"
        if self.telnet:
            command = "telnetd" if system.busybox else f"in.telnetd: {self.source}"
            return [self._server("Ss", command, sizes=(3_236, 2_304))]
        if system.busybox:
            return [self._server("S", "/usr/sbin/dropbear -R -p 22", sizes=(1_148, 764))]
        command = f"sshd: {self.user}@{place}"
        if self.user == "root":
            return [self._server("Ss", command, sizes=(17_736, 11_008))]
        first = self.server - 6
        return [
            self._server("Ss", f"sshd: {self.user} [priv]", sizes=(17_736, 11_136), pid=first),
            self._server("S", command, sizes=(17_992, 6_800), ppid=first, user=self.user),
        ]

    def _manager(self) -> list[ProcessEntry]:
        """systemd's processes for the user, as long as he is logged in: pam_systemd(8)."""
        system = self.world.system
        path = MANAGERS.get(system.version if system.id == "ubuntu" else system.id)
        same = (each for each in visits_of(self.world, self.source) if each.user == self.user)
        if path is None or self.telnet or next(same, self) is not self:
            return []
        first = self.server - (6 if self.user != "root" else 0) + 1
        began = int(self.came or self.began)
        virtual, resident = SIZES["systemd"]
        return [
            ProcessEntry(
                first, 1, self.user, f"{path} --user", "systemd", began, "?", "Ss", 0.1, virtual, resident
            ),
            ProcessEntry(
                first + 1, first, self.user, "(sd-pam)", "(sd-pam)", began, "?", "S", 0.0, 168_820, 3_072
            ),
        ]

    def _server(
        self,
        state: str,
        command: str,
        *,
        sizes: tuple[int, int],
        pid: int = 0,
        ppid: int = 0,
        user: str = "root",
    ) -> ProcessEntry:
        """One of them. `sizes`: virtual and resident, in KiB; by default it is the last one, and a child of the
        listener."""
        name = command.split()[0].rpartition("/")[2].rstrip(":")
        cpu = 0.01 if self.telnet else 0.05
        return ProcessEntry(
            pid or self.server, ppid or self._listening(), user, command, name, int(self.came or self.began), "?", state, cpu, *sizes
        )  # fmt: skip

    def _listening(self) -> int:
        """The number of the service's own process."""
        if not self._listener:
            entries = self.world.processes(int(time.time()))
            self._listener = next((each.pid for each in entries if self._listens(each)), 1)
        return self._listener

    def _listens(self, entry: ProcessEntry) -> bool:
        return entry.service == self.world.persona.service and entry.ppid == 1


def visits_of(world: World, source: str) -> list[Visit]:
    """The logins of one address that have not ended, the oldest first."""
    return sorted((each for each in world.visits if each.source == source), key=lambda each: each.began)
