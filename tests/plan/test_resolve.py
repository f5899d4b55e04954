"""From what is written to what is meant, and what is refused on the way."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from decnet.errors import SpecError
from decnet.model import fleetfile
from decnet.model.catalog import Catalog
from decnet.model.catalog_entries import ELSEWHERE
from decnet.model.fleet import Fleet
from decnet.model.spec import FleetSpec
from decnet.plan.draft import Draft
from decnet.plan.mutate import mutate
from decnet.plan.resolve import resolve
from decnet.wire import digest

from .world import CATALOG, NOW, SEVERAL, deployed, fleet, spec


def drafts(described: FleetSpec, catalog: Catalog = SEVERAL, seed: int = 1) -> dict[str, Draft]:
    made = resolve(described, catalog, rng=random.Random(seed), desired={})
    return {draft.name: draft for draft in made}


def refusal(*entries: dict[str, object] | str, catalog: Catalog = SEVERAL) -> tuple[str, str | None]:
    with pytest.raises(SpecError) as raised:
        drafts(spec(*entries), catalog)
    return raised.value.message, raised.value.hint


def services_of(desired: Fleet) -> dict[str, list[str]]:
    return {name: list(each.services) for name, each in desired.deckies.items()}


def test_a_count_makes_numbered_deckies_in_natural_order() -> None:
    made = drafts(spec({"name": "web", "count": 100, "services": ("ssh",)}, "web-9"))
    assert list(made) == [f"web-{n:02d}" for n in range(1, 10)] + ["web-9"] + [
        f"web-{n}" for n in range(10, 101)
    ]


def test_an_archetype_gives_services_os_and_a_maker_that_fit() -> None:
    draft = drafts(spec({"name": "p", "archetype": "printer"}))["p"]
    assert (list(draft.services), draft.os) == (["snmp", "ftp", "http"], "embedded")
    assert draft.vendor in SEVERAL.archetypes["printer"].vendors
    assert draft.release in SEVERAL.fitting("embedded", "printer", draft.vendor)


def test_an_archetype_is_given_without_the_decoys_that_do_not_exist() -> None:
    some = replace(
        CATALOG,
        services={name: replace(each, built=name == "http") for name, each in CATALOG.services.items()},
    )
    draft = drafts(spec({"name": "w", "archetype": "web-server"}), some)["w"]
    assert list(draft.services) == ["http"]


REFUSED = {
    "a service of a worker": (
        ({"name": "a", "services": ("ssh", "sniffer")},),
        ("f.toml:1: a: there is no service sniffer", ELSEWHERE["sniffer"]),
    ),
    "an unknown service": (
        [{"name": "a", "services": ("htp",)}],
        ("f.toml:1: a: unknown service `htp`", "did you mean `http`?"),
    ),
    "an unknown archetype": (
        [{"name": "a", "archetype": "web-servr"}],
        ("f.toml:1: a: unknown archetype `web-servr`", "did you mean `web-server`?"),
    ),
    "an unknown os": (
        [{"name": "a", "services": ("ssh",), "os": "lunix"}],
        ("f.toml:1: a: unknown os `lunix`", "did you mean `linux`?"),
    ),
    "two services on one port": (
        [{"name": "a", "services": ("smtp", "smtp_relay")}],
        ("f.toml:1: a: smtp and smtp_relay both claim port 25/tcp", "give them to two deckies"),
    ),
    "a service twice": (
        [{"name": "a", "services": ("ssh", "ssh")}],
        ("f.toml:1: a: service ssh is named twice", None),
    ),
    "an alias that holds a service once more": (
        [{"name": "a", "services": ("http", "conpot")}],
        ("f.toml:1: a: service http is named twice, by http and by conpot", None),
    ),
    "no services": (
        [{"name": "a"}],
        (
            "f.toml:1: a: it has no services",
            "set services or an archetype, or choose services at random (randomize_services)",
        ),
    ),
    "an empty list of services": (
        [{"name": "a", "services": ()}],
        (
            "f.toml:1: a: it has no services",
            "set services or an archetype, or choose services at random (randomize_services)",
        ),
    ),
    "services both named and drawn": (
        [{"name": "a", "services": ("ssh",), "randomize_services": True}],
        ("f.toml:1: a: services and randomize_services exclude each other", None),
    ),
    "one address for many": (
        [{"name": "a", "services": ("ssh",), "count": 2, "ip": "192.0.2.9"}],
        ("f.toml:1: a: ip cannot be set when count is 2", "one entry per decky"),
    ),
    "a name twice": (["a", "a"], ("f.toml:2: a: this name is used twice, first at f.toml:1", None)),
    "a name that a count makes": (
        ["a-01", {"name": "a", "count": 2, "services": ("ssh",)}],
        ("f.toml:2: a-01: this name is used twice, first at f.toml:1", None),
    ),
    "a name that a service's container has": (
        ["web", "web-ssh"],
        ("f.toml:2: web-ssh: a service of web would have this name", None),
    ),
    "an unknown setting": (
        [{"name": "a", "services": ("ssh",), "settings": {"ssh": {"mtod": "x"}}}],
        ("f.toml:1: a: unknown setting of ssh `mtod`", "did you mean `motd`?"),
    ),
    "a setting of the wrong kind": (
        [{"name": "a", "services": ("ssh",), "settings": {"ssh": {"accept_after": True}}}],
        ("f.toml:1: a: setting accept_after of ssh must be a whole number from 0 to 100", None),
    ),
    "settings of a service that it does not have": (
        [{"name": "a", "services": ("ssh",), "settings": {"http": {"title": "x"}}}],
        ("f.toml:1: a: settings for http, which is not one of its services", "has ssh"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_gets_one_message_with_its_place(name: str) -> None:
    entries, expected = REFUSED[name]
    assert refusal(*entries) == expected


def test_a_decoy_that_does_not_exist_yet_is_refused_by_name() -> None:
    unbuilt = next(name for name, each in CATALOG.services.items() if not each.built and not each.alias)
    message, hint = refusal({"name": "a", "services": (unbuilt,)}, catalog=CATALOG)
    assert message == f"f.toml:1: a: there is no decoy for {unbuilt} yet" and "ssh" in str(hint)


@pytest.mark.parametrize(
    "entry", [{"services": ("nothing-like-it",)}, {"services": ("ssh",), "settings": {"nothing-like-it": {}}}]
)
def test_an_unknown_service_lists_only_those_with_a_decoy(entry: dict[str, Any]) -> None:
    _, hint = refusal({"name": "a", **entry}, catalog=CATALOG)
    listed = str(hint).removeprefix("known: ").split(", ")
    parts = {name: CATALOG.services[name].alias or (name,) for name in listed}
    assert {"ssh", "http", "telnet"} <= set(listed) and "conpot" not in listed
    assert all(CATALOG.services[part].built for names in parts.values() for part in names)


def test_an_alias_stands_for_its_services() -> None:
    assert list(drafts(spec({"name": "a", "services": ("conpot",)}))["a"].services) == [
        "modbus",
        "s7",
        "snmp",
        "http",
    ]


def test_the_place_is_the_line_of_the_key() -> None:
    text = '[decky.web]\narchetype = "linux-server"\n[decky.db]\nservices = ["htp"]\n'
    with pytest.raises(SpecError, match=r"^fleet\.toml:4: db: unknown service"):
        drafts(fleetfile.parse(text, "fleet.toml"))


def test_services_that_are_drawn_exist_and_do_not_clash() -> None:
    made = drafts(spec({"name": "r", "count": 60, "randomize_services": True}), CATALOG)
    drawn = {name for draft in made.values() for name in draft.services}
    assert drawn <= set(CATALOG.drawable()) and all(draft.services for draft in made.values())


def test_services_that_are_drawn_are_those_that_such_machines_have() -> None:
    made = drafts(spec({"name": "r", "count": 60, "randomize_services": True, "os": "cisco"}), CATALOG)
    assert {name for draft in made.values() for name in draft.services} <= {"ssh", "telnet", "snmp"}


def test_the_same_seed_draws_the_same_and_one_decky_more_changes_no_other() -> None:
    few = drafts(spec({"name": "r", "count": 5, "randomize_services": True}), seed=7)
    more = drafts(spec("aaa", {"name": "r", "count": 9, "randomize_services": True}), seed=7)
    assert {name: more[name] for name in few} == {
        name: replace(few[name], place=more[name].place) for name in few
    }


def test_a_second_deploy_of_the_same_file_changes_nothing() -> None:
    described = spec(
        "a", {"name": "p", "archetype": "printer"}, {"name": "r", "count": 3, "randomize_services": True}
    )
    first = deployed(described, seed=1)
    assert deployed(described, first, seed=2, now=NOW + 999) == first


def test_what_a_mutation_gave_stays_until_the_entry_changes_or_a_reset_is_asked_for() -> None:
    first = deployed(spec("a", "b"))
    after = mutate(first, ["a"], SEVERAL, rng=random.Random(3), now=NOW, services=("ftp",))
    same = deployed(spec("a", "b"), after, seed=2)
    with_interval = deployed(
        spec({"name": "a", "services": ("ssh", "http"), "mutate_interval": 5}, "b"), after
    )
    changed = deployed(spec({"name": "a", "services": ("telnet",)}, "b"), after)
    reset = deployed(spec("a", "b"), after, reset_services=True)
    assert [services_of(each)["a"] for each in (same, with_interval, changed, reset)] == [
        ["ftp"],
        ["ftp"],
        ["telnet"],
        ["ssh", "http"],
    ]
    assert deployed(spec("a", "b"), reset, reset_services=True) == reset


def test_adding_keeps_every_decky_and_is_idempotent() -> None:
    first = deployed(spec("a", "b"))
    more = deployed(spec("c"), first, add=True)
    assert (list(more.deckies), {n: more.deckies[n] for n in "ab"}) == (["a", "b", "c"], first.deckies)
    assert deployed(spec("c"), more, seed=5, add=True) == more


def test_adding_refuses_to_change_a_decky_that_exists() -> None:
    first = deployed(spec("a"))
    for entry, words in (
        ({"name": "a", "services": ("ftp",)}, r"its services are http ssh \(requested: ftp\)"),
        (
            {"name": "a", "services": ("ssh", "http"), "ip": "192.0.2.77"},
            r"its address is .* \(requested: 192.0.2.77\)",
        ),
    ):
        with pytest.raises(SpecError, match=f"a: it already exists, and {words}"):
            deployed(spec(entry), first, add=True)


def test_the_order_of_services_is_no_other_content() -> None:
    """Also after version 0.1.0, which stored the hash of the services as they were written."""
    first = deployed(spec({"name": "a", "services": ("ssh", "http")}))
    mutated = mutate(first, ["a"], SEVERAL, rng=random.Random(3), now=NOW, services=("ftp",))
    after = deployed(spec({"name": "a", "services": ("http", "ssh")}), mutated, seed=2)
    assert services_of(after)["a"] == ["ftp"]
    keys = ("archetype", "services", "randomize_services", "settings", "os")
    (entry,) = spec({"name": "a", "services": ("ssh", "http")}).deckies
    stored = digest({key: getattr(entry, key) for key in keys})
    older = first.with_deckies({"a": mutated.deckies["a"].model_copy(update={"spec_hash": stored})})
    again = deployed(spec({"name": "a", "services": ("ssh", "http")}), older, seed=2)
    assert services_of(again)["a"] == ["ftp"]


def test_an_empty_description_is_refused() -> None:
    with pytest.raises(SpecError, match="no decky is defined"):
        drafts(spec())


def test_a_decky_whose_kind_changes_becomes_another_machine_and_keeps_its_place() -> None:
    before = deployed(spec({"name": "a", "archetype": "linux-server"})).deckies["a"]
    after = deployed(spec({"name": "a", "archetype": "printer"}), fleet(before)).deckies["a"]
    assert (after.ip, after.worker, after.seed) == (before.ip, before.worker, before.seed)
    assert after.mac != before.mac and after.hostname != before.hostname


# What stays and what comes and goes.


def apart(
    *entries: dict[str, object] | str, catalog: Catalog = SEVERAL, **fleet_wide: object
) -> list[object]:
    """Core and side services to be stored with the decky a."""
    described = replace(spec(*entries), **fleet_wide)  # type: ignore[arg-type]
    draft = drafts(described, catalog)["a"]
    return [draft.core, draft.side]


WEB = {"name": "a", "archetype": "web-server"}
LISTED: dict[str, object] = {"name": "a", "services": ("http", "ssh")}
WEB_SIDE = ["ftp", "ssh", "mysql", "redis", "memcached"]


def test_nothing_is_stored_of_what_the_catalog_says() -> None:
    assert apart(WEB) == apart(LISTED) == apart({**WEB, "randomize_services": True}) == [None, None]


def test_services_listed_in_addition_to_an_archetype_are_core() -> None:
    assert apart({**WEB, "services": ("http", "ftp")}) == [("ftp", "http"), None]


def test_a_core_of_its_own_leaves_the_others_to_come_and_go() -> None:
    assert apart({**WEB, "core": ("http",)}) == [("http",), tuple(sorted(["https", *WEB_SIDE]))]
    os_side = SEVERAL.os_profiles["linux"].side or ()
    assert apart({**LISTED, "core": ("ssh",)}) == [("ssh",), tuple(sorted({"http", *os_side} - {"ssh"}))]


def test_side_services_of_its_own_leave_the_others_as_core() -> None:
    assert apart({**LISTED, "side": ("ftp", "http")}) == [("ssh",), ("ftp", "http")]
    assert apart({**WEB, "side": ()}) == [("ftp", "http", "https"), ()]


def test_both_of_its_own_are_taken_as_they_are() -> None:
    assert apart({**LISTED, "core": (), "side": ("ftp",)}) == [(), ("ftp", "http", "ssh")]


def test_what_the_file_says_for_all_holds_where_an_entry_says_nothing() -> None:
    assert apart(LISTED, core=("ssh", "telnet")) == apart({**LISTED, "core": ("ssh",)})
    assert apart({**LISTED, "core": ("http",)}, core=("ssh",))[0] == ("http",)
    assert apart(LISTED, side=("ftp",)) == [("http", "ssh"), ("ftp",)]
    assert apart({**LISTED, "side": ("http",)}, core=("http", "ssh")) == [("ssh",), ("http",)]
    assert apart(LISTED, core=())[0] == ()


def test_a_machine_that_has_nothing_of_the_files_core_keeps_its_own() -> None:
    assert apart(WEB, core=("ssh",)) == [None, None]


def test_services_drawn_for_an_archetype_hold_its_core() -> None:
    for name, core in (("web-server", {"http", "https"}), ("network-gear", {"snmp", "ssh"})):
        entry: dict[str, object] = {"name": "r", "count": 30, "archetype": name, "randomize_services": True}
        made = [set(draft.services) for draft in drafts(spec(entry)).values()]
        assert all(core <= each <= {*SEVERAL.archetypes[name].services} for each in made)
    own = {"name": "r", "count": 30, "randomize_services": True, "core": ("redis",)}
    assert all("redis" in draft.services for draft in drafts(spec(own)).values())


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ({"core": ("htp",)}, "f.toml:1: a: unknown service `htp`", "did you mean `http`?"),
        ({"side": ("htp",)}, "f.toml:1: a: unknown service `htp`", "did you mean `http`?"),
        (
            {"core": ("ftp",)},
            "f.toml:1: a: core names ftp, which is not one of its services",
            "has http, ssh",
        ),
        ({"side": ("sniffer",)}, "f.toml:1: a: there is no service sniffer", ELSEWHERE["sniffer"]),
    ],
)
def test_a_wrong_name_of_what_stays_or_comes_is_refused(
    entry: dict[str, object], message: str, hint: str
) -> None:
    assert refusal({**LISTED, **entry}) == (message, hint)


@pytest.mark.parametrize("key", ["core", "side"])
def test_a_wrong_name_is_refused_with_its_line_in_an_entry_and_for_all(key: str) -> None:
    alone = f'[decky.web]\nservices = ["http"]\n{key} = ["htp"]\n'
    for text, place in (
        (alone, "fleet.toml:3: web"),
        (f'\n{key} = ["htp"]\n{alone}', f"fleet.toml:2: {key}"),
    ):
        with pytest.raises(SpecError, match=rf"^{place}: unknown service `htp`"):
            drafts(fleetfile.parse(text, "fleet.toml"))


def test_two_side_services_may_claim_one_port_as_they_never_come_together() -> None:
    assert apart({**LISTED, "side": ("smtp", "smtp_relay")})[1] == ("smtp", "smtp_relay")


def test_another_core_is_followed_and_takes_no_mutation_back() -> None:
    first = deployed(spec("a"))
    after = mutate(first, ["a"], SEVERAL, rng=random.Random(3), now=NOW)
    again = deployed(spec({"name": "a", "services": ("ssh", "http"), "core": ("ssh",)}), after)
    assert (again.deckies["a"].core, after.deckies["a"].core) == (("ssh",), ("http", "ssh"))
    assert again.deckies["a"].services == after.deckies["a"].services
    back = deployed(spec("a"), again)
    assert (set(back.deckies["a"].core or ()), back.deckies["a"].side) == ({"ssh", "http"}, None)


def test_a_deploy_of_the_same_file_after_a_mutation_changes_nothing() -> None:
    described = spec(
        "a",
        WEB | {"name": "b"},
        {"name": "c", "randomize_services": True},
        LISTED | {"name": "d", "core": ("ssh",)},
        {"name": "e", "randomize_services": True, "os": "embedded", "core": ("redis",)},
        {"name": "f", "randomize_services": True, "side": ("redis",)},
        {"name": "g", "randomize_services": True, "core": ()},
    )
    after = deployed(described)
    for seed in range(3):
        after = mutate(after, "abcdefg", SEVERAL, rng=random.Random(seed), now=NOW)
        assert deployed(described, after, seed=seed) == after


def test_what_was_drawn_stays_core_after_a_mutation_and_another_deploy() -> None:
    described = spec({"name": "a", "randomize_services": True})
    first = deployed(described)
    drawn = set(first.deckies["a"].services)
    desired = first
    for seed in range(4):
        desired = mutate(desired, ["a"], SEVERAL, rng=random.Random(seed), now=NOW)
        desired = deployed(described, desired, seed=seed)
    assert set(desired.deckies["a"].core or ()) == drawn <= set(desired.deckies["a"].services)
