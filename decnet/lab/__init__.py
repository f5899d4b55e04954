"""A practice network on one Linux machine: workers with their own Docker engine and sshd, a LAN, an attacker.

It sets up nothing in the machine's own network namespace and changes none of the machine's configuration.
"""

from decnet.lab.choice import ENGINES, parse_options
from decnet.lab.enter import run_argv, shell_env
from decnet.lab.faults import heal, partition, pause, resume, slow, start, stop, wipe
from decnet.lab.images import provide_images
from decnet.lab.known import check_known, exists, known_labs, other_labs
from decnet.lab.layout import Lab
from decnet.lab.lifecycle import down, up
from decnet.lab.status import LabStatus, WorkerStatus, status

__all__ = [
    "ENGINES", "Lab", "LabStatus", "WorkerStatus", "check_known", "down", "exists", "heal", "known_labs",
    "other_labs", "parse_options", "partition", "pause", "provide_images", "resume", "run_argv", "shell_env",
    "slow", "start", "status", "stop", "up", "wipe",
]  # fmt: skip
