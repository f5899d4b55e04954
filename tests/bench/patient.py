"""decnet with a longer time limit for connections: one sshd here stands for a thousand machines, and
takes as long for their greetings as no machine would for its own.

At its end it writes to the file that $BENCH_MEMORY names how many KiB it had at its largest: what the kernel
reports to the parent is never less than the parent's own memory.
"""

import atexit
import os
from pathlib import Path

from decnet.worker import connect

connect.CONNECT_LIMIT = 120.0


def _note_memory() -> None:
    lines = Path("/proc/self/status").read_text().splitlines()
    [largest] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    Path(os.environ["BENCH_MEMORY"]).write_text(largest)


if __name__ == "__main__":
    from decnet.cli import main

    atexit.register(_note_memory)
    main()
