"""A mistake in a catalog file stops only what needs its entries, and all mistakes are reported at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from decnet import catalog
from decnet.catalog.loader import loaded
from decnet.cli.app import app
from decnet.errors import SpecError
from decnet.model.fleet import Attachment, Decky, Network
from decnet.store.desired import load_fleet, new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.store.used_entries import save_used, with_used

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
def test_c10_without_a_copy_of_the_entry_a_fleet_that_needs_it_is_left_alone(home: Home, words: str) -> None:
    """A fleet of an earlier version, whose catalog was broken before this one ran."""
    own = written(home, BAD)
    deploy(home, "intranet")
    ended = ran(*words.split())
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"hint: correct {own}:2" in ended.stderr
    assert ran("events").exit_code == 0
    assert ran("history").exit_code == 0


GOOD = """\
[service.intranet]
image = "registry.example/intranet:1"
ports = [8080]

[service.ftp]
image = "registry.example/ftp:1"
ports = [2121]
"""


def deployed(home: Home, service: str) -> Path:
    """The user's file, after a pass has deployed a decky that uses one of its entries."""
    own = written(home, GOOD)
    loaded.cache_clear()
    deploy(home, service)
    fleet = load_fleet(home)
    assert fleet is not None
    save_used(home, fleet, catalog.load_valid(home.catalog))
    return own


def broken(own: Path, how: str) -> None:
    """The file has mistakes, is no TOML, cannot be read, or is gone."""
    own.unlink()
    if how == "unreadable":
        own.mkdir()
    elif how != "gone":
        own.write_text({"mistakes": BAD, "not TOML": NOT_TOML}[how])
    loaded.cache_clear()


HOW = ["mistakes", "not TOML", "unreadable", "gone"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("words", ["status", "reconcile --check", "show web", "doctor", "history"])
def test_c10_a_deployed_decky_keeps_the_entry_that_it_was_made_from(home: Home, words: str, how: str) -> None:
    own = deployed(home, "intranet")
    broken(own, how)
    ended = ran(*words.split())
    assert ended.stdout != ""
    assert "which the catalog does not have" not in ended.output
    # The worker of the fleet is not enrolled, which is reported with 1.
    assert ended.exit_code in (0, 1)
    assert how == "gone" or f"warning: {own}:" in ended.stderr


@pytest.mark.parametrize("how", ["not TOML", "unreadable", "gone"])
def test_c10_what_the_user_replaced_is_not_what_the_package_has(home: Home, how: str) -> None:
    """The decky was made from the user's ftp, and must not get the package's."""
    own = deployed(home, "ftp")
    fleet = load_fleet(home)
    assert fleet is not None
    broken(own, how)
    found = with_used(home, fleet, catalog.load_valid(home.catalog)).services["ftp"]
    assert found.image == (None if how == "gone" else "registry.example/ftp:1")


@pytest.mark.parametrize("how", HOW)
def test_c10_nothing_new_is_made_from_a_kept_entry(home: Home, tmp_path: Path, how: str) -> None:
    own = deployed(home, "intranet")
    broken(own, how)
    fleet = load_fleet(home)
    assert fleet is not None
    completed = with_used(home, fleet, catalog.load_valid(home.catalog))
    assert "intranet" in completed.services
    assert "intranet" not in completed.drawable()
    file = tmp_path / "fleet.toml"
    file.write_text('[decky.other]\nservices = ["intranet"]\n')
    for words in (
        ["validate", str(file)],
        ["deploy", "--yes", "-c", str(file)],
        ["mutate", "web", "-s", "intranet"],
    ):
        assert ran(*words).exit_code == 2


@pytest.mark.parametrize("how", HOW)
def test_c10_a_pass_while_the_file_is_broken_keeps_what_was_kept(home: Home, how: str) -> None:
    own = deployed(home, "intranet")
    broken(own, how)
    kept, fleet = home.used_entries.read_bytes(), load_fleet(home)
    assert fleet is not None
    save_used(home, fleet, catalog.load_valid(home.catalog))
    assert json.loads(home.used_entries.read_bytes())["entries"] == json.loads(kept)["entries"]


def test_c10_what_no_decky_uses_any_more_is_not_kept(home: Home) -> None:
    deployed(home, "intranet")
    deploy(home, "ssh")
    fleet = load_fleet(home)
    assert fleet is not None
    save_used(home, fleet, catalog.load_valid(home.catalog))
    assert json.loads(home.used_entries.read_bytes())["entries"] == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 1}', '{"schema_version": 9}'])
def test_c10_a_damaged_copy_is_like_none(home: Home, text: str) -> None:
    own = deployed(home, "intranet")
    broken(own, "mistakes")
    home.used_entries.write_text(text)
    assert ran("status").exit_code == 2
