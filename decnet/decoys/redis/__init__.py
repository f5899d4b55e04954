"""The Redis decoy: a small keyspace in memory; it never loads, fetches or runs anything."""

from .server import start

__all__ = ["start"]
