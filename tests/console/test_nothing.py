"""A command with nothing to show or to do prints one line, except for scripts and with --quiet."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from decnet.cli.app import app
from decnet.console.show import show
from decnet.engine.outcome import PassOutcome, TextOutcome
from decnet.model.plan import Plan, Step
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A fleet without workers, deckies and events."""
    home = Home(tmp_path_factory.mktemp("nothing") / "home")
    open_home(home)
    save_fleet(home, new_fleet())
    return home


NOTHING = {
    "events": "no events yet; decnet events --pull fetches new ones",
    "events --since 1h": "no event matches",
    "events --pull": "no new events",
    "history": "no operations yet",
    "worker list": "no workers: decnet worker add NAME USER@HOST, or decnet deploy for this machine",
    "worker quarantine": "no address is quarantined",
    "worker upgrade": "no worker is reached over SSH",
    "reconcile": "reconcile: nothing to do",
    "reconcile --check": "nothing to do, 0 deckies unchanged",
    "mutate --due": "mutate: nothing to do",
    "mutate --all": "mutate: nothing to do",
    "teardown --all --yes": "teardown: nothing to do",
}


@pytest.mark.parametrize("words", NOTHING)
def test_c7_nothing_is_one_line(home: Home, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setenv("DECNET_HOME", str(home.root))
    ended = CliRunner().invoke(app, words.split())
    assert (ended.exit_code, ended.stdout) == (0, f"{NOTHING[words]}\n")


@pytest.mark.parametrize(
    "words", ["events --quiet", "events --pull --quiet", "reconcile --quiet", "mutate --due --quiet"]
)
def test_c7_nothing_is_silent_with_quiet(home: Home, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setenv("DECNET_HOME", str(home.root))
    ended = CliRunner().invoke(app, words.split())
    assert (ended.exit_code, ended.output) == (0, "")


@pytest.mark.parametrize("words", [words for words in NOTHING if words != "teardown --all --yes"])
@pytest.mark.parametrize("style", ["json", "jsonl", "name"])
def test_c7_a_script_gets_an_empty_document(
    home: Home, monkeypatch: pytest.MonkeyPatch, words: str, style: str
) -> None:
    monkeypatch.setenv("DECNET_HOME", str(home.root))
    ended = CliRunner().invoke(app, [*words.split(), "-o", style])
    assert ended.exit_code == 0
    if style == "json":
        json.loads(ended.stdout)
    elif words.split()[0] in ("events", "history"):
        assert ended.stdout == ""


STRAY = Step("w1", "old", "stray", "nothing in the fleet describes it", record="none")


@pytest.mark.parametrize(("quiet", "lines"), [(False, 2), (True, 0)])
def test_c7_a_stray_and_nothing_to_do_is_reported(
    capsys: pytest.CaptureFixture[str], quiet: bool, lines: int
) -> None:
    plan = Plan(strays=(STRAY,), kept=3)
    show(PassOutcome("reconcile", plan, carried_out=True, quiet=quiet, summary="3 kept"), "table")
    shown = capsys.readouterr().out.splitlines()
    assert (
        shown
        == [
            "reconcile: 3 kept",
            "strays left alone: old on w1 (decnet reconcile --prune removes them)",
        ][:lines]
    )


def test_c7_an_answer_without_a_sentence_says_that_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    show(TextOutcome(()), "table")
    assert capsys.readouterr().out == "nothing to show\n"
