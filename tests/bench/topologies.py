"""Designs of topologies: generated, validated and hashed, in this process."""

from __future__ import annotations

import hashlib
import random
from functools import cache

from decnet.catalog import load
from decnet.model.topology import Design
from decnet.plan.topologies.findings import errors
from decnet.plan.topologies.generate import Parameters, generate
from decnet.plan.topologies.hashing import content, content_hash
from decnet.plan.topologies.validate import validate
from decnet.wire import canonical

from .passes import cpu
from .rows import Row

TOPOLOGIES, DECKIES = 20, 30
SHAPE = Parameters(depth=4, branching=2, deckies_min=3, deckies_max=5)
_SEEDS_TRIED = 2000


def topology_rows(topologies: int = TOPOLOGIES, deckies: int = DECKIES) -> list[Row]:
    """CPU seconds of each, against plain SHA-256 of the bytes that the hash covers."""
    catalog = load()
    seeds = seeds_of(topologies, deckies)
    designs = [made(seed) for seed in seeds]
    encoded = [canonical(content(each)) for each in designs]
    plain = cpu(lambda: [hashlib.sha256(each).hexdigest() for each in encoded])
    size = f"{topologies} topologies of {deckies} deckies"
    against = f"plain SHA-256 of the same {sum(map(len, encoded)) >> 10} KiB"
    return [
        Row(f"{size}: generated", cpu(lambda: [made(seed) for seed in seeds]), plain, against),
        Row(
            f"{size}: validated",
            cpu(lambda: [validate(each, catalog) for each in designs]),
            plain,
            against,
        ),
        Row(f"{size}: hashed", cpu(lambda: [content_hash(each) for each in designs]), plain, against),
        Row(f"{size}: all three, in a second", cpu(lambda: _all(seeds)), 1.0, "one second of CPU", 1),
    ]


@cache
def seeds_of(topologies: int, deckies: int) -> list[int]:
    """Seeds of designs with exactly so many deckies."""
    found = (seed for seed in range(_SEEDS_TRIED) if len(made(seed).deckies) == deckies)
    seeds = [seed for _, seed in zip(range(topologies), found, strict=False)]
    assert len(seeds) == topologies
    return seeds


def made(seed: int) -> Design:
    return generate(SHAPE, load(), random.Random(seed))


def _all(seeds: list[int]) -> None:
    catalog = load()
    hashes = set()
    for seed in seeds:
        design = made(seed)
        assert not errors(validate(design, catalog))
        hashes.add(content_hash(design))
    assert len(hashes) == len(seeds)
