"""The page of topologies is correct: its examples work, its tables have every key, operation and code."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from decnet.errors import SpecError
from decnet.model.fleetkeys import Key
from decnet.model.topologykeys import DECKY, LAN
from decnet.plan.topologies.findings import CODES
from decnet.plan.topologies.generate import Parameters
from decnet.plan.topologies.operation_shapes import OPERATIONS
from decnet.plan.topologies.operations import changed
from decnet.plan.topologies.topologyfile import read, read_operations

from .designs import CATALOG

PAGE = (Path(__file__).parents[3] / "docs" / "topologies.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```(?:\n\n```text\n(.*?)```)?", PAGE, re.DOTALL)
(FILE, _), (WRONG, MESSAGE), (STEPS, _) = BLOCKS


def rows(title: str) -> list[list[str]]:
    section = PAGE.partition(f" {title}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_example_is_a_topology_and_the_operations_fit_it() -> None:
    _, design = read(FILE.encode(), "topology.toml", CATALOG, random.Random(1))
    gate = design.decky("gate")
    assert gate is not None
    assert gate.addresses["office"] == "10.20.1.1"
    after = changed(design, read_operations(STEPS.encode(), "steps.toml"), CATALOG)
    assert {each.name for each in after.members("lab")} == {"gate", "plotter"}


def test_the_wrong_example_has_the_messages_that_are_shown() -> None:
    with pytest.raises(SpecError) as caught:
        read(WRONG.encode(), "topology.toml", CATALOG, random.Random(1))
    assert caught.value.message == MESSAGE.rstrip("\n")


@pytest.mark.parametrize(("title", "keys"), [("`[lan.NAME]`", LAN), ("`[decky.NAME]`", DECKY)])
def test_every_key_is_on_the_page(title: str, keys: dict[str, Key]) -> None:
    assert [row[0].strip("`") for row in rows(title)] == list(keys)


def test_every_operation_is_on_the_page_with_its_keys() -> None:
    table = {row[0].strip("`"): set(re.findall("`([a-z_]+)`", row[1])) for row in rows("Operations")}
    assert table == {name: set(fields) for name, fields in OPERATIONS.items()}


def test_every_code_is_on_the_page() -> None:
    assert rows("What is checked") == [[f"`{code}`", *each] for code, each in CODES.items()]


def test_the_defaults_of_the_generator_are_on_the_page() -> None:
    defaults = [row[2] for row in rows("Generated topologies")]
    usual = Parameters()
    assert defaults[:4] == [
        str(usual.depth), str(usual.branching), f"{usual.deckies_min}-{usual.deckies_max}",
        f"{usual.forward_probability:.0f}",
    ]  # fmt: skip
    assert defaults[6] == str(usual.max_lans)
