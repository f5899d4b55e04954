# ruff: noqa: E501 (one command per line)
"""The configuration of an EdgeSwitch: its modes, and what a visitor changes in his session.

Source: Ubiquiti's EdgeSwitch CLI command reference."""

from __future__ import annotations

import time
from typing import Protocol

from ...host.world import World
from .grammar import Word, Wrong
from .models import EDGESWITCH

MOST_LINES = 400
GLOBAL = """
hostname | Change the system hostname.
*hostname WORD | Enter the hostname.
interface | Enter into Interface Mode.
*interface WORD | Enter an interface in slot/port format.
ip | Configure IP parameters.
*ip http server | Enable HTTP access.
*ip http secure-server | Enable HTTPS access.
*ip ssh server enable | Enable SSH access.
*ip telnet server enable | Enable Telnet access.
*ip domain name WORD | Set the default domain name.
*ip name server A.B.C.D | Set a name server.
line | Enter into Line Config Mode.
*line console | Configure the console.
*line ssh | Configure SSH.
*line telnet | Configure Telnet.
logging | Configure the logging.
*logging buffered | Enable logging to the buffer.
*logging host WORD LINE | Enter the host.
*logging syslog | Enable syslog.
set | Set parameters of the switch.
*set prompt WORD | Change the system prompt.
snmp-server | Configure SNMP.
*snmp-server community WORD LINE | Configure a community.
*snmp-server location LINE | Enter the location.
*snmp-server contact LINE | Enter the contact.
*snmp-server sysname LINE | Enter the name.
sntp | Configure SNTP.
*sntp client mode unicast | Unicast mode.
*sntp server WORD | Configure a server.
spanning-tree | Set the spanning tree operational mode.
*spanning-tree | Set the spanning tree operational mode.
*spanning-tree mode WORD | Configure the mode.
username | Configure user parameters.
username WORD | Enter the user name.
*username WORD password WORD | Enter the password.
*username WORD password WORD level <0-15> | Enter the access level.
"""
INTERFACE = """
addport | Add this port to a port-channel.
*addport WORD | Enter the port-channel.
auto-negotiate | Enable auto negotiation on a port.
*auto-negotiate | Enable auto negotiation on a port.
description | Add a description to the interface.
*description LINE | Enter the description.
mtu | Set the default MTU size.
*mtu <1500-9216> | Enter the MTU size.
poe | Configure Power Over Ethernet.
*poe opmode auto | Detect and power devices.
*poe opmode shutdown | Switch the power off.
shutdown | Disable a port.
*shutdown | Disable a port.
spanning-tree | Set the spanning tree operational mode.
*spanning-tree edgeport | Configure an edge port.
*spanning-tree port mode | Enable the port.
speed | Set the speed of the port.
*speed LINE | Enter the speed.
switchport | Configure the mode of the port.
*switchport mode access | Access mode.
*switchport mode trunk | Trunk mode.
*switchport access vlan <1-4093> | Enter the VLAN.
vlan | Configure VLANs.
*vlan acceptframe all | All frames.
*vlan participation include LINE | Enter the VLANs.
*vlan participation exclude LINE | Enter the VLANs.
*vlan pvid <1-4093> | Enter the VLAN.
*vlan tagging LINE | Enter the VLANs.
"""
LINE = """
session-limit | Configure the number of sessions.
*session-limit <0-5> | Enter the number.
session-timeout | Configure the timeout.
*session-timeout <0-160> | Enter the minutes.
transport | Configure transport.
*transport input telnet | Allow new sessions.
"""
VLAN = """
vlan | Create a new VLAN, or configure its parameters.
*vlan LINE | Enter the VLANs.
*vlan name <1-4093> LINE | Enter the VLAN's name.
"""
COMMON = """
*exit | To exit from the mode.
no | Negate a command.
"""
MODES = {
    "Config": GLOBAL,
    "Interface": INTERFACE,
    "Config-line": LINE,
    "Config-ssh": LINE,
    "Config-telnet": LINE,
    "Vlan": VLAN,
}
"""The commands of each mode, by the first word in the prompt."""


class Switch(Protocol):
    """The console to which it belongs. `path`: the words of the line, without abbreviations."""

    world: World
    user: str
    modes: list[str]
    path: list[str]
    system: str


