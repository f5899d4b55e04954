# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""busctl, dbus-send, dbus-uuidgen, networkctl and udevadm."""

from __future__ import annotations

import time
import uuid

from ...host.hardware import machine_id
from ..paged import SYSTEMD, paged, verb_in
from ..process import Command, Process, Running
from ..system.logged_errors import complain
from ..system.shown import table
from ..text.common import parse
from ..text.packaged import packaged
from .ip_show import links

ACTIVATABLE = (
    ("org.freedesktop.hostname1", "dbus-org.freedesktop.hostname1.service"), ("org.freedesktop.locale1", "dbus-org.freedesktop.locale1.service"),
    ("org.freedesktop.network1", "dbus-org.freedesktop.network1.service"), ("org.freedesktop.resolve1", "dbus-org.freedesktop.resolve1.service"),
    ("org.freedesktop.timedate1", "dbus-org.freedesktop.timedate1.service"), ("org.freedesktop.timesync1", "systemd-timesyncd.service"),
)  # fmt: skip
"""Names that start a service when they are asked."""


def _names(process: Process) -> list[list[str]]:
    """The rows of `busctl list`: name, process, its name, its user, connection, unit, session, description."""
    rows, number = [], 0
    entries = process.shell.processes(time.time())
    first = next((each for each in entries if each.pid == 1), None)
    owners = [("org.freedesktop.systemd1", first)] if first else []
    owners += [("org.freedesktop.login1", each) for each in entries if each.name == "systemd-logind"]
    owners += [("org.freedesktop.timesync1", each) for each in entries if each.name == "systemd-timesyn"]
    owners += [("org.freedesktop.PolicyKit1", each) for each in entries if each.name == "polkitd"]
    for name, entry in owners:
        if entry is None:
            continue
        unit = "init.scope" if entry.pid == 1 else entry.unit or "-"
        row = [str(entry.pid), entry.name[:15], entry.user, f":1.{number}", unit, "-", "-"]
        rows += [[f":1.{number}", *row], [name, *row]]
        number += 1
    rows.append(["org.freedesktop.DBus", "1", "systemd", "root", "-", "init.scope", "-", "-"])
    known = {row[0] for row in rows}
    rows += [
        [name, "-", "-", "-", "(activatable)", "-", "-", "-"] for name, _ in ACTIVATABLE if name not in known
    ]
    return sorted(rows, key=lambda row: (row[0][0] != ":", row[0]))


@packaged(bare=True)
def busctl(process: Process) -> Running:
    """The bus of the system."""
    options = parse(
        process,
        "H:M:lqhj",
        "address: show-machine unique acquired activatable match: size: list user system host:=H machine:=M full=l no-pager no-legend json: verbose quiet=q xml-interface expect-reply: auto-start: allow-interactive-authorization: timeout: augment-creds: watch-bind: destination: help=h version num-matches:=N",
    )
    verb, words = (options.operands or ["list"])[0], options.operands[1:]
    rows = _names(process)
    known = {row[0]: row for row in rows}
    yield 0.0
    if "user" in options:
        complain(process, "Failed to connect to bus: No medium found")
        return 1
    if verb == "list":
        if "unique" in options or "acquired" in options or "activatable" in options:
            rows = [
                row
                for row in rows
                if ("unique" in options and row[0][0] == ":")
                or ("activatable" in options and row[4] == "(activatable)")
                or ("acquired" in options and row[0][0] != ":" and row[4] != "(activatable)")
            ]
        head = (
            []
            if "no-legend" in options
            else [["NAME", "PID", "PROCESS", "USER", "CONNECTION", "UNIT", "SESSION", "DESCRIPTION"]]
        )
        process.out(_table(head + rows))
        return 0
    if verb in (
        "status",
        "tree",
        "introspect",
        "call",
        "get-property",
        "set-property",
        "monitor",
        "capture",
        "emit",
    ):
        name = words[0] if words else ""
        missing = name not in known
        return _asked(process, verb, words, missing=missing) if words else _few(process)
    complain(process, f"Unknown command verb {verb}.")
    return 1


