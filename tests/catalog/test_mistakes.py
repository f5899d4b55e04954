"""A mistake in a catalog file stops only what needs its entries, and all mistakes are reported at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from decnet import catalog
from decnet.cli.app import app
from decnet.errors import SpecError
from decnet.model.fleet import Attachment, Decky, Network
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

BAD = """\
[service.intranet]
image = 5
prots = [8080]

[service.ticker]
image = "registry.example/ticker:1"
ports = [8080]

[archetype.kiosk]
services = ["intranet", "nope"]
os = "linus"
hostname = "kiosk-NN"
vendors = ["raspberry"]
"""
NOT_TOML = '[service.intranet]\nimage = "registry.example/intranet:1\n\n[service.ftp]\nports = [2121]\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A fleet with one decky that uses the package's ssh."""
    monkeypatch.setenv("DECNET_HOME", str(tmp_path / "home"))
    home = Home(tmp_path / "home")
    open_home(home)
    deploy(home, "ssh")
    home.catalog.mkdir(mode=0o700)
    return home


def deploy(home: Home, service: str) -> None:
    lan = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
    web = Decky(
        name="web", worker="w1",
        attachments=(Attachment(address="192.0.2.9", mac="00:50:56:00:02:09"),),
        hostname="web", os="linux", release="debian-12", services={service: {}},
        seed="0" * 32, spec_hash="h",
    )  # fmt: skip
    save_fleet(home, new_fleet().model_copy(update={"lans": {"w1": lan}}).with_deckies({"web": web}))


def ran(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def written(home: Home, text: str) -> Path:
    path = home.catalog / "own.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_c10_every_mistake_of_every_file_is_reported_at_once(home: Home) -> None:
    own = written(home, BAD)
    (home.catalog / "z.toml").write_text("[service.x\n")
    with pytest.raises(SpecError) as caught:
        catalog.load(home.catalog)
    assert [(each.place, each.key) for each in caught.value.mistakes] == [
        (f"{own}:2", "service.intranet.image"),
        (f"{own}:3", "service.intranet.prots"),
        (f"{own}:10", "archetype.kiosk.services"),
        (f"{own}:10", "archetype.kiosk.services"),
        (f"{own}:11", "archetype.kiosk.os"),
        (f"{own}:13", "archetype.kiosk.vendors"),
        (f"{home.catalog}/z.toml:1", ""),
    ]


def test_c10_the_valid_entries_of_a_bad_file_are_there(home: Home) -> None:
    written(home, BAD)
    valid = catalog.load_valid(home.catalog)
    assert ("ticker" in valid.services, "intranet" in valid.services, "kiosk" in valid.archetypes) == (
        True, False, False,
    )  # fmt: skip
    assert len(valid.archetypes) == len(catalog.load().archetypes)


def test_c10_what_a_file_replaces_is_not_used_while_the_file_is_wrong(home: Home) -> None:
    """The package's ftp would not be what the deckies were made from."""
    own = written(home, NOT_TOML)
    valid = catalog.load_valid(home.catalog)
    assert "ftp" not in valid.services
    assert valid.unavailable["service", "ftp"] == str(own)


@pytest.mark.parametrize("text", [BAD, NOT_TOML])
@pytest.mark.parametrize("words", ["status", "reconcile --check", "history", "events", "services", "doctor"])
def test_c10_a_command_that_does_not_need_it_works_and_warns(home: Home, words: str, text: str) -> None:
    own = written(home, text)
    ended = ran(*words.split())
    assert ended.stdout != ""
    # The worker of the fleet is not enrolled, which is reported with 1.
    assert ended.exit_code in (0, 1)
    assert f"warning: {own}:2: " in ended.stderr
    assert "error: " not in ended.stderr


def test_c10_validate_and_deploy_are_refused_if_they_need_it(home: Home, tmp_path: Path) -> None:
    own = written(home, BAD)
    file = tmp_path / "fleet.toml"
    file.write_text('[decky.web]\nservices = ["intranet"]\n\n[decky.info]\narchetype = "kiosk"\n')
    for words in (["validate", str(file)], ["deploy", "--yes", "-c", str(file)]):
        ended = ran(*words, "-o", "json")
        found = json.loads(ended.stderr.splitlines()[-1])["mistakes"]
        assert ended.exit_code == 2
        assert {each["file"] for each in found} == {str(file), str(own)}
        assert [each["message"] for each in found if each["file"] == str(file)] == [
            f"web: service `intranet` cannot be used: {own}, which defines it, has mistakes",
            f"info: archetype `kiosk` cannot be used: {own}, which defines it, has mistakes",
        ]


def test_c10_validate_works_if_it_does_not_need_it(home: Home, tmp_path: Path) -> None:
    written(home, BAD)
    file = tmp_path / "fleet.toml"
    file.write_text('[decky.web]\nservices = ["ssh"]\n\n[decky.news]\nservices = ["ticker"]\n')
    assert ran("validate", str(file)).exit_code == 0


@pytest.mark.parametrize("words", ["status", "reconcile", "teardown web --yes"])
def test_c10_a_fleet_that_needs_it_is_left_alone_and_the_file_is_named(home: Home, words: str) -> None:
    own = written(home, BAD)
    deploy(home, "intranet")
    ended = ran(*words.split())
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"hint: correct {own}:2" in ended.stderr
    assert ran("events").exit_code == 0
    assert ran("history").exit_code == 0
