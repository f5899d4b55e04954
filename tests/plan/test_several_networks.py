"""Deckies of several networks: what their containers are made from, who may have their addresses, and what
their worker is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from decnet.agent import bundle as bundles
from decnet.agent import composefile
from decnet.agent.request import Refusal
from decnet.engine.bundle import bundle, slice_of
from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.model.keys import SliceKey
from decnet.model.record import Claim, DeckyRow
from decnet.model.topology import Design, Topology
from decnet.plan.claims import known_claims, possible_holders
from decnet.plan.compose import compose_document, expected_containers
from decnet.plan.details import with_details
from decnet.plan.reconcile import reconcile
from decnet.wire import NETWORK, PROJECT, bridge_name, digest, inner_network

from .world import FLEET_ID, SEVERAL, Images, World, decky, fleet, lan

TOPOLOGY, OTHER = "decnet-t-0123abcd", "decnet-t-0123abce"
KEY = SliceKey("w1", TOPOLOGY)
KNOWN = {"fleet_id": FLEET_ID, "worker_id": "id-1", "engine_id": None}


def inner(name: str, number: int, project: str = TOPOLOGY) -> Network:
    subnet, docker = f"10.9.{number}", inner_network(project, name)
    return Network(
        name=docker, kind="inner", driver="bridge", interface=bridge_name(project, name),
        subnet=f"{subnet}.0/24", gateway=f"{subnet}.254",
    )  # fmt: skip


def on(number: int, end: int, project: str = TOPOLOGY) -> Attachment:
    """On the LAN `lan-NUMBER`."""
    network = inner_network(project, f"lan-{number}")
    return Attachment(
        network=network, address=f"10.9.{number}.{end}", mac=f"00:14:22:00:{number:02x}:{end:02x}"
    )


def at(name: str, *attachments: Attachment, worker: str = "w1") -> Decky:
    return decky(name, worker, services="ssh").model_copy(update={"attachments": attachments})


def dmz(end: int) -> Attachment:
    return decky("any", ip=end).home


def three(worker: str = "w1", project: str = TOPOLOGY, end: int = 50) -> dict[str, Decky]:
    """The DMZ's `gw` leads to lan-1, `hop` from there to lan-10; `web` is in the DMZ alone."""
    made = (
        at("gw", dmz(end), on(1, 1, project), worker=worker),
        at("hop", on(1, 10, project), on(10, 1, project), worker=worker),
        at("db", on(10, 20, project), worker=worker),
        at("web", dmz(end + 1), worker=worker),
    )
    return {each.name: each for each in made}


def with_topology(
    before: Fleet, deckies: dict[str, Decky], project: str = TOPOLOGY, lans: tuple[int, ...] = (1, 10)
) -> Fleet:
    """The fleet with a project of these deckies and these inner LANs."""
    made = before.with_deckies(deckies, project)
    networks = {each.name: each for each in (inner(f"lan-{n}", n, project) for n in lans)}
    whole = made.projects[project].model_copy(update={"networks": networks})
    return made.model_copy(update={"projects": {**made.projects, project: whole}})


def document(given: Fleet) -> dict[str, Any]:
    return compose_document(given, KEY, SEVERAL, Images())


