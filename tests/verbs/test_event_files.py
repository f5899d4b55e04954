"""`events files` on a fake fleet: what attackers uploaded is listed, and fetched by its hash."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fakefleet import FakeFleet

from decnet.commands.event_files import fetch, files
from decnet.commands.events import pull
from decnet.engine.outcome import Listing, TextOutcome
from decnet.errors import BadAnswer, DecnetError, Failed, Unreachable, UsageError

PROGRAM = b"\x7fELF" + bytes(range(256)) * 5000
SHA256 = hashlib.sha256(PROGRAM).hexdigest()


def upload(
    fleet: FakeFleet, worker: str, decky: str, number: int, content: bytes = PROGRAM, **changes: Any
) -> str:
    """A file that a decoy keeps and records."""
    machine = fleet[worker]
    service = machine.engine.named(f"{decky}-http")
    assert service is not None
    sha256 = hashlib.sha256(content).hexdigest()
    fields = {
        "path": "/x.php",
        "size": len(content),
        "sha256": sha256,
        "whole": True,
        "kept": True,
        **changes,
    }
    event = {
        "run": "r", "n": number, "at": fleet.clock.now() + number, "kind": "file", "src": "192.0.2.250",
        "sport": 4711, "session": "s", "fields": fields,
    }  # fmt: skip
    service["Log"].append(json.dumps(event))
    machine.engine.save()
    if fields["kept"]:
        folder = Path(machine.root_of(service["Pid"])) / "var" / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / sha256).write_bytes(content)
    return sha256


def pulled(fleet: FakeFleet) -> None:
    assert fleet.run(pull).error is None


def listed(fleet: FakeFleet) -> Listing:
    outcome = fleet.run(files).outcome
    assert isinstance(outcome, Listing)
    return outcome


def fetched(fleet: FakeFleet, prefix: str, target: Path) -> tuple[DecnetError | None, bytes]:
    ran = fleet.run(lambda ctx: fetch(ctx, prefix, target))
    assert ran.error is not None or isinstance(ran.outcome, TextOutcome)
    return ran.error, target.read_bytes() if target.exists() else b""


def stored(fleet: FakeFleet, worker: str) -> list[str]:
    folder = fleet[worker].home / "uploads"
    return sorted(each.name for each in folder.iterdir() if len(each.name) == 64) if folder.exists() else []


def test_a_file_is_listed_with_its_first_upload_and_fetched_by_the_start_of_its_hash(
    fleet: FakeFleet, tmp_path: Path
) -> None:
    upload(fleet, "w1", "web-01", 1)
    upload(fleet, "w1", "web-03", 2, path="/again.php")
    pulled(fleet)

    [item] = listed(fleet).items
    error, content = fetched(fleet, SHA256[:12].upper(), tmp_path / "sample")

    assert {name: item[name] for name in item if name != "first"} == {
        "sha256": SHA256, "size": len(PROGRAM), "count": 2, "worker": "w1", "decky": "web-01",
        "project": "decnet", "service": "http", "source": "192.0.2.250", "name": "/x.php", "state": "on w1",
        "holders": ["w1"],
    }  # fmt: skip
    assert (error, content) == (None, PROGRAM)
    assert (tmp_path / "sample").stat().st_mode & 0o777 == 0o600


def test_a_pull_takes_a_file_from_the_decoy_once_also_if_it_is_repeated_and_interrupted(
    fleet: FakeFleet,
) -> None:
    upload(fleet, "w1", "web-01", 1)
    fleet["w1"].lose("events")
    fleet.run(pull)
    for _ in range(2):
        pulled(fleet)

    assert stored(fleet, "w1") == [SHA256]
    assert [(each["sha256"], each["count"]) for each in listed(fleet).items] == [(SHA256, 1)]
    assert not list(fleet["w1"].folder.glob(f"roots/*/var/uploads/{SHA256}"))


def test_a_removed_decky_has_its_files_taken_before(fleet: FakeFleet) -> None:
    upload(fleet, "w1", "web-01", 1)
    fleet.teardown("web-01")

    assert stored(fleet, "w1") == [SHA256]
    pulled(fleet)
    assert listed(fleet).items[0]["state"] == "on w1"


def test_each_state_has_a_word_of_its_own(fleet: FakeFleet) -> None:
    on = upload(fleet, "w1", "web-01", 1, b"one")
    unkept = upload(fleet, "w1", "web-01", 2, b"two", kept=False)
    gone = upload(fleet, "w1", "web-01", 3, b"three")
    silent = upload(fleet, "w2", "web-02", 4, b"four")
    pulled(fleet)
    (fleet["w1"].home / "uploads" / gone).unlink()
    fleet["w2"].is_reachable = False

    found = listed(fleet)

    states = {each["sha256"]: each["state"] for each in found.items}
    assert states == {on: "on w1", unkept: "not kept", gone: "gone", silent: "unknown"}
    assert found.exit_code == Unreachable.exit_code and found.notes[0].startswith("w2: ")


def test_an_agent_that_is_not_root_says_so_and_loses_no_event(fleet: FakeFleet) -> None:
    fleet["w1"].is_root = False
    upload(fleet, "w1", "web-01", 1)
    pulled(fleet)

    found = listed(fleet)

    assert [each["state"] for each in found.items] == ["gone"]
    assert found.notes == ("w1: its agent is not root and cannot collect uploads",)


def test_a_file_whose_event_is_not_known_yet_is_listed_and_fetched(fleet: FakeFleet, tmp_path: Path) -> None:
    upload(fleet, "w1", "web-01", 1)

    assert [(each["sha256"], each["state"]) for each in listed(fleet).items] == [(SHA256, "on w1")]
    assert fetched(fleet, SHA256, tmp_path / "sample") == (None, PROGRAM)


def test_a_worker_that_changes_the_content_is_refused(fleet: FakeFleet, tmp_path: Path) -> None:
    upload(fleet, "w1", "web-01", 1)
    pulled(fleet)
    place = fleet["w1"].home / "uploads" / SHA256
    for forged in (b"x" * len(PROGRAM), b"", b"x" * (9 * 1024 * 1024)):
        place.write_bytes(forged)
        error, content = fetched(fleet, SHA256, tmp_path / "sample")
        assert isinstance(error, BadAnswer) and error.worker == "w1" and content == b""


@pytest.mark.parametrize(
    ("prefix", "says"),
    [
        ("abc", "shorter than 6 digits"),
        ("abcdef" * 3, "no uploaded file has the hash"),
        ("\x1b[31mabc", "no uploaded"),
    ],
)
def test_a_hash_that_names_no_file_is_refused(
    fleet: FakeFleet, tmp_path: Path, prefix: str, says: str
) -> None:
    error, _ = fetched(fleet, prefix, tmp_path / "sample")
    assert isinstance(error, UsageError) and says in error.message and "\x1b" not in error.message


def test_nothing_is_overwritten(fleet: FakeFleet, tmp_path: Path) -> None:
    upload(fleet, "w1", "web-01", 1)
    pulled(fleet)
    target, link = tmp_path / "mine", tmp_path / "link"
    target.write_bytes(b"mine")
    link.symlink_to(tmp_path / "elsewhere")
    for each in (target, link):
        error, _ = fetched(fleet, SHA256, each)
        assert isinstance(error, UsageError)
    assert target.read_bytes() == b"mine" and not (tmp_path / "elsewhere").exists()


def test_a_file_that_no_worker_has_any_more_is_reported(fleet: FakeFleet, tmp_path: Path) -> None:
    upload(fleet, "w1", "web-01", 1)
    pulled(fleet)
    shutil.rmtree(fleet["w1"].home / "uploads")

    error, _ = fetched(fleet, SHA256, tmp_path / "sample")

    assert isinstance(error, Failed) and "no worker has the file" in error.message
