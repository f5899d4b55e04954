"""A Docker engine that hangs, restarts or runs into errors, and a compose that is missing or fails."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from places import FLEET
from theatre import Stage, eventually

from decnet.lab import Lab, pause, resume, start, stop

COMPOSE = "/usr/bin/docker-compose"
MANY = FLEET.replace("[decky.web]", "[decky.row]\ncount = 4")


@pytest.fixture
def web(stage: Stage) -> Stage:
    """One decky that runs."""
    stage.decnet("deploy", "-c", stage.spec(FLEET), "--yes", "--reset-services", "--max-remove", "9")
    return stage


@pytest.fixture
def bare(stage: Stage) -> Stage:
    """A worker that is enrolled and empty."""
    stage.decnet("deploy", "-c", stage.spec(FLEET), "--yes", "--reset-services", "--max-remove", "9")
    stage.decnet("teardown", "web", "--yes")
    return stage


@pytest.fixture
def compose(stage: Stage) -> Iterator[Stage]:
    """The worker's compose may be replaced by `put`; it is back afterwards."""
    yield stage
    stage.on(stage.place, "sh", "-c", f"while umount {COMPOSE} 2>/dev/null; do :; done")


def put(stage: Stage, script: str) -> None:
    """Another program in compose's place, on this worker only; `$REAL` is the real one."""
    real, other = stage.folder / "real-compose", stage.folder / "compose"
    copied = stage.on(stage.place, "cp", COMPOSE, str(real))
    assert copied.code == 0, copied
    other.write_text(f"#!/bin/sh\nREAL={real}\nTRIES={stage.folder}/tries\n{script}\n")
    other.chmod(0o755)
    assert stage.on(stage.place, "mount", "--bind", str(other), COMPOSE).code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 1", "no docker compose is installed, or it does not answer"),
        ("echo 1.20.0", "compose 1.20.0 is too old"),
        ("sleep 60", "no docker compose is installed, or it does not answer"),
    ],
)
def test_a_compose_that_is_missing_or_too_old_is_found_before_anything_changes(
    bare: Stage, compose: Stage, script: str, says: str
) -> None:
    put(bare, script)
    before = bare.on(bare.place, "docker", "network", "ls", "-q").out
    said = bare.decnet("deploy", "-c", bare.spec(FLEET), "--yes", code=4)
    assert says in said.out + said.err
    assert "install Compose v2" in said.out + said.err
    assert (bare.containers(), bare.on(bare.place, "docker", "network", "ls", "-q").out) == ({}, before)
    assert bare.on(bare.place, "umount", COMPOSE).code == 0
    bare.decnet("reconcile")
    assert set(bare.containers()) == {"web", "web-http"}


@pytest.mark.slow
def test_a_hung_engine_is_unknown_in_time_and_nothing_is_done_to_it(web: Stage, lab: Lab) -> None:
    before = web.containers()
    pause(lab, web.place, "engine")
    try:
        begin = time.monotonic()
        shown = web.decnet("status", "-o", "json", code=5).json
        assert time.monotonic() - begin < 15
        assert (shown["workers"][0]["state"], shown["deckies"][0]["status"]) == ("docker down", "unknown")
        assert "no answer in time" in shown["workers"][0]["error"]
        web.decnet("reconcile", code=5)
    finally:
        resume(lab, web.place, "engine")
    web.decnet("reconcile")
    assert web.containers() == before


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0])
def test_an_engine_that_restarts_in_the_middle_of_a_deploy_leaves_nothing_twice(
    bare: Stage, lab: Lab, seconds: float
) -> None:
    deploy = bare.start("deploy", "-c", bare.spec(MANY), "--yes")
    time.sleep(seconds)
    stop(lab, bare.place, "engine")
    start(lab, bare.place)
    out, err = deploy.communicate(timeout=120)
    assert "Traceback" not in err
    eventually(lambda: bare.decnet("reconcile", code=None).code == 0, 150)
    if not bare.containers():
        bare.decnet("deploy", "-c", bare.spec(MANY), "--yes")
    names = {f"row-{n:02d}{service}" for n in range(1, 5) for service in ("", "-http")}
    assert set(bare.containers()) == names
    assert {decky["status"] for decky in bare.deckies().values()} == {"running"}
    open_rows = [
        r for r in bare.decnet("history", "-o", "json").json if r["status"] in ("pending", "running")
    ]
    assert open_rows == []
    bare.decnet("teardown", "row-*", "--yes", "--max-remove", "9")


@pytest.mark.slow
def test_a_worker_that_reboots_in_the_middle_of_a_job_has_lost_it_and_the_decky_is_taken_up_again(
    bare: Stage, lab: Lab
) -> None:
    bare.decnet("deploy", "-c", bare.spec(MANY), "--yes", "--detach")
    stop(lab, bare.place, "worker")
    start(lab, bare.place)
    bare.decnet("status", code=None)
    rows = bare.decnet("history", "row-*", "--limit", "4", "-o", "json").json
    assert {row["status"] for row in rows} == {"lost"}
    assert {row["error"] for row in rows} == {"the job that carried it out is gone"}
    eventually(lambda: bare.decnet("reconcile", code=None).code == 0, 150)
    assert {decky["status"] for decky in bare.deckies().values()} == {"running"}
    bare.decnet("teardown", "row-*", "--yes", "--max-remove", "9")


@pytest.mark.slow
def test_a_container_in_a_restart_loop_is_recognized_and_recreated(web: Stage) -> None:
    before = web.containers()
    # Docker waits twice as long before each restart: after the eighth kill for twelve seconds.
    loop = (
        "count=0; until [ $count -ge 8 ]; do "
        "pid=$(docker inspect -f '{{.State.Pid}}' web-http); "
        "[ $pid -gt 1 ] && kill -9 $pid && count=$((count + 1)); sleep 0.1; done"
    )
    web.on(web.place, "sh", "-c", loop)
    notes = web.decnet("status", "-o", "json", code=4).json["notes"]
    assert any("service http is in a restart loop" in note for note in notes), notes
    web.decnet("reconcile")
    after = web.containers()
    assert (after["web"], after["web-http"] != before["web-http"]) == (before["web"], True)
    assert web.deckies()["web"]["status"] == "running"


@pytest.mark.slow
def test_a_fleet_that_the_addresses_do_not_suffice_for_is_refused_with_the_numbers(bare: Stage) -> None:
    tight = MANY.replace("192.0.2.100-192.0.2.109", "192.0.2.100-192.0.2.101")
    said = bare.decnet("deploy", "-c", bare.spec(tight), "--yes", code=2)
    assert "4" in said.err and "2" in said.err
    assert bare.containers() == {}
