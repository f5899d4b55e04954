"""Every error of the house, and the exit code that each one means.

DecnetError                     1
├── Failed                      1   the work was tried and did not succeed
│   ├── StateBroken             1   a file of ours cannot be read or written
│   ├── MassRemoval             1   a plan would remove more than the guard allows
│   ├── ImageFailed             1   an image could not be made or shipped
│   └── OutputFailed            1   the output could not be written
│       └── ReaderGone          0   because its reader has ended, as `head` does
├── UsageError                  2   bad usage or bad input, nothing changed
│   └── SpecError               2   a fleet file or a value in it, with its place
├── PartlyFailed                4   some deckies or workers failed, the rest is done
├── WorkerError                 4   one worker answered, and the answer is a failure
│   ├── WorkerBusy              4   another job runs there
│   ├── BadAnswer               4   the answer breaks the protocol or its limits
│   │   └── WrongProtocol       4   its agent speaks another protocol
│   ├── ProgramMissing          4   the agent is not there, or what starts it
│   └── DockerDown              5   the worker is there, its Docker engine is not
├── Unreachable                 5   nothing is known about that worker now
├── TrustRefused                6   host key, identity or hash: never retried
│   ├── HostKeyRefused          6
│   ├── IdentityRefused         6
│   ├── FleetRefused            6
│   └── HashRefused             6
├── LockHeld                   75   another command holds the lock
└── Interrupted               130
"""

from __future__ import annotations

from typing import ClassVar


class DecnetError(Exception):
    """An error with one message for the user: who and what, and a hint what to do."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "failed"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None, worker: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.worker = worker


class Failed(DecnetError):
    """The work was tried and did not succeed."""


class StateBroken(Failed):
    """A file of ours cannot be read or written as it has to be."""

    code = "state-broken"


class MassRemoval(Failed):
    """A plan would remove more of the fleet than the guard allows."""

    code = "mass-removal"


class ImageFailed(Failed):
    """An image could not be made or shipped."""

    code = "image-failed"


class OutputFailed(Failed):
    """The output could not be written to stdout: a full disk, a closed stream."""

    code = "output-failed"


class ReaderGone(OutputFailed):
    """The program that read the output has ended, as `head` does: no failure, and not reported."""

    exit_code = 0
    code = "reader-gone"


class UsageError(DecnetError):
    """Bad usage or bad input: nothing was changed."""

    exit_code = 2
    code = "usage"


class SpecError(UsageError):
    """A fleet file is wrong; `place` is file:line, or the flag it came from."""

    code = "bad-spec"

    def __init__(self, message: str, *, place: str = "", hint: str | None = None) -> None:
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.place = place


class PartlyFailed(DecnetError):
    """Some deckies or workers failed, the rest is done."""

    exit_code = 4
    code = "partly-failed"


class WorkerError(DecnetError):
    """One worker answered, and the answer is a failure."""

    exit_code = 4
    code = "worker-failed"


class WorkerBusy(WorkerError):
    """Another job runs on that worker; `job_id` says which."""

    code = "worker-busy"
    retryable = True

    def __init__(self, message: str, *, job_id: str = "", hint: str | None = None, worker: str | None = None):
        super().__init__(message, hint=hint, worker=worker)
        self.job_id = job_id


class BadAnswer(WorkerError):
    """A worker's answer breaks the protocol or one of its limits."""

    code = "bad-answer"


class WrongProtocol(BadAnswer):
    """A worker's agent speaks another protocol; `spoken` is its number where it gives one."""

    def __init__(
        self, message: str, *, spoken: int | None = None, hint: str | None = None, worker: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, worker=worker)
        self.spoken = spoken


class ProgramMissing(WorkerError):
    """The program that was to be run on the worker is not there: it was wiped, or set up anew."""

    code = "program-missing"


class DockerDown(WorkerError):
    """The worker is there, its Docker engine does not answer."""

    exit_code = 5
    code = "docker-down"
    retryable = True


class Unreachable(DecnetError):
    """Nothing is known about that worker now."""

    exit_code = 5
    code = "unreachable"
    retryable = True


class TrustRefused(DecnetError):
    """A worker is not the one that was enrolled. Never retried, never called unreachable."""

    exit_code = 6
    code = "trust-refused"


class HostKeyRefused(TrustRefused):
    """The host key is not the pinned one."""

    code = "host-key-refused"


class IdentityRefused(TrustRefused):
    """Another worker answers under this worker's address."""

    code = "identity-refused"


class FleetRefused(TrustRefused):
    """The worker belongs to another fleet."""

    code = "fleet-refused"


class HashRefused(TrustRefused):
    """The two programs compute different hashes of one thing."""

    code = "hash-refused"


class LockHeld(DecnetError):
    """Another command holds the lock."""

    exit_code = 75
    code = "lock-held"
    retryable = True


class Interrupted(DecnetError):
    """The user or the system ended the command."""

    exit_code = 130
    code = "interrupted"


SEVERITY = (6, 1, 4, 5)
"""Exit codes from the worst down: where several things went wrong, the first of these wins."""


def worst(codes: list[int]) -> int:
    """The one exit code that stands for several (DESIGN section 8: 6, 1, 4, 5, then the largest)."""
    for code in SEVERITY:
        if code in codes:
            return code
    return max(codes, default=0)
