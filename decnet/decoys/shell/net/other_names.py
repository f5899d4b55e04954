# ruff: noqa: E501, W291 (what real programs print is not broken into shorter lines)
"""nc.traditional, inetutils-telnet, lft, nsupdate, delv, tcpdump and other programs of the network under other names."""

from __future__ import annotations

import time

from ..process import Command, Process, Running
from ..text.common import parse, why_not
from ..text.packaged import packaged
from .common import port_names
from .ip_show import links
from .reach import DNS_SECONDS, OPEN, attempt, record, resolved


def another(name: str) -> Command:
    """A program that is another one under its own name."""

    def run(process: Process) -> Running:
        return (yield from process.call([name, *process.args], process.input if process.input else None))

    return run


USAGE = """[v1.10-47]
connect to somewhere:	nc [-options] hostname port[s] [ports] ... 
listen for inbound:	nc -l -p port [-options] [hostname] [port]
options:
	-c shell commands	as `-e'; use /bin/sh to exec [dangerous!!]
	-e filename		program to exec after connect [dangerous!!]
	-h			this cruft
	-l			listen mode, for inbound connects
	-n			numeric-only IP addresses, no DNS
	-p port			local port number
	-v			verbose [use twice to be more verbose]
	-w secs			timeout for connects and final net reads
	-z			zero-I/O mode [used for scanning]
port numbers can be individual or ranges: lo-hi [inclusive];
hyphens in port names must be backslash escaped (e.g. 'ftp\\-data').
"""


@packaged(bare=True, refuses=False, short=False)
def traditional(process: Process) -> Running:
    """netcat 1.10: to the machine itself; the rest is behind a firewall."""
    if "-h" in process.args:
        process.err(USAGE)
        return 0
    options = parse(process, "bc:Ce:g:G:hi:kLlno:p:q:rs:tT:uvw:z")
    words = options.operands
    if not words:
        if "l" in options:
            process.err("listening on [any] 0 ...\n" if "v" in options else "")
            yield 3600.0
            return 1
        process.err("no destination\n")
        return 1
    host, ports = words[0], words[1:]
    if not ports:
        process.err("no port[s] to connect to\n")
        return 1
    record(process, "netcat", host=host, port=ports[0][:20])
    address = resolved(process, host)
    if not address:
        yield DNS_SECONDS
        process.err(f"{host}: forward host lookup failed: Host name lookup failure\n")
        return 1
    name = "localhost" if address.startswith("127.") else "(UNKNOWN)"
    names, status = port_names(process), 1
    for word in ports[:20]:
        port = int(word) if word.isdecimal() and len(word) < 6 else 0
        title = names.get((port, "tcp"), "?")
        found = attempt(process, address, port)
        yield found.seconds
        shown = f"{name} [{address}] {port} ({title})"
        if found.error == OPEN:
            process.err(f"{shown} open\n" if "v" in options else "")
            status = 0
        else:
            process.err(f"{shown} : {found.error}\n" if "v" in options or found.error else "")
    return status


@packaged(refuses=False)
def lft(process: Process) -> Running:
    """A trace of the way by traceroute."""
    return (
        yield from process.call(["traceroute", *(word for word in process.args if not word.startswith("-"))])
    )


def _bind(process: Process) -> str:
    packages = process.shell.world.packages
    found = (packages.get("bind9-dnsutils") or packages.get("bind9-libs")) if packages is not None else None
    return found.version.rpartition(":")[2] if found is not None else "9.18.24-1"


@packaged(bare=True, refuses=False, short=False)
def nsupdate(process: Process) -> Running:
    """Changes of zones, which no server here takes."""
    if "-V" in process.args or "-v" in process.args[:1]:
        process.err(f"nsupdate {_bind(process)}-{process.shell.world.system.id.capitalize()}\n")
        return 0
    process.given  # noqa: B018
    yield 0.0
    return 0


