"""A fleet whose workers are the agent's own code on machines in memory: whole verbs in milliseconds."""

from .clock import Clock
from .fleet import FakeFleet, Ran, in_memory
from .machine import FakeSession, FakeWorker
from .mouth import Mouth

__all__ = ["Clock", "FakeFleet", "FakeSession", "FakeWorker", "Mouth", "Ran", "in_memory"]
