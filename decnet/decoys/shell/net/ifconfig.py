# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`ifconfig`, `route` and `arp`: net-tools 2.10, and BusyBox's."""

from __future__ import annotations

import socket
from ipaddress import IPv4Network

from ...host.network import Neighbour, NetworkFacts, Route, Traffic, traffic
from ..process import Process, Running
from ..text.common import Failure
from . import route_changes
from .kernel_tables import NEIGHBOURS, facts_of, keep, rows
from .reach import DNS_SECONDS, neighbours, resolved
from .usage import ARP_USAGE, ROUTE_HELP, ROUTE_USAGE

SCOPE_NAMES = {0x00: ("0x0<global>", "Global"), 0x10: ("0x10<host>", "Host"), 0x20: ("0x20<link>", "Link")}


def ifconfig(process: Process) -> int:
    """`ifconfig`."""
    shell = process.shell
    facts, busybox = shell.world.network, process.applet
    words = [word for word in process.args if word not in (("-a",) if busybox else ("-a", "-v", "-s"))]
    if not busybox and words[:1] in (["--version"], ["-V"]):
        process.out("net-tools 2.10\n")
        return 5
    unknown = next((word for word in words if word.startswith("-") and len(word) > 1), "")
    if unknown:
        if busybox:
            process.err(f"ifconfig: {unknown}: error fetching interface information: Device not found\n")
        else:
            process.err(
                f"ifconfig: option `{unknown}' not recognised.\nifconfig: `--help' gives usage information.\n"
            )
        return 1
    names = [facts.interface, "lo"]
    if words:
        if words[0].partition(":")[0] not in names:
            if len(words) > 1:
                reason = "Operation not permitted" if shell.user != "root" else "No such device"
                call = {"mtu": "SIOCSIFMTU", "netmask": "SIOCSIFNETMASK", "hw": "SIOCSIFHWADDR"}.get(
                    words[1], "SIOCGIFFLAGS" if words[1].lstrip("-") in SWITCHES else "SIOCSIFADDR"
                )
                process.err(f"ifconfig: {call}: {reason}\n" if busybox else f"SIOCSIFADDR: {reason}\n")
                return 255 if not busybox else 1
            prefix = "ifconfig: " if busybox else ""
            process.err(f"{prefix}{words[0]}: error fetching interface information: Device not found\n")
            return 1
        if len(words) > 1:
            return _set(process, words)
        names = [words[0]]
    if "-s" in process.args:
        process.out("Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n")
    for name in names:
        count = traffic(shell.world, name)
        if "-s" in process.args:
            process.out(interface_row(name, count))
        else:
            process.out((_device if busybox else _card)(facts, name, count))
    return 0


VALUES = ("metric", "mtu", "txqueuelen", "dstaddr", "netmask", "broadcast", "hw", "pointopoint", "mem_start", "io_addr", "irq",
          "outfill", "keepalive", "add", "del")  # fmt: skip
SWITCHES = ("up", "down", "arp", "trailers", "promisc", "multicast", "allmulti", "dynamic")
ADDRESSES = ("dstaddr", "netmask", "broadcast", "pointopoint", "add", "del")


def _applet_refusal(process: Process, words: list[str]) -> str | None:
    """What BusyBox says of the words behind a card: "" for its usage, None if it takes them."""
    words = list(words)
    while words:
        word = words.pop(0)
        name = word.removeprefix("-")
        if name in SWITCHES:
            continue
        if name not in VALUES:
            if not resolved(process, word.partition("/")[0]):
                return f"bad address '{word}'"
            continue
        if not words:
            return None if name in ("broadcast", "pointopoint") else ""
        value = words.pop(0)
        if name == "hw":
            if value not in ("ether", "infiniband") or not words:
                return ""
            if words[0].count(":") != 5 or words.pop(0).strip("0123456789abcdefABCDEF:"):
                return f"invalid hw-addr {value}"
        elif name in ADDRESSES and not resolved(process, value.partition("/")[0]):
            return f"bad address '{value}'"
    return None


