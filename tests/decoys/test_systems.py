"""Which system a decoy's shell and kernel are."""

from __future__ import annotations

import pytest

from decnet import catalog
from decnet.decoys.machine import NEAREST, SYSTEMS, system_of
from decnet.decoys.persona import Persona
from decnet.model.catalog_entries import SYSTEMS as NAMES

CATALOG = catalog.load()


def persona(release: str, os: str, system: str = "") -> Persona:
    return Persona("ssh", "web01", os, release, "", "ab" * 16, ((22, "tcp"),), system=system)


def test_the_catalog_names_the_systems_that_decoys_know() -> None:
    assert sorted(NAMES) == sorted(SYSTEMS)
    assert sorted(NEAREST) == sorted(CATALOG.os_profiles)


def test_every_release_of_the_catalog_has_a_system(capsys: pytest.CaptureFixture[str]) -> None:
    for release in CATALOG.releases.values():
        assert system_of(persona(release.name, release.os))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("os", "nearest"), [("linux", "debian-12"), ("bsd", "freebsd-14"), ("cisco", "busybox")]
)
def test_a_release_that_is_not_listed_is_reported(
    capsys: pytest.CaptureFixture[str], os: str, nearest: str
) -> None:
    assert system_of(persona("plan9-4", os)) == SYSTEMS[nearest]
    warning = f"release 'plan9-4' has no known system: using {nearest}\n"
    assert capsys.readouterr().err == warning


def test_a_release_can_name_its_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert system_of(persona("raspbian-12", "linux", "debian-11")) == SYSTEMS["debian-11"]
    assert system_of(persona("raspbian-12", "linux", "ubuntu-22.04-nginx")) == SYSTEMS["ubuntu-22.04-nginx"]
    assert capsys.readouterr().err == ""
