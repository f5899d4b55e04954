"""Apply on a real engine: what a job does, and what it must never do."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

from agent_desk import FLEET, Desk, bundle, step

from decnet.lab import Lab, run_argv
from decnet.wire import PROJECT

WEB = {"web": ("192.0.2.101", {"ssh": 22, "http": 80})}


def in_worker(lab: Lab, *argv: str) -> str:
    ended = subprocess.run(run_argv(lab, "w1", list(argv)), capture_output=True, timeout=60, check=True)
    return ended.stdout.decode().strip()


def containers(worker: Desk) -> dict[str, Any]:
    return {row["name"]: row for row in worker.get("status")["containers"]}


def applied(worker: Desk, args: dict[str, Any]) -> dict[str, Any]:
    return worker.get("apply", {**args, "wait": 120.0})


def held(worker: Desk) -> dict[str, Any]:
    found: dict[str, Any] = worker.get("slice")["projects"][PROJECT]
    return found


def target(row: dict[str, Any]) -> dict[str, str]:
    return {"name": row["name"], "id": row["id"]}


def test_a_created_decky_runs_is_attached_and_is_in_the_journal(worker: Desk) -> None:
    args = bundle(WEB, "r1", 1)
    assert applied(worker, args)["state"] == "done"
    status = worker.get("status")
    seen = {(row["name"], row["state"], row["attached"]) for row in status["containers"]}
    assert seen == {("web", "running", None), ("web-ssh", "running", True), ("web-http", "running", True)}
    ends = [(row["decky"], row["operation"], row["status"]) for row in status["journal"]["records"]]
    assert ends == [("web", "create", "succeeded")]
    assert status["projects"] == {PROJECT: {"generation": 1, "plan_hash": args["plan_hash"]}}


def test_an_attacker_reaches_the_service_on_the_lan(worker: Desk, lab: Lab) -> None:
    assert applied(worker, bundle(WEB, "r1", 1))["state"] == "done"
    line = ["sh", "-c", "echo knock | timeout 5 nc -q1 192.0.2.101 22"]
    ended = subprocess.run(run_argv(lab, "attacker", line), capture_output=True, timeout=30, check=False)
    assert ended.stdout == b"knock\n"


def test_the_same_request_again_is_the_same_job_and_restarts_nothing(worker: Desk) -> None:
    args = bundle(WEB, "r1", 1)
    first = applied(worker, args)
    before = containers(worker)
    assert applied(worker, args) == first
    assert containers(worker) == before
    assert worker.get("status")["journal"]["last_seq"] == 1


def test_a_lower_generation_is_refused_and_changes_nothing(worker: Desk) -> None:
    applied(worker, bundle(WEB, "r1", 5))
    error = worker.refused("apply", bundle({}, "r2", 4))
    assert (error["code"], error["details"]) == ("generation", {"generation": 5})
    assert held(worker)["generation"] == 5


def test_a_mutation_leaves_the_base_and_the_other_service_untouched(worker: Desk) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    before = containers(worker)
    change = step("web", "mutate", remove=[target(before["web-http"])], up=["web-ftp"])
    args = bundle({"web": ("192.0.2.101", {"ssh": 22, "ftp": 21})}, "r2", 2, [change])
    assert applied(worker, args)["state"] == "done"
    after = containers(worker)
    assert after["web"] == before["web"] and after["web-ssh"] == before["web-ssh"]
    assert sorted(after) == ["web", "web-ftp", "web-ssh"]


def test_the_events_of_a_removed_container_are_kept_to_the_last(worker: Desk) -> None:
    applied(worker, bundle({"web": ("192.0.2.101", {"ssh": 22})}, "r1", 1))
    assert (
        worker.get("teardown", {"project": PROJECT, "request_id": "r2", "generation": 2, "wait": 60.0})[
            "state"
        ]
        == "done"
    )
    page = worker.get("events")
    assert [(row["decky"], row["service"], row["kind"]) for row in page["events"]] == [
        ("web", "ssh", "contact"),
        ("web", "ssh", "disconnect"),
    ]
    assert worker.get("events", {"after": page["last_seq"], "spool_id": page["spool_id"]})["events"] == []


def test_an_event_is_reported_once_even_if_the_container_restarts(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle({"web": ("192.0.2.101", {"ssh": 22})}, "r1", 1))
    worker.get("events")
    in_worker(lab, "docker", "restart", "-t", "1", "web-ssh")
    time.sleep(0.5)
    kinds = [row["kind"] for row in worker.get("events")["events"]]
    # The decoy of this test reports the same run and numbers again after its restart.
    assert kinds == ["contact", "disconnect"]


def test_a_log_that_cannot_be_read_keeps_no_other_event_back(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle({"web": ("192.0.2.101", {"ssh": 22})}, "r1", 1))
    labels = {"fleet": FLEET, "decky": "aaa", "service": "ssh"}
    words = [word for key, value in labels.items() for word in ("--label", f"decnet.{key}={value}")]
    in_worker(
        lab,
        "docker",
        "run",
        "-d",
        "--name",
        "aaa-ssh",
        "--log-driver",
        "none",
        *words,
        "decnet/decoys:0123456789ab",
    )
    assert [row["decky"] for row in worker.get("events")["events"]] == ["web"]


def test_a_teardown_of_all_leaves_no_container_and_no_network(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    assert (
        worker.get("teardown", {"project": PROJECT, "request_id": "r2", "generation": 2, "wait": 60.0})[
            "state"
        ]
        == "done"
    )
    assert worker.get("status")["containers"] == []
    assert in_worker(lab, "docker", "network", "ls", "-q", "--filter", "name=decnet_lan") == ""
    assert held(worker)["slice"]["deckies"] == {}


def test_a_teardown_by_name_leaves_the_others(worker: Desk) -> None:
    both = {**WEB, "db": ("192.0.2.102", {"ssh": 22})}
    applied(worker, bundle(both, "r1", 1))
    worker.get(
        "teardown",
        {"project": PROJECT, "request_id": "r2", "generation": 2, "deckies": ["web"], "wait": 60.0},
    )
    assert sorted(containers(worker)) == ["db", "db-ssh"]
    assert list(held(worker)["slice"]["deckies"]) == ["db"]


def test_two_projects_share_the_lan_and_one_goes_without_the_other(worker: Desk, lab: Lab) -> None:
    project = "decnet-t-0123abcd"
    applied(worker, bundle(WEB, "r1", 1))
    before = containers(worker)
    other = bundle({"web": ("192.0.2.102", {"ssh": 22})}, "r2", 1, project=project)
    assert applied(worker, other)["state"] == "done"
    names = [f"{project}-web", f"{project}-web-ssh", *before]
    assert sorted(containers(worker)) == sorted(names)
    made_by = in_worker(lab, "docker", "ps", "-q", "-f", f"label=com.docker.compose.project={project}")
    assert len(made_by.split()) == 2
    down = {"project": project, "request_id": "r3", "generation": 2, "wait": 60.0}
    assert worker.get("teardown", down)["state"] == "done"
    assert containers(worker) == before
    assert in_worker(lab, "docker", "network", "ls", "-q", "--filter", "name=decnet_lan") != ""


def test_a_foreign_container_of_that_name_is_an_error_and_stays(worker: Desk, lab: Lab) -> None:
    other = in_worker(
        lab, "docker", "create", "--name", "web-ssh", "--network", "none", "decnet/base:0123456789ab"
    )
    error = worker.refused("apply", bundle(WEB, "r1", 1))
    assert error["code"] == "name-taken"
    assert in_worker(lab, "docker", "ps", "-aq", "--no-trunc") == other
    assert worker.get("slice")["projects"] == {}


def test_a_container_with_another_id_than_the_step_names_stays(worker: Desk) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    wrong = {"name": "web-http", "id": "0" * 64}
    args = bundle(WEB, "r2", 2, [step("web", "change", remove=[wrong])])
    assert applied(worker, args)["state"] == "failed"
    assert "web-http" in containers(worker)


def test_a_foreign_network_in_the_way_is_refused_and_kept(worker: Desk, lab: Lab) -> None:
    made = in_worker(
        lab, "docker", "network", "create", "-d", "macvlan", "-o", "parent=eth0",
        "--subnet", "192.0.2.0/25", "theirs",
    )  # fmt: skip
    try:
        assert worker.refused("apply", bundle(WEB, "r1", 1))["code"] == "network"
        assert in_worker(lab, "docker", "network", "ls", "-q", "--no-trunc", "-f", "name=theirs") == made
    finally:
        in_worker(lab, "docker", "network", "rm", "theirs")


def test_a_taken_address_fails_its_decky_names_the_mac_and_spares_the_others(worker: Desk) -> None:
    deckies = {"bad": ("192.0.2.250", {"ssh": 22}), "good": ("192.0.2.103", {"ssh": 22})}
    applied(worker, bundle(deckies, "r1", 1))
    ends = {row["decky"]: row for row in worker.get("status")["journal"]["records"]}
    assert (ends["bad"]["status"], ends["good"]["status"]) == ("failed", "succeeded")
    assert "8c:16:45" in ends["bad"]["error"]
    assert sorted(containers(worker)) == ["good", "good-ssh"]


def test_a_dry_run_checks_all_of_it_and_leaves_nothing(worker: Desk) -> None:
    assert worker.get("apply", {**bundle(WEB, "r1", 1), "dry_run": True})["state"] == "checked"
    assert worker.get("status")["containers"] == [] and worker.get("slice")["projects"] == {}
    taken = bundle({"bad": ("192.0.2.250", {"ssh": 22})}, "r2", 1)
    error = worker.refused("apply", {**taken, "dry_run": True})
    assert error["code"] == "address" and list(error["details"]["addresses"]) == ["192.0.2.250"]


def test_one_decky_that_cannot_come_up_does_not_hold_the_others(worker: Desk) -> None:
    deckies = {"bad": ("192.0.2.104", {"ssh": 22}), "good": ("192.0.2.105", {"ssh": 22})}
    broken = {"bad-ssh": ["/bin/busybox", "sh", "-c", "echo out of order; exit 3"]}
    applied(worker, bundle(deckies, "r1", 1, commands=broken))
    ends = {row["decky"]: row for row in worker.get("status")["journal"]["records"]}
    assert (ends["bad"]["status"], ends["good"]["status"]) == ("failed", "succeeded")
    assert "out of order" in ends["bad"]["error"]


def test_a_killed_base_is_seen_and_healed_with_its_services(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    pid = in_worker(lab, "docker", "inspect", "-f", "{{.State.Pid}}", "web")
    in_worker(lab, "kill", "-9", pid)
    deadline = time.monotonic() + 30
    while not (
        containers(worker)["web"]["state"] == "running" and containers(worker)["web"]["restarts"] == 1
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    before = containers(worker)
    assert before["web-ssh"]["attached"] is False
    everything = [target(row) for row in before.values()]
    args = bundle(WEB, "r2", 2, [step("web", "heal", remove=everything, up=["web", "web-ssh", "web-http"])])
    assert applied(worker, args)["state"] == "done"
    assert containers(worker)["web-ssh"]["attached"] is True


def test_a_stopped_service_is_started_again(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    in_worker(lab, "docker", "stop", "-t", "1", "web-http")
    before = containers(worker)["web-http"]
    assert (before["state"], before["attached"]) == ("exited", True)
    assert applied(worker, bundle(WEB, "r2", 2, [step("web", "heal", start=["web-http"])]))["state"] == "done"
    assert containers(worker)["web-http"]["state"] == "running"


def test_the_default_route_and_interface_are_as_before(worker: Desk, lab: Lab) -> None:
    before = in_worker(lab, "ip", "-o", "addr"), in_worker(lab, "ip", "route")
    applied(worker, bundle(WEB, "r1", 1))
    assert (in_worker(lab, "ip", "-o", "addr"), in_worker(lab, "ip", "route")) == before


def test_a_killed_job_is_lost_at_once_and_the_next_one_works(worker: Desk, lab: Lab) -> None:
    worker.get("apply", bundle(WEB, "r1", 1))
    deadline = time.monotonic() + 20
    job: dict[str, Any] = {}
    while job.get("current") != "bringing up":
        assert time.monotonic() < deadline
        found = list((worker.home / "jobs").glob("*.json"))
        job = json.loads(found[0].read_text()) if found else {}
    in_worker(lab, "kill", "-9", str(job["pid"]))
    assert worker.end_of("r1")["state"] == "lost"
    everything = [target(row) for row in containers(worker).values()]
    again = bundle(
        WEB, "r2", 2, [step("web", "create", remove=everything, up=["web", "web-ssh", "web-http"])]
    )
    assert applied(worker, again)["state"] == "done"
    assert {row["state"] for row in containers(worker).values()} == {"running"}


def test_two_requests_at_once_are_one_job_and_one_busy(worker: Desk) -> None:
    worker.get("apply", bundle(WEB, "r1", 1))
    error = worker.refused("apply", bundle(WEB, "r2", 2))
    assert error["code"] == "busy"
    assert error["details"]["job_id"] == worker.get("status")["jobs"][0]["job_id"]
    assert worker.end_of("r1")["state"] == "done"


def test_an_ended_job_sends_the_engine_nothing_more(worker: Desk, lab: Lab) -> None:
    worker.get("apply", bundle(WEB, "r1", 1))
    time.sleep(0.5)
    rows = list((worker.home / "jobs").glob("*.json"))
    pid = json.loads(rows[0].read_text())["pid"]
    in_worker(lab, "kill", "-TERM", str(pid))
    assert worker.end_of("r1")["state"] in ("failed", "done")
    ends = worker.get("status")["journal"]["records"]
    assert [row["decky"] for row in ends] == ["web"]


def test_the_agents_facts_are_the_workers_own(worker: Desk) -> None:
    facts = worker.get("facts")
    assert (facts["interface"], facts["address"], facts["subnet"], facts["gateway"]) == (
        "eth0", "192.0.2.11", "192.0.2.0/24", "192.0.2.1",
    )  # fmt: skip
    assert facts["docker_version"] and facts["compose_version"].startswith("2.")


def test_a_probe_reports_which_addresses_answer(worker: Desk) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    found = worker.get("probe", {"addresses": ["192.0.2.250", "192.0.2.240", "192.0.2.101"], "seconds": 0.6})
    assert list(found["answered"]) == ["192.0.2.250"]
    assert found["docker"] == {"192.0.2.101": "web"}


def test_another_fleets_containers_refuse_an_enrolment_unless_adopted(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    other = {"worker_id": "w9", "fleet_id": "fleet-9"}
    stranger = Desk(worker.agent, worker.home.parent / "other", worker.socket, (), python=worker.python)
    stranger.before = run_argv(
        lab, "w1", ["env", f"DECNET_AGENT_HOME={stranger.home}", "DECNET_DOCKER_SOCKET=/run/docker.sock"]
    )
    assert stranger.refused("enrol", other)["code"] == "fleet"
    assert stranger.refused("enrol", {"worker_id": "w9", "fleet_id": FLEET})["code"] == "identity"
    assert stranger.get("enrol", {**other, "adopt": True})["fleet_id"] == "fleet-9"


def test_an_image_is_loaded_from_the_stream(worker: Desk, lab: Lab) -> None:
    saved = subprocess.run(
        run_argv(lab, "w1", ["docker", "save", "decnet/decoys:0123456789ab"]),
        capture_output=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    in_worker(lab, "docker", "rmi", "decnet/decoys:0123456789ab")
    reference = "decnet/decoys:0123456789ab"
    assert worker.get("image-load", {"images": [reference]}, saved) == {"loaded": [reference]}
    answer = worker.ask("image-load", {"images": ["decnet/other:1"]}, b"this is no image")
    assert answer["error"]["code"] == "failed"


def test_logs_are_the_last_lines_and_bounded(worker: Desk) -> None:
    talk = [
        "/bin/busybox",
        "sh",
        "-c",
        "/bin/busybox seq 1 100000; exec /bin/busybox nc -ll -p 22 -e /bin/sh",
    ]
    applied(worker, bundle({"web": ("192.0.2.101", {"ssh": 22})}, "r1", 1, commands={"web-ssh": talk}))
    # The engine may still be writing what the service has printed.
    deadline, last = time.monotonic() + 30, {"web-ssh": "99998\n99999\n100000\n"}
    while worker.get("logs", {"decky": "web", "service": "ssh", "lines": 3})["logs"] != last:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    whole = worker.get("logs", {"decky": "web", "service": "ssh", "lines": 5000})["logs"]["web-ssh"]
    assert len(whole) <= 256 * 1024 and whole.endswith("100000\n")


def test_self_destruct_removes_what_is_ours_and_keeps_the_journal(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    bystander = in_worker(
        lab, "docker", "create", "--name", "theirs", "--network", "none", "decnet/base:0123456789ab"
    )
    assert worker.get("self-destruct") == {"started": True}
    deadline = time.monotonic() + 60
    while (worker.home / "identity.json").exists() or (worker.home / "jobs").exists():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert in_worker(lab, "docker", "ps", "-aq", "--no-trunc") == bystander
    assert in_worker(lab, "docker", "network", "ls", "-q", "--filter", "name=decnet_lan") == ""
    left = {path.name for path in worker.home.iterdir()}
    assert {"journal.jsonl", "events"} <= left <= {
        "journal.jsonl", "journal.lock", "journal.cursor", "events", "self-destruct.log",
    }  # fmt: skip
