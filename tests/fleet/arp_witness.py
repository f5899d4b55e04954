"""Run on a machine: ask the network who has each of these addresses, and print who answered.

    python arp_witness.py INTERFACE OWN_ADDRESS ADDRESS...

Asks with the own address, and as a host that checks an address before it uses it. Prints {address: [MAC]}.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time

from arp_watch import ETH_P_ARP, question


def ask(interface: str, own: str, addresses: list[str], seconds: float = 1.5) -> dict[str, list[str]]:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP))
    wire.bind((interface, ETH_P_ARP))
    mac = wire.getsockname()[4]
    for address in addresses:
        for sender in (own, "0.0.0.0"):
            wire.send(question(mac, socket.inet_aton(sender), socket.inet_aton(address)))
    found: dict[str, set[str]] = {}
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select.select([wire], [], [], left)[0]:
            frame = wire.recv(2048)
            if frame[20:22] == b"\x00\x02" and frame[22:28] != mac:
                found.setdefault(socket.inet_ntoa(frame[28:32]), set()).add(frame[22:28].hex(":"))
    return {address: sorted(found.get(address, ())) for address in addresses}


if __name__ == "__main__":
    interface, own, *addresses = sys.argv[1:]
    print(json.dumps(ask(interface, own, addresses)))
