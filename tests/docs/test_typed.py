"""Every command of the pages that need no practice network, typed in order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from docs.pages import all_pages
from docs.places import cut_off
from docs.reader import Count, Reader, commands_of, exceptions, settings

HERE = {page: setting for page, setting in settings().items() if setting.place == "here"}


@pytest.mark.skipif(os.geteuid() != 0, reason="cutting off the network needs root")
@pytest.mark.parametrize("page", HERE)
def test_the_commands_of_a_page_do_what_it_shows(page: str, tmp_path: Path, count: Count) -> None:
    problems = Reader(page, lambda machine: cut_off(tmp_path), count).type_page(HERE[page].before)
    assert not problems, "\n\n".join(problems)


def test_each_command_that_is_not_run_is_on_its_page() -> None:
    there = [command for page in all_pages() for command in commands_of(page)]
    assert [listed for listed in exceptions() if not any(map(listed.covers, there))] == []
    assert [listed for listed in exceptions() if len(listed.reason) < 20] == []


def test_each_page_with_commands_has_a_place() -> None:
    assert sorted(settings()) == [page for page in all_pages() if commands_of(page)]
