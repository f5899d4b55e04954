"""A file system without locks: flock(2) fails, as on some network file systems."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import decnet

PACKAGE = Path(decnet.__file__).parent
FLOCK = {"x86_64": (0xC000003E, 73), "aarch64": (0xC00000B7, 32)}
WITHOUT_LOCKS = """
import os, struct, sys
sys.path.insert(0, sys.argv[1])
from decnet.decoys import filter
architecture, number, error = map(int, sys.argv[2:5])
steps = [filter._step(0x20, 4), filter._jump(0x15, architecture, then=1), filter._step(6, 0x7FFF0000),
         filter._step(0x20, 0), filter._jump(0x15, number, then=1), filter._step(6, 0x7FFF0000),
         filter._step(6, 0x50000 | error)]
filter._apply(b"".join(steps))
os.execv(sys.argv[5], sys.argv[5:])
"""
"""flock(2) fails with this error, as on a network file system."""

NO_LOCKS = {"ENOLCK": 37, "EOPNOTSUPP": 95, "ENOSYS": 38, "EINVAL": 22}


def without_locks(error: str) -> list[str]:
    architecture, number = FLOCK[os.uname().machine]
    numbers = [str(architecture), str(number), str(NO_LOCKS[error])]
    return [sys.executable, "-c", WITHOUT_LOCKS, str(PACKAGE.parent), *numbers]
