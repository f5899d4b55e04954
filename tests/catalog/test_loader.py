"""A user's own files are merged in, and errors in them are reported with file and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from decnet import catalog
from decnet.errors import SpecError
from decnet.model.catalog_entries import Port
from decnet.plan.core_services import core_of, side_of

OWN = """
words = ["kestrel"]

[service.intranet]
summary = "Our own intranet"
image = "registry.example/intranet:1"
ports = [8080, "5353/udp"]
[service.intranet.settings.theme]
kind = "str"
help = "colour"
choices = ["blue", "red"]

[archetype.kiosk]
services = ["intranet", "ssh"]
os = "linux"
hostname = "kiosk-NN"
vendors = ["raspberry"]

[vendor.raspberry]
ouis = ["b8:27:eb"]
"""


KIND = '[archetype.x]\nservices = ["ssh"]\nos = "linux"\nhostname = "xN"\nvendors = ["dell"]\n'
"""A kind of machine in five lines."""


def written(folder: Path, text: str, name: str = "own.toml") -> Path:
    (folder / name).write_text(text)
    return folder


def refused(folder: Path, text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        catalog.load(written(folder, text))
    return caught.value


def test_a_users_own_entries_are_added_to_the_packages(tmp_path: Path) -> None:
    own = catalog.load(written(tmp_path, OWN))
    service = own.services["intranet"]
    assert (service.built, service.ports) == (True, (Port(number=8080), Port(number=5353, protocol="udp")))
    assert own.archetypes["kiosk"].summary == "kiosk"
    assert "kestrel" in own.words
    assert set(own.services) - set(catalog.load().services) == {"intranet"}


def test_a_users_entry_replaces_the_packages_of_that_name(tmp_path: Path) -> None:
    text = '[service.telnet]\nimage = "registry.example/telnet:2"\nports = [2323]\n'
    telnet = catalog.load(written(tmp_path, text)).services["telnet"]
    assert (telnet.built, telnet.image, telnet.ports) == (
        True,
        "registry.example/telnet:2",
        (Port(number=2323),),
    )


def test_a_users_kind_of_machine_has_what_it_says_as_core_or_all_that_it_is_deployed_with(
    tmp_path: Path,
) -> None:
    kiosk = catalog.load(written(tmp_path, OWN))
    linux = kiosk.os_profiles["linux"].side or ()
    assert core_of("kiosk", kiosk) == ("intranet", "ssh")
    assert side_of("kiosk", "linux", kiosk) == tuple(dict.fromkeys(("intranet", "ssh", *linux)))
    changed = OWN.replace(
        'os = "linux"', 'os = "linux"\ncore = ["intranet"]\nside = ["ftp"]\ninterval_factor = 4'
    )
    (other := tmp_path / "other").mkdir()
    own = catalog.load(written(other, changed))
    assert core_of("kiosk", own) == ("intranet",)
    assert side_of("kiosk", "linux", own) == ("intranet", "ssh", "ftp")
    assert own.archetypes["kiosk"].interval_factor == 4


def test_no_folder_is_the_packages_catalog(tmp_path: Path) -> None:
    assert catalog.load(tmp_path / "none") == catalog.load()


def test_other_files_of_the_folder_are_left_alone(tmp_path: Path) -> None:
    written(tmp_path, "not [ toml", "notes.txt")
    written(tmp_path, "not [ toml", ".hidden.toml")
    assert catalog.load(tmp_path) == catalog.load()


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("[services.x]\nports=[1]", 1, "unknown key `services`"),
        ("service = 3", 1, "unknown key `service`"),
        ('[service.x]\nimage = "a"\nports = [80]\nprot = 1', 4, "`prot`: is not a known key"),
        ('[service.x]\nimage = "a"\nports = [70000]', 3, "a port is a number from 1 to 65535"),
        ('[service.x]\nimage = "a"\nports = [\n 80,\n "x/udp",\n]', 5, "a port is a number"),
        ('[service.x]\nimage = "a"', 1, "`ports`: is missing"),
        ('[service.x]\nimage = "a"\nprots = [80]', 3, "`prots`: is not a known key"),
        ('[service.x]\nimage = "a"\nports = [80]\ncommand = "serve"', 4, "`command`: must be a list"),
        ('[service.x]\nimage = "a b"\nports = [80]', 2, "`image` must be an image like"),
        ("[service.x]\nports = [80]", 1, "`image`"),
        ('[service.x]\nimage = "a"\nports = [80, "80/tcp"]', 3, "a duplicate port"),
        ('[service.x]\nimage = "a"\nports = [80]\nmemory_mib = 1', 4, "memory_mib"),
        ("[service.Bad]\nports = [80]", 1, "a name is lower case"),
        ("service.x = 3", 1, "must be a table"),
        (
            '[archetype.x]\nservices = ["nope"]\nos = "linux"\nhostname = "xN"\nvendors = ["dell"]',
            2,
            "`nope`",
        ),
        ('[archetype.x]\nservices = ["ssh"]\nos = "beos"\nhostname = "xN"\nvendors = ["dell"]', 3, "`beos`"),
        (
            '[archetype.x]\nservices = ["ssh"]\nos = "linux"\nhostname = "x_N"\nvendors = ["dell"]',
            4,
            "hostname",
        ),
        (f'{KIND}core = ["http"]', 6, "`core` names `http`, which is not one of its services"),
        (f'{KIND}side = ["nope"]', 6, "names the service `nope`, which does not exist"),
        (f'{KIND}side = ["ssh"]\ncore = ["ssh"]', 6, "`side` names `ssh`, which `core` names too"),
        (f'{KIND}core = "ssh"', 6, "`core`: must be a list"),
        (f"{KIND}interval_factor = 0", 6, "`interval_factor` must be from 1 to 1000"),
        (f'{KIND}interval_factor = "rarely"', 6, "must be a whole number"),
        (f"{KIND}withheld = true", 6, "must be text"),
        (
            '[os.x]\nsummary = "x"\nsysctls = {}\nhostname = "xN"\nvendors = ["dell"]\nside = ["htp"]\n'
            '[release.x]\nos = "x"\nbanners = {}',
            6,
            "names the service `htp`",
        ),
        ('\n[vendor.x]\nouis = ["02:42:ac"]', 3, "IEEE"),
        ('[vendor.x]\nouis = "00:50:56"', 2, "`ouis`"),
        ('[release.x]\nos = "linux"\nbanners = {ssh = "OpenSSH_9 honeypot"}', 3, "identifies the decoy"),
        ('[release.x]\nos = "linux"\nbanners = {}\nlook = "amiga"', 4, "`look` must be one of windows"),
        ('[release.x]\nos = "linux"\nbanners = {}\nsysctls = {"../x" = 1}', 4, "below net.ipv4."),
        (
            '[release.x]\nos = "linux"\nbanners = {}\nsystem = "plan9"',
            4,
            "`system` must be one of debian-11, ",
        ),
        ('words = ["UP"]', 1, "`words`"),
        ("[service.x]\n[service.x]", 2, "already written"),
        ("[service.x", 1, "without its closing"),
    ],
)
def test_an_error_is_reported_with_its_line(tmp_path: Path, text: str, line: int, complaint: str) -> None:
    error = refused(tmp_path, text)
    assert error.message.startswith(f"{tmp_path}/own.toml:{line}")
    assert complaint in error.message


def test_two_files_with_one_entry_are_both_named(tmp_path: Path) -> None:
    written(tmp_path, '[vendor.x]\nouis = ["b8:27:eb"]', "a.toml")
    written(tmp_path, '\n[vendor.x]\nouis = ["b8:27:eb"]', "b.toml")
    with pytest.raises(SpecError, match=r"b\.toml:2: .* also in .*a\.toml:1"):
        catalog.load(tmp_path)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"words = ['\xff']")
    with pytest.raises(SpecError, match=r"x\.toml:1: .*UTF-8"):
        catalog.load(tmp_path)


def test_a_folder_in_place_of_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(SpecError, match=r"x\.toml: cannot be read: Is a directory"):
        catalog.load(tmp_path)


def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.toml")
    with pytest.raises(SpecError, match=r"x\.toml: is not a file"):
        catalog.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[service.x]\nimage = "a"\nprots = [80]', "did you mean `ports`?"),
        ("[service.x]\nports = [80]", 'image = "registry.example/decoy:1"'),
        (
            '[archetype.x]\nservices = ["shh"]\nos = "linux"\nhostname = "xN"\nvendors = ["dell"]',
            "did you mean `ssh`?",
        ),
    ],
)
def test_a_hint_says_what_was_meant(tmp_path: Path, text: str, hint: str) -> None:
    assert refused(tmp_path, text).hint == hint
