"""Upgrade, authorized_keys, kernel tables, compose's errors, addresses."""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from agent_desk import Desk, another_version

from decnet.agent import containers, docker
from decnet.agent.composerun import is_transient, reason_in, reworded
from decnet.agent.containers import Container
from decnet.agent.health import ports_in
from decnet.agent.home import write_cache
from decnet.agent.interfaces import network_of, number_of, overlap, routes
from decnet.agent.self_destruct import without_ours
from decnet.wire import AGENT_VERSION

KEY = "ssh-ed25519 AAAA"
HOME = "/var/lib/decnet-agent"


def parcel(main: str) -> tuple[str, str]:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("__main__.py", main)
    content = held.getvalue()
    return base64.b64encode(content).decode(), hashlib.sha256(content).hexdigest()


def upgraded(desk: Desk) -> str:
    content = desk.agent.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    desk.get("upgrade", {"sha256": sha256, "bytes": base64.b64encode(content).decode()})
    return sha256


def test_an_upgrade_puts_the_file_there_and_moves_the_link(desk: Desk) -> None:
    sha256 = upgraded(desk.enrolled_by_hand())
    assert os.readlink(desk.home / "current") == f"agents/{sha256}.pyz"
    again = Desk(desk.home / "current", desk.home)
    assert again.get("hello")["agent"] == sha256


def test_an_agent_replaces_itself_by_one_of_another_version_and_back(desk: Desk) -> None:
    upgraded(desk.enrolled_by_hand())
    current = Desk(desk.home / "current", desk.home)
    newest = desk.agent.read_bytes()
    for content, version in ((another_version(newest, 99), 99), (newest, AGENT_VERSION)):
        sha256 = hashlib.sha256(content).hexdigest()
        args = {"sha256": sha256, "bytes": base64.b64encode(content).decode()}
        assert current.get("upgrade", args)["version"] == version
        assert current.get("hello")["agent"] == sha256


def test_a_damaged_file_of_the_new_agent_is_written_again(desk: Desk) -> None:
    content = desk.agent.read_bytes()
    damaged = desk.home / "agents" / desk.agent.name
    damaged.parent.mkdir()
    damaged.write_bytes(content[:1000])
    upgraded(desk.enrolled_by_hand())
    assert damaged.read_bytes() == content


@pytest.mark.parametrize("main", ["raise SystemExit(1)", "print('hello')", "import time; time.sleep(0)", "("])
def test_an_agent_that_does_not_answer_leaves_the_old_one_current(desk: Desk, main: str) -> None:
    sha256 = upgraded(desk.enrolled_by_hand())
    content, other = parcel(main)
    assert desk.refused("upgrade", {"sha256": other, "bytes": content})["code"] == "failed"
    assert os.readlink(desk.home / "current") == f"agents/{sha256}.pyz"


def test_bytes_with_another_hash_are_not_written(desk: Desk) -> None:
    content, _ = parcel("pass")
    desk.enrolled_by_hand()
    assert desk.refused("upgrade", {"sha256": "0" * 64, "bytes": content})["code"] == "hash"
    assert not (desk.home / "agents").exists()


def test_only_the_line_with_our_forced_command_goes() -> None:
    ours = [
        f'restrict,command="{HOME}/current gate" {KEY} decnet\n',
        f'restrict,command="python3 -I -S {HOME}/current gate" {KEY}\n',
        f'restrict,command="/usr/local/bin/decnet-agent gate" {KEY}\n',
    ]
    theirs = [
        f"{KEY} me@home\n",
        f'# restrict,command="{HOME}/current gate"\n',
        f'restrict,command="/opt/other gate" {KEY}\n',
        f'restrict,command="{HOME}/current status" {KEY}\n',
        f'from="192.0.2.1",command="{HOME}/current gate" {KEY}\n',
        "\n",
        f"{KEY} no newline",
    ]
    mixed = [part for pair in zip(theirs, [*ours, *[""] * 4], strict=True) for part in pair]
    assert without_ours("".join(mixed), HOME) == "".join(theirs)


def test_listening_ports_are_read_from_the_kernels_tables() -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue\n"
    tcp = "   0: 00000000:0016 00000000:0000 0A 0:0\n   1: 0100007F:0050 0100007F:9C40 01 0:0\n"
    assert ports_in(head + tcp, "tcp") == {(22, "tcp")}
    assert ports_in(head + "   0: 00000000:00A1 00000000:0000 07 0:0\n", "udp") == {(161, "udp")}
    six = "   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0\n"
    assert ports_in(head + six, "tcp") == {(8080, "tcp")}


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        ("ERROR: for web  network decnet_lan not found", True),
        ("Error response from daemon: network decnet-t-0123abcd-lan-1 not found", True),
        ("Error response from daemon: network theirs not found", False),
        ("Error response from daemon: container x is not connected to the network decnet_lan", True),
        ("Bind for 0.0.0.0:80 failed: port is already allocated", True),
        ("listen tcp: address already in use", True),
        ("Get https://registry.example/v2/: net/http: TLS handshake timeout", True),
        ("manifest unknown: manifest unknown", False),
        ("pull access denied for x, repository does not exist", False),
        ("The Compose file './compose.json' is invalid because: ...", False),
        ("write /var/lib/docker/x: no space left on device", False),
        ("read timed out; write: no space left on device", False),
        ("something never seen", False),
    ],
)
def test_only_errors_that_pass_by_themselves_are_tried_again(error: str, transient: bool) -> None:
    assert is_transient(error) is transient


