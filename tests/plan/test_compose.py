"""The compose document, read by those who read it: compose itself and the agent's allow-list."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from decnet.agent import composefile, uploads
from decnet.decoys import uploads as decoys
from decnet.engine.bundle import bundle, slice_of
from decnet.model.fleet import Decky, DeckyImages, Fleet, Network
from decnet.model.keys import SliceKey
from decnet.plan.compose import compose_document, expected_containers, fingerprint
from decnet.store.migrate import FLEET_MIGRATIONS, FLEET_SCHEMA, migrated
from decnet.wire import PROJECT, canonical, container_name, digest

from .world import CATALOG, FLEET_ID, SEVERAL, Images, World, changed, decky, fleet, lan

TRICKY = "a $HOME ${X} $$ % {hostname} \"' \\ \n é \u202e"


def one(**changes: object) -> Decky:
    return changed(decky("web", ip=10), **changes)


def marks(each: Decky, on: Network | None = None, images: Images | None = None) -> dict[str, str]:
    wanted = fleet(each).model_copy(update={"lans": {each.worker: on or lan()}})
    made = expected_containers(wanted, SEVERAL, images or Images())[SliceKey(each.worker)]
    return {name: content.fingerprint for name, content in made[each.name].items()}


def document(*deckies: Decky) -> dict[str, dict[str, object]]:
    return compose_document(fleet(*deckies), SliceKey("w1"), SEVERAL, Images())


def tricky() -> Decky:
    return one(services={"ssh": {"motd": TRICKY}, "http": {}})


def test_the_agent_accepts_a_document_with_every_service_and_tricky_settings() -> None:
    every = [name for name, service in SEVERAL.services.items() if not service.alias]
    deckies = [decky(f"d{n}", ip=20 + n, services=name) for n, name in enumerate(every)]
    composefile.check(document(tricky(), *deckies), FLEET_ID)


def test_with_ipvlan_no_container_asks_for_a_mac() -> None:
    on_ipvlan = fleet(one()).model_copy(update={"lans": {"w1": lan(driver="ipvlan")}})
    made = compose_document(on_ipvlan, SliceKey("w1"), SEVERAL, Images())
    usual = document(one())["services"]["web"]
    bases = [usual, made["services"]["web"]]
    assert [("mac_address" in base, "MAC" in base["environment"]) for base in bases] == [
        (True, True),
        (False, False),
    ]


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="needs docker-compose")
def test_compose_reads_the_settings_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "compose.json"
    file.write_text(json.dumps(document(tricky())))
    ended = subprocess.run(
        ["docker-compose", "-p", "decnet", "-f", str(file), "config"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    # Long values come back folded over lines, quoted as YAML does it.
    folded = re.search(r"PERSONA: '((?:[^']|'')*web(?:[^']|'')*\"ssh\"(?:[^']|'')*)'", ended.stdout)
    assert folded
    persona = re.sub(r"\n +", " ", folded.group(1)).replace("''", "'").replace("$$", "$")
    assert json.loads(persona)["settings"]["motd"] == TRICKY


def test_a_base_has_the_look_and_the_sysctls_of_its_release() -> None:
    plain = decky("plain", ip=10)
    windows = decky("pc", ip=11).model_copy(update={"os": "windows", "release": "windows-10"})
    printer = decky("hp", ip=12).model_copy(update={"os": "embedded", "release": "hp-laserjet-m404"})
    router = decky("router", ip=13).model_copy(update={"os": "embedded", "release": "openwrt-21.02"})

    whole = document(plain, windows, printer, router)
    composefile.check(whole, FLEET_ID)
    looks = {
        name: whole["services"][name]["environment"].get("LOOK") for name in ("plain", "pc", "hp", "router")
    }  # type: ignore[attr-defined]
    assert looks == {"plain": None, "pc": "windows", "hp": "printer", "router": None}
    sysctls = whole["services"]["pc"]["sysctls"]
    assert (sysctls["net.ipv4.tcp_rmem"], sysctls["net.ipv4.ip_default_ttl"]) == (
        "4096 131072 8388608",
        "128",
    )  # type: ignore[index]


def test_another_look_is_another_base() -> None:
    pc = one(os="windows", release="windows-10")
    server = one(os="windows_server", release="windows-server-2022")
    assert marks(pc)["web"] != marks(server)["web"] and marks(pc)["web-ssh"] != marks(server)["web-ssh"]


def test_the_document_says_the_same_as_the_contents() -> None:
    world = World(fleet(one(), decky("mail", ip=11, services="smtp_relay")))
    services = document(*world.desired.deckies.values())["services"]
    described = {
        name: (body["labels"]["decnet.fingerprint"], body["labels"]["decnet.service"], body["image"])  # type: ignore[index]
        for name, body in services.items()
    }
    assert described == {
        name: (content.fingerprint, content.service, content.image)
        for made in world.expected[SliceKey("w1")].values()
        for name, content in made.items()
    }


def test_a_persona_is_canonical_json_with_everything_that_a_decoy_needs() -> None:
    persona = document(tricky())["services"]["web-ssh"]["environment"]["PERSONA"].replace("$$", "$")  # type: ignore[index]
    value = json.loads(persona)
    assert canonical(value).decode() == persona
    assert {key: value[key] for key in ("service", "hostname", "ports", "banner", "settings", "address")} == {
        "service": "ssh",
        "hostname": "srv-web",
        "ports": [[22, "tcp"]],
        "banner": SEVERAL.releases["debian-12"].banners["ssh"],
        "settings": {"motd": TRICKY},
        "address": "192.0.2.10",
    }
    assert len(value["seed"]) == 32 and value["seed"] != one().seed


def test_a_persona_names_the_system_that_its_release_names() -> None:
    release = replace(SEVERAL.releases["debian-12"], system="rocky-9")
    catalog = replace(SEVERAL, releases={**SEVERAL.releases, "debian-12": release})
    found = compose_document(fleet(tricky()), SliceKey("w1"), catalog, Images())["services"]["web-http"]
    persona = found["environment"]["PERSONA"].replace("$$", "$")
    value = json.loads(persona)
    assert canonical(value).decode() == persona
    assert (value["system"], "system" in json.loads(_persona_of(tricky()))) == ("rocky-9", False)


def _persona_of(each: Decky) -> str:
    return str(document(each)["services"]["web-ssh"]["environment"]["PERSONA"]).replace("$$", "$")  # type: ignore[index]


def test_a_services_seed_outlives_its_removal_and_differs_from_its_neighbours() -> None:
    def seed(each: Decky, service: str) -> str:
        body = document(each)["services"][container_name(PROJECT, each.name, service)]
        return str(json.loads(body["environment"]["PERSONA"])["seed"])  # type: ignore[index]

    both, alone = one(), one(services={"ssh": {}})
    assert seed(both, "ssh") == seed(alone, "ssh") != seed(both, "http")


BASE_CHANGES = {
    "ip": {"ip": "192.0.2.11"},
    "mac": {"mac": "00:50:56:00:00:0b"},
    "hostname": {"hostname": "srv-2"},
    "os": {"os": "embedded"},
}


@pytest.mark.parametrize("name", BASE_CHANGES)
def test_what_a_base_is_made_from_changes_every_fingerprint(name: str) -> None:
    before, after = marks(one()), marks(one(**BASE_CHANGES[name]))
    assert not set(before.values()) & set(after.values())


@pytest.mark.parametrize("change", [{"driver": "ipvlan"}, {"interface": "eth1"}, {"gateway": "192.0.2.254"}])
def test_another_lan_changes_every_fingerprint(change: dict[str, object]) -> None:
    assert not set(marks(one()).values()) & set(marks(one(), lan(**change)).values())


def test_which_addresses_may_be_used_is_in_no_fingerprint() -> None:
    assert marks(one()) == marks(one(), lan(use=("192.0.2.9",), exclude=("192.0.2.8",)))


def test_a_new_decoy_image_leaves_the_base_as_it_is() -> None:
    before, after = marks(one()), marks(one(), images=Images(decoys="decnet/decoys:ffffffffffff"))
    assert {name for name in before if before[name] == after[name]} == {"web"}


def test_settings_of_one_service_change_that_service_only() -> None:
    before, after = marks(one()), marks(one(services={"ssh": {"motd": "x"}, "http": {}}))
    assert {name for name in before if before[name] != after[name]} == {"web-ssh"}


def test_a_mutation_leaves_the_base_and_the_services_that_stay() -> None:
    before, after = (
        marks(one()),
        marks(one(services={"ssh": {}, "ftp": {}}, mutated=True, previous=("ssh", "http"))),
    )
    assert {name for name in before if before[name] == after.get(name)} == {"web", "web-ssh"}


def test_parts_of_a_fingerprint_do_not_run_into_each_other() -> None:
    assert (
        len({fingerprint("ab", "c"), fingerprint("a", "bc"), fingerprint("abc"), fingerprint("ab", "c", "")})
        == 4
    )


def test_a_service_may_bring_its_own_image_and_command() -> None:
    own = replace(SEVERAL.services["http"], image="ghcr.io/me/decoy:1", command=("serve", "--port=80"))
    catalog = replace(SEVERAL, services={**SEVERAL.services, "http": own})
    made = compose_document(fleet(one()), SliceKey("w1"), catalog, Images())
    body = made["services"]["web-http"]
    composefile.check(made, FLEET_ID)
    assert (body["image"], body["command"]) == ("ghcr.io/me/decoy:1", ["serve", "--port=80"])


def test_every_container_of_a_fleet_of_version_0_1_0_keeps_its_fingerprint() -> None:
    """The file was written by that version: its state file, and what it made of each container."""
    golden = json.loads((Path(__file__).parent / "golden" / "fleet-0.1.0.json").read_text())
    state = migrated(golden["state"], Path("decnet-state.json"), FLEET_SCHEMA, FLEET_MIGRATIONS)
    made = expected_containers(Fleet.model_validate_json(json.dumps(state)), CATALOG, Images())
    assert golden["containers"] == {
        key.worker: {
            name: {container: list(content[:3]) for container, content in own.items()}
            for name, own in deckies.items()
        }
        for key, deckies in made.items()
    }


def test_services_that_take_files_have_memory_for_them_if_their_images_keep_files() -> None:
    older = DeckyImages(base=Images().base, decoys=Images().decoys)
    new = one(
        services={"ssh": {}, "mysql": {}, "http": {"uploads": False}},
        images=older.model_copy(update={"keeps_uploads": True}),
    )
    old = changed(new, images=older)
    composefile.check(document(new), FLEET_ID)
    found = {
        (name, each is new): (body.get("tmpfs"), body["mem_limit"])
        for each in (new, old)
        for name, body in document(each)["services"].items()
        if name != "web"
    }
    memory = ["/var/uploads:size=8m,mode=0700,uid=65534,gid=65534,noexec,nosuid,nodev"]
    assert found == {
        ("web-ssh", True): (memory, "72m"),
        ("web-ssh", False): (None, "64m"),
        **{(f"web-{name}", is_new): (None, "48m") for name in ("mysql", "http") for is_new in (True, False)},
    }  # fmt: skip
    assert "/" + "/".join(uploads.SOURCE) == memory[0].partition(":")[0] == decoys.FOLDER


def test_a_topology_has_containers_labels_and_a_network_mode_of_its_own() -> None:
    project = "decnet-t-0123abcd"
    both = fleet(one()).with_deckies({"web": changed(one(), ip="192.0.2.11")}, project)
    whole = compose_document(both, SliceKey("w1", project), SEVERAL, Images())["services"]
    base, ssh = whole[f"{project}-web"], whole[f"{project}-web-ssh"]
    assert base["labels"] | {"decnet.fingerprint": ""} == {
        "decnet.fleet": FLEET_ID, "decnet.project": project, "decnet.decky": "web", "decnet.service": "",
        "decnet.fingerprint": "",
    }  # fmt: skip
    assert ssh["network_mode"] == f"service:{project}-web"
    assert set(document(one())["services"]) == {"web", "web-ssh", "web-http"}


def test_a_bundle_carries_the_hashes_that_the_agent_computes() -> None:
    world = World(fleet(one()))
    key = SliceKey("w1")
    slice_document = slice_of(world.desired, key, "id-1", world.expected[key])
    sent = bundle(
        SliceKey("w1"),
        world.plan().steps,
        slice_document=slice_document,
        document=document(one()),
        generation=3,
        request_id="r",
    )
    parts = {
        "project": sent.project, "slice": sent.slice, "steps": list(sent.steps), "compose": sent.compose,
    }  # fmt: skip
    again = json.loads(json.dumps(parts))
    assert (digest(again), digest(again["slice"])) == (sent.hash, sent.plan_hash)
    assert sent.steps == (
        {
            "decky": "web",
            "operation": "create",
            "remove": [],
            "up": ["web", "web-ssh", "web-http"],
            "start": [],
        },
    )
    assert slice_document["deckies"]["web"]["containers"]["web-ssh"]["ports"] == [[22, "tcp"]]


def test_a_step_of_the_record_alone_is_not_sent() -> None:
    world = World(fleet(one()))
    world.settle()
    world.records = {worker: each.with_project(PROJECT, deckies={}) for worker, each in world.records.items()}
    sent = bundle(
        SliceKey("w1"), world.plan().steps, slice_document={}, document={}, generation=1, request_id="r"
    )
    assert sent.steps == ()
