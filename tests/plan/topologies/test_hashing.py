"""The content hash: every leaf of the content changes it, nothing else does, and both programs agree."""

from __future__ import annotations

import copy
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from decnet.model.topology import Design, DesignDecky, Lan, Topology, TopologyRecord
from decnet.plan.topologies.hashing import content, content_hash
from decnet.wire import encode_json
from decnet.worker.agent_package import build_agent

from .designs import design, document, generated

Place = tuple[Any, ...]
SETTINGS = [
    {},
    {"title": "Grüße, €5 \u2028"},
    {"accept_after": 3, "rate": 1.5e-7, "big": 2**53 - 1},
    {"x": True},
]

AGENT = """
import sys
sys.path.insert(0, sys.argv[1])
from decnet.wire import digest, parse
for line in sys.stdin.buffer:
    print(digest(parse(line)))
"""


def leaves(value: Any, place: Place = ()) -> Iterator[Place]:
    """The paths of all values that are neither lists nor tables."""
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if inner is None:
        yield place
        return
    for key, each in inner:
        yield from leaves(each, (*place, key))


def with_another(value: Any, place: Place) -> dict[str, Any]:
    """The document with another value of the same type, valid for the model, at that place."""
    changed = copy.deepcopy(value)
    *way, last = place
    there = changed
    for part in way:
        there = there[part]
    old = there[last]
    if isinstance(old, bool):
        there[last] = not old
    elif old is None:
        there[last] = "linux-server"
    elif "macs" in place:
        there[last] = "00:50:56:aa:aa:aa"
    else:
        there[last] = "0" * 32 if last == "seed" else "other"
    return changed  # type: ignore[no-any-return]


def full() -> dict[str, Any]:
    """A document with every field of the schema set: the leaves of both models, and settings of each type."""
    found = document()
    found["deckies"][0]["settings"] = {"mysql": {"version": "8", "status": True, "x": "1"}}
    return found


LEAVES = [place for place in leaves(full()) if place != ("v",)]


@pytest.mark.parametrize("place", LEAVES, ids=[".".join(map(str, place)) for place in LEAVES])
def test_every_leaf_of_the_content_changes_the_hash(place: Place) -> None:
    assert content_hash(design(with_another(full(), place))) != content_hash(design(full()))


def test_these_leaves_are_all_that_the_schema_has() -> None:
    assert {place[0] for place in leaves(full())} == set(Design.model_fields)
    for kind, model in (("lans", Lan), ("deckies", DesignDecky)):
        assert {place[2] for place in LEAVES if place[0] == kind} == fields(model)
    with pytest.raises(ValidationError):
        design({**full(), "v": 2})


