"""The responses of verbs that only the client needs; the others are in `decnet.model`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from decnet.model.base import FrozenModel, Hex64, Short, Text, Timestamp
from decnet.model.event import AttackerEvent
from decnet.model.worker import Count, Strings
from decnet.wire import PROJECT

ConfirmState = Literal["none", "armed", "confirmed", "reverted", "expired"]
JobState = Literal["checked", "accepted", "running", "done", "failed", "lost"]


class Accepted(FrozenModel):
    """The response to `apply` and `teardown`: the job, the same for the same request_id."""

    job_id: Short
    request_id: Short
    state: JobState
    generation: Count
    project: Short = PROJECT


class Confirmed(FrozenModel):
    """The response to `confirm`: the state of the project's rollout afterwards, as in `HeldRollout`."""

    state: ConfirmState


class HeldSlice(FrozenModel):
    """The slice of a project that the worker was last sent; None if there was none."""

    slice: dict[str, Any] | None
    generation: Count
    plan_hash: Hex64 | None


class HeldSlices(FrozenModel):
    """The response to `slice`: what the worker holds, by project."""

    projects: Annotated[dict[Short, HeldSlice], Field(max_length=4096)]


class Probed(FrozenModel):
    """The response to `probe`: address to MAC of the hosts that answer on the LAN, and address to container
    name for the addresses that this worker's Docker engine holds.

    For hosts that were examined: `steady` has the MAC of those that answered every time and alone, by
    address, and `answers` the number of addresses for which each MAC answers."""

    answered: dict[Short, Short]
    docker: dict[Short, Short]
    steady: dict[Short, Short] = {}
    answers: dict[Short, Count] = {}


class EventPage(FrozenModel):
    """The response to `events`: the spool after a position."""

    spool_id: Short
    events: Annotated[tuple[AttackerEvent, ...], Field(strict=False, max_length=5000)]
    first_seq: Count
    last_seq: Count
    more: bool
    mark: Short = ""
    """The hash over the spool up to the page's last event, which the next request returns."""
    verdict: Literal["ok", "gap", "reset", "rewound"]
    trouble: Text = ""
    """Why the agent cannot store events, as in `Status`."""
    docker_error: Text = ""
    """Why its Docker engine does not answer: the page has the events of before."""


class Loaded(FrozenModel):
    """The response to `image-load`: the image references that the engine has now."""

    loaded: Strings


class HeldFile(FrozenModel):
    """An uploaded file that the worker has; `at` is when its agent took it, by the worker's clock."""

    sha256: Hex64
    size: Count
    at: Timestamp


class DroppedFiles(FrozenModel):
    """What the worker's store had to drop because it was full."""

    files: Count
    bytes: Count


class HeldFiles(FrozenModel):
    """The response to `files`; `collects`: whether the agent can read the decoys' memory (it is root)."""

    files: Annotated[tuple[HeldFile, ...], Field(strict=False, max_length=5000)]
    dropped: DroppedFiles
    collects: bool


class FilePiece(FrozenModel):
    """The response to `file`: a part of a file of `size` bytes, inverted, as base64."""

    size: Count
    offset: Count
    content: Annotated[str, Field(max_length=1024 * 1024)]


class Logs(FrozenModel):
    """The response to `logs`: container name to its last lines."""

    logs: dict[Short, Annotated[str, Field(max_length=512 * 1024)]]


class FollowedLog(FrozenModel):
    """What one container has logged since `mark` was returned; `gap`: entries in between are gone. The text
    is hostile."""

    id: Short
    name: Short
    decky: Short
    service: Short
    text: Annotated[str, Field(max_length=512 * 1024)]
    mark: Short
    gap: bool
    more: bool


class FollowedLogs(FrozenModel):
    """The response to `follow`."""

    containers: Annotated[tuple[FollowedLog, ...], Field(strict=False, max_length=200)]


class Started(FrozenModel):
    """The response to `self-destruct`."""

    started: bool
