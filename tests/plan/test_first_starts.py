"""When a machine and each of its services was started for the first time: recorded once, and kept."""

from __future__ import annotations

import json
import random

from decnet.model.fleet import STARTS, Decky, Fleet
from decnet.model.keys import SliceKey
from decnet.plan.compose import compose_document
from decnet.plan.mutate import mutate, undo
from decnet.wire import PROJECT, canonical, container_name

from .world import NOW, SEVERAL, Images, changed, decky, deployed, fleet, spec

LATER, LATEST = NOW + 5000, NOW + 90000


def starts(each: Decky) -> dict[str, object]:
    return {key: getattr(each, key) for key in STARTS if getattr(each, key)}


def mutated(before: Fleet, services: str, at: float) -> Fleet:
    return mutate(before, ["a"], SEVERAL, rng=random.Random(1), now=at, services=services.split())


def persona(each: Decky, service: str) -> dict[str, object]:
    services = compose_document(fleet(each), SliceKey("w1"), SEVERAL, Images())["services"]
    text = services[container_name(PROJECT, each.name, service)]["environment"]["PERSONA"].replace("$$", "$")
    value = json.loads(text)
    assert canonical(value).decode() == text
    return {key: value[key] for key in ("since", "service_since", "service_first") if key in value}


def test_a_new_machine_starts_with_its_deploy_and_all_its_services_with_it() -> None:
    assert starts(deployed(spec("a")).deckies["a"]) == {"since": int(NOW)}


def test_a_later_deploy_keeps_the_first_starts() -> None:
    first = deployed(spec("a"))
    again = deployed(spec("a", "b"), first, now=LATER)
    assert starts(again.deckies["a"]) == {"since": int(NOW)}
    assert starts(again.deckies["b"]) == {"since": int(LATER)}


def test_a_service_that_a_deploy_adds_starts_with_that_deploy() -> None:
    more = deployed(spec({"name": "a", "services": ("ssh", "http", "redis")}), deployed(spec("a")), now=LATER)
    assert starts(more.deckies["a"]) == {"since": int(NOW), "service_since": {"redis": int(LATER)}}


def test_a_decky_of_another_os_is_another_machine() -> None:
    first = mutated(deployed(spec("a")), "ssh http redis", LATER)
    other = deployed(spec({"name": "a", "services": ("snmp",), "os": "cisco"}), first, now=LATEST)
    assert starts(other.deckies["a"]) == {"since": int(LATEST)}


def test_a_service_that_comes_back_starts_again_and_keeps_its_first_start() -> None:
    with_redis = mutated(deployed(spec("a")), "ssh http redis", LATER)
    without = mutated(with_redis, "ssh http", LATER + 1)
    assert starts(without.deckies["a"]) == {"since": int(NOW), "service_first": {"redis": int(LATER)}}
    back = mutated(without, "ssh http redis", LATEST)
    assert starts(back.deckies["a"]) == {
        "since": int(NOW), "service_since": {"redis": int(LATEST)}, "service_first": {"redis": int(LATER)}
    }  # fmt: skip
    undone = undo(back, ["a"], catalog=SEVERAL, now=LATEST + 1)
    assert starts(undone.deckies["a"]) == starts(without.deckies["a"])


def test_a_fleet_of_an_older_version_keeps_its_personas_until_a_service_is_added() -> None:
    old = fleet(decky("a"))
    redeployed = deployed(spec({"name": "a", "services": ("ssh", "http"), "mutate_interval": 5}), old)
    assert starts(redeployed.deckies["a"]) == {} == persona(redeployed.deckies["a"], "ssh")
    added = mutated(redeployed, "ssh http redis", LATER).deckies["a"]
    assert persona(added, "ssh") == {}
    assert persona(added, "redis") == {"service_since": int(LATER)}


def test_a_decoy_learns_the_starts_of_its_machine_and_of_its_service() -> None:
    each = changed(
        decky("a"), since=5, service_since={"http": 9, "redis": 8}, service_first={"http": 0, "ftp": 7}
    )
    assert persona(each, "ssh") == {"since": 5}
    assert persona(each, "http") == {"since": 5, "service_since": 9, "service_first": 0}


def test_without_these_times_a_decky_is_written_as_before() -> None:
    assert not set(STARTS) & decky("a").model_dump().keys()
    assert Decky.model_validate(decky("a").model_dump()) == decky("a")
