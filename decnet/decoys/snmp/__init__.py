"""The SNMP agent decoy, with its own small BER implementation: pysnmp takes seven megabytes per process."""

from .server import start

__all__ = ["start"]
