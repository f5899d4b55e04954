"""Row C11: `decnet uninstall` removes decnet from workers and operator, and names all that stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fakefleet import FakeFleet
from fakefleet.fleet import Ran
from fakefleet.session import FakeSession

from decnet.commands.footprint import IMAGES
from decnet.commands.uninstall import UninstallOptions, uninstall
from decnet.engine.progress import Message
from decnet.store.fleet_table import FleetTable
from decnet.wire import PURGE_VERSION

from .test_following import visit
from .test_outcomes import BEFORE, HARM

STAY = {"audit.jsonl", "events"}


@pytest.fixture(autouse=True)
def without_docker_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--purge removes the images of this machine's engine: not of the one that the tests run on."""
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", str(tmp_path / "docker.sock"))


def run(fleet: FakeFleet, tmp_path: Path, *, answer: bool = True, **options: bool) -> Ran:
    """Uninstall, with the files of a machine in `tmp_path`."""
    chosen = UninstallOptions(root=tmp_path / "root", user=tmp_path / "user", **options)
    return fleet.run(lambda ctx: uninstall(ctx, chosen), confirm=lambda question: answer)


def left(fleet: FakeFleet) -> set[str]:
    return {path.name for path in fleet.home.root.iterdir()} if fleet.home.root.is_dir() else set()


class OlderSession(FakeSession):
    """An agent of the version before `purge`."""

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        answer = await super().call(verb, args, limit=limit, stream=stream)
        return answer | {"version": PURGE_VERSION - 1, "agent": "0" * 64} if verb == "hello" else answer


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("decnet")
    return path


def test_workers_and_operator_are_clean_and_events_and_audit_log_stay(
    fleet: FakeFleet, tmp_path: Path
) -> None:
    visit(fleet, "w1", "web-01", 1)
    ran = run(fleet, tmp_path)
    assert (ran.code, left(fleet)) == (0, STAY)
    for name in ("w1", "w2"):
        assert (fleet[name].containers, fleet[name].is_open) == ({}, False)
        assert not (fleet[name].home / "identity.json").exists()
    assert list(fleet.home.events("id-w1").iterdir()), "the last events were pulled first"
    assert any(line.startswith(f"kept {fleet.home.root}/events") for line in ran.outcome.lines)


def test_purge_leaves_nothing_here(fleet: FakeFleet, tmp_path: Path) -> None:
    cache = put(tmp_path / "user/.cache/decnet/0123456789abcdef/complete").parents[1]
    ran = run(fleet, tmp_path, purge=True)
    assert (ran.code, fleet.home.root.exists(), cache.exists()) == (0, False, False)
    assert f"removed {cache}" in ran.outcome.lines


def test_purge_removes_journals_and_events_from_the_workers(fleet: FakeFleet, tmp_path: Path) -> None:
    visit(fleet, "w1", "web-01", 1)
    fleet.reconcile()
    ran = run(fleet, tmp_path, purge=True)
    assert ran.code == 0
    assert [fleet[name].home.exists() for name in ("w1", "w2")] == [False, False]
    assert "w1: removed, with its journal and events" in ran.outcome.lines


def test_an_older_agent_keeps_journal_and_events_which_is_reported(fleet: FakeFleet, tmp_path: Path) -> None:
    options = UninstallOptions(purge=True, root=tmp_path / "root", user=tmp_path / "user")
    ran = fleet.run(
        lambda ctx: uninstall(ctx, options),
        confirm=lambda question: True,
        sessions=lambda worker: OlderSession(fleet[worker.name], worker.name),
    )
    assert ran.code == 0
    assert (fleet["w1"].home / "journal.jsonl").exists()
    assert any(line.startswith("w1: removed; its journal and the events") for line in ran.outcome.lines)


def test_without_purge_caches_and_images_are_named(fleet: FakeFleet, tmp_path: Path) -> None:
    cache = put(tmp_path / "user/.cache/decnet/0123456789abcdef/complete").parents[1]
    lines = run(fleet, tmp_path).outcome.lines
    assert cache.exists()
    assert f"by hand: unpacked copies of the program: rm -rf {cache}" in lines
    assert f"by hand: {IMAGES}" in lines


def test_purge_without_an_engine_names_the_images(fleet: FakeFleet, tmp_path: Path) -> None:
    ran = run(fleet, tmp_path, purge=True)
    where = f"(no Docker engine answers at {tmp_path}/docker.sock)"
    assert (ran.code, f"by hand: {IMAGES} {where}" in ran.outcome.lines) == (0, True)


def test_a_second_run_finds_nothing_more(fleet: FakeFleet, tmp_path: Path) -> None:
    assert run(fleet, tmp_path).code == 0
    before = sorted(path.name for path in fleet.home.root.iterdir())
    ran = run(fleet, tmp_path)
    assert ran.code == 0
    assert sorted(path.name for path in fleet.home.root.iterdir()) == before


