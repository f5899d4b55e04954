"""What real systems answered (recorded by `python -m tests.decoys.real_systems keep`), ours answers, too."""

from __future__ import annotations

import pytest
from real_systems import answers, ours, table
from real_systems.__main__ import RECORDED
from real_systems.commands import categories, commands_of
from real_systems.systems import SYSTEMS


@pytest.mark.parametrize("name", sorted(file.stem for file in RECORDED.iterdir()))
def test_what_equalled_a_real_system_still_does(name: str) -> None:
    system = next(each for each in SYSTEMS if each.name == name)
    recorded = answers.load(RECORDED / f"{name}.jsonl")
    commands = [each for one in categories() for each in commands_of(one) if each.text in recorded]

    with ours.directly(system.ours) as run:
        results = [table.Result(each, recorded[each.text], run(each)) for each in commands]

    assert table.differences(results) == ""
    assert len(results) == len(recorded) > 0
