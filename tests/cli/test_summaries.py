"""What `--help` lists of each command fits its line of 80 columns."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from decnet.cli.app import app


@pytest.mark.parametrize("group", [[], ["worker"], ["image"], ["lab"], ["config"]], ids=" ".join)
def test_no_summary_is_cut_at_80_columns(group: list[str]) -> None:
    shown = CliRunner().invoke(app, [*group, "--help"], env={"COLUMNS": "80"}, terminal_width=80)
    commands = shown.output.partition("Commands:")[2].splitlines()
    assert len(commands) > 1
    assert [line for line in commands if line.endswith("...")] == []
