"""`decnet validate` reports what a fleet file describes, or all of its mistakes at once."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from decnet import catalog
from decnet.commands.fleet_flags import NetworkFlags
from decnet.commands.validate import read_spec, validate
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.progress import Event, Message
from decnet.errors import SpecError
from decnet.model.fleet import Network
from decnet.model.record import WorkerRecords
from decnet.model.worker import Facts, Worker
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable, Quarantined
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.store.records import Records

DECNET = Path(sys.executable).with_name("decnet")

# Every line with a comment has a mistake.
SIX = """\
[network]
subnet = "192.0.2.0/24"
addresses = { exclude = ["192.0.2.128/25"] }

[decky.one]
serivces = ["ssh"]  # an unknown key

[decky.two]
services = ["ssh"]
ip = "192.0.2.999"  # a bad address

[decky.three]
services = ["ssh"]
ip = "192.0.2.200"  # an excluded address

[decky.four]
services = ["ssh"]
worker = "w9"  # an unknown worker

[decky.five]
services = ["ssh"]
ip = "192.0.2.20"

[decky.five.settings.ssh]
credentials = "rootroot"  # not a pair

[decky.six]
services = ["ssh"]
ip = "192.0.2.20"  # a duplicate
"""
NAMES = """\
side = ["htp"]  # unknown

[decky.aa]
archetype = "web-servr"  # unknown
services = ["ssh", "shh", "smtp", "smtp_relay"]  # unknown, and without a decoy
os = "lunix"  # unknown

[decky.aa.settings.ssh]
acept_after = 3  # unknown
accept_after = -1  # too small

[decky.aa.settings.pop]  # unknown
x = 1

[decky.bb]
services = ["http"]
core = ["ftp"]  # not one of its services

[decky.bb.settings.ssh]  # not one of its services
accept_after = 1

[decky.cc]  # no services
hostname = "c"

[decky.aa-http]  # the name of a container of `aa`
services = ["http"]

