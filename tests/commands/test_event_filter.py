"""Which events a selector of deckies means, and which selectors are refused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from decnet import catalog
from decnet.cli.app import app
from decnet.commands.events import event_filter, stored
from decnet.engine.context import Context
from decnet.errors import UsageError
from decnet.model.event import AttackerEvent
from decnet.model.fleet import Attachment, Decky, Network
from decnet.model.worker import Worker
from decnet.plan.event_filter import EventFilter
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.events import append_events
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home


@dataclass(frozen=True)
class Page:
    events: tuple[AttackerEvent, ...]
    spool_id: str = "spool"
    mark: str = ""
    verdict: str = "ok"


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """web and prn are in the fleet, old is not any more; each has an event."""
    home = Home(tmp_path_factory.mktemp("events") / "home")
    open_home(home)
    for name in ("w1", "w2"):
        FleetTable(home).put_worker(Worker(name=name, worker_id=f"id-{name}", host="127.0.0.1", port=9))
    deckies = {name: decky(name, number, kind) for number, (name, kind) in enumerate(FLEET.items(), 10)}
    save_fleet(home, new_fleet().model_copy(update={"lans": {"w1": LAN}}).with_deckies(deckies))
    events = tuple(event(number, name) for number, name in enumerate(("web", "prn", "old"), 1))
    append_events(home, "id-w1", Page(events))
    return Context(home=home, catalog=catalog.load(), emit=lambda event: None)


LAN = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
FLEET = {"prn": "printer", "web": None}


def decky(name: str, number: int, archetype: str | None) -> Decky:
    return Decky(
        name=name, worker="w1", archetype=archetype,
        attachments=(Attachment(address=f"192.0.2.{number}", mac=f"00:50:56:00:00:{number}"),),
        hostname=f"srv-{number}", os="linux", release="debian-12", services={"http": {}},
        seed=f"{number:032x}", spec_hash="0" * 64, mutated_at=1.0,
    )  # fmt: skip


def event(seq: int, decky: str) -> AttackerEvent:
    return AttackerEvent(
        id=f"e{seq}", seq=seq, at=1.8e9 + seq, decky=decky, service="ssh", kind="login",
        source_ip="192.0.2.250", source_port=4711, session="s", fields={},
    )  # fmt: skip


def selected(ctx: Context, *deckies: str) -> list[str]:
    return [each.decky for _, each in stored(ctx, event_filter(ctx, EventFilter(deckies=deckies)))]


@pytest.mark.parametrize(
    ("selectors", "names"),
    [
        ((), ["web", "prn", "old"]),
        (("web",), ["web"]),
        (("web,old",), ["web", "old"]),
        (("*", "!web"), ["prn", "old"]),
        (("@printer",), ["prn"]),
        (("!@printer",), ["web", "old"]),
    ],
)
def test_c4_events_are_selected_as_deckies_are(
    ctx: Context, selectors: tuple[str, ...], names: list[str]
) -> None:
    assert selected(ctx, *selectors) == names


def test_c4_a_decky_that_was_removed_is_known_by_its_events(ctx: Context) -> None:
    assert selected(ctx, "old") == ["old"]


def test_c4_a_misspelled_decky_is_refused_and_the_nearest_is_named(ctx: Context) -> None:
    with pytest.raises(UsageError) as caught:
        event_filter(ctx, EventFilter(deckies=("wep",)))
    assert (caught.value.message, caught.value.hint) == ("no decky is named 'wep'", "did you mean 'web'?")


@pytest.mark.parametrize(
    "argv",
    [
        "events --decky typo",
        "events --decky typo --pull",
        "events --decky typo --follow",
        "events --decky typo --alert true --pull",
        "events --on w9",
        "events --on w9 --pull",
        "events --on w9 --follow",
        "history typo",
        "history --on w9",
        "logs typo",
        "mutate typo --services ssh",
        "teardown typo --yes",
        "status --on w9",
        "reconcile --on w9",
        "worker list --on w9",
        "worker check w9",
        "worker show w9",
        "worker upgrade w9",
        "worker drain w9 --yes",
        "worker remove w9",
        "worker tag w9 x",
        "deploy -s ssh --on w9 --yes",
        "image upgrade --on w9",
    ],
)
def test_c4_every_command_refuses_a_name_that_does_not_exist(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, argv: str
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(ctx.home.root))
    ended = CliRunner().invoke(app, argv.split())
    name, kind = ("w9", "worker") if "w9" in argv else ("typo", "decky")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[0] == f"error: no {kind} is named '{name}'"
    assert ended.stderr.splitlines()[1].startswith("hint: ")


@pytest.mark.parametrize(
    ("argv", "first"),
    [
        ("--source 192.0.2.0/33", "--source '192.0.2.0/33' is not an address or a block"),
        ("--kind logn --pull", "no kind is named 'logn'"),
        ("--service shh --follow", "no service is named 'shh'"),
        ("--severity hgih --alert true --pull", "no severity is named 'hgih'"),
        ("--min-severity hgih", "--min-severity 'hgih' is not a severity"),
        ("--until soon", "--until 'soon' is not a time"),
    ],
)
def test_what_selects_nothing_is_refused_before_anything_is_done(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, argv: str, first: str
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(ctx.home.root))
    ended = CliRunner().invoke(app, ["events", *argv.split()])
    assert (ended.exit_code, ended.stdout, ended.stderr.splitlines()[0]) == (2, "", f"error: {first}")


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        ("--source 192.0.2.250 --kind login --service ssh --severity 6", ["web", "prn", "old"]),
        ("--source 192.0.2.0/25", []),
        ("--tail 2", ["prn", "old"]),
        ("--tail 1 --decky web,prn", ["prn"]),
        ("--until 2027-01-15T08:00:02+00:00", ["web"]),
        ("--min-severity high", []),
    ],
)
def test_the_options_of_events_select_them(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, argv: str, names: list[str]
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(ctx.home.root))
    ended = CliRunner().invoke(app, ["events", *argv.split(), "-o", "name"])
    assert (ended.exit_code, ended.stdout.split()) == (0, names)


def test_a_service_that_only_stored_events_have_is_known(ctx: Context) -> None:
    assert "ssh" in ctx.catalog.services
    append_events(ctx.home, "id-w2", Page((event(9, "old").model_copy(update={"service": "mine"}),)))
    wanted = event_filter(ctx, EventFilter(services=("mine",)))
    assert [each.service for _, each in stored(ctx, wanted)] == ["mine"]
