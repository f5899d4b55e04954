"""What a job does: remove, make the network, bring up, watch until healthy, and write each end down."""

from __future__ import annotations

import os
import signal
import time

from decnet.wire import clean

from . import composerun, docker, jobs, journal, limits, network, probe
from .containers import by_name, fleet_containers, start_tick
from .failure import Refusal
from .home import path
from .identity import boot_id
from .removal import remove_containers
from .slices import COMPOSE
from .watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_stopped = False


def carry_out(job_id: str, locks: List[int]) -> int:
    """Carry out an accepted job; the process's exit status. Every decky's end is in the journal before the
    job's row says that it is over."""
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
    except Exception as error:  # noqa: BLE001 - an end has to be written, whatever it was
        import traceback

        traceback.print_exc()
        run.fail_the_rest("%s: %s" % (type(error).__name__, error))
    failed = run.failed
    progress.set(state="failed" if failed else "done", current="", error=run.summary()[:2000])
    jobs.forget_bundle(job_id)
    return 1 if failed else 0


class Run:
    """One job on its way. `open` holds the steps whose end is not yet written, by decky."""

    def __init__(self, content: Dict[str, Any], progress: jobs.Progress, locks: List[int]) -> None:
        self.content = content
        self.fleet_id = str(content["fleet_id"])
        self.request_id = str(content["request_id"])
        self.progress = progress
        self.locks = locks
        self.steps: List[Dict[str, Any]] = content["steps"]
        self.open = {step["decky"]: step for step in self.steps}
        self.failed: Dict[str, str] = {}
        limit = limits.TEARDOWN if "compose" not in content else limits.JOB
        self.deadline = time.monotonic() + limit

    def carry_out(self) -> None:
        self._remove()
        if "compose" not in self.content:
            if self.content["only"] is None:
                network.remove_if_empty(self.fleet_id)
            return
        claims = [step for step in self.steps if step["decky"] in self.open and (step["up"] or step["start"])]
        self._refuse_conflicts(claims)
        claims = [step for step in claims if step["decky"] in self.open]
        if any(step["up"] for step in claims):
            self._make_network()
            self._bring_up(claims)
        self._start(claims)
        self._watch_to_the_end(claims)

    def end(self, decky: str, error: str = "") -> None:
        """Write the end of one decky's operation, once."""
        step = self.open.pop(decky, None)
        if step is None:
            return
        journal.append(decky, step["operation"], error or None, self.request_id)
        if error:
            self.failed[decky] = error
        self.progress.set(done=self.progress.row["done"] + 1, current=decky)

    def fail_the_rest(self, error: str) -> None:
        for decky in list(self.open):
            self.end(decky, clean(error, 2000))

    def summary(self) -> str:
        return "; ".join("%s: %s" % (decky, error.split("\n")[0]) for decky, error in self.failed.items())

    def _remove(self) -> None:
        self.progress.set(current="removing")
        targets = [dict(target, decky=step["decky"]) for step in self.steps for target in step["remove"]]
        if targets:
            for decky, error in remove_containers(self.fleet_id, targets, self.deadline).items():
                self.end(decky, error)
        for step in self.steps:
            if not step["up"] and not step["start"]:
                self.end(step["decky"])

    def _refuse_conflicts(self, claims: List[Dict[str, Any]]) -> None:
        for decky, mac in conflicts(self.content, claims).items():
            address = self.content["slice"]["deckies"][decky]["decky"]["ip"]
            self.end(decky, "address %s is answered for by %s" % (address, mac))

    def _make_network(self) -> None:
        from .apply import holders

        present = holders(fleet_containers(self.fleet_id))
        network.ensure(self.content["lan"], self.fleet_id, str(self.content["worker_id"]), present)

    def _bring_up(self, claims: List[Dict[str, Any]]) -> None:
        """One compose run for all; where it fails for good, one per decky, so that the good ones come up."""
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
                    self.end(step["decky"], clean(error, 2000))

    def _compose(self, names: List[str], watch: Watch) -> Any:
        compose = composerun.Compose(list(self.content["compose_command"]), "")
        error = None
        for attempt in range(limits.RETRIES + 1):
            left = self.deadline - time.monotonic() - limits.HEALTH
            if left <= 0:
                return error or limits.NO_TIME
            error = composerun.up(compose, path(COMPOSE), names, left, self.locks, watch.tick)
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
                    self.end(step["decky"], clean("cannot be started: %s" % error, 2000))

    def _start_containers(self, step: Dict[str, Any]) -> None:
        """The base first; then each service that is down, or up in a network that its base has left."""
        found = by_name(fleet_containers(self.fleet_id))
        for name in sorted(step["start"], key=lambda name: name != step["decky"]):
            container = found.get(name)
            if container is None or container.decky != step["decky"]:
                raise Refusal("failed", "%s is not there" % name)
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

    def still_going(self) -> bool:
        return not _stopped


def conflicts(content: Dict[str, Any], claims: List[Dict[str, Any]]) -> Dict[str, str]:
    """Decky to MAC, for those whose address somebody else answers for now. A base of the decky's own that
    runs holds its address rightly."""
    deckies = content["slice"]["deckies"]
    ours = {c.decky for c in fleet_containers(content["fleet_id"]) if not c.service and c.state == "running"}
    asked = {}
    for step in claims:
        if step["decky"] in step["up"] + step["start"] and step["decky"] not in ours:
            asked[str(deckies[step["decky"]]["decky"]["ip"])] = step["decky"]
    return {asked[address]: mac for address, mac in probe.answered(asked).items()}


def _stop(_number: int, _frame: object) -> None:
    global _stopped
    _stopped = True
