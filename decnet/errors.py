"""Every error of decnet with its exit code. docs/troubleshooting.md is generated from this file.

DecnetError                     1
├── Failed                      1   the work was tried and did not succeed
│   ├── StateBroken             1   a file in the state directory cannot be read or written
│   ├── MassRemoval             1   a plan would remove more than the guard allows
│   ├── ImageFailed             1   an image could not be made or shipped
│   ├── Refused                 1   a receiver of events refuses their content
│   └── OutputFailed            1   the output could not be written
│       └── ReaderGone          0   because its reader has ended, as `head` does
├── UsageError                  2   bad usage or bad input, nothing changed
│   ├── SpecError               2   a fleet file or a value in it, with its place
│   │   └── PlanRefused         2   a plan file, or what it rests on has changed
│   ├── RolloutOpen             2   the open rollout does not allow that change
│   └── HomeUnused              2   the state directory has no fleet
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
├── Declined                    0   a question was answered with no, nothing changed
└── Interrupted               130
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, NamedTuple


class LoginState(Enum):
    """How its sshd refused a login: the key, or nothing but a second factor that it requires as well."""

    REFUSED = "refused"
    INCOMPLETE = "incomplete"


class EnrolledHint(str):
    """A hint that only helps with an enrolled worker: an enrolment replaces it."""

    __slots__ = ()


class DecnetError(Exception):
    """An error with one message for the user and a hint what to do.

    One that concerns a worker has its name in `worker` and not in `message`: `str` puts both together. One
    without a worker is this machine's: its disk, its state, its program.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "failed"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None, worker: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.worker = worker

    def __str__(self) -> str:
        return named(self.worker, self.message)


class Failed(DecnetError):
    """The operation was tried and did not succeed.

    Cause: The message says what failed; a hint, if there is one, says what to do.
    Fix: Correct what the message names, then run the command again. `decnet doctor` checks this machine
    and all workers.
    """


class StateBroken(Failed):
    """A file in the state directory cannot be read or written.

    Cause: A full disk, wrong permissions or owner, a damaged file, or a file of a newer decnet.
    Fix: Follow the hint: it names the last good copy and the command that restores it. `decnet doctor`
    checks all files. Free disk space or correct the owner, depending on the message.
    """

    code = "state-broken"


class MassRemoval(Failed):
    """The plan would remove more of the fleet than the limit allows: nothing was removed.

    Cause: More than half of the fleet would be removed, often after a state or fleet file lost entries by
    mistake.
    Fix: Check the plan with `--dry-run`. If the removal is intended, allow it with `--max-remove N`.
    """

    code = "mass-removal"


class ImageFailed(Failed):
    """An image could not be built or sent to a worker.

    Cause: The local Docker engine is not running, has no base image and no registry, or the disk is full.
    Fix: Run `decnet image build` to see the full output of the build, and `decnet doctor` to check the
    engine.
    """

    code = "image-failed"


class Refused(Failed):
    """A receiver of events refuses what it was sent, and would refuse it again.

    Cause: The answer was 400, 413 or 422, or that of a mail server that takes no such mail: an event is too
    large for it, or has a format that it does not read.
    Fix: Nothing after those events waits for them: they stay stored, and `decnet events` shows them. If it
    refuses every event, choose another format (`--send-format`), or raise its limit.
    """

    code = "refused"


class OutputFailed(Failed):
    """The output could not be written to stdout: a full disk or a closed stream.

    Cause: The file or pipe that stdout leads to cannot take more.
    Fix: Free disk space or redirect the output elsewhere. The work itself was finished; events that were
    not printed are printed by the next `decnet events --pull`.
    """

    code = "output-failed"


class ReaderGone(OutputFailed):
    """The program that read the output has exited, as `head` does.

    Cause: A pipe was closed early.
    Fix: Nothing: this is not reported and not a failure.
    """

    exit_code = 0
    code = "reader-gone"


class UsageError(DecnetError):
    """Bad usage or bad input: nothing was changed.

    Cause: An option, argument or name on the command line is wrong, or a question could not be asked
    because the session is not interactive.
    Fix: See `--help` of the command. In scripts, answer questions in advance with `--yes`.
    """

    exit_code = 2
    code = "usage"


