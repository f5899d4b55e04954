"""What the command line and the agent must agree on. Standard library only, Python 3.9 or newer."""

from __future__ import annotations

from .canonical import canonical, digest, parse
from .framing import FrameError, Unframer, frame
from .limits import (
    AGENT_VERSION,
    LABEL_DECKY,
    LABEL_FINGERPRINT,
    LABEL_FLEET,
    LABEL_PROJECT,
    LABEL_SERVICE,
    LABEL_WORKER,
    MAX_ANSWER_BYTES,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_ERROR_CHARS,
    MAX_PREAMBLE_BYTES,
    MAX_REQUEST_BYTES,
    NETWORK,
    PROJECT,
    PROTOCOL,
    TIMELESS,
)
from .projects import container_name, is_project
from .records import GENESIS, chained, verify
from .spelling import read, spell
from .text import clean
from .versions import compose_breaks

__all__ = [
    "AGENT_VERSION",
    "GENESIS",
    "LABEL_DECKY",
    "LABEL_FINGERPRINT",
    "LABEL_FLEET",
    "LABEL_PROJECT",
    "LABEL_SERVICE",
    "LABEL_WORKER",
    "MAX_ANSWER_BYTES",
    "MAX_DEPTH",
    "MAX_ENTRIES",
    "MAX_ERROR_CHARS",
    "MAX_PREAMBLE_BYTES",
    "MAX_REQUEST_BYTES",
    "NETWORK",
    "PROJECT",
    "PROTOCOL",
    "TIMELESS",
    "FrameError",
    "Unframer",
    "canonical",
    "chained",
    "clean",
    "compose_breaks",
    "container_name",
    "digest",
    "frame",
    "is_project",
    "parse",
    "read",
    "spell",
    "verify",
]
