"""The forced command: what the client asked sshd to run, taken as one verb or refused. No shell sees it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Optional

COMMAND = "decnet-agent"
LONGEST = 64


def verb_of(command: Optional[str], verbs: AbstractSet[str]) -> Optional[str]:
    """The verb that `decnet-agent VERB`, or `VERB`, names; None for anything else, one character more or less
    included: the comparison is with the whole line, so nothing is ever parsed."""
    if command is None or len(command) > LONGEST:
        return None
    for verb in verbs:
        if command in (verb, COMMAND + " " + verb):
            return verb
    return None
