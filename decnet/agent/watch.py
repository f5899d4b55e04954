"""Deckies on their way to being healthy: each is written down as soon as it is, while compose works on."""

from __future__ import annotations

from decnet.wire import clean

from . import docker, limits
from .containers import by_name, fleet_containers
from .failure import Refusal
from .health import trouble
from .logs import tail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Tuple

    from .work import Run


class Watch:
    """The deckies of `names` that are not yet seen healthy."""

    def __init__(self, run: Run, names: List[str]) -> None:
        self._run = run
        self._names = names
        self._last: Dict[str, Tuple[str, str]] = {}

    def tick(self) -> bool:
        """Write down who is healthy by now; whether the job goes on."""
        try:
            self.check()
        except (Refusal, docker.EngineError):
            # The engine may be too busy to answer while it starts containers; the end counts.
            pass
        return self._run.still_going()

    def check(self) -> bool:
        """Look once at all that are left; whether none is."""
        waiting = [name for name in self._names if name in self._run.open]
        if waiting:
            found = by_name(fleet_containers(self._run.fleet_id))
            for decky in waiting:
                reason = trouble(self._run.content["slice"]["deckies"][decky]["containers"], found, decky)
                if reason is None:
                    self._run.end(decky)
                else:
                    self._last[decky] = reason
        return not any(name in self._run.open for name in self._names)

    def give_up(self, error: str) -> None:
        """End what is left as failed, with the reason and the last lines of the container that failed."""
        waiting = [name for name in self._names if name in self._run.open]
        found = by_name(fleet_containers(self._run.fleet_id)) if waiting else {}
        for decky in waiting:
            container, reason = self._last.get(decky, (decky, "was not seen"))
            told = error or "%s %s" % (container, reason)
            if container in found:
                lines = tail(found[container].id, limits.FAILURE_LINES, 4096).splitlines()
                told = "\n".join([told] + [clean(line, 300) for line in lines])
            self._run.end(decky, told[:2000])
