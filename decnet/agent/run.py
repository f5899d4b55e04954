"""Runs other programs, always from an argument list, with an empty environment, a time limit and bounded
output."""

from __future__ import annotations

import os

from decnet.wire import compose

from . import limits
from .home import home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List


def environment() -> Dict[str, str]:
    from .docker import socket_path

    return compose.environment(home(), "unix://" + os.path.abspath(socket_path()))


def run(command: List[str], limit: float) -> "tuple[int, str]":
    """Exit status (124: timeout, 127: no such program) and the end of the output."""
    # Where they are used: importing both takes longer than most verbs.
    import subprocess
    import tempfile

    with tempfile.TemporaryFile() as output:
        try:
            ended = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment(),
                cwd="/", timeout=limit, check=False,
            )  # fmt: skip
            status = ended.returncode
        except subprocess.TimeoutExpired:
            status = 124
        except OSError:
            status = 127
        return status, end_of(output.fileno())


def end_of(descriptor: int) -> str:
    """The last ERROR_BYTES of a file as text."""
    size = os.fstat(descriptor).st_size
    content = os.pread(descriptor, limits.ERROR_BYTES, max(0, size - limits.ERROR_BYTES))
    return content.decode("utf-8", "replace")
