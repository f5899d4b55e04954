"""The main job on one worker, end to end: a real engine, a real LAN, a real attacker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from theatre import OFFICE, Said, Stage, eventually, kill

from decnet.lab import run_argv, start, stop

SIZE = 3


def test_the_very_first_dry_run_plans_and_makes_no_worker(stage: Stage, tmp_path: Path) -> None:
    agent = tmp_path / "agent"
    fresh = ("env", f"DECNET_HOME={tmp_path}/home", f"DECNET_AGENT_HOME={agent}", "decnet")
    argv = ("deploy", "-n", "2", "--archetype", "linux-server", "--ip-start", "192.0.2.150", "--dry-run")
    said = stage.on(stage.place, *fresh, *argv)
    assert (said.code, "plan: 2 create" in said.out, said.err) == (0, True, "")
    assert not agent.exists()


def test_a_second_deploy_changes_nothing_and_writes_nothing(stage: Stage) -> None:
    containers, home = stage.containers(), stage.fingerprint_of_home()
    said = stage.decnet("deploy", "-c", stage.spec(OFFICE), "--yes")
    assert (stage.containers(), stage.fingerprint_of_home()) == (containers, home)
    assert "3 kept" in said.out


WATCHED = """
import sys
written = []
def opened(event, args):
    if event == "open" and isinstance(args[0], str) and args[2] & 3:
        written.append(args[0])
sys.addaudithook(opened)
from decnet.cli import main
try:
    main()
finally:
    print("decnet.engine.run_pass" in sys.modules, *written, file=sys.stderr)
