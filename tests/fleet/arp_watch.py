"""Run on the attacker's machine: ask the LAN repeatedly who has an address, and print who answered.

    python arp_watch.py INTERFACE OWN_ADDRESS ADDRESS

Each line is one question: the seconds since the epoch, then the hardware addresses of all who answered it.
A line on stdin ends it.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import time

ETH_P_ARP = 0x0806
PERIOD = 0.08


def question(mac: bytes, own: bytes, wanted: bytes) -> bytes:
    header = b"\xff" * 6 + mac + struct.pack("!H", ETH_P_ARP)
    return header + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + own + bytes(6) + wanted


def answers(wire: socket.socket, wanted: bytes, until: float) -> list[str]:
    """The hardware addresses of all that say, before `until`, that they have `wanted`."""
    found = []
    while (left := until - time.monotonic()) > 0:
        if select.select([wire], [], [], left)[0]:
            frame = wire.recv(2048)
            if frame[20:22] == b"\x00\x02" and frame[28:32] == wanted:
                found.append(frame[22:28].hex(":"))
    return found


def watch(interface: str, own: str, wanted: str) -> None:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP))
    wire.bind((interface, ETH_P_ARP))
    ask = question(wire.getsockname()[4], socket.inet_aton(own), socket.inet_aton(wanted))
    while not select.select([sys.stdin], [], [], 0)[0]:
        wire.send(ask)
        print(time.time(), *answers(wire, socket.inet_aton(wanted), time.monotonic() + PERIOD), flush=True)


if __name__ == "__main__":
    watch(*sys.argv[1:])
