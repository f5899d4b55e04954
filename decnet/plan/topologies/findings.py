"""What is wrong with a design, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from decnet.errors import Mistake, SpecError
from decnet.model.diagnostics import refusal

Severity = Literal["error", "warning"]

CODES: dict[str, tuple[Severity, str]] = {
    "DMZ_MISSING": ("error", "no LAN is the DMZ"),
    "DMZ_MULTIPLE": ("error", "more than one LAN is the DMZ"),
    "DMZ_ORPHAN": ("error", "the DMZ has no decky: attackers reach nothing"),
    "DMZ_ALLOCATED": ("error", "the DMZ has a subnet, an address or a MAC, which the worker's LAN decides"),
    "LAN_NAME_DUP": ("error", "two LANs have one name"),
    "DECKY_NAME_DUP": ("error", "two deckies have one name"),
    "NAME_CLASH": ("error", "two containers, or two bridges, would have one name"),
    "DECKY_ORPHAN": ("error", "a decky is on no LAN"),
    "HOME_MISSING": ("error", "the main LAN of a decky does not exist"),
    "HOME_NOT_MEMBER": ("error", "a decky has no address on its main LAN"),
    "HOME_NOT_DMZ": ("error", "a decky is on the DMZ, and its main LAN is another one"),
    "ADDRESS_OF_UNKNOWN_LAN": ("error", "a decky has an address or a MAC on a LAN that does not exist"),
    "IP_MALFORMED": ("error", "an address is not an IPv4 address of a host"),
    "IP_OUT_OF_SUBNET": ("error", "an address is not in the subnet of its LAN"),
    "IP_COLLISION": ("error", "two deckies have one address on a LAN"),
    "ADDRESS_RESERVED": ("error", "an address is the subnet's own, its broadcast address or its gateway's"),
    "SUBNET_MALFORMED": ("error", "a subnet is not an IPv4 network"),
    "SUBNET_OVERLAP": ("error", "the subnets of two LANs overlap"),
    "SUBNET_RESERVED": ("error", "a subnet overlaps one that something else uses"),
    "SUBNET_TOO_SMALL": ("error", "a subnet has no address for each of its deckies"),
    "MAC_MISSING": ("error", "a decky has no MAC on one of its inner LANs"),
    "MAC_WITHOUT_ADDRESS": ("error", "a decky has a MAC on a LAN where it has no address"),
    "MAC_INVALID": ("error", "a MAC is not that of a single machine, or it is Docker's"),
    "MAC_DUP": ("error", "two interfaces have one MAC"),
    "HOSTNAME_INVALID": ("error", "a hostname is not one label of letters, digits and inner hyphens"),
    "HOSTNAME_DUP": ("error", "two deckies have one hostname"),
    "UNKNOWN_ARCHETYPE": ("error", "an archetype is not in the catalog"),
    "UNKNOWN_OS": ("error", "an OS is not in the catalog"),
    "UNKNOWN_RELEASE": ("error", "a release is not one of the decky's OS"),
    "UNKNOWN_SERVICE": ("error", "a service is not in the catalog"),
    "SERVICE_MISSING": ("error", "a decky has no service"),
    "SERVICE_DUP": ("error", "a decky has a service twice"),
    "SERVICE_NOT_BUILT": ("error", "a service has no decoy yet"),
    "SERVICE_CFG_UNDECLARED": ("error", "a decky has settings for a service that it does not have"),
    "SETTING_UNKNOWN": ("error", "a service has no setting of that name"),
    "SETTING_INVALID": ("error", "the value of a setting is not valid"),
    "PORT_CONFLICT": ("error", "two services of a decky use one port"),
    "TOO_LARGE": ("error", "more LANs or deckies than a worker can run"),
    "NOT_ENOUGH_MEMORY": ("warning", "the worker's memory is too small for all deckies"),
    "LAN_EMPTY": ("warning", "a LAN has no decky"),
    "LAN_NO_WAY_IN": ("warning", "attackers cannot get from the DMZ to a LAN"),
    "FORWARD_LOOP": ("warning", "deckies that route connect LANs in a circle"),
}
"""Every code, with its severity and what it means."""


class Finding(NamedTuple):
    """One problem. `place` is the path of the value: `lan.office.subnet`, `decky.web.addresses.office`."""

    code: str
    severity: Severity
    place: str
    message: str
    hint: str | None = None


@dataclass
class Findings:
    """Collects findings in the order in which they are found."""

    found: list[Finding] = field(default_factory=list)

    def add(self, code: str, place: tuple[str, ...], message: str, hint: str | None = None) -> None:
        self.found.append(Finding(code, CODES[code][0], ".".join(place), message, hint))


def errors(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that stop a deploy."""
    return tuple(each for each in found if each.severity == "error")


def raise_errors(found: Iterable[Finding], where: str, places: Mapping[str, str] | None = None) -> None:
    """Raises a SpecError with every error; `places` has file:line by path, if the design is in a file."""
    mistakes = [_mistake(each, where, places or {}) for each in errors(found)]
    if mistakes:
        raise refusal(mistakes, where) if places else _without_lines(mistakes, where)


def _mistake(finding: Finding, where: str, places: Mapping[str, str]) -> Mistake:
    parts = finding.place.split(".")
    near = next((p for n in range(len(parts), 0, -1) if (p := places.get(".".join(parts[:n])))), "")
    line = near.rpartition(":")[2]
    number = int(line) if line.isdigit() else 0
    return Mistake(where, number, finding.place, f"{finding.code}: {finding.message}", finding.hint)


def _without_lines(mistakes: list[Mistake], where: str) -> SpecError:
    first, more = mistakes[0], len(mistakes) - 1
    lines = [each.message for each in mistakes[:20]] + ([f"and {more - 19} more"] if more > 19 else [])
    hint = first.hint if not more else f"{len(mistakes)} mistakes in {where}"
    return SpecError("\n".join(lines), place=where, hint=hint, mistakes=tuple(mistakes))
