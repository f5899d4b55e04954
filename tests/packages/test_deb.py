"""The Debian package: what it contains, its upgrade while commands run, and what removing it leaves."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import ROOT, checked
from links import broken_links
from machine import Machine
from theatre import eventually

from decnet.lab import Lab, down, provide_images, up

pytestmark = pytest.mark.slow

TIMERS = [f"decnet-{each}.timer" for each in ("reconcile", "mutate", "events")]
CACHE = "/var/cache/decnet/*"
FLEET = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.110"] }

[decky.web]
services = ["http"]
"""


@pytest.fixture(scope="module")
def earlier(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's previous version: the same program, packed differently, so that its hash differs."""
    folder = tmp_path_factory.mktemp("earlier")
    tree, built = folder / "tree", folder / "decnet_0.1.9-1_all.deb"
    checked("dpkg-deb", "-R", str(deb), str(tree))
    program, postinst, control = tree / "usr/bin/decnet", tree / "DEBIAN/postinst", tree / "DEBIAN/control"
    whole = program.read_bytes()
    start = whole.index(b"\x1f\x8b")
    packed = gzip.compress(gzip.decompress(whole[start:]), compresslevel=1, mtime=0)
    [content] = re.findall(rb"place=\$cache/(\w{16})\n", whole[:start])
    other = hashlib.sha256(packed).hexdigest()[:16].encode()
    program.write_bytes(whole[:start].replace(content, other) + packed)
    postinst.write_bytes(postinst.read_bytes().replace(content, other))
    control.write_text(re.sub(r"^Version: .*", "Version: 0.1.9-1", control.read_text(), flags=re.M))
    checked("dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(built))
    return built


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    found = Lab("pkd")
    down(found)
    try:
        up(found, workers=1)
        provide_images(found, lambda line: None)
        yield found
    finally:
        down(found)


@pytest.fixture
def machine(lab: Lab, earlier: Path, deb: Path, tmp_path: Path) -> Iterator[Machine]:
    found = Machine(lab, tmp_path)
    found.boot()
    found.put(earlier, "/srv/earlier.deb")
    found.put(deb, "/srv/decnet.deb")
    (tmp_path / "fleet.toml").write_text(FLEET)
    found.put(tmp_path / "fleet.toml", "/home/ada/fleet.toml")
    yield found
    found.halt()


def test_it_contains_the_program_and_what_belongs_to_it(deb: Path, single_file: Path, tmp_path: Path) -> None:
    checked("dpkg-deb", "-x", str(deb), str(tmp_path))
    units = {path.name: path.read_text() for path in (tmp_path / "usr/lib/systemd/system").iterdir()}
    assert units == {
        path.name: path.read_text().replace("/usr/local/bin/", "/usr/bin/")
        for path in (ROOT / "docs" / "systemd").iterdir()
    }
    assert {path: (tmp_path / path).read_bytes() for path in SAME} == {
        path: (single_file if path == "usr/bin/decnet" else ROOT / source).read_bytes()
        for path, source in SAME.items()
    }
    assert (
        gzip.decompress((tmp_path / "usr/share/man/man1/decnet.1.gz").read_bytes())
        == (ROOT / "docs" / "decnet.1").read_bytes()
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "usr"]
    pages = sorted((tmp_path / "usr/share/doc/decnet").rglob("*.md"))
    assert (len(pages) > 30, {page.name: broken_links(page) for page in pages if broken_links(page)}) == (
        True,
        {},
    )


SAME = {
    "usr/bin/decnet": "dist/decnet",
    "usr/share/bash-completion/completions/decnet": "completions/decnet.bash",
    "usr/share/zsh/vendor-completions/_decnet": "completions/_decnet",
    "usr/share/fish/vendor_completions.d/decnet.fish": "completions/decnet.fish",
    "usr/share/doc/decnet/examples/cron.d/decnet": "docs/cron.d/decnet",
    "usr/share/doc/decnet/docs/install.md": "docs/install.md",
}


def test_the_same_sources_give_the_same_bytes(deb: Path, tmp_path: Path) -> None:
    kept = shutil.copy(deb, tmp_path / "kept.deb")
    checked("sh", "-c", f"umask 077; exec {sys.executable} {ROOT}/packaging/deb.py")
    assert deb.read_bytes() == Path(kept).read_bytes()


@pytest.mark.parametrize(
    ("python", "debian"),
    [
        ("0.2.0.dev0", "0.2.0~dev0-1"),
        ("0.2.0rc1", "0.2.0~rc1-1"),
        ("0.2.0", "0.2.0-1"),
        ("0.3.0b2", "0.3.0~b2-1"),
    ],
)
def test_a_version_before_a_release_sorts_before_it(python: str, debian: str) -> None:
    program = (
        "import sys; sys.path.insert(0, 'packaging'); from deb import debian_version; "
        f"print(debian_version({python!r}))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert shown.stdout == f"{debian}\n"
    assert python == "0.2.0" or not subprocess.call(
        ["dpkg", "--compare-versions", debian, "lt", f"{python[:5]}-1"]
    )


@pytest.mark.lab
def test_nothing_runs_and_no_timer_is_enabled(machine: Machine) -> None:
    machine.types("sudo apt install /srv/decnet.deb")
    assert machine.ada(f"systemctl is-enabled {' '.join(TIMERS)}").out.split() == ["disabled"] * 3
    verified = machine.run("sh", "-c", "systemd-analyze verify /usr/lib/systemd/system/decnet-*")
    assert (verified.code, verified.err) == (0, "")
    assert machine.found(CACHE) == []
    loaded = (
        "source /usr/share/bash-completion/bash_completion; _completion_loader decnet; complete -p decnet"
    )
    assert "decnet" in machine.run("bash", "-c", loaded).out
    assert "decnet - " in machine.types("man decnet")


@pytest.mark.lab
def test_it_is_upgraded_while_a_command_runs(machine: Machine) -> None:
    machine.types("sudo apt install /srv/earlier.deb")
    machine.decnet("deploy -c fleet.toml --yes")
    containers, [earlier] = machine.containers(), machine.found(CACHE)
    following = subprocess.Popen(
        machine.argv("decnet", "events", "--follow", "-o", "jsonl"),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        eventually(lambda: f"{earlier}/bin" in machine.run("sh", "-c", "readlink /proc/[0-9]*/exe").out)
        machine.types("sudo apt install /srv/decnet.deb")
        assert machine.decnet("reconcile --check").code == 0
        now = set(machine.found(CACHE))
        assert (len(now), earlier in now, following.poll()) == (2, True, None)
    finally:
        following.send_signal(signal.SIGINT)
        said = following.communicate(timeout=60)[1]
    assert "Traceback" not in said, said
    machine.types("sudo apt install --reinstall /srv/decnet.deb")
    assert machine.found(CACHE) == sorted(now - {earlier})
    machine.decnet("reconcile")
    assert machine.containers() == containers


@pytest.mark.lab
def test_remove_and_purge_leave_the_fleet_and_report_it(machine: Machine) -> None:
    machine.types("sudo apt install /srv/decnet.deb")
    assert "kept" not in machine.types("sudo apt remove decnet")
    machine.types("sudo apt install /srv/decnet.deb")
    machine.decnet("deploy -c fleet.toml --yes")
    machine.types(f"sudo systemctl enable {' '.join(TIMERS)}")
    containers, state = machine.containers(), machine.run("cat", "/var/lib/decnet/decnet-state.json").out

    removed = machine.types("sudo apt remove decnet")
    assert "decnet: deckies keep running on their workers, and /var/lib/decnet is kept." in removed
    assert len(machine.found("/etc/systemd/system/timers.target.wants/decnet-*")) == 3
    purged = machine.types("sudo apt purge decnet")
    assert re.findall(r"decnet: (\S+) is kept", purged) == ["/var/lib/decnet", "/var/lib/decnet-agent"]
    assert machine.found("/var/cache/decnet", "/etc/systemd/system/*/decnet*", "/usr/*/decnet*") == []
    assert machine.containers() == containers

    # Installed again, it continues with that fleet.
    machine.types("sudo apt install /srv/decnet.deb")
    machine.decnet("reconcile --check")
    assert json.loads(machine.run("cat", "/var/lib/decnet/decnet-state.json").out) == json.loads(state)
