"""The base container of one decky: keeps its address off the LAN until the address is known to be free.

In this order: nftables blocks ARP and everything but replies; packets get the look of the imitated system;
each interface gets its MAC, and a decky of several networks its own default route; the address is probed
(RFC 5227, with shorter waits: a bridged LAN answers in milliseconds); the address is announced and ARP is
allowed; every capability is dropped; and a sleeping process of a few kilobytes keeps the network namespace.

One line of JSON on stdout reports the result: {"base": "ready"}, {"base": "conflict", "mac": ...} (exit
status 75: Docker retries, with growing pauses) or {"base": "rules", "error": ...}. If the kernel does not
support a look, the base still becomes ready: {"base": "ready", "look": why not}. It also becomes ready if the
host that answers for its address answers for more than two (ARP spoofing, proxy ARP), and adds that host:
{"base": "ready", "spoofed": MAC}.

A decky on the LAN alone has ADDRESS and, unless its driver is ipvlan, MAC. Any other has INTERFACES, a JSON
list of [address, prefix length, MAC or ""], its home first, and ROUTER, the next hop of its default route or
"". Its interfaces are found by their addresses: Docker does not pass on the MACs of several networks, and
some releases of Compose pass the only one to the wrong interface.

Each start of a decky runs this, so it imports little: `socket`, `subprocess`, `json` and `typing` would take
longer than all the rest.
"""

import _socket as socket
import fcntl
import os
import select
import struct
import sys
import time
from _json import encode_basestring_ascii

RULES = "/rules.nft"
LOOKS = "/look-%s.nft"
NFT = "/usr/sbin/nft"
IP = ("/bin/busybox", "ip")
SLEEP = ("/bin/busybox", "sleep", "infinity")
CONFLICT = 75
NOBODY = 65534

PROBES = 3
PROBE_SECONDS = 0.3
MOST_ADDRESSES = 2
ANNOUNCEMENTS = 2
INTERFACE_SECONDS = 5.0
MOST_ROUTES = 16
RUN_SECONDS = 20.0
SIGKILL = 9
ARP_TYPE = 0x0806
SIOCGIFADDR = 0x8915
SIOCSIFHWADDR = 0x8924
ARPHRD_ETHER = 1
BROADCAST = b"\xff" * 6
ARP = struct.Struct("!HHBBH6s4s6s4s")
REQUEST = 1


def main() -> int:
    """Guard, probe, announce, then become the sleeper; returns only on failure."""
    try:
        wanted = _wanted()
    except (KeyError, OSError, ValueError, TypeError) as error:
        return _end(
            {"base": "rules", "error": f"ADDRESS, MAC, INTERFACES or ROUTER is not valid: {error!r}"}, 1
        )
    refusal = _nft("-f", RULES)
    if refusal:
        return _end({"base": "rules", "error": refusal}, 1)
    unlike = _look(os.environ.get("LOOK", ""))
    found, refusal = _by_address(wanted) if "INTERFACES" in os.environ else _by_mac(wanted[0])
    if refusal:
        return _end({"base": "rules", "error": refusal}, 1)
    holder, spoofed = _probe(found[0])
    if holder is not None and not spoofed:
        return _end({"base": "conflict", "mac": holder.hex(":")}, CONFLICT)
    for each in found:
        _announce(each)
    refusal = _nft("delete", "table", "arp", "quiet")
    if refusal:
        return _end({"base": "rules", "error": refusal}, 1)
    _drop_capabilities()
    report = {"look": unlike, "spoofed": holder.hex(":") if holder else ""}
    _say({"base": "ready", **{key: value for key, value in report.items() if value}})
    os.execv(SLEEP[0], SLEEP)
    return 1


class Wanted:
    """An interface as it should be. Without a MAC it keeps its own: with ipvlan, that of the worker."""

    def __init__(self, address: bytes, mac: bytes | None) -> None:
        self.address = address
        self.mac = mac


class Interface:
    """An interface as it is, with its address in the decky's network."""

    def __init__(self, name: str, mac: bytes, address: bytes) -> None:
        self.name = name
        self.mac = mac
        self.address = address


def _wanted() -> list[Wanted]:
    """The interfaces of this decky, its home first. Raises KeyError, OSError, ValueError or TypeError."""
    if "INTERFACES" not in os.environ:
        mac = _bytes_of(os.environ["MAC"]) if "MAC" in os.environ else None
        return [Wanted(socket.inet_aton(os.environ["ADDRESS"]), mac)]
    import json

    if os.environ["ROUTER"]:
        socket.inet_aton(os.environ["ROUTER"])
    rows = json.loads(os.environ["INTERFACES"])
    wanted = [Wanted(socket.inet_aton(address), _bytes_of(mac) if mac else None) for address, _, mac in rows]
    if not wanted:
        raise ValueError("no interface")
    return wanted


