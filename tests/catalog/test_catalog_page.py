"""The examples of the catalog's page can be put into a user's folder as they stand."""

from __future__ import annotations

import re
from pathlib import Path

from decnet import catalog

PAGE = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text()


def test_the_examples_are_a_catalog(tmp_path: Path) -> None:
    for number, text in enumerate(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)):
        (tmp_path / f"{number}.toml").write_text(text)
    own = catalog.load(tmp_path)
    assert own.services["intranet"].memory_mib == 96
    assert own.fitting("linux", "kiosk", "raspberry") == ("raspbian-12",)
    assert "raspbian-12" not in own.fitting("linux", "web-server", "vmware")


KEEPS = PAGE.partition("## What each archetype keeps")[2].partition("\n## ")[0]


def test_the_page_lists_what_each_archetype_keeps() -> None:
    known = catalog.load()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in KEEPS.splitlines()
        if line.startswith("|") and not line.startswith("|-")
    ]
    expected = [["archetype", "core", "side", "interval factor"]]
    for name, kind in sorted(known.archetypes.items()):
        expected.append(
            [name, " ".join(kind.core or ()), " ".join(kind.side or ()), str(kind.interval_factor)]
        )
    expected.append(["OS", "side", "interval factor"])
    expected += [
        [name, " ".join(os.side or ()), str(os.interval_factor)]
        for name, os in sorted(known.os_profiles.items())
    ]
    assert rows == expected
