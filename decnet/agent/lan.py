"""The LAN as seen from this worker: hosts that answer for a decky's address, and interfaces that are cut off.

While a heartbeat reads from Docker, it also waits for the answers to one ARP probe for each decky. A worker
with macvlan cannot reach its own deckies, so who answers is another host (RFC 5227, section 2.4).
"""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread

from . import interfaces, slices
from .probe import Probes
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

    from .containers import Container

ANSWER_SECONDS = 0.015
"""How long after the probes answers are awaited. Hosts on a LAN answer within a few milliseconds, and the
next heartbeat asks again."""
MOST = 1024
"""Addresses that one heartbeat probes, and rows that it reports."""


class Lookout:
    """Sends the probes for the deckies of these slices at once, and takes the answers while its caller does
    other work; `conflicts` waits for them."""

    def __init__(self, applied: Dict[str, Dict[str, Any]], is_idle: bool) -> None:
        rows, on_lan = list(slices.homes(applied)), slices.ways(applied)
        self._own: Set[str] = {mac for _, _, _, mac in rows}
        rows = [row for row in rows if row[2] in on_lan][:MOST]
        self._deckies = {address: (project, decky) for project, decky, address, _ in rows}
        self._answered: Dict[Tuple[str, str, str], Dict[str, str]] = {}
        self._listening = allocate_lock()
        # A job probes what it claims, and its heartbeats follow each other closely.
        if is_idle and self._deckies:
            probes = Probes(self._deckies, on_lan)
            probes.send()
            self._listening.acquire()
            try:
                start_new_thread(self._listen, (probes,))
            except RuntimeError:
                # No room for a thread.
                self._listen(probes)

    def conflicts(self, found: List[Container]) -> List[Dict[str, str]]:
        """{"project", "decky", "address", "mac"} for each host that answers for a decky's address now, and
        for each that has stopped a decky by that."""
        with self._listening:
            rows = {**_of_stopped(found), **self._answered}
        return [rows[key] for key in sorted(rows)[:MOST]]

    def _listen(self, probes: Probes) -> None:
        with probes:
            try:
                probes.listen(ANSWER_SECONDS)
                self._answered = {
                    (*self._deckies[address], mac): _row(self._deckies[address], address, mac)
                    for address, macs in probes.answered.items()
                    for mac in macs - self._own
                }
            finally:
                self._listening.release()


def cut_off_interfaces(applied: Dict[str, Dict[str, Any]]) -> List[Dict[str, str]]:
    """{"interface", "error"} of each interface that carries deckies to the LAN and cannot do so now."""
    names = {
        str(network.get("interface", ""))
        for known in applied.values()
        if (known["slice"] or {}).get("deckies")
        for network in (known["slice"].get("networks") or {}).values()
        if isinstance(network, dict) and network.get("driver") != "bridge"
    }
    errors = {name: interfaces.link_error(name) for name in sorted(names) if name}
    return [{"interface": name, "error": error} for name, error in errors.items() if error]


def _of_stopped(found: List[Container]) -> Dict[Tuple[str, str, str], Dict[str, str]]:
    rows = {}
    for container in found:
        if not container.service and container.state != "running":
            mac = _conflict(container)
            if mac:
                answer = container.answer()
                decky = (answer["project"], answer["decky"])
                rows[(*decky, mac)] = _row(decky, answer["ip"], mac)
    return rows


def _row(decky: Tuple[str, str], address: str, mac: str) -> Dict[str, str]:
    return {"project": decky[0], "decky": decky[1], "address": address, "mac": mac}


def _conflict(container: Container) -> Optional[str]:
    """Also None if the engine has stopped answering since it listed the container."""
    from .logs import conflict_of

    try:
        return conflict_of(container.id)
    except Refusal as refusal:
        if refusal.code != "docker-down":
            raise
        return None