def _by_mac(wanted: Wanted) -> tuple[list[Interface], str]:
    """The interface of a decky on the LAN alone, or why there is none."""
    found = _interface(wanted.mac)
    if found is None:
        return [], "there is no interface with the MAC of this decky"
    return [Interface(*found, wanted.address)], ""


def _by_address(wanted: list[Wanted]) -> tuple[list[Interface], str]:
    """All interfaces of a decky of several networks in the order of `wanted`, each with its MAC, and the
    decky's own default route; or why that cannot be. Waits a moment for the interfaces."""
    deadline = time.monotonic() + INTERFACE_SECONDS
    while True:
        names = {_address(name): name for name in _macs()}
        missing = [each for each in wanted if each.address not in names]
        if not missing:
            break
        if time.monotonic() > deadline:
            return [], f"there is no interface with the address {socket.inet_ntoa(missing[0].address)}"
        time.sleep(0.05)
    found = []
    for each in wanted:
        name = names[each.address]
        if each.mac is not None and _mac(name) != each.mac:
            _give(name, each.mac)
        mac = _mac(name)
        if mac is None or each.mac not in (None, mac):
            return [], f"the MAC of {name} cannot be set"
        found.append(Interface(name, mac, each.address))
    return found, _route(os.environ["ROUTER"])


def _route(router: str) -> str:
    """Replace Docker's default routes, which lead to the worker, by one to the router; the error, or ""."""
    for _ in range(MOST_ROUTES):
        if _ip("route", "del", "default"):
            break
    return _ip("route", "add", "default", "via", router) if router else ""


def _ip(*arguments: str) -> str:
    """Run busybox's ip; its error, "" on success."""
    return _run(IP + arguments)


def _probe(home: Interface) -> tuple[bytes | None, bool]:
    """The MAC of another host that has the address, if there is one, and whether that host spoofs it."""
    wire = _wire(home)
    try:
        holder = _holder(wire, home.address, home.mac)
        return holder, holder is not None and _is_spoofer(wire, home.address, home.mac, holder)
    finally:
        wire.close()


def _announce(own: Interface) -> None:
    wire = _wire(own)
    try:
        for _ in range(ANNOUNCEMENTS):
            wire.send(_arp(own.mac, own.address, own.address))
    finally:
        wire.close()


def _wire(own: Interface) -> socket.socket:
    """A socket for ARP on an interface."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP_TYPE))
    wire.bind((own.name, ARP_TYPE))
    return wire


def _look(name: str) -> str:
    """Load the rules of a look; the error, "" on success or without a look."""
    return _nft("-f", LOOKS % name.replace("/", "")) if name else ""


def _nft(*arguments: str) -> str:
    """Run nft; its error, "" on success."""
    return _run((NFT, *arguments))


def _run(command: tuple[str, ...]) -> str:
    """Run a program; its error, "" on success."""
    output, end = os.pipe()
    nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0)
    streams = [nothing, (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, end, 2)]
    try:
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=streams)
    except OSError as error:
        os.close(output)
        return repr(error)
    finally:
        os.close(end)
    try:
        text = _read(output, time.monotonic() + RUN_SECONDS)
    finally:
        os.close(output)
    if text is None:
        os.kill(pid, SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if text is None:
        return f"{command[0]} did not end within {RUN_SECONDS:.0f} s"
    return "" if status == 0 else text[-500:] or f"{command[0]} ended with {status}"


def _read(descriptor: int, until: float) -> str | None:
    """What is written to a pipe before it is closed; None if it is not closed in time."""
    content = b""
    while select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
        piece = os.read(descriptor, 4096)
        if not piece:
            return content.decode("utf-8", "replace")
        content = (content + piece)[-4096:]
    return None


def _interface(mac: bytes | None) -> tuple[str, bytes] | None:
    """The interface with this MAC, or the only one if it is None, once it is up; waits a moment for it.

    Several releases of Compose v2 do not pass the MAC on (docker/compose issue 10796): then the only
    interface gets it. No packet has left it yet.
    """
    deadline = time.monotonic() + INTERFACE_SECONDS
    while time.monotonic() < deadline:
        macs = _macs()
        for name, found in macs.items():
            if found == mac or (mac is None and len(macs) == 1):
                return name, found
        if len(macs) != 1 or mac is None or not _give(next(iter(macs)), mac):
            time.sleep(0.05)
    return None


def _macs() -> dict[str, bytes]:
    """The MAC of each Ethernet interface that has a carrier.

    Other devices are common: a kernel with sit, ipip or gre loaded puts one of each into every new network
    namespace. They are down, and the carrier of an interface that is down cannot be read (EINVAL).
    """
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    macs = {name: _mac(name) for name in names if _shown(name, "carrier") == "1"}
    return {name: mac for name, mac in macs.items() if mac is not None}


def _give(name: str, mac: bytes) -> bool:
    """Set the interface's MAC (netdevice(7)); False if the driver refuses."""
    request = struct.pack("16sH14s", os.fsencode(name), ARPHRD_ETHER, mac)
    any_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        fcntl.ioctl(any_socket.fileno(), SIOCSIFHWADDR, request)
    except OSError:
        return False
    finally:
        any_socket.close()
    return True


