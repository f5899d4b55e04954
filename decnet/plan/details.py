"""What the steps of a plan are about, for a review: each decky, and field by field what changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from decnet.model.actual import Container, Observation, Seen
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.plan import RELEASE, Details, FieldChange, FieldValue, Plan, Step
from decnet.model.values import HIDDEN, OTHER_HIDDEN
from decnet.wire import NETWORK, TOPOLOGY_PREFIX, clean

from .compose import ExpectedSlice

if TYPE_CHECKING:
    from decnet.model.catalog import Catalog
    from decnet.model.fleet import Decky, Fleet, Network
    from decnet.model.record import WorkerRecords
    from decnet.model.values import Settings

MACHINE = ("hostname", "os", "release", "archetype")
WITHOUT_CONTAINER = ("mutate_interval", "core", "side", "roles")
OWN_SERVICES = "decnet/decoys:"
LAN = ("driver", "interface", "subnet", "gateway")


def with_details(
    plan: Plan,
    stored: Fleet,
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    observed: Mapping[str, Observation],
    expected: Mapping[SliceKey, ExpectedSlice],
    catalog: Catalog,
) -> Plan:
    """The plan with details and changes. `stored` is the fleet before, `desired` the one that is planned."""
    comparison = _Comparison(stored, desired, recorded, _containers(observed), expected, catalog)
    steps = tuple(comparison.detailed(step) for step in plan.steps)
    return plan._replace(steps=steps, edits=comparison.edits({step.key for step in steps}))


def shown_settings(service: str, settings: Settings, catalog: Catalog) -> Settings:
    """The settings that differ from the defaults, without secrets."""
    return {
        key: HIDDEN if is_secret(service, key, catalog) else value
        for key, value in sorted(settings.items())
        if value != _default(service, key, catalog)
    }


class _Comparison:
    """A fleet before and after."""

    def __init__(
        self,
        stored: Fleet,
        desired: Fleet,
        recorded: Mapping[str, WorkerRecords],
        actual: Mapping[DeckyKey, Mapping[str, Container]],
        expected: Mapping[SliceKey, ExpectedSlice],
        catalog: Catalog,
    ) -> None:
        self.stored, self.desired = stored, desired
        self.recorded, self.actual, self.expected = recorded, actual, expected
        self.catalog = catalog

    def detailed(self, step: Step) -> Step:
        before = self.stored.decky(step.project, step.decky)
        after = self.desired.decky(step.project, step.decky)
        if after is None or after.worker != step.worker:
            return step._replace(details=self._details(before)) if before else step
        # A change in two steps is described once, by its second one.
        silent = step.bucket in ("adopt", "refresh", "yield") or step.phase == RELEASE
        changes = () if silent else tuple(self._changes(step, before, after))
        return step._replace(details=self._details(after), changes=changes)

    def edits(self, planned: set[DeckyKey]) -> dict[DeckyKey, tuple[FieldChange, ...]]:
        """The changes of deckies that have no step."""
        found: dict[DeckyKey, tuple[FieldChange, ...]] = {}
        for project, name, after in self.desired.every_decky():
            before, key = self.stored.decky(project, name), DeckyKey(after.worker, project, name)
            if before is not None and before is not after and key not in planned:
                changes = tuple(self._edited(before, after))
                found |= {key: changes} if changes else {}
        return found

    def _details(self, decky: Decky | None) -> Details | None:
        if decky is None:
            return None
        return Details(
            address=decky.ip,
            mac=decky.mac,
            hostname=decky.hostname,
            os=decky.os,
            release=decky.release,
            archetype=decky.archetype,
            services={
                name: shown_settings(name, settings, self.catalog)
                for name, settings in sorted(decky.services.items())
            },
        )

    def _changes(self, step: Step, before: Decky | None, after: Decky) -> Iterator[FieldChange]:
        records = self.recorded.get(step.worker)
        row = records.of(step.project).deckies.get(step.decky) if records else None
        actual = self.actual.get(step.key, {})
        if before is not None:
            yield from _compared("worker", before.worker, after.worker)
        if (was := row or before) is not None:
            yield from _compared("address", clean(was.ip, 40), after.ip)
            yield from _compared("mac", clean(was.mac, 40), after.mac)
        if before is not None:
            yield from self._edited(before, after)
            yield from _of_lan(self.stored.lans.get(before.worker), self.desired.lans.get(after.worker))
        yield from self._services(step, before, after, actual)
        yield from self._images(step, actual)

    def _edited(self, before: Decky, after: Decky) -> Iterator[FieldChange]:
        yield from _of_inner_lans(before, after)
        for field in (*MACHINE, *WITHOUT_CONTAINER):
            yield from _compared(field, getattr(before, field), getattr(after, field))
        for service in sorted({*before.settings, *after.settings}):
            yield from self._settings(
                service, before.settings.get(service, {}), after.settings.get(service, {})
            )

    def _settings(self, service: str, before: Settings, after: Settings) -> Iterator[FieldChange]:
        for key in sorted({*before, *after}):
            old, new = before.get(key), after.get(key)
            if old != new and is_secret(service, key, self.catalog):
                hidden = HIDDEN if old is None else OTHER_HIDDEN
                old, new = old if old is None else HIDDEN, new if new is None else hidden
            yield from _compared(f"{service}.{key}", old, new)

    def _services(
        self, step: Step, before: Decky | None, after: Decky, actual: Mapping[str, Container]
    ) -> Iterator[FieldChange]:
        """The services that it has in containers, if it has any, against those that it will have."""
        if actual and step.bucket == "change":
            old = {clean(each.service, 60) for each in actual.values() if each.service}
        elif before is not None:
            old = set(before.services)
        else:
            return
        yield from _compared("services", tuple(sorted(old)), tuple(sorted(after.services)))

    def _images(self, step: Step, actual: Mapping[str, Container]) -> Iterator[FieldChange]:
        containers = self.expected.get(step.key.slice, {}).get(step.decky, {})
        found: dict[str, FieldChange] = {}
        for name, each in containers.items():
            if name not in actual or actual[name].image == each.image:
                continue
            # All services of decnet's own have one image.
            part = "services" if each.image.startswith(OWN_SERVICES) else each.service
            change = FieldChange(f"image.{part or 'base'}", clean(actual[name].image, 80), each.image)
            found.setdefault(change.field, change)
        yield from found.values()


def _compared(field: str, old: FieldValue, new: FieldValue) -> Iterator[FieldChange]:
    if old != new:
        yield FieldChange(field, old, new)


def _of_inner_lans(before: Decky, after: Decky) -> Iterator[FieldChange]:
    """Its addresses on the inner LANs of a topology, by the names of these."""
    old, new = (_inner_addresses(each) for each in (before, after))
    for lan in sorted({*old, *new}):
        yield from _compared(f"address on {lan}", old.get(lan), new.get(lan))


def _inner_addresses(decky: Decky) -> dict[str, str]:
    """Without that of its main LAN, which is compared as the address of every decky is."""
    return {
        each.network[len(TOPOLOGY_PREFIX) + 9 :]: each.address
        for each in decky.attachments[1:]
        if each.network != NETWORK
    }


def _of_lan(before: Network | None, after: Network | None) -> Iterator[FieldChange]:
    if before is None or after is None:
        return
    for field in LAN:
        yield from _compared(f"network.{field}", getattr(before, field), getattr(after, field))


def _containers(observed: Mapping[str, Observation]) -> dict[DeckyKey, dict[str, Container]]:
    found: dict[DeckyKey, dict[str, Container]] = {}
    for worker, seen in observed.items():
        for each in seen.status.containers if isinstance(seen, Seen) else ():
            found.setdefault(DeckyKey(worker, each.project, each.decky), {})[each.name] = each
    return found


def is_secret(service: str, key: str, catalog: Catalog) -> bool:
    """Whether a setting must not be shown; one that the catalog does not know is not shown either."""
    known = catalog.services.get(service)
    return known is None or key not in known.settings or known.settings[key].secret


def _default(service: str, key: str, catalog: Catalog) -> object:
    known = catalog.services.get(service)
    return known.settings[key].default if known and key in known.settings else None
