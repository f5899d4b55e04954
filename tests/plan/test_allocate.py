"""Where deckies go, and which addresses, MACs and hostnames they get there."""

from __future__ import annotations

import ipaddress
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.errors import SpecError
from decnet.model.addresses import parse_addresses, size, text_of
from decnet.model.fleet import Decky, Fleet, Network
from decnet.model.worker import Facts
from decnet.plan.identity import NAMES_TRIED, random_hostname
from decnet.plan.resolve import resolve, vendor_of

from .world import SEVERAL, decky, deployed, fleet, lan, spec


def facts(address: str | None = None, *neighbours: str) -> Facts:
    return Facts(
        interface="eth0",
        address=address,
        subnet=None,
        gateway=None,
        neighbours=neighbours,
        docker_version="20.10",
        compose_version="1.29",
        architecture="x86_64",
        disk_free_mib=1,
        memory_mib=1,
        python="3.11",
    )


def on(*lans: Network) -> Fleet:
    return fleet().model_copy(update={"lans": {f"w{n}": each for n, each in enumerate(lans, 1)}})


def ips(desired: Fleet) -> list[str]:
    return [each.ip for each in desired.deckies.values()]


def refusal(*entries: dict[str, object] | str, before: Fleet | None = None, **options: object) -> str:
    with pytest.raises(SpecError) as raised:
        deployed(spec(*entries), before or on(lan()), **options)
    return raised.value.message


def at(ip: str, name: str = "a", **more: object) -> dict[str, object]:
    return {"name": name, "services": ("ssh",), "ip": ip, **more}


FIVE = {"name": "d", "count": 5, "services": ("ssh",)}


def test_addresses_come_from_use_without_excluded_taken_and_foreign_ones() -> None:
    before = on(lan(use=("192.0.2.1-192.0.2.12",), exclude=("192.0.2.4/31",)))
    options = {
        "facts": {"w1": facts("192.0.2.2", "192.0.2.6")},
        "taken": {"192.0.2.3"},
        "quarantined": {"192.0.2.7"},
    }
    # .1 gateway, .2 worker, .3 taken, .4 and .5 excluded, .6 seen on the LAN, .7 quarantined
    assert ips(deployed(spec(FIVE), before, **options)) == [f"192.0.2.{n}" for n in (8, 9, 10, 11, 12)]


def test_an_exhausted_lan_is_reported_with_its_numbers() -> None:
    before = on(lan(use=("192.0.2.10-192.0.2.13",)))
    assert refusal(FIVE, before=before) == (
        "f.toml:1: d-05: no free address for it (w1: 4 usable in 192.0.2.0/24, 4 given)"
    )


def test_a_full_worker_is_reported_with_its_numbers() -> None:
    assert (
        refusal(FIVE, capacity={"w1": 3})
        == "f.toml:1: d-04: no free address for it (w1: full with 3 deckies)"
    )


HAND = {
    "outside": (at("198.51.100.4"), "198.51.100.4 is in no subnet of w1 (192.0.2.0/24)"),
    "outside the worker it is pinned to": (
        at("198.51.100.4", worker="w1"),
        "198.51.100.4 is outside of w1's subnet 192.0.2.0/24",
    ),
    "gateway": (at("192.0.2.1"), "192.0.2.1 is the gateway"),
    "network": (at("192.0.2.0"), "192.0.2.0 is the network's own address"),
    "broadcast": (at("192.0.2.255"), "192.0.2.255 is the broadcast address"),
    "worker": (at("192.0.2.2"), "192.0.2.2 is w1's own address"),
    "in use": (at("192.0.2.3"), "192.0.2.3 is in use on the LAN"),
    "quarantined": (at("192.0.2.7"), "192.0.2.7 is quarantined"),
    "nonsense": (at("192.0.2.300"), 'ip must be an IPv4 address like 192.0.2.10, not "192.0.2.300"'),
}


