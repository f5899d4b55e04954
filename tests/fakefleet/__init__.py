"""A fleet whose workers are the agent's own code on machines in memory: whole verbs in milliseconds."""

from .clock import Clock
from .fleet import FakeFleet, Ran, in_memory
from .machine import FakeWorker
from .mouth import Mouth
from .session import FakeSession

__all__ = ["Clock", "FakeFleet", "FakeSession", "FakeWorker", "Mouth", "Ran", "in_memory"]
