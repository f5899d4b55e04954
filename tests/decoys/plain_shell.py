# ruff: noqa: E501
"""A shell of a release without a channel, for tests of its programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.state import Shell


@contextmanager
def shell_of(release: str, user: str = "root") -> Iterator[Shell]:
    """A visitor's shell."""
    out = os.open(os.devnull, os.O_WRONLY)
    persona = Persona("ssh", "web01", "linux", release, "", "ab" * 16, ((22, "tcp"),), {}, "192.0.2.7", "00:50:56:01:02:03")  # fmt: skip
    try:
        yield Shell(World(persona), user, Recorder(out).session("192.0.2.9", 4000))
    finally:
        os.close(out)
