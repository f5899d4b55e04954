"""Runs a job: removes containers, creates the network, brings deckies up, watches until they are healthy, and
records the result of each."""

from __future__ import annotations

import os
import signal
import time

from decnet.wire import (
    JOB_SECONDS_AFTER_PROGRESS,
    PROJECT,
    clean_lines,
    container_name,
    job_limit,
    longest_job,
)

from . import composerun, docker, inner_networks, jobs, journal, limits, network, probe, slices
from .batches import batches_of
from .containers import by_name, fleet_containers, holders, on_networks, start_tick
from .creation import Creation
from .detach import is_open
from .health import has_room
from .home import path, read_json
from .identity import boot_id
from .in_parallel import meanwhile
from .removal import remove_containers
from .request import Refusal
from .watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set

    from .containers import Container

_stopped = False


def carry_out(job_id: str, locks: List[int]) -> int:
    """Carry out an accepted job; the process's exit status. Every decky's end is in the journal before the
    job's row shows that it is over."""
    global _stopped
    _stopped = False
    signal.signal(signal.SIGTERM, _stop)
    progress = jobs.Progress(job_id)
    own = os.getpid()
    progress.set(state="running", pid=own, start_tick=start_tick(own), boot_id=boot_id())
    content = jobs.bundle_of(job_id)
    run = Run(content, progress, locks)
    try:
        run.carry_out()
    except (Refusal, docker.EngineError, OSError) as error:
        run.fail_the_rest(str(error))
    except Exception as error:  # noqa: BLE001 - an end must always be recorded
        import traceback

        traceback.print_exc()
        run.fail_the_rest("%s: %s" % (type(error).__name__, error))
    failed = run.failed
    progress.set(state="failed" if failed else "done", current="", error=run.summary()[:2000])
    jobs.forget_bundle(job_id)
    return 1 if failed else 0


def resume(argv: List[str]) -> int:
    """`job ID LOCK...`: carry out an accepted job whose lock descriptors were inherited (systemd-run)."""
    if not argv or not all(number.isdigit() for number in argv[1:]):
        return 2
    return carry_out(argv[0], [int(number) for number in argv[1:] if is_open(int(number))])


