"""The requirements of a worker, at enrolment and later, and how to fix what is missing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from decnet.errors import WorkerError
from decnet.model.base import FrozenModel, Short
from decnet.model.worker import Count, Facts, Hello
from decnet.wire import clean, compose_breaks, compose_is_too_old
from decnet.wire.engine import START

from .client import AgentClient

HOME = "/var/lib/decnet-agent"
"""The agent's directory on a worker."""
LEAST_PYTHON = (3, 9)
LEAST_DISK_MIB = 512
MOST_SKEW = 30.0
NOISE_SECONDS = 0.15
SLOW_HELLO = 0.5
TRIES = 3
RESTART = "systemctl restart docker, or rc-service docker restart"


class Engine(FrozenModel):
    """Docker's version, or why it is unknown: no permission, missing, stopped, no answer. `kind` is a key of
    REFUSED, snap, or "" for Docker Engine from packages."""

    version: Short | None
    error: Short | None
    kind: Short = ""
    limits_memory: bool = True
    missing_limits: Annotated[tuple[Short, ...], Field(strict=False, max_length=16)] = ()


class Identity(FrozenModel):
    """The worker and fleet that a machine already belongs to."""

    worker_id: Short
    fleet_id: Short


class Survey(FrozenModel):
    """What the script `survey` reports of a machine. Disk in MiB, clock in seconds since the epoch."""

    python: Short
    uid: Count
    user: Short
    docker: Engine
    compose: Short | None
    disk_free_mib: Count
    clock: float = Field(ge=0)
    home_ready: bool
    identity: Identity | None
    ends_with_session: bool = False
    """Whether systemd ends the user's processes at logout."""
    noexec: Short = ""
    """The mount point that keeps the agent from running, if any."""


class Problem(NamedTuple):
    """A problem and how to fix it."""

    message: str
    fix: str


SYSTEM_WIDE = "install Docker Engine and its compose plug-in (v2) for the whole system"
REFUSED: Final = {
    "podman": Problem(
        "its Docker socket belongs to Podman, which decnet does not support",
        f"systemctl disable --now podman.socket; {SYSTEM_WIDE}",
    ),
    "rootless": Problem("its Docker is rootless, and cannot put containers on the LAN", SYSTEM_WIDE),
    "desktop": Problem("its Docker is Docker Desktop, whose containers are not on the LAN", SYSTEM_WIDE),
}
"""Engines that cannot run deckies."""

NO_MEMORY_LIMIT: Final = Problem(
    "its kernel does not limit the memory of containers: a decky can use all of it",
    "add cgroup_enable=memory to the kernel's command line, and reboot",
)
NO_LIMIT: Final = {
    "cpu": Problem(
        "its kernel does not limit the processor time of containers (no CFS quota): that limit is omitted",
        "use a kernel with CONFIG_CFS_BANDWIDTH; until then a busy decky can slow the worker down",
    ),
    "pids": Problem(
        "its kernel does not limit the number of processes of containers: that limit is omitted",
        "use a kernel with CONFIG_CGROUP_PIDS; until then a decky can use up all process ids",
    ),
}
"""Limits, in addition to that of memory, that a kernel may not have."""


@dataclass(frozen=True)
class CheckResult:
    """The agent's hello, the machine's facts, its clock skew in seconds, and its problems."""

    hello: Hello
    facts: Facts
    skew: float
    seconds: float
    problems: tuple[Problem, ...]


def require_fit(survey: Survey, worker: str) -> None:
    """Raises WorkerError with every problem that keeps the machine from being a worker."""
    found = problems_of(survey)
    if found:
        raise WorkerError(
            "; ".join(problem.message for problem in found),
            hint="; ".join(problem.fix for problem in found),
            worker=worker,
        )


def problems_of(survey: Survey) -> list[Problem]:
    """The problems that keep the machine from being a worker."""
    compose = _compose(survey)
    ended = session_problem(survey.user) if survey.ends_with_session else None
    found = [
        *_python(survey.python),
        *_engine(survey),
        *compose,
        *_disk(survey.disk_free_mib),
        *_noexec(survey.noexec),
    ]
    return found + ([ended] if ended else [])


async def check(client: AgentClient) -> CheckResult:
    """Check an enrolled worker with the fleet's key alone. Raises what any verb raises."""
    # The first answer includes connecting, and a busy machine may be slow once.
    await client.hello()
    seconds, skew, hello = min([await _timed_hello(client) for _ in range(TRIES)], key=lambda one: one[0])
    facts = await client.facts()
    found = (
        noise_problem(client.noise, seconds if seconds > SLOW_HELLO else 0.0),
        skew_problem(skew),
        *facts_problems(facts),
    )
    return CheckResult(hello, facts, skew, seconds, tuple(problem for problem in found if problem))


