"""Who administers a machine, and the accounts that it has for that and for its services."""

from __future__ import annotations

from ..credentials import Accounts as Credentials
from ..machine import Machine
from .accounts import Accounts, accounts_of
from .devices import device_of
from .services import ServiceEntry, services

NAMES = ("admin", "jens", "mark", "sysop", "paul", "anna", "deploy")


def accounts_with_first(machine: Machine, entries: list[ServiceEntry]) -> tuple[str, Accounts]:
    """The first user, and all accounts of a machine with these services. One of the accounts in the settings
    is the first user."""
    device = device_of(machine.system)
    if device is not None:
        return "admin", Accounts(device.users, device.groups)
    first = machine.persona.choice("first user", NAMES)
    found = accounts_of(machine, first, entries)
    name = next((each for each, _ in sorted(Credentials(machine.persona).pairs) if each != "root"), "root")
    if name.isalnum() and found.user(name) is None:
        return name, accounts_of(machine, name, entries)
    return first, found


def has_account(machine: Machine, name: str) -> bool:
    """Whether there is an account of this name."""
    return accounts_with_first(machine, services(machine))[1].user(name) is not None
