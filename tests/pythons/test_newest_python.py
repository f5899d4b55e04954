"""decnet on the newest Python that Debian has: it installs, imports, and makes what every Python makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from newest import ROOT, VERSION, Newest

from decnet import __version__
from decnet.images import wanted
from decnet.worker.agent_package import build_agent

IMPORT_ALL = """
import importlib, pkgutil, sys
import decnet
for found in pkgutil.walk_packages(decnet.__path__, "decnet."):
    if not found.name.startswith(("decnet.decoys", "decnet.images.base")) and "__main__" not in found.name:
        importlib.import_module(found.name)
import asyncssh, docker, rich.progress, tinydb
print(len(sys.modules), decnet.__file__)
"""
MADE = """
import json
from decnet.images import wanted
from decnet.worker.agent_package import build_agent
print(json.dumps([build_agent()[1], *wanted().all()]))
"""
TOPOLOGY = """
from random import Random
from decnet.catalog import load
from decnet.plan.topologies.generate import Parameters, generate
from decnet.plan.topologies.hashing import content_hash
print([content_hash(generate(Parameters(depth=4), load(), Random(seed))) for seed in range(50)])
"""
FLEET = """
[network]
addresses = { use = ["192.0.2.200-192.0.2.220"] }

[decky.web]
count = 2
archetype = "web-server"
"""
TESTS = (
    "wire", "catalog", "engine", "console/test_formats.py", "console/test_hostile_text.py",
    "model/test_fleetfile.py", "model/test_schema.py", "store/test_desired.py", "store/test_records.py",
    "worker/test_client.py", "worker/test_hostkeys.py", "worker/test_known_hosts.py", "worker/test_login.py",
    "worker/test_pool.py", "agent/test_program.py", "agent/test_compiled.py",
)  # fmt: skip
"""Where a Python matters: its json, asyncio, typing, zipimport, and the libraries built for it."""


def test_it_is_the_version_that_this_test_is_for(python: Newest) -> None:
    assert python.run("python", "--version").stdout.startswith(f"Python {VERSION}.")


def test_every_module_imports_without_a_warning(python: Newest, tmp_path: Path) -> None:
    ended = python.run("python", "-W", "error", "-c", IMPORT_ALL, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "site-packages" in ended.stdout


def test_agent_and_images_have_the_names_that_every_python_gives_them(python: Newest, tmp_path: Path) -> None:
    """Two operators with different Pythons would replace each other's agents and recreate every decky."""
    ended = python.run("python", "-c", MADE, cwd=tmp_path)
    assert json.loads(ended.stdout) == [build_agent()[1], *wanted().all()]


def test_a_seed_makes_the_topology_that_every_python_makes(python: Newest, tmp_path: Path) -> None:
    usual = subprocess.run(
        [sys.executable, "-c", TOPOLOGY], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert python.run("python", "-c", TOPOLOGY, cwd=tmp_path).stdout == usual.stdout


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--version",), f"decnet {__version__}"),
        (("--help",), "deploy"),
        (("services",), "redis"),
        (("schema",), '"decky"'),
        (("validate", "fleet.toml"), "2 deckies"),
        (("config", "show"), "DECNET_HOME"),
        (("worker", "list"), "no workers"),
        (("completion", "bash"), "complete"),
    ],
)
def test_commands_work_without_a_warning(
    python: Newest, tmp_path: Path, words: tuple[str, ...], shown: str
) -> None:
    (tmp_path / "fleet.toml").write_text(FLEET)
    own = {"DECNET_HOME": str(tmp_path / "home"), "PYTHONWARNINGS": "error"}
    ended = python.run("decnet", *words, environment=own, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert shown in ended.stdout


def test_its_own_tests_pass(python: Newest) -> None:
    chosen = [f"tests/{name}" for name in TESTS]
    kind = "not lab and not slow and not soak and not engines"
    words = ("-m", "pytest", "-p", "no:cacheprovider", "-m", kind, *chosen)
    # What hypothesis takes for a machine that is busy with other things: no limit on the time of an example.
    ended = python.run("python", *words, environment={"CI": "true"}, cwd=ROOT)
    assert ended.returncode == 0, ended.stdout[-6000:]