@pytest.mark.parametrize("name", HAND)
def test_an_address_written_by_hand_is_checked(name: str) -> None:
    entry, expected = HAND[name]
    options = {"facts": {"w1": facts("192.0.2.2")}, "taken": {"192.0.2.3"}, "quarantined": {"192.0.2.7"}}
    assert refusal(entry, **options).removeprefix("f.toml:1: a: ").removeprefix("a: ") == expected


def test_an_address_written_twice_is_refused_with_both_names() -> None:
    assert refusal(at("192.0.2.9"), at("192.0.2.9", "b")) == "f.toml:2: b: 192.0.2.9 is used twice, by a too"


def test_a_macs_owner_is_one_machine() -> None:
    one, two = at("192.0.2.9", mac="00:50:56:AA:bb:cc"), at("192.0.2.10", "b", mac="00:50:56:aa:bb:CC")
    assert refusal(one, two) == "f.toml:2: b: mac 00:50:56:aa:bb:cc is used twice, by a too"
    assert refusal(at("192.0.2.9", mac="01:00:5e:00:00:01")).endswith("is a group address, not a machine's")
    assert "is not in the form" in refusal(at("192.0.2.9", mac="nonsense"))


def test_hostnames_written_by_hand_are_unique_and_well_formed() -> None:
    assert refusal(at("192.0.2.9", hostname="Srv1"), at("192.0.2.10", "b", hostname="srv1")).endswith(
        "hostname srv1 is used twice, by a too"
    )
    assert "may contain only letters" in refusal(at("192.0.2.9", hostname="a_b"))


def test_a_worker_that_does_not_exist_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SpecError) as raised:
        deployed(spec({"name": "a", "services": ("ssh",), "worker": "w11"}), on(lan()))
    assert (raised.value.message, raised.value.hint) == (
        "f.toml:1: a: unknown worker `w11`",
        "did you mean `w1`?",
    )


def test_two_workers_on_one_lan_never_get_the_same_address() -> None:
    made = deployed(spec({"name": "d", "count": 40, "services": ("ssh",)}), on(lan(), lan()))
    assert len(set(ips(made))) == 40
    assert sorted({each.worker for each in made.deckies.values()}) == ["w1", "w2"]


def test_no_decky_gets_the_address_of_a_neighbouring_worker() -> None:
    before = on(lan(use=("192.0.2.10-192.0.2.20",)), lan())
    made = deployed(spec(FIVE), before, capacity={"w1": None}, facts={"w2": facts("192.0.2.11")})
    assert "192.0.2.11" not in ips(made)


def test_deckies_are_spread_by_what_a_worker_can_hold() -> None:
    made = deployed(
        spec({"name": "d", "count": 9, "services": ("ssh",)}), fleet(), capacity={"w1": 20, "w2": 10}
    )
    assert [len(made.on(worker)) for worker in ("w1", "w2", "w3")] == [6, 3, 0]


def test_a_decky_with_an_address_goes_where_that_address_is() -> None:
    before = on(lan(), lan(subnet="198.51.100.0/24", gateway="198.51.100.1"))
    assert deployed(spec(at("198.51.100.9")), before).deckies["a"].worker == "w2"


def test_a_decky_keeps_its_address_although_it_answers_itself() -> None:
    first = deployed(spec(FIVE), on(lan()))
    again = deployed(
        spec(FIVE, "extra"), first, taken=set(ips(first)), facts={"w1": facts(None, *ips(first))}
    )
    assert {name: again.deckies[name] for name in first.deckies} == first.deckies


def test_a_decky_moves_when_its_address_no_longer_fits() -> None:
    first = deployed(spec("a"), on(lan(use=("192.0.2.10-192.0.2.20",))))
    excluded = on(lan(use=("192.0.2.10-192.0.2.20",), exclude=("192.0.2.10",))).with_deckies(first.deckies)
    other = on(lan(subnet="198.51.100.0/24", gateway="198.51.100.1")).with_deckies(first.deckies)
    moved = [ips(deployed(spec("a"), each)) for each in (first, excluded, other)]
    assert moved == [["192.0.2.10"], ["192.0.2.11"], ["198.51.100.2"]]


