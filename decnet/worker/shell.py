"""Whether a user's login shell runs the commands that it is given, and what is in the way if it does not."""

from __future__ import annotations

import secrets
from typing import Any

from decnet import wire
from decnet.errors import BadAnswer, WorkerError

from .bootstrap import COMMAND_LIMIT, Ran, run_command
from .ssh import TooLate

FILES = "~/.bashrc (bash), ~/.zshenv (zsh), ~/.cshrc (csh), ~/.ssh/rc"
GUARD = "run that in interactive shells only: case $- in *i*) ;; *) return ;; esac"


async def check_shell(connection: Any, worker: str, user: str) -> None:
    """Run a command that reads its input, and compare. Raises WorkerError with what is in the way: a start-up
    file, the login shell, or a forced command."""
    mark = secrets.token_hex(8)
    # A shell that a start-up file has started in place of ours would read these lines as commands.
    lines = [f": {mark}-1", f'echo {mark}-shell="$0"']
    try:
        ran = await run_command(
            connection, worker, ["sh", "-c", f"echo {mark}-0; cat"], "\n".join([*lines, ""]).encode()
        )
    except BadAnswer:
        raise _error(worker, user, "prints without end before it runs a command", GUARD) from None
    except TooLate as error:
        text = f"does not run a simple command within {COMMAND_LIMIT:g} s: it waits for something"
        raise _error(worker, user, text, GUARD) from error
    if (found := _in_the_way(ran, mark, lines, user)) is not None:
        raise _error(worker, user, *found)


def _error(worker: str, user: str, text: str, fix: str) -> WorkerError:
    return WorkerError(f"the login shell of {user} {text}", hint=fix, worker=worker)


def _in_the_way(ran: Ran, mark: str, lines: list[str], user: str) -> tuple[str, str] | None:
    """What is wrong with the shell, and how to fix it; None if it ran the command."""
    seen = ran.output.decode("utf-8", "replace").splitlines()
    if f"{mark}-0" in "".join(seen) and all(line in seen for line in lines):
        return None
    shell = next((line.partition("=")[2] for line in seen if line.startswith(f"{mark}-shell=")), None)
    if shell is not None:
        text = f"starts {wire.clean(shell, 60)} in place of the command: `exec` in a start-up file"
        return text, f"remove it from {FILES}, or {GUARD}"
    if f"{mark}-0" in "".join(seen):
        text = "reads the input of the command: `read` or a similar command in a start-up file"
        return text, f"remove it from {FILES}, or {GUARD}"
    printed = wire.clean(" | ".join(line for line in seen if mark not in line), 160)
    shown = f" and printed: {printed}" if printed else ""
    if ran.how is None:
        text = f"did not run the command{shown}: a start-up file ends it, or sshd forces another command"
    else:
        text = f"runs no command: it {ran.how}{shown}"
    return text, (
        f"look for `exit` or `exec` in {FILES} of {user}, for ForceCommand in sshd_config and command= in "
        f"authorized_keys; a nologin shell: usermod -s /bin/sh {user}; or enrol another user"
    )
