"""The Redis decoy: a small keyspace in memory; nothing that it is told to load, fetch or run is."""

from .server import start

__all__ = ["start"]
