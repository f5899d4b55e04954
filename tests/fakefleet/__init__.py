"""A fleet whose workers are the agent's own code on machines in memory: whole verbs in milliseconds."""

from .clock import Clock
from .fleet import FakeFleet, Ran, in_memory
from .machine import FakeWorker
from .session import FakeProgram, FakeSession

__all__ = ["Clock", "FakeFleet", "FakeSession", "FakeWorker", "FakeProgram", "Ran", "in_memory"]
