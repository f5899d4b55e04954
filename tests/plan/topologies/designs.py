"""Designs for tests: a small one by hand, and generated ones."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any

from decnet.catalog import load
from decnet.model.topology import Design
from decnet.plan.topologies.generate import Parameters, generate

CATALOG = load()
SERVER = "linux-server"
SEED = "0123456789abcdef0123456789abcdef"


def decky(name: str, home: str, number: int, addresses: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A decky as JSON; `number` makes what must be unique."""
    macs = {lan: f"00:50:56:00:{number:02x}:{n:02x}" for n, lan in enumerate(addresses) if lan != "dmz"}
    return {
        "name": name, "archetype": None, "os": "linux", "release": "debian-12", "home": home,
        "forwards": False, "services": ["http", "ssh"], "settings": {}, "addresses": addresses, "macs": macs,
        "hostname": f"srv{number}", "seed": SEED, **changes,
    }  # fmt: skip


def document() -> dict[str, Any]:
    """dmz - gate - office - inner - vault, and a machine on each; every field is set somewhere."""
    return {
        "v": 1,
        "lans": [
            {"name": "dmz", "subnet": "", "dmz": True},
            {"name": "office", "subnet": "10.1.1.0/24", "dmz": False},
            {"name": "vault", "subnet": "10.1.2.0/24", "dmz": False},
        ],
        "deckies": [
            decky("db", "vault", 5, {"vault": "10.1.2.20"}, services=["mysql", "redis"]),
            decky("gate", "dmz", 1, {"dmz": "", "office": "10.1.1.1"}, forwards=True),
            decky("inner", "office", 2, {"office": "10.1.1.2", "vault": "10.1.2.1"}, archetype=SERVER),
            decky("nas", "office", 3, {"office": "10.1.1.7"}, settings={"ssh": {"motd": "hello"}}),
            decky("web", "dmz", 4, {"dmz": ""}),
        ],
    }  # fmt: skip


def design(value: dict[str, Any] | None = None) -> Design:
    return Design.model_validate(value or document())


def some_parameters(rng: random.Random) -> Parameters:
    """Any shape of which a tree of at most 64 LANs is likely."""
    low = rng.randint(0, 3)
    return Parameters(
        depth=rng.randint(1, 4),
        branching=rng.randint(1, 3),
        deckies_min=low,
        deckies_max=max(1, low + rng.randint(0, 3)),
        forward_probability=rng.random(),
        services=rng.choice([(), (), ("ssh",), ("http", "mysql")]),
        archetypes=rng.choice([(), (), ("linux-server", "printer")]),
        max_lans=256,
    )


@lru_cache(maxsize=400)
def generated(seed: int) -> Design:
    """A design of any shape; equal for equal seeds."""
    rng = random.Random(f"shape {seed}")
    return generate(some_parameters(rng), CATALOG, random.Random(seed))
