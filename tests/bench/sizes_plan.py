"""Decisions at three sizes, in this process: fleet files, plans, mutations, rollouts, topologies."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from decnet.catalog import load
from decnet.images import wanted
from decnet.model import fleetfile
from decnet.model.actual import Observation
from decnet.model.fleet import Fleet
from decnet.model.journal import JournalPage
from decnet.model.record import LifecycleRow, WorkerRecords
from decnet.model.topology import Design
from decnet.model.worker import Facts
from decnet.plan.allocate import allocate
from decnet.plan.compose import expected_containers
from decnet.plan.ingest_status import ingest_status
from decnet.plan.journal_verify import verify_page
from decnet.plan.mutate import due, mutate
from decnet.plan.reconcile import reconcile
from decnet.plan.resolve import resolve
from decnet.plan.rollout import step
from decnet.plan.topologies.generate import Parameters, generate
from decnet.plan.topologies.hashing import content_hash
from decnet.plan.topologies.validate import validate
from decnet.wire import GENESIS, PROJECT, chained

from .growth import Growth, grown
from .passes import Large, seen_status
from .rollout_pass import rollout_pass_growth
from .rollouts import opened, seen
from .simulated import FACTS
from .topology_pass import topology_pass_growth

ENTRIES = (500, 1_500, 4_500)
DECKIES = (2_500, 7_500, 22_500)
UNITS = (250, 1_000, 4_000)
RECORDS = (125, 500, 2_000)
PER_LAN = (2, 8, 32)
PER_WORKER = 10
NOW = 1.8e9


def plan_growth() -> list[Growth]:
    """Processor seconds of each decision."""
    catalog = load()
    return [
        grown("a fleet file read and checked", "entries", ENTRIES, _parsed),
        grown("the entries of a fleet file resolved", "entries", ENTRIES, _resolved),
        grown("addresses for new deckies", "deckies", DECKIES, lambda size: _allocated(size, named=False)),
        grown(
            "addresses that the fleet file names",
            "deckies",
            DECKIES,
            lambda size: _allocated(size, named=True),
        ),
        grown("contents of the containers made", "deckies", DECKIES, _contents),
        grown("three-way pass, nothing to do", "deckies", DECKIES, lambda size: _pass(size, recorded=True)),
        grown(
            "three-way pass, all to be created", "deckies", DECKIES, lambda size: _pass(size, recorded=False)
        ),
        grown("the deckies chosen that mutate next", "deckies", DECKIES, _due),
        grown("all deckies mutated", "deckies", DECKIES, _mutated),
        grown("all units of a rollout judged in one step", "units", UNITS, _judged),
        rollout_pass_growth(),
        topology_pass_growth(),
        _of_topologies("a topology checked", lambda design: validate(design, catalog)),
        _of_topologies("a topology hashed", content_hash),
        grown("a page of a journal verified", "records", RECORDS, _verified),
        grown("a page of a journal that ends open operations", "records", RECORDS, _ended),
    ]


def fleet_file(entries: int) -> str:
    """A fleet file with so many tables, each with some keys."""
    head = '[network]\naddresses = { use = ["10.0.0.10-10.0.250.250"] }\nsubnet = "10.0.0.0/16"\n'
    tables = (
        f'[decky.web-{number}]\nservices = ["ssh", "http"]\nos = "linux"\n' for number in range(entries)
    )
    return head + "".join(tables)


def _parsed(entries: int) -> Callable[[], object]:
    text = fleet_file(entries)
    return lambda: fleetfile.parse(text, "fleet.toml")


def _resolved(entries: int) -> Callable[[], object]:
    spec, catalog = fleetfile.parse(fleet_file(entries), "fleet.toml"), load()
    return lambda: resolve(spec, catalog, rng=random.Random(1), desired={})


def _allocated(deckies: int, *, named: bool) -> Callable[[], object]:
    """Ten deckies on each worker, which has a LAN of its own and knows ten neighbours."""
    large = _large(deckies)
    spec, catalog, lans = fleetfile.parse(fleet_file(1), "fleet.toml"), load(), large.fleet.lans
    (draft,) = resolve(spec, catalog, rng=random.Random(1), desired={})
    drafts = [
        replace(draft, name=name, ip=decky.ip if named else None)
        for name, decky in large.fleet.deckies.items()
    ]
    facts = {worker: _facts(lan.gateway.rpartition(".")[0]) for worker, lan in lans.items()}
    return lambda: allocate(
        drafts, catalog=catalog, lans=lans, desired=Fleet(fleet_id="f"), facts=facts,
        capacity=dict.fromkeys(lans), rng=random.Random(1), now=NOW,
    )  # fmt: skip


def _facts(block: str) -> Facts:
    own = {"address": f"{block}.2", "subnet": f"{block}.0/24", "gateway": f"{block}.1"}
    return Facts(**FACTS, **own, neighbours=tuple(f"{block}.{200 + number}" for number in range(10)))


@cache
def _large(deckies: int) -> Large:
    return Large(deckies, deckies // PER_WORKER)


def _contents(deckies: int) -> Callable[[], object]:
    large, catalog, names = _large(deckies), load(), wanted()
    return lambda: expected_containers(large.fleet, catalog, names)


def _pass(deckies: int, *, recorded: bool) -> Callable[[], object]:
    large = _large(deckies)
    blank = {name: WorkerRecords(worker_id=name) for name in large.recorded}
    known = large.recorded if recorded else blank
    observed: dict[str, Observation] = large.observed if recorded else large.empty()
    return lambda: reconcile(large.fleet, known, observed, large.expected, now=0.0)


def _mutating(deckies: int) -> Fleet:
    fleet = _large(deckies).fleet
    changed = {
        name: decky.model_copy(update={"mutate_interval": 60, "mutated_at": NOW - 3600.0})
        for name, decky in fleet.deckies.items()
    }
    return fleet.with_deckies(changed)


def _due(deckies: int) -> Callable[[], object]:
    fleet, catalog = _mutating(deckies), load()
    return lambda: due(fleet, catalog, NOW)


def _mutated(deckies: int) -> Callable[[], object]:
    fleet, catalog = _mutating(deckies), load()
    return lambda: mutate(fleet, fleet.deckies, catalog, rng=random.Random(1), now=NOW)


def _judged(units: int) -> Callable[[], object]:
    rollout, _ = opened(units)
    after, _ = step(rollout, seen(rollout, 1_700_000_060.0), 1_700_000_060.0)
    judged = seen(after, 1_700_000_120.0)
    return lambda: step(after, judged, 1_700_000_120.0)


def _of_topologies(what: str, work: Callable[[Design], object]) -> Growth:
    designs = {}
    for each in PER_LAN:
        shape = Parameters(depth=3, branching=2, deckies_min=each, deckies_max=each)
        design = generate(shape, load(), random.Random(7))
        designs[len(design.deckies)] = design
    return grown(what, "deckies", designs, lambda size: lambda: work(designs[size]), rounds=9)


def _verified(records: int) -> Callable[[], object]:
    page = _page(records)
    return lambda: verify_page(page, None)


def _ended(records: int) -> Callable[[], object]:
    """Each record is the end of an operation that the operator's records have open."""
    rows = tuple(
        LifecycleRow(
            id=f"l{number}", project=PROJECT, decky=f"d{number}", operation="create", request_id="r",
            status="pending", created=NOW,
        )
        for number in range(records)
    )  # fmt: skip
    known = WorkerRecords(worker_id="w").model_copy(update={"lifecycle": rows})
    status = seen_status(()).model_copy(update={"journal": _page(records)})
    return lambda: ingest_status(known, status, now=NOW + 1)


def _page(records: int) -> JournalPage:
    found, before = [], GENESIS
    for number in range(records):
        row = {
            "seq": number + 1, "at": NOW, "decky": f"d{number}", "operation": "create", "status": "succeeded",
            "error": "", "request_id": "r",
        }  # fmt: skip
        found.append(chained(row, before))
        before = found[-1]["hash"]
    return JournalPage.model_validate(
        {
            "journal_id": "j",
            "first_seq": 1,
            "last_seq": records,
            "verdict": "ok",
            "records": found,
            "more": False,
        }
    )
