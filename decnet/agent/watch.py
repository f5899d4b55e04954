"""Observes the deckies of a job until they are healthy."""

from __future__ import annotations

import time

from decnet.wire import clean

from . import docker, limits
from .containers import RUNNING, by_name, fleet_containers
from .health import serves, trouble
from .logs import tail
from .readiness import remember
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Protocol, Set, Tuple

    from .containers import Container

    class Run(Protocol):
        """The job, as far as it is observed; `open` are the steps that have not ended, by decky, `created`
        the ids of containers that it has created, `armed` those of bases in which the kernel records."""

        content: Dict[str, Any]
        fleet_id: str
        open: Dict[str, Dict[str, Any]]
        created: Set[str]
        armed: Set[str]

        def end(self, decky: str, error: str = "") -> None: ...
        def base_of(self, decky: str) -> str: ...
        def reason_to_end(self) -> Optional[str]: ...


LOOK = 0.02
"""Seconds between two looks into the kernel's tables, for each decky."""
PAUSE = 0.4
"""How long these tables alone are read, before the engine is asked again."""


class Watch:
    """The deckies of `names` that have not been healthy yet."""

    def __init__(self, run: Run, names: List[str]) -> None:
        self._run = run
        self._names = names
        self._last: Dict[str, Tuple[str, str]] = {}
        self._found: Dict[str, Container] = {}
        self._begun: Set[str] = set()

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
            self._found = found
            for decky in waiting:
                expected = self._run.content["slice"]["deckies"][decky]["containers"]
                reason = trouble(expected, found, self._run.base_of(decky))
                if reason is None:
                    ready.append(decky)
                else:
                    self._last[decky] = reason
            self._arm(waiting)
            self._end_as_healthy(ready, found)
        return not any(name in self._run.open for name in self._names)

    def pause(self) -> None:
        """Return as soon as a decky whose services were silent listens, or a base has become ready; else
        after PAUSE."""
        until = time.monotonic() + PAUSE
        while time.monotonic() < until:
            waiting = [name for name in self._names if name in self._run.open]
            time.sleep(LOOK * len(waiting))
            begun = {name for name in waiting if self._serves(name)}
            if begun - self._begun:
                self._begun |= begun
                return

    def _serves(self, decky: str) -> bool:
        expected = self._run.content["slice"]["deckies"][decky]["containers"]
        return serves(expected, self._found.get(self._run.base_of(decky)))

    def _arm(self, deckies: List[str]) -> None:
        """Let the kernel record in the bases that the job has started, before a decky counts as up. A pull
        does so for others."""
        begun = [(self._run.base_of(decky), self._run.open[decky]) for decky in deckies]
        names = [base for base, step in begun if base in step["up"] + step["start"]]
        bases = [self._found[name] for name in names if name in self._found]
        running = [base for base in bases if base.state == RUNNING and base.id not in self._run.armed]
        if running:
            # A job that starts no base does not need it.
            from . import scans

            self._run.armed.update(base.id for base in running)
            scans.arm(self._run.fleet_id, running, self._run.created)

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
