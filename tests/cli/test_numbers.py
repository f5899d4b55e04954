"""Numbers and times on the command line: what cannot be one is bad usage, never a traceback or a sleep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from decnet.cli.app import app
from decnet.cli.lazy_group import lazy_group


def run_main(capsys: Any, *words: str) -> tuple[int, str]:
    """The exit code of a command, and its stderr, in one line."""
    with pytest.raises(SystemExit) as left:
        lazy_group(app)(list(words), prog_name="decnet")
    return int(str(left.value.code)), " ".join(capsys.readouterr().err.split())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e300", "604801", "-1", "soon"])
@pytest.mark.parametrize(
    "words",
    [
        "reconcile --deadline",
        "reconcile --jitter",
        "reconcile --interval",
        "reconcile --lock-timeout",
        "deploy --lock-timeout",
        "worker add w1 root@198.51.100.7 --lock-timeout",
        "status --watch",
        "events --interval",
        "events --alert-every",
    ],
)
def test_seconds_that_cannot_be_waited_are_bad_usage(capsys: Any, home: Path, words: str, value: str) -> None:
    code, output = run_main(capsys, *words.split(), value)
    assert code == 2
    assert f"invalid value for '{words.split()[-1]}'" in output
    assert not home.exists()


@pytest.mark.parametrize("value", ["²m", "٣m", "m", "", "9" * 20 + "d", "1-1-1"])
def test_a_time_that_is_none_is_bad_usage(capsys: Any, value: str) -> None:
    code, output = run_main(capsys, "events", "--since", value)
    assert (code, "is not a time" in output) == (2, True)
