"""Each way to install decnet on a new Debian machine: the first hour, an upgrade of 0.1.0, the end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import build_wheel
from machine import Machine, fetch_wheels
from old_version import Old, old_version
from ways import WAYS, Way

from decnet import __version__
from decnet.lab import Lab, down, provide_images, run_argv, up

pytestmark = [pytest.mark.slow, pytest.mark.lab]

PARTS = ("decnet", "pyproject.toml", "README.md", "LICENSE")
IMAGES = "from decnet.lab import Lab, provide_images; provide_images(Lab({name!r}), print)"
FLEET = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.110"] }

[decky.web]
services = ["http"]

[decky.gate]
services = ["ssh", "telnet"]
"""
PROGRAM = (
    "/usr/bin/decnet",
    "/usr/local/bin/decnet",
    "/opt/*/venvs/decnet",
    "/opt/decnet-venv",
    "/var/cache/decnet",
)
PROGRAM += ("/usr/share/doc/decnet", "/usr/lib/systemd/system/decnet*", "/etc/systemd/system/*/decnet*")
STATE = ("/var/lib/decnet/decnet-state.json", "/var/lib/decnet/fleet.json")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Old:
    return old_version(tmp_path_factory.mktemp("old"), parts=PARTS)


@pytest.fixture(scope="module")
def old_wheel(old: Old, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(old.sources, tmp_path_factory.mktemp("old-wheel"))


@pytest.fixture(scope="module")
def wheels(wheel: Path, old_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fetch_wheels(tmp_path_factory.mktemp("wheels"), wheel, old_wheel)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    found = Lab("pkg")
    down(found)
    try:
        up(found, workers=1)
        yield found
    finally:
        down(found)


@pytest.fixture
def machine(
    lab: Lab, old: Old, wheels: Path, wheel: Path, single_file: Path, deb: Path, tmp_path: Path
) -> Iterator[Machine]:
    """A new machine, with what `make wheel binary deb` makes in ~/dist, and the images of both versions."""
    # `decnet uninstall` of the machine before removed them.
    old.python("-c", IMAGES.format(name=lab.name))
    provide_images(lab, lambda line: None)
    found = Machine(lab, tmp_path, wheels)
    found.boot()
    for built in (wheel, single_file, deb):
        found.put(built, f"/home/ada/dist/{built.name}")
    (tmp_path / "fleet.toml").write_text(FLEET)
    found.put(tmp_path / "fleet.toml", "/home/ada/fleet.toml")
    yield found
    found.halt()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


def install_old(machine: Machine, old_wheel: Path) -> None:
    """decnet 0.1.0, installed with pip for all users."""
    machine.put(old_wheel, f"/srv/{old_wheel.name}")
    for line in (
        "sudo python3 -m venv /opt/decnet-venv",
        f"sudo /opt/decnet-venv/bin/pip install /srv/{old_wheel.name}",
        "sudo ln -s /opt/decnet-venv/bin/decnet /usr/local/bin/decnet",
    ):
        machine.types(line)
    assert machine.types("sudo decnet --version") == "decnet 0.1.0\n"


def test_a_new_machine_deploys_and_is_left_clean(machine: Machine, way: Way) -> None:
    way.install(machine)
    for command in ("decnet", "sudo decnet"):
        assert machine.types(f"{command} --version") == f"decnet {__version__}\n"
        assert "complete" in machine.types(f"{command} completion bash")
    machine.types(way.manual)
    machine.decnet("doctor")
    assert machine.decnet("validate fleet.toml").out == "fleet.toml: 2 deckies, 3 services: valid\n"
    machine.decnet("deploy -c fleet.toml --yes")
    assert {name: each["status"] for name, each in machine.deckies().items()} == {
        "web": "running",
        "gate": "running",
    }
    page = f"http://{machine.deckies()['web']['ip']}/seen"
    curl = run_argv(machine.lab, "attacker", ["curl", "-s", "-m", "10", "-o", "/dev/null", page])
    assert subprocess.run(curl, timeout=60, check=False).returncode == 0
    assert "/seen" in machine.decnet("events --pull -o jsonl").out
    machine.decnet("reconcile --check")
    assert f"by hand: the program: {way.removal}" in machine.decnet("uninstall --dry-run").out
    machine.decnet("uninstall --yes --purge")
    assert (machine.containers(), machine.found("/var/lib/decnet/*")) == ({}, [])
    way.remove(machine)
    assert machine.found(*PROGRAM) == []


def test_it_takes_over_the_fleet_of_0_1_0_and_touches_no_container(
    machine: Machine, way: Way, old_wheel: Path
) -> None:
    install_old(machine, old_wheel)
    machine.decnet("deploy -c fleet.toml --yes")
    containers, deckies = machine.containers(), machine.deckies()
    if way.name == "pip":
        way.replace(machine)
    else:
        WAYS["pip"].remove(machine)
        way.install(machine)
    assert machine.types("sudo decnet --version") == f"decnet {__version__}\n"
    assert machine.containers() == containers
    shown = machine.deckies()
    assert {name: (each["status"], each["ip"], each["mac"]) for name, each in shown.items()} == {
        name: ("running", each["ip"], each["mac"]) for name, each in deckies.items()
    }
    machine.decnet("reconcile --check", code=3)
    machine.decnet("reconcile")
    assert machine.containers() == containers
    assert "2 deckies" in machine.decnet("reconcile --check").out
    # Its end leaves the fleet, and its state.
    way.remove(machine)
    assert (machine.found(*PROGRAM), machine.found(*STATE)) == ([], list(STATE))
    assert machine.containers() == containers


def test_the_program_is_replaced_by_one_of_the_same_kind(machine: Machine, way: Way) -> None:
    way.install(machine)
    machine.decnet("deploy -c fleet.toml --yes")
    containers = machine.containers()
    way.replace(machine)
    machine.decnet("reconcile --check")
    assert machine.containers() == containers


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the wheels are for Debian 12's Python 3.11")
def test_sudo_finds_no_command_that_one_user_installed(machine: Machine) -> None:
    """The reason why docs/install.md installs for all users."""
    machine.types("pipx install ./dist/decnet-*.whl")
    assert machine.types("~/.local/bin/decnet --version") == f"decnet {__version__}\n"
    said = machine.ada("sudo decnet --version")
    assert (said.code, "command not found" in said.err) == (1, True)
