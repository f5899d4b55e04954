"""The base container of one decky: keeps its address off the LAN until the address is known to be free.

In this order: nftables blocks ARP and everything but replies; packets get the look of the imitated system;
the address is probed (RFC 5227, with shorter waits: a bridged LAN answers in milliseconds); the address is
announced and ARP is allowed; every capability is dropped; and a sleeping process of a few kilobytes keeps the
network namespace.

One line of JSON on stdout reports the result: {"base": "ready"}, {"base": "conflict", "mac": ...} (exit
status 75: Docker retries, with growing pauses) or {"base": "rules", "error": ...}. If the kernel does not
support a look, the base still becomes ready: {"base": "ready", "look": why not}. It also becomes ready if the
host that answers for its address answers for more than two (ARP spoofing, proxy ARP), and adds that host:
{"base": "ready", "spoofed": MAC}.
"""

import contextlib
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

RULES = "/rules.nft"
LOOKS = "/look-%s.nft"
NFT = "/usr/sbin/nft"
SLEEP = ("/bin/busybox", "sleep", "infinity")
CONFLICT = 75
NOBODY = 65534

PROBES = 3
PROBE_SECONDS = 0.3
MOST_ADDRESSES = 2
ANNOUNCEMENTS = 2
INTERFACE_SECONDS = 5.0
ARP_TYPE = 0x0806
SIOCSIFHWADDR = 0x8924
ARPHRD_ETHER = 1
BROADCAST = b"\xff" * 6
ARP = struct.Struct("!HHBBH6s4s6s4s")
REQUEST = 1


def main() -> int:
    """Guard, probe, announce, then become the sleeper; returns only on failure."""
    try:
        address = socket.inet_aton(os.environ["ADDRESS"])
        # With ipvlan there is none: the MAC is that of the worker's interface.
        wanted = _bytes_of(os.environ["MAC"]) if "MAC" in os.environ else None
    except (KeyError, OSError, ValueError) as error:
        return _end({"base": "rules", "error": f"ADDRESS or MAC is not valid: {error!r}"}, 1)
    refusal = _nft("-f", RULES)
    if refusal:
        return _end({"base": "rules", "error": refusal}, 1)
    unlike = _look(os.environ.get("LOOK", ""))
    found = _interface(wanted)
    if found is None:
        return _end({"base": "rules", "error": "there is no interface with the MAC of this decky"}, 1)
    interface, own_mac = found
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP_TYPE)) as wire:
        wire.bind((interface, ARP_TYPE))
        holder = _holder(wire, address, own_mac)
        spoofed = holder is not None and _is_spoofer(wire, address, own_mac, holder)
        if holder is not None and not spoofed:
            return _end({"base": "conflict", "mac": holder.hex(":")}, CONFLICT)
        for _ in range(ANNOUNCEMENTS):
            wire.send(_arp(own_mac, address, address))
    refusal = _nft("delete", "table", "arp", "quiet")
    if refusal:
        return _end({"base": "rules", "error": refusal}, 1)
    _drop_capabilities()
    report = {"look": unlike, "spoofed": holder.hex(":") if holder else ""}
    _say({"base": "ready", **{key: value for key, value in report.items() if value}})
    os.execv(SLEEP[0], SLEEP)
    return 1


def _look(name: str) -> str:
    """Load the rules of a look; the error, "" on success or without a look."""
    return _nft("-f", LOOKS % name.replace("/", "")) if name else ""


def _nft(*arguments: str) -> str:
    """Run nft; its error, "" on success."""
    try:
        done = subprocess.run((NFT, *arguments), capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return repr(error)
    if done.returncode == 0:
        return ""
    return done.stderr.decode("utf-8", "replace")[-500:] or f"nft ended with {done.returncode}"


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
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            fcntl.ioctl(any_socket, SIOCSIFHWADDR, request)
        except OSError:
            return False
    return True


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
        with contextlib.suppress(BlockingIOError, InterruptedError):
            wire.send(_arp(own_mac, b"\0" * 4, address[:3] + bytes([last]), mac))
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
    os.write(1, json.dumps(line).encode() + b"\n")


def _end(line: dict[str, str], status: int) -> int:
    _say(line)
    return status


if __name__ == "__main__":
    sys.exit(main())
