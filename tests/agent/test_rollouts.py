"""What a worker keeps of a rollout, and its dead man: real agents, and an engine in memory."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from agent_desk import Desk
from engine_server import EngineServer, engine_server, records
from rollout_desk import (
    ONE,
    OTHER,
    ROLLOUT,
    kept,
    let_time_pass,
    previous,
    request,
    rollout,
    state,
    watchers,
    within,
)

from decnet.model.actual import Status
from decnet.wire import PROJECT

TOPOLOGY = "decnet-t-0123abcd"
ARMED = rollout(confirm_within=600)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        server.engine.listens = lambda base, name: {(22, "tcp")} if name.endswith("-ssh") else set()
        yield server


@pytest.fixture
def seat(desk: Desk, engine: EngineServer) -> Iterator[Desk]:
    yield engine.serve(desk.enrolled_by_hand())
    for process in watchers(desk.home):
        os.kill(process, signal.SIGKILL)


@pytest.fixture
def one(seat: Desk) -> Desk:
    """With a decky, by a plain apply."""
    done(seat, request(ONE, 1))
    return seat


@pytest.fixture
def armed(one: Desk) -> Desk:
    """The decky at its second address, under a dead man."""
    done(one, request(OTHER, 2, ARMED, seat=one))
    return one


def done(seat: Desk, args: dict[str, Any]) -> None:
    assert seat.get("apply", args)["state"] == "done"


def restored(seat: Desk) -> None:
    """The time is over, and the former slice was restored to the end."""
    within(30, lambda: state(seat) == "reverted" and not watchers(seat.home))


def address(engine: EngineServer, name: str = "web") -> str:
    found = engine.engine.named(name)
    return "" if found is None else str(found["Ip"])


def held(seat: Desk, project: str = PROJECT) -> tuple[int, str]:
    found = seat.get("status")["projects"][project]
    return found["generation"], found["plan_hash"]


def confirmed(seat: Desk, rollout_id: str = ROLLOUT) -> str:
    return str(seat.get("confirm", {"project": PROJECT, "id": rollout_id})["state"])


def test_a_worker_without_rollouts_keeps_and_reports_nothing_of_them(one: Desk) -> None:
    assert "rollouts" not in one.get("status") and "busy" not in one.get("status")
    names = {path.name for path in one.home.rglob("*")}
    assert not {"rollout.json", "previous", "rollouts.lock", "decnet.lock"} & names


def test_a_rollout_is_kept_with_its_slice_until_a_plain_apply(one: Desk) -> None:
    done(one, request(ONE, 2, rollout(unit="w1+w2", former="b" * 64, seq=7), steps=[]))
    assert kept(one) == {
        "project": PROJECT, "id": ROLLOUT, "unit": "w1+w2", "former": "b" * 64, "to": "a" * 64, "seq": 7,
        "state": "none", "armed_until": None, "error": "",
    }  # fmt: skip
    assert Status.model_validate(one.get("status")).rollouts[0].seq == 7
    done(one, request(ONE, 3, rollout(seq=3), steps=[]))
    assert (kept(one) or {})["seq"] == 7
    done(one, request(ONE, 4, steps=[]))
    assert kept(one) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "x" * 12}, {"id": "0" * 13}, {"unit": ""}, {"to": None}, {"to": "g" * 64}, {"former": "0"},
        {"seq": -1}, {"batch": -1}, {"batch": True}, {"confirm_within": 9}, {"confirm_within": 86_401},
        {"confirm_within": True}, {"confirm_within": "60"}, {"more": 1},
    ],
)  # fmt: skip
def test_a_rollout_of_another_shape_is_refused(seat: Desk, wrong: dict[str, Any]) -> None:
    assert seat.refused("apply", request(ONE, 1, rollout(**wrong)))["code"] == "usage"
    assert not (seat.home / "projects").exists()


def test_a_dead_man_is_armed_before_anything_changes_and_a_confirmation_makes_it_permanent(
    armed: Desk, engine: EngineServer
) -> None:
    found = kept(armed) or {}
    clock = armed.get("hello")["clock"]
    assert (found["state"], 500 < found["armed_until"] - clock <= 600) == ("armed", True)
    assert previous(armed) == ["compose.json", "slice.json"]
    assert records(armed)[-2:] == [
        (PROJECT, "", "arm", "succeeded"), (PROJECT, "web", "change", "succeeded"),
    ]  # fmt: skip
    assert confirmed(armed) == "confirmed" == confirmed(armed)
    assert (state(armed), previous(armed), address(engine)) == ("confirmed", [], "127.77.0.12")
    assert records(armed)[-1] == (PROJECT, "", "confirm", "succeeded")
    within(5, lambda: not watchers(armed.home))


def test_without_a_confirmation_the_former_slice_comes_back(armed: Desk, engine: EngineServer) -> None:
    (before, _) = held(armed)
    let_time_pass(armed)
    restored(armed)
    assert address(engine) == "127.77.0.11"
    assert set(engine.containers.values()) == {"running"}
    assert held(armed) == (before, request(ONE, 1)["plan_hash"])
    assert records(armed)[-2:] == [
        (PROJECT, "web", "revert", "succeeded"), (PROJECT, "", "revert", "succeeded"),
    ]  # fmt: skip
    assert (previous(armed), confirmed(armed)) == ([], "reverted")
    assert [job["operation"] for job in armed.get("status")["jobs"]][-1] == "revert"
    done(armed, request(OTHER, 3, seat=armed))
    assert (kept(armed), address(engine)) == (None, "127.77.0.12")


def test_no_file_keeps_a_password_after_a_revert(armed: Desk) -> None:
    let_time_pass(armed)
    restored(armed)
    documents = [path for path in armed.home.rglob("*") if path.is_file() and b"PERSONA" in path.read_bytes()]
    assert [path.relative_to(armed.home).as_posix() for path in documents] == ["projects/decnet/compose.json"]


def test_what_had_no_slice_before_has_none_again(seat: Desk, engine: EngineServer) -> None:
    done(seat, request(ONE, 1, ARMED))
    assert address(engine) == "127.77.0.11"
    let_time_pass(seat)
    restored(seat)
    assert (engine.containers, seat.get("slice")["projects"][PROJECT]["slice"]["deckies"]) == ({}, {})


def test_only_what_differs_is_made_again(one: Desk, engine: EngineServer) -> None:
    two = {**ONE, "db": ("127.77.0.13", {})}
    done(one, request(two, 2, ARMED, seat=one))
    web = engine.engine.named("web") or {}
    let_time_pass(one)
    restored(one)
    assert sorted(engine.containers) == ["web", "web-ssh"]
    assert (engine.engine.named("web") or {})["Id"] == web["Id"]


def test_asking_again_extends_the_time_and_keeps_the_first_former_slice(
    armed: Desk, engine: EngineServer
) -> None:
    third = {"web": ("127.77.0.14", {})}
    processes = watchers(armed.home)
    done(armed, request(third, 3, rollout(confirm_within=6000), seat=armed))
    assert ((kept(armed) or {})["armed_until"] - armed.get("hello")["clock"]) > 5000
    assert watchers(armed.home) == processes and len(processes) == 1
    let_time_pass(armed)
    restored(armed)
    assert address(engine) == "127.77.0.11"


def test_another_rollout_makes_the_one_before_permanent(armed: Desk, engine: EngineServer) -> None:
    other = "ba9876543210"
    done(armed, request({"web": ("127.77.0.14", {})}, 3, rollout(other, confirm_within=600), seat=armed))
    assert (confirmed(armed), state(armed)) == ("none", "armed")
    let_time_pass(armed)
    restored(armed)
    assert address(engine) == "127.77.0.12"


@pytest.mark.parametrize("what", ["a plain apply", "a teardown", "a release without one"])
def test_what_replaces_the_slice_disarms(armed: Desk, what: str) -> None:
    if what == "a teardown":
        down = {"project": PROJECT, "request_id": "d", "generation": 3, "deckies": None, "wait": 30.0}
        done_state = armed.get("teardown", down)["state"]
        assert done_state == "done"
    else:
        done(armed, request(OTHER, 3, rollout() if "release" in what else None, steps=[]))
    assert (state(armed), previous(armed)) == ("none" if "release" in what else None, [])
    within(5, lambda: not watchers(armed.home))


def test_a_dead_man_whose_process_was_killed_is_expired(armed: Desk, engine: EngineServer) -> None:
    (process,) = watchers(armed.home)
    os.kill(process, signal.SIGKILL)
    within(5, lambda: state(armed) == "expired")
    found = kept(armed) or {}
    assert (found["armed_until"], found["error"]) == (None, "its timer was ended before it was confirmed")
    assert (confirmed(armed), state(armed), previous(armed)) == ("confirmed", "confirmed", [])


def test_a_restart_of_the_machine_ends_a_dead_man(armed: Desk) -> None:
    (process,) = watchers(armed.home)
    os.kill(process, signal.SIGKILL)
    place = armed.home / "projects" / PROJECT / "rollout.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "boot_id": "earlier", "until": 1e6}))
    assert (kept(armed) or {})["error"] == "the machine was restarted before it was confirmed"
    done(armed, request(OTHER, 3, ARMED, steps=[]))
    assert (state(armed), len(watchers(armed.home))) == ("armed", 1)


def test_a_dead_man_waits_for_a_running_job_and_can_be_confirmed_meanwhile(
    armed: Desk, engine: EngineServer
) -> None:
    with open(armed.home / "jobs" / "work.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        let_time_pass(armed)
        assert state(armed) == "armed"
        assert confirmed(armed) == "confirmed"
    within(5, lambda: not watchers(armed.home))
    assert (state(armed), address(engine)) == ("confirmed", "127.77.0.12")


def test_a_dead_man_waits_for_the_engine(armed: Desk, engine: EngineServer) -> None:
    place, aside = Path(engine.place), Path(engine.place + ".aside")
    place.rename(aside)
    let_time_pass(armed)
    within(5, lambda: (kept(armed) or {})["armed_until"] <= armed.get("hello")["clock"])
    assert state(armed) == "armed"
    aside.rename(place)
    restored(armed)
    assert address(engine) == "127.77.0.11"


def test_an_address_that_another_project_took_is_not_claimed_again(armed: Desk, engine: EngineServer) -> None:
    done(armed, request({"gw": ("127.77.0.11", {})}, 1, project=TOPOLOGY))
    let_time_pass(armed)
    restored(armed)
    assert (kept(armed) or {})["error"].startswith("web: 127.77.0.11 is gw of decnet-t-0123abcd's now")
    addresses = sorted(each["Ip"] for each in engine.engine.containers.values() if each["Ip"])
    assert addresses == ["127.77.0.11"]
    assert records(armed)[-1] == (PROJECT, "", "revert", "failed")


def test_a_former_slice_without_its_document_is_not_promised_to_come_back(one: Desk) -> None:
    place = one.home / "projects" / PROJECT / "compose.json"
    place.write_text(place.read_text().replace('"decnet.fingerprint":"', '"decnet.fingerprint":"0'))
    before = held(one)
    refused = one.refused("apply", request(OTHER, 2, ARMED, seat=one))
    assert (refused["code"], "--no-confirm" in refused["hint"]) == ("failed", True)
    assert (held(one), kept(one), previous(one), watchers(one.home)) == (before, None, [], [])


def test_what_cannot_be_stored_is_not_armed(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    done(one, request(ONE, 2, rollout(seq=1), steps=[]))
    blocked = one.home / "projects" / PROJECT / "previous"
    blocked.write_text("not a folder")
    blocked.chmod(0o400)
    os.chmod(blocked.parent, 0o700)
    found = one.ask("apply", request(OTHER, 3, rollout(confirm_within=60), seat=one))
    # A file in the place of a folder is set aside.
    assert found["ok"], found
    assert previous(one) == ["compose.json", "slice.json"]


def test_self_destruct_ends_the_timer_and_removes_the_former_slice(armed: Desk, engine: EngineServer) -> None:
    armed.get("self-destruct")
    within(30, lambda: not (armed.home / "identity.json").exists())
    within(5, lambda: not (armed.home / "projects").exists())
    assert (watchers(armed.home), engine.containers) == ([], {})


def test_whoever_looks_at_a_dead_man_keeps_no_one_from_arming_it(one: Desk) -> None:
    """A look takes the lock for a moment."""
    is_over = threading.Event()

    def look() -> None:
        with open(one.home / "projects" / "decnet.lock", "w") as lock:
            while not is_over.wait(0.01):
                with suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    time.sleep(0.001)
                    fcntl.flock(lock, fcntl.LOCK_UN)

    looking = threading.Thread(target=look)
    looking.start()
    ended = one.get("apply", request(OTHER, 2, ARMED, seat=one))["state"]
    is_over.set()
    looking.join()
    assert (ended, state(one), len(watchers(one.home))) == ("done", "armed", 1)


def test_a_damaged_record_is_as_good_as_none(armed: Desk) -> None:
    for text in ("half", "[]", '{"state":"armed"}', '{"id":1}'):
        (armed.home / "projects" / PROJECT / "rollout.json").write_text(text)
        assert "rollouts" not in armed.get("status")
    assert confirmed(armed) == "none"
    done(armed, request(OTHER, 3, rollout(), steps=[]))
    assert state(armed) == "none"


def test_confirm_knows_projects_and_ids_only(armed: Desk) -> None:
    assert armed.get("confirm", {"project": TOPOLOGY, "id": ROLLOUT}) == {"state": "none"}
    for wrong in (
        {"project": "x", "id": ROLLOUT},
        {"project": PROJECT, "id": "../../etc/pa"},
        {"id": ROLLOUT},
    ):
        assert armed.refused("confirm", wrong)["code"] == "usage"
    assert state(armed) == "armed"
