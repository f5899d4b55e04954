"""Settings of a whole fleet that a deploy stores, although they change no decky and are no step of a plan."""

from __future__ import annotations

from decnet.engine.once import Once
from decnet.model.event_settings import event_settings
from decnet.model.fleet import Fleet
from decnet.model.rollout_policy import policies_of
from decnet.model.spec import FleetSpec

EVENTS = "the settings of events change, which alone changes no decky"
POLICIES = "the policies of rollouts change, which alone changes no decky"
HOURS = "the hours of mutations change, and no decky"


def with_settings(once: Once, spec: FleetSpec, desired: Fleet, *, dry_run: bool) -> Fleet:
    """The fleet with the spec's settings of events, rollouts and hours; each change is reported, and what a
    spec of flags does not have stays."""
    changed, suffix = dict[str, object](), " (dry run)" * dry_run
    if spec.events is not None and (events := event_settings(spec.events)) != desired.events:
        once.note(EVENTS + suffix)
        changed["events"] = events
    if spec.rollouts is not None and (policies := policies_of(spec.rollouts)) != desired.rollouts:
        once.note(POLICIES + suffix)
        changed["rollouts"] = policies
    hours = {"mutate_hours": spec.mutate_hours, "time_zone": spec.time_zone}
    if spec.events is not None and any(getattr(desired, key) != hours[key] for key in hours):
        once.note(HOURS + suffix)
        changed |= hours
    return desired.model_copy(update=changed) if changed else desired
