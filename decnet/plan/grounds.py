"""Which workers sit on one LAN: an address is on a LAN once, and on two LANs it is two addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from decnet.model.addresses import network
from decnet.model.fleet import Network


class Grounds:
    """Workers told apart by the LAN that their deckies are on.

    A bridge is the worker's own. Others are apart where their subnets are; two that overlap count as one
    LAN, for nothing that a worker says proves that they are not, and a wrong guess is an address used
    twice on somebody's network.
    """

    def __init__(self, lans: Mapping[str, Network]) -> None:
        self._of = {worker: worker for worker, lan in lans.items() if lan.driver == "bridge"}
        blocks = [(network(lan), worker) for worker, lan in lans.items()]
        end, first = -1, ""
        # Networks are apart or one within the other: the wider one comes first.
        for block, worker in sorted(blocks, key=lambda each: (each[0].network_address, each[0].prefixlen)):
            if worker in self._of:
                continue
            if int(block.network_address) > end:
                end, first = int(block.broadcast_address), worker
            self._of[worker] = first
        self._all = sorted(set(self._of.values()))

    def of(self, worker: str) -> str:
        """The LAN's name: that of one of its workers."""
        return self._of[worker]

    def at(self, worker: str, ip: str) -> str:
        """The address as it is on that worker's LAN."""
        return f"{ip}@{self._of[worker]}"

    def anywhere(self, ips: Iterable[str]) -> set[str]:
        """The addresses on every LAN of the fleet: of somebody of whom it is not known on which."""
        return {f"{ip}@{ground}" for ip in ips for ground in self._all}


def plain(token: str) -> str:
    """The address of a token of `Grounds`; other text is left as it is."""
    return token.partition("@")[0]
