"""Other services, chosen so that they fit, and taken back on request."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.errors import UsageError
from decnet.model.fleet import Fleet
from decnet.plan.mutate import choose, due, mutate, undo
from decnet.plan.services import first_clash

from .world import CATALOG, NOW, SEVERAL, decky, deployed, fleet, spec


def services(desired: Fleet) -> dict[str, list[str]]:
    return {name: list(each.services) for name, each in desired.deckies.items()}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([None, *sorted(SEVERAL.archetypes)]))
def test_a_choice_is_another_one_that_can_be_served(seed: int, archetype: str | None) -> None:
    each = decky("a", services="ssh http", archetype=archetype)
    chosen = choose(each, SEVERAL, random.Random(seed))
    assert set(chosen) != {"ssh", "http"} and set(chosen) <= set(SEVERAL.drawable()) and 1 <= len(chosen) <= 3
    assert first_clash(chosen, SEVERAL) is None


def test_what_fits_the_archetype_goes_first() -> None:
    each = decky("a", services="ssh", archetype="mail-server")
    chosen = {choose(each, SEVERAL, random.Random(seed))[0] for seed in range(40)}
    assert chosen == set(SEVERAL.archetypes["mail-server"].services)


def test_where_the_archetype_leaves_no_choice_any_service_will_do() -> None:
    each = decky("a", services="smtp pop3 imap", archetype="mail-server")
    assert set(choose(each, SEVERAL, random.Random(1))) != {"smtp", "pop3", "imap"}


def test_a_switch_does_not_become_a_mail_server() -> None:
    each = decky("a", services="ssh", archetype="network-gear").model_copy(update={"os": "cisco"})
    gear = set(SEVERAL.archetypes["network-gear"].services)
    assert all(set(choose(each, SEVERAL, random.Random(seed))) <= gear for seed in range(40))


def test_a_set_to_avoid_is_taken_only_where_there_is_nothing_else() -> None:
    each = decky("a", services="ssh http")
    two = {"ssh", "http"}
    only_two = replace(
        SEVERAL,
        services={name: replace(service, built=name in two) for name, service in SEVERAL.services.items()},
    )
    rng = random.Random(1)
    assert {choose(each, only_two, rng, [frozenset({"ssh"})]) for _ in range(20)} == {("http",)}
    assert choose(each, only_two, rng, [frozenset({"ssh"}), frozenset({"http"})]) in {("ssh",), ("http",)}


def test_where_there_is_no_other_choice_it_is_said() -> None:
    only_ssh = replace(SEVERAL, services={"ssh": SEVERAL.services["ssh"]})
    with pytest.raises(UsageError, match="there are no other services"):
        choose(decky("a", services="ssh"), only_ssh, random.Random(1))


def test_a_mutation_keeps_everything_but_the_services() -> None:
    before = fleet(decky("a"), decky("b", ip=11))
    after = mutate(before, ["a"], SEVERAL, rng=random.Random(1), now=NOW + 60)
    kept = {"services": None, "previous": None, "mutated": None, "mutated_at": None}
    assert after.deckies["b"] == before.deckies["b"]
    assert after.deckies["a"].model_copy(update=kept) == before.deckies["a"].model_copy(update=kept)
    assert (after.deckies["a"].previous, after.deckies["a"].mutated_at) == (("ssh", "http"), NOW + 60)


def test_a_mutation_of_one_does_not_depend_on_who_else_is_named() -> None:
    before = fleet(*(decky(name, ip=10 + n) for n, name in enumerate("abcd")))
    alone = mutate(before, ["c"], SEVERAL, rng=random.Random(9), now=NOW)
    among = mutate(before, ["d", "c", "a"], SEVERAL, rng=random.Random(9), now=NOW)
    assert alone.deckies["c"] == among.deckies["c"]


def test_services_that_it_has_already_are_no_mutation() -> None:
    before = fleet(decky("a"))
    assert (
        mutate(before, ["a"], SEVERAL, rng=random.Random(1), now=NOW + 9, services=("http", "ssh")) == before
    )


def test_named_services_are_checked_like_those_of_a_fleet_file() -> None:
    for wrong in (("htp",), ("smtp", "smtp_relay"), ("ssh", "ssh")):
        with pytest.raises(UsageError):
            mutate(fleet(decky("a")), ["a"], CATALOG, rng=random.Random(1), now=NOW, services=wrong)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        mutate(fleet(decky("web-1")), ["web-2"], SEVERAL, rng=random.Random(1), now=NOW)
    assert raised.value.hint == "did you mean `web-1`?"


def test_undo_gives_the_services_back_with_their_settings() -> None:
    before = deployed(
        spec({"name": "a", "services": ("ssh", "http"), "settings": {"ssh": {"motd": "hello"}}})
    )
    other = mutate(before, ["a"], SEVERAL, rng=random.Random(1), now=NOW, services=("ftp",))
    back = undo(other, ["a"], catalog=SEVERAL, now=NOW + 5)
    assert back.deckies["a"].services == before.deckies["a"].services


def test_what_was_never_mutated_cannot_be_undone() -> None:
    with pytest.raises(UsageError, match="no mutation that could be undone"):
        undo(fleet(decky("a")), ["a"], catalog=SEVERAL, now=NOW)


def test_nobody_is_due_at_the_first_tick_and_everybody_after_one_interval() -> None:
    made = deployed(
        spec({"name": "a", "count": 3, "services": ("ssh",), "mutate_interval": 10}, "b"), now=NOW
    )
    assert (due(made, NOW), due(made, NOW + 599), due(made, NOW + 600)) == ((), (), ("a-01", "a-02", "a-03"))


def test_a_mutation_starts_the_interval_anew() -> None:
    made = deployed(spec({"name": "a", "services": ("ssh",), "mutate_interval": 10}), now=NOW)
    after = mutate(made, ["a"], SEVERAL, rng=random.Random(1), now=NOW + 600)
    assert (due(after, NOW + 1199), due(after, NOW + 1200)) == ((), ("a",))


def test_a_clock_that_runs_backwards_makes_nobody_due() -> None:
    made = deployed(spec({"name": "a", "services": ("ssh",), "mutate_interval": 10}), now=NOW)
    assert due(made, NOW - 10**6) == ()
