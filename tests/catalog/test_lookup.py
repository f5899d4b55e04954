"""A name that is not in the catalog is refused with the one that was meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from decnet import catalog
from decnet.errors import SpecError


@pytest.mark.parametrize(
    ("look", "name", "hint"),
    [
        (catalog.service, "htttp", "did you mean `http`?"),
        (catalog.service, "docker-api", "did you mean `docker_api`?"),
        (catalog.service, "zzzzzz", "`decnet services` lists them"),
        (
            catalog.service,
            "sniffer",
            "a passive listener watches the whole LAN: it belongs to a worker, not to a decky",
        ),
        (catalog.archetype, "webserver", "did you mean `web-server`?"),
        (catalog.os_profile, "solaris", "known: bsd, cisco, embedded, linux, windows, windows_server"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(look: object, name: str, hint: str) -> None:
    assert callable(look)
    with pytest.raises(SpecError) as caught:
        look(catalog.load(), name, place="fleet.toml:3")
    assert caught.value.message.startswith("fleet.toml:3: unknown")
    assert caught.value.hint == hint


def test_an_alias_is_replaced_by_what_it_stands_for_each_once() -> None:
    names = catalog.expand(catalog.load(), ["http", "conpot", "ssh", "ssh"])
    assert names == ("http", "modbus", "s7", "snmp", "ssh")


def test_names_for_completion_need_no_validation_and_no_models(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[service.intranet]\nports=[80]\nimage="a"\n')
    (tmp_path / "a-broken.toml").write_text("[[[")
    program = (
        "import sys; from pathlib import Path; from decnet import catalog;"
        "names = catalog.names('service', Path(sys.argv[1]));"
        "print({'intranet', 'ssh'} <= set(names), 'pydantic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["True", "False"]


def test_names_are_those_that_load_knows() -> None:
    whole = catalog.load()
    assert catalog.names("service") == tuple(sorted(whole.services))
    assert catalog.names("archetype") == tuple(sorted(whole.archetypes))
    assert catalog.names("os") == tuple(sorted(whole.os_profiles))
