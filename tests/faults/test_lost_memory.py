"""A worker or operator that lost state: it is reported by name, repaired by reconcile, and no decky is
affected."""

from __future__ import annotations

import json
from typing import Any

import pytest
from places import FLEET
from theatre import Stage

AGENT = "/var/lib/decnet-agent"
HOME = "/var/lib/decnet"


@pytest.fixture
def web(stage: Stage) -> Stage:
    """One decky that runs, its worker's memory as it should be."""
    stage.decnet("deploy", "-c", stage.spec(FLEET), "--yes", "--reset-services")
    stage.decnet("reconcile")
    return stage


def run(stage: Stage, script: str) -> str:
    said = stage.on(stage.place, "sh", "-c", script)
    assert said.code == 0, said
    return said.out


def slice_status(stage: Stage) -> str:
    """What `status` says of the description that the worker holds."""
    shown: dict[str, Any] = stage.decnet("status", "-o", "json", code=None).json
    return str(shown["workers"][0]["slice"])


def mended(stage: Stage, before: dict[str, str]) -> None:
    """After one reconcile nothing is left to do or to report, and the containers are the same."""
    stage.decnet("reconcile")
    assert stage.decnet("reconcile", "--check").err == ""
    assert slice_status(stage) == ""
    assert stage.containers() == before


@pytest.mark.slow
def test_when_both_sides_forgot_what_runs_is_adopted_as_found(web: Stage) -> None:
    before = web.containers()
    run(web, f"rm {HOME}/records/*.json {AGENT}/journal.jsonl; docker stop -t 0 web-http")
    seen = web.decnet("status", "-o", "json", code=None).json["deckies"][0]
    assert (seen["status"], seen["adopted"]) == ("degraded", False)
    mended(web, before)
    seen = web.decnet("status", "-o", "json").json["deckies"][0]
    assert (seen["status"], seen["last_known"]) == ("running", "running")
    run(web, f"rm {HOME}/records/*.json {AGENT}/journal.jsonl")
    assert "adopt, it runs as described, and was not recorded" in web.decnet("reconcile").err
    assert web.decnet("status", "-o", "json").json["deckies"][0]["adopted"] is True
    mended(web, before)


def test_this_machines_agent_that_lost_its_folder_is_enrolled_and_synced_again(web: Stage) -> None:
    before = web.containers()
    run(web, f"rm -rf {AGENT}/*")
    assert "this worker is not enrolled" in web.decnet("status", code=6).out
    said = web.decnet("reconcile")
    assert "its agent had lost its directory and is enrolled again" in said.err
    assert "local is out of date and will be re-synced: lost" in said.err
    mended(web, before)


@pytest.mark.slow
def test_a_worker_that_lost_its_description_is_given_it_again(web: Stage) -> None:
    before = web.containers()
    run(web, f"rm {AGENT}/projects/decnet/slice.json")
    assert slice_status(web).startswith("lost: ")
    web.decnet("reconcile", "--check", code=3)
    mended(web, before)


@pytest.mark.slow
def test_a_worker_from_an_old_snapshot_is_distinguished_from_one_that_is_behind(web: Stage) -> None:
    run(web, f"rm -rf {AGENT}.old; cp -a {AGENT} {AGENT}.old")
    web.decnet("mutate", "web", "--services", "ssh")
    before = web.containers()
    run(web, f"rm -rf {AGENT}/*; cp -a {AGENT}.old/* {AGENT}/; rm -rf {AGENT}.old")
    said = web.decnet("status", "-o", "json")
    assert said.json["workers"][0]["slice"].startswith("rewound: it is back at generation ")
    assert "its journal was rewound: the worker was restored from an older copy" in said.err
    mended(web, before)


@pytest.mark.slow
def test_a_description_that_was_changed_on_the_worker_is_put_right(web: Stage) -> None:
    before = web.containers()
    held = json.loads(run(web, f"cat {AGENT}/projects/decnet/slice.json"))
    held["slice"]["deckies"], held["plan_hash"] = {}, "0" * 64
    (web.folder / "slice").write_text(json.dumps(held))
    run(web, f"cp {web.folder}/slice {AGENT}/projects/decnet/slice.json")
    assert slice_status(web).startswith("replaced: ")
    mended(web, before)


@pytest.mark.slow
def test_a_worker_that_was_never_sent_the_newest_slice_is_behind(web: Stage) -> None:
    before = web.containers()
    state = json.loads(web.read("decnet-state.json"))
    state["projects"]["decnet"]["deckies"]["web"]["mutate_interval"] = 77
    web.write("decnet-state.json", json.dumps(state))
    assert slice_status(web).startswith("behind: ")
    mended(web, before)


@pytest.mark.slow
def test_a_restored_state_directory_is_refused_until_the_operator_allows_it(web: Stage) -> None:
    run(web, f"rm -rf {HOME}.old; cp -a {HOME} {HOME}.old")
    web.decnet("mutate", "web", "--services", "ssh")
    run(web, f"rm -rf {HOME}/*; cp -a {HOME}.old/* {HOME}/; rm -rf {HOME}.old")
    assert slice_status(web).startswith("ahead: ")
    said = web.decnet("reconcile", code=4)
    assert "decnet worker recover --take-generation" in said.out + said.err
    web.decnet("worker", "recover", "--take-generation")
    web.decnet("reconcile")
    mended(web, web.containers())


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["rm {0}/journal.jsonl", "printf '{{\"seq\":' >> {0}/journal.jsonl"])
def test_a_journal_that_is_lost_or_torn_costs_no_decky(web: Stage, harm: str) -> None:
    before = web.containers()
    run(web, harm.format(AGENT))
    said = web.decnet("status")
    assert ("its journal is new" in said.err) == ("rm" in harm)
    mended(web, before)
    web.decnet("mutate", "web", "--services", "ssh")
    last = web.decnet("history", "web", "-o", "json").json[-1]
    assert (last["operation"], last["status"], last["ended_by_worker"]) == ("change", "succeeded", True)


@pytest.mark.slow
def test_lost_records_are_read_again_from_the_journals_first_record(web: Stage) -> None:
    before = web.containers()
    run(web, f"rm {HOME}/records/*.json")
    said = web.decnet("reconcile")
    assert "matches no open operation" not in said.err
    mended(web, before)
    ends = [row["reason"] for row in web.decnet("history", "-o", "json").json]
    assert set(ends) == {"read from the worker's journal"}
    web.decnet("mutate", "web", "--services", "ssh")
    last = web.decnet("history", "-o", "json").json
    assert (len(last), last[-1]["operation"]) == (len(ends) + 1, "change")
