"""The soak shares its stage with the faults."""

from __future__ import annotations

import sys
from pathlib import Path

# pytest's import mode leaves it to us to find the modules that these tests share with others.
for folder in ("soak", "faults", "fleet", "scenarios"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
