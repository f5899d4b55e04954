"""Every file of the home, broken in every way: refused by its name, or replaced; never read as another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from places import FLEET
from theatre import Stage

from decnet.errors import SpecError, StateBroken
from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.model.record import DeckyRow, WorkerRecords
from decnet.model.worker import Worker
from decnet.store import audit
from decnet.store.desired import load_fleet, save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.last_seen import LastSeen, load_seen, note_seen
from decnet.store.lock import Lock
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.worker.hostkeys import load_pins

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChAEaKS1rqBrTHv3u4tyfoMTkJPfkZvZbKzrXrfr"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with one of everything."""
    made = Home(tmp_path / "home")
    open_home(made)
    lan = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
    decky = Decky(
        name="web", worker="w1",
        attachments=(Attachment(address="192.0.2.100", mac="34:e6:d7:1b:77:27"),),
        hostname="a", os="linux", release="debian-12", services={"ssh": {}},
        seed="0" * 32, spec_hash="a" * 64,
    )  # fmt: skip
    row = DeckyRow(name="web", ip="192.0.2.100", mac="m", containers={}, status="running")
    save_fleet(made, Fleet(fleet_id="f", lans={"w1": lan}).with_deckies({"web": decky}))
    FleetTable(made).put_worker(Worker(name="w1", worker_id="id1", host="192.0.2.1"))
    Records(made).save(WorkerRecords(worker_id="id1").with_project("decnet", deckies={"web": row}))
    note_seen(made, {"id1": LastSeen(at=1.0, skew=0.0)})
    made.known_hosts.write_text(f"id1 {KEY}\n")
    audit.append(made, at=0.0, who="op", command="decnet deploy", outcome="done")
    return made


def read(home: Home, name: str) -> object:
    """What the file holds, read as a command reads it."""
    readers: dict[str, Callable[[], object]] = {
        "decnet-state.json": lambda: load_fleet(home),
        "fleet.json": lambda: FleetTable(home).workers(),
        "records/id1.json": lambda: Records(home).load("id1"),
        "known_hosts": lambda: load_pins(home.known_hosts),
        "seen.json": lambda: load_seen(home),
        "audit.jsonl": lambda: list(audit.read(home)),
    }
    return readers[name]()


HARMS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "a byte short": lambda content: content.rstrip()[:-1],
    "zeroes": lambda content: b"\0" * len(content),
    "a tail": lambda content: content + b"\x00\xff{",
    "twice": lambda content: content + content,
    "no text": lambda content: b"\xff\xfe" + content,
    "a list": lambda content: b"[]",
    "null": lambda content: b"null\n",
}
NEEDED = ("decnet-state.json", "fleet.json", "records/id1.json")


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", NEEDED)
def test_a_broken_file_that_is_needed_is_refused_by_its_name_with_its_last_good_copy(
    home: Home, name: str, harm: str
) -> None:
    path = home.root / name
    whole = path.read_bytes()
    path.write_bytes(HARMS[harm](whole))
    with pytest.raises((StateBroken, SpecError)) as refused:
        read(home, name)
    said = f"{refused.value.message} {getattr(refused.value, 'place', '')}"
    assert str(path) in said
    assert f"cp {path}.last {path}" in str(refused.value.hint)
    path.write_bytes(Path(f"{path}.last").read_bytes())
    assert path.read_bytes() == whole


@pytest.mark.parametrize("harm", [harm for harm in HARMS if harm not in ("empty", "twice", "half")])
def test_broken_pins_are_refused_and_never_read_as_no_pins(home: Home, harm: str) -> None:
    home.known_hosts.write_bytes(HARMS[harm](home.known_hosts.read_bytes()))
    with pytest.raises(StateBroken, match="known_hosts"):
        read(home, "known_hosts")


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["seen.json", "audit.jsonl"])
def test_a_broken_file_about_the_past_stops_nothing(home: Home, name: str, harm: str) -> None:
    path = home.root / name
    path.write_bytes(HARMS[harm](path.read_bytes()))
    read(home, name)
    assert note_seen(home, {"id1": LastSeen(at=2000.0, skew=0.0)})
    audit.append(home, at=1.0, who="op", command="decnet mutate", outcome="done")
    assert load_seen(home)["id1"].at == 2000.0
    assert list(audit.read(home))[-1]["command"] == "decnet mutate"


@pytest.mark.parametrize("harm", HARMS)
def test_a_broken_lock_file_is_not_a_lock(home: Home, harm: str) -> None:
    with Lock(home, "decnet deploy"):
        note = home.lock.read_bytes()
    home.lock.write_bytes(HARMS[harm](note))
    with Lock(home, "decnet mutate"):
        assert b"decnet mutate" in home.lock.read_bytes()


@pytest.mark.parametrize("name", ["decnet-state.json", "fleet.json"])
def test_a_file_that_is_gone_while_its_copy_is_there_is_not_an_empty_one(home: Home, name: str) -> None:
    path = home.root / name
    path.unlink()
    with pytest.raises(StateBroken, match="is missing, but its last good copy exists"):
        read(home, name)
    if name == "fleet.json":
        with pytest.raises(StateBroken, match="is missing"):
            FleetTable(home).put_worker(Worker(name="w2", worker_id="id2", host="192.0.2.2"))
        assert not path.exists()


@pytest.mark.slow
def test_a_first_deploy_on_a_full_disk_reports_it_and_works_once_there_is_room(stage: Stage) -> None:
    """The state directory on a small tmpfs: what fits is written, the rest is reported, and no temp file is
    left."""
    stage.decnet("teardown", "--all", "--yes", code=None)
    stage.on(stage.place, "sh", "-c", "rm -rf /var/lib/decnet-agent/*")
    home = f"{stage.folder}/small"
    command = f"env DECNET_HOME={home} decnet deploy -c {stage.spec(FLEET)} --yes"
    sizes = (16, 48, 96, 128, 160)
    script = f"mkdir -p {home}; mount -t tmpfs -o size=8k,mode=700 none {home}; trap 'umount {home}' EXIT\n"
    for size in sizes:
        script += f"mount -o remount,size={size}k {home}; echo; echo = {size}; {command} 2>&1; echo code $?\n"
        script += f"find {home} -name '*.tmp'\n"
    script += f"mount -o remount,size=4m {home}; echo; echo = last; {command} 2>&1; echo code $?\n"
    said = stage.on(stage.place, "unshare", "-m", "--propagation", "private", "sh", "-c", script).out
    assert "Traceback" not in said
    assert ".tmp" not in said
    parts = said.split("\n= ")[1:]
    assert "No space left on device" in parts[0] and "the disk is full" in parts[0]
    assert parts[-1].rstrip().endswith("code 0"), said
    assert set(stage.containers()) == {"web", "web-http"}
    stage.on(
        stage.place, "sh", "-c", "docker rm -f web web-http; rm -rf /var/lib/decnet/* /var/lib/decnet-agent/*"
    )
