"""The SNMP agent decoy, with the little of BER that it needs: pysnmp costs seven megabytes a process."""

from .server import start

__all__ = ["start"]
