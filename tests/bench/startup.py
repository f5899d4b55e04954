"""How long a command takes that has hardly anything to do."""

from __future__ import annotations

import sys

from .place import median, on_worker
from .rows import Row

FLEET = '[decky.web]\nservices = ["ssh", "http"]\n'
COMMANDS = {
    "--help": 7,
    "services": 7,
    "validate FILE": 7,
}
"""Each with its aim."""


def start_up_rows() -> list[Row]:
    """Wall time, each against an empty Python of the same environment."""
    on_worker("sh", "-c", f"printf '{FLEET}' > /tmp/decnet-bench.toml")
    nothing = median(lambda: on_worker(sys.executable, "-c", "pass"), 15)
    rows = []
    for command, aim in COMMANDS.items():
        argv = command.replace("FILE", "/tmp/decnet-bench.toml").split()
        taken = median(lambda argv=argv: on_worker("decnet", *argv), 15)  # type: ignore[misc]
        rows.append(Row(f"start-up of decnet {command}", taken, nothing, "python -c pass", aim))
    asked = {"_DECNET_COMPLETE": "complete_bash", "COMP_WORDS": "decnet deploy -s ", "COMP_CWORD": "3"}
    taken = median(lambda: on_worker("decnet", env=asked), 15)
    return [*rows, Row("completion of decnet deploy -s", taken, nothing, "python -c pass", 7)]
