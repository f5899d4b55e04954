# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The command line of Cisco's switches."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ...events import Session
from ...host.world import World
from ..state import Answer
from .grammar import Found, Run, Word, find
from .ios_config import Configuration
from .ios_exec import made
from .ios_show import Show
from .ios_words import HEADS
from .keywords import HIGHEST, LOWEST, Keywords
from .models import model_of

TIMEOUT_SECONDS = 2.0
"""Of one packet of `ping`."""
PACKETS = 5


FILTERS = ("begin", "exclude", "include", "section")
"""What can stand behind `|`."""


class Router(Keywords):
    """User and privileged mode, and the configuration, which changes what is shown in this session."""

    heads = {"": "Exec commands:\n", **{mode: f"{head}\n" for mode, head in HEADS.items()}}

    def __init__(self, world: World, user: str, session: Session) -> None:
        super().__init__(world, user, session)
        self.page = 24
        self.hostname = world.hostname.split(".")[0]
        self.path: list[str] = []
        self._question = ""
        self._then: Callable[[str], str] | None = None
        """What the next line answers, as `configure` asks."""
        self.config = Configuration(self)
        self._show = Show(self, model_of(world.persona))

    def prompt(self) -> str:
        if not self.echoes:
            return "Password: "
        if self._then is not None:
            return self._question
        if self.modes:
            return f"{self.hostname}({'-'.join(self.modes)})#"
        return f"{self.hostname}{'#' if self.level == HIGHEST else '>'}"

    def hello(self) -> str:
        """A switch shows only a blank line."""
        return "\n"

    def run(self, line: str, given: str = "") -> Answer:
        """One line; what `show` prints can go through a filter behind `|`."""
        if self._then is not None:
            then, self._then, self._delay = self._then, None, 0.0
            return Answer(then(line.strip()), delay=self._delay)
        front, bar, behind = line.partition("|")
        first = front.split()[1 if self.modes and front.lower().startswith("do ") else 0 :][:1]
        if not (bar and self.echoes and first and "show".startswith(first[0].lower()[:4])):
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

    def incomplete(self, words: list[str]) -> str:
        """`show` alone has its own complaint."""
        is_show = len(words) == 1 and not self.modes and "show".startswith(words[0].lower())
        return '% Type "show ?" for a list of subcommands\n' if is_show else super().incomplete(words)

    def execute(self, line: str) -> Answer:
        """The server of scp is not configured."""
        return Answer("Administratively disabled.\n") if line.startswith("scp ") else self.run(line)

    def commands(self) -> Word:
        return self.config.table("-".join(self.modes)) if self.modes else self.outside()

    def help(self, line: str) -> str | None:
        """Within a mode of the configuration, as in it alone; behind `do`, as outside."""
        front, _, behind = line.lstrip().partition(" ")
        if self.modes and front == "do" and line.lstrip() != "do":
            modes, self.modes = self.modes, []
            try:
                return super().help(behind.lstrip())
            finally:
                self.modes = modes
        return None if self._then is not None else super().help(line)

    def _answer(self, table: Word, words: list[str], line: str) -> Answer:
        """A command of the whole configuration leaves the mode of one of its blocks, unless it is wrong."""
        if len(self.modes) < 2 or table is self.outside() or not self._is_outer(table, words):
            return super()._answer(table, words, line)
        modes, heads = list(self.modes), self.config.heads
        self.config.heads = []
        answer = super()._answer(self.config.table("config"), words, line)
        if answer.out.lstrip(" ").startswith(("^", "%")):
            self.config.heads = heads
        elif self.modes == modes and not self.config.heads:
            self.modes = ["config"]
        return answer

    def _is_outer(self, table: Word, words: list[str]) -> bool:
        """Whether a line means more in the whole configuration than in this mode."""
        own = find(table, words, self.level)
        outer = find(self.config.table("config"), words, self.level)
        return own.wrong is not None and not own.choices and (outer.wrong is None or outer.wrong > own.wrong)

    def _run_of(self, found: Found) -> Run | None:
        """`no` and `default` take a command away, of which the last words need not be there."""
        self.path = found.path
        if not self.modes or found.path[:1] not in (["no"], ["default"]) or len(found.path) < 2:
            return found.word.run
        return lambda words: self.config.add(negative=True, path=found.path[1:])

    def _made(self) -> Word:
        return made(self._runs(), self._show)

    def _runs(self) -> dict[str, Run]:
        return {
            "enable": self.enable, "disable": self.disable, "leave": self.leave, "length": self.length,
            "usual_length": lambda words: self.length(["24"]), "nothing": lambda words: "", "ping": self.ping,
            "trace": self.trace, "connect": self.connect, "configure": self.configure, "write": self.write,
            "ask_where": self.asked("Configuring from terminal, memory, or network [terminal]? ", self._from_where),
            "ask_name": self.asked("Destination filename [startup-config]? ", lambda answer: self.write([])),
            "text": lambda words: self.config.text(), "failed": lambda words: "% Authorization failed.\n",
            "copy": self.copy, "flash": self._show.folder,
            "undebug": lambda words: "All possible debugging has been turned off\n",
        }  # fmt: skip

    def _from_where(self, answer: str) -> str:
        if not answer or "terminal".startswith(answer):
            return self.configure([])
        return '?Must be "terminal", "memory" or "network"\n'

    # What commands do

    def enable(self, words: list[str]) -> str:
        """`enable`: asks for a password."""
        if self.level < HIGHEST and words[:1] not in (["0"], ["1"]):
            self.echoes, self._tries = False, 0
        return ""

    def disable(self, words: list[str]) -> str:
        """`disable`."""
        self.level = LOWEST
        return ""

    def leave(self, words: list[str]) -> str:
        """`exit`, `logout`, `quit`."""
        self.leaving = True
        return ""

    def length(self, words: list[str]) -> str:
        """`terminal length`."""
        self.page = int(words[0])
        return ""

    def configure(self, words: list[str]) -> str:
        """`configure terminal`."""
        self.modes = ["config"]
        return "Enter configuration commands, one per line.  End with CNTL/Z.\n"

    def asked(self, question: str, then: Callable[[str], str]) -> Run:
        """A command that asks first."""

        def ask(words: list[str]) -> str:
            self._question, self._then = question, then
            return ""

        return ask

    def write(self, words: list[str]) -> str:
        """`write memory`."""
        self._delay = 1.2
        return "Building configuration...\n[OK]\n"

    def ping(self, words: list[str]) -> str:
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

    def trace(self, words: list[str]) -> str:
        """`traceroute`: nothing answers."""
        address = self._address(words[0])
        if address is None:
            return self._unknown(words[0])
        self._delay = 9.0
        hops = "".join(f"  {hop}  *  *  * \n" for hop in range(1, 4))
        return f"Type escape sequence to abort.\nTracing the route to {address}\nVRF info: (vrf in name/id, vrf out name/id)\n{hops}"

    def connect(self, words: list[str]) -> str:
        """`telnet` and `ssh`: recorded, and never connected."""
        self.session.record("request", request="connect", host=words[-1][:300], port=0)
        address = self._address(words[-1])
        if address is None:
            return self._unknown(words[-1])
        self._delay = 3.0
        return f"Trying {address} ... \n% Connection timed out; remote host not responding\n\n"

    def copy(self, words: list[str]) -> str:
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
