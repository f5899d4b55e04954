"""How far away a worker is: the time that its network takes."""

from __future__ import annotations

import socket
import struct
from typing import Any

_LEAST = struct.Struct("I")
_OFFSET = 148
"""Of tcpi_min_rtt in struct tcp_info (linux/tcp.h): microseconds, 32 bits. Linux 4.6 and newer."""


def round_trip(connection: Any) -> float:
    """The shortest round trip that TCP has measured on a connection of asyncssh, in seconds; 0.0 if there is
    no socket, as behind a jump host, or the kernel does not know."""
    sock = connection.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return 0.0
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _OFFSET + _LEAST.size)
    except OSError:
        return 0.0
    if len(info) < _OFFSET + _LEAST.size:
        return 0.0
    micros = _LEAST.unpack_from(info, _OFFSET)[0]
    # The kernel's word for none yet is the largest number.
    return 0.0 if micros == 0xFFFFFFFF else float(micros) / 1e6
