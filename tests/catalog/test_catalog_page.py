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
