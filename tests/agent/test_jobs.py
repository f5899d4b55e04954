"""Jobs: one at a time, running exactly as long as their lock is held, and lost only if no record has their
end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from agent_desk import Desk

from decnet.agent import job_runner, jobs, journal, limits, removal
from decnet.agent.containers import Container
from decnet.agent.creation import Creation
from decnet.agent.home import write_json
from decnet.agent.request import Refusal
from decnet.model.actual import Job
from decnet.wire import LABEL_DECKY, PROJECT


def accepted(request_id: str = "r1", deckies: tuple[str, ...] = ("a", "b")) -> dict[str, Any]:
    row = jobs.new_row(jobs.job_id_of(request_id), request_id, "apply", 1, list(deckies))
    jobs.create(row, {"steps": []})
    return row


def state(request_id: str = "r1") -> str:
    row = jobs.lookup(jobs.job_id_of(request_id))
    assert row is not None
    return str(row["state"])


def test_a_job_that_holds_its_lock_is_alive(home: Path) -> None:
    claim = jobs.Claim(jobs.job_id_of("r1"))
    accepted()
    assert state() == "accepted" and jobs.running_job() == jobs.job_id_of("r1")
    claim.release()
    assert state() == "lost" and jobs.running_job() is None


def test_a_job_whose_every_end_is_in_the_journal_is_not_lost(home: Path) -> None:
    (home / "jobs").mkdir()
    accepted()
    journal.append("a", "create", None, "r1")
    assert state() == "lost"
    journal.append("b", "create", None, "r1")
    assert state() == "done"


def test_a_failed_end_makes_the_job_a_failed_one(home: Path) -> None:
    (home / "jobs").mkdir()
    accepted()
    journal.append("a", "create", None, "r1")
    journal.append("b", "create", "it broke", "r1")
    assert state() == "failed"


def test_ends_of_another_request_do_not_count(home: Path) -> None:
    (home / "jobs").mkdir()
    accepted()
    for decky in ("a", "b"):
        journal.append(decky, "create", None, "r0")
    assert state() == "lost"


def test_a_second_claim_is_busy_and_names_the_first(home: Path) -> None:
    claim = jobs.Claim(jobs.job_id_of("r1"))
    accepted()
    with pytest.raises(Refusal) as refused:
        jobs.Claim(jobs.job_id_of("r2"))
    assert (refused.value.code, refused.value.details) == ("busy", {"job_id": jobs.job_id_of("r1")})
    claim.release()
    jobs.Claim(jobs.job_id_of("r2")).release()


def test_nothing_more_is_removed_when_the_jobs_time_is_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Container({"Id": "i", "Names": ["/web"], "Labels": {LABEL_DECKY: "web"}, "State": "running"})
    asked: list[str] = []
    monkeypatch.setattr(removal.docker, "post", lambda path, *rest, **more: asked.append(path))
    monkeypatch.setattr(removal.docker, "delete", lambda path, *rest: asked.append(path))
    target = {"project": PROJECT, "decky": "web", "name": "web", "id": "i"}
    late = removal.remove_containers("f", [target], time.monotonic() - 1, [base])
    assert (late, asked) == ({"web": f"web: {limits.NO_TIME}"}, [])
    assert removal.remove_containers("f", [target], time.monotonic() + 60, [base]) == {}
    assert asked == ["/containers/i"]


def test_compose_is_not_begun_when_the_jobs_time_is_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "jobs").mkdir()
    row = accepted(deckies=("a",))
    step = {"decky": "a", "operation": "create", "remove": [], "up": ["a"], "start": []}
    content = {
        "project": PROJECT, "fleet_id": "f", "request_id": "r1", "steps": [step], "compose": {},
        "compose_command": ["no"],
    }  # fmt: skip
    run = job_runner.Run(content, jobs.Progress(row["job_id"]), [])
    run.deadline = time.monotonic() + limits.HEALTH - 1
    begun: list[object] = []
    monkeypatch.setattr(job_runner.composerun, "up", lambda *args: begun.append(args))
    creation = Creation({"services": {"a": {"labels": {LABEL_DECKY: "a"}}}}, PROJECT, "", ["a"], {})
    run._bring_up([step], creation)
    assert (begun, run.failed) == ([], {"a": limits.NO_TIME})


def left_to_compose(
    monkeypatch: pytest.MonkeyPatch, *errors: str | None
) -> tuple[list[list[str]], list[float], dict[str, str]]:
    """A job of one decky of which the engine has refused something; Compose's runs end with these errors, and
    then always with the last. The names of each run, the pauses, and the job's errors."""
    row = accepted(deckies=("a",))
    step = {"decky": "a", "operation": "create", "remove": [], "up": ["a"], "start": []}
    content = {
        "project": PROJECT, "fleet_id": "f", "request_id": "r1", "steps": [step], "compose": {},
        "compose_command": ["no"],
    }  # fmt: skip
    run = job_runner.Run(content, jobs.Progress(row["job_id"]), [])
    ends, runs, pauses = list(errors), [], []

    def up(compose: object, project: str, file: str, names: list[str], *_: object) -> str | None:
        runs.append(names)
        return ends.pop(0) if len(ends) > 1 else ends[0]

    monkeypatch.setattr(job_runner.composerun, "up", up)
    monkeypatch.setattr(job_runner.time, "sleep", pauses.append)
    creation = Creation({"services": {"a": {"labels": {LABEL_DECKY: "a"}}}}, PROJECT, "", ["a"], {})
    creation.discard_all_but(())
    run._bring_up([step], creation)
    return runs, pauses, run.failed