def test_what_is_quarantined_is_given_up() -> None:
    first = deployed(spec("a"), on(lan()))
    old = first.deckies["a"]
    new = deployed(spec("a"), first, quarantined={old.ip, old.mac}).deckies["a"]
    assert new.ip != old.ip and new.mac != old.mac and new.hostname == old.hostname


def test_a_pool_that_is_used_up_takes_the_addresses_of_those_who_leave() -> None:
    before = on(lan(use=("192.0.2.10-192.0.2.14",)))
    first = deployed(spec(FIVE), before)
    other = deployed(spec({**FIVE, "name": "e"}), first, taken=set(ips(first)))
    assert sorted(ips(other)) == sorted(ips(first))


def test_a_decky_on_a_worker_that_is_gone_is_placed_again() -> None:
    before = on(lan()).with_deckies({"a": decky("a", "w9", ip=10)})
    assert deployed(spec("a"), before).deckies["a"].worker == "w1"


def test_macs_are_of_a_fitting_maker_and_hostnames_of_the_style() -> None:
    made = deployed(spec({"name": "p", "count": 40, "archetype": "printer"}), on(lan()))
    printers = list(made.deckies.values())
    assert {vendor_of(each.mac, SEVERAL) for each in printers} == {"hp", "brother", "canon"}
    digits = {"hp": ("NPI", 6), "brother": ("BRN", 12), "canon": ("Canon", 6)}
    for each in printers:
        name, count = digits[vendor_of(each.mac, SEVERAL) or ""]
        assert each.hostname == name + each.mac.replace(":", "")[-count:].upper()
    assert len({each.hostname for each in printers}) == len({each.mac for each in printers}) == 40


def test_a_smart_device_is_named_as_its_release_names_it() -> None:
    made = deployed(spec({"name": "i", "count": 12, "archetype": "iot-device"}), on(lan())).deckies.values()
    assert {each.release for each in made} == {"tp-link-tapo"}
    assert [each.hostname for each in made] == [
        f"C200-{each.mac.replace(':', '')[-6:].upper()}" for each in made
    ]


def test_a_device_that_is_there_keeps_its_name() -> None:
    entry = {"name": "i", "archetype": "iot-device"}
    made = deployed(spec(entry), on(lan()))
    old = made.with_deckies({"i": made.deckies["i"].model_copy(update={"hostname": "docs-77"})})
    assert deployed(spec(entry), old).deckies["i"].hostname == "docs-77"


def test_a_style_with_room_for_few_names_grows() -> None:
    made = deployed(
        spec(
            {"name": "n", "count": 100, "archetype": "file-server"},
            {"name": "m", "count": 60, "archetype": "file-server"},
        ),
        on(lan()),
    )
    assert len({each.hostname for each in made.deckies.values()}) == 160


def test_a_hostname_is_never_the_deckys_name_and_names_no_decoy() -> None:
    made = deployed(spec({"name": "web", "count": 50, "archetype": "web-server"}), on(lan()))
    names = [(each.name, each.hostname) for each in made.deckies.values()]
    assert [pair for pair in names if pair[1].lower() == pair[0] or "decky" in pair[1]] == []


def test_the_order_of_the_entries_is_irrelevant() -> None:
    entries = ["b", {"name": "a", "archetype": "printer"}, {"name": "r", "randomize_services": True}]
    assert deployed(spec(*entries)) == deployed(spec(*reversed(entries)))


def test_one_decky_more_does_not_change_the_macs_hostnames_and_seeds_of_the_others() -> None:
    few, more = deployed(spec(FIVE), seed=4), deployed(spec("aaa", FIVE), seed=4)

    def drawn(each: Decky) -> tuple[str, str, str]:
        return each.mac, each.hostname, each.seed

    assert {n: drawn(e) for n, e in few.deckies.items()} == {n: drawn(more.deckies[n]) for n in few.deckies}


def test_another_seed_draws_other_machines() -> None:
    assert deployed(spec(FIVE), seed=1) != deployed(spec(FIVE), seed=2)


