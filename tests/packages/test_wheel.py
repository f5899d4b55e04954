"""The wheel: what it contains, and that it works away from the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from building import ROOT, checked
from links import broken_links

from decnet import __version__
from decnet.cli.shells import SCRIPTS
from decnet.images.names import wanted
from decnet.worker.agent_package import build_agent

SHARED = {
    "share/man/man1/decnet.1": "docs/decnet.1",
    "share/bash-completion/completions/decnet.bash": "completions/decnet.bash",
    "share/zsh/site-functions/_decnet": "completions/_decnet",
    "share/fish/vendor_completions.d/decnet.fish": "completions/decnet.fish",
    "share/doc/decnet/README.md": "README.md",
    "share/doc/decnet/NOTICE": "NOTICE",
    "share/doc/decnet/CHANGELOG.md": "CHANGELOG.md",
    "share/doc/decnet/constraints.txt": "constraints.txt",
    "share/doc/decnet/cron.d/decnet": "docs/cron.d/decnet",
    **{
        f"share/doc/decnet/systemd/{unit.name}": f"docs/systemd/{unit.name}"
        for unit in (ROOT / "docs" / "systemd").iterdir()
    },
    **{
        f"share/doc/decnet/{page.relative_to(ROOT)}": str(page.relative_to(ROOT))
        for pattern in ("*.md", "*.svg", "internals/*.md", "performance/*", "systemd/*", "cron.d/*")
        for page in (ROOT / "docs").glob(pattern)
    },
}
FLEET = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.110"] }
[decky.web]
archetype = "web-server"
"""


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and with the packages that these tests use but not their decnet."""
    folder = tmp_path_factory.mktemp("venv") / "venv"
    venv.create(folder)
    [packages] = folder.glob("lib/python3.*/site-packages")
    # A path that comes from a .pth file has no .pth files itself: this repository is not among them.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = str(folder / "bin" / "python")
    pip = (sys.executable, "-m", "pip", "--quiet", "--python", python, "install", "--no-index", "--no-deps")
    checked(*pip, str(wheel))
    return folder


def run(installed: Path, *words: str, program: str = "decnet") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [installed / "bin" / program, *words], capture_output=True, text=True, timeout=120, check=False,
        cwd=installed.parent, env={"PATH": os.environ["PATH"], "DECNET_HOME": str(installed.parent / "home")},
    )  # fmt: skip


def test_it_has_every_file_of_the_program(wheel: Path) -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "decnet").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.startswith("decnet/")} == sources


def test_it_brings_manual_completions_and_units(installed: Path) -> None:
    found = {
        path.relative_to(installed).as_posix(): path.read_text()
        for path in (installed / "share").rglob("*")
        if path.is_file()
    }
    assert found == {path: (ROOT / source).read_text() for path, source in SHARED.items()}


def test_its_pages_link_to_what_it_brings(installed: Path) -> None:
    pages = sorted((installed / "share/doc/decnet").rglob("*.md"))
    assert (len(pages) > 30, {page.name: broken_links(page) for page in pages if broken_links(page)}) == (
        True,
        {},
    )


def test_it_builds_the_same_agent_and_images(installed: Path) -> None:
    program = (
        "import decnet; from decnet.worker.agent_package import build_agent;"
        "from decnet.images.names import wanted; print(decnet.__file__, build_agent()[1], *wanted().all())"
    )
    place, *same = run(installed, "-c", program, program="python").stdout.split()
    assert place.startswith(str(installed))
    assert same == [build_agent()[1], *wanted().all()]


def test_its_commands_read_what_it_brings(installed: Path) -> None:
    (installed.parent / "fleet.toml").write_text(FLEET)
    assert run(installed, "--version").stdout == f"decnet {__version__}\n"
    assert run(installed, "validate", "fleet.toml").stdout.startswith("fleet.toml: 1 decky, ")
    assert run(installed, "completion", "zsh").stdout.strip() == SCRIPTS["zsh"].strip()
    for words in (
        ("services",),
        ("archetypes",),
        ("schema",),
        ("config", "show"),
        ("lab", "--help"),
        ("status", "--help"),
    ):
        said = run(installed, *words)
        assert (said.returncode, said.stderr, bool(said.stdout)) == (0, "", True), (words, said)
    findings = run(installed, "doctor", "-o", "json")
    assert ("local" in {each["name"] for each in json.loads(findings.stdout)}, findings.stderr) == (True, "")