def _set(process: Process, words: list[str]) -> int:
    if process.applet and (refusal := _applet_refusal(process, words[1:])) is not None:
        from .busybox import usage

        process.err(f"ifconfig: {refusal}\n" if refusal else usage(process, "ifconfig"))
        return 1
    if process.shell.user != "root":
        process.err(
            "SIOCSIFFLAGS: Operation not permitted\n"
            if words[1] in ("up", "down")
            else "SIOCSIFADDR: Operation not permitted\n"
        )
        return 255 if not process.applet else 1
    return 0


def interface_row(name: str, count: Traffic) -> str:
    """One row of `netstat -i` and `ifconfig -s`."""
    mtu, flags = (65536, "LRU") if name == "lo" else (1500, "BMRU")
    return f"{name:<15}{mtu:>6} {count.packets_in:>8}      0      0 0      {count.packets_out:>8}      0      0      0 {flags}\n"


def _card(facts: NetworkFacts, name: str, count: Traffic) -> str:
    loopback = name == "lo"
    flags = (
        "73<UP,LOOPBACK,RUNNING>  mtu 65536" if loopback else "4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500"
    )
    text = f"{name}: flags={flags}\n"
    if loopback:
        text += "        inet 127.0.0.1  netmask 255.0.0.0\n"
    else:
        text += f"        inet {facts.address}  netmask {facts.netmask}  broadcast {facts.broadcast}\n"
    for address, prefix, scope in _six(facts, loopback=loopback):
        text += f"        inet6 {address}  prefixlen {prefix}  scopeid {SCOPE_NAMES.get(scope, SCOPE_NAMES[0])[0]}\n"
    text += (
        "        loop  txqueuelen 1000  (Local Loopback)\n"
        if loopback
        else f"        ether {facts.mac}  txqueuelen 1000  (Ethernet)\n"
    )
    return text + (
        f"        RX packets {count.packets_in}  bytes {count.bytes_in} ({_human(count.bytes_in)})\n"
        "        RX errors 0  dropped 0  overruns 0  frame 0\n"
        f"        TX packets {count.packets_out}  bytes {count.bytes_out} ({_human(count.bytes_out)})\n"
        "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n"
    )


def _device(facts: NetworkFacts, name: str, count: Traffic) -> str:
    """BusyBox's."""
    loopback = name == "lo"
    if loopback:
        text = f"{name:<9} Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n"
    else:
        text = f"{name:<9} Link encap:Ethernet  HWaddr {facts.mac.upper()}  \n"
        text += f"          inet addr:{facts.address}  Bcast:{facts.broadcast}  Mask:{facts.netmask}\n"
    for address, prefix, scope in _six(facts, loopback=loopback):
        text += (
            f"          inet6 addr: {address}/{prefix} Scope:{SCOPE_NAMES.get(scope, SCOPE_NAMES[0])[1]}\n"
        )
    text += (
        "          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n"
        if loopback
        else "          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n"
    )
    return text + (
        f"          RX packets:{count.packets_in} errors:0 dropped:0 overruns:0 frame:0\n"
        f"          TX packets:{count.packets_out} errors:0 dropped:0 overruns:0 carrier:0\n"
        "          collisions:0 txqueuelen:1000 \n"
        f"          RX bytes:{count.bytes_in} ({_human(count.bytes_in)})  TX bytes:{count.bytes_out} ({_human(count.bytes_out)})\n\n"
    )


def _six(facts: NetworkFacts, *, loopback: bool) -> list[tuple[str, int, int]]:
    if loopback:
        return [("::1", 128, 0x10)] if facts.loopback6 else []
    return list(facts.inet6)


def _human(size: int) -> str:
    """A number of bytes as both programs print it."""
    value, unit = float(size), "B"
    for name in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, name
    return f"{int(value * 10) / 10:.1f} {unit}"


