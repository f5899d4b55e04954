# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The command line of Cisco's switches."""

from __future__ import annotations

import time
from dataclasses import replace

from ...events import Session
from ...host.world import World
from ..state import Answer
from .grammar import Word
from .ios_config import Configuration
from .ios_show import Show
from .keywords import HIGHEST, LOWEST, Keywords
from .models import model_of

TIMEOUT_SECONDS = 2.0
"""Of one packet of `ping`."""
PACKETS = 5


FILTERS = ("begin", "exclude", "include", "section")
"""What can stand behind `|`."""


class Router(Keywords):
    """User and privileged mode, and the configuration, which changes what is shown in this session."""

    heads = {"": "Exec commands:\n", "config": "Configure commands:\n"}

    def __init__(self, world: World, user: str, session: Session) -> None:
        super().__init__(world, user, session)
        self.page = 24
        self.hostname = world.hostname.split(".")[0]
        self.config = Configuration(self)
        self._show = Show(self, model_of(world.persona))

    def prompt(self) -> str:
        if not self.echoes:
            return "Password: "
        if self.modes:
            return f"{self.hostname}({'-'.join(self.modes)})#"
        return f"{self.hostname}{'#' if self.level == HIGHEST else '>'}"

    def hello(self) -> str:
        """A switch shows only a blank line."""
        return "\n"

    def run(self, line: str, given: str = "") -> Answer:
        """One line; what `show` prints can go through a filter behind `|`."""
        front, bar, behind = line.partition("|")
        if not (
            bar and self.echoes and front.split()[:1] and "show".startswith(front.split()[0].lower()[:4])
        ):
            return super().run(line, given)
        words = behind.split(None, 1)
        names = [name for name in FILTERS if words and name.startswith(words[0].lower())]
        if len(names) != 1 or len(words) < 2:
            incomplete = "% Incomplete command.\n\n"
            return Answer(
                incomplete if names or not words else self._marked(line, line.split(), len(line.split()) - 1)
            )
        answer = super().run(front, given)
        return replace(answer, out=filtered(answer.out, names[0], words[1].rstrip()))

    def execute(self, line: str) -> Answer:
        """The server of scp is not configured."""
        return Answer("Administratively disabled.\n") if line.startswith("scp ") else self.run(line)

    def commands(self) -> Word:
        return self.config.table() if self.modes else self.outside()

    def _made(self) -> Word:
        root = Word()
        root.add("enable", "Turn on privileged commands", self._enable)
        root.add("enable <0-15>", "Enable level", self._enable)
        root.add("disable", "Turn off privileged commands", self._disable)
        for name, text in (
            ("exit", "Exit from the EXEC"),
            ("logout", "Exit from the EXEC"),
            ("quit", "Exit from the EXEC"),
        ):
            root.add(name, text, self._leave)
        root.add("terminal", "Set terminal line parameters")
        root.add("terminal length", "Set number of lines on a screen")
        root.add("terminal length <0-512>", "Number of lines on screen (0 for no pausing)", self._length)
        root.add("terminal width", "Set width of the display terminal")
        root.add("terminal width <0-512>", "Number of characters on a screen line", lambda words: "")
        root.add("terminal no", "Negate a command or set its defaults")
        root.add("terminal no length", "Set number of lines on a screen", lambda words: self._length(["24"]))
        root.add(
            "terminal monitor", "Copy debug output to the current terminal line", lambda words: "", HIGHEST
        )
        for name, text in (("ping", "Send echo messages"), ("traceroute", "Trace route to destination")):
            run = self._ping if name == "ping" else self._trace
            root.add(name, text)
            root.add(
                f"{name} WORD",
                "Ping destination address or hostname"
                if name == "ping"
                else "Trace route to destination address or hostname",
                run,
            )
            root.add(f"{name} ip", "IP echo" if name == "ping" else "IP Trace")
            root.add(f"{name} ip WORD", "Destination address or hostname", run)
        for name, text in (
            ("telnet", "Open a telnet connection"),
            ("ssh", "Open a secure shell client connection"),
        ):
            root.add(name, text)
            root.add(f"{name} WORD", "IP address or hostname of a remote system", self._connect)
        root.add("ssh -l", "Log in using this user name")
        root.add("ssh -l WORD", "Login name")
        root.add("ssh -l WORD WORD", "IP address or hostname of a remote system", self._connect)
        root.add("clear", "Reset functions")
        for name in ("counters", "logging", "mac", "arp-cache"):
            root.add(f"clear {name}", "Clear " + name, lambda words: "", HIGHEST)
        root.add("configure", "Enter configuration mode", lambda words: self._configure(), HIGHEST)
        root.add(
            "configure terminal", "Configure from the terminal", lambda words: self._configure(), HIGHEST
        )
        root.add("write", "Write running configuration to memory, network, or terminal", self._write, HIGHEST)
        root.add("write memory", "Write to NV memory", self._write, HIGHEST)
        root.add("write terminal", "Write to terminal", lambda words: self.config.text(), HIGHEST)
        root.add("write erase", "Erase NV memory", lambda words: "% Authorization failed.\n", HIGHEST)
        root.add("copy", "Copy from one file to another", level=HIGHEST)
        root.add("copy running-config", "Copy from current system configuration", level=HIGHEST)
        root.add("copy running-config startup-config", "Copy to startup configuration", self._write, HIGHEST)
        root.add("copy running-config WORD", "Copy to a URL", self._copy, HIGHEST)
        root.add("copy WORD", "Copy from a URL", level=HIGHEST)
        root.add("copy WORD WORD", "Copy to a URL", self._copy, HIGHEST)
        root.add("dir", "List files on a filesystem", lambda words: self._show.flash(), HIGHEST)
        root.add("dir WORD", "Directory or file name", lambda words: self._show.flash(), HIGHEST)
        root.add(
            "reload", "Halt and perform a cold restart", lambda words: "% Authorization failed.\n", HIGHEST
        )
        root.add("undebug", "Disable debugging functions", level=HIGHEST)
        root.add(
            "undebug all",
            "Turn off all debugging",
            lambda words: "All possible debugging has been turned off\n",
            HIGHEST,
        )
        self._show.add_to(root)
        return root

    # What commands do

    def _enable(self, words: list[str]) -> str:
        if self.level < HIGHEST and words[:1] not in (["0"], ["1"]):
            self.echoes, self._tries = False, 0
        return ""

    def _disable(self, words: list[str]) -> str:
        self.level = LOWEST
        return ""

    def _leave(self, words: list[str]) -> str:
        self.leaving = True
        return ""

    def _length(self, words: list[str]) -> str:
        self.page = int(words[0])
        return ""

    def _configure(self) -> str:
        self.modes = ["config"]
        return "Enter configuration commands, one per line.  End with CNTL/Z.\n"

    def _write(self, words: list[str]) -> str:
        self._delay = 1.2
        return "Building configuration...\n[OK]\n"

    def _ping(self, words: list[str]) -> str:
        """Neighbours answer; nothing else does, as behind a filter."""
        address = self._address(words[0])
        if address is None:
            return self._unknown(words[0])
        near = self.world.network.knows(address)
        self._delay = 0.01 * PACKETS if near else TIMEOUT_SECONDS * PACKETS
        head = f"Type escape sequence to abort.\nSending {PACKETS}, 100-byte ICMP Echos to {address}, timeout is 2 seconds:\n"
        if near:
            return f"{head}!!!!!\nSuccess rate is 100 percent (5/5), round-trip min/avg/max = 1/1/2 ms\n"
        return f"{head}.....\nSuccess rate is 0 percent (0/5)\n"

    def _trace(self, words: list[str]) -> str:
        address = self._address(words[0])
        if address is None:
            return self._unknown(words[0])
        self._delay = 9.0
        hops = "".join(f"  {hop}  *  *  * \n" for hop in range(1, 4))
        return f"Type escape sequence to abort.\nTracing the route to {address}\nVRF info: (vrf in name/id, vrf out name/id)\n{hops}"

    def _connect(self, words: list[str]) -> str:
        self.session.record("request", request="connect", host=words[-1][:300], port=0)
        address = self._address(words[-1])
        if address is None:
            return self._unknown(words[-1])
        self._delay = 3.0
        return f"Trying {address} ... \n% Connection timed out; remote host not responding\n\n"

    def _copy(self, words: list[str]) -> str:
        """From or to another machine: recorded, and never connected."""
        self.session.record("request", request="copy", host=words[-1][:300], port=0)
        self._delay = 4.0
        return f"%Error opening {words[0]} (Timed out)\n"

    def _address(self, word: str) -> str | None:
        return word if word.replace(".", "").isdecimal() and word.count(".") == 3 else None

    def _unknown(self, word: str) -> str:
        self._delay = 0.1
        return f'Translating "{word}"\n\n% Unrecognized host or address, or protocol not running.\n\n'

    def now(self) -> str:
        """The time as IOS prints it."""
        now = time.time()
        return time.strftime(
            f"%H:%M:%S.{int(now * 1000) % 1000:03d} UTC %a %b ", time.gmtime(now)
        ) + time.strftime("%d %Y", time.gmtime(now)).lstrip("0")


def filtered(text: str, how: str, pattern: str) -> str:
    """The lines of a text that a filter lets through; of a visitor's pattern, `|` separates choices and `^`
    stands for the begin of a line."""

    def has(line: str) -> bool:
        choices = pattern.split("|")
        return any(line.startswith(each[1:]) if each[:1] == "^" else each in line for each in choices)

    lines, found, inside = text.splitlines(), [], False
    for line in lines:
        if how == "section":
            inside = has(line) or (inside and line[:1] == " ")
        elif how == "begin":
            inside = inside or has(line)
        else:
            inside = has(line) == (how == "include")
        found += [line] if inside else []
    return "".join(f"{line}\n" for line in found)
