"""A decky's network namespace and an attacker's, joined by a cable, with the real kernel, nft and nmap.

The decky has the rules of its image, and what listens in it is a program of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import decnet
from decnet.agent.containers import Container, start_tick
from decnet.wire import LABEL_DECKY, NETWORK

RULES = Path(decnet.__file__).parent / "images" / "base" / "rules.nft"
ADDRESS, MAC = "192.0.2.7", "00:50:56:0a:0b:0c"
ATTACKER, SECOND = "192.0.2.66", "192.0.2.67"
ID = "c" * 64
LISTENERS = """
import select, socket, sys
tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
tcp.bind(("0.0.0.0", 22)), udp.bind(("0.0.0.0", 161)), tcp.listen(64)
print("open", flush=True)
while True:
    if tcp in select.select([tcp, udp], [], [])[0]:
        tcp.accept()[0].close()
    else:
        udp.sendto(b"answer", udp.recvfrom(2048)[1])
"""
FORGED = """
import socket, struct, sys
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
target = socket.inet_aton(sys.argv[1])
for number in range(int(sys.argv[2])):
    source = struct.pack(">I", 0xC6336400 + number)
    tcp = struct.pack(">HHIIBBHHH", 1024, 80, 0, 0, 0x50, 2, 1024, 0, 0)
    whole = source + target + b"\\0\\6" + struct.pack(">H", 20) + tcp
    total = sum(struct.unpack(f">{len(whole) // 2}H", whole))
    total = (total & 0xFFFF) + (total >> 16)
    tcp = tcp[:16] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + tcp[18:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, target)
    raw.sendto(ip + tcp, (sys.argv[1], 0))
"""
"""SYN packets to port 80, each from another address."""


class Ground:
    """Both namespaces, until `close`."""

    def __init__(self) -> None:
        self._processes = [_namespace(), _namespace()]
        self.decky, self.attacker = (each.pid for each in self._processes)
        ends = f"netns {self.decky} address {MAC} type veth peer name eth0 netns {self.attacker}"
        _sh(f"ip link add eth0 {ends}")
        self.on(self.decky, "ip", "addr", "add", f"{ADDRESS}/24", "dev", "eth0")
        for address in (ATTACKER, SECOND):
            self.on(self.attacker, "ip", "addr", "add", f"{address}/24", "dev", "eth0")
        for each in (self.decky, self.attacker):
            self.on(each, "ip", "link", "set", "lo", "up")
            self.on(each, "ip", "link", "set", "eth0", "up")
        self.on(self.attacker, "ip", "route", "add", "255.255.255.255", "dev", "eth0")
        self.on(self.decky, "ip", "route", "add", "default", "via", "192.0.2.1")
        self.on(self.decky, "nft", "-f", str(RULES))
        self.on(self.decky, "nft", "delete", "table", "arp", "quiet")
        self._listen()

    @property
    def base(self) -> Container:
        """The decky's base, as Docker's list shows it."""
        row = {
            "Id": ID, "Names": ["/web"], "Labels": {LABEL_DECKY: "web"}, "State": "running",
            "NetworkSettings": {"Networks": {NETWORK: {"IPAddress": ADDRESS}}},
        }  # fmt: skip
        base = Container(row)
        base.pid, base.started = self.decky, start_tick(self.decky)
        return base

    def attack(self, *argv: str) -> str:
        return self.on(self.attacker, *argv)

    def nmap(self, *options: str) -> str:
        """Without a ping first, and each probe once."""
        return self.attack("nmap", "-n", "-Pn", "--max-retries", "0", *options, ADDRESS)

    def forge(self, number: int) -> None:
        """A SYN from each of so many addresses."""
        # The decky's answers to them go to the gateway, which is not there.
        self.attack(sys.executable, "-c", FORGED, ADDRESS, str(number))

    def nft(self, *argv: str) -> str:
        return self.on(self.decky, "nft", *argv)

    def on(self, pid: int, *argv: str) -> str:
        return _sh(*(["nsenter", "-t", str(pid), "-n", *argv]))

    def renew(self) -> None:
        """The base crashes and is started again: another namespace."""
        self.close()
        self.__init__()  # type: ignore[misc]

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _listen(self) -> None:
        argv = ["nsenter", "-t", str(self.decky), "-n", sys.executable, "-c", LISTENERS]
        listening = subprocess.Popen(argv, stdout=subprocess.PIPE)
        self._processes.append(listening)
        assert listening.stdout is not None
        assert listening.stdout.readline() == b"open\n"


def _namespace() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(["unshare", "--net", "sleep", "300"])
    own = os.stat("/proc/self/ns/net").st_ino
    until = time.monotonic() + 10
    while os.stat(f"/proc/{process.pid}/ns/net").st_ino == own or _program(process.pid) != "sleep":
        assert time.monotonic() < until
        time.sleep(0.01)
    return process


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _sh(*argv: Any) -> str:
    words = argv[0].split() if len(argv) == 1 else list(argv)
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, f"{words}: {ended.stderr}"
    return ended.stdout
