# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""cmd.exe."""

from ..state import Answer
from .base import Plain

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
