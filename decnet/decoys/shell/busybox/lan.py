# ruff: noqa: E501 (options)
"""BusyBox's udhcpc, arping and brctl (1.20 to 1.35). The network answers no request of a visitor."""

from __future__ import annotations

from ..busybox_titles import title_of
from ..net.reach import DNS_SECONDS, record, resolved
from ..process import Command, Process, Running
from ..text.common import parse, tool
from .applets import complain

LONGEST = 86_400.0
UDHCPC = "CV:F:i:np:qRr:s:T:t:SA:O:ox:fBba::"
UDHCPC_LONG = """clientid-none=C vendorclass=V fqdn=F interface=i now=n pidfile=p quit=q release=R request=r script=s timeout=T
retries=t tryagain=A syslog=S request-option=O no-default-options=o foreground=f background=b broadcast=B arping=a"""
NEW_TEXTS, NEWER_TEXTS = (1, 27), (1, 34)
"""Since when udhcpc's lines begin with its name, and since when it is `broadcasting`."""
NO_DEVICE = "No such device"
BRIDGES, MOST_BRIDGES = "bridges", 16


@tool
def udhcpc(process: Process) -> Running:
    """Ask for an address: no one answers."""
    options = parse(process, UDHCPC, UDHCPC_LONG)
    card = options.value("i", "eth0")
    if card not in ("lo", process.shell.world.interface()):
        process.err(f"udhcpc: SIOCGIFINDEX: {NO_DEVICE}\n")
        return 1
    record(process, "dhcp", host=card)
    number = title_of(process.shell.world).lstrip("v").partition(" ")[0]
    version = tuple(int(part) for part in number.split(".")[:2] if part.isdecimal())
    started, discover, none = _texts(version, number)
    process.err(started)
    tries, pause, again = (
        _number(options.value(each), default) for each, default in (("t", 3), ("T", 3), ("A", 20))
    )
    waited = 0.0
    while waited < LONGEST:
        for _ in range(max(1, min(tries, 1000))):
            process.err(discover)
            yield float(pause)
            waited += pause + 0.1
        if "n" in options:
            process.err(f"{none}, failing\n")
            return 1
        if "b" in options:
            process.err(f"{none}, forking to background\n")
            return 0
        yield float(again)
        waited += again
    return 1


def _texts(version: tuple[int, ...], number: str) -> tuple[str, str, str]:
    """How it begins, each request, and how its last line begins."""
    if version < NEW_TEXTS:
        return f"udhcpc (v{number}) started\n", "Sending discover...\n", "No lease"
    verb = "broadcasting" if version >= NEWER_TEXTS else "sending"
    return f"udhcpc: started, v{number}\n", f"udhcpc: {verb} discover\n", "udhcpc: no lease"


def _number(text: str, default: int) -> int:
    return min(int(text[:6]), 86_400) if text.isdecimal() else default


@tool
def arping(process: Process) -> Running:
    """Ask who has an address of the network: a neighbour that the machine knows answers."""
    options = parse(process, "UDAqfbc:w:I:s:")
    facts, host = process.shell.world.network, (options.operands or [""])[0]
    card = options.value("I", "eth0")
    if card not in ("lo", facts.interface):
        process.err(f"arping: interface {card} not found: {NO_DEVICE}\n")
        return 2
    if card == "lo":
        process.err("arping: interface lo is not ARPable\n")
        return 2
    address = resolved(process, host)
    if not address:
        yield DNS_SECONDS
        process.err(f"arping: bad address '{host}'\n")
        return 2
    record(process, "arping", host=host)
    mac = next((each.mac for each in facts.neighbours if each.address == address), "")
    own = "0.0.0.0" if "D" in options else facts.address
    shown = "q" not in options
    process.out(f"ARPING {address} from {own} {card}\n" if shown else "")
    count, limit = _number(options.value("c"), 0), _number(options.value("w"), 0)
    most, sent, received = count or limit or int(LONGEST), 0, 0
    while sent < (min(most, limit) if limit else most):
        sent += 1
        if mac:
            received += 1
            process.out(
                f"Unicast reply from {address} [{mac}] 0.{600 + sent * 37 % 400}ms\n" if shown else ""
            )
            if "f" in options:
                break
        yield 1.0
    if shown:
        process.out(
            f"Sent {sent} probe(s) (0 broadcast(s))\n"
            f"Received {received} response(s) (0 request(s), 0 broadcast(s))\n"
        )
    if "D" in options:
        return int(bool(received))
    return 0 if received or "U" in options or "A" in options else 1


def brctl(process: Process) -> int:
    """Bridges: the machine has none, and a visitor's ones have no cards."""
    words, made = process.args, process.shell.files.notes.get(BRIDGES, "").split()
    if not words or words[0] not in ("addbr", "delbr", "addif", "delif", "show", "stp", "showmacs"):
        if words:
            process.err(f"brctl: invalid argument '{words[0]}' to 'brctl'\n")
            return 1
        return complain(process, "")
    verb, names = words[0], words[1:]
    if verb == "show":
        process.out("bridge name\tbridge id\t\tSTP enabled\tinterfaces\n")
        process.out("".join(f"{each}\t\t8000.000000000000\tno\t\t\n" for each in made))
        return 0
    if len(names) < (1 if verb in ("addbr", "delbr", "showmacs") else 2):
        return complain(process, "")
    problem = _bridge(process, verb, names, made)
    process.shell.files.note(BRIDGES, " ".join(made[:MOST_BRIDGES]))
    process.err(f"brctl: {problem}\n" if problem else "")
    return int(bool(problem))


def _bridge(process: Process, verb: str, names: list[str], made: list[str]) -> str:
    bridge = names[0]
    known = bridge in made
    if verb == "addbr":
        if not known:
            made.append(bridge)
        return f"bridge {bridge}: File exists" if known else ""
    if verb == "delbr":
        if known:
            made.remove(bridge)
        return "" if known else f"bridge {bridge}: No such device or address"
    if verb in ("addif", "delif") and names[1] not in ("lo", process.shell.world.interface()):
        return f"iface {names[1]}: {NO_DEVICE}"
    if not known:
        return f"bridge {bridge}: {NO_DEVICE}"
    return f"bridge {bridge}: Invalid argument" if verb == "delif" or names[-1] == "lo" else ""


COMMANDS: dict[str, Command] = {"udhcpc": udhcpc, "arping": arping, "brctl": brctl}
