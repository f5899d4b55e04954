"""Rollouts: a frozen change of desired state, released unit by unit. Pure: no I/O, no clock.

`effective` decides what a unit has, `step` is the only place where a rollout moves by what was observed, and
`order` the only one where it moves by what an operator wants. Both add events; the state is their fold.
"""

from .content import content_hash
from .edited import edited_units
from .effective import being_sent, effective, effective_fleet, held_addresses
from .fold import replay
from .gates import flight_reasons, waiting_reasons
from .opening import open_rollout, rollout_id
from .orders import Order, OrderKind, order
from .preview import Preview, PreviewWave, preview
from .refused import refused_changes
from .requests import request_id, request_prefix, to_confirm
from .stepping import could_release, step
from .waves import Size

__all__ = [
    "Order",
    "OrderKind",
    "Preview",
    "PreviewWave",
    "Size",
    "being_sent",
    "content_hash",
    "could_release",
    "edited_units",
    "effective",
    "effective_fleet",
    "flight_reasons",
    "held_addresses",
    "open_rollout",
    "order",
    "preview",
    "refused_changes",
    "replay",
    "request_id",
    "request_prefix",
    "rollout_id",
    "step",
    "to_confirm",
    "waiting_reasons",
]
