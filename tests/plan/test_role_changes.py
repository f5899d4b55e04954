"""Which machine a decky becomes, and when it comes back."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from decnet.catalog import load as load_catalog
from decnet.errors import SpecError, UsageError
from decnet.model.fleet import Fleet
from decnet.model.fleetfile import read
from decnet.plan.resolve import resolve
from decnet.plan.role_changes import ANY, CHANCE, draft_of, leave, returning, role_by_chance, role_of
from decnet.plan.spec_check import check_names

from .world import NOW, decky, fleet, spec

HOUR = 3600.0
CATALOG = load_catalog()
SERVER = decky("a", archetype="linux-server", roles=["database-server", "printer", "web-server"])


def away(fleet_: Fleet, seed: int = 1) -> Fleet:
    return leave(fleet_, {"a": "web-server"}, rng=random.Random(seed), now=NOW)


def test_a_role_is_named_or_any_that_fits() -> None:
    chosen = {role_of(SERVER, ANY, CATALOG, random.Random(seed)) for seed in range(60)}
    assert len(chosen) > 3 and "linux-server" not in chosen
    assert all(CATALOG.archetypes[name].interval_factor == 1 for name in chosen)
    assert not chosen & CATALOG.withheld_names("archetype")
    assert role_of(SERVER, "printer", CATALOG, random.Random(0)) == "printer"


@pytest.mark.parametrize(
    ("archetype", "wanted", "error"),
    [
        ("linux-server", "linux-server", "a: it is a linux-server already"),
        ("linux-server", "web-sever", "a: unknown archetype `web-sever`"),
        ("printer", ANY, "a: such a machine hardly ever changes its role"),
        ("network-gear", ANY, "a: such a machine hardly ever changes its role"),
    ],
)
def test_what_no_decky_changes_to_is_refused(archetype: str, wanted: str, error: str) -> None:
    with pytest.raises(UsageError) as caught:
        role_of(decky("a", archetype=archetype), wanted, CATALOG, random.Random(0))
    assert str(caught.value).startswith(error)


def test_by_itself_a_decky_changes_to_one_of_its_roles_and_rarely() -> None:
    def after(number: int, **changes: object) -> str | None:
        due = SERVER.model_copy(update={"mutated_at": NOW + number, **changes})
        return role_by_chance(due, fleet(due), CATALOG, NOW)

    found = [after(number) for number in range(3000)]
    assert {*found} == {None, "database-server", "web-server"}
    assert 3000 / CHANCE / 2 < 3000 - found.count(None) < 3000 / CHANCE * 2
    assert not any(after(number, roles=None) for number in range(300))
    assert not any(after(number, archetype="printer") for number in range(300))
    gone = away(fleet(SERVER, decky("b", ip=11)))
    assert not any(
        role_by_chance(SERVER.model_copy(update={"mutated_at": NOW + n}), gone, CATALOG, NOW)
        for n in range(300)
    )


def test_it_is_away_for_hours() -> None:
    always = fleet(SERVER).model_copy(update={"mutate_hours": "always"})
    times = [away(always, seed).away["a"].until - NOW for seed in range(50)]
    assert HOUR <= min(times) < 2 * HOUR and 5 * HOUR < max(times) <= 6 * HOUR
    gone = away(always)
    until = gone.away["a"].until
    assert (returning(gone, until - 1), returning(gone, until), gone.deckies) == ((), ("a",), {})


def test_it_comes_back_within_the_hours() -> None:
    at_work = fleet(SERVER).model_copy(
        update={"mutate_hours": "Mon-Fri 09:00-12:00", "time_zone": "Asia/Tokyo"}
    )
    backs = [
        datetime.fromtimestamp(away(at_work, seed).away["a"].until, ZoneInfo("Asia/Tokyo"))
        for seed in range(50)
    ]
    assert len({*backs}) == 50 and {back.hour for back in backs} <= {9, 10, 11}
    assert {back.weekday() for back in backs} <= set(range(5))


def test_what_comes_back_keeps_its_entry_and_nothing_of_the_machine() -> None:
    before = SERVER.model_copy(
        update={"settings": {"http": {"title": "x"}}, "mutate_interval": 60, "spec_hash": "e" * 8}
    )
    draft = draft_of(away(fleet(before)).away["a"], CATALOG, random.Random(3))
    assert (draft.archetype, draft.kept, draft.role_changed, draft.roles) == (
        "web-server",
        None,
        True,
        before.roles,
    )
    assert (draft.spec_hash, draft.mutate_interval, draft.services["http"]) == ("e" * 8, 60, {"title": "x"})
    assert draft.seed != before.seed and {draft.hostname, draft.mac, draft.ip} == {None}


@pytest.mark.parametrize("key", ["ip", "mac", "hostname"])
def test_a_machine_that_is_described_exactly_has_no_roles(key: str) -> None:
    value = {"ip": "192.0.2.20", "mac": "00:50:56:00:00:01", "hostname": "srv"}[key]
    entry = {"name": "a", "services": ("ssh",), key: value}
    with pytest.raises(SpecError, match=f"a: roles and {key} exclude each other"):
        resolve(spec({**entry, "roles": ("web-server",)}), CATALOG, rng=random.Random(0), desired={})
    for_all = replace(spec(entry, "b"), roles=("web-server",))
    drafts = resolve(for_all, CATALOG, rng=random.Random(0), desired={})
    assert [draft.roles for draft in drafts] == [None, ("web-server",)]


def test_an_unknown_role_is_an_error_of_its_line() -> None:
    with pytest.raises(SpecError, match="a: unknown archetype `web-sever`"):
        resolve(
            spec({"name": "a", "services": ("ssh",), "roles": ("web-sever",)}),
            CATALOG, rng=random.Random(0), desired={},
        )  # fmt: skip


def test_each_mistake_of_roles_is_reported_once() -> None:
    text = 'roles = ["web-sever"]\n[decky.aa]\nservices = ["ssh"]\nroles = ["printr"]\n'
    text += '[decky.bb]\nservices = ["ssh"]\nroles = ["printer"]\nhostname = "x"\n'
    described, mistakes = read(text, "f.toml")
    check_names(mistakes, described, CATALOG)
    with pytest.raises(SpecError) as caught:
        mistakes.raise_any()
    assert [line.partition(" (did")[0].strip() for line in str(caught.value).splitlines()] == [
        "f.toml:1: roles: unknown archetype `web-sever`",
        "f.toml:4: aa: unknown archetype `printr`",
        "f.toml:7: bb: roles and hostname exclude each other: another machine has another hostname",
    ]
