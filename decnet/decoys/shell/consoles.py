# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Command lines of machines without a Unix shell: Windows and network devices."""

import time
from typing import Protocol

from ..credentials import record_login
from ..events import Session
from ..host.world import World
from .state import Answer


class Console(Protocol):
    """The interface between a terminal and a command line."""

    session: Session
    history: list[str]
    variables: dict[str, str]
    columns: int
    leaving: bool

    def prompt(self) -> str:
        """The prompt."""

    def run(self, line: str, given: str = "") -> Answer:
        """Execute one line."""


class Plain:
    """The common base of the small consoles."""

    def __init__(self, world: World, user: str, session: Session) -> None:
        self.world = world
        self.user = user
        self.session = session
        self.history: list[str] = []
        self.variables = {"?": "0"}
        self.columns = 80
        self.leaving = False


BUILDS = {
    "windows-10": "10.0.19045.4412", "windows-11": "10.0.22631.3593", "windows-server-2016": "10.0.14393.6981",
    "windows-server-2019": "10.0.17763.5820", "windows-server-2022": "10.0.20348.2461",
}  # fmt: skip


class Windows(Plain):
    """cmd.exe, as OpenSSH for Windows or the Telnet server starts it."""

    def prompt(self) -> str:
        where = f"C:\\Users\\{self.user}>"
        return where if self._on_telnet() else f"{self.user}@{self.world.hostname} {where}"

    def hello(self) -> str:
        """The greeting."""
        if self._on_telnet():
            rule = "*" + "=" * 63
            return f"\n{rule}\nMicrosoft Telnet Server.\n{rule}\n"
        return f"Microsoft Windows [Version {self._build()}]\n(c) Microsoft Corporation. All rights reserved.\n\n"

    def run(self, line: str, given: str = "") -> Answer:
        word, _, rest = line.strip().partition(" ")
        if word.lower() in ("exit", "logout"):
            self.leaving = True
            return Answer()
        texts = {
            "whoami": f"{self.world.hostname.lower()}\\{self.user.lower()}\n", "hostname": f"{self.world.hostname}\n",
            "ver": f"\nMicrosoft Windows [Version {self._build()}]\n\n", "cd": f"C:\\Users\\{self.user}\n\n",
            "echo": f"{rest}\n\n", "dir": self._dir(), "ipconfig": self._ipconfig(), "cls": "\x1b[H\x1b[2J",
        }  # fmt: skip
        if not word:
            return Answer()
        if word.lower() in texts:
            return Answer(texts[word.lower()])
        return Answer(
            error=f"'{word}' is not recognized as an internal or external command,\noperable program or batch file.\n\n",
            status=1,
        )

    def _on_telnet(self) -> bool:
        return self.world.persona.service == "telnet"

    def _build(self) -> str:
        return BUILDS.get(self.world.persona.release, BUILDS["windows-10"])

    def _dir(self) -> str:
        serial = self.world.persona.bytes_for("volume", 4).hex().upper()
        return (
            f" Volume in drive C has no label.\n Volume Serial Number is {serial[:4]}-{serial[4:]}\n\n"
            f" Directory of C:\\Users\\{self.user}\n\n               0 File(s)              0 bytes\n\n"
        )

    def _ipconfig(self) -> str:
        address = self.world.address
        return (
            "\nWindows IP Configuration\n\n\nEthernet adapter Ethernet0:\n\n   Connection-specific DNS Suffix  . :\n"
            f"   IPv4 Address. . . . . . . . . . . : {address}\n"
            "   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n"
            f"   Default Gateway . . . . . . . . . : {address.rpartition('.')[0]}.1\n\n"
        )


class Router(Plain):
    """A switch's command line at its lowest privilege."""

    _enabling = False
    """Whether the last command was `enable`: its password may follow, with or without a prompt."""

    def prompt(self) -> str:
        return f"{self.world.hostname}>"

    def hello(self) -> str:
        """A switch shows only a blank line."""
        return "\n"

    def run(self, line: str, given: str = "") -> Answer:
        words = line.split()
        if not words:
            return Answer()
        if words[0] in ("exit", "quit", "logout"):
            self.leaving = True
            return Answer()
        enabling, self._enabling = self._enabling, words[0].startswith("en")
        if self._enabling:
            return Answer("% Error in authentication.\n\n", delay=1.0)
        if words[0].startswith("sh") and words[1:2] and words[1].startswith("ver"):
            return Answer(self._version())
        if enabling:
            record_login(self.session, "enable", success=False, username=self.user, password=line)
        pad = " " * (len(self.prompt()) + line.index(words[0]))
        return Answer(f"{pad}^\n% Invalid input detected at '^' marker.\n\n")

    def _version(self) -> str:
        days = (int(time.time()) - self.world.booted()) // 86400
        return (
            "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E3, RELEASE SOFTWARE (fc3)\n"
            f"\n{self.world.hostname} uptime is {days // 7} weeks, {days % 7} days\n"
            'System image file is "flash:c2960x-universalk9-mz.152-7.E3.bin"\n'
        )
