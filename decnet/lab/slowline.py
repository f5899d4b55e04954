"""A slow line, as a separate program: forwards frames between two interfaces, delays them and drops some.

    python slowline.py LEFT RIGHT DELAY_MS LOSS_PERCENT READY_FILE

Many kernels lack netem, which would do the same. Frames keep their virtio header (packet(7)), so that
checksums and segmentation that the sender offloads stay offloaded.
"""

import contextlib
import random
import select
import socket
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final

ALL_PROTOCOLS: Final = 0x0003
SOL_PACKET: Final = 263
PACKET_VNET_HDR: Final = 15
PACKET_IGNORE_OUTGOING: Final = 23
MAX_FRAME: Final = 70_000
MAX_HELD: Final = 20_000

Held = deque[tuple[float, socket.socket, bytes]]


def carry(left: socket.socket, right: socket.socket, delay: float, loss: float) -> None:
    """Forward frames in both directions until killed. `delay` is in seconds each way, `loss` from 0 to 1."""
    other = {left: right, right: left}
    held: Held = deque()
    while True:
        wait = max(0.0, held[0][0] - time.monotonic()) if held else None
        for side in select.select([left, right], [], [], wait)[0]:
            frame = side.recv(MAX_FRAME)
            if random.random() >= loss and len(held) < MAX_HELD:
                held.append((time.monotonic() + delay, other[side], frame))
        while held and held[0][0] <= time.monotonic():
            _, side, frame = held.popleft()
            # If the cable has just been unplugged, the frame is lost.
            with contextlib.suppress(OSError):
                side.send(frame)


def tap(interface: str) -> socket.socket:
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    found.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    found.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    found.bind((interface, ALL_PROTOCOLS))
    return found


if __name__ == "__main__":
    ends = (tap(sys.argv[1]), tap(sys.argv[2]))
    Path(sys.argv[5]).touch()
    carry(*ends, float(sys.argv[3]) / 1000, float(sys.argv[4]) / 100)
