"""`decnet report --html`: the file that it writes, of a fleet in memory."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from fakefleet import FakeFleet
from typer.testing import CliRunner

from decnet.cli.app import app
from decnet.engine.workers import known_workers
from decnet.model.event import AttackerEvent
from decnet.store.events import append_events

Typed = Callable[..., Result]


class Page:
    spool_id, mark, verdict = "spool", "", "ok"

    def __init__(self, *events: AttackerEvent) -> None:
        self.events = events


def login(number: int, source: str, at: float = 1.7e9) -> AttackerEvent:
    return AttackerEvent(
        id=f"e{number}", seq=number, at=at, decky="web-01", service="ssh", kind="login", source_ip=source,
        source_port=4000, session="s",
        fields={"username": "root", "password": "hunter2", "success": True, "method": "password"},
    )  # fmt: skip


@pytest.fixture
def typed(fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch) -> Typed:
    worker = known_workers(fleet.home)["w1"].worker_id
    append_events(fleet.home, worker, Page(login(1, "203.0.113.7"), login(2, "203.0.113.8", 1.7e9 + 9)))
    monkeypatch.setenv("DECNET_HOME", str(fleet.home.root))
    return lambda *words: CliRunner().invoke(app, ["report", *words])


def test_it_is_written_whole_for_its_owner_only(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("old")
    file.chmod(0o666)
    result = typed("--html", str(file))
    text = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert text.startswith("<!doctype html>") and text.endswith("</html>\n")
    for shown in ("203.0.113.7", "203.0.113.8", "hunter2", "web-01", "web-04"):
        assert shown in text
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert f"the report is in {file}" in result.stderr


def test_filters_and_redact_apply(typed: Typed, tmp_path: Path) -> None:
    typed("--html", str(tmp_path / "one.html"), "--source", "203.0.113.8", "--redact")
    text = (tmp_path / "one.html").read_text()
    assert "203.0.113.8" in text and "203.0.113.7" not in text and "hunter2" not in text


def test_a_worker_that_does_not_answer_is_in_the_page_and_in_the_exit_code(
    fleet: FakeFleet, typed: Typed, tmp_path: Path
) -> None:
    # Nothing listens where the real session looks for it.
    result = typed("--html", str(tmp_path / "one.html"))
    assert result.exit_code == 5
    assert "unreachable" in (tmp_path / "one.html").read_text()


def test_a_file_that_cannot_be_written_is_bad_usage(typed: Typed, tmp_path: Path) -> None:
    result = typed("--html", str(tmp_path / "missing" / "report.html"))
    assert result.exit_code == 2 and "cannot be written" in result.stderr
