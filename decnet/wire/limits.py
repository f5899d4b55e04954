"""Names and bounds that both programs hold to."""

from __future__ import annotations

PROTOCOL = 1
PROJECT = "decnet"

LABEL_FLEET = "decnet.fleet"
LABEL_DECKY = "decnet.decky"
LABEL_SERVICE = "decnet.service"
LABEL_FINGERPRINT = "decnet.fingerprint"

MAX_PREAMBLE_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_REQUEST_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40
MAX_ENTRIES = 500_000
"""Values in one JSON text: empty lists cost three bytes on the wire and sixty in memory."""
MAX_ERROR_CHARS = 2000
