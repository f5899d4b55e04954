"""The seed of random choices is shown, and repeats them in a dry run and in the run."""

from __future__ import annotations

from random import Random

from fakefleet import FakeFleet, Ran

from decnet.commands.deploy import DeployOptions, deploy
from decnet.commands.mutate import MutateOptions, mutate
from decnet.console.documents import document
from decnet.console.plans import plan_lines
from decnet.engine.options import PassOptions
from decnet.model.fleetfile import parse

MIXED = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }
[decky.any]
count = 4
randomize_services = true
[decky.files]
archetype = "file-server"
"""


def deployed(fleet: FakeFleet, *, seed: int | None = None, dry_run: bool = False) -> Ran:
    options = DeployOptions(seed=seed, run=PassOptions(dry_run=dry_run))
    return fleet.run(lambda ctx: deploy(ctx, parse(MIXED, "fleet.toml"), options), rng=Random())


def mutated(fleet: FakeFleet, *, seed: int | None = None, dry_run: bool = False) -> Ran:
    options = MutateOptions(everything=True, seed=seed, run=PassOptions(dry_run=dry_run))
    return fleet.run(lambda ctx: mutate(ctx, options), rng=Random())


def shown(ran: Ran) -> dict[str, object]:
    return {step.decky: step.details for step in ran.outcome.plan.steps}


def test_the_seed_of_a_dry_run_repeats_a_deploy(empty: FakeFleet) -> None:
    dry = deployed(empty, dry_run=True)
    seed = document(dry.outcome)["seed"]
    assert 0 <= seed < 2**53
    assert f"random choices: --seed {seed} repeats them" in plan_lines(dry.outcome.plan)
    assert shown(deployed(empty, dry_run=True)) != shown(dry), "another draw"
    assert shown(deployed(empty, seed=seed, dry_run=True)) == shown(dry)
    assert shown(deployed(empty, seed=seed)) == shown(dry)


def test_the_seed_of_a_dry_run_repeats_a_mutation(empty: FakeFleet) -> None:
    deployed(empty, seed=1)
    draws = [mutated(empty, dry_run=True) for _ in range(4)]
    seeds = [document(each.outcome)["seed"] for each in draws]
    assert len({str(shown(each)) for each in draws}) > 1 and len(set(seeds)) == 4
    assert shown(mutated(empty, seed=seeds[0], dry_run=True)) == shown(draws[0])
    assert shown(mutated(empty, seed=seeds[0])) == shown(draws[0])


def test_what_is_not_random_has_no_seed(fleet: FakeFleet) -> None:
    ran = fleet.mutate("web-01", services=["ssh"], dry_run=True)
    assert document(ran.outcome)["seed"] is None
    assert not any("--seed" in line for line in plan_lines(ran.outcome.plan))
    assert not any(
        "--seed" in line for line in plan_lines(fleet.teardown("web-01", dry_run=True).outcome.plan)
    )
