"""The flags of rollouts: what they mean together, and what is refused before anything is contacted."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from decnet.cli.app import app
from decnet.cli.rollout_flags import Busy, OnFailure, RolloutFlags
from decnet.commands.rollouts.policies import PolicyFlags
from decnet.errors import UsageError


def test_flags_are_values_of_a_policy() -> None:
    flags = RolloutFlags(
        rollout="careful",
        waves="1, @edge ,100%",
        max_per_lan=2,
        on_failure=OnFailure.continues,
        busy=Busy.go,
        confirm_within="10m",
    )
    assert flags.given() == PolicyFlags(
        "careful",
        {
            "max_per_lan": 2,
            "on_failure": "continue",
            "busy": "go",
            "waves": ["1", "@edge", "100%"],
            "confirm_within": "10m",
        },
    )


def test_no_flags_ask_for_no_rollout() -> None:
    assert not RolloutFlags().given().ask_for_a_rollout
    assert not RolloutFlags(no_confirm=True).given().ask_for_a_rollout
    assert RolloutFlags(soak="1m").given().ask_for_a_rollout


def test_contradictions_are_refused() -> None:
    with pytest.raises(UsageError, match="--confirm-within and --no-confirm exclude each other"):
        RolloutFlags(confirm_within="1m", no_confirm=True).given()
    with pytest.raises(UsageError, match="--out and a rollout exclude each other"):
        RolloutFlags(rollout="default").given(out=Path("plan.json"))
    assert RolloutFlags(no_confirm=True).given(out=Path("plan.json")) == PolicyFlags(
        None, {"confirm_within": "never"}
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("deploy -s ssh --rollout carefull", "no rollout policy is named 'carefull'"),
        ("deploy -s ssh --waves 0,100%", "--waves has the wave"),
        ("deploy -s ssh --soak 10", "--soak must be a duration like"),
        ("deploy -s ssh --soak 1m --out plan.json", "--out and a rollout exclude each other"),
        ("deploy -s ssh --on-failure retry", "--on-failure"),
        ("rollout pause", "DECNET_HOME"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(
    line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == 2, result.output
    assert message in result.output.replace("\n       ", " ")
