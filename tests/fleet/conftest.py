"""One lab with three workers for all tests of a fleet; it is taken down at the end, whatever happened."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet.lab import Lab, down, provide_images, up

# pytest's import mode leaves it to us to find the module that the tests of this folder share.
sys.path.insert(0, str(Path(__file__).parent))

from three_workers import ENGINES, NINE, WORKERS, Company  # noqa: E402

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.session.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Three workers, of which only w1 has the decoy images, and an operator who has them; none is
    enrolled."""
    # Always in the same folder: what a killed run left is found there, and taken down first.
    lab = Lab(os.environ.get("FAULTS_LAB", "flt"))
    down(lab)
    try:
        up(lab, workers=1, operator_engine=True, engines=ENGINES)
        provide_images(lab, lambda line: None, operator=True)
        up(lab, workers=len(WORKERS), engines=ENGINES)
        yield Company(lab, "operator", tmp_path_factory.mktemp("fleet"))
    finally:
        down(lab)


@pytest.fixture
def strangers(company: Company) -> Company:
    """Three machines that know no fleet, and an operator who has none."""
    for folder in (company.home, *(company.agent(worker) for worker in WORKERS)):
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for worker in WORKERS:
        _keep_operators_key(company, worker)
    return company


@pytest.fixture
def enrolled(company: Company) -> Company:
    """All three workers enrolled."""
    if any(name not in company.notes for name in WORKERS):
        company.enrol()
        company.notes.update()
    return company


@pytest.fixture
def fleet(company: Company, request: pytest.FixtureRequest) -> Company:
    """Nine deckies on three workers. A test leaves it so; after a failed one it is repaired."""
    stash = request.session.stash
    fresh = "deploy" not in company.notes
    if fresh or stash.get(FAILED, False) or company.notes.pop("astray", ""):
        stash[FAILED] = False
        company.mend()
        company.enrol()
        since = company.on("w1", "date", "+%s.%N").out.strip()
        company.deploy(NINE, "--reset-services", "--max-remove", "99", "--supersede", "--again")
        if fresh:
            _note_first(company, since)
    return company


def _note_first(company: Company, since: str) -> None:
    """What each engine was given by the first deploy; an engine remembers its last 256 events only."""
    company.notes["deploy"] = since
    for worker in WORKERS:
        argv = ["docker", "events", "--since", since, "--until", "0s", "--filter", "type=image"]
        shown = company.on(worker, *argv, "--filter", "event=load", "--format", "{{.ID}}")
        company.notes[f"loaded {worker}"] = " ".join(sorted(shown.out.split()))


def _keep_operators_key(company: Company, worker: str) -> None:
    path = company.machine(worker) / "ssh" / "authorized_keys"
    path.write_bytes(
        b"".join(line for line in path.read_bytes().splitlines(keepends=True) if b"gate" not in line)
    )