class Mistake(NamedTuple):
    """One mistake in a file of the user. `key` is its path with dots, "" for the whole file; `line` counts
    from 1; it is 0 for a file that cannot be read."""

    file: str
    line: int
    key: str
    message: str
    hint: str | None = None

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class SpecError(UsageError):
    """A fleet file is wrong; the message starts with its file and line, or with the flag. `reason` is the
    message without the place, `mistakes` has all mistakes of the file if they were collected.

    Cause: A key is unknown, a value has the wrong type, or two values contradict each other.
    Fix: Correct the line and run `decnet validate FILE` until it reports no error.
    """

    code = "bad-spec"

    def __init__(
        self, message: str, *, place: str = "", hint: str | None = None, mistakes: tuple[Mistake, ...] = ()
    ) -> None:
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.place = place
        self.reason = message
        self.mistakes = mistakes


class PlanRefused(SpecError):
    """A plan file cannot be carried out: nothing was changed.

    Cause: The fleet, its workers or containers, the catalog, the images or the version of decnet have changed
    since the plan was made, or the file is damaged, edited, or of another fleet.
    Fix: Make the plan again with `decnet deploy ... --out FILE`, review it, and run `decnet apply FILE`.
    """

    code = "plan-refused"


class RolloutOpen(UsageError):
    """A rollout is open, and the command would change what it is changing: nothing was changed.

    Cause: One change goes out at a time; the command concerns deckies of workers that are part of it.
    Fix: `decnet rollout show` shows how far it is. Wait for it (`decnet rollout wait`), end it
    (`decnet rollout cancel`, `rollback`), or deploy with `--supersede`.
    """

    code = "rollout-open"

    def __init__(self, rollout: str, why: str) -> None:
        super().__init__(
            why if rollout in why else f"rollout {rollout} is open: {why}",
            hint="decnet rollout show; then rollout wait, cancel or rollback; a deploy may --supersede it",
        )


class HomeUnused(UsageError):
    """The state directory was never used, or its fleet was uninstalled: there is no fleet in it.

    Cause: There is no fleet yet, `DECNET_HOME` is not set or points elsewhere, the command runs as another
    user (with or without sudo), or the disk with the directory is not mounted.
    Fix: To start a fleet, use `decnet init`. If there is one, set `DECNET_HOME` to its directory, or run the
    command as the user who deployed it.
    """

    code = "state-unused"


class PartlyFailed(DecnetError):
    """Some deckies or workers failed; the rest is done.

    Cause: Each failure is reported on a line of its worker or decky, with the last log lines of a
    container that failed.
    Fix: Fix what these lines name, then run `decnet reconcile`. `decnet history DECKY` shows earlier
    attempts.
    """

    exit_code = 4
    code = "partly-failed"


class WorkerError(DecnetError):
    """One worker answered, and its answer is a failure.

    Cause: The agent refused the request or could not carry it out; the message has its reason.
    Fix: Follow the hint, and check the worker with `decnet worker check NAME`.
    """

    exit_code = 4
    code = "worker-failed"


class WorkerBusy(WorkerError):
    """Another job runs on that worker; `job_id` names it.

    Cause: An earlier command, possibly an interrupted one, started a job that still runs.
    Fix: Wait, then run the command again. `decnet status` shows the job's progress.
    """

    code = "worker-busy"
    retryable = True

    def __init__(self, message: str, *, job_id: str = "", hint: str | None = None, worker: str | None = None):
        super().__init__(message, hint=hint, worker=worker)
        self.job_id = job_id


class BadAnswer(WorkerError):
    """A worker's answer breaks the protocol or one of its limits.

    Cause: A damaged or manipulated agent, or another program that answers in its place.
    Fix: Replace the agent with `decnet worker upgrade NAME`. If that does not help, treat the worker as
    compromised: `decnet worker remove NAME --force`.
    """

    code = "bad-answer"


class WrongProtocol(BadAnswer):
    """A worker's agent speaks another protocol; `protocol` is its number, if it gives one.

    Cause: The agent is older or newer than this decnet.
    Fix: Older agent: `decnet worker upgrade NAME`. Newer agent: upgrade decnet on this machine.
    """

    def __init__(
        self, message: str, *, protocol: int | None = None, hint: str | None = None, worker: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, worker=worker)
        self.protocol = protocol


class ProgramMissing(WorkerError):
    """The agent, or Python to run it, is missing on the worker.

    Cause: The worker was wiped or reinstalled.
    Fix: Enrol it again with `decnet worker add`.
    """

    code = "program-missing"


class DockerDown(WorkerError):
    """The worker answers, but its Docker engine does not.

    Cause: Docker is stopped, still starting, or hangs.
    Fix: Start Docker there (`systemctl start docker`), then run the command again. Its deckies stay
    unknown until then, and nothing is changed there.
    """

    exit_code = 5
    code = "docker-down"
    retryable = True


