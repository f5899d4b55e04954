"""A password of the fleet file is in the state, the slice and the decoy, and nowhere that is read or kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from theatre import Stage

from decnet.catalog import load
from decnet.commands.validate import read_spec
from decnet.console.documents import error_document
from decnet.engine.context import Context
from decnet.errors import DecnetError
from decnet.plan.resolve import resolve
from decnet.store.desired import load_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

SECRET = "Tr0ub4dor-and-3"
FLEET = f"""
[network]
addresses = {{ use = ["192.0.2.100-192.0.2.109"] }}

[decky.web]
services = ["ssh"]
[decky.web.settings.ssh]
credentials = "root:{SECRET}"
"""
ALLOWED = {
    "decnet/decnet-state.json", "decnet/decnet-state.json.last",
    "decnet-agent/projects/decnet/slice.json", "decnet-agent/projects/decnet/compose.json",
}  # fmt: skip
"""What the fleet is made from, each readable by its owner alone."""

WRONG = [
    FLEET.replace(f'"root:{SECRET}"', f'["root:{SECRET}"]'),
    FLEET.replace("credentials", "credentails"),
    FLEET.replace(f'"root:{SECRET}"', f'"root:{SECRET}'),
    FLEET.replace(f'"root:{SECRET}"', f'root:{SECRET}'),
    FLEET.replace("settings.ssh", "settings.http"),
    FLEET.replace("settings.ssh", "settings"),
    FLEET.replace("settings.ssh", "settings.shh"),
    FLEET.replace(f'credentials = "root:{SECRET}"', f'credentials = {{ root = "{SECRET}" }}'),
    FLEET + f'credentials = "root:{SECRET}"\n',
    FLEET.replace(f'"root:{SECRET}"', f'"root:{SECRET}\\q"'),
    FLEET.replace(f'"root:{SECRET}"', f'"{SECRET * 400}"'),
    FLEET.replace(f'"root:{SECRET}"', f'"root:{SECRET}\\u0000"'),
    FLEET.replace("[decky.web.settings.ssh]\ncredentials", "settings"),
    FLEET.replace("[decky.web.settings.ssh]", f"[decky.web.settings.ssh]\nroot = '{SECRET}'"),
]  # fmt: skip


def complaint(about: Callable[[], object]) -> str:
    """Everything that a user can see of the error."""
    with pytest.raises(DecnetError) as caught:
        about()
    return json.dumps(error_document(caught.value))


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_no_complaint_about_a_fleet_file_shows_a_password(tmp_path: Path, number: int) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(WRONG[number])
    catalog = load()
    ctx = Context(home=Home(tmp_path / "home"), catalog=catalog, emit=lambda event: None)
    said = complaint(lambda: resolve(read_spec(ctx, file), catalog, rng=Random(1), desired={}))
    assert "fleet.toml:" in said
    assert SECRET not in said


HARMS = [
    ("credentials", [f"root:{SECRET}"]),
    ("credentials", {"root": SECRET}),
    ("services", [f"root:{SECRET}"]),
    ("services", f"root:{SECRET}"),
    ("settings", f"root:{SECRET}"),
    ("settings", {"ssh": [SECRET]}),
    ("seed", SECRET),
]


@pytest.mark.parametrize(("field", "value"), HARMS)
def test_no_complaint_about_a_state_file_shows_a_password(tmp_path: Path, field: str, value: object) -> None:
    decky = {
        "name": "web", "worker": "local", "ip": "192.0.2.100", "mac": "34:e6:d7:1b:77:27", "hostname": "a",
        "os": "linux", "release": "debian-12", "services": {"ssh": {"credentials": f"root:{SECRET}"}},
        "settings": {"ssh": {"credentials": f"root:{SECRET}"}}, "seed": "0" * 32, "spec_hash": "a" * 64,
    }  # fmt: skip
    decky |= {"services": {"ssh": {field: value}}} if field == "credentials" else {field: value}
    fleet = {"schema_version": 1, "fleet_id": "f", "lans": {}, "deckies": {"web": decky}}
    home = Home(tmp_path / "home")
    open_home(home)
    for text in (json.dumps(fleet), json.dumps(fleet)[:-3], json.dumps(fleet, indent=1) + "garbage"):
        home.state.write_text(text)
        said = complaint(lambda: load_fleet(home))
        assert "decnet-state.json" in said
        assert SECRET not in said


def test_a_password_is_in_no_output_audit_record_log_or_job_file(stage: Stage) -> None:
    deploy = ("deploy", "-c", stage.spec(FLEET), "--yes", "--reset-services", "--max-remove", "9")
    said = [stage.decnet("validate", stage.spec(FLEET)), stage.decnet(*deploy, "--dry-run", "-o", "json")]
    said += [stage.decnet(*deploy, "-o", "json")]
    stage.on(stage.place, "docker", "rm", "-f", "web-ssh")
    said += [stage.decnet("reconcile", "--check", "-o", "json", code=3), stage.decnet("reconcile")]
    said += [stage.decnet("mutate", "web", "--services", "http"), stage.decnet("mutate", "web", "--undo")]
    said += [
        stage.decnet("history", "-o", "json"),
        stage.decnet("logs", "web"),
        stage.decnet("doctor", code=None),
    ]
    said += [stage.decnet("status", "-o", "json")]
    assert [each for each in said if SECRET in each.out + each.err] == []
    script = (
        f"cd /var/lib && grep -rl '{SECRET}' decnet decnet-agent; grep -al '{SECRET}' /proc/[0-9]*/cmdline"
    )
    found = stage.on(stage.place, "sh", "-c", script).out.split()
    assert {name for name in found if not name.startswith("/proc/")} == ALLOWED
    # grep's own command line holds it, and the shell's around it.
    assert len([name for name in found if name.startswith("/proc/")]) <= 3
    modes = stage.on(stage.place, "sh", "-c", f"cd /var/lib && stat -c %a {' '.join(sorted(ALLOWED))}").out
    assert modes.split() == ["600"] * len(ALLOWED)