@packaged(bare=True, refuses=False, short=False)
def delv(process: Process) -> Running:
    """Names with their signatures: no server answers."""
    if process.args[:1] in (["-v"], ["-V"]):
        process.err(f"delv {_bind(process)}-{process.shell.world.system.id.capitalize()}\n")
        return 0
    server = next((word[1:] for word in process.args if word.startswith("@")), "")
    name = next((word for word in process.args if not word.startswith(("@", "-", "+"))), ".")
    address = resolved(process, server) if server else ""
    yield 0.0 if address and attempt(process, address, 53).error != OPEN else DNS_SECONDS
    shown = (
        address
        or (process.shell.read("/etc/resolv.conf") or "").partition("nameserver ")[2].partition("\n")[0]
        or "127.0.0.1"
    )
    reason = "connection refused" if address.startswith("127.") else "timed out"
    process.err(
        f";; {reason} resolving '{name.rstrip('.')}/A/IN': {shown}#53\n;; resolution failed: failure\n"
    )
    return 0


@packaged(refuses=False, short=False)
def mdig(process: Process) -> Running:
    """Many questions at once: its usage, or no answer."""
    if "-h" in process.args:
        process.out(
            "Usage: mdig @server {global-opt} host\n           {local-opt} [ host {local-opt} [...]]\n"
        )
        return 0
    yield DNS_SECONDS
    process.out(";; communications error: timed out\n")
    return 9


@packaged(refuses=False, short=False)
def dnstap_read(process: Process) -> Running:
    """Records of a name server."""
    path = process.args[-1]
    yield 0.0
    process.err(
        "dnstap-read: dns_dt_openfile: failure\n"
        if why_not(process, path)
        else "dnstap-read: dns_dt_openfile: bad header\n"
    )
    return 0


@packaged(bare=True, refuses=False)
def tcpdump(process: Process) -> Running:
    """What passes the network cards: nothing that fits."""
    cards = links(process.shell.world)
    name, count = cards[1].name, 0
    if "-D" in process.args or "--list-interfaces" in process.args:
        process.out(
            f"1.{name} [Up, Running, Connected]\n2.any (Pseudo-device that captures on all interfaces) [Up, Running]\n3.lo [Up, Running, Loopback]\n"
        )
        process.out(
            "4.bluetooth-monitor (Bluetooth Linux Monitor) [Wireless]\n5.nflog (Linux netfilter log (NFLOG) interface) [none]\n6.nfqueue (Linux netfilter queue (NFQUEUE) interface) [none]\n"
        )
        process.out("7.dbus-system (D-Bus system bus) [none]\n8.dbus-session (D-Bus session bus) [none]\n")
        return 0
    words = list(process.args)
    chosen = next((words[at + 1] for at, word in enumerate(words[:-1]) if word == "-i"), name)
    if process.shell.user != "root":
        process.err(
            f"tcpdump: {chosen}: You don't have permission to capture on that device\n(socket: Operation not permitted)\n"
        )
        return 1
    if chosen not in ("any", *(each.name for each in cards)):
        process.err(f"tcpdump: {chosen}: No such device exists\n(SIOCGIFHWADDR: No such device)\n")
        return 1
    kind = "LINUX_SLL2 (Linux cooked v2)" if chosen == "any" else "EN10MB (Ethernet)"
    process.err(
        f"tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\nlistening on {chosen}, link-type {kind}, snapshot length 262144 bytes\n"
    )
    began = time.time()
    while time.time() - began < 3600:
        yield 60.0
    process.err(
        f"\n{count} packets captured\n{count} packets received by filter\n0 packets dropped by kernel\n"
    )
    return 0


@packaged(bare=True, refuses=False)
def strace(process: Process) -> Running:
    """The calls of a process: the kernel refuses, as where ptrace(2) is switched off."""
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if not words and "-p" not in process.args:
        process.err("strace: must have PROG [ARGS] or -p PID\nTry 'strace -h' for more information.\n")
        return 1
    if "-p" in process.args:
        process.err(
            f"strace: attach: ptrace(PTRACE_SEIZE, {words[0] if words else 0}): Operation not permitted\n"
        )
        return 1
    process.err(
        "strace: test_ptrace_get_syscall_info: PTRACE_TRACEME: Operation not permitted\nstrace: ptrace(PTRACE_TRACEME, ...): Operation not permitted\n+++ exited with 1 +++\n"
    )
    return 1


COMMANDS: dict[str, Command] = {
    "nc.traditional": traditional, "inetutils-telnet": another("telnet"), "telnet.netkit": another("telnet"), "tnftp": another("ftp"), "nc.openbsd": another("nc"), "lft": lft, "lft.db": lft,
    "nsupdate": nsupdate, "delv": delv, "mdig": mdig, "dnstap-read": dnstap_read, "tcpdump": tcpdump, "strace": strace,
}  # fmt: skip