def route(process: Process) -> int:
    """`route`."""
    words = [word for word in process.args if not word.startswith("-")]
    letters = "".join(word[1:] for word in process.args if word.startswith("-") and not word.startswith("--"))
    busybox = process.applet
    letters = letters.replace("net", "").replace("host", "")
    words = [word for word in words if word != "inet6"]
    wrong = next((letter for letter in letters if letter not in "nNveFCA46h"), "")
    if wrong or "h" in letters:
        process.err(f"route: invalid option -- '{wrong}'\n" if wrong else "")
        if busybox:
            return 1
        process.err(ROUTE_USAGE)
        process.out(ROUTE_HELP)
        return 0
    if words:
        if not busybox and words[0] not in ("add", "del", "delete", "flush"):
            process.err(ROUTE_HELP + ROUTE_USAGE)
            return 3
        if process.shell.user != "root":
            kind = "SIOCDELRT" if words[0] == "del" else "SIOCADDRT"
            process.err(
                f"route: {kind}: Operation not permitted\n"
                if busybox
                else f"{kind}: Operation not permitted\n"
            )
            return 1 if busybox else 7
        if busybox or letters.count("6"):
            return 0
        return changed_by_route(process, words[0], process.args)
    if not busybox and ("6" in letters or "inet6" in process.args):
        return _six_table(process)
    process.out(route_table(process, numeric="n" in letters, extended=letters.count("e")))
    return 0


def route_table(process: Process, *, numeric: bool, extended: int) -> str:
    """The table of `route` and `netstat -r`."""
    facts, busybox = facts_of(process.shell), process.applet
    last = (
        "Flags Metric Ref    Use Iface",
        "Flags   MSS Window  irtt Iface",
        "Flags Metric Ref    Use Iface    MSS   Window irtt",
    )
    lines = [
        "Kernel IP routing table",
        "Destination     Gateway         Genmask         " + last[min(extended, 2)],
    ]
    for each in facts.routes:
        default = each.destination == "default"
        network = IPv4Network("0.0.0.0/0" if default else each.destination)
        target = (
            ("default" if default else str(network.network_address))
            if not numeric
            else str(network.network_address)
        )
        via = each.via or ("0.0.0.0" if numeric or not busybox else "*")
        flags = f"U{'G' * bool(each.via)}{'H' * (network.prefixlen == 32)}"
        start = f"{target:<15} {via:<15} {network.netmask!s:<15} "
        if extended == 1:
            lines.append(f"{start}{flags:<5}     0 0          0 {facts.interface}")
        else:
            more = "   0     0      0" if extended > 1 else ""
            lines.append(f"{start}{flags:<5} {each.metric:<6} 0        0 {facts.interface}{more}")
    return "\n".join(lines) + "\n"


def _six_table(process: Process) -> int:
    facts = process.shell.world.network
    process.out(
        "Kernel IPv6 routing table\n"
        "Destination                    Next Hop                   Flag Met Ref Use If\n"
    )
    rows = [("ip6-localhost/128", "Un", "0", "lo")] if facts.loopback6 else []
    rows += [("fe80::/64", "U", "256", facts.interface)] if facts.inet6 else []
    for target, flags, metric, device in rows:
        process.out(f"{target:<30} [::]                       {flags:<4} {metric:<3} 1      0 {device}\n")
    return 0


def changed_by_route(process: Process, verb: str, words: list[str]) -> int:
    """`route add` and `route del` of net-tools."""
    kind = "SIOCADDRT" if verb == "add" else "SIOCDELRT"
    try:
        wish = _wish(process, [word for word in words if word not in (verb, "-net", "-n")])
        problem = route_changes.change(process, "add" if verb == "add" else "del", wish)
    except Failure:
        process.err(f"{kind}: No such device\n" if "dev" in words else ROUTE_HELP + ROUTE_USAGE)
        return 7 if "dev" in words else 3
    if problem:
        problem = "Network is unreachable" if problem == route_changes.NO_GATEWAY else problem
        process.err(f"{kind}: {problem}\n")
        return 7
    return 0


