"""Typed calls of the agent's verbs: our values in, validated models out."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from decnet import wire
from decnet.errors import BadAnswer, EnrolledHint, HashRefused, WorkerError, WrongProtocol
from decnet.model.actual import Status
from decnet.model.journal import Cursor
from decnet.model.plan import Bundle
from decnet.model.worker import Compatibility, Facts, Hello

from . import older
from .agent_package import AgentPackage
from .checked_answers import Answer, check_identity, validated
from .envelope import wrong_protocol
from .responses import (
    Accepted,
    Confirmed,
    ConfirmState,
    EventPage,
    FilePiece,
    FollowedLog,
    FollowedLogs,
    HeldFiles,
    HeldSlice,
    HeldSlices,
    Loaded,
    Logs,
    Probed,
    Started,
)
from .session import Session

CONTROL_LIMIT = 15.0
HAND_OVER_LIMIT = 75.0
"""The agent runs Compose to check the document of a bundle, and Compose starts slowly."""
SWEEP_LIMIT = 150.0
EVENTS_LIMIT = 60.0
UPGRADE_LIMIT = 60.0
IMAGE_BASE_LIMIT = 120.0
IMAGE_BYTES_PER_SECOND = 256 * 1024
UNKNOWN_IMAGE_SIZE = 512 * 1024 * 1024

Hear = Callable[[str, dict[str, Any], dict[str, Any] | None, float], None]
"""Is given each verb with its arguments, its answer (None if it failed), and the seconds of a round trip."""


class AgentClient:
    """One worker's agent. With `worker_id` and `fleet_id` every answer must come from that worker; with
    `own`, from an agent that was installed from here, or from an older or newer version. `hear` follows the
    calls.

    All methods raise the classes of `decnet.errors`, with `worker` set. Limits are seconds.
    """

    def __init__(
        self,
        session: Session,
        *,
        worker_id: str | None = None,
        fleet_id: str | None = None,
        own: AgentPackage | None = None,
        hear: Hear | None = None,
    ) -> None:
        self._session = session
        self._worker_id = worker_id
        self._fleet_id = fleet_id
        self._own = own
        self._hear = hear
        self._known_version: int | None = None

    @property
    def worker(self) -> str:
        return self._session.worker

    @property
    def noise(self) -> int:
        """Bytes that a shell's start-up file printed before the last answer."""
        return self._session.noise

    @property
    def sent_at(self) -> float:
        """Our clock when the last request was sent; 0.0 if that is unknown."""
        return float(getattr(self._session, "sent_at", 0.0))

    @property
    def answered_at(self) -> float:
        """Our clock when the last answer came, if that was before it was asked for here; else 0.0."""
        return float(getattr(self._session, "answered_at", 0.0))

    @property
    def round_trip(self) -> float:
        """Seconds that the network to the worker takes, at least; 0.0 if that is unknown."""
        return float(getattr(self._session, "round_trip", 0.0))

    async def close(self) -> None:
        await self._session.close()

    async def hello(self) -> Hello:
        """Who the agent is. Raises BadAnswer for another protocol, and TrustRefused's classes."""
        return self._checked(await self.hello_of_any())

    async def hello_of_any(self) -> Hello:
        """The same for an agent of any protocol and hash, which will be replaced."""
        hello = await self._request(Hello, "hello", {}, CONTROL_LIMIT, expect=False)
        check_identity(hello, self.worker, worker_id=self._worker_id, fleet_id=self._fleet_id)
        return hello

    def compatibility(self, hello: Hello) -> Compatibility:
        """How that agent compares with ours. Raises HashRefused."""
        return self._own.compatibility(hello, self.worker) if self._own is not None else "current"

    async def enrol(self, worker_id: str, fleet_id: str, *, adopt: bool = False) -> Hello:
        """Give the worker its identity; `adopt` takes it from another fleet, and removes what other fleets
        have left there."""
        args = {"worker_id": worker_id, "fleet_id": fleet_id, "adopt": adopt}
        args |= {"sweep": True} if adopt else {}
        hello = await self._request(
            Hello, "enrol", args, SWEEP_LIMIT if adopt else CONTROL_LIMIT, expect=False
        )
        check_identity(hello, self.worker, worker_id=worker_id, fleet_id=fleet_id)
        return hello

    async def facts(self, images: Iterable[str] = ()) -> Facts:
        """The worker's facts, and which of `images` (not decnet's own) it has."""
        others = sorted(images)
        return await self._request(Facts, "facts", {"images": others} if others else {}, CONTROL_LIMIT)

    async def status(
        self, cursor: Cursor | None = None, *, sessions: bool = False, wait: float = 0.0
    ) -> Status:
        """The heartbeat and one page of the journal after `cursor`; `journal.more`: there are more. With
        `sessions`, also who is at work on its deckies; agents before ROLLOUTS_VERSION do not report that.
        With `wait`, as soon as no job runs there, or after so many seconds; agents before WAIT_VERSION, and
        those that were never asked before, do not wait."""
        args: dict[str, Any] = {"cursor": cursor.model_dump() if cursor else None}
        if sessions and await self._version() >= wire.ROLLOUTS_VERSION:
            args["sessions"] = True
        if wait and (self._known_version or 0) >= wire.WAIT_VERSION:
            args["wait"] = wait
        status = await self._request(Status, "status", args, CONTROL_LIMIT + wait)
        self._known_version = self._checked(status.hello).version
        return status

    async def slices(self) -> dict[str, HeldSlice]:
        """The slices that the worker was last sent, by project. Raises HashRefused if a hash does not
        match."""
        held = (await self._request(HeldSlices, "slice", {}, CONTROL_LIMIT)).projects
        if any(
            each.slice is not None and wire.digest(each.slice) != each.plan_hash for each in held.values()
        ):
            raise HashRefused("its slice does not match its hash", worker=self.worker)
        return held

    async def probe(self, addresses: Iterable[str], *, seconds: float = 1.0) -> Probed:
        """Which hosts on the worker's LAN, or containers of its Docker engine, hold the addresses."""
        args = {"addresses": sorted(addresses), "seconds": seconds}
        return await self._request(Probed, "probe", args, CONTROL_LIMIT + seconds)

    async def examine(self, hosts: Mapping[str, str], *, seconds: float) -> Probed:
        """Probe only these hosts (address to MAC), three times over so many seconds."""
        args = {"addresses": [], "seconds": seconds, "hosts": dict(hosts)}
        return await self._request(Probed, "probe", args, CONTROL_LIMIT + 2 * seconds)

    async def apply(self, bundle: Bundle, *, dry_run: bool = False, wait: float = 0.0) -> Accepted:
        """Send a bundle; the job then runs detached. The same request_id is the same job. Raises WorkerError
        if its rollout needs more than the agent can do."""
        args: dict[str, Any] = {
            "request_id": bundle.request_id,
            "project": bundle.project,
            "generation": bundle.generation,
            "hash": bundle.hash,
            "plan_hash": bundle.plan_hash,
            "slice": bundle.slice,
            "steps": list(bundle.steps),
            "compose": bundle.compose,
            "dry_run": dry_run,
            "wait": wait,
        }
        if bundle.rollout is not None and await self._knows_rollouts(bundle.rollout):
            args["rollout"] = bundle.rollout
        return self._same_request(
            await self._request(Accepted, "apply", args, HAND_OVER_LIMIT + wait), bundle.request_id
        )

    async def confirm(self, project: str, rollout_id: str) -> ConfirmState:
        """Disarm the dead man of this rollout: what was applied stays. The state afterwards; `none` if the
        worker knows no such rollout or dead man, and for agents before ROLLOUTS_VERSION."""
        if await self._version() < wire.ROLLOUTS_VERSION:
            return "none"
        args = {"project": project, "id": rollout_id}
        return (await self._request(Confirmed, "confirm", args, CONTROL_LIMIT)).state

    async def teardown(
        self,
        request_id: str,
        generation: int,
        deckies: Iterable[str] | None = None,
        *,
        project: str = wire.PROJECT,
        wait: float = 0.0,
    ) -> Accepted:
        """Start removing deckies of a project; None is all of them on that worker."""
        args = {
            "request_id": request_id,
            "project": project,
            "generation": generation,
            "deckies": None if deckies is None else sorted(deckies),
            "wait": wait,
        }
        return self._same_request(
            await self._request(Accepted, "teardown", args, CONTROL_LIMIT + wait), request_id
        )

    async def image_load(
        self, refs: Iterable[str], stream: AsyncIterator[bytes], *, size: int = UNKNOWN_IMAGE_SIZE
    ) -> tuple[str, ...]:
        """Send a `docker save` stream of about `size` bytes to the worker's engine; returns what it
        loaded."""
        limit = IMAGE_BASE_LIMIT + size / IMAGE_BYTES_PER_SECOND
        args = {"images": list(refs)}
        return (await self._request(Loaded, "image-load", args, limit, stream=stream)).loaded

    async def events(
        self,
        after: int = 0,
        *,
        limit: int = 1000,
        spool_id: str | None = None,
        mark: str | None = None,
        workers: Iterable[str] = (),
    ) -> EventPage:
        """Attacker events after a position in the spool; `more`: whether there are more.

        `mark` is the mark of event `after` when it was read: the verdict is `rewound` if it has changed.
        `workers` are IPv4 addresses of other workers: what these send is not a scan.
        """
        args: dict[str, Any] = {"after": after, "limit": limit, "spool_id": spool_id}
        if mark:
            args["mark"] = mark
        addresses = sorted(set(workers))
        if addresses and await self._version() >= wire.SCANS_VERSION:
            args["workers"] = addresses
        page = await self._request(EventPage, "events", args, EVENTS_LIMIT)
        if len(page.events) > limit:
            raise BadAnswer("its answer has more events than requested", worker=self.worker)
        return page

    async def files(self) -> HeldFiles:
        """The uploaded files that the worker has."""
        return await self._request(HeldFiles, "files", {}, CONTROL_LIMIT * 2)

    async def file(self, sha256: str, offset: int) -> FilePiece:
        """A piece of one of them. The content is hostile."""
        return await self._request(FilePiece, "file", {"sha256": sha256, "offset": offset}, CONTROL_LIMIT * 2)

    async def logs(
        self, decky: str, service: str | None = None, *, lines: int = 50, project: str = wire.PROJECT
    ) -> dict[str, str]:
        """Container name to the last lines of its log. The text is hostile: escape it before printing."""
        args = {"decky": decky, "service": service, "lines": lines, "project": project}
        return (await self._request(Logs, "logs", args, CONTROL_LIMIT)).logs

    async def follow(
        self,
        deckies: Iterable[str],
        marks: Mapping[str, str],
        service: str | None = None,
        *,
        lines: int,
        project: str = wire.PROJECT,
    ) -> tuple[FollowedLog, ...]:
        """What the deckies' containers have logged since the marks (by container id); of a container without
        one, the last `lines`. The text is hostile: escape it before printing."""
        args = {
            "deckies": sorted(deckies),
            "marks": dict(marks),
            "service": service,
            "lines": lines,
            "project": project,
        }
        return (await self._request(FollowedLogs, "follow", args, CONTROL_LIMIT)).containers

    async def upgrade(self, own: AgentPackage) -> Hello:
        """Install our agent. Raises BadAnswer if another one answers afterwards, WorkerError if ours did not
        answer and the old one was restored."""
        args = {"sha256": own.sha256, "bytes": base64.b64encode(own.content).decode("ascii")}
        hello = self._checked(await self._request(Hello, "upgrade", args, UPGRADE_LIMIT))
        if hello.agent != own.sha256:
            raise BadAnswer("another agent answers after the upgrade", worker=self.worker)
        self._session.protocol = wire.PROTOCOL
        return hello

    async def self_destruct(self, *, purge: bool = False) -> bool:
        """Tear everything down and remove what decnet installed; the worker does so in the background.

        Returns whether its journal and its events are removed, too, as `purge` wants it: an agent before
        version 8 keeps them.
        """
        purge = purge and await self._version() >= wire.PURGE_VERSION
        await self._request(Started, "self-destruct", {"purge": True} if purge else {}, CONTROL_LIMIT)
        return purge

    async def _knows_rollouts(self, rollout: Mapping[str, Any]) -> bool:
        """Whether the agent accepts the argument. An older one can do without, but not make an automatic
        revert or change deckies in batches."""
        version = await self._version()
        if version >= wire.ROLLOUTS_VERSION:
            return True
        if rollout.get("confirm_within") is not None or rollout.get("batch") is not None:
            raise WorkerError(
                f"its agent has version {version} and cannot change deckies in batches or revert by itself; "
                f"this decnet has {wire.AGENT_VERSION}",
                hint=EnrolledHint(f"decnet worker upgrade {self.worker}"),
                worker=self.worker,
            )
        return False

    async def _version(self) -> int:
        """The version of the agent, asked once."""
        if self._known_version is None:
            self._known_version = (await self.hello_of_any()).version
        return self._known_version

    def _same_request(self, accepted: Accepted, request_id: str) -> Accepted:
        if accepted.request_id != request_id:
            raise BadAnswer("it answers another request", worker=self.worker)
        return accepted

    async def _request(
        self,
        model: type[Answer],
        verb: str,
        args: dict[str, Any],
        limit: float,
        *,
        expect: bool = True,
        stream: AsyncIterator[bytes] | None = None,
    ) -> Answer:
        if expect and self._worker_id is not None and self._fleet_id is not None:
            args = {**args, "expect": {"worker_id": self._worker_id, "fleet_id": self._fleet_id}}
        answer = None
        try:
            answer = await self._call(verb, args, limit, stream)
        finally:
            if self._hear is not None:
                self._hear(verb, args, answer, self.round_trip)
        return validated(model, answer, self.worker, verb)

    async def _call(
        self, verb: str, args: dict[str, Any], limit: float, stream: AsyncIterator[bytes] | None
    ) -> dict[str, Any]:
        """The verb's answer in the present protocol's shape. An agent with an older protocol is only read; it
        must be replaced before anything is changed."""
        if self._session.protocol != wire.PROTOCOL and verb not in (*older.READS, *wire.TIMELESS):
            raise wrong_protocol(self._session.protocol, self.worker)
        try:
            answer = await self._session.call(verb, args, limit=limit, stream=stream)
        except WrongProtocol as error:
            if error.protocol not in older.PROTOCOLS or verb not in older.READS:
                raise
            self._session.protocol = error.protocol
            answer = await self._session.call(verb, args, limit=limit)
        return answer if self._session.protocol == wire.PROTOCOL else older.convert(verb, answer)

    def _checked(self, hello: Hello) -> Hello:
        if hello.protocol not in (wire.PROTOCOL, *older.PROTOCOLS):
            raise wrong_protocol(hello.protocol, self.worker)
        check_identity(hello, self.worker, worker_id=self._worker_id, fleet_id=self._fleet_id)
        self.compatibility(hello)
        self._known_version = hello.version
        self._session.serves = hello.version >= wire.SERVE_VERSION
        return hello