def test_an_error_of_compose_that_passes_by_itself_is_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "jobs").mkdir()
    passing = left_to_compose(monkeypatch, "network decnet_lan not found", None)
    assert passing == ([["a"]] * 2, [1], {})


def test_an_error_of_compose_that_stays_is_given_up_and_reported(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four tries for all, four for the one decky."""
    (home / "jobs").mkdir()
    staying = left_to_compose(monkeypatch, "TLS handshake timeout")
    assert staying == ([["a"]] * 8, [1, 2, 4] * 2, {"a": "TLS handshake timeout"})


@pytest.mark.parametrize("error", ["no space left on device", "pull access denied for x"])
def test_an_error_of_compose_that_cannot_pass_is_not_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    (home / "jobs").mkdir()
    assert left_to_compose(monkeypatch, error) == ([["a"]] * 2, [], {"a": error})


def test_the_time_of_a_job_grows_with_its_work_and_with_each_decky_that_ends(home: Path) -> None:
    (home / "jobs").mkdir()
    row = accepted(deckies=("a", "b"))
    steps = [{"decky": d, "operation": "create", "remove": [], "up": [d], "start": []} for d in ("a", "b")]
    content = {"project": PROJECT, "fleet_id": "f", "request_id": "r1", "steps": steps, "compose": {}}
    run = job_runner.Run(content, jobs.Progress(row["job_id"]), [])
    assert run.deadline - time.monotonic() == pytest.approx(660, abs=1)
    run.deadline = time.monotonic() + limits.HEALTH - 1
    assert run.reason_to_end() == "compose did not end in time"
    run.end("a")
    assert (run.deadline - time.monotonic() == pytest.approx(120, abs=1), run.reason_to_end()) == (True, None)
    assert run.last_end - time.monotonic() == pytest.approx(900, abs=1)


def test_a_kill_frees_the_lock(home: Path) -> None:
    inside, outside = os.pipe()
    child = os.fork()
    if not child:
        claim = jobs.Claim(jobs.job_id_of("r1"))
        accepted()
        os.write(outside, b"x")
        time.sleep(60)
        os._exit(len(claim.descriptors()))
    assert os.read(inside, 1) == b"x"
    assert state() == "accepted"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(inside)
    os.close(outside)
    assert state() == "lost"


def test_only_the_newest_jobs_are_kept_and_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "jobs").mkdir()
    monkeypatch.setattr(jobs.limits, "JOBS_KEPT", 5)
    monkeypatch.setattr(jobs.limits, "JOBS_SHOWN", 3)
    for number in range(9):
        accepted(f"r{number}")
        os.utime(home / "jobs" / (jobs.job_id_of(f"r{number}") + ".bundle"), (number, number))
    assert len(list((home / "jobs").glob("*.json"))) == 5
    assert [row["request_id"] for row in jobs.recent_jobs()] == ["r6", "r7", "r8"]


def test_a_job_that_runs_is_shown_and_kept_though_the_clock_went_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "jobs").mkdir()
    monkeypatch.setattr(jobs.limits, "JOBS_SHOWN", 3)
    for number in range(5):
        accepted(f"r{number}")
        tomorrow = time.time() + 86_400 + number
        os.utime(home / "jobs" / (jobs.job_id_of(f"r{number}") + ".bundle"), (tomorrow, tomorrow))
    claim = jobs.Claim(jobs.job_id_of("r5"))
    accepted("r5")
    assert [row["request_id"] for row in jobs.recent_jobs()] == ["r3", "r4", "r5"]
    jobs.forget_bundle(jobs.job_id_of("r5"))
    assert jobs.recent_jobs()[-1]["request_id"] == "r5"
    os.utime(home / "jobs" / (jobs.job_id_of("r5") + ".bundle"), (1, 1))
    assert "r5" in [row["request_id"] for row in jobs.recent_jobs()]
    claim.release()


def test_a_row_that_cannot_be_read_hides_no_other_job(home: Path) -> None:
    (home / "jobs").mkdir()
    accepted("r0")
    accepted("r1")
    (home / "jobs" / (jobs.job_id_of("r0") + ".json")).write_text("half")
    assert [row["request_id"] for row in jobs.recent_jobs()] == ["r1"]


def test_a_shown_job_is_what_the_model_says(home: Path) -> None:
    (home / "jobs").mkdir()
    accepted()
    (row,) = jobs.recent_jobs()
    assert Job.model_validate(row).state == "lost"


def test_a_killed_writers_draft_is_collected_and_a_living_ones_is_left(home: Path) -> None:
    dead = os.fork()
    if not dead:
        os._exit(0)
    os.waitpid(dead, 0)
    (home / f"slice.json.{dead}.tmp").write_text("half")
    (home / f"slice.json.{os.getppid()}.tmp").write_text("half")
    write_json({}, "compose.json")
    assert sorted(path.name for path in home.iterdir()) == ["compose.json", f"slice.json.{os.getppid()}.tmp"]


def test_a_lost_job_is_in_the_status(desk: Desk, home: Path) -> None:
    (home / "jobs").mkdir()
    accepted()
    (row,) = desk.enrolled_by_hand().get("status")["jobs"]
    assert (row["request_id"], row["state"]) == ("r1", "lost")


def test_a_file_that_no_job_wrote_hides_no_job(desk: Desk) -> None:
    folder = desk.enrolled_by_hand().home / "jobs"
    folder.mkdir()
    row = jobs.new_row("0" * 16, "r1", "apply", 1, ["a"])
    for name, value in {
        "good": row,
        "bare": {"state": "done"},
        "list": [],
        "other": {**row, "deckies": 7},
    }.items():
        write_json(
            {**value, "job_id": name} if isinstance(value, dict) else value, str(folder / f"{name}.json")
        )
        (folder / f"{name}.bundle").touch()
    (folder / "folder.bundle").mkdir()
    for name in ("folder.lock", "good.lock", "folder.json"):
        (folder / name).mkdir()
    assert [(job["job_id"], job["state"]) for job in desk.get("status")["jobs"]] == [("good", "lost")]
