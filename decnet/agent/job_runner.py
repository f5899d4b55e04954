"""Runs a job: removes containers, creates the network, brings deckies up, watches until they are healthy, and
records the result of each."""

from __future__ import annotations

import os
import signal
import time

from decnet.wire import (
    JOB_SECONDS_AFTER_PROGRESS,
    PROJECT,
    clean,
    clean_lines,
    container_name,
    job_limit,
    longest_job,
)

from . import composerun, docker, inner_networks, jobs, journal, limits, network, probe, scans, slices
from .batches import batches_of
from .containers import by_name, fleet_containers, holders, on_networks, start_tick
from .detach import is_open
from .health import trouble
from .home import path
from .identity import boot_id
from .logs import tail
from .readiness import remember
from .removal import remove_containers
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

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
        scans.arm_all(self.fleet_id)

    def _tear_down(self) -> None:
        self._remove(self.steps)
        if self.content["only"] is None:
            self._remove_inner_networks()
            network.remove_if_empty(self.fleet_id, holders(fleet_containers(self.fleet_id)))
            self._forget_project()

    def _change(self, steps: List[Dict[str, Any]]) -> None:
        """Carry out these steps, and watch their deckies until they are healthy."""
        self._remove(steps)
        self._remove_inner_networks()
        for decky, message in self.content.get("barred", {}).items():
            self.end(decky, message)
        claims = [step for step in steps if step["decky"] in self.open and (step["up"] or step["start"])]
        self._refuse_conflicts(claims)
        claims = [step for step in claims if step["decky"] in self.open]
        if any(step["up"] for step in claims):
            self._make_networks()
            self._bring_up(claims)
        elif self.project != PROJECT:
            self._note_errors(inner_networks.silence_all({self.project: self.content}))
        self._start(claims)
        self._watch_to_the_end(claims)

    def _forget_project(self) -> None:
        """A topology of which nothing is left is not reported any more: this is how the operator knows."""
        left = [each for each in fleet_containers(self.fleet_id) if each.project == self.project]
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

    def _remove(self, steps: List[Dict[str, Any]]) -> None:
        self.progress.set(current="removing")
        targets = [
            dict(target, project=self.project, decky=step["decky"])
            for step in steps
            for target in step["remove"]
        ]
        if targets:
            for decky, error in remove_containers(self.fleet_id, targets, self.deadline).items():
                self.end(decky, error)
        for step in steps:
            if not step["up"] and not step["start"]:
                self.end(step["decky"])

    def _remove_inner_networks(self) -> None:
        """Remove the inner networks of the project that it does not have any more."""
        if self.project == PROJECT:
            return
        held = on_networks(fleet_containers(self.fleet_id))
        keep = self.content.get("inner", ())
        self._note_errors(inner_networks.remove(self.fleet_id, held, self.project, keep))

    def _note_errors(self, errors: List[str]) -> None:
        """Let the job fail for errors that are no decky's, each of which begins with what it concerns."""
        self.failed.update({error.split(" ")[0].rstrip(":"): error for error in errors})

    def _refuse_conflicts(self, claims: List[Dict[str, Any]]) -> None:
        for decky, mac in probe.conflicts(self.content, claims).items():
            address = (slices.on_lan(self.content["slice"]["deckies"][decky]) or {})["address"]
            self.end(decky, "another host (%s) answers for address %s" % (mac, address))

    def _make_networks(self) -> None:
        worker_id = str(self.content["worker_id"])
        if self.content["lan"] is not None:
            present = holders(fleet_containers(self.fleet_id))
            network.ensure(self.content["lan"], self.fleet_id, worker_id, present)
        # A bundle that an earlier agent has accepted has none.
        inner_networks.ensure(self.content.get("inner", {}), self.fleet_id, worker_id, self.project)

    def _bring_up(self, claims: List[Dict[str, Any]]) -> None:
        """One compose run for all; if that fails permanently, one per decky, so that the valid ones come
        up."""
        self.progress.set(current="bringing up")
        watch = Watch(self, [step["decky"] for step in claims])
        names = [name for step in claims for name in step["up"]]
        error = self._compose(names, watch)
        if error is None:
            return
        for step in claims:
            if step["up"] and step["decky"] in self.open:
                error = self._compose(step["up"], watch) if not _stopped else "interrupted"
                if error is not None:
                    self.end(step["decky"], clean_lines(error, 2000))

    def _compose(self, names: List[str], watch: Watch) -> Any:
        compose = composerun.Compose(list(self.content["compose_command"]), "")
        file, error = path(slices.FOLDER, self.project, slices.COMPOSE), None
        for attempt in range(limits.RETRIES + 1):
            if self.deadline - time.monotonic() <= limits.HEALTH:
                return error or limits.NO_TIME
            left = self.last_end - time.monotonic()
            error = composerun.up(compose, self.project, file, names, left, self.locks, watch.tick)
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
            time.sleep(0.2)
        watch.give_up("interrupted" if _stopped else "")

    def base_of(self, decky: str) -> str:
        return container_name(self.project, decky)

    def reason_to_end(self) -> Optional[str]:
        """Why nothing more may be done; None while the job may continue."""
        if _stopped:
            return "interrupted"
        is_late = self.deadline - time.monotonic() <= limits.HEALTH
        return "compose did not end in time" if is_late else None


class Watch:
    """The deckies of `names` that have not been healthy yet."""

    def __init__(self, run: Run, names: List[str]) -> None:
        self._run = run
        self._names = names
        self._last: Dict[str, Tuple[str, str]] = {}

    def tick(self) -> Optional[str]:
        """Record which deckies are healthy by now; why the job has to end, if it has to."""
        try:
            self.check()
        except (Refusal, docker.EngineError):
            # The engine may be too busy to answer while it starts containers; only the final check counts.
            pass
        return self._run.reason_to_end()

    def check(self) -> bool:
        """Check the remaining deckies once; whether none is left."""
        waiting = [name for name in self._names if name in self._run.open]
        if waiting:
            found, ready = by_name(fleet_containers(self._run.fleet_id)), []
            for decky in waiting:
                expected = self._run.content["slice"]["deckies"][decky]["containers"]
                reason = trouble(expected, found, self._run.base_of(decky))
                if reason is None:
                    ready.append(decky)
                else:
                    self._last[decky] = reason
            self._end_as_healthy(ready, found)
        return not any(name in self._run.open for name in self._names)

    def _end_as_healthy(self, deckies: List[str], found: Dict[str, Container]) -> None:
        slice_deckies = self._run.content["slice"]["deckies"]
        if deckies:
            remember([found[name] for decky in deckies for name in slice_deckies[decky]["containers"]])
        for decky in deckies:
            self._run.end(decky)

    def give_up(self, error: str) -> None:
        """Record the remaining deckies as failed, with the reason and the last lines of the failed
        container."""
        waiting = [name for name in self._names if name in self._run.open]
        found = by_name(fleet_containers(self._run.fleet_id)) if waiting else {}
        for decky in waiting:
            container, reason = self._last.get(decky, (self._run.base_of(decky), "was not observed"))
            message = error or "%s %s" % (container, reason)
            if container in found:
                lines = tail(found[container].id, limits.FAILURE_LINES, 4096).splitlines()
                message = "\n".join([message] + [clean(line, 300) for line in lines])
            self._run.end(decky, message[:2000])


def _stop(_number: int, _frame: object) -> None:
    global _stopped
    _stopped = True
