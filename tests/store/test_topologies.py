"""Topologies in the state file: read as written, and refused with their place if they contradict."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from decnet.errors import SpecError
from decnet.model.fleet import Attachment, Decky, Fleet, Network, Project
from decnet.model.topology import Design, DesignDecky, Lan, Topology
from decnet.store.desired import load_fleet, render, save_fleet
from decnet.store.paths import Home

PROJECT = "decnet-t-0123abcd"
INNER = f"{PROJECT}-office"


def _designed(name: str) -> DesignDecky:
    return DesignDecky(
        name=name, os="linux", release="debian-12", home="dmz", services=("ssh",), hostname=name,
        seed="0" * 32, addresses={"dmz": "", "office": "172.16.0.9"}, macs={"office": "00:50:56:00:00:09"},
    )  # fmt: skip


DESIGN = Design(
    lans=(Lan(name="dmz", dmz=True), Lan(name="office", subnet="172.16.0.0/24")), deckies=(_designed("gate"),)
)


def deployed() -> Fleet:
    """A fleet with one topology of two deckies, on the worker `local`."""
    lan = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
    inner = Network(
        name=INNER, kind="inner", driver="bridge", interface="dct0123abcd0000", subnet="172.16.0.0/24",
        gateway="172.16.0.254",
    )  # fmt: skip
    gate = _decky("gate", ("decnet_lan", "192.0.2.100", 1), (INNER, "172.16.0.1", 2))
    deckies = {"gate": gate, "nas": _decky("nas", (INNER, "172.16.0.2", 3))}
    topology = Topology(id="0123abcd" * 4, name="branch", design=DESIGN, worker="local")
    project = Project(name=PROJECT, networks={INNER: inner}, deckies=deckies)
    return Fleet(
        fleet_id="f", lans={"local": lan}, projects={PROJECT: project}, topologies={"branch": topology}
    )


def _decky(name: str, *attachments: tuple[str, str, int]) -> Decky:
    return Decky(
        name=name, worker="local", hostname=name, os="linux", release="debian-12", services={},
        seed="0" * 32, spec_hash="a",
        attachments=tuple(
            Attachment(network=network, address=address, mac=f"00:50:56:00:00:{number:02x}")
            for network, address, number in attachments
        ),
    )  # fmt: skip


def test_a_deployed_topology_is_read_as_it_was_written(home: Home) -> None:
    assert save_fleet(home, deployed())
    assert load_fleet(home) == deployed()
    assert not save_fleet(home, deployed())


def test_an_older_file_has_no_topologies_and_stays_byte_for_byte_the_same(home: Home) -> None:
    save_fleet(home, deployed().model_copy(update={"topologies": {}, "projects": {}}))
    before = home.state.read_bytes()
    assert b"topologies" not in before
    loaded = load_fleet(home)
    assert loaded is not None
    assert loaded.topologies == {}
    assert render(loaded) == before


Edit = Callable[[dict[str, Any]], object]
_GATE = ("projects", PROJECT, "deckies", "gate")


def _set(*route: Any) -> Edit:
    *way, last, value = route

    def edit(document: Any) -> None:
        for part in way:
            document = document[part]
        document[last] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_set("topologies", "branch", "name", "other"), "topologies.branch.name is other: it must be"),
        (
            lambda d: d["topologies"].update(second={**d["topologies"]["branch"], "name": "second"}),
            "topologies.second.id begins with the same 8 digits as that of branch",
        ),
        (_set("projects", PROJECT, "name", "decnet"), f"projects.{PROJECT}.name is decnet: it must be"),
        (_set("lans", "local", "kind", "inner"), "lans.local.kind must be lan"),
        (_set("projects", PROJECT, "networks", INNER, "kind", "lan"), f"networks.{INNER}.kind must be inner"),
        (
            _set("projects", PROJECT, "networks", INNER, "driver", "macvlan"),
            f"networks.{INNER}.driver must be bridge",
        ),
        (
            _set("projects", PROJECT, "networks", INNER, "gateway", "172.17.0.1"),
            f"networks.{INNER}.gateway is 172.17.0.1, which is not within",
        ),
        (
            _set("projects", PROJECT, "networks", INNER, "name", INNER + "-2"),
            f"networks.{INNER}.name is {INNER}-2: it must be its key",
        ),
        (
            lambda d: d["projects"].update(decnet={**d["projects"].pop(PROJECT), "name": "decnet"}),
            "is the name of another project's network",
        ),
        (_set(*_GATE, "attachments", []), "gate.attachments must have at least one"),
        (
            _set(*_GATE, "attachments", 1, "network", "decnet_lan"),
            "gate.attachments must have at least one, each of another network",
        ),
        (
            _set(*_GATE, "attachments", 1, "network", f"{PROJECT}-cellar"),
            f"attachments.1.network is {PROJECT}-cellar, which the project does not have",
        ),
        (
            _set(*_GATE, "attachments", 1, "address", "172.16.0.254"),
            "attachments.1.address is 172.16.0.254, which is the gateway",
        ),
        (
            _set(*_GATE, "attachments", 1, "address", "192.0.2.3"),
            "attachments.1.address is 192.0.2.3, which is not in 172.16.0.0/24",
        ),
        (
            _set(*_GATE, "attachments", 1, "address", "172.16.0.2"),
            "nas.attachments.0.address is 172.16.0.2, which gate has already",
        ),
        (
            _set(*_GATE, "attachments", 1, "mac", "00:50:56:00:00:03"),
            "nas.attachments.0.mac is 00:50:56:00:00:03, which gate has already",
        ),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused_with_its_place(home: Home, edit: Edit, message: str) -> None:
    save_fleet(home, deployed())
    document = json.loads(home.state.read_bytes())
    edit(document)
    home.state.write_text(json.dumps(document, indent=1))
    with pytest.raises(SpecError) as caught:
        load_fleet(home)
    assert message in str(caught.value)
    assert str(home.state) in str(caught.value.place)


_BRANCH = ("topologies", "branch")
_WEB = (*_BRANCH, "design", "deckies", 0)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_set(*_BRANCH, "id", "x"), "branch.id must be 32 hexadecimal digits in lower case"),
        (_set(*_BRANCH, "version", 0), "branch.version must be 1 or more, not 0"),
        (_set(*_BRANCH, "versio", 2), "branch.versio is not known here; did you mean version?"),
        (_set(*_BRANCH, "design", "v", 2), "design.v must be 1"),
        (_set(*_BRANCH, "design", "lan", []), "design.lan is not known here; did you mean lans?"),
        (_set(*_BRANCH, "design", "lans", 1, "subnt", ""), "subnt is not known here; did you mean subnet?"),
        (
            _set(*_BRANCH, "design", "lans", 1, "name", "Office"),
            "lans.1.name must be a name: lower case letters, digits and inner hyphens, at most 32",
        ),
        (
            _set(*_BRANCH, "worker", "W"),
            "worker must be a name: lower case letters, digits and inner hyphens, at most 40",
        ),
        (_set(*_WEB, "services", ["S"]), "services.0 must be a service's name"),
        (_set(*_WEB, "hme", "dmz"), "deckies.0.hme is not known here; did you mean home?"),
        (_set(*_WEB, "seed", "x"), "deckies.0.seed must be 32 hexadecimal digits"),
        (_set(*_WEB, "macs", "office", "x"), "macs.office must be a MAC address such as"),
        (_set(*_WEB, "addresses", "Office", "x"), "must be a name: lower case letters"),
        (_set("projects", PROJECT, "networks", "lan", {}), "must be the name of one of the project's inner"),
        (_set("projects", PROJECT, "networks", INNER, "gatewy", ""), "not known here; did you mean gateway?"),
        (_set("projects", "other", {"name": "decnet"}), "must be decnet, or decnet-t- and 8 hexadecimal"),
    ],
)
def test_a_wrong_value_in_a_topology_is_explained(home: Home, edit: Edit, message: str) -> None:
    save_fleet(home, deployed())
    document = json.loads(home.state.read_bytes())
    edit(document)
    home.state.write_text(json.dumps(document, indent=1))
    with pytest.raises(SpecError) as caught:
        load_fleet(home)
    assert message in str(caught.value)
