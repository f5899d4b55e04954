"""Names and bounds that both programs hold to."""

from __future__ import annotations

PROTOCOL = 2
AGENT_VERSION = 3
"""Raised by one, by hand, with every released change of `decnet.agent` or `decnet.wire`: a command that holds
the operator's lock replaces an agent with a lower number, and leaves one with a higher. An agent from before
there were versions says none, which is 0."""

TIMELESS = frozenset({"hello", "upgrade"})
"""Verbs whose request and answer look the same in every protocol: without them two programs that speak
different ones could not find that out, and not mend it."""

PROJECT = "decnet"
"""The project that the fleet is; every other one is a topology."""

NETWORK = "decnet_lan"
"""The Docker network of a worker that is its LAN: deckies of every project may be attached to it."""

LABEL_FLEET = "decnet.fleet"
LABEL_WORKER = "decnet.worker"
LABEL_PROJECT = "decnet.project"
"""Written for other projects than the fleet only: its containers stay as they were made."""
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