class FastpathConfiguration:
    """One session's. `blocks`: lines by the head of their block, "" for the others."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._head = ""
        self._tables: dict[str, Word] = {}
        self.blocks: dict[str, list[str]] = {"": [], "vlan database": []}
        self._count = 0

    def table(self, mode: str) -> Word:
        """The commands of a mode."""
        kind = mode.split(" ")[0]
        if kind not in self._tables:
            own = (
                {"exit": self._exit, "interface": self._interface, "line": self._line}
                if kind != "Vlan"
                else {"exit": self._exit}
            )
            root = Word()
            for line in (MODES[kind] + COMMON).strip().split("\n"):
                path, _, text = line.partition(" | ")
                words = path.lstrip("*")
                run = own.get(words.split()[0], self._keep) if path.startswith("*") else None
                root.add(words, text, run)
            root.next["no"].next = {
                name: word for name, word in root.next.items() if name not in ("exit", "no")
            }
            self._tables[kind] = root
        return self._tables[kind]

    def configure(self, words: list[str]) -> str:
        """`configure`."""
        self._switch.modes = ["Config"]
        return ""

    def database(self, words: list[str]) -> str:
        """`vlan database`."""
        self._switch.modes, self._head = ["Vlan"], "vlan database"
        return ""

    def add(self, path: list[str], *, negative: bool) -> str:
        """Keep a line, or remove those that begin so; what is on by itself is shown with `no`."""
        lines, text = self.blocks.setdefault(self._head, []), self._stored(path)
        rest = [each for each in lines if not f"{each} ".startswith(f"{text} ") and each != f"no {text}"]
        if self._count < MOST_LINES:
            self._count += 1
            removed = negative and len(rest) < len(lines)
            self.blocks[self._head] = rest + ([] if removed else [f"no {text}" if negative else text])
        return ""

    def text(self) -> str:
        """`show running-config`."""
        switch, network = self._switch, self._switch.world.network
        up = (int(time.time()) - switch.world.booted()) // 86400
        head = [
            "", "!Current Configuration:", "!", f'!System Description "{switch.system}"',
            f'!System Software Version "{EDGESWITCH.version}"', f'!System Up Time          "{up} days"',
            "!Additional Packages     QOS,IPv6 Management,Routing", "!", "network protocol none",
            f"network parms {network.address} {network.netmask} {network.gateway}", "vlan database",
            *self.blocks["vlan database"], "exit", "", "ip ssh server enable", "configure",
            f'username "{switch.user}" password {self._password("fastpath password")} level 15 encrypted', *self.blocks[""],
        ]  # fmt: skip
        for kind in ("console", "telnet", "ssh"):
            head += [f"line {kind}", *self.blocks.get(f"line {kind}", []), "exit", ""]
        for name in sorted((each for each in self.blocks if each.startswith("interface ")), key=_port):
            head += [name, *self.blocks[name], "exit", ""]
        return "\n".join([*head, "exit", "", ""])

    def _keep(self, words: list[str]) -> str:
        return self.add(self._switch.path, negative=False)

    def _stored(self, path: list[str]) -> str:
        if path[0] == "username" and len(path) > 3:
            level = path[5] if len(path) > 5 else "1"
            return (
                f'username "{path[1]}" password {self._password(f"typed {path[3]}")} level {level} encrypted'
            )
        if path[0] == "description" and len(path) > 1:
            return f"description '{' '.join(path[1:])}'"[:80]
        return " ".join(path)[:160]

    def _password(self, what: str) -> str:
        return self._switch.world.persona.bytes_for(what, 64).hex()

    def _exit(self, words: list[str]) -> str:
        is_inner = self._switch.modes[0] not in ("Config", "Vlan")
        self._switch.modes, self._head = ["Config"] if is_inner else [], ""
        return ""

    def _interface(self, words: list[str]) -> str:
        slot, slash, port = words[0].partition("/")
        if (
            slot != "0"
            or not slash
            or not port.isdecimal()
            or len(port) > 2
            or not 0 < int(port) <= EDGESWITCH.ports
        ):
            raise Wrong(1)
        self._switch.modes, self._head = [f"Interface 0/{int(port)}"], f"interface 0/{int(port)}"
        return ""

    def _line(self, words: list[str]) -> str:
        kind = self._switch.path[1]
        self._switch.modes, self._head = [f"Config-{'line' if kind == 'console' else kind}"], f"line {kind}"
        return ""


def _port(head: str) -> int:
    return int(head.rpartition("/")[2])
