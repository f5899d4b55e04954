"""Scans of deckies: keeps the kernel recording in each decky's network namespace, and moves what it recorded
into the spool, each probe once.

A table is replaced by an empty one before it is read, and removed after its events are durable. Its name has
the run (the namespace's) and its number in it, from which the numbers of its events follow: a table that is
read twice after a crash adds nothing. A namespace that ended before it was read is reported once, as an event
of kind `lost`.
"""

from __future__ import annotations

import os
import time

from decnet.wire.event_fields import OF_BASE

from . import docker, interfaces, limits, nftables, slices
from .containers import RUNNING, fleet_containers
from .request import Refusal
from .scan_events import events_of
from .scan_memory import memory_of
from .scan_tables import ARP, LISTING, Touches, frozen_text, removal_text, tables_in, tables_text
from .segments import LOST
from .spool import Spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Collection, Dict, Iterable, List, Optional, Set, Tuple

    from .containers import Container
GONE = "the decky's network ended before its scans were read"
_SPAN = 10000
"""Numbers of events for each table; there are never so many."""
_END = 2**53


def arm_all(fleet_id: str) -> None:
    """Let the kernel record in every base of the fleet in which it does not yet. If that fails, the next pull
    tries again, and reports why."""
    try:
        arm(fleet_id, fleet_containers(fleet_id))
    except (Refusal, docker.EngineError):
        return


def arm(fleet_id: str, found: Iterable[Container], fresh: Collection[str] = ()) -> None:
    """The same for these bases. `fresh` are the ids of those that the caller has just created: they have no
    tables yet, and are not asked for them."""
    bases = _bases(found)
    if not bases:
        return
    try:
        with Spool() as spool:
            known = memory_of(spool.scans)["bases"]
            reader = Reader(spool, fleet_id, fresh=fresh)
            _read_now(spool, reader, [base for base in bases if base.id not in known]).discard()
    except (Refusal, OSError, docker.EngineError):
        return


def drain(fleet_id: str, found: Iterable[Container]) -> Callable[[], None]:
    """Move what was recorded in these bases into the spool, and end the recording: they are removed next, and
    their tables with them. For those that are not, the returned function discards the tables."""
    bases = _bases(found)
    if not bases:
        return lambda: None
    with Spool() as spool:
        return _read_now(spool, Reader(spool, fleet_id, is_last=True), bases).discard


def _read_now(spool: Spool, reader: Reader, bases: List[Container]) -> Reader:
    reader.read(bases, time.monotonic() + limits.SCANS + limits.SCANS_EACH * len(bases))
    spool.commit()
    return reader


