"""`python -m fakefleet`: runs commands on fake fleets, each in a separate process that may be killed.

One line of JSON in, {"folder", "verb", "args", "options", "fault"}; one line out, {"code", "output"}: the
exit code, or the negative number of the signal that ended it, and the error or the summary. Everything is
imported once, and each command is a fork.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from decnet.wire import fault

from .fleet import FakeFleet, in_memory

ONE = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.web]
services = ["http"]
"""


def main() -> None:
    warm_up()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(forked(json.loads(line))) + "\n")
        sys.stdout.flush()


def warm_up() -> None:
    """Import what commands need, by running some on a separate fleet."""
    folder = in_memory()
    fleet = FakeFleet(folder)
    fleet.deploy(ONE)
    fleet.mutate("web", services=["ssh"])
    fleet.teardown()
    fleet.remove("w1")
    fleet.close()
    shutil.rmtree(folder)
    # Garbage collection in a child would copy every page of this process.
    gc.freeze()


def forked(command: dict[str, Any]) -> dict[str, Any]:
    """Run one command in a child, and wait for its end."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            status = run(command, writer)
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        words = pipe.read()
    return {"code": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "output": words}


def run(command: dict[str, Any], writer: int) -> int:
    """The command's exit code; its words go to the descriptor."""
    fleet = FakeFleet(Path(command["folder"]))
    if command.get("fault"):
        os.environ[fault.VARIABLE] = command["fault"]
    fault.begin("")
    ran = getattr(fleet, command["verb"])(*command.get("args", ()), **command.get("options", {}))
    words = str(ran.error) if ran.error else getattr(ran.outcome, "summary", "")
    os.write(writer, words.encode())
    return int(ran.code)


main()
