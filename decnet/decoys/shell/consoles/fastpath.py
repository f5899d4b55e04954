# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The command line of Ubiquiti's EdgeSwitch (FASTPATH)."""

from __future__ import annotations

import time

from ...events import Session
from ...host.world import World
from .fastpath_config import FastpathConfiguration
from .grammar import Found, Run, Word
from .keywords import HIGHEST, LOWEST, Keywords
from .models import EDGESWITCH

SYSTEM = "EdgeSwitch 24-Port 250W, 1.9.3.5392098, Linux 3.6.5-03329b4a, 1.1.0.5102011"
NAME = "UBNT EdgeSwitch"


class EdgeSwitch(Keywords):
    """User and privileged mode, and the configuration."""

    more = "--More-- or (q)uit"
    system = SYSTEM
    denied = "Incorrect Password!\n\n"

    def __init__(self, world: World, user: str, session: Session) -> None:
        super().__init__(world, user, session)
        self.page = 24
        self.path: list[str] = []
        self.config = FastpathConfiguration(self)

    def commands(self) -> Word:
        return self.config.table(self.modes[0]) if self.modes else self.outside()

    def _run_of(self, found: Found) -> Run | None:
        self.path = found.path
        if not self.modes or found.path[:1] != ["no"] or len(found.path) < 2:
            return found.word.run
        return lambda words: self.config.add(found.path[1:], negative=True)

    def prompt(self) -> str:
        if not self.echoes:
            return "Password:"
        if self.modes:
            return f"({NAME}) ({self.modes[0]})#"
        return f"({NAME}) {'#' if self.level == HIGHEST else '>'}"

    def hello(self) -> str:
        """Two blank lines."""
        return "\n\n"

    def _made(self) -> Word:
        root = Word()
        root.add("enable", "Enter into user privilege mode.", self._enable)
        root.add("help", "Display help for various special keys.", lambda words: HELP)
        root.add("logout", "Exit this session. Any unsaved changes are lost.", self._leave)
        root.add("quit", "Exit this session. Any unsaved changes are lost.", self._leave)
        root.add("exit", "To exit from the mode.", self._exit)
        root.add("ping", "Send ICMP echo packets to a specified IP address.")
        root.add("ping WORD", "Enter IP Address.", self._ping)
        root.add("telnet", "Telnet to a remote host.")
        root.add("telnet WORD", "Enter the host.", self._connect)
        root.add("terminal", "Set terminal line parameters.")
        root.add("terminal length", "Set the number of lines on a screen.")
        root.add("terminal length <0-48>", "Number of lines; 0 disables pagination.", self._length)
        root.add("configure", "Enter into Global Config Mode.", self.config.configure, HIGHEST)
        root.add("vlan", "Enter into VLAN Database Mode.", level=HIGHEST)
        root.add("vlan database", "Enter into VLAN Database Mode.", self.config.database, HIGHEST)
        root.add("reload", "Reset the switch.", lambda words: "", HIGHEST)
        root.add("write", "Configures save options.", level=HIGHEST)
        root.add(
            "write memory",
            "Save the configuration.",
            lambda words: "\nConfig file 'startup-config' created successfully .\n\n\nConfiguration Saved!\n",
            HIGHEST,
        )
        self._add_shows(root)
        return root

    def _add_shows(self, root: Word) -> None:
        root.add("show", "Display Switch Options and Settings.")
        for path, text, run, level in (
            ("version", "Display the system software version.", self._version, LOWEST),
            ("hardware", "Display the system hardware configuration.", self._version, LOWEST),
            ("sysinfo", "Display system information.", self._sysinfo, LOWEST),
            ("network", "Display configuration for inband connectivity.", self._network, LOWEST),
            ("loginsession", "Display login session information.", self._sessions, LOWEST),
            ("users", "Display user accounts.", self._users, HIGHEST),
            ("clock", "Display the system clock.", self._clock, LOWEST),
            ("mac-addr-table", "Display MAC address table.", self._macs, HIGHEST),
            (
                "running-config",
                "Display the running configuration.",
                lambda words: self.config.text(),
                HIGHEST,
            ),
        ):
            root.add(f"show {path}", text, run, level)
        root.add("show arp", "Display Address Resolution Protocol information.", level=LOWEST)
        root.add("show arp switch", "Display the switch's cache.", self._arp, LOWEST)
        root.add("show port", "Display port mode and settings and display port status.")
        root.add("show port all", "Display all ports.", self._ports)

    # What commands do

    def _enable(self, words: list[str]) -> str:
        if self.level < HIGHEST:
            self.echoes, self._tries = False, 0
        return ""

    def _exit(self, words: list[str]) -> str:
        self.leaving, self.level = self.level == LOWEST, LOWEST
        return ""

    def _leave(self, words: list[str]) -> str:
        self.leaving = True
        return ""

    def _length(self, words: list[str]) -> str:
        self.page = int(words[0])
        return ""

    def _ping(self, words: list[str]) -> str:
        address = words[0]
        near = self.world.network.knows(address)
        self._delay = 0.05 if near else 4.0
        got = 3 if near else 0
        rate = f"Send count=3, Receive count={got} from {address}\n"
        return f"Pinging {address} with 0 bytes of data:\n\n{f'Reply From {address}: icmp_seq = 0. time <1 msec.' + chr(10) if near else ''}\n----{address} PING statistics----\n{rate}"

    def _connect(self, words: list[str]) -> str:
        self.session.record("request", request="connect", host=words[0][:300], port=0)
        self._delay = 3.0
        return f"Trying {words[0]}...\n\nUnable to connect to the remote host {words[0]}.\n"

    def _version(self, words: list[str]) -> str:
        mac = self.world.mac.upper()
        rows = (("System Description", SYSTEM), ("Machine Type", "EdgeSwitch 24-Port 250W"), ("Machine Model", EDGESWITCH.name),
                ("Serial Number", mac.replace(":", "")), ("Burned In MAC Address", mac), ("Software Version", EDGESWITCH.version))  # fmt: skip
        extra = "\nAdditional Packages............................ FASTPATH QOS\n                                                FASTPATH IPv6 Management\n                                                FASTPATH Routing\n"
        return f"\nSwitch: 1\n\n{_dotted(rows)}{extra}\n"

    def _sysinfo(self, words: list[str]) -> str:
        days, rest = divmod(int(time.time()) - self.world.booted(), 86400)
        hours, rest = divmod(rest, 3600)
        up = f"{days} days {hours} hrs {rest // 60} mins {rest % 60} secs"
        return "\n" + _dotted((("System Description", SYSTEM), ("System Name", self.world.hostname), ("System Location", ""), ("System Contact", ""),
                               ("System Object ID", "1.3.6.1.4.1.4413"), ("System Up Time", up))) + "\n"  # fmt: skip

    def _network(self, words: list[str]) -> str:
        network = self.world.network
        return "\n" + _dotted((("Interface Status", "Up"), ("IP Address", network.address), ("Subnet Mask", network.netmask), ("Default Gateway", network.gateway),
                               ("Burned In MAC Address", self.world.mac.upper()), ("Network Configuration Protocol", "None"), ("Management VLAN ID", "1"))) + "\n"  # fmt: skip

    def _sessions(self, words: list[str]) -> str:
        row = f"{11:<4}{self.user:<16}{self.session.source:<24}{'00:00:00':<11}{'00:00:07':<13}{'SSH' if self.world.persona.service == 'ssh' else 'Telnet'}"
        return f"\nID  User Name       Connection From         Idle Time  Session Time  Session Type\n--- --------------- ----------------------- ---------- ------------- ------------\n{row}\n"

    def _users(self, words: list[str]) -> str:
        return f"\n                          SNMPv3       SNMPv3          SNMPv3\nUser Name   User Access   Access Mode  Authentication  Encryption\n----------  ------------  -----------  --------------  ----------\n{self.user:<12}{'Privilege-15':<14}{'Read/Write':<13}{'None':<16}None\n"

    def _clock(self, words: list[str]) -> str:
        now = time.gmtime()
        return time.strftime("\n%H:%M:%S  UTC(+0:00) %b %e %Y\nNo time source\n", now)

    def _macs(self, words: list[str]) -> str:
        head = "\nVLAN ID  MAC Address         Interface              IfIndex  Status\n-------  ------------------  ---------------------  -------  ------------\n"
        rows = f"{1:<9}{self.world.mac.upper():<20}{'5/1':<23}{65:<9}Management\n"
        for each in self.world.network.neighbours:
            port = sum(map(ord, each.mac)) % EDGESWITCH.ports + 1
            rows += f"{1:<9}{each.mac.upper():<20}{f'0/{port}':<23}{port:<9}Learned\n"
        return head + rows

    def _arp(self, words: list[str]) -> str:
        rows = "".join(
            f"{each.mac.upper():<19}{each.address:<17}Management\n"
            for each in self.world.network.neighbours
            if each.mac
        )
        return f"\nMAC Address        IP Address       Interface\n-----------------  ---------------  -----------\n{rows}"

    def _ports(self, words: list[str]) -> str:
        from ...snmp.dialects import DIALECTS
        from ...snmp.interfaces import cards_of

        head = "\n                 Admin     Physical   Physical   Link   Link    LACP   Actor\nIntf      Type   Mode      Mode       Status     Status Trap    Mode   Timeout\n--------- ------ --------- ---------- ---------- ------ ------- ------ --------\n"
        cards = cards_of(self.world.persona, self.world, DIALECTS[EDGESWITCH.sign])[: EDGESWITCH.ports]
        return head + "".join(
            f"0/{card.index:<15} Enable    Auto       {'1000 Full' if card.up else '':<10} {'Up' if card.up else 'Down':<6} Enable  Enable long\n"
            for card in cards
        )


def _dotted(rows: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"{name:.<47} {value}\n" for name, value in rows)


HELP = """
HELP:
Special keys:

  DEL, BS .... delete previous character
  Ctrl-A  .... go to beginning of line
  Ctrl-E  .... go to end of line
  Ctrl-F  .... go forward one character
  Ctrl-B  .... go backward one character
  Ctrl-D  .... delete current character
  Ctrl-U, X .. delete to beginning of line
  Ctrl-K  .... delete to end of line
  Ctrl-W  .... delete previous word
  Ctrl-P  .... go to previous line in history buffer
  Ctrl-N  .... go to next line in history buffer
  Ctrl-Z  .... return to root command prompt
  Tab, <SPACE> command-line completion
  Exit    .... go to next lower command prompt
  ?       .... list choices

"""
