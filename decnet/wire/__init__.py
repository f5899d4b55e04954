"""What the command line and the agent must agree on. Standard library only, Python 3.9 or newer."""

from __future__ import annotations

from .canonical import GENESIS, canonical, chained, decode_json, digest, encode_json, parse, verify
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
    compose_breaks,
    container_name,
    is_project,
)
from .text import clean

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
    "decode_json",
    "digest",
    "encode_json",
    "frame",
    "is_project",
    "parse",
    "verify",
]