def base_of(given: Fleet, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document(given)["services"][f"{TOPOLOGY}-{name}"]
    return found


def marks(given: Fleet) -> dict[str, str]:
    made = expected_containers(given, SEVERAL, Images())[KEY]
    return {name: next(iter(each.values())).fingerprint for name, each in made.items()}


WHOLE = with_topology(fleet(decky("web", ip=10)), three())


def test_a_base_has_each_of_its_networks_and_is_told_its_interfaces() -> None:
    hop = base_of(WHOLE, "hop")
    lans = [inner_network(TOPOLOGY, name) for name in ("lan-1", "lan-10")]
    assert hop["networks"] == {
        lans[0]: {"ipv4_address": "10.9.1.10"},
        lans[1]: {"ipv4_address": "10.9.10.1"},
    }
    assert json.loads(hop["environment"]["INTERFACES"]) == [
        ["10.9.1.10", 24, "00:14:22:00:01:0a"],
        ["10.9.10.1", 24, "00:14:22:00:0a:01"],
    ]
    assert "mac_address" not in hop and not {"ADDRESS", "MAC"} & hop["environment"].keys()
    assert {name: base_of(WHOLE, name)["environment"]["ROUTER"] for name in ("gw", "hop", "db")} == {
        "gw": "192.0.2.1",
        "hop": "10.9.1.1",
        "db": "10.9.10.1",
    }


def test_a_decky_with_several_interfaces_keeps_its_inner_addresses_off_the_lan() -> None:
    found = {name: base_of(WHOLE, name)["sysctls"].get("net.ipv4.conf.all.arp_ignore") for name in three()}
    assert found == {"gw": "1", "hop": "1", "db": None, "web": None}


def test_the_dmz_of_a_worker_with_ipvlan_has_no_mac_to_set() -> None:
    on_ipvlan = WHOLE.model_copy(update={"lans": {"w1": lan(driver="ipvlan")}})
    told = json.loads(base_of(on_ipvlan, "gw")["environment"]["INTERFACES"])
    assert [row[2] for row in told] == ["", "00:14:22:00:01:01"]


def test_a_decky_in_the_dmz_alone_has_the_form_of_the_fleet() -> None:
    own, fleets = base_of(WHOLE, "web"), compose_document(WHOLE, SliceKey("w1"), SEVERAL, Images())
    assert own["networks"] == {"lan": {"ipv4_address": "192.0.2.51"}}
    assert own["environment"].keys() == fleets["services"]["web"]["environment"].keys()


def test_the_fleets_slice_and_document_know_nothing_of_a_topology() -> None:
    alone = fleet(decky("web", ip=10))
    for make in (
        lambda each: compose_document(each, SliceKey("w1"), SEVERAL, Images()),
        lambda each: slice_of(
            each, SliceKey("w1"), "id-1", expected_containers(each, SEVERAL, Images())[SliceKey("w1")]
        ),
    ):
        assert make(WHOLE) == make(alone)


def changed(name: str, number: int, **fields: str) -> dict[str, Decky]:
    """The deckies after one attachment of one of them was changed."""
    found = three()
    attachments = list(found[name].attachments)
    attachments[number] = attachments[number].model_copy(update=fields)
    return {**found, name: found[name].model_copy(update={"attachments": tuple(attachments)})}


OTHER_NETWORK = {"subnet": "10.9.0.0/20", "gateway": "10.9.15.254"}


@pytest.mark.parametrize(
    ("after", "different"),
    [
        (with_topology(fleet(), changed("hop", 0, address="10.9.1.11")), {"hop"}),
        (with_topology(fleet(), changed("hop", 1, address="10.9.10.2")), {"hop"}),
        (with_topology(fleet(), changed("hop", 1, mac="00:14:22:00:00:01")), {"hop"}),
        (with_topology(fleet(), changed("gw", 0, address="192.0.2.60")), {"gw"}),
        (with_topology(fleet(), changed("gw", 0, mac="00:14:22:00:00:01")), {"gw"}),
        (with_topology(fleet(), {**three(), "hop": at("hop", on(1, 10))}), {"hop"}),
        (with_topology(fleet(), {**three(), "hop": at("hop", on(10, 1), on(1, 10))}), {"hop"}),
        (
            with_topology(fleet(), three()).model_copy(update={"lans": {"w1": lan(gateway="192.0.2.2")}}),
            {"gw", "web"},
        ),
    ],
)
def test_every_attachment_is_in_the_fingerprint_of_its_base_and_of_no_other(
    after: Fleet, different: set[str]
) -> None:
    before = marks(WHOLE)
    assert {name for name, mark in marks(after).items() if mark != before[name]} == different


def test_a_network_is_in_the_fingerprint_of_each_decky_on_it() -> None:
    networks = dict(WHOLE.projects[TOPOLOGY].networks)
    name = inner_network(TOPOLOGY, "lan-10")
    networks[name] = networks[name].model_copy(update={"subnet": "10.9.10.0/25", "gateway": "10.9.10.126"})
    project = WHOLE.projects[TOPOLOGY].model_copy(update={"networks": networks})
    after = WHOLE.model_copy(update={"projects": {**WHOLE.projects, TOPOLOGY: project}})
    before = marks(WHOLE)
    assert {name for name, mark in marks(after).items() if mark != before[name]} == {"hop", "db"}


# What the worker is sent, read by its agent.


def sent(given: Fleet = WHOLE) -> dict[str, Any]:
    """The arguments of `apply` that create the topology."""
    world = World(given)
    made = bundle(
        KEY,
        [step for step in world.plan().steps if step.key.slice == KEY],
        slice_document=slice_of(given, KEY, "id-1", world.expected[KEY]),
        document=document(given),
        generation=1,
        request_id="r",
    )
    args = {key: getattr(made, key) for key in ("project", "slice", "compose", "request_id", "generation")}
    found: dict[str, Any] = json.loads(json.dumps({**args, "steps": list(made.steps)}))
    return found


def checked(args: dict[str, Any]) -> tuple[str, str]:
    """The agent's code and message, after the hashes of what it gets were made right."""
    whole = {key: args[key] for key in ("project", "slice", "steps", "compose")}
    try:
        bundles.check({**args, "hash": digest(whole), "plan_hash": digest(args["slice"])}, KNOWN)
    except Refusal as refusal:
        return refusal.code, refusal.message
    return "accepted", ""


@pytest.fixture
def home(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECNET_AGENT_HOME", str(tmp_path))


@pytest.mark.usefixtures("home")
def test_the_agent_accepts_what_is_made_of_a_topology() -> None:
    assert checked(sent()) == ("accepted", "")
    on_ipvlan = WHOLE.model_copy(update={"lans": {**WHOLE.lans, "w1": lan(driver="ipvlan")}})
    assert checked(sent(on_ipvlan)) == ("accepted", "")


def hop(args: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = args["compose"]["services"][f"{TOPOLOGY}-hop"]
    return found


def attachments(args: dict[str, Any], name: str = "hop") -> list[dict[str, str]]:
    found: list[dict[str, str]] = args["slice"]["deckies"][name]["decky"]["attachments"]
    return found


def network(args: dict[str, Any], name: str = "lan-1") -> dict[str, Any]:
    found: dict[str, Any] = args["slice"]["networks"][inner_network(TOPOLOGY, name)]
    return found


def renamed(args: dict[str, Any], name: str) -> None:
    networks = args["slice"]["networks"]
    networks[name] = networks.pop(inner_network(TOPOLOGY, "lan-1")) | {"name": name}


def told(args: dict[str, Any], *rows: list[Any]) -> None:
    hop(args)["environment"]["INTERFACES"] = json.dumps(rows)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "change",
    [
        lambda a: network(a).update(kind="lan"),
        lambda a: network(a).update(driver="macvlan"),
        lambda a: network(a).update(interface="br0"),
        lambda a: network(a).update(interface=bridge_name(TOPOLOGY, "lan-10")),
        lambda a: network(a).update(subnet="10.9.10.0/24"),
        lambda a: network(a).update(subnet="192.0.2.0/25", gateway="192.0.2.126"),
        lambda a: network(a).update(subnet="10.9.1.0/31", gateway="10.9.1.0"),
        lambda a: network(a).update(gateway="10.9.1.1"),
        lambda a: network(a).update(gateway=None),
        lambda a: network(a).update(name="other"),
        lambda a: renamed(a, inner_network(OTHER, "lan-1")),
        lambda a: renamed(a, inner_network(TOPOLOGY, "-1")),
        lambda a: renamed(a, "bridge"),
        lambda a: renamed(a, "host"),
        lambda a: a["slice"]["networks"].pop(inner_network(TOPOLOGY, "lan-1")),
        lambda a: attachments(a).append(attachments(a)[0]),
        lambda a: attachments(a).reverse(),
        lambda a: attachments(a)[1].update(address="10.9.10.254"),
        lambda a: attachments(a)[1].update(address="10.9.10.255"),
        lambda a: attachments(a)[1].update(address="10.9.1.7"),
        lambda a: attachments(a)[1].update(mac="01:00:00:00:00:01"),
        lambda a: attachments(a)[1].update(network="bridge"),
        lambda a: hop(a)["networks"].pop(inner_network(TOPOLOGY, "lan-10")),
        lambda a: hop(a)["networks"].update({inner_network(OTHER, "lan-1"): {"ipv4_address": "10.9.1.9"}}),
        lambda a: hop(a)["networks"].update(lan={"ipv4_address": "192.0.2.99"}),
        lambda a: hop(a)["networks"].update(host={"ipv4_address": "192.0.2.99"}),
        lambda a: hop(a)["networks"].clear(),
        lambda a: hop(a).update(mac_address="00:14:22:00:01:0a"),
        lambda a: hop(a)["environment"].pop("INTERFACES"),
        lambda a: hop(a)["environment"].pop("ROUTER"),
        lambda a: hop(a)["environment"].update(ROUTER="198.51.100.1"),
        lambda a: hop(a)["environment"].update(ROUTER="10.9.1.10"),
        lambda a: hop(a)["environment"].update(ROUTER="10.9.1.1; reboot"),
        lambda a: hop(a)["environment"].update(ADDRESS="10.9.1.10"),
        lambda a: hop(a)["environment"].update(INTERFACES="[]"),
        lambda a: hop(a)["environment"].update(INTERFACES="["),
        lambda a: told(a, ["10.9.1.10", 24, "00:14:22:00:01:0a"]),
        lambda a: told(a, ["10.9.1.10", 24, "00:14:22:00:01:0b"], ["10.9.10.1", 24, "00:14:22:00:0a:01"]),
        lambda a: told(a, ["10.9.1.10", 16, "00:14:22:00:01:0a"], ["10.9.10.1", 24, "00:14:22:00:0a:01"]),
        lambda a: a["compose"]["networks"].update(host={"external": True, "name": "host"}),
        lambda a: a["compose"]["networks"].pop(inner_network(TOPOLOGY, "lan-1")),
        lambda a: a["compose"]["networks"][inner_network(TOPOLOGY, "lan-1")].update(name="host"),
        lambda a: a["compose"]["networks"][inner_network(TOPOLOGY, "lan-1")].pop("external"),
        lambda a: a["compose"]["services"][f"{TOPOLOGY}-web"]["environment"].update(INTERFACES="[]"),
    ],
)
def test_a_topology_that_does_not_fit_together_is_refused(change: Any) -> None:
    args = sent()
    change(args)
    assert checked(args)[0] == "refused"


def test_a_fleet_has_no_inner_networks() -> None:
    args = {
        "version": "2.4",
        "networks": {"lan": {"external": True, "name": NETWORK}, "x": {"external": True, "name": "x"}},
        "services": {},
    }
    with pytest.raises(Refusal):
        composefile.check(args, FLEET_ID, PROJECT)


def test_a_slice_has_its_topology_and_an_empty_one_has_none() -> None:
    topology = Topology(id="0123abcd" * 4, name="office", version=3, design=Design(), worker="w1")
    known = WHOLE.model_copy(update={"topologies": {"office": topology}})
    found = slice_of(known, KEY, "id-1", expected_containers(known, SEVERAL, Images())[KEY])
    assert found["topology"] == {
        "id": topology.id, "name": "office", "version": 3, "design": {"v": 1, "lans": [], "deckies": []},
    }  # fmt: skip
    assert set(found["networks"]) == {NETWORK, *WHOLE.projects[TOPOLOGY].networks}
    gone = known.with_deckies({}, TOPOLOGY)
    assert {key: slice_of(gone, KEY, "id-1", {}).get(key) for key in ("topology", "networks", "deckies")} == {
        "topology": None,
        "networks": slice_of(fleet(), SliceKey("w1"), "id-1", {})["networks"],
        "deckies": {},
    }


# Who may have which address.


def waiting(world: World) -> dict[str, str]:
    return {f"{each.worker}/{each.project}/{each.decky}": each.reason for each in world.plan().skipped}


def test_two_topologies_that_were_made_alike_do_not_wait_for_each_other() -> None:
    twice = with_topology(WHOLE, three(project=OTHER, end=60), OTHER)
    assert waiting(World(twice)) == {}


def test_a_topology_moves_away_from_a_dead_worker_without_its_inner_addresses() -> None:
    world = World(
        with_topology(fleet(), {name: each for name, each in three().items() if name in ("hop", "db")})
    )
    world.settle()
    world.away = {"w1": "no route to host"}
    world.desired = with_topology(fleet(), {n: each for n, each in three("w2").items() if n in ("hop", "db")})
    assert waiting(world) == {}
    assert sorted(step.decky for step in world.plan().steps) == ["db", "hop"]


def test_the_address_in_the_dmz_is_one_on_the_lan() -> None:
    world = World(WHOLE)
    world.settle()
    world.away = {"w1": "no route to host"}
    world.desired = WHOLE.with_deckies({**WHOLE.deckies, "new": decky("new", "w2", ip=50)})
    reason = f"192.0.2.50 may still be held by {TOPOLOGY}/gw on w1: no route to host"
    assert waiting(world) == {f"w2/{PROJECT}/new": reason}


def test_a_worker_that_is_gone_holds_what_its_topologies_have_on_the_lan_and_no_more() -> None:
    held = {(holder.key.decky, holder.claim.ip) for holder in possible_holders(WHOLE, {}, {"w1"})}
    assert held == {("gw", "192.0.2.50"), ("web", "192.0.2.51"), ("web", "192.0.2.10")}


def test_a_row_keeps_all_attachments_and_claims_the_one_on_the_lan() -> None:
    world = World(WHOLE)
    world.settle()
    rows = world.records["w1"].of(TOPOLOGY).deckies
    assert {name: row.attachments for name, row in rows.items()} == {
        name: each.attachments if name != "web" else () for name, each in three().items()
    }
    assert known_claims(rows["gw"], rows["hop"]) == (Claim(ip="192.0.2.50", mac="00:50:56:00:00:32"),)
    written = json.loads(rows["hop"].model_dump_json())
    assert DeckyRow.model_validate_json(json.dumps(written)) == rows["hop"]


def test_the_row_of_a_decky_of_the_fleet_is_written_as_before() -> None:
    row = DeckyRow(name="web", ip="192.0.2.10", mac="m", containers={}, status="running")
    assert set(row.model_dump()) == {
        "name", "project", "ip", "mac", "containers", "status", "adopted", "sent",
    }  # fmt: skip


def test_an_inner_address_that_another_decky_leaves_is_claimed_after_it() -> None:
    world = World(WHOLE)
    world.settle()
    swapped = {**three(), "db": at("db", on(10, 1)), "hop": at("hop", on(1, 10), on(10, 20))}
    world.desired = with_topology(WHOLE, swapped)
    assert waiting(world) == {}
    world.settle()
    assert world.plan().steps == ()


def test_a_plan_names_the_networks_that_change() -> None:
    world = World(WHOLE)
    world.settle()
    after = with_topology(WHOLE, {**three(), "hop": at("hop", on(1, 10), on(10, 2)), "gw": at("gw", dmz(50))})
    plan = reconcile(
        after, world.records, world.observe(), expected_containers(after, SEVERAL, Images()), now=world.now
    )
    plan = with_details(plan, WHOLE, after, world.records, world.observe(), world.expected, SEVERAL)
    found = {step.decky: (step.reason, [tuple(each) for each in step.changes]) for step in plan.steps}
    assert found == {
        "hop": ("its other networks changed", [("address on lan-10", "10.9.10.1", "10.9.10.2")]),
        "gw": ("its other networks changed", [("address on lan-1", "10.9.1.1", None)]),
    }
