"""Command lines of machines without a Unix shell: Windows, and network gear."""

from collections.abc import Callable

from .machine import Machine


class Windows:
    """cmd.exe, as OpenSSH for Windows starts it."""

    greeting = "Microsoft Windows [Version {build}]\n(c) Microsoft Corporation. All rights reserved.\n\n"
    BUILDS = {
        "windows-10": "10.0.19045.4412",
        "windows-11": "10.0.22631.3593",
        "windows-server-2016": "10.0.14393.6981",
        "windows-server-2019": "10.0.17763.5820",
        "windows-server-2022": "10.0.20348.2461",
    }

    def __init__(self, machine: Machine, user: str) -> None:
        self.machine = machine
        self.user = user
        self.done = False
        self.status = 0
        self.build = self.BUILDS.get(machine.persona.release, "10.0.19045.4412")

    def hello(self) -> str:
        return self.greeting.format(build=self.build)

    def prompt(self) -> str:
        return f"{self.user}@{self.machine.hostname} C:\\Users\\{self.user}>"

    def run(self, line: str) -> str:
        word, _, rest = line.strip().partition(" ")
        answers: dict[str, Callable[[], str]] = {
            "whoami": lambda: f"{self.machine.hostname.lower()}\\{self.user.lower()}\n",
            "hostname": lambda: f"{self.machine.hostname}\n",
            "ver": lambda: f"\nMicrosoft Windows [Version {self.build}]\n",
            "cd": lambda: f"C:\\Users\\{self.user}\n",
            "echo": lambda: f"{rest}\n",
            "dir": self._dir,
            "ipconfig": self._ipconfig,
        }
        if word.lower() in ("exit", "logout"):
            self.done = True
            return ""
        if not word:
            return ""
        answer = answers.get(word.lower())
        self.status = 0 if answer else 1
        return answer() if answer else NOT_RECOGNIZED.format(word=word)

    def _dir(self) -> str:
        return (
            f" Volume in drive C has no label.\n\n Directory of C:\\Users\\{self.user}\n\n"
            "               0 File(s)              0 bytes\n"
        )

    def _ipconfig(self) -> str:
        address = self.machine.persona.address
        return (
            "\nWindows IP Configuration\n\n\nEthernet adapter Ethernet0:\n\n"
            f"   IPv4 Address. . . . . . . . . . . : {address}\n"
            "   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n"
            f"   Default Gateway . . . . . . . . . : {address.rpartition('.')[0]}.1\n"
        )


NOT_RECOGNIZED = (
    "'{word}' is not recognized as an internal or external command,\noperable program or batch file.\n"
)


class Router:
    """An IOS command line at its lowest privilege."""

    def __init__(self, machine: Machine, user: str) -> None:
        self.machine = machine
        self.user = user
        self.done = False
        self.status = 0

    def hello(self) -> str:
        return "\n"

    def prompt(self) -> str:
        return f"{self.machine.hostname}>"

    def run(self, line: str) -> str:
        words = line.split()
        if not words:
            return ""
        if words[0] in ("exit", "quit", "logout"):
            self.done = True
            return ""
        if words[0].startswith("en"):
            return "% Error in authentication.\n\n"
        if words[0].startswith("sh") and words[1:2] and words[1].startswith("ver"):
            return self._version()
        if words[0].startswith("sh") and words[1:2] and words[1].startswith("clo"):
            return "*09:12:44.031 UTC Mon Mar 1 1993\n"
        pad = " " * (len(self.prompt()) + line.index(words[0]))
        return f"{pad}^\n% Invalid input detected at '^' marker.\n\n"

    def _version(self) -> str:
        days = int(self.machine.uptime() // 86400)
        return (
            "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.2(7)E4, "
            "RELEASE SOFTWARE (fc2)\n"
            f"\n{self.machine.hostname} uptime is {days // 7} weeks, {days % 7} days\n"
            'System image file is "flash:c2960-lanbasek9-mz.152-7.E4.bin"\n'
        )
