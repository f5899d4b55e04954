"""A lab of its own for each cell, and what was found in it. `make engines` runs these tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# pytest's import mode leaves it to us to find the modules that these tests share with others.
sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("engines", "scenarios", "pythons")]

from whole_life import Site, versions  # noqa: E402

from decnet.lab import Lab, down, provide_images, up  # noqa: E402
from decnet.lab.trees import Unavailable  # noqa: E402

Make = Callable[..., Site]


@pytest.fixture
def site(tmp_path: Path, record_property: Callable[[str, Any], None]) -> Iterator[Make]:
    """Make one worker with the decoy images and an operator; skips where its release cannot be had."""
    lab = Lab(os.environ.get("ENGINES_LAB", "teng"))
    down(lab)

    def make(engine: str, *, virtual: bool = False, **options: Any) -> Site:
        try:
            up(lab, engines=[engine], engine_options=options, virtual=virtual)
        except Unavailable as reason:
            pytest.skip(f"decnet lab up --engine {engine}{' --vm' * virtual}: {reason}")
        provide_images(lab, lambda line: None)
        record_property("versions", versions(lab))
        return Site(lab, "operator", tmp_path)

    yield make
    down(lab)
