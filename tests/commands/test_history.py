"""`decnet history`: every operation with its end, the newest last, and nothing that steers a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from decnet.model.record import LifecycleRow, WorkerRecords
from decnet.model.worker import Worker
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.store.records import Records

AT = 1_700_000_000.0


def operation(number: int, decky: str = "web-1", **more: object) -> LifecycleRow:
    known = {
        "id": str(number),
        "decky": decky,
        "operation": "heal",
        "request_id": f"r{number}",
        "status": "succeeded",
        "reason": "stopped",
        "created": AT + number,
        "started": AT + number,
        "ended": AT + number + 2.5,
        "ended_by_worker": True,
    }
    return LifecycleRow.model_validate({**known, **more})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Two workers, four operations."""
    made = Home(tmp_path / "home")
    open_home(made)
    monkeypatch.setenv("DECNET_HOME", str(made.root))
    for name in ("w1", "w2"):
        FleetTable(made).put_worker(Worker(name=name, worker_id=f"id-{name}", host="192.0.2.1"))
    first = (operation(1), operation(3, "web-2", status="failed", error="no\x1b[31m space"))
    second = (
        operation(2, ended_by_worker=False),
        operation(4, "db", status="running", ended=None, ended_by_worker=False),
    )
    Records(made).save(WorkerRecords(worker_id="id-w1", lifecycle=first))
    Records(made).save(WorkerRecords(worker_id="id-w2", lifecycle=second))
    return made


def history(*argv: str, code: int = 0) -> str:
    command = [str(Path(sys.executable).with_name("decnet")), "history", *argv]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == code, ended
    return ended.stdout if code == 0 else ended.stderr


def test_a_table_has_a_line_for_each_operation_the_newest_last(home: Home) -> None:
    shown = [line.split() for line in history().splitlines()]
    assert [line[:4] for line in shown[1:]] == [
        ["web-1", "heal", "w1", "succeeded"],
        ["web-1", "heal", "w2", "succeeded"],
        ["web-2", "heal", "w1", "failed"],
        ["db", "heal", "w2", "running"],
    ]
    assert shown[1][4:] == ["2023-11-14", "22:13:21", "2.5", "s"]
    assert shown[2][6:] == ["at", "most", "2.5", "s"]
    assert shown[3][-2:] == ["no\\x1b[31m", "space"]
    assert shown[4][-2:] == ["so", "far"]


def test_a_script_reads_every_field(home: Home) -> None:
    rows = json.loads(history("web-1", "-o", "json"))
    assert [row["worker"] for row in rows] == ["w1", "w2"]
    assert rows[0] == {
        "decky": "web-1", "operation": "heal", "worker": "w1", "status": "succeeded", "reason": "stopped",
        "created": AT + 1, "started": AT + 1, "ended": AT + 3.5, "ended_by_worker": True, "duration": 2.5,
        "error": "", "request_id": "r1",
    }  # fmt: skip


def test_the_limit_keeps_the_newest_and_a_pattern_chooses(home: Home) -> None:
    assert [row["decky"] for row in json.loads(history("--limit", "2", "-o", "json"))] == ["web-2", "db"]
    assert [row["decky"] for row in json.loads(history("web-*", "--on", "w1", "-o", "json"))] == [
        "web-1",
        "web-2",
    ]


def test_an_unknown_name_is_bad_usage_and_the_nearest_is_named(home: Home) -> None:
    assert "did you mean 'web-1'?" in history("wep-1", code=2)