@pytest.mark.parametrize(("options", "answer"), [({"dry_run": True}, True), ({}, False)])
def test_a_dry_run_or_a_no_changes_nothing(
    fleet: FakeFleet, tmp_path: Path, options: dict[str, bool], answer: bool
) -> None:
    timer = put(tmp_path / "root/etc/systemd/system/decnet-events.timer")
    ran = run(fleet, tmp_path, answer=answer, **options)
    assert fleet.picture(ran) == {"exit": 0, **BEFORE, "audit": ["4 done (0)"]}
    assert timer.exists()


def test_what_will_be_done_is_shown_before_the_question(fleet: FakeFleet, tmp_path: Path) -> None:
    timer = put(tmp_path / "root/etc/systemd/system/decnet-events.timer")
    ran = run(fleet, tmp_path, answer=False)
    shown = [event.text for event in ran.events if isinstance(event, Message)]
    assert "remove from w1: 2 deckies, network, images, agent, the fleet's key" in shown
    assert f"remove {timer}" in shown and f"remove {fleet.home.root}/keys" in shown
    assert f"keep {fleet.home.root}/audit.jsonl (--purge removes it)" in shown


@pytest.mark.parametrize(
    ("harm", "code"), [("w1 is unreachable", 5), ("w1 shows another host key", 6), ("a job runs on w1", 4)]
)
def test_a_worker_that_cannot_be_cleaned_keeps_the_state_and_is_named_with_the_commands(
    fleet: FakeFleet, tmp_path: Path, harm: str, code: int
) -> None:
    HARM[harm](fleet)
    ran = run(fleet, tmp_path)
    assert (ran.code, fleet.home.keys.is_dir(), set(FleetTable(fleet.home).workers())) == (code, True, {"w1"})
    assert fleet["w2"].containers == {} and fleet["w1"].containers != {}
    text = "\n".join(ran.outcome.lines)
    assert "w1: " in text and "docker rm -f $(docker ps -aq --filter label=decnet.fleet=" in text
    assert "nothing was removed from this machine" in text


def test_a_second_run_finishes_when_the_worker_is_back(fleet: FakeFleet, tmp_path: Path) -> None:
    fleet["w1"].is_reachable = False
    assert run(fleet, tmp_path).code == 5
    fleet["w1"].is_reachable = True
    assert (run(fleet, tmp_path).code, left(fleet), fleet["w1"].containers) == (0, STAY, {})


def test_a_worker_that_an_interrupted_run_has_wiped_is_given_up_as_the_last_line_says(
    fleet: FakeFleet, tmp_path: Path
) -> None:
    fleet["w1"].lose("self-destruct", after=True)
    assert run(fleet, tmp_path).code == 5
    ran = run(fleet, tmp_path)
    assert (ran.code, fleet["w1"].containers) == (5, {})
    last = "if w1 is gone, or clean after an interrupted run: decnet uninstall --force"
    assert ran.outcome.lines[-1] == last
    assert (run(fleet, tmp_path, force=True).code, left(fleet)) == (5, STAY)


def test_force_finishes_here_and_reports_what_stays_there(fleet: FakeFleet, tmp_path: Path) -> None:
    fleet["w1"].is_reachable = False
    ran = run(fleet, tmp_path, force=True)
    assert (ran.code, left(fleet)) == (5, STAY)
    assert any("rm -rf /var/lib/decnet-agent" in line for line in ran.outcome.lines)


def test_a_held_lock_changes_nothing(fleet: FakeFleet, tmp_path: Path) -> None:
    with fleet.locked():
        ran = run(fleet, tmp_path)
    assert fleet.picture(ran) == {"exit": 75, **BEFORE, "audit": ["4 done (0)"]}


SYSTEM = [
    "root/etc/systemd/system/decnet-reconcile.timer",
    "root/etc/systemd/system/decnet-reconcile.service",
    "root/etc/cron.d/decnet",
    "root/usr/share/bash-completion/completions/decnet",
    "user/.config/fish/completions/decnet.fish",
]


def test_timers_cron_lines_and_completions_are_removed_and_foreign_files_stay(
    fleet: FakeFleet, tmp_path: Path
) -> None:
    own = [put(tmp_path / name) for name in SYSTEM]
    foreign = [put(tmp_path / "root/etc/cron.d/other"), put(tmp_path / "root/etc/systemd/system/x.timer")]
    assert run(fleet, tmp_path).code == 0
    assert ([path.exists() for path in own], [path.exists() for path in foreign]) == ([False] * 5, [True] * 2)


def test_lines_of_the_users_own_files_are_named(fleet: FakeFleet, tmp_path: Path) -> None:
    start = put(tmp_path / "user/.bashrc")
    start.write_text("alias ll='ls -l'\nsource <(decnet completion bash)\n")
    ran = run(fleet, tmp_path)
    assert any(f"`decnet completion` in {start}" in line for line in ran.outcome.lines)
    assert start.read_text().endswith("bash)\n")


def test_an_own_catalog_is_kept(fleet: FakeFleet, tmp_path: Path) -> None:
    fleet.home.catalog.mkdir(mode=0o700)
    put(fleet.home.catalog / "mine.toml").chmod(0o600)
    assert (run(fleet, tmp_path).code, left(fleet)) == (0, {*STAY, "catalog"})
