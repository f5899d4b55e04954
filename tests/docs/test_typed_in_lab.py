"""Every command of the pages that need a practice network, typed in order on its machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from docs.places import on_machine, renew, with_own_lab
from docs.reader import Count, Reader, settings

from decnet.lab import Lab, down, provide_images, up

pytestmark = [pytest.mark.lab, pytest.mark.slow]

WORKERS = ["w1", "w2"]
OWN = {page: setting for page, setting in settings().items() if setting.place == "lab"}
SHARED = {page: setting for page, setting in settings().items() if setting.place not in ("here", "lab")}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Two workers with the decoy images, and an operator."""
    shared = Lab("docs", tmp_path_factory.mktemp("docs"))
    down(shared)
    try:
        up(shared, workers=len(WORKERS))
        provide_images(shared, lambda line: None)
        yield shared
    finally:
        down(shared)


@pytest.mark.parametrize("page", SHARED)
def test_the_commands_of_a_page_do_what_it_shows(page: str, lab: Lab, tmp_path: Path, count: Count) -> None:
    renew(lab, WORKERS)
    setting = SHARED[page]
    folders = {"lab": str(lab.folder)}
    reader = Reader(page, lambda machine: on_machine(lab, machine or setting.place, tmp_path), count, folders)
    problems = reader.type_page(setting.before)
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize("page", OWN)
def test_the_commands_of_a_page_about_the_lab_do_what_it_shows(
    page: str, tmp_path: Path, count: Count
) -> None:
    own = Lab("docsown", tmp_path / "labs" / "docsown")
    down(own)
    try:
        reader = Reader(page, lambda machine: with_own_lab(tmp_path, own.name), count)
        problems = reader.type_page(OWN[page].before)
    finally:
        down(own)
    assert not problems, "\n\n".join(problems)
