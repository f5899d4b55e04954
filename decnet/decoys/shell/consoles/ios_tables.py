# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Tables of a Cisco switch that depend on little: lines, sessions, hosts, TCP connections, files, log.

Source: Cisco's command references for IOS 15.2(7)E and IOS XE 16.12 of the Catalyst 2960-X and 9200."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...host.world import World
    from .ios_config import Switch
    from .models import Model

NO_NTP = "%NTP is not enabled.\n"
NO_SESSIONS = "% No connections open\n"
HOSTS = """Default domain is not set
Name/address lookup uses domain service
Name servers are 255.255.255.255

Codes: UN - unknown, EX - expired, OK - OK, ?? - revalidate
       temp - temporary, perm - permanent
       NA - Not Applicable None - Not defined

Host                      Port  Flags      Age Type   Address(es)
"""
LINES = 17
"""The console and the 16 lines for remote sessions."""
GROUPS = (
    "0100.0ccc.cccc",
    "0100.0ccc.cccd",
    *(f"0180.c200.{at:04x}" for at in range(0x11)),
    "ffff.ffff.ffff",
)
"""Addresses of groups that every switch takes for itself."""
UP = "%LINK-3-UPDOWN: Interface {}, changed state to up"
PROTOCOL_UP = "%LINEPROTO-5-UPDOWN: Line protocol on Interface {}, changed state to up"
MOST_PORTS = 12
"""Whose messages fit into the buffer."""
STARTED = """Syslog logging: enabled (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns, xml disabled, filtering disabled)

No Active Message Discriminator.


No Inactive Message Discriminator.


    Console logging: level debugging, {count} messages logged, xml disabled,
                     filtering disabled
    Monitor logging: level debugging, 0 messages logged, xml disabled,
                     filtering disabled
    Buffer logging:  level debugging, {count} messages logged, xml disabled,
                    filtering disabled
    Exception Logging: size (4096 bytes)
    Count and timestamp logging messages: disabled
    File logging: disabled
    Persistent logging: disabled

No active filter modules.

    Trap logging: level informational, {traps} message lines logged
        Logging Source-Interface:       VRF Name:

Log Buffer (4096 bytes):

"""


def lines_of(switch: Switch) -> str:
    """`show line`: this session has the first one for remote sessions."""
    rows = "   Tty Typ     Tx/Rx    A Modem  Roty AccO AccI   Uses   Noise  Overruns   Int\n"
    for number in range(LINES):
        kind, speed = ("CTY", "9600/9600") if not number else ("VTY", "")
        rows += f"{'*' if number == 1 else ' '}{number:>5} {kind} {speed:>11}  -    -      -    -    -   {int(number == 1):>4}       0     0/0       -\n"
    return rows + "\n"


def tcp_of(switch: Switch) -> str:
    """`show tcp brief`: this session alone."""
    world, session = switch.world, switch.session
    port = 23 if world.persona.service == "telnet" else 22
    local, far = f"{world.network.address}.{port}", f"{session.source}.{session.port}"
    number = world.persona.number("tcb", 0x0400_0000, 0x0AFF_FFFF)
    return f"TCB       Local Address               Foreign Address             (state)\n{number:08X}  {local:<27} {far:<27} ESTAB\n"


def nvram(world: World, size: int) -> str:
    """`dir nvram:`; `size` is that of the saved configuration."""
    rows = ((507, "-rw-", size, "startup-config"), (508, "----", 1915, "private-config"),
            (509, "-rw-", size, "underlying-config"), (1, "-rw-", 0, "ifIndex-table"), (2, "----", 14, "persistent-data"))  # fmt: skip
    body = "".join(
        f"{number:>5}  {mode}  {length:>10}                    <no date>  {name}\n"
        for number, mode, length, name in rows
    )
    total = 524_288
    return f"Directory of nvram:/\n\n{body}\n{total} bytes total ({total - 2 * size - 4000} bytes free)\n"


def logging(world: World, model: Model, ports: list[str]) -> str:
    """`show logging`: the messages of the start, and of the ports that came up after it."""
    began, first = world.booted() + 31, world.persona.number("log ms", 0, 600)
    restarted = (
        "%SYS-5-RESTART: System restarted --\n"
        f"Cisco IOS Software{model.train}, {model.title}, Version {model.version}, RELEASE SOFTWARE (fc{5 if model.xe else 3})"
    )
    messages = [
        (0, UP.format("Vlan1")),
        (30, "%SYS-5-CONFIG_I: Configured from memory by console"),
        (30, restarted),
    ]
    for at, name in enumerate(ports[-MOST_PORTS:]):
        after = 32 + at // 4
        messages += [(after, UP.format(name)), (after + 1, PROTOCOL_UP.format(name))]
    messages.sort(key=lambda each: each[0])
    lines = (
        f"{time.strftime('*%b %e %H:%M:%S', time.gmtime(began + after))}.{first + at * 11:03d}: {text}\n"
        for at, (after, text) in enumerate(messages)
    )
    return STARTED.format(count=len(messages), traps=len(messages) + 4) + "".join(lines)