"""
"""Shows whether a command ran a pass, and the files that it opened to write."""


def test_a_deploy_without_a_change_is_only_asked_about_the_next_time(stage: Stage) -> None:
    argv = ("deploy", "-c", stage.spec(OFFICE), "--yes")

    def again() -> Said:
        return stage.on(stage.place, sys.executable, "-c", WATCHED, *argv)

    # Services that have just started become ready: that is a change.
    eventually(lambda: again().err == "False\n")
    assert again() == Said(0, "deploy: 3 kept\n", "False\n")
    assert stage.on("w1", "docker", "rm", "-f", "quarry-ssh").code == 0
    repaired = again()
    assert ("1 done" in repaired.out, repaired.err.splitlines()[-1].split()[0]) == (True, "True")


def test_an_attacker_finds_plausible_machines(stage: Stage) -> None:
    deckies = stage.deckies()
    addresses = [decky["ip"] for decky in deckies.values()]
    scan = stage.attack("nmap", "-n", "-sV", "--version-light", "-p", "22,80,443", *addresses)
    assert scan.out.count("MAC Address: ") == SIZE
    assert "(Unknown)" not in scan.out
    assert "OpenSSH" in scan.out or "dropbear" in scan.out
    for word in ("decnet", "decky", "honeypot", "quarry"):
        assert word not in scan.out.lower()


def test_a_login_and_what_was_typed_arrive_once(stage: Stage) -> None:
    stage.decnet("events", "--pull")
    address = stage.deckies()["quarry"]["ip"]
    assert stage.ssh(address, "wrong", "id").code == 255
    inside = stage.ssh(address, "toor", "uname -a; cat /etc/passwd")
    assert (inside.code, "root:x:0:0" in inside.out) == (0, True)
    pulled = stage.decnet("events", "--pull", "-o", "jsonl").lines
    logins = {(e["fields"]["password"], e["fields"]["success"]) for e in pulled if e["kind"] == "login"}
    assert logins == {("wrong", False), ("toor", True)}
    assert [e["fields"]["input"] for e in pulled if e["kind"] == "command"] == ["uname -a; cat /etc/passwd"]
    assert stage.decnet("events", "--pull", "-o", "jsonl").out == ""


def test_a_mutation_leaves_the_base_the_other_service_and_its_connections_alone(stage: Stage) -> None:
    address = stage.deckies()["quarry"]["ip"]
    before = stage.containers()
    stage.attack("curl", "-s", "-m", "5", "-o", "/dev/null", f"http://{address}/")
    script = (
        "import socket,sys\n"
        f"s=socket.create_connection(({address!r},22),5); s.recv(200); print('open',flush=True)\n"
        "sys.stdin.readline(); s.settimeout(3)\n"
        "try:\n s.sendall(b'SSH-2.0-test\\r\\n'); print(len(s.recv(4000))>0)\n"
        "except OSError as e: print(e)\n"
    )
    held = subprocess.Popen(
        run_argv(stage.lab, "attacker", ["/usr/bin/python3", "-c", script]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert held.stdout is not None
        assert held.stdout.readline() == "open\n"
        stage.decnet("mutate", "quarry", "--services", "ssh")
        said, _ = held.communicate("go\n", timeout=20)
    finally:
        held.kill()
    after = stage.containers()
    assert said == "True\n"
    assert "quarry-http" not in after
    assert {n: i for n, i in before.items() if n != "quarry-http"} == after
    events = stage.decnet("events", "--pull", "--decky", "quarry", "-o", "jsonl").lines
    assert any(event["kind"] == "request" for event in events), "the gone container's events were lost"
    stage.decnet("mutate", "quarry", "--undo")
    assert stage.deckies()["quarry"]["services"] == ["http", "ssh"]


def test_the_same_seed_mutates_the_same_way(stage: Stage) -> None:
    plans = [
        stage.decnet("mutate", "--all", "--random", "--seed", "3", "--dry-run", "-o", "json").json["steps"]
        for _ in range(2)
    ]
    assert plans[0] == plans[1]
    assert plans[0]


@pytest.mark.parametrize(
    "harm",
    [
        "docker kill quarry-ssh",
        "docker rm -f quarry-ssh",
        "docker stop -t 1 quarry-http",
        "docker kill quarry",
        "docker rm -f quarry",
        "docker restart -t 1 quarry",
        "docker pause quarry-http",
    ],
)
def test_what_a_person_broke_is_seen_and_healed(stage: Stage, harm: str) -> None:
    _replace_quarry(stage)
    assert stage.on("w1", "sh", "-c", harm).code == 0
    # After a restart of the base its services leave and come back by themselves, in time.
    by_itself = "restart" in harm
    assert stage.decnet("reconcile", "--check", code=None).code in ((0, 3) if by_itself else (3,))
    assert stage.decnet("status", code=None).code in ((0, 4) if by_itself else (4,))
    stage.decnet("reconcile")
    stage.decnet("reconcile", "--check")
    assert {d["status"] for d in stage.deckies().values()} == {"running"}
    address = stage.deckies()["quarry"]["ip"]
    assert stage.attack("nc", "-z", "-w", "3", address, "22").code == 0


def test_a_stray_is_reported_and_removed_only_on_request(stage: Stage) -> None:
    fleet = json.loads(stage.read("decnet-state.json"))["fleet_id"]
    image = stage.on("w1", "docker", "inspect", "-f", "{{.Config.Image}}", "quarry").out.strip()
    run = ["docker", "run", "-d", "--network", "none", "--entrypoint", "/bin/busybox"]
    labels = [f"decnet.fleet={fleet}", "decnet.decky=ghost", "decnet.service="]
    marked = [word for label in labels for word in ("--label", label)]
    assert stage.on("w1", *run, "--name", "ghost", *marked, image, "sleep", "600").code == 0
    assert stage.on("w1", *run, "--name", "stranger", image, "sleep", "600").code == 0
    assert "ghost" in stage.decnet("status", "-o", "json").out
    stage.decnet("reconcile")
    assert "ghost" in stage.containers()
    stage.decnet("reconcile", "--prune")
    assert "ghost" not in stage.containers()
    assert stage.on("w1", "docker", "inspect", "stranger").code == 0


def test_a_name_of_a_foreign_container_is_an_error_and_that_one_stays(stage: Stage) -> None:
    image = stage.on("w1", "docker", "inspect", "-f", "{{.Config.Image}}", "quarry").out.strip()
    stage.on("w1", "docker", "rm", "-f", "quarry-ssh")
    taken = [
        "docker",
        "run",
        "-d",
        "--network",
        "none",
        "--name",
        "quarry-ssh",
        "--entrypoint",
        "/bin/busybox",
    ]
    theirs = stage.on("w1", *taken, image, "sleep", "600").out.strip()
    try:
        said = stage.decnet("reconcile", code=4)
        assert "quarry-ssh" in said.out + said.err
        assert stage.on("w1", "docker", "inspect", "-f", "{{.Id}}", "quarry-ssh").out.strip() == theirs
    finally:
        stage.on("w1", "docker", "rm", "-f", "quarry-ssh")


@pytest.mark.parametrize("seconds", [0.4, 1.0, 1.6, 2.4, 3.5])
def test_a_deploy_killed_at_any_moment_is_finished_by_reconcile(stage: Stage, seconds: float) -> None:
    stage.decnet("teardown", "web-*", "--yes")
    deploy = stage.start("deploy", "-c", stage.spec(OFFICE), "--yes")
    time.sleep(seconds)
    kill(deploy)
    eventually(lambda: stage.decnet("reconcile", code=None).code == 0, 150)
    described = "desired" if "web-01" in stage.deckies() else "not yet saved"
    if described == "not yet saved":
        stage.decnet("deploy", "-c", stage.spec(OFFICE), "--yes")
    assert {d["status"] for d in stage.deckies().values()} == {"running"}
    assert sorted(stage.containers()) == [
        "quarry", "quarry-http", "quarry-ssh", "web-01", "web-01-http", "web-02", "web-02-http",
    ]  # fmt: skip


def test_of_two_commands_one_waits_or_names_the_holder(stage: Stage) -> None:
    _replace_quarry(stage)
    stage.on("w1", "docker", "kill", "quarry")
    first = stage.start("reconcile")
    try:
        eventually(lambda: '"pid"' in stage.read("lock"))
        said = stage.decnet("reconcile", "--lock-timeout", "0", code=75)
        assert f"pid {first.pid}" in said.err
        assert "decnet reconcile" in said.err
        assert stage.decnet("reconcile", "--quiet", "--lock-timeout", "0", code=None).err in ("", said.err)
        stage.decnet("reconcile", "--lock-timeout", "60")
    finally:
        first.communicate(timeout=60)
    assert first.returncode == 0


def test_a_stopped_engine_is_unknown_and_nothing_is_forgotten(stage: Stage) -> None:
    _replace_quarry(stage)
    home = stage.read("decnet-state.json")
    stop(stage.lab, "w1", "engine")
    try:
        shown = stage.decnet("status", "-o", "json", code=5).json
        assert {d["status"] for d in shown["deckies"]} == {"unknown"}
        assert {d["last_known"] for d in shown["deckies"]} == {"running"}
        stage.decnet("reconcile", code=5)
        assert stage.read("decnet-state.json") == home
    finally:
        start(stage.lab, "w1")
    # The engine answers before it has started all containers again.
    eventually(lambda: stage.decnet("reconcile", code=None).code == 0, 150)
    assert {d["status"] for d in stage.deckies().values()} == {"running"}


def test_after_a_power_cut_reconcile_brings_all_back(stage: Stage) -> None:
    stop(stage.lab, "w1", "worker")
    start(stage.lab, "w1")
    eventually(lambda: stage.decnet("reconcile", code=None).code == 0, 150)
    assert {d["status"] for d in stage.deckies().values()} == {"running"}
    stage.decnet("reconcile", "--check")


def test_a_state_file_emptied_by_hand_does_not_take_the_fleet_down(stage: Stage) -> None:
    whole = stage.read("decnet-state.json")
    emptied = {**json.loads(whole), "projects": {}}
    before = stage.containers()
    stage.write("decnet-state.json", json.dumps(emptied))
    try:
        said = stage.decnet("reconcile", code=1)
        assert "--max-remove" in said.err
        assert stage.containers() == before
    finally:
        stage.write("decnet-state.json", whole)
    stage.decnet("reconcile", "--check")


@pytest.mark.parametrize("torn", ["", "{", '{"fleet_id": 1}', "nonsense"])
def test_a_broken_state_file_is_refused_and_never_read_as_empty(stage: Stage, torn: str) -> None:
    whole, before = stage.read("decnet-state.json"), stage.containers()
    stage.write("decnet-state.json", torn)
    try:
        said = stage.decnet("reconcile", code=None)
        assert said.code in (1, 2)
        assert "decnet-state.json" in said.err
        assert "hint: " in said.err
        assert stage.containers() == before
    finally:
        stage.write("decnet-state.json", whole)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[decky.aa]\nserivces = ["http"]\n', "fleet.toml:2"),
        ('[decky.aa]\nservices = ["http"]\nip = "198.51.100.7"\n', "fleet.toml:3"),
        ('[decky.aa]\nservices = ["http"]\nip = "192.0.2.1"\n', "fleet.toml:3"),
        ('[decky.aa]\nservices = ["vnc"]\n', "vnc"),
        ('[decky.aa]\nservices = ["http"]\nworker = "w9"\n', "w9"),
        ("[decky.aa\n", "fleet.toml:1"),
    ],
)
def test_a_broken_fleet_file_is_one_clear_message_and_no_change(stage: Stage, text: str, place: str) -> None:
    containers, home = stage.containers(), stage.fingerprint_of_home()
    said = stage.decnet("deploy", "-c", stage.spec(text), "--yes", "--max-remove", "9", code=2)
    assert place in said.err
    assert "Traceback" not in said.err
    assert (stage.containers(), stage.fingerprint_of_home()) == (containers, home)


def test_an_address_that_another_host_answers_for_is_never_claimed(stage: Stage) -> None:
    address = "192.0.2.131"
    stage.attack("ip", "addr", "add", f"{address}/24", "dev", "eth0")
    try:
        written = OFFICE + f'\n[decky.late]\nservices = ["http"]\nip = "{address}"\n'
        said = stage.decnet("deploy", "-c", stage.spec(written), "--yes", code=2)
        assert address in said.err
        drawn = OFFICE.replace("192.0.2.119", '192.0.2.119", "192.0.2.131-192.0.2.132')
        plan = drawn + "".join(f'\n[decky.x{n}]\nservices = ["http"]\n' for n in range(1))
        stage.decnet("deploy", "-c", stage.spec(plan), "--yes")
        assert address not in {decky["ip"] for decky in stage.deckies().values()}
    finally:
        stage.attack("ip", "addr", "del", f"{address}/24", "dev", "eth0")


def test_nothing_leaves_a_decky_by_itself(stage: Stage) -> None:
    image = stage.on("w1", "docker", "inspect", "-f", "{{.Config.Image}}", "quarry").out.strip()
    for target in ("192.0.2.250", "192.0.2.1"):
        said = stage.on(
            "w1", "docker", "run", "--rm", "--network", "container:quarry", "--user", "65534",
            "--entrypoint", "/bin/busybox", image, "nc", "-w", "2", target, "22",
        )  # fmt: skip
        assert said.code != 0
        assert said.out == ""
    resolver = stage.on(
        "w1", "docker", "run", "--rm", "--network", "container:quarry", "--entrypoint", "/bin/busybox",
        image, "timeout", "3", "nslookup", "example.com", "127.0.0.11",
    )  # fmt: skip
    assert resolver.code != 0


def test_the_workers_own_network_is_never_changed(stage: Stage) -> None:
    def look() -> str:
        return stage.on("w1", "sh", "-c", "ip -o addr show dev eth0; ip route; cat /proc/net/dev | wc -l").out

    before = look()
    stage.decnet("mutate", "--all", "--random", "--seed", "5")
    stage.decnet("teardown", "--all", "--yes")
    assert look() == before
    assert stage.containers() == {}
    networks = stage.on("w1", "docker", "network", "ls", "--format", "{{.Name}}").out.split()
    assert "decnet_lan" not in networks


def test_a_script_reads_an_error_as_one_json_object(stage: Stage) -> None:
    said = stage.decnet("teardown", "nobody", "--yes", "-o", "json", code=2)
    assert json.loads(said.err)["code"] == "usage"
    assert said.out == ""


def test_cron_gets_no_output_when_nothing_changed(stage: Stage) -> None:
    said = stage.decnet("reconcile", "--quiet")
    assert (said.out, said.err) == ("", "")


def test_an_interrupted_deploy_reports_it_and_the_next_one_converges(stage: Stage) -> None:
    stage.decnet("teardown", "quarry", "--yes")
    deploy = stage.start("deploy", "-c", stage.spec(OFFICE), "--yes")
    assert deploy.stderr is not None and deploy.stderr.readline()  # it is at work, however slow its start was
    time.sleep(1.0)
    deploy.terminate()
    _, err = deploy.communicate(timeout=30)
    assert deploy.returncode in (0, 130)
    assert deploy.returncode == 0 or "interrupted" in err
    eventually(lambda: stage.decnet("deploy", "-c", stage.spec(OFFICE), "--yes", code=None).code == 0, 150)
    assert {d["status"] for d in stage.deckies().values()} == {"running"}


@pytest.mark.parametrize(("streams", "code"), [("2>&-", 0), (">/dev/full 2>/dev/full", 1), (">&- 2>&-", 1)])
def test_a_command_does_its_work_whatever_becomes_of_its_output(
    stage: Stage, streams: str, code: int
) -> None:
    def typed(words: str) -> int:
        return stage.on(stage.place, "sh", "-c", f"exec decnet {words} --yes {streams}").code

    assert typed("teardown quarry") == code
    assert "quarry" not in stage.containers()
    assert typed(f"deploy -c {stage.spec(OFFICE)}") == code
    assert {d["status"] for d in stage.deckies().values()} == {"running"}
    home = stage.fingerprint_of_home()
    assert stage.decnet("reconcile", "--quiet").out == ""
    assert stage.fingerprint_of_home() == home


def _replace_quarry(stage: Stage) -> None:
    """Replace quarry by a new one: a decky that was healed often has to wait for its next attempt."""
    stage.decnet("teardown", "quarry", "--yes")
    stage.decnet("deploy", "-c", stage.spec(OFFICE), "--yes")
