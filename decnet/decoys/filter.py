"""A system call filter (seccomp) that a decoy applies to itself, in addition to Docker's: no sockets but
those of the internet and of this machine.

The profile of older Docker engines lets a container open AF_VSOCK sockets, which reach the hypervisor and the
host of a virtual machine past every network rule. A profile in a file would replace Docker's, and open what
that one closes; filters of a process only add to each other.
"""

import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
"""Of prctl(2). A filter needs no privileges if the process can gain none; Docker sets that too."""

FAMILIES = (1, 2, 10, 16)
"""AF_UNIX for asyncio and the other services of the decky, AF_INET, AF_INET6, AF_NETLINK for the names of
interfaces."""

MACHINES = {"x86_64": (0xC000003E, 41, 53), "aarch64": (0xC00000B7, 198, 199)}
"""The audit architecture, and the numbers of socket(2) and socketpair(2)."""

IO_URING = (425, 426, 427)
"""On every architecture. With io_uring a socket can be opened without socket(2)."""

X32 = 0x40000000
"""The bit of a system call of the x32 interface."""

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


def close_other_sockets() -> None:
    """Apply the filter to this process, before it has threads. On a machine or a kernel that cannot, one line
    on stderr reports it."""
    machine = os.uname().machine
    try:
        if machine in MACHINES and sys.maxsize > 2**32:
            _apply(program(*MACHINES[machine]))
    except OSError as error:
        sys.stderr.write(f"without a socket filter: {error}\n")


def program(architecture: int, socket: int, socketpair: int) -> bytes:
    """The filter in the kernel's format (seccomp(2)). Calls of another architecture, as of 32-bit programs,
    have other numbers: they fail."""
    no_call, no_family = _ERROR | errno.ENOSYS, _ERROR | errno.EAFNOSUPPORT
    families = [_jump(_EQUAL, family, then=len(FAMILIES) - index) for index, family in enumerate(FAMILIES)]
    by_family = [_step(_LOAD, _FIRST_ARGUMENT), *families, _step(_RETURN, no_family), _step(_RETURN, _ALLOW)]
    refused = [_step(_RETURN, no_call)]
    numbers = [
        _step(_LOAD, _NUMBER),
        _jump(_AT_LEAST, X32, then=6),
        *(_jump(_EQUAL, number, then=5 - index) for index, number in enumerate(IO_URING)),
        _jump(_EQUAL, socket, then=3),
        _jump(_EQUAL, socketpair, then=2),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(
        [_step(_LOAD, _ARCHITECTURE), _jump(_EQUAL, architecture, then=1), *refused]
        + [*numbers, *refused, *by_family]
    )


def _step(code: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, 0, 0, value)


def _jump(code: int, value: int, *, then: int) -> bytes:
    """Skip so many steps if it is true."""
    return struct.pack("=HBBI", code, then, 0, value)


def _apply(content: bytes) -> None:
    import ctypes

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]  # noqa: RUF012 (ctypes' own form)

    libc = ctypes.CDLL(None, use_errno=True)
    applied = Program(len(content) // 8, content)
    for option, first, second in (
        (PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0)),
        (PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(applied)),
    ):
        if libc.prctl(option, first, second, ctypes.c_ulong(0), ctypes.c_ulong(0)):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