def _address(name: str) -> bytes:
    """The interface's first IPv4 address (netdevice(7)); b"" if it has none."""
    request = struct.pack("256s", os.fsencode(name))
    any_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        return fcntl.ioctl(any_socket.fileno(), SIOCGIFADDR, request)[20:24]
    except OSError:
        return b""
    finally:
        any_socket.close()


def _mac(name: str) -> bytes | None:
    try:
        return _bytes_of(_shown(name, "address"))
    except ValueError:
        return None


def _shown(name: str, attribute: str) -> str:
    """A value of an interface in /sys; "" if it cannot be read."""
    try:
        descriptor = os.open(f"/sys/class/net/{name}/{attribute}", os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 100).decode("ascii", "replace").strip()
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def _holder(wire: socket.socket, address: bytes, own_mac: bytes) -> bytes | None:
    """The MAC of another host that has or claims `address`; None if there is none."""
    for _ in range(PROBES):
        wire.send(_arp(own_mac, b"\0" * 4, address))
        deadline = time.monotonic() + PROBE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            if select.select([wire], [], [], left)[0]:
                holder = _claim(wire.recv(2048), address, own_mac)
                if holder is not None:
                    return holder
    return None


def _is_spoofer(wire: socket.socket, address: bytes, own_mac: bytes, mac: bytes) -> bool:
    """Whether this host answers for more than MOST_ADDRESSES of the 256 addresses around `address`. It is
    asked directly: no other host sees that. The rule is that of decnet.agent.probe."""
    for last in range(256):
        try:
            wire.send(_arp(own_mac, b"\0" * 4, address[:3] + bytes([last]), mac))
        except (BlockingIOError, InterruptedError):
            pass
    answered: set[bytes] = set()
    deadline = time.monotonic() + PROBE_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        if select.select([wire], [], [], left)[0]:
            packet = wire.recv(2048)
            if len(packet) >= 14 + ARP.size:
                _, _, _, _, _, sender_mac, sender, _, _ = ARP.unpack_from(packet, 14)
                answered |= {sender} if sender_mac == mac and sender != b"\0" * 4 else set()
    return len(answered) > MOST_ADDRESSES


def _claim(packet: bytes, address: bytes, own_mac: bytes) -> bytes | None:
    """The MAC that claims `address` in this packet, by using it or by probing for it (RFC 5227, 2.1.1)."""
    if len(packet) < 14 + ARP.size:
        return None
    _, _, _, _, _, sender_mac, sender, _, target = ARP.unpack_from(packet, 14)
    if sender_mac == own_mac:
        return None
    if sender == address or (sender == b"\0" * 4 and target == address):
        return bytes(sender_mac)
    return None


def _arp(own_mac: bytes, sender: bytes, target: bytes, to: bytes = BROADCAST) -> bytes:
    ethernet = to + own_mac + struct.pack("!H", ARP_TYPE)
    return ethernet + ARP.pack(1, 0x0800, 6, 4, REQUEST, own_mac, sender, b"\0" * 6, target)


def _drop_capabilities() -> None:
    """Drop every capability permanently: first the bounding set, then root itself."""
    import ctypes

    drop_bound = 24  # PR_CAPBSET_DROP of linux/prctl.h
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(drop_bound, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _bytes_of(mac: str) -> bytes:
    plain = bytes.fromhex(mac.replace(":", ""))
    if len(plain) != 6:
        raise ValueError(f"not a MAC: {mac}")
    return plain


def _say(line: dict[str, str]) -> None:
    pairs = ", ".join(f"{encode_basestring_ascii(key)}: {encode_basestring_ascii(line[key])}" for key in line)
    os.write(1, f"{{{pairs}}}\n".encode())


def _end(line: dict[str, str], status: int) -> int:
    _say(line)
    return status


if __name__ == "__main__":
    sys.exit(main())
