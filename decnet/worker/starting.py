"""How Python starts an agent's file."""

from __future__ import annotations

_TEXT = (
    "import os, sys; sys.argv[0] = os.path.realpath({agent!r}); sys.path.insert(0, sys.argv[0]); "
    "from decnet.agent.program import main; sys.exit(main(sys.argv[1:]))"
)


def start(agent: str) -> tuple[str, ...]:
    """Python's arguments; the agent's verb goes behind them.

    The file alone would do, but Python then imports `runpy` first: a quarter of a heartbeat. The link to the
    current agent is followed once, as in the file itself: an upgrade moves it.
    """
    return ("-I", "-S", "-c", _TEXT.format(agent=agent))
