"""The single file: made from these sources, run from an empty folder with an empty environment."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from decnet import __version__
from decnet.images.names import wanted
from decnet.lab import Lab, down, provide_images, run_argv, up
from decnet.worker.agent_package import build_agent

pytestmark = pytest.mark.slow

FLEET = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.110"] }
[decky.web]
services = ["http"]
"""


@pytest.fixture(scope="module")
def built(single_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what `make binary` makes, alone in a folder."""
    copied = tmp_path_factory.mktemp("elsewhere") / "decnet"
    copied.write_bytes(single_file.read_bytes())
    copied.chmod(0o755)
    return copied


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "decnet"


def run(built: Path, cache: Path, *words: str) -> subprocess.CompletedProcess[str]:
    folder = built.parent / "empty"
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [built, *words],
        cwd=folder,
        env={"DECNET_CACHE": str(cache), "DECNET_HOME": str(built.parent / "home")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_many_at_once_on_a_new_machine_all_work(built: Path, cache: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        ends = list(threads.map(lambda _: run(built, cache, "--version"), range(6)))
    assert [(end.returncode, end.stdout, end.stderr) for end in ends] == [
        (0, f"decnet {__version__}\n", "")
    ] * 6
    assert len(list(cache.iterdir())) == 1


def test_it_carries_catalog_agent_and_the_sources_of_the_decoys(built: Path, cache: Path) -> None:
    (built.parent / "empty" / "fleet.toml").write_text(FLEET)
    assert run(built, cache, "validate", "fleet.toml").stdout == "fleet.toml: 1 decky, 1 service: valid\n"
    [place] = cache.iterdir()
    packages = next(place.glob("lib/python3.*/site-packages"))
    program = (
        f"import sys; sys.path.append({str(packages)!r});"
        "from decnet.worker.agent_package import build_agent;"
        "from decnet.images.names import wanted; print(build_agent()[1], *wanted().all())"
    )
    [python] = place.glob("bin/python3.*")
    done = subprocess.run(
        [python, "-I", "-S", "-c", program], env={}, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == [build_agent()[1], *wanted().all()]
    assert list(packages.glob("decnet/images/wheelhouse/cryptography-*.whl"))


def test_it_knows_how_it_is_removed(built: Path, cache: Path) -> None:
    said = run(built, cache, "uninstall", "--dry-run", "-o", "json")
    assert json.loads(said.stdout)["by_hand"][-1] == f"the program: rm -rf {built} {cache}"


def test_a_copy_that_is_cut_off_is_noticed_although_its_cache_is_complete(
    built: Path, cache: Path, tmp_path: Path
) -> None:
    assert run(built, cache, "--version").returncode == 0
    file, whole = tmp_path / "decnet", built.read_bytes()
    script = whole.index(b"\x1f\x8b")
    lengths = [len(whole) - 1, len(whole) // 2, script + 1, script, *range(script - 1, 11, -101)]
    for length in lengths:
        file.write_bytes(whole[:length])
        file.chmod(0o755)
        ended = run(file, cache, "--version")
        assert (ended.returncode == 0, ended.stdout, bool(ended.stderr)) == (False, "", True), length
    file.write_bytes(whole)
    assert run(file, cache, "--version").returncode == 0


@pytest.mark.parametrize("damage", ["cut off", "replaced"])
def test_a_damaged_file_is_refused_and_leaves_nothing(built: Path, tmp_path: Path, damage: str) -> None:
    whole = built.read_bytes()
    start = whole.index(b"\x1f\x8b")
    other = gzip.compress(gzip.decompress(whole[start:]), compresslevel=1)
    file = tmp_path / "decnet"
    file.write_bytes({"cut off": whole[: len(whole) // 2], "replaced": whole[:start] + other}[damage])
    file.chmod(0o755)
    said = run(file, tmp_path / "cache", "--version")
    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        f"error: {file} is damaged: cut off, or replaced while it started",
        "hint: run it again, or else copy it again",
    ]
    assert list(tmp_path.glob("cache/*")) == []


def test_a_cache_that_is_not_a_folder_or_has_another_owner_is_refused(
    built: Path, cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert "error: the directory" in run(built, tmp_path / "file", "--version").stderr
    assert "is not an absolute path" in run(built, Path("here"), "--version").stderr
    if os.getuid() == 0:
        [place] = cache.iterdir()
        os.chown(place, 65534, 65534)
        said = run(built, cache, "--version")
        os.chown(place, 0, 0)
        assert said.stderr.startswith(f"error: {place} belongs to another user\n")


@pytest.fixture
def lab() -> Iterator[Lab]:
    found = Lab("bin")
    down(found)
    up(found, workers=1)
    provide_images(found, lambda text: None)
    yield found
    down(found)


@pytest.mark.lab
def test_it_deploys_on_a_real_worker_with_an_empty_environment(built: Path, cache: Path, lab: Lab) -> None:
    folder = built.parent / "empty"
    (folder / "fleet.toml").write_text(FLEET)

    def decnet(*words: str) -> str:
        empty = ["env", "-i", "-C", str(folder), f"DECNET_CACHE={cache}", str(built), *words]
        done = subprocess.run(
            run_argv(lab, "w1", empty), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done
        return done.stdout

    assert "deploy: 1 done" in decnet("deploy", "-c", "fleet.toml", "--yes")
    assert decnet("reconcile", "--quiet") == ""
    seen = subprocess.run(
        run_argv(lab, "attacker", ["curl", "-s", "-m", "10", "http://192.0.2.100/"]),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert seen.stdout
    assert "request" in decnet("events", "--pull")
    assert "teardown: 1 done" in decnet("teardown", "--all", "--yes", "--max-remove", "1")
