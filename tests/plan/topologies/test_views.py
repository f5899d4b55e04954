"""Differences, the walk and the pictures of a design."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from typing import Any

import pytest

from decnet.model.plan import FieldChange
from decnet.model.topology import Design
from decnet.plan.topologies.diff import Difference, differences
from decnet.plan.topologies.graph import graph
from decnet.plan.topologies.hashing import content_hash
from decnet.plan.topologies.walk import walk

from .designs import CATALOG, decky, design, document, generated
from .test_hashing import LEAVES, full, with_another


def edited(**changes: Any) -> Design:
    found = document()
    found["deckies"][3].update(changes)
    return design(found)


def test_differences_name_each_field() -> None:
    new = edited(
        hostname="box", services=["ssh"], settings={"ssh": {"motd": "bye", "accept_after": 2}},
        addresses={"office": "10.1.1.8", "vault": "10.1.2.8"},
    )  # fmt: skip
    assert differences(design(), new, CATALOG) == (
        Difference("decky", "nas", "changed", (
            FieldChange("addresses.office", "10.1.1.7", "10.1.1.8"),
            FieldChange("addresses.vault", None, "10.1.2.8"),
            FieldChange("hostname", "srv3", "box"),
            FieldChange("services", ("http", "ssh"), ("ssh",)),
            FieldChange("settings.ssh.accept_after", None, 2),
            FieldChange("settings.ssh.motd", "hello", "bye"),
        )),
    )  # fmt: skip


def test_differences_name_what_was_added_and_removed() -> None:
    found = document()
    found["lans"].pop()
    found["deckies"].append(decky("zoo", "dmz", 9, {"dmz": ""}))
    assert [each[:3] for each in differences(design(), design(found), CATALOG)] == [
        ("lan", "vault", "removed"),
        ("decky", "zoo", "added"),
    ]


def test_secrets_are_not_shown() -> None:
    first, second = (edited(settings={"ssh": {"credentials": f"root:{word}"}}) for word in ("one", "two"))
    shown = differences(first, second, CATALOG)
    assert shown[0].changes == (FieldChange("settings.ssh.credentials", "(hidden)", "(another one, hidden)"),)
    seeds = differences(edited(seed="1" * 32), edited(seed="2" * 32), CATALOG)
    assert seeds[0].changes == (FieldChange("seed", "(hidden)", "(another one, hidden)"),)
    unknown = edited(settings={"own": {"password": "x"}})
    assert "'x'" not in repr(differences(design(), unknown, CATALOG))


@pytest.mark.parametrize("place", LEAVES, ids=[".".join(map(str, place)) for place in LEAVES])
def test_there_are_differences_where_the_hashes_differ(place: tuple[Any, ...]) -> None:
    assert differences(design(full()), design(with_another(full(), place)), CATALOG)


def test_equal_contents_have_no_differences() -> None:
    same = edited(services=["ssh", "http"], settings={"ssh": {"motd": "hello"}, "http": {}})
    assert content_hash(same) == content_hash(design())
    assert differences(design(), same, CATALOG) == ()
    for one, other in ((1, True), (1, 1.0), (0, False), ("1", 1)):
        pair = [edited(settings={"ssh": {"accept_after": value}}) for value in (one, other)]
        assert content_hash(pair[0]) != content_hash(pair[1])
        assert len(differences(*pair, CATALOG)) == 1


def test_the_walk_shows_how_each_lan_is_reached() -> None:
    found = document()
    found["lans"].append({"name": "attic", "subnet": "10.7.0.0/24", "dmz": False})
    lines, warnings = walk(design(found))
    assert lines == [
        "attacker",
        "└── dmz (the worker's LAN)",
        "    └── office (10.1.1.0/24) through gate: routes, has SSH; no way in",
        "        └── vault (10.1.2.0/24) through inner: has SSH; no way in",
        "not connected: attic (10.7.0.0/24)",
    ]
    assert [(each.code, each.severity, each.place) for each in warnings] == [
        ("LAN_NO_WAY_IN", "warning", "lan.attic"),
        ("LAN_NO_WAY_IN", "warning", "lan.office"),
    ]


def test_the_walk_begins_where_it_was_asked_to() -> None:
    lines, _ = walk(design(), "nas")
    assert lines[:3] == [
        "nas",
        "└── office (10.1.1.0/24)",
        "    ├── dmz (the worker's LAN) through gate: routes, has SSH",
    ]
    with pytest.raises(KeyError):
        walk(design(), "no-one")


def test_the_text_has_every_lan_and_decky_once() -> None:
    for seed in range(20):
        each = generated(seed)
        words = graph(each, "text", "branch").split()
        for name in [*(lan.name for lan in each.lans), *(one.name for one in each.deckies)]:
            assert words.count(name) == 1
    assert graph(design(), "text", "branch") == (
        "branch\n"
        "└── dmz (the worker's LAN)\n"
        "    ├── gate linux: http, ssh\n"
        "    ├── web linux: http, ssh\n"
        "    └── office (10.1.1.0/24)\n"
        "        ├── inner linux-server: http, ssh\n"
        "        ├── nas linux: http, ssh\n"
        "        └── vault (10.1.2.0/24)\n"
        "            └── db linux: mysql, redis\n"
    )


@pytest.mark.parametrize("form", ["mermaid", "dot"])
def test_a_graph_has_an_edge_for_each_membership(form: Any) -> None:
    each = generated(4)
    drawn = graph(each, form, "branch")
    edges = re.findall(r"lan(\d+) (?:---\S*|--) decky(\d+)", drawn)
    expected = {(lan, decky.name) for decky in each.deckies for lan in decky.addresses}
    assert {(each.lans[int(lan)].name, each.deckies[int(decky)].name) for lan, decky in edges} == expected
    assert len(edges) == len(expected)


def test_the_drawing_is_well_formed_and_nothing_in_it_overlaps() -> None:
    for seed in range(20):
        each = generated(seed)
        root = xml.fromstring(graph(each, "svg", 'a "title" & <more>'))
        text = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
        for name in [*(lan.name for lan in each.lans), *(one.name for one in each.deckies)]:
            assert text.count(name) == 1
        width, height = int(root.attrib["width"]), int(root.attrib["height"])
        rects = [
            tuple(int(node.attrib[key]) for key in ("x", "y", "width", "height"))
            for node in root.iter("{http://www.w3.org/2000/svg}rect")
            if "x" in node.attrib
        ]
        boxes = [rect for rect in rects if rect[2] > 180]
        assert len(boxes) == len(each.lans)
        for number, (x, y, w, h) in enumerate(boxes):
            assert 0 <= x <= x + w <= width
            assert 0 <= y <= y + h <= height
            for x2, y2, w2, h2 in boxes[number + 1 :]:
                assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
        lines = list(root.iter("{http://www.w3.org/2000/svg}line"))
        assert len(lines) == len(each.lans) - 1


def test_hostile_names_do_not_leave_their_place_in_a_picture() -> None:
    """Archetypes and releases are text of a file."""
    wild = edited(archetype='"]; evil \x1b[31m <script>&')
    svg = graph(wild, "svg", "t")
    assert "<script>" not in svg
    assert xml.fromstring(svg) is not None
    assert not any("\x1b" in graph(wild, form, "t") for form in ("text", "svg", "mermaid", "dot"))
    assert "<script>" not in graph(wild, "mermaid", "t")
    assert 'label="nas\\n\\"]; evil' in graph(wild, "dot", "t")