def facts_problems(facts: Facts) -> list[Problem]:
    """The problems of an enrolled worker that its agent knows of."""
    found = (
        session_problem(facts.ends_with_session) if facts.ends_with_session else None,
        REFUSED.get(facts.engine_kind),
        *limit_problems(facts.limits_memory, facts.missing_limits),
        scan_problem(facts.scan_trouble) if facts.scan_trouble else None,
    )
    return [problem for problem in found if problem]


def limit_problems(limits_memory: bool, missing: Iterable[str]) -> list[Problem]:
    """The limits of containers that the worker's kernel cannot give."""
    found = [NO_LIMIT[name] for name in missing if name in NO_LIMIT]
    return ([] if limits_memory else [NO_MEMORY_LIMIT]) + found


def session_problem(user: str) -> Problem:
    """The problem that jobs end with the connection that started them."""
    return Problem(
        f"systemd ends the processes of {user} when the SSH session ends (KillUserProcesses=yes)",
        f"sudo loginctl enable-linger {user}",
    )


def scan_problem(reason: str) -> Problem:
    """The problem that the kernel does not record scans of a decky, or of all."""
    return Problem(
        f"scans are not recorded: {clean(reason, 300)}",
        "modprobe -a nf_tables nft_ct nft_socket nft_limit there; what deckies' services see is recorded",
    )


def skew_problem(skew: float) -> Problem | None:
    """The problem of a clock that is `skew` seconds ahead of ours (negative: behind); None if it is close."""
    if abs(skew) <= MOST_SKEW:
        return None
    way = "ahead of" if skew > 0 else "behind"
    return Problem(f"its clock is {abs(skew):.0f} s {way} ours", "timedatectl set-ntp true")


def noise_problem(printed: int, seconds: float) -> Problem | None:
    """The problem of a shell start-up file that prints or is slow, because it runs before every answer."""
    causes = [f"prints {printed} bytes"] if printed else []
    if seconds > NOISE_SECONDS:
        causes.append(f"takes {seconds:.2f} s")
    if not causes:
        return None
    return Problem(
        f"a shell start-up file {' and '.join(causes)} before every answer",
        "run it in interactive shells only: case $- in *i*) ;; *) return ;; esac",
    )


async def _timed_hello(client: AgentClient) -> tuple[float, float, Hello]:
    """How long the answer took, the skew of the worker's clock, and the answer."""
    sent, start = time.time(), time.monotonic()
    hello = await client.hello()
    seconds = time.monotonic() - start
    # The worker read its clock about halfway through the call.
    return seconds, hello.clock - (sent + seconds / 2), hello


def _python(version: str) -> list[Problem]:
    if _numbers(version) >= LEAST_PYTHON:
        return []
    return [Problem(f"its python3 is {version}, 3.9 is needed", "install a newer python3")]


def _engine(survey: Survey) -> list[Problem]:
    if refused := REFUSED.get(survey.docker.kind):
        return [refused]
    match survey.docker.error:
        case None:
            return []
        case "rights":
            fix = f"sudo usermod -aG docker {survey.user}, then log in again"
            return [Problem(f"{survey.user} may not use Docker", fix)]
        case "stopped":
            return [Problem("its Docker engine is stopped", START)]
        case "missing":
            return [Problem("there is no Docker socket", "install Docker Engine, or start it")]
    return [Problem("its Docker engine does not answer", RESTART)]


def _compose(survey: Survey) -> list[Problem]:
    version, engine = survey.compose, survey.docker.version
    if survey.docker.kind in REFUSED:
        return []
    if version is None and survey.docker.kind == "snap":
        message = "its Docker is the snap package, whose Compose cannot read the agent's files"
        return [Problem(message, f"snap remove docker; {SYSTEM_WIDE}")]
    if version is None:
        return [Problem("Docker Compose is missing", "install the docker compose plug-in (v2)")]
    if compose_is_too_old(version):
        return [Problem(f"Compose {version} is too old", "install the docker compose plug-in (v2)")]
    if compose_breaks(version, engine or ""):
        message = f"Compose {version} crashes with Docker Engine {engine}"
        return [Problem(message, "install the docker compose plug-in (v2)")]
    return []


def _disk(free_mib: int) -> list[Problem]:
    if free_mib >= LEAST_DISK_MIB:
        return []
    return [
        Problem(
            f"{free_mib} MiB are free for the agent, {LEAST_DISK_MIB} are needed", "free disk space there"
        )
    ]


def _noexec(mount: str) -> list[Problem]:
    if not mount:
        return []
    text = f"no program may run in {HOME}: {'it' if mount == HOME else mount} is mounted noexec"
    return [Problem(text, f"mount -o remount,exec {mount}, and remove noexec from /etc/fstab")]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"[0-9]{1,6}", version)[:3])