class Reader:
    """Reads bases into an open spool. With `is_last` they record nothing more."""

    def __init__(
        self,
        spool: Spool,
        fleet_id: str,
        is_last: bool = False,
        workers: Optional[List[str]] = None,
        fresh: Collection[str] = (),
    ) -> None:
        self._spool = spool
        self._fleet_id = fleet_id
        self._is_last = is_last
        self._fresh = fresh
        self._memory = memory_of(spool.scans)
        self._known: Dict[str, Any] = self._memory["bases"]
        if workers is not None:
            self._memory["workers"] = sorted(set(workers))
        self._done: List[_Recording] = []

    @property
    def known(self) -> Set[str]:
        """The ids of the bases in which the kernel records."""
        return set(self._known)

    def read_all(self, found: List[Container], until: float) -> bool:
        """Read the bases among all containers of the fleet, as far as there is time; whether there was."""
        present = {base.id: base for base in found if not base.service}
        for container_id in list(self._known):
            base = present.get(container_id)
            if base is None or base.state not in (RUNNING, "paused"):
                self._report_lost(container_id)
        bases = _bases(found)
        bases.sort(key=lambda base: (base.id < self._memory["turn"], base.id))
        return self.read(bases, until)

    def read(self, bases: List[Container], until: float) -> bool:
        """Read these running bases; whether there was time for all of them."""
        waiting = [
            _Recording(base, self._known.get(base.id), self._is_last, base.id in self._fresh)
            for base in bases
        ]
        late = _together(waiting, _Recording.read, until)
        read = waiting[: len(waiting) - len(late)]
        own, gateways = self._own_addresses(), self._gateways(read)
        for number, each in enumerate(read):
            if not self._is_last and not self._spool.has_room:
                # The kernel keeps what was recorded for the next pull.
                late = read[number:] + late
                break
            self._take(each, own, gateways)
        if late:
            self._memory["turn"] = late[0].base.id
        if read and not self._is_last:
            self._memory["trouble"] = next((each.error for each in read if each.error), "")
        return not late

    def discard(self) -> None:
        """Remove the tables that were read; their events are durable now."""
        _together(self._done, _Recording.discard, time.monotonic() + limits.SCANS)
        self._done = []

    def _take(self, recording: _Recording, own: Set[str], gateways: Set[str]) -> None:
        base, spool = recording.base, self._spool
        if recording.is_lost:
            self._report_lost(base.id)
        if recording.touches is not None:
            # The numbers also make sure that a table is not read a second time after a crash.
            last = spool.position(base.id).get(recording.run, 0)
            for row in events_of(recording.touches, recording.at, own, gateways):
                number = recording.number * _SPAN + row.pop("index") + 1
                if number > last:
                    local = local_address(base, row["source"], self._fleet_id)
                    spool.add(_event(base, recording.run, number, row, local))
            self._done.append(recording)
        if self._is_last and not recording.error:
            self._known.pop(base.id, None)
        elif recording.run:
            number = recording.number + (recording.touches is not None)
            self._known[base.id] = {"decky": base.decky, "run": recording.run, "number": number}

    def _report_lost(self, container_id: str) -> None:
        """What was recorded since the last read is unknown: the count is 0, and at least that."""
        spool, known = self._spool, self._known.pop(container_id)
        if spool.position(container_id).get(known["run"], 0) >= _END:
            return
        now, after = time.time(), spool.last_time(container_id)
        fields: Dict[str, Any] = {"count": 0, "at_least": True, "before": now, "reason": GONE}
        if after is not None:
            fields["after"] = after
        spool.add(
            {
                "container": container_id, "run": known["run"], "n": _END, "at": now, "decky": known["decky"],
                "service": OF_BASE, "kind": LOST, "source_ip": "", "source_port": 0, "session": "",
                "fields": fields,
            }
        )  # fmt: skip

    def _own_addresses(self) -> Set[str]:
        """Of this worker and of the others: their probes are not an attacker's."""
        return {interfaces.dotted(each[1]) for each in interfaces.interfaces()} | set(self._memory["workers"])

    def _gateways(self, read: List[_Recording]) -> Set[str]:
        """The gateways of the fleet's LANs, which ask for a decky's MAC on behalf of others; looked up only
        if someone has asked."""
        if not any(key[1] == ARP for each in read if each.touches for key in each.touches.counts):
            return set()
        applied = [known["slice"] or {} for known in slices.all_applied(self._fleet_id).values()]
        lans = [lan for content in applied for lan in (content.get("networks") or {}).values()]
        return {str(lan.get("gateway")) for lan in lans if isinstance(lan, dict)}


