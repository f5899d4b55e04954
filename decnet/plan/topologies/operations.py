"""Operations on a design. Several are one change, and the result is checked as a whole."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from decnet.errors import SpecError
from decnet.model.catalog import Catalog
from decnet.model.suggest import unknown_name
from decnet.model.topology import Design, DesignDecky, Lan
from decnet.wire import digest

from ..services import expand_compatible
from .findings import errors, raise_errors
from .hashing import content_hash
from .machines import DeckyPlan, Used, complete, more_macs
from .operation_shapes import checked
from .subnets import free_address, free_subnets, none_left
from .validate import ALONE, Surroundings, validate

Operation = Mapping[str, Any]


def changed(
    design: Design, operations: Sequence[Operation], catalog: Catalog, around: Surroundings = ALONE
) -> Design:
    """The design after all operations: equal for equal arguments.

    Raises SpecError if one of them cannot be carried out, or if the result has an error that the design did
    not have before.
    """
    asked = checked(operations)
    rng = random.Random(digest([content_hash(design), asked]))
    draft = _Draft(design, catalog, around, rng)
    for number, operation in enumerate(asked, 1):
        who = operation["op"] if len(asked) == 1 else f"operation {number} ({operation['op']})"
        draft.carry_out(operation, who)
    result = Design(lans=tuple(draft.lans.values()), deckies=tuple(draft.deckies.values()))
    before = {(each.code, each.place) for each in errors(validate(design, catalog, around))}
    after = validate(result, catalog, around)
    raise_errors([each for each in after if (each.code, each.place) not in before], "after this change")
    return result


class _Draft:
    """A design while operations change it."""

    def __init__(self, design: Design, catalog: Catalog, around: Surroundings, rng: random.Random) -> None:
        self.lans = {lan.name: lan for lan in design.lans}
        self.deckies = {decky.name: decky for decky in design.deckies}
        if len(self.lans) < len(design.lans) or len(self.deckies) < len(design.deckies):
            raise SpecError("the topology has a name twice", hint="correct it in a file, and import that")
        self.catalog, self.around, self.rng = catalog, around, rng
        self.who = ""

    def carry_out(self, operation: Operation, who: str) -> None:
        """Apply one operation of the right shape. Raises SpecError that begins with `who`."""
        self.who = who
        given = {key: value for key, value in operation.items() if key != "op"}
        verbs: dict[str, Callable[..., None]] = {
            "add_lan": self._add_lan,
            "remove_lan": self._remove_lan,
            "update_lan": self._update_lan,
            "add_decky": self._add_decky,
            "remove_decky": self._remove_decky,
            "update_decky": self._update_decky,
            "attach_decky": self._attach_decky,
            "detach_decky": self._detach_decky,
        }
        verbs[operation["op"]](**given)

    def _add_lan(self, name: str, subnet: str | None = None) -> None:
        self._check_new_lan(name)
        self.lans[name] = Lan(name=name, subnet=subnet or self._free_subnet())

    def _remove_lan(self, name: str) -> None:
        if self._lan(name).dmz:
            raise self._error(f"{name} is the DMZ, which every topology has")
        living = sorted(each.name for each in self.deckies.values() if each.home == name)
        if living:
            hint = "in the same change, remove them or give them another main LAN first"
            raise self._error(f"{name} is the main LAN of {', '.join(living)}", hint)
        del self.lans[name]
        for decky in list(self.deckies.values()):
            self._put(_without_lan(decky, name))

    def _update_lan(self, name: str, new_name: str | None = None, subnet: str | None = None) -> None:
        lan = self._lan(name)
        if subnet is not None:
            if lan.dmz:
                raise self._error(f"{name} is the DMZ, whose subnet is that of the worker's LAN")
            self._renumber(lan, subnet)
        if new_name is not None and new_name != name:
            self._check_new_lan(new_name)
            changed = self.lans.pop(name).model_copy(update={"name": new_name})
            self.lans[new_name] = changed
            for decky in list(self.deckies.values()):
                self._put(_with_lan_renamed(decky, name, new_name))

    def _renumber(self, lan: Lan, subnet: str) -> None:
        """Another subnet, in which every decky keeps its place where there is one."""
        changed = self.lans[lan.name] = lan.model_copy(update={"subnet": subnet})
        try:
            old, new = IPv4Network(lan.subnet), IPv4Network(subnet)
        except ValueError:
            return
        taken: set[str] = set()
        members = [each for each in self.deckies.values() if lan.name in each.addresses]
        for decky in sorted(members, key=lambda each: (len(each.addresses) < 2, each.name)):
            address = _moved(decky.addresses[lan.name], old, new)
            if address is None or address in taken:
                address = self._free_address(changed, taken, first=False)
            taken.add(address)
            self._put(decky.model_copy(update={"addresses": {**decky.addresses, lan.name: address}}))

    def _add_decky(self, name: str, home: str, **given: Any) -> None:
        self._check_new_decky(name)
        lan = self._lan(home)
        address, mac = given.pop("address", None), given.pop("mac", None)
        plan = DeckyPlan(
            name=name, home=home, addresses={home: address or ""},
            macs={} if mac is None else {lan.name: mac}, **given,
        )  # fmt: skip
        made = complete([plan], self.lans, self.catalog, self.rng, self._used())
        self._put(made[0])

    def _remove_decky(self, name: str) -> None:
        del self.deckies[self._decky(name).name]

    def _update_decky(self, name: str, new_name: str | None = None, **given: Any) -> None:
        decky = self._decky(name)
        if "home" in given and given["home"] not in decky.addresses:
            hint = f"attach it first; it is on {', '.join(sorted(decky.addresses))}"
            raise self._error(f"{name} is not on {given['home']}", hint)
        if "services" in given:
            services = expand_compatible(given["services"], self.catalog, who=self.who)
            given["services"] = tuple(sorted(services))
        kept = given.get("services", decky.services)
        settings = {each: value for each, value in decky.settings.items() if each in kept}
        settings |= given.get("settings", {})
        given["settings"] = {service: each for service, each in settings.items() if each}
        if new_name is not None and new_name != name:
            self._check_new_decky(new_name)
            given["name"] = new_name
        del self.deckies[name]
        self._put(decky.model_copy(update=given))

    def _attach_decky(
        self,
        name: str,
        lan: str,
        address: str | None = None,
        mac: str | None = None,
        forwards: bool | None = None,
    ) -> None:
        decky, network = self._decky(name), self._lan(lan)
        if lan in decky.addresses:
            raise self._error(f"{name} is on {lan} already")
        used, update = self._used(), dict[str, Any]()
        if forwards is not None:
            update["forwards"] = forwards
        if network.dmz:
            # The worker's LAN is where such a decky is found: it is always the main one.
            update |= {"home": lan, "addresses": {**decky.addresses, lan: address or ""}}
            self._put(decky.model_copy(update=update))
            return
        update["macs"] = {**decky.macs, lan: mac}
        if mac is None:
            update["macs"] = more_macs(decky, lan, self.catalog, self.rng, used).macs
        taken = used.addresses.get(lan, set())
        found = address or self._free_address(network, taken, first=True)
        self._put(decky.model_copy(update={**update, "addresses": {**decky.addresses, lan: found}}))

    def _detach_decky(self, name: str, lan: str) -> None:
        decky = self._decky(name)
        if lan not in decky.addresses:
            hint = f"it is on {', '.join(sorted(decky.addresses))}"
            raise self._error(f"{name} is not on {lan}", hint)
        if len(decky.addresses) == 1:
            raise self._error(f"{name} is on no other LAN than {lan}", "remove_decky removes it")
        if decky.home == lan:
            hint = "give it another one first, with `home` of update_decky"
            raise self._error(f"{lan} is the main LAN of {name}", hint)
        self._put(_without_lan(decky, lan))

    def _lan(self, name: str) -> Lan:
        if name not in self.lans:
            raise unknown_name("LAN", name, self.lans, who=self.who)
        return self.lans[name]

    def _decky(self, name: str) -> DesignDecky:
        if name not in self.deckies:
            raise unknown_name("decky", name, self.deckies, who=self.who)
        return self.deckies[name]

    def _check_new_lan(self, name: str) -> None:
        if name in self.lans:
            raise self._error(f"there is a LAN {name} already")

    def _check_new_decky(self, name: str) -> None:
        if name in self.deckies:
            raise self._error(f"there is a decky {name} already")

    def _free_subnet(self) -> str:
        own = [lan.subnet for lan in self.lans.values() if lan.subnet]
        found = next(free_subnets([*self.around.reserved, *own], self.rng), None)
        if found is None:
            raise self._error("no private subnet is left", none_left(self.around.reserved))
        return found

    def _free_address(self, lan: Lan, taken: set[str], *, first: bool) -> str:
        try:
            return free_address(lan.subnet, taken, self.rng, first=first)
        except (SpecError, ValueError) as error:
            hint = error.hint if isinstance(error, SpecError) else None
            raise self._error(f"{lan.name} has no address for one more decky", hint) from None

    def _used(self) -> Used:
        design = Design(deckies=tuple(self.deckies.values()))
        return Used.around(self.around, design)

    def _put(self, decky: DesignDecky) -> None:
        self.deckies[decky.name] = decky

    def _error(self, message: str, hint: str | None = None) -> SpecError:
        return SpecError(f"{self.who}: {message}", hint=hint)


def _without_lan(decky: DesignDecky, lan: str) -> DesignDecky:
    if lan not in {**decky.addresses, **decky.macs}:
        return decky
    update = {
        "addresses": {name: each for name, each in decky.addresses.items() if name != lan},
        "macs": {name: each for name, each in decky.macs.items() if name != lan},
    }
    return decky.model_copy(update=update)


def _with_lan_renamed(decky: DesignDecky, old: str, new: str) -> DesignDecky:
    def renamed(values: Mapping[str, str]) -> dict[str, str]:
        return {new if name == old else name: each for name, each in values.items()}

    home = new if decky.home == old else decky.home
    update = {"home": home, "addresses": renamed(decky.addresses), "macs": renamed(decky.macs)}
    return decky.model_copy(update=update)


def _moved(address: str, old: IPv4Network, new: IPv4Network) -> str | None:
    """The address at the same place of the other subnet; None if that is not one that a decky can have."""
    try:
        offset = int(IPv4Address(address)) - int(old.network_address)
    except ValueError:
        return None
    return str(new[offset]) if 0 < offset < new.num_addresses - 2 else None
