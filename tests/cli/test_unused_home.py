"""A state directory that was never used, or that lost its fleet, is named as that."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from decnet.cli.app import app
from decnet.errors import HomeUnused
from decnet.model.event import AttackerEvent
from decnet.model.fleet import Attachment, Decky, Network
from decnet.model.worker import Worker
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.events import append_events
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.home_use import check_used
from decnet.store.paths import Home

OF_A_FLEET = (
    "status",
    "status --on w1",
    "reconcile",
    "reconcile --check",
    "reconcile --quiet --deadline 240",
    "mutate --due --quiet",
    "mutate web --services ssh",
    "teardown --all --yes",
    "teardown web --yes",
    "history",
    "worker show w1",
    "logs web",
    "events",
    "events --decky web",
    "events --pull",
    "events --follow",
    "image upgrade --dry-run",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DECNET_AGENT_HOME", str(tmp_path / "agent"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    return Home(tmp_path / "home")


def ran(words: str) -> Result:
    return CliRunner().invoke(app, words.split())


@pytest.mark.parametrize("words", OF_A_FLEET)
def test_c9_a_directory_that_was_never_used_is_bad_usage_with_its_path(home: Home, words: str) -> None:
    ended = ran(words)
    first, *hint = ended.stderr.splitlines()
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert first.startswith(f"error: the state directory {home.root} ")
    assert first.endswith("there is no fleet")
    assert [line.startswith("hint: ") for line in hint] == [True]


def test_c9_nothing_is_created_where_a_disk_may_not_be_mounted(home: Home) -> None:
    for words in (
        "reconcile --quiet",
        "mutate --due --quiet",
        "status",
        "worker show w1",
        "teardown --all --yes",
    ):
        assert ran(words).exit_code == 2
    assert not home.root.exists()


def test_c9_empty_folders_are_no_fleet(home: Home) -> None:
    open_home(home)
    ended = ran("status -o json")
    assert ended.exit_code == 2
    assert json.loads(ended.stderr)["code"] == "state-unused"


def test_c9_an_empty_fleet_that_was_used_is_fine(home: Home) -> None:
    open_home(home)
    save_fleet(home, new_fleet())
    for words in ("status", "reconcile", "reconcile --check", "history", "events", "events --pull"):
        assert ran(words).exit_code == 0, words


def test_c9_another_fleet_of_the_same_user_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Home(home.root.parent / "xdg" / "decnet")
    open_home(other)
    save_fleet(other, new_fleet())
    monkeypatch.setattr(os, "getuid", lambda: 65534)
    monkeypatch.setenv("XDG_STATE_HOME", str(other.root.parent))
    with pytest.raises(HomeUnused) as caught:
        check_used(home, os.environ)
    assert f"has a fleet in {other.root}: run decnet as " in str(caught.value.hint)


@pytest.mark.parametrize("words", ["status", "reconcile", "mutate --due", "teardown --all --yes"])
def test_c9_workers_without_a_desired_state_are_a_lost_one(home: Home, words: str) -> None:
    enrolled(home)
    ended = ran(words)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        f"error: {home.state} is missing, and its fleet has 1 worker",
        "hint: restore it from a backup, or rebuild it: decnet worker recover USER@HOST...",
    ]


def enrolled(home: Home) -> None:
    open_home(home)
    FleetTable(home).put_worker(Worker(name="w1", worker_id="one", host="127.0.0.1", port=9, user="root"))


@pytest.mark.parametrize("content", ["{", "", None])
def test_c9_doctor_does_not_advise_to_adopt_workers_if_the_state_is_damaged(
    home: Home, content: str | None
) -> None:
    enrolled(home)
    if content is not None:
        home.state.write_text(content)
        home.state.chmod(0o600)
    ended = ran("doctor -o json")
    found = {row["name"]: row for row in json.loads(ended.stdout)}
    assert "--adopt" not in ended.stdout + ended.stderr
    assert (found["workers"]["state"], "were not checked" in found["workers"]["finding"]) == ("wrong", True)
    assert "w1" not in found


def test_c9_doctor_checks_the_workers_with_the_last_good_copy(home: Home) -> None:
    enrolled(home)
    lan = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
    web = Decky(
        name="web", worker="w1",
        attachments=(Attachment(address="192.0.2.9", mac="00:50:56:00:02:09"),),
        hostname="web", os="linux", release="debian-12", services={"ssh": {}},
        seed="0" * 32, spec_hash="h",
    )  # fmt: skip
    save_fleet(home, new_fleet().model_copy(update={"lans": {"w1": lan}}).with_deckies({"web": web}))
    home.state.write_text("{")
    ended = ran("doctor -o json")
    found = {row["name"]: row for row in json.loads(ended.stdout)}
    assert found["desired"]["state"] == "wrong"
    assert "workers" not in found
    assert "w1" in found


def test_an_empty_decnet_home_is_reported_and_is_not_an_origin(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECNET_HOME", "")
    ended = ran("config show --origin -o json")
    origins = {row["name"]: row["origin"] for row in json.loads(ended.stdout)}
    assert "DECNET_HOME is empty: ignored" in ended.stderr
    assert origins["DECNET_HOME"] == "default"


def test_an_unused_directory_is_one_line_of_uninstall(home: Home) -> None:
    open_home(home)
    removed = [line for line in ran("uninstall --dry-run").stdout.splitlines() if str(home.root) in line]
    assert removed == [f"remove {home.root}, which has no fleet"]
    (home.root / "notes").write_text("mine")
    assert f"remove {home.root / 'notes'}" in ran("uninstall --dry-run").stdout.splitlines()


@pytest.mark.parametrize(
    "words",
    [
        "status",
        "history",
        "events",
        "worker list",
        "worker check",
        "config show",
        "doctor",
        "deploy --dry-run -s ssh",
    ],
)
def test_a_command_that_only_looks_creates_no_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    CliRunner().invoke(app, words.split())
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "words",
    [
        "events --pull",
        "events --follow",
        "events --pull --alert cat",
        "events --pull --send cat",
        "events --alert cat --alert-test",
        "worker trust w1",
        "worker remove w1",
        "worker set w1 root@192.0.2.9",
        "worker drain w1",
        "worker tag w1 x",
        "worker release 192.0.2.9",
    ],
)
def test_a_command_that_needs_a_fleet_creates_no_state_directory(home: Home, words: str) -> None:
    ran(words)
    assert not home.root.exists()


class _Page:
    """A pull of one event."""

    spool_id, mark, verdict = "spool", "", "ok"
    events = (
        AttackerEvent(
            id="e1", seq=1, at=1.7e9, decky="web", service="ssh", kind="login", source_ip="198.51.100.7",
            source_port=4000, session="5e55", fields={"username": "root", "success": True},
        ),
    )  # fmt: skip


def uninstalled(home: Home) -> None:
    """What `decnet uninstall` leaves: events and the audit log."""
    open_home(home)
    append_events(home, "id-w1", _Page())
    home.audit.write_text("{}\n")
    home.audit.chmod(0o600)


@pytest.mark.parametrize(
    "words",
    ["events -o jsonl", "events --decky web -o jsonl", "events summary", "events replay 5e55", "attackers"],
)
def test_the_events_of_an_uninstalled_fleet_are_shown(home: Home, words: str) -> None:
    uninstalled(home)
    ended = ran(words)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "198.51.100.7" in ended.stdout


@pytest.mark.parametrize(
    ("words", "kept"), [("status", "events"), ("events --pull", "events"), ("history", "audit log")]
)
def test_an_uninstalled_fleet_is_not_one_that_never_was(home: Home, words: str, kept: str) -> None:
    uninstalled(home)
    if kept == "audit log":
        shutil.rmtree(home.events_dir)
    ended = ran(words)
    assert ended.exit_code == 2
    assert f"{home.root} has no fleet any more, only the {kept} of an earlier one" in ended.stderr


def test_a_new_user_is_sent_to_init(home: Home) -> None:
    assert ran("status").stderr.splitlines()[-1].startswith("hint: decnet init starts a fleet here")
    found = {row["name"]: row for row in json.loads(ran("doctor -o json").stdout)}
    assert (found["desired"]["finding"], found["desired"]["mend"]) == (
        "nothing is deployed yet", "decnet init starts a fleet here",
    )  # fmt: skip
