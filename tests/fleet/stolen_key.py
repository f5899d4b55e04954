"""The fleet's key as someone uses it who has stolen it."""

from __future__ import annotations

from three_workers import Company


def options(company: Company) -> list[str]:
    """ssh's options for that key, without anything of the user's own."""
    words = ["-F", "none", "-i", f"{company.home}/keys/fleet_ed25519", "-o", "IdentitiesOnly=yes"]
    words += ["-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    return [*words, "-o", f"UserKnownHostsFile={company.home}/known_hosts", "-o", "LogLevel=ERROR"]