def test_a_new_decky_is_due_for_mutation_after_its_interval_and_not_before() -> None:
    assert deployed(spec("a"), on(lan()), now=5.0).deckies["a"].mutated_at == 5.0


@settings(max_examples=60)
@given(
    st.integers(0, 2**32), st.integers(1, 30), st.integers(24, 28), st.sets(st.integers(0, 255), max_size=40)
)
def test_every_address_is_in_the_subnet_free_and_given_once(
    seed: int, count: int, prefix: int, busy: set[int]
) -> None:
    before = on(lan(subnet=f"192.0.2.0/{prefix}"))
    taken = {f"192.0.2.{n}" for n in busy}
    try:
        made = ips(
            deployed(
                spec({"name": "d", "count": count, "services": ("ssh",)}), before, seed=seed, taken=taken
            )
        )
    except SpecError as error:
        room = 2 ** (32 - prefix) - 3 - len({n for n in busy if 1 < n < 2 ** (32 - prefix) - 1})
        assert "no free address" in error.message and count > room
        return
    hosts = {str(host) for host in ipaddress.ip_network(f"192.0.2.0/{prefix}").hosts()}
    assert len(set(made)) == count and set(made) <= hosts - taken - {"192.0.2.1"}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("192.0.2.5", ("192.0.2.5", "192.0.2.5")),
        ("192.0.2.5-192.0.2.9", ("192.0.2.5", "192.0.2.9")),
        ("192.0.2.64/26", ("192.0.2.64", "192.0.2.127")),
        ("192.0.2.9-192.0.2.5", '"192.0.2.9-192.0.2.5" ends before it begins'),
        ("192.0.2.5/24", '"192.0.2.5/24" is a host in a block: did you mean 192.0.2.0/24?'),
        ("192.0.2.5-", '"192.0.2.5-" must be an address'),
        ("a/24", '"a/24" must be an address'),
        ("\x1b[2J", '"\\x1b[2J" must be an address'),
    ],
)
def test_a_range_is_read_or_refused(item: str, expected: object) -> None:
    try:
        ((low, high),) = parse_addresses([item], place="use")
        assert (text_of(low), text_of(high)) == expected
    except SpecError as error:
        assert str(expected) in error.message


def test_overlapping_ranges_are_counted_once() -> None:
    assert size(parse_addresses(["192.0.2.1-192.0.2.10", "192.0.2.5-192.0.2.12", "192.0.2.8"])) == 12


def test_a_huge_excluded_block_costs_nothing() -> None:
    before = on(
        Network(
            driver="macvlan", interface="e", subnet="10.0.0.0/8", gateway="10.0.0.1", exclude=("10.0.0.0/9",)
        )
    )
    assert ips(deployed(spec("a"), before)) == ["10.128.0.0"]


def test_a_lying_workers_facts_do_not_stop_a_deploy() -> None:
    strange = facts("not an address", "\x1b[2J", "999.1.1.1")
    assert ips(deployed(spec("a"), on(lan()), facts={"w1": strange})) == ["192.0.2.2"]


def test_chance_is_the_callers() -> None:
    random.seed(1)
    first = deployed(spec(FIVE), seed=3)
    random.seed(2)
    assert deployed(spec(FIVE), seed=3) == first


def test_a_fleet_of_thousands_does_not_search_for_the_last_free_hostname() -> None:
    """A crowded style gets one more digit after a few names that are used."""

    class Crowded:
        tries = 0

        def __contains__(self, name: object) -> bool:
            self.tries += 1
            return self.tries <= NAMES_TRIED

    used = Crowded()
    draft = resolve(spec(FIVE), SEVERAL, rng=random.Random(1), desired={})[0]
    free = random_hostname(draft, SEVERAL, random.Random(1), ())
    name = random_hostname(draft, SEVERAL, random.Random(1), used)  # type: ignore[arg-type]
    assert used.tries == NAMES_TRIED + 1
    assert sum(map(str.isdigit, name)) > sum(map(str.isdigit, free))