class Unreachable(DecnetError):
    """The worker cannot be reached, so its present state is unknown.

    Cause: The machine is off, the network or its sshd is down, or SSH authentication failed. Then the message
    names the key, the operator's own or the fleet's, and what the sshd offers.
    Fix: Test with `decnet worker check NAME` and plain `ssh`. Nothing is changed on that worker until it
    answers.
    """

    exit_code = 5
    code = "unreachable"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        worker: str | None = None,
        login: LoginState | None = None,
    ) -> None:
        super().__init__(message, hint=hint, worker=worker)
        self.login = login


class TrustRefused(DecnetError):
    """A worker is not the one that was enrolled: nothing was sent to it. Never retried, and never reported
    as unreachable.

    Cause: Another machine answers at that address, or the machine was reinstalled or manipulated.
    Fix: Find out which before anything else; the next entries describe each case.
    """

    exit_code = 6
    code = "trust-refused"


class HostKeyRefused(TrustRefused):
    """The host key is not the pinned one.

    Cause: The machine was reinstalled or its keys were replaced, another machine has its address, or
    someone intercepts the connection.
    Fix: Compare the fingerprint on the machine's console. If the change is legitimate: `decnet worker
    trust NAME`.
    """

    code = "host-key-refused"


class IdentityRefused(TrustRefused):
    """Another worker answers at this worker's address, or the machine lost its identity.

    Cause: Addresses were swapped, a machine was cloned, or the agent's directory was deleted.
    Fix: `decnet worker show NAME` shows what was enrolled. Enrol the machine again with `decnet worker
    add` if it is the right one.
    """

    code = "identity-refused"


class FleetRefused(TrustRefused):
    """The worker belongs to another fleet.

    Cause: It was enrolled by another operator, or from another state directory.
    Fix: Use the state directory of its fleet (`DECNET_HOME`), or take it over with `decnet worker add
    --adopt`.
    """

    code = "fleet-refused"


class HashRefused(TrustRefused):
    """The agent is not one that was installed from here, or the two programs compute different hashes of the
    same data.

    Cause: A second operator with another build, a manipulated agent, or a damaged transfer.
    Fix: `decnet worker upgrade NAME --force` installs this operator's agent, if the machine is trusted.
    """

    code = "hash-refused"


class LockHeld(DecnetError):
    """Another decnet command holds the lock.

    Cause: Another command runs, for example from cron; the message has its pid, command and start.
    Fix: Wait for it, or allow more time with `--lock-timeout SECONDS`.
    """

    exit_code = 75
    code = "lock-held"
    retryable = True


class Interrupted(DecnetError):
    """The user or the system ended the command.

    Cause: Ctrl-C or SIGTERM.
    Fix: Jobs that a worker accepted continue there. `decnet reconcile` finishes the work.
    """

    exit_code = 130
    code = "interrupted"


class Declined(DecnetError):
    """The answer to a question was no: nothing was changed.

    Cause: Any answer but `y` or `yes` is a no.
    Fix: Nothing: the command did what you answered.
    """

    exit_code = 0
    code = "declined"


class WorkerFailure(NamedTuple):
    """How one worker failed, refused or was not reached, as a value. `message` does not name the worker,
    `str` does."""

    worker: str
    kind: type[DecnetError]
    message: str
    hint: str | None = None

    @classmethod
    def of(cls, error: DecnetError) -> WorkerFailure:
        """The failure of the worker that the error names. Raises the error where it names none: a problem
        of this machine is not a worker's failure."""
        if error.worker is None:
            raise error
        return cls(error.worker, type(error), error.message, error.hint)

    @property
    def exit_code(self) -> int:
        return self.kind.exit_code

    @property
    def error(self) -> DecnetError:
        """The failure as an exception, for a command that ends with it."""
        return self.kind(self.message, hint=self.hint, worker=self.worker)

    def __str__(self) -> str:
        return named(self.worker, self.message)


def named(worker: str | None, message: str) -> str:
    """The message, with the name of the worker that it concerns, if any."""
    return f"{worker}: {message}" if worker else message


SEVERITY = (6, 1, 4, 5)
"""Exit codes, the worst first: with several failures, the first of these wins."""


def worst(codes: list[int]) -> int:
    """The one exit code for several (6, 1, 4, 5, then the largest)."""
    for code in SEVERITY:
        if code in codes:
            return code
    return max(codes, default=0)
