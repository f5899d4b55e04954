"""`status -o prometheus`, read by Prometheus' own parser."""

from __future__ import annotations

import re

import pytest
from fakefleet import FakeFleet
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from decnet.cli.app import app
from decnet.commands.metrics import metrics
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.status import status
from decnet.engine.options import PassOptions
from decnet.engine.outcome import Listing, StatusOutcome, Verbatim

Values = dict[tuple[str, ...], float]


def read(fleet: FakeFleet) -> tuple[int, dict[str, Values]]:
    """The exit code, and the values of each metric by the values of its labels."""
    ran = fleet.run(lambda ctx: status(ctx))
    return ran.code, values(metrics(fleet.context(), ran.outcome))


def values(shown: Verbatim) -> dict[str, Values]:
    found = {}
    for family in text_string_to_metric_families(shown.text):
        assert family.documentation and family.type == "gauge", family.name
        assert re.fullmatch(r"decnet_[a-z_]+", family.name)
        found[family.name] = {tuple(each.labels.values()): each.value for each in family.samples}
    return found


def test_a_healthy_fleet(fleet: FakeFleet) -> None:
    code, found = read(fleet)
    assert code == 0
    assert found["decnet_worker_up"] == {("w1", "up"): 1, ("w2", "up"): 1}
    assert found["decnet_worker_deckies"] == {("w1",): 2, ("w2",): 2}
    assert found["decnet_decky_up"][("web-01", "w1")] == 1
    assert found["decnet_deckies"][("w1", "running")] == 2
    assert found["decnet_deckies"][("w1", "failed")] == 0
    assert found["decnet_drift_changes"] == {(): 0}


def test_a_worker_that_does_not_answer_is_down_and_its_deckies_are_unknown(fleet: FakeFleet) -> None:
    fleet["w2"].lose("status", times=99)
    code, found = read(fleet)
    assert code == 5
    assert found["decnet_worker_up"] == {("w1", "up"): 1, ("w2", "unreachable"): 0}
    assert found["decnet_deckies"][("w2", "unknown")] == 2
    assert found["decnet_decky_up"][("web-02", "w2")] == 0


def test_a_decky_that_changes_its_role_is_away_and_not_down(fleet: FakeFleet) -> None:
    options = MutateOptions(("web-02",), role="linux-server", run=PassOptions())
    assert fleet.run(lambda ctx: mutate(ctx, options)).code == 0
    _, found = read(fleet)
    assert sum(found["decnet_deckies"][(worker, "away")] for worker in ("w1", "w2")) == 1
    assert len(found["decnet_decky_up"]) == 3 and {*found["decnet_decky_up"].values()} == {1}


def test_labels_are_escaped(fleet: FakeFleet) -> None:
    hostile = 'a"b\\c\nd{e}'
    item = {"name": hostile, "worker": hostile, "status": "running"}
    nothing = Listing("workers", (), (), ())
    outcome = StatusOutcome(nothing, Listing("deckies", (), (), (item,)))
    assert values(metrics(fleet.context(), outcome))["decnet_decky_up"] == {(hostile, hostile): 1}


def test_the_option_prints_the_metrics(fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECNET_HOME", str(fleet.home.root))
    result = CliRunner().invoke(app, ["status", "-o", "prometheus"])
    assert "# TYPE decnet_worker_up gauge\n" in result.stdout
    assert values(Verbatim(result.stdout))["decnet_worker_deckies"] == {("w1",): 2, ("w2",): 2}


def test_watching_is_refused(fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECNET_HOME", str(fleet.home.root))
    result = CliRunner().invoke(app, ["status", "-o", "prometheus", "--watch", "1"])
    assert result.exit_code == 2 and "--watch does not go with -o prometheus" in result.stderr