def _wish(process: Process, words: list[str]) -> route_changes.Wish:
    """The route that the words of net-tools mean. Raises Failure."""
    values = {
        each: words[at + 1]
        for at, each in enumerate(words[:-1])
        if each in ("netmask", "gw", "dev", "metric")
    }
    host = words[:1] == ["-host"]
    target = (words[1:2] if host else words[:1]) or [""]
    mask = f"/{values['netmask']}" if "netmask" in values else "" if "/" in target[0] or host else "/32"
    found = route_changes.destination(target[0] if target[0] == "default" else target[0] + mask)
    device = values.get("dev", "")
    if device and device not in ("lo", process.shell.world.interface()):
        raise Failure(f"{device}: no device")
    metric = values.get("metric", "0")
    made = Route(found, values.get("gw", ""), metric=int(metric) if metric.isdecimal() else 0)
    return route_changes.Wish(made, device)


def arp(process: Process) -> Running:
    """`arp`."""
    facts, busybox = process.shell.world.network, process.applet
    letters = "".join(word[1:] for word in process.args if word.startswith("-") and not word.startswith("--"))
    words = [word for word in process.args if not word.startswith("-")]
    if "i" in letters and words and words.pop(0) not in (facts.interface, "lo") and not busybox:
        process.out(f"arp: in {len(neighbours(process))} entries no match found.\n")
        return 0
    if "V" in letters and not busybox:
        process.out("net-tools 2.10\n")
        return 0
    wrong = next((letter for letter in letters if letter not in "aensvidDApfH"), "")
    if wrong:
        process.err(f"arp: invalid option -- '{wrong}'\n" + ("" if busybox else ARP_USAGE))
        return 1 if busybox else 3
    if "s" in letters or "d" in letters:
        return _change(process, words, deletes="d" in letters)
    found = (
        [each for each in neighbours(process) if each.address == words[0]] if words else neighbours(process)
    )
    if words and not found:
        if not resolved(process, words[0]):
            yield DNS_SECONDS
            process.err(f"{words[0]}: Host name lookup failure\n")
            return 255
        process.out("" if busybox else f"{words[0]} ({words[0]}) -- no entry\n")
        return 0
    process.out(_neighbours(facts, found, bsd="a" in letters or busybox, spaced=busybox))
    return 0


def _neighbours(facts: NetworkFacts, found: list[Neighbour], *, bsd: bool, spaced: bool) -> str:
    found = sorted(found, key=lambda each: socket.inet_aton(each.address))
    if bsd:
        gap = "  " if spaced else " "
        return "".join(
            f"? ({each.address}) at {f'{each.mac} [ether]' if each.mac else '<incomplete>'}"
            f"{' PERM' if each.state == 'PERMANENT' else ''}{gap}on {facts.interface}\n"
            for each in found
        )
    text = (
        "Address                  HWtype  HWaddress           Flags Mask            Iface\n" if found else ""
    )
    for each in found:
        middle = (
            f"ether   {each.mac}   {'CM' if each.state == 'PERMANENT' else 'C ':<21}"
            if each.mac
            else f"{'':8}(incomplete)                              "
        )
        text += f"{each.address:<24} {middle} {facts.interface}\n"
    return text


def _change(process: Process, words: list[str], *, deletes: bool) -> int:
    facts, busybox = process.shell.world.network, process.applet
    if process.shell.user != "root":
        process.err(
            "SIOCDARP(dontpub): Operation not permitted\n"
            if deletes
            else "SIOCSARP: Operation not permitted\n"
        )
        return 255
    if not words or (not deletes and len(words) < 2):
        process.err(f"arp: need {'host name' if not words else 'hardware address'}\n")
        return 255
    found = rows(process.shell, NEIGHBOURS)
    left = [row for row in found if row[0] != words[0]]
    if not deletes:
        keep(process.shell, NEIGHBOURS, [*left, [words[0], words[1].lower(), "PERMANENT"]])
        return 0
    if len(left) < len(found):
        keep(process.shell, NEIGHBOURS, left)
        return 0
    if words and not facts.knows(words[0]) and deletes:
        near = facts.is_near(words[0])
        if near and not busybox:
            process.out(f"No ARP entry for {words[0]}\n")
            return 255
        process.err(
            f"No ARP entry for {words[0]}\n" if near else "SIOCDARP(dontpub): Network is unreachable\n"
        )
        return 255
    return 0


COMMANDS = {"ifconfig": ifconfig, "route": route, "arp": arp}
