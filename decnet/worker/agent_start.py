"""How the agent's file is started. Standard library only, and little of it."""

from __future__ import annotations

import os

from decnet.wire.fault import VARIABLE

PASSED_ON = ("PATH", "DECNET_AGENT_HOME", "DECNET_DOCKER_SOCKET")
AGENT_FAULT = "DECNET_AGENT_FAULT"
"""Becomes the agent's $DECNET_FAULT: ours counts this process's places."""
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_LOAD = """import marshal
code = "%s-%s-%x.code" % (sys.argv[0][:-4], sys.implementation.cache_tag, sys.hexversion)
try:
    with open(code, "rb") as file:
        exec(marshal.load(file), {"__file__": code})
except (OSError, EOFError, TypeError, ValueError):
    sys.path.insert(0, sys.argv[0])
"""
_TEXT = (
    "import os, sys; sys.argv[0] = os.path.realpath({agent!r}); exec({load!r}); "
    "from decnet.agent.program import main; os._exit(main(sys.argv[1:]) or 0)"
)


def start(agent: str) -> tuple[str, ...]:
    """Python's arguments to start an agent's file, before the verb, in one line.

    The file alone would work, but Python then imports `runpy` first: a quarter of the time of a `status`. The
    link to the current agent is resolved once, as in the file itself, because an upgrade moves it. Byte code
    that the agent has kept (agent/compiled.py) saves opening the file at all, and `os._exit` saves taking
    every module apart: the agent's output is not buffered.
    """
    return ("-I", "-S", "-c", _TEXT.format(agent=agent, load=_LOAD))


def local_environment(home: str | None = None) -> dict[str, str]:
    """The environment of this machine's agent. `home` is its folder; None leaves that to ours."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment.setdefault("PATH", DEFAULT_PATH)
    if AGENT_FAULT in os.environ:
        environment[VARIABLE] = os.environ[AGENT_FAULT]
    if home is not None:
        environment["DECNET_AGENT_HOME"] = home
    return environment
