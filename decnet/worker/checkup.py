"""Whether a machine can be a worker, and how to mend what is missing."""

from __future__ import annotations

import re
from typing import NamedTuple

from pydantic import Field

from decnet.errors import WorkerError
from decnet.model.noun import Noun, Short
from decnet.model.worker import Count

LEAST_PYTHON = (3, 9)
LEAST_DISK_MIB = 512
MOST_SKEW = 30.0
NOISE_SECONDS = 0.15
V1_BREAKS_WITH_ENGINE = 25


class Engine(Noun):
    """Docker's version there, or why there is none: rights, missing, silent."""

    version: Short | None
    error: Short | None


class Identity(Noun):
    """Whose worker a machine is already."""

    worker_id: Short
    fleet_id: Short


class Survey(Noun):
    """What the errand `survey` reports of a machine. Disk in MiB, clock in seconds since the epoch."""

    python: Short
    uid: Count
    user: Short
    docker: Engine
    compose: Short | None
    disk_free_mib: Count
    clock: float = Field(ge=0)
    home_ready: bool
    identity: Identity | None


class Complaint(NamedTuple):
    """Something that is not right, and how to mend it."""

    says: str
    mend: str


def require_fit(survey: Survey, worker: str) -> None:
    """Raises WorkerError with everything that keeps the machine from being a worker."""
    found = complaints(survey)
    if found:
        raise WorkerError(
            f"{worker}: {'; '.join(complaint.says for complaint in found)}",
            hint="; ".join(complaint.mend for complaint in found),
            worker=worker,
        )


def complaints(survey: Survey) -> list[Complaint]:
    """What keeps the machine from being a worker; empty where nothing does."""
    return [*_python(survey), *_engine(survey), *_compose(survey), *_disk(survey)]


def skew_warning(worker: str, skew: float) -> str | None:
    """A word about a clock that is `skew` seconds ahead of ours (behind: negative)."""
    if abs(skew) <= MOST_SKEW:
        return None
    way = "ahead of" if skew > 0 else "behind"
    return f"{worker}: its clock is {abs(skew):.0f} s {way} ours: timedatectl set-ntp true"


def noise_warning(worker: str, printed: int, seconds: float) -> str | None:
    """A word about a shell start-up file that prints, or that takes long: it runs before every answer."""
    said = [f"prints {printed} bytes"] if printed else []
    if seconds > NOISE_SECONDS:
        said.append(f"takes {seconds:.2f} s")
    if not said:
        return None
    return (
        f"{worker}: a shell start-up file {' and '.join(said)} before every answer; "
        "put it behind a test for an interactive shell: case $- in *i*) ;; *) return ;; esac"
    )


def _python(survey: Survey) -> list[Complaint]:
    if _numbers(survey.python) >= LEAST_PYTHON:
        return []
    return [Complaint(f"its python3 is {survey.python}, 3.9 is needed", "install a newer python3")]


def _engine(survey: Survey) -> list[Complaint]:
    match survey.docker.error:
        case None:
            return []
        case "rights":
            mend = f"sudo usermod -aG docker {survey.user}, then log in anew"
            return [Complaint(f"{survey.user} may not use Docker", mend)]
        case "missing":
            return [Complaint("there is no Docker socket", "install Docker Engine, or start it")]
    return [Complaint("its Docker engine does not answer", "systemctl restart docker")]


def _compose(survey: Survey) -> list[Complaint]:
    if survey.compose is None:
        return [Complaint("Docker Compose is missing", "install the docker compose plug-in (v2)")]
    engine = _numbers(survey.docker.version or "0")
    if _numbers(survey.compose) < (2,) and engine >= (V1_BREAKS_WITH_ENGINE,):
        says = f"Compose {survey.compose} crashes with Docker Engine {survey.docker.version}"
        return [Complaint(says, "install the docker compose plug-in (v2)")]
    return []


def _disk(survey: Survey) -> list[Complaint]:
    if survey.disk_free_mib >= LEAST_DISK_MIB:
        return []
    says = f"{survey.disk_free_mib} MiB are free under /var/lib, {LEAST_DISK_MIB} are needed"
    return [Complaint(says, "make room there")]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"[0-9]{1,6}", version)[:3])
