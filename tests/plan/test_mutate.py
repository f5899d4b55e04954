"""One side service more or less, never the core, spread over the interval, and taken back on request."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.errors import UsageError
from decnet.model.catalog import Catalog
from decnet.model.fleet import STARTS, Decky, Fleet
from decnet.plan.core_services import core_and_side
from decnet.plan.mutate import MAX_SIDE, core_lost, due, may_change, mutate, next_due, next_services, undo
from decnet.plan.services import first_clash

from .world import CATALOG, NOW, SEVERAL, World, decky, deployed, fleet, spec

MINUTE = 60.0
CRON = 5 * MINUTE
"""How often docs/cron.md runs `mutate --due`."""
DAY = 86_400.0
CATALOGS = st.sampled_from([CATALOG, SEVERAL])


def services(desired: Fleet) -> dict[str, list[str]]:
    return {name: list(each.services) for name, each in desired.deckies.items()}


def mutated(before: Fleet, *names: str, seed: int = 1, now: float = NOW + 60, **options: object) -> Fleet:
    rng = random.Random(seed)
    return mutate(before, names, SEVERAL, rng=rng, now=now, **options)  # type: ignore[arg-type]


def changed(before: Decky, after: Decky) -> set[str]:
    return set(before.services) ^ set(after.services)


def office(*archetypes: str, interval: int = 60, catalog: Catalog = SEVERAL, randomly: bool = False) -> Fleet:
    entries: list[dict[str, object] | str] = [
        {"name": f"d-{n:02}", "archetype": kind, "mutate_interval": interval, "randomize_services": randomly}
        for n, kind in enumerate(archetypes)
    ]
    return always(deployed(spec(*entries), now=NOW, catalog=catalog))


def always(desired: Fleet) -> Fleet:
    return desired.model_copy(update={"mutate_hours": "always"})


# What a mutation by chance does.


@settings(max_examples=150)
@given(st.data(), CATALOGS, st.booleans())
def test_any_number_of_mutations_keep_the_core_and_change_one_side_service_each(
    data: st.DataObject, catalog: Catalog, randomly: bool
) -> None:
    there = [name for name in sorted(catalog.archetypes) if buildable(catalog, name)]
    desired = office(data.draw(st.sampled_from(there)), catalog=catalog, randomly=randomly)
    core, side = core_and_side(desired.deckies["d-00"], catalog)
    assert core
    assert set(core) <= set(desired.deckies["d-00"].services)
    for seed in data.draw(st.lists(st.integers(0, 2**32), min_size=1, max_size=12)):
        before = desired.deckies["d-00"]
        desired = mutate(desired, ["d-00"], catalog, rng=random.Random(seed), now=NOW + 60)
        now = desired.deckies["d-00"]
        assert set(core) <= set(now.services)
        assert len(changed(before, now)) == (1 if side else 0)
        assert changed(before, now) <= set(side)
        assert first_clash(tuple(now.services), catalog) is None
        assert sum(name in side for name in now.services) <= max(
            MAX_SIDE, sum(n in side for n in before.services)
        )
        assert core_and_side(now, catalog) == (core, side)


def buildable(catalog: Catalog, archetype: str) -> bool:
    return any(catalog.services[name].built for name in catalog.archetypes[archetype].services)


@settings(max_examples=100)
@given(st.integers(0, 2**32), st.sampled_from(sorted(SEVERAL.os_profiles)))
def test_without_an_archetype_everything_it_was_deployed_with_is_core(seed: int, os: str) -> None:
    entry: dict[str, object] = {"name": "a", "services": ("ssh", "http"), "os": os}
    before = deployed(spec(entry))
    assert before.deckies["a"].core is None
    desired, seen = before, []
    for step in range(8):
        desired = mutated(desired, "a", seed=seed + step)
        seen.append(frozenset(desired.deckies["a"].services))
    assert all(each >= {"ssh", "http"} for each in seen)
    assert len(set(seen)) > 2
    assert {name for each in seen for name in each} <= {"ssh", "http", *(SEVERAL.os_profiles[os].side or ())}
    assert desired.deckies["a"].core == ("http", "ssh")


def test_what_was_drawn_without_an_archetype_is_core_too() -> None:
    before = deployed(spec({"name": "a", "randomize_services": True}))
    drawn = set(before.deckies["a"].services)
    desired = before
    for seed in range(10):
        desired = mutated(desired, "a", seed=seed)
        assert drawn <= set(desired.deckies["a"].services)


def test_a_mail_server_always_has_smtp_and_a_switch_always_snmp() -> None:
    desired = office("mail-server", "network-gear", catalog=CATALOG)
    for seed in range(30):
        desired = mutate(desired, ["d-00", "d-01"], CATALOG, rng=random.Random(seed), now=NOW + seed)
        mail, switch = (set(desired.deckies[name].services) for name in ("d-00", "d-01"))
        assert "smtp" in mail
        assert "redis" not in mail
        assert {"snmp", "ssh"} <= switch <= {"snmp", "ssh", "telnet", "http"}


def test_services_listed_in_addition_to_the_archetype_stay() -> None:
    desired = deployed(spec({"name": "a", "archetype": "printer", "services": ("http", "redis")}))
    for seed in range(10):
        desired = mutated(desired, "a", seed=seed)
        assert {"http", "redis"} <= set(desired.deckies["a"].services)


def test_the_file_server_keeps_what_it_has_until_its_core_has_a_decoy() -> None:
    def core(built: set[str]) -> set[str]:
        some = {name: replace(each, built=name in built) for name, each in CATALOG.services.items()}
        each = decky("a", services="ftp ssh", archetype="file-server")
        return set(core_and_side(each, replace(CATALOG, services=some)).core)

    assert core({"ftp", "ssh", "http"}) == {"ftp", "ssh"}
    assert core({"ftp", "ssh", "http", "smb"}) == {"smb"}


def test_the_set_that_it_had_before_comes_back_only_where_there_is_nothing_else() -> None:
    each = decky("a", services="ssh", archetype="linux-server")
    rng = random.Random(1)
    before = [frozenset({"ssh", name}) for name in ("http", "ftp", "mysql", "postgres", "redis", "snmp")]
    assert {next_services(each, SEVERAL, rng, before) for _ in range(20)} == {("https", "ssh")}
    both = [*before, frozenset({"ssh", "https"})]
    assert len({next_services(each, SEVERAL, rng, both) for _ in range(40)}) > 1


def test_a_service_that_may_not_be_drawn_is_neither_added_nor_removed() -> None:
    shy = {**SEVERAL.services, "ftp": replace(SEVERAL.services["ftp"], random=False)}
    catalog = replace(SEVERAL, services=shy)
    desired = fleet(
        decky("a", services="http ftp", archetype="web-server"), decky("b", services="ssh", ip=11)
    )
    for seed in range(20):
        desired = mutate(desired, ["a", "b"], catalog, rng=random.Random(seed), now=NOW)
        assert "ftp" in desired.deckies["a"].services
        assert "ftp" not in desired.deckies["b"].services


@given(st.integers(0, 2**32))
@settings(max_examples=50)
def test_the_last_service_stays_where_the_file_calls_none_core(seed: int) -> None:
    entry: dict[str, object] = {"name": "a", "services": ("ssh",), "core": (), "side": ("ssh", "http")}
    desired = deployed(spec(entry))
    seen = set()
    for step in range(6):
        desired = mutated(desired, "a", seed=seed + step)
        seen.add(frozenset(desired.deckies["a"].services))
    assert seen <= {frozenset({"ssh"}), frozenset({"http"}), frozenset({"ssh", "http"})}
    assert len(seen) >= 2


def test_where_nothing_may_change_nothing_does() -> None:
    before = deployed(spec({"name": "a", "services": ("ssh", "http"), "side": ()}))
    assert not may_change(before.deckies["a"], SEVERAL)
    assert mutated(before, "a") == before


# Fleets of version 0.1.0, whose mutations knew no core.


def test_a_core_that_an_earlier_version_took_away_comes_back_and_what_is_odd_goes() -> None:
    old = decky("mail37", services="redis", archetype="mail-server", mutated=True, previous=("smtp",))
    after = mutated(fleet(old), "mail37").deckies["mail37"]
    assert (list(after.services), after.previous, after.core) == (["imap", "smtp"], ("redis",), None)
    then = mutated(fleet(after), "mail37").deckies["mail37"]
    assert len(changed(after, then)) == 1


def test_a_service_that_no_such_machine_has_goes_though_the_core_is_there() -> None:
    old = decky("a", services="snmp http redis telnet", archetype="printer", mutated=True)
    assert list(mutated(fleet(old), "a").deckies["a"].services) == ["http", "snmp", "telnet"]


def test_services_that_an_earlier_version_gave_a_machine_of_no_archetype_stay() -> None:
    old = decky("a", services="ftp mysql", mutated=True, previous=("http", "ssh"))
    after = mutated(fleet(old), "a").deckies["a"]
    assert set(after.services) > {"ftp", "mysql"}
    assert after.core == ("ftp", "mysql")
    back = undo(fleet(old), ["a"], catalog=SEVERAL, now=NOW).deckies["a"]
    assert (set(back.services), back.core) == ({"http", "ssh"}, None)


def test_a_service_whose_decoy_is_new_comes_to_what_it_is_core_of() -> None:
    old = decky("a", services="http ftp", archetype="web-server")
    assert list(mutated(fleet(old), "a").deckies["a"].services) == ["ftp", "http", "https"]


# What else a mutation leaves alone.


def test_a_mutation_keeps_everything_but_the_services() -> None:
    before = fleet(decky("a", archetype="linux-server"), decky("b", ip=11))
    after = mutated(before, "a")
    kept = dict.fromkeys(("services", "previous", "mutated", "mutated_at", *STARTS))
    assert after.deckies["b"] == before.deckies["b"]
    assert after.deckies["a"].model_copy(update=kept) == before.deckies["a"].model_copy(update=kept)
    assert (after.deckies["a"].previous, after.deckies["a"].mutated_at) == (("ssh", "http"), NOW + 60)


@given(st.integers(0, 2**32), st.sampled_from(["linux-server", "printer", "web-server", "network-gear"]))
@settings(max_examples=40)
def test_only_the_container_of_the_changed_service_is_touched(seed: int, kind: str) -> None:
    world = World(office(kind))
    world.settle()
    before = {name: machine.id for name, machine in world.engines["w1"].items()}
    old = world.desired.deckies["d-00"]
    world.desired = mutated(world.desired, "d-00", seed=seed)
    world.settle()
    after = {name: machine.id for name, machine in world.engines["w1"].items()}
    (service,) = changed(old, world.desired.deckies["d-00"])
    assert set(before.items()) ^ set(after.items()) == {
        (name, id) for name, id in {**before, **after}.items() if name == f"d-00-{service}"
    }


def test_a_mutation_of_one_does_not_depend_on_who_else_is_named() -> None:
    before = fleet(*(decky(name, ip=10 + n) for n, name in enumerate("abcd")))
    assert mutated(before, "c", seed=9).deckies["c"] == mutated(before, "d", "c", "a", seed=9).deckies["c"]


# What the operator says.


def test_services_that_it_already_has_are_not_a_mutation() -> None:
    before = fleet(decky("a"))
    assert mutated(before, "a", services=("http", "ssh")) == before


def test_named_services_are_checked_like_those_of_a_fleet_file() -> None:
    for wrong in (("htp",), ("smtp", "smtp_relay"), ("ssh", "ssh")):
        with pytest.raises(UsageError):
            mutated(fleet(decky("a")), "a", services=wrong)


def test_named_services_may_leave_the_core_out_and_chance_gives_it_back() -> None:
    before = deployed(spec({"name": "a", "services": ("http", "ssh")}))
    after = mutated(before, "a", services=("ftp", "ssh"))
    assert core_lost(before, after, SEVERAL) == {("http",): ("a",)}
    assert set(mutated(after, "a").deckies["a"].services) == {"ftp", "http", "ssh"}


def test_a_change_of_side_services_loses_no_core() -> None:
    before = office("web-server", "web-server")
    after = mutated(before, "d-00", services=("http", "https"))
    assert core_lost(before, after, SEVERAL) == {}
    assert core_lost(before, mutated(before, "d-00", "d-01", services=("ftp",)), SEVERAL) == {
        ("http", "https"): ("d-00", "d-01")
    }


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        mutated(fleet(decky("web-1")), "web-2")
    assert raised.value.hint == "did you mean `web-1`?"


def test_undo_gives_the_services_back_with_their_settings() -> None:
    before = deployed(
        spec({"name": "a", "services": ("ssh", "http"), "settings": {"ssh": {"motd": "hello"}}})
    )
    other = mutated(before, "a", services=("ftp",))
    back = undo(other, ["a"], catalog=SEVERAL, now=NOW + 5)
    assert back.deckies["a"].services == before.deckies["a"].services


def test_what_was_never_mutated_cannot_be_undone() -> None:
    with pytest.raises(UsageError, match="no mutation that could be undone"):
        undo(fleet(decky("a")), ["a"], catalog=SEVERAL, now=NOW)


# When a mutation is due.


def over(
    desired: Fleet, begin: float, until: float, step: float = CRON
) -> list[tuple[float, tuple[str, ...]]]:
    """Every run of `mutate --due` from `begin` to `until`: its time, and whom it changed."""
    runs = []
    for number in range(1, int((until - begin) // step) + 1):
        now = begin + number * step
        names = due(desired, SEVERAL, now)
        desired = mutate(desired, names, SEVERAL, rng=random.Random(number), now=now)
        runs.append((now, names))
    return runs


def test_no_decky_is_due_at_the_first_tick_and_one_about_one_interval_later() -> None:
    made = office("linux-server", interval=60)
    moment = next_due(made, SEVERAL, NOW)
    assert moment is not None
    assert NOW + 42 * MINUTE <= moment <= NOW + 72 * MINUTE
    assert (due(made, SEVERAL, moment - 1), due(made, SEVERAL, moment)) == ((), ("d-00",))
    after = mutate(made, ["d-00"], SEVERAL, rng=random.Random(1), now=moment)
    again = next_due(after, SEVERAL, moment)
    assert again is not None
    assert moment + 42 * MINUTE <= again <= moment + 72 * MINUTE


def test_deckies_of_one_deploy_are_due_at_times_of_their_own_that_repeat() -> None:
    made = office(*["linux-server"] * 22)
    alone = [next_due(made.with_deckies({name: each}), SEVERAL, NOW) for name, each in made.deckies.items()]
    assert len(set(alone)) == 22
    assert alone == [
        next_due(made.with_deckies({name: each}), SEVERAL, NOW + 9) for name, each in made.deckies.items()
    ]


@pytest.mark.parametrize("interval", [60, 240])
def test_over_days_22_deckies_change_a_few_at_a_time_and_as_often_as_they_should(interval: int) -> None:
    days = interval / 60
    runs = over(office(*["linux-server"] * 22, interval=interval), NOW, NOW + days * DAY)
    counts = Counter(name for _, names in runs for name in names)
    expected = days * DAY / (interval * MINUTE)
    assert max(len(names) for _, names in runs) <= 3
    assert len(counts) == 22
    assert min(counts.values()) >= 0.8 * expected
    assert max(counts.values()) <= 1.2 * expected
    assert 0.9 * expected <= sum(counts.values()) / 22 <= 1.1 * expected


def test_after_a_long_pause_the_fleet_changes_over_the_following_interval() -> None:
    begin = NOW + 30 * DAY
    runs = over(office(*["linux-server"] * 22, interval=240), begin, begin + 240 * MINUTE)
    first = [(now, name) for now, names in runs for name in names]
    assert max(len(names) for _, names in runs) <= 3
    assert {name for _, name in first} == {f"d-{n:02}" for n in range(22)}
    assert sum(now <= begin + 60 * MINUTE for now, _ in first) <= 11


@pytest.mark.parametrize("size", [1, 2, 8, 9, 100])
def test_an_eighth_of_a_fleet_changes_at_one_time_and_one_decky_always(size: int) -> None:
    late = office(*["linux-server"] * size, interval=240)
    assert len(due(late, SEVERAL, NOW + 30 * DAY)) == -(-size // 8)


def test_the_longest_overdue_go_first() -> None:
    made = office(*["linux-server"] * 3)
    late = made.deckies["d-01"].model_copy(update={"mutated_at": NOW - 9 * DAY})
    assert due(made.with_deckies({**made.deckies, "d-01": late}), SEVERAL, NOW + DAY) == ("d-01",)


def test_a_time_in_the_future_does_not_count() -> None:
    ahead = NOW + 30 * DAY
    made = office(*["linux-server"] * 22)
    wrong = mutate(made, made.deckies, SEVERAL, rng=random.Random(1), now=ahead)
    runs = over(wrong, NOW, NOW + 60 * MINUTE)
    assert max(len(names) for _, names in runs) <= 3
    assert {name for _, names in runs for name in names} == set(made.deckies)


def test_a_decky_without_a_time_is_due() -> None:
    made = office("linux-server")
    lost = made.deckies["d-00"].model_copy(update={"mutated_at": None})
    assert due(made.with_deckies({"d-00": lost}), SEVERAL, NOW) == ("d-00",)


@pytest.mark.parametrize(
    ("kind", "factor"),
    [("printer", 50), ("network-gear", 50), ("file-server", 50), ("industrial-control", 100),
     ("domain-controller", 100), ("voip-server", 10), ("iot-device", 10), ("web-server", 1)],
)  # fmt: skip
def test_printers_switches_storage_and_controllers_hardly_ever_change(kind: str, factor: int) -> None:
    made = office(kind, interval=60)
    moment = next_due(made, SEVERAL, NOW)
    assert moment is not None
    assert 0.7 * factor <= (moment - NOW) / (60 * MINUTE) <= 1.2 * factor


def test_without_an_interval_or_anything_to_change_no_decky_is_ever_due() -> None:
    entry: dict[str, object] = {"name": "b", "services": ("ssh",), "side": (), "mutate_interval": 1}
    made = always(deployed(spec("a", entry), now=NOW))
    assert (due(made, SEVERAL, NOW + DAY), next_due(made, SEVERAL, NOW + DAY)) == ((), None)


@given(st.lists(st.integers(1, 600), min_size=1, max_size=12), st.floats(0, 10 * DAY))
@settings(max_examples=60)
def test_at_the_next_due_time_a_decky_is_due(intervals: list[int], late: float) -> None:
    made = deployed(
        spec(
            *({"name": f"d-{n}", "services": ("ssh",), "mutate_interval": i} for n, i in enumerate(intervals))
        ),
        now=NOW,
    )
    moment = next_due(made, SEVERAL, NOW + late)
    assert moment is not None
    assert due(made, SEVERAL, max(moment, NOW + late))