[decky.aa-ssh]  # the name of a container of `aa`
services = ["http"]
"""


def lines_of(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if "#" in line]


def desk(folder: Path, events: list[Event] | None = None) -> Context:
    emitted = events if events is not None else []
    return Context(home=Home(folder / "home"), catalog=catalog.load(), emit=emitted.append)


def enrol(ctx: Context, name: str, *, max_deckies: int | None = None) -> Worker:
    open_home(ctx.home)
    worker = Worker(name=name, worker_id=f"id-{name}", host="192.0.2.2", max_deckies=max_deckies)
    FleetTable(ctx.home).put_worker(worker)
    return worker


def mistakes(ctx: Context, folder: Path, text: str) -> list[tuple[int, str, str]]:
    """Line, key and message of every mistake."""
    file = folder / "fleet.toml"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        validate(ctx, file)
    assert {each.file for each in caught.value.mistakes} == {str(file)}
    return [(each.line, each.key, each.message) for each in caught.value.mistakes]


def test_the_name_of_the_file_is_printed_as_it_is(tmp_path: Path) -> None:
    ctx = desk(tmp_path)
    for name, count, found in (
        ("deckys.toml", 1, "1 decky, 1 service"),
        ("two.toml", 2, "2 deckies, 1 service"),
    ):
        file = tmp_path / name
        file.write_text(f'[decky.web]\ncount = {count}\nservices = ["http"]\n')
        assert validate(ctx, file).lines == (f"{file}: {found}: valid",)


def test_c3_six_mistakes_of_different_kinds_are_reported_at_once(tmp_path: Path) -> None:
    ctx = desk(tmp_path)
    enrol(ctx, "w1")
    found = mistakes(ctx, tmp_path, SIX)
    assert [line for line, _, _ in found] == lines_of(SIX)
    assert [key for _, key, _ in found] == [
        "decky.one.serivces",
        "decky.two.ip",
        "decky.three.ip",
        "decky.four.worker",
        "decky.five.settings.ssh.credentials",
        "decky.six.ip",
    ]
    assert "rootroot" not in str(found)


def test_c3_every_unknown_name_and_every_setting_is_reported_at_once(tmp_path: Path) -> None:
    found = mistakes(desk(tmp_path), tmp_path, NAMES)
    assert sorted({line for line, _, _ in found}) == lines_of(NAMES)
    assert [message for line, _, message in found if line == 5] == [
        "aa: unknown service `shh`",
        "aa: there is no decoy for smtp_relay yet",
    ]


def test_c3_deploy_reports_the_same_as_validate(tmp_path: Path) -> None:
    ctx = desk(tmp_path)
    enrol(ctx, "w1")
    expected = mistakes(ctx, tmp_path, SIX)
    with pytest.raises(SpecError) as caught:
        read_spec(ctx, tmp_path / "fleet.toml", NetworkFlags())
    assert [(each.line, each.key, each.message) for each in caught.value.mistakes] == expected


ON_W1 = '[decky.aa]\nservices = ["ssh"]\nworker = "w1"\nip = "{ip}"\n'
STORED = {
    "198.51.100.4": "aa: 198.51.100.4 is outside of w1's subnet 192.0.2.0/24",
    "192.0.2.1": "aa: 192.0.2.1 is the gateway",
    "192.0.2.255": "aa: 192.0.2.255 is the broadcast address",
    "192.0.2.2": "aa: 192.0.2.2 is w1's own address",
    "192.0.2.66": "aa: 192.0.2.66 is in addresses.exclude",
    "192.0.2.99": "aa: 192.0.2.99 is quarantined",
}


@pytest.mark.parametrize("ip", STORED)
@pytest.mark.parametrize("pinned", [True, False])
def test_c3_an_address_is_checked_against_what_is_stored_of_the_lan(
    tmp_path: Path, ip: str, pinned: bool
) -> None:
    ctx = desk(tmp_path)
    worker = enrol(ctx, "w1")
    lan = Network(
        driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1",
        exclude=("192.0.2.64/30",),
    )  # fmt: skip
    save_fleet(ctx.home, new_fleet().model_copy(update={"lans": {"w1": lan}}))
    Records(ctx.home).save(WorkerRecords(worker_id=worker.worker_id, facts=facts("192.0.2.0/24")))
    row = Quarantined(
        address="192.0.2.99", mac="00:50:56:00:00:99", decky="x", worker="w0", reason="", since=1
    )
    FleetTable(ctx.home).remove_worker("none", quarantine=[row])
    text = ON_W1.format(ip=ip)
    expected = STORED[ip]
    if not pinned:
        text = text.replace('worker = "w1"\n', "\n")
        expected = expected.replace(
            "outside of w1's subnet 192.0.2.0/24", "in no subnet of w1 (192.0.2.0/24)"
        )
    assert mistakes(ctx, tmp_path, text) == [(4, "decky.aa.ip", expected)]


def facts(subnet: str) -> Facts:
    return Facts(
        interface="eth0", address="192.0.2.2/24", subnet=subnet, gateway="192.0.2.1",
        docker_version="28", compose_version="2", architecture="amd64",
        disk_free_mib=9999, memory_mib=9999, python="3.11",
    )  # fmt: skip


def test_c3_a_worker_that_reported_a_subnet_that_is_none_changes_nothing(tmp_path: Path) -> None:
    ctx = desk(tmp_path)
    worker = enrol(ctx, "w1")
    reported = facts("\x1b[2J").model_copy(update={"gateway": "999"})
    Records(ctx.home).save(WorkerRecords(worker_id=worker.worker_id, facts=reported))
    (tmp_path / "fleet.toml").write_text(ON_W1.format(ip="192.0.2.9"))
    assert validate(ctx, tmp_path / "fleet.toml").exit_code == 0


def test_c3_more_deckies_than_addresses_or_than_a_worker_takes_are_reported(tmp_path: Path) -> None:
    ctx = desk(tmp_path)
    enrol(ctx, "w1", max_deckies=3)
    text = (
        '[network]\nsubnet = "192.0.2.0/29"\ngateway = "192.0.2.1"\n'
        '[decky.aa]\nservices = ["ssh"]\ncount = 2\nworker = "w1"\n'
        '[decky.bb]\nservices = ["ssh"]\ncount = 4\nworker = "w1"\n'
    )
    assert mistakes(ctx, tmp_path, text) == [
        (2, "network.subnet", "6 deckies need an address, and 5 of 192.0.2.0/29 can be used"),
        (11, "decky.bb.worker", "bb: w1 takes 3 deckies, not 6"),
    ]


def test_fewer_addresses_in_use_than_deckies_are_reported_without_a_subnet(tmp_path: Path) -> None:
    text = (
        '[network]\naddresses = {{ use = ["192.0.2.200-192.0.2.203"], exclude = ["192.0.2.201"] }}\n'
        '[decky.aa]\nservices = ["ssh"]\ncount = {count}\n'
        '[decky.bb]\nservices = ["ssh"]\nip = "192.0.2.203"\n'
    )
    ctx = desk(tmp_path)
    assert mistakes(ctx, tmp_path, text.format(count=3)) == [
        (2, "network.addresses.use", "3 deckies need an address, and 2 of addresses.use can be used")
    ]
    (tmp_path / "fleet.toml").write_text(text.format(count=2))
    assert validate(ctx, tmp_path / "fleet.toml").exit_code == 0
    bridge = text.format(count=3).replace("[network]", '[network]\ndriver = "bridge"')
    (tmp_path / "fleet.toml").write_text(bridge)
    assert validate(ctx, tmp_path / "fleet.toml").exit_code == 0


@pytest.mark.parametrize(
    ("use", "on_w1", "anywhere", "message"),
    [
        ("192.0.2.8-192.0.2.20", 2, 0, None),
        # w1 itself has 192.0.2.2, its gateway 192.0.2.1.
        ("192.0.2.0-192.0.2.3", 2, 0, "2 deckies need an address on the LAN of w1, and 1 can be used"),
        ("198.51.100.1-198.51.100.9", 1, 0, "1 decky needs an address on the LAN of w1, and 0 can be used"),
        ("192.0.2.1-192.0.2.4", 2, 1, "3 deckies need an address on the LAN of w1, and 2 can be used"),
    ],
)
def test_fewer_addresses_than_deckies_on_a_workers_lan_are_reported(
    tmp_path: Path, use: str, on_w1: int, anywhere: int, message: str | None
) -> None:
    ctx = desk(tmp_path)
    worker = enrol(ctx, "w1")
    Records(ctx.home).save(WorkerRecords(worker_id=worker.worker_id, facts=facts("192.0.2.0/24")))
    text = f'[network]\naddresses = {{ use = ["{use}"] }}\n'
    text += f'[decky.aa]\nservices = ["ssh"]\nworker = "w1"\ncount = {on_w1}\n'
    text += f'[decky.bb]\nservices = ["ssh"]\ncount = {anywhere}\n' if anywhere else ""
    if message is None:
        (tmp_path / "fleet.toml").write_text(text)
        assert validate(ctx, tmp_path / "fleet.toml").exit_code == 0
    else:
        assert mistakes(ctx, tmp_path, text) == [(2, "network.addresses.use", message)]


def test_c3_one_address_on_two_workers_of_one_lan_is_reported(tmp_path: Path) -> None:
    ctx = desk(tmp_path)
    for name in ("w1", "w2"):
        enrol(ctx, name)
    one = ON_W1.format(ip="192.0.2.9")
    text = '[network]\nsubnet = "192.0.2.0/24"\n' + one + one.replace(".aa]", ".bb]").replace("w1", "w2")
    assert mistakes(ctx, tmp_path, text) == [
        (10, "decky.bb.ip", "bb: 192.0.2.9 is used twice, by aa too"),
    ]


def test_c3_without_an_enrolled_worker_their_names_are_not_checked_and_a_note_says_it(tmp_path: Path) -> None:
    events: list[Event] = []
    ctx = desk(tmp_path, events)
    (tmp_path / "fleet.toml").write_text(ON_W1.format(ip="192.0.2.9"))
    outcome = validate(ctx, tmp_path / "fleet.toml")
    assert (outcome.exit_code, outcome.document["workers_checked"]) == (0, False)
    assert [event.text for event in events if isinstance(event, Message)] == [
        f"the names of workers were not checked: no worker is enrolled in {ctx.home.root}"
    ]


def test_c3_a_damaged_state_directory_does_not_keep_a_file_from_being_checked(tmp_path: Path) -> None:
    events: list[Event] = []
    ctx = desk(tmp_path, events)
    enrol(ctx, "w1")
    ctx.home.fleet.write_text("{")
    assert len(mistakes(ctx, tmp_path, SIX)) == 5
    assert [event.level for event in events if isinstance(event, Message)] == ["warning"]


def test_c3_the_number_of_mistakes_in_a_message_is_limited_and_a_script_gets_more(tmp_path: Path) -> None:
    text = "".join(f'[decky.a{n}]\nservices = ["nope"]\n' for n in range(300))
    (tmp_path / "fleet.toml").write_text(text)
    with pytest.raises(SpecError) as caught:
        validate(desk(tmp_path), tmp_path / "fleet.toml")
    assert len(caught.value.message.splitlines()) == 21
    assert caught.value.message.endswith("and 280 more")
    assert len(caught.value.mistakes) == 200


def test_c3_a_script_reads_every_mistake_as_a_value(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text(NAMES)
    ended = decnet(tmp_path, "validate", "fleet.toml", "-o", "json")
    found = json.loads(ended.stderr)["mistakes"]
    assert (ended.returncode, sorted({each["line"] for each in found})) == (2, lines_of(NAMES))
    assert found[0] == {
        "file": "fleet.toml",
        "line": 1,
        "key": "side",
        "message": "side: unknown service `htp`",
        "hint": "did you mean `http`?",
    }


@pytest.mark.parametrize("verb", [("validate", "-"), ("deploy", "--yes", "-c", "-")])
def test_c11_a_fleet_file_is_read_from_standard_input(tmp_path: Path, verb: tuple[str, ...]) -> None:
    ended = decnet(tmp_path, *verb, text='[decky.web]\nservices = ["htp"]\n')
    assert (ended.returncode, ended.stderr) == (
        2,
        "error: <stdin>:2: web: unknown service `htp`\nhint: did you mean `http`?\n",
    )


def test_c11_a_closed_standard_input_is_refused(tmp_path: Path) -> None:
    ended = subprocess.run(
        ["sh", "-c", f"{DECNET} validate - <&-"],
        env={**os.environ, "DECNET_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr.startswith("error: <stdin>:")) == (2, True)


def test_c11_what_standard_input_has_is_what_a_file_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'[decky.web]\nservices = ["ssh"]\n')))
    outcome = validate(desk(tmp_path), Path("-"))
    assert isinstance(outcome, TextOutcome)
    assert outcome.lines == ("<stdin>: 1 decky, 1 service: valid",)


def decnet(folder: Path, *argv: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DECNET, *argv],
        cwd=folder, env={**os.environ, "DECNET_HOME": str(folder / "home")},
        input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