def _few(process: Process) -> int:
    complain(process, "Too few arguments.")
    return 1


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[at]) for row in rows) for at in range(8)]
    widths[2], widths[4], widths[5] = max(15, widths[2]), max(13, widths[4]), max(22, widths[5])
    return "".join(
        " ".join(
            cell.rjust(width) if at == 1 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        + "\n"
        for row in rows
    )


UNKNOWN = "The name {0} was not provided by any .service files"


def _asked(process: Process, verb: str, words: list[str], *, missing: bool) -> int:
    name, path = words[0], (words[1:] or ["/"])[0]
    if verb == "status":
        if missing:
            complain(process, "Failed to get credentials: No such device or address")
            return 1
        row = next(row for row in _names(process) if row[0] == name)
        process.out(f"PID={row[1]}\nComm={row[2]}\nUniqueName={row[4]}\nUnit={row[5]}\n")
        return 0
    if missing and verb == "tree":
        process.out(
            f"Failed to introspect object / of service {name}: {UNKNOWN.format(name)}\nNo objects discovered.\n"
        )
        return 1
    if verb == "tree":
        inner = name.replace(".", "/")
        process.out(f"└─/{inner.split('/')[0]}\n  └─/{'/'.join(inner.split('/')[:2])}\n    └─/{inner}\n")
        return 0
    if missing:
        complain(
            process,
            f"Call failed: {UNKNOWN.format(name)}"
            if verb == "call"
            else f"Failed to get property {words[-1]} on interface {(words[2:] or [''])[0]}: {UNKNOWN.format(name)}"
            if verb == "get-property"
            else f"Failed to introspect object {path} of service {name}: {UNKNOWN.format(name)}",
        )
        return 1
    if verb == "introspect":
        complain(
            process,
            f"Failed to get all properties on interface {name}: {name} does not understand message GetAll"
            if name == "org.freedesktop.DBus"
            else f"Failed to introspect object {path} of service {name}: Unknown object '{path}'.",
        )
        return 1
    return _property(process, verb, words)


def _property(process: Process, verb: str, words: list[str]) -> int:
    world, member = process.shell.world, words[-1] if verb == "get-property" else (words[3:] or [""])[0]
    accounts, visit = world.accounts, process.shell.visit
    account = accounts.user(visit.user)
    uid = account.uid if account else 0
    values = {
        "Hostname": f's "{process.shell.hostname}"', "StaticHostname": f's "{process.shell.hostname}"', "KernelName": 's "Linux"', "KernelRelease": f's "{world.system.kernel}"',
        "Chassis": 's "vm"' if world.is_virtual else 's "server"', "Timezone": 's "Etc/UTC"', "NTP": "b true", "NTPSynchronized": "b true", "LocalRTC": "b false",
        "ListUsers": f'a(uso) 1 {uid} "{visit.user}" "/org/freedesktop/login1/user/_{uid}"', "ListSessions": f'a(susso) 1 "{visit.number}" {uid} "{visit.user}" "" "/org/freedesktop/login1/session/_{visit.number}"',
        "ListInhibitors": "a(ssssuu) 0", "ListSeats": 'a(so) 1 "seat0" "/org/freedesktop/login1/seat/seat0"', "GetId": f's "{uuid.uuid5(uuid.NAMESPACE_DNS, machine_id(world)).hex}"',
        "GetMachineId": f's "{machine_id(world)}"', "CanPowerOff": 's "yes"', "CanReboot": 's "yes"',
    }  # fmt: skip
    if member in values:
        process.out(f"{values[member]}\n")
        return 0
    interface = (words[2:] or [""])[0]
    complain(
        process,
        f"Call failed: Unknown method {member} or interface {interface}."
        if verb == "call"
        else f"Failed to get property {member} on interface {interface}: Unknown interface {interface} or property {member}.",
    )
    return 1


@packaged()
def dbus_send(process: Process) -> Running:
    """One message on the bus."""
    words = [word for word in process.args if not word.startswith("--")]
    options = dict(word[2:].partition("=")[::2] for word in process.args if word.startswith("--"))
    name = options.get("dest", "")
    yield 0.0
    if "session" in options or ("system" not in options and "bus" not in options):
        process.err(
            'Failed to open connection to "session" message bus: Unable to autolaunch a dbus-daemon without a $DISPLAY for X11\n'
        )
        return 1
    if len(words) < 2:
        return 1
    if "print-reply" not in options:
        return 0
    known = {row[0] for row in _names(process)} | {each for each, _ in ACTIVATABLE}
    if name not in known:
        process.err(f"Error org.freedesktop.DBus.Error.ServiceUnknown: {UNKNOWN.format(name)}\n")
        return 1
    member, literal = words[1].rpartition(".")[2], options["print-reply"] == "literal"
    if member == "ListNames":
        names = [row[0] for row in _names(process) if row[4] != "(activatable)"]
        process.out(
            ("" if literal else _reply())
            + "   array [\n"
            + "".join(f'      string "{each}"\n' for each in names)
            + "   ]\n"
        )
        return 0
    if member in ("GetId", "GetMachineId"):
        number = uuid.uuid5(uuid.NAMESPACE_DNS, machine_id(process.shell.world)).hex
        process.out(f"   {number}\n" if literal else f'{_reply()}   string "{number}"\n')
        return 0
    interface = words[1].rpartition(".")[0]
    process.err(
        f'Error org.freedesktop.DBus.Error.UnknownMethod: Method "{member}" with signature "" on interface "{interface}" doesn\'t exist\n'
    )
    return 1


def _reply() -> str:
    return f"method return time={time.time():.6f} sender=org.freedesktop.DBus -> destination=:1.{int(time.time()) % 90 + 10} serial=3 reply_serial=2\n"


@packaged(bare=True)
def dbus_uuidgen(process: Process) -> Running:
    """The number of the machine, or a new one."""
    options = parse(process, "h", "get:: ensure:: version help=h")
    yield 0.0
    if "ensure" not in options:
        process.out(f"{machine_id(process.shell.world) if 'get' in options else uuid.uuid4().hex}\n")
    return 0


@packaged()
def dbus_run_session(process: Process) -> Running:
    """A command with a bus of its own."""
    options = parse(process, "h", "config-file: dbus-daemon: help=h version", stop=True)
    return (yield from process.call(options.operands)) if options.operands else 1


@packaged(bare=True)
def networkctl(process: Process) -> Running:
    """The network cards, as systemd-networkd sees them: on Debian it does not run."""
    options = parse(
        process, "alsn:h", "no-pager no-legend all=a stats=s full=l lines:=n json: help=h version"
    )
    verb, words = (options.operands or ["list"])[0], options.operands[1:]
    found = links(process.shell.world)
    runs = any(each.name == "systemd-network" for each in process.shell.processes(time.time()))
    yield 0.0
    verbs = (
        "list",
        "status",
        "lldp",
        "label",
        "delete",
        "up",
        "down",
        "renew",
        "forcerenew",
        "reconfigure",
        "reload",
    )
    if verb not in verbs:
        complain(process, f"Unknown command verb {verb}.")
        return 1
    if not runs:
        process.err("WARNING: systemd-networkd is not running, output will be incomplete.\n\n")
    names = [link.name for link in found]
    if bad := next(
        (word for word in words if word not in names and verb in ("status", "up", "down", "delete", "renew")),
        "",
    ):
        complain(
            process,
            f'Interface "{bad}" not found.'
            if verb == "status"
            else f'Failed to resolve interface "{bad}": No such device',
        )
        return 1
    if verb == "lldp":
        process.out(
            "LINK CHASSIS-ID SYSTEM-NAME CAPS        PORT-ID PORT-DESCRIPTION\n\n0 neighbors listed.\n"
        )
    elif verb == "list":
        states = (
            [
                ("carrier", "unmanaged") if link.kind == "loopback" else ("routable", "configured")
                for link in found
            ]
            if runs
            else [("-", "unmanaged")] * len(found)
        )
        rows = [
            ["IDX", "LINK", "TYPE", "OPERATIONAL", "SETUP"],
            *(
                [str(link.index), link.name, link.kind, *state]
                for link, state in zip(found, states, strict=True)
            ),
        ]
        process.out(table(rows, "rllll") + f"\n{len(found)} links listed.\n")
    elif verb == "status":
        for link in found if not words else [each for each in found if each.name in words]:
            process.out(
                f"● {link.index}: {link.name}\n                 Link File: n/a\n              Network File: n/a\n                      Type: {link.kind}\n                     State: {'routable' if link.kind != 'loopback' else 'carrier'} ({'configured' if runs and link.kind != 'loopback' else 'unmanaged'})\n          Hardware Address: {link.mac}\n                       MTU: {link.mtu}\n"
            )
    return 0


COMMANDS: dict[str, Command] = {
    "busctl": busctl,
    "dbus-send": dbus_send,
    "dbus-uuidgen": dbus_uuidgen,
    "dbus-run-session": dbus_run_session,
    "networkctl": paged(networkctl, SYSTEMD, verb_in("", "list", "status")),
}