def fields(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_keys_of_maps_and_members_of_lists_are_content() -> None:
    def edited(**changes: Any) -> str:
        found = full()
        found["deckies"][0].update(changes)
        return content_hash(design(found))

    hashes = {
        edited(),
        edited(addresses={"office": "10.1.2.20"}),
        edited(addresses={}),
        edited(macs={}),
        edited(settings={"redis": {"version": "8", "status": True, "x": "1"}}),
        edited(settings={"mysql": {"version": "8", "status": True, "y": "1"}}),
        edited(settings={"mysql": {"version": "8", "status": 1, "x": "1"}}),
        edited(settings={}),
        edited(services=["mysql"]),
    }
    assert len(hashes) == 9
    for kind in ("lans", "deckies"):
        found = full()
        found[kind].pop()
        assert content_hash(design(found)) not in hashes


def test_nothing_but_the_design_is_in_the_hash() -> None:
    """What else a topology and its record hold does not fit into a design."""
    topology = Topology(id="0" * 32, name="a", design=design())
    others = {
        "id": "1" * 32, "name": "b", "version": 9, "worker": "w1", "origin": {"depth": 2},
    }  # fmt: skip
    assert set(others) == set(Topology.model_fields) - {"design"}
    for field, value in others.items():
        changed = Topology.model_validate({**topology.model_dump(), field: value})
        assert changed != topology
        assert content_hash(changed.design) == content_hash(topology.design)
    for field in {*others, *TopologyRecord.model_fields}:
        with pytest.raises(ValidationError):
            design({**document(), field: 1})


def test_trap_3_runtime_is_out_of_the_hash_and_settings_named_like_it_are_in() -> None:
    with pytest.raises(ValidationError):
        design({**document(), "deckies": [{**document()["deckies"][0], "state": "running"}]})
    for name in ("version", "status", "x", "y", "w", "h", "created_at", "last_seen"):
        found = document()
        found["deckies"][0]["settings"] = {"mysql": {name: "1"}}
        one = content_hash(design(found))
        found["deckies"][0]["settings"] = {"mysql": {name: "2"}}
        assert content_hash(design(found)) != one
    x = json.loads(json.dumps(document()).replace('"office"', '"x"'))
    y = json.loads(json.dumps(document()).replace('"office"', '"y"'))
    assert content_hash(design(x)) != content_hash(design(y))


def test_order_and_omitted_defaults_do_not_matter() -> None:
    shuffled = document()
    rng = random.Random(1)
    for part in ("lans", "deckies"):
        rng.shuffle(shuffled[part])
        shuffled[part] = [dict(reversed(each.items())) for each in shuffled[part]]
    for each in shuffled["deckies"]:
        each["services"] = each["services"][::-1]
        each["addresses"] = dict(reversed(each["addresses"].items()))
        each["settings"] = {**each["settings"], "ftp": {}}
        if each["archetype"] is None:
            del each["archetype"]
    assert content_hash(design(shuffled)) == content_hash(design())
    unsorted = design().model_copy(update={"lans": design().lans[::-1], "deckies": design().deckies[::-1]})
    assert content_hash(unsorted) == content_hash(design())


def test_trap_6_the_main_lan_survives_a_json_round_trip_with_sorted_keys() -> None:
    """`zone` comes after `office` in the alphabet, and is the main LAN."""
    found = json.loads(json.dumps(document()).replace('"vault"', '"zone"'))
    found["deckies"][0].update(
        addresses={"zone": "10.1.2.20", "office": "10.1.1.20"},
        macs={"zone": "00:50:56:00:05:00", "office": "00:50:56:00:05:01"},
    )
    first = design(found)
    again = Design.model_validate_json(json.dumps(content(first), sort_keys=True))
    decky = again.decky("db")
    assert decky is not None
    assert (decky.home, list(decky.addresses)[0]) == ("zone", "office")
    assert again == first
    assert content_hash(again) == content_hash(first)


def hashed_by_the_agent(python: str, folder: Path, designs: Sequence[Design]) -> list[str]:
    """The hashes that the agent's own program computes, under that Python."""
    package = folder / "agent.pyz"
    package.write_bytes(build_agent()[0])
    ended = subprocess.run(
        [python, "-I", "-c", AGENT, str(package)], capture_output=True, check=True,
        input="\n".join(encode_json(content(each)) for each in designs).encode(),
    )  # fmt: skip
    return ended.stdout.decode().split()


def with_settings(number: int) -> Design:
    """A generated design whose deckies have settings of every type."""
    found = generated(number)
    deckies = [
        each.model_copy(update={"settings": {"http": SETTINGS[(number + place) % len(SETTINGS)]}})
        for place, each in enumerate(found.deckies)
    ]
    return found.model_copy(update={"deckies": tuple(deckies)})


def runs(python: str) -> bool:
    """Whether it starts: a shim of pyenv may not."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def python39() -> str:
    """Python 3.9, the oldest that the agent runs on."""
    candidates = [shutil.which("python3.9"), *map(str, Path.home().glob(".pyenv/versions/3.9.*/bin/python"))]
    found = next((each for each in candidates if each and runs(each)), None)
    if found is None:
        pytest.skip("NOT RUN with Python 3.9: there is none on this machine")
    return found


@pytest.mark.parametrize("oldest", [False, True], ids=["this-python", "python-3.9"])
def test_the_agent_computes_the_same_hash(oldest: bool, tmp_path: Path) -> None:
    designs = [with_settings(number) for number in range(200)]
    python = python39() if oldest else sys.executable
    assert hashed_by_the_agent(python, tmp_path, designs) == [content_hash(each) for each in designs]


@pytest.mark.slow
def test_the_agent_computes_the_same_hash_of_ten_thousand_designs(tmp_path: Path) -> None:
    python = python39()
    for first in range(0, 10_000, 500):
        designs = [with_settings(number) for number in range(first, first + 500)]
        assert hashed_by_the_agent(python, tmp_path, designs) == [content_hash(each) for each in designs]
