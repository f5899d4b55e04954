"""A real shell at a real terminal, typed into as a user does."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from pathlib import Path
from types import TracebackType

STARTS = {
    "bash": ["bash", "--norc", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
TEACHES = {
    "bash": "source <(decnet completion bash)",
    "zsh": "autoload -Uz compinit; compinit -u; source <(decnet completion zsh)",
    "fish": "decnet completion fish | source",
}
LIMIT = 20.0


class Shell:
    """An interactive shell that has learned the completions; to be used in a `with`."""

    def __init__(self, name: str, environment: dict[str, str], folder: Path) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(STARTS[name][0], STARTS[name], environment)
        self.seen = ""
        self.type(TEACHES[name] + "; echo lear''ned\r")
        self.wait_for("learned")

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self.terminal)
        os.waitpid(self.pid, 0)

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def tab(self, line: str, expected: str) -> None:
        """Types a line and the tab key, waits for what has to appear, and takes the line back."""
        self.seen = ""
        self.type(f"{line}\t")
        self.wait_for(expected)
        self.type("\x15")

    def wait_for(self, text: str) -> None:
        until = time.monotonic() + LIMIT
        while text not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{text!r} did not appear: {self.seen!r}"
            fresh = os.read(self.terminal, 65536).decode(errors="replace")
            self.seen = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]", "", self.seen + fresh)