class Run:
    """A running job. `open` holds the steps whose end is not yet written, by decky."""

    def __init__(self, content: Dict[str, Any], progress: jobs.Progress, locks: List[int]) -> None:
        self.content = content
        self.fleet_id = str(content["fleet_id"])
        self.project = str(content["project"])
        self.request_id = str(content["request_id"])
        self.progress = progress
        self.locks = locks
        self.steps: List[Dict[str, Any]] = content["steps"]
        self.open = {step["decky"]: step for step in self.steps}
        self.failed: Dict[str, str] = {}
        self.created: Set[str] = set()
        self.armed: Set[str] = set()
        self.deadline = time.monotonic() + job_limit(len(self.steps))
        self.last_end = time.monotonic() + longest_job(len(self.steps))

    def carry_out(self) -> None:
        self._leave_out_taken_names()
        if "compose" not in self.content:
            self._tear_down()
            return
        is_batched = (self.content.get("rollout") or {}).get("batch") is not None
        for steps in batches_of(self.content, self.steps):
            if is_batched and (self.failed or _stopped):
                break
            self._change(steps)
        self.fail_the_rest("not begun: %s" % (self._first_failed() if self.failed else "interrupted"))

    def _tear_down(self) -> None:
        self._remove(self.steps, fleet_containers(self.fleet_id))
        if self.content["only"] is None:
            left = fleet_containers(self.fleet_id)
            self._remove_inner_networks(left)
            network.remove_if_empty(self.fleet_id, holders(left))
            self._forget_project(left)

    def _change(self, steps: List[Dict[str, Any]]) -> None:
        """Carry out these steps, and watch their deckies until they are healthy."""
        found = fleet_containers(self.fleet_id)
        leaving = {target["name"] for step in steps for target in step["remove"]}
        left = [each for each in found if each.project != self.project or each.name not in leaving]
        barred = self.content.get("barred", {})
        claims = [step for step in self._open(steps) if step["up"] or step["start"]]
        claims = [step for step in claims if step["decky"] not in barred]
        creation = self._creation(claims, left)
        with meanwhile(lambda: creation.create_joining(leaving, self.may_go_on, self._may_start)):
            self._remove(steps, found)
        if self.failed:
            left = fleet_containers(self.fleet_id)
        self._remove_inner_networks(left)
        for decky, message in barred.items():
            self.end(decky, message)
        if any(step["up"] for step in claims):
            self._make_networks(left)
        elif self.project != PROJECT:
            self._note_errors(inner_networks.silence_all({self.project: self.content}))
        creation.discard_all_but(self.open)
        with meanwhile(lambda: creation.create(self.may_go_on)):
            self._refuse_conflicts(claims, left)
        creation.discard_all_but(self.open)
        self.created |= creation.created
        claims = self._open(claims)
        self._bring_up(claims, creation)
        self._start(claims)
        self._watch_to_the_end(claims)

    def _open(self, steps: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
        return [step for step in steps if step["decky"] in self.open]

    def _forget_project(self, found: List[Container]) -> None:
        """A topology of which nothing is left is not reported any more: this is how the operator knows."""
        left = [each for each in found if each.project == self.project]
        if self.project != PROJECT and not (self.failed or left):
            slices.forget(self.project)

    def end(self, decky: str, error: str = "") -> None:
        """Write the end of one decky's operation, once."""
        step = self.open.pop(decky, None)
        if step is None:
            return
        journal.append(decky, step["operation"], error or None, self.request_id, self.project)
        if error:
            self.failed[decky] = error
        self.deadline = max(self.deadline, time.monotonic() + JOB_SECONDS_AFTER_PROGRESS)
        self.progress.set(done=self.progress.row["done"] + 1, current=decky)

    def fail_the_rest(self, error: str) -> None:
        for decky in list(self.open):
            self.end(decky, clean_lines(error, 2000))

    def _first_failed(self) -> str:
        return "%s failed" % next(iter(self.failed))

    def summary(self) -> str:
        first = {decky: error.split("\n")[0] for decky, error in self.failed.items()}
        return "; ".join(
            error if error.startswith(decky) else "%s: %s" % (decky, error) for decky, error in first.items()
        )

    def _leave_out_taken_names(self) -> None:
        """A container of another program with the name of a decky's costs only that decky."""
        for decky, message in self.content.get("taken", {}).items():
            self.end(decky, message)
        self.steps = [step for step in self.steps if step["decky"] in self.open]

    def _remove(self, steps: List[Dict[str, Any]], found: List[Container]) -> None:
        self.progress.set(current="removing")
        targets = [
            dict(target, project=self.project, decky=step["decky"])
            for step in steps
            for target in step["remove"]
        ]
        if targets:
            leaving = {step["decky"] for step in steps if not step["up"] and not step["start"]}

            def removed(decky: str) -> None:
                if decky in leaving:
                    self.end(decky)

            for decky, error in remove_containers(
                self.fleet_id, targets, self.deadline, found, removed
            ).items():
                self.end(decky, error)
        for step in steps:
            if not step["up"] and not step["start"]:
                self.end(step["decky"])

    def _remove_inner_networks(self, found: List[Container]) -> None:
        """Remove the inner networks of the project that it does not have any more."""
        if self.project == PROJECT:
            return
        held = on_networks(found)
        keep = self.content.get("inner", ())
        self._note_errors(inner_networks.remove(self.fleet_id, held, self.project, keep))

    def _note_errors(self, errors: List[str]) -> None:
        """Let the job fail for errors that are no decky's, each of which begins with what it concerns."""
        self.failed.update({error.split(" ")[0].rstrip(":"): error for error in errors})

    def _refuse_conflicts(self, claims: List[Dict[str, Any]], found: List[Container]) -> None:
        """End the deckies whose address another host has."""
        conflicts = probe.conflicts(self.content, claims, found)
        for decky, mac in conflicts.items():
            address = (slices.on_lan(self.content["slice"]["deckies"][decky]) or {})["address"]
            self.end(decky, "another host (%s) answers for address %s" % (mac, address))

    def _make_networks(self, found: List[Container]) -> None:
        worker_id = str(self.content["worker_id"])
        if self.content["lan"] is not None:
            network.ensure(self.content["lan"], self.fleet_id, worker_id, holders(found))
        # A bundle that an earlier agent has accepted has none.
        inner_networks.ensure(self.content.get("inner", {}), self.fleet_id, worker_id, self.project)

    def _creation(self, claims: List[Dict[str, Any]], found: List[Container]) -> Creation:
        names = [name for step in claims for name in step["up"]]
        document = read_json(slices.FOLDER, self.project, slices.COMPOSE) if names else {}
        return Creation(document, self.project, self._file(), names, by_name(found))

    def _may_start(self, base: Container, name: str) -> bool:
        """Whether the service can be started while others of its decky stop."""
        return has_room(base, self.content["slice"]["deckies"][base.decky]["containers"][name])

    def _bring_up(self, claims: List[Dict[str, Any]], creation: Creation) -> None:
        """What the engine has refused gets one compose run; if that fails permanently, one per decky, so that
        the valid ones come up."""
        if not any(step["up"] for step in claims):
            return
        self.progress.set(current="bringing up")
        watch = Watch(self, [step["decky"] for step in claims])
        creation.start(self.may_go_on, watch.tick)
        left = [step for step in claims if step["up"] and step["decky"] in creation.failed]
        names = [name for step in left for name in step["up"]]
        error = self._compose(names, watch) if left and not _stopped else None
        if error is None:
            return
        for step in left:
            if step["decky"] in self.open:
                error = self._compose(step["up"], watch) if not _stopped else "interrupted"
                if error is not None:
                    self.end(step["decky"], clean_lines(error, 2000))

    def _file(self) -> str:
        return os.path.abspath(path(slices.FOLDER, self.project, slices.COMPOSE))

    def _compose(self, names: List[str], watch: Watch) -> Any:
        compose = composerun.Compose(list(self.content["compose_command"]), "")
        error = None
        for attempt in range(limits.RETRIES + 1):
            if self.deadline - time.monotonic() <= limits.HEALTH:
                return error or limits.NO_TIME
            left = self.last_end - time.monotonic()
            error = composerun.up(compose, self.project, self._file(), names, left, self.locks, watch.tick)
            if error is None or _stopped or not composerun.is_transient(error) or attempt == limits.RETRIES:
                return error
            time.sleep(2**attempt)
        return None

    def _start(self, claims: List[Dict[str, Any]]) -> None:
        for step in claims:
            if step["start"] and step["decky"] in self.open:
                try:
                    if time.monotonic() > self.deadline:
                        raise Refusal("time-limit", limits.NO_TIME)
                    self._start_containers(step)
                except (Refusal, docker.EngineError) as error:
                    self.end(step["decky"], clean_lines("cannot be started: %s" % error, 2000))

    def _start_containers(self, step: Dict[str, Any]) -> None:
        """The base first; then each service that is down, or that runs in a former network namespace of its
        base."""
        found = by_name(fleet_containers(self.fleet_id))
        for name in sorted(step["start"], key=lambda name: name != self.base_of(step["decky"])):
            container = found.get(name)
            own = self.project, step["decky"]
            if container is None or (container.project, container.decky) != own:
                raise Refusal("failed", "%s does not exist" % name)
            if container.state == "running" and (not container.service or container.attached):
                continue
            verb = "restart" if container.state in ("running", "restarting", "paused") else "start"
            query = {"t": str(limits.STOP_GRACE)} if verb == "restart" else None
            docker.post("/containers/%s/%s" % (container.id, verb), query, limit=limits.CONTROL * 2)
            if not container.service:
                found = by_name(fleet_containers(self.fleet_id))

    def _watch_to_the_end(self, claims: List[Dict[str, Any]]) -> None:
        watch = Watch(self, [step["decky"] for step in claims if step["decky"] in self.open])
        until = min(time.monotonic() + limits.HEALTH, self.deadline)
        while not watch.check() and time.monotonic() < until and not _stopped:
            watch.pause()
        watch.give_up("interrupted" if _stopped else "")

    def base_of(self, decky: str) -> str:
        return container_name(self.project, decky)

    def reason_to_end(self) -> Optional[str]:
        """Why nothing more may be done; None while the job may continue."""
        if _stopped:
            return "interrupted"
        is_late = self.deadline - time.monotonic() <= limits.HEALTH
        return "compose did not end in time" if is_late else None

    def may_go_on(self) -> bool:
        return self.reason_to_end() is None


def _stop(_number: int, _frame: object) -> None:
    global _stopped
    _stopped = True