@pytest.mark.parametrize(
    "reason",
    [
        "FileNotFoundError: [Errno 2] No such file or directory\ndocker.errors.DockerException: Error while "
        "fetching server API version: ('Connection aborted.', FileNotFoundError(2, 'No such file'))",
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    ],
)
def test_an_engine_that_stops_meanwhile_is_the_reason_and_not_a_traceback(reason: str) -> None:
    assert reworded(reason) == "the Docker engine does not answer"


def test_the_reason_is_composes_error_and_not_its_progress() -> None:
    output = "Creating web ... done\nCreating web-ssh ... error\n\nERROR: for web-ssh  no such thing\nBye\n"
    assert reason_in(output) == "ERROR: for web-ssh  no such thing"
    pulled = "Pulling web-ssh (registry.example/a:1)...\nGet https://registry.example/v2/: connection refused"
    assert reason_in(pulled) == "Get https://registry.example/v2/: connection refused"
    assert reason_in("Pulling web-ssh...") == "Pulling web-ssh..."


def test_addresses_are_four_plain_numbers_and_nothing_else() -> None:
    assert number_of("192.0.2.1") == 0xC0000201
    for bad in (
        "192.0.2",
        "192.0.2.256",
        "192.0.2.01",
        "192.0.2.1 ",
        "١.1.1.1",
        "0x1.1.1.1",
        "",
        "1.1.1.1.1",
    ):
        assert number_of(bad) is None


def test_subnets_overlap_where_one_holds_the_other() -> None:
    whole, half, other = (
        network_of("192.0.2.0/24"),
        network_of("192.0.2.128/25"),
        network_of("198.51.100.0/24"),
    )
    assert whole is not None and half is not None and other is not None
    assert overlap(whole, half) and overlap(half, whole) and not overlap(whole, other)
    assert network_of("192.0.2.1/24") is None and network_of("192.0.2.0/33") is None


def test_a_state_directory_that_is_a_file_is_reported(desk: Desk, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("x")
    error = Desk(desk.agent, place).refused("status")
    assert error["code"] == "failed" and str(place) in error["message"]


def test_a_container_has_its_own_name_and_a_known_state_whatever_docker_reports() -> None:
    row = {"Id": "c" * 64, "Names": ["/other/alias", "/web"], "State": "stopping", "Labels": None}
    answer = Container(row).answer()
    assert (answer["name"], answer["state"], answer["decky"]) == ("web", "dead", "odd-" + "c" * 12)


ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
tun0\t00000000\t010200C0\t0003\t0\t0\t0\t00000080\t0\t0\t0
tun0\t00000080\t010200C0\t0003\t0\t0\t0\t00000080\t0\t0\t0
tun0\t0000000A\t010200C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0
down\t0000A8C0\t00000000\t0000\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
cut off
"""


def test_routes_are_networks_and_halves_of_all_addresses_are_no_network(tmp_path: Path) -> None:
    table = tmp_path / "route"
    table.write_text(ROUTES)
    assert routes(str(table)) == ["10.0.0.0/8", "172.17.0.0/16", "192.0.2.0/24"]
    assert routes(str(tmp_path / "none")) == []


def test_the_engines_version_is_in_the_head_of_each_of_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(docker, "get", lambda place: asked.append(place) or {"Version": "20.10.24"})
    monkeypatch.setattr(docker, "_server", b"")
    docker._note_server(b"HTTP/1.0 200 OK\r\nServer: something else/3.0")
    assert (docker.version(), asked) == ("20.10.24", ["/version"])
    docker._note_server(b"HTTP/1.0 200 OK\r\nApi-Version: 1.50\r\nserver: Docker/28.2.2 (linux)")
    assert (docker.version(), asked) == ("28.2.2", ["/version"])


def test_a_cache_that_a_power_cut_has_emptied_is_made_again(home: Path) -> None:
    (home / "containers.cache").touch()
    assert containers._read_cache() == {}
    write_cache({"id": [1, 2, 0, "running"]}, "containers.cache")
    assert containers._read_cache() == {"id": [1, 2, 0, "running"]}
