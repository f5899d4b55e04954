"""Two workers behind real sshds with the decoy images, and the operator's machine in front of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

for folder in ("fleet", "scenarios"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

from theatre import Said, eventually  # noqa: E402
from three_workers import ADDRESS, LOGIN, Company  # noqa: E402

from decnet.lab import Lab, down, provide_images, up  # noqa: E402

PAIR = ("w1", "w2")
SIX = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.web]
count = 4
services = ["http"]

[decky.host]
count = 2
services = ["ssh"]
"""

__all__ = ["LOGIN", "PAIR", "SIX", "Pair", "Said", "eventually", "pair_of"]


class Pair(Company):
    """The stage of a fleet of two."""

    def known_hosts(self) -> str:
        path = self.folder / "known_hosts"
        path.write_text("".join(f"{ADDRESS[name]} {self.host_key(name)}\n" for name in PAIR))
        return str(path)

    def enrol(self, *names: str, code: int | None = 0) -> Said:
        return super().enrol(*(names or PAIR), code=code)

    def deploy(self, text: str = SIX, *more: str, code: int | None = 0) -> Said:
        return super().deploy(text, *more, code=code)

    def containers(self, *places: str) -> dict[str, str]:
        return super().containers(*(places or PAIR))

    def decky_states(self) -> set[str]:
        return {decky["status"] for decky in self.deckies().values()}

    def converge(self, seconds: float = 240.0) -> None:
        """Reconcile until there is nothing left to do."""
        eventually(lambda: self.decnet("reconcile", code=None).code == 0, seconds)
        assert self.decky_states() == {"running"}
        self.decnet("reconcile", "--check")

    def open_rows(self) -> list[dict[str, Any]]:
        """Operations that are recorded as not ended, of all workers."""
        rows = []
        for file in (self.home / "records").glob("*.json"):
            rows += json.loads(file.read_text())["lifecycle"].values()
        return [row for row in rows if row["status"] in ("pending", "running")]


@contextmanager
def pair_of(name: str, folder: Path) -> Iterator[Pair]:
    """A lab of two workers that are enrolled; it is taken down at the end, whatever happened."""
    lab = Lab(name)
    # What a killed run left is found here, and taken down first.
    down(lab)
    try:
        up(lab, workers=len(PAIR), engines=("trixie", "host"))
        provide_images(lab, lambda line: None)
        pair = Pair(lab, "operator", folder)
        pair.enrol()
        yield pair
    finally:
        down(lab)