class _Recording:
    """The tables of one base: what is known of them, and what reading them found."""

    def __init__(
        self, base: Container, known: Optional[Dict[str, Any]], is_last: bool, is_fresh: bool
    ) -> None:
        self.base = base
        self.run = str(known["run"]) if known else ""
        self.number = int(known["number"]) if known else 0
        self.is_lost = False
        self.touches: Optional[Touches] = None
        self.at = 0.0
        self.error = ""
        self._is_last = is_last
        self._is_fresh = is_fresh

    def read(self) -> None:
        """Runs in a thread of its own, and does not touch the spool."""
        try:
            touches = self._found({} if self._is_fresh else self._listed())
            if touches is not None and (touches.counts or touches.missed):
                self._replace(touches)
        except nftables.Ended:
            # The next pull finds it gone.
            pass
        except (nftables.NftError, Refusal, OSError) as error:
            self.error = "%s: %s" % (self.base.decky, error)

    def discard(self) -> None:
        try:
            nftables.run(self.base, removal_text(self._name(self.number)))
        except (nftables.NftError, Refusal, OSError):
            # It records nothing any more, and goes with the next table or with the namespace.
            pass

    def _listed(self) -> Dict[Tuple[str, int], Touches]:
        listing = nftables.run(self.base, LISTING)
        self.at = time.time()
        return tables_in(listing)

    def _found(self, tables: Dict[Tuple[str, int], Touches]) -> Optional[Touches]:
        """What the present tables hold: the known ones, or those of a former spool. None if there are none;
        then new ones record from now on, and what the known ones held is lost."""
        if (self.run, self.number) not in tables and tables:
            self.run, self.number = min(tables, key=lambda each: each[1])
        if tables:
            return tables[self.run, self.number]
        self.is_lost, self.run, self.number = bool(self.run), "", 1
        if not self._is_last:
            run = os.urandom(6).hex()
            nftables.run(self.base, tables_text("scans_%s_1" % run, self.base.addresses))
            self.run = run
        return None

    def _replace(self, touches: Touches) -> None:
        # It already records nothing more if the agent was killed while it read.
        if touches.is_recording:
            nftables.run(self.base, self._replacement())
            self.touches = self._listed().get((self.run, self.number))
        else:
            self.touches = touches

    def _replacement(self) -> str:
        commands = [removal_text(self._name(self.number - 1)), frozen_text(self._name(self.number))]
        if not self._is_last:
            commands.append(tables_text(self._name(self.number + 1), self.base.addresses))
        return "\n".join(commands)

    def _name(self, number: int) -> str:
        return "scans_%s_%d" % (self.run, number)


def local_address(base: Container, source: str, fleet_id: str) -> str:
    """The base's address on the network of the source, else the one on its home."""
    number = interfaces.number_of(source) if len(base.addresses) > 1 else None
    for address, length in base.prefixes.items() if number is not None else ():
        mask = 0xFFFFFFFF << (32 - length) & 0xFFFFFFFF
        if number is not None and number & mask == (interfaces.number_of(address) or 0) & mask:
            return address
    if base.on_lan or len(base.addresses) == 1:
        return (base.on_lan or base.addresses)[0]
    home = slices.home_address(slices.all_applied(fleet_id), base.project, base.decky)
    return home or base.addresses[0]


def _bases(found: Iterable[Container]) -> List[Container]:
    return [each for each in found if not each.service and each.state == RUNNING and each.addresses]


def _event(base: Container, run: str, number: int, row: Dict[str, Any], local: str) -> Dict[str, Any]:
    """In the spool's form; the decky's own address is among the fields, as in the decoys' events."""
    fields = dict(row["fields"], local_ip=local, local_port=0, transport=row["transport"])
    return {
        "container": base.id, "run": run, "n": number, "at": row["fields"]["last"],
        "service": OF_BASE, "kind": "scan", "source_ip": row["source"], "source_port": 0, "session": "",
        "fields": fields, **base.names,
    }  # fmt: skip


def _together(waiting: List[_Recording], act: Callable[[_Recording], None], until: float) -> List[_Recording]:
    """Act on each in order, four at a time; the rest that was not reached in time."""
    from threading import Thread

    left = list(reversed(waiting))

    def work() -> None:
        while time.monotonic() < until:
            try:
                recording = left.pop()
            except IndexError:
                return
            act(recording)

    threads = [Thread(target=work) for _ in range(min(limits.PARALLEL, len(left)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return left[::-1]
