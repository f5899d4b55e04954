"""What the pages show can be typed, what they link to is there, what they tabulate is what the code does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from docs.pages import Command, steps
from links import broken_links

from decnet.agent.program import OVER_THE_GATE, VERBS
from decnet.cli import app
from decnet.worker.envelope import AGENT_ERRORS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
WRITTEN = [page for page in PAGES if page.name not in ("commands.md", "CHANGELOG.md")]
LAB_DOERS = {("lab", "run"), ("lab", "attack"), ("lab", "operator")}


def shown_commands(page: Path) -> Iterator[tuple[int, list[str]]]:
    """Every `decnet ...` of the page's text and of its console blocks, as line number and arguments."""
    text = page.read_text()
    for step in steps(page.name, text):
        if isinstance(step, Command):
            typed = step.text.replace("\\\n", "").removeprefix("sudo ").split(";")[0].split(" #")[0]
            if typed.startswith("decnet "):
                yield step.line, shlex.split(typed.split(" | ")[0])[1:]
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        for inline in [] if fenced else re.findall(r"`decnet ([^`]*)`", line):
            yield number, shlex.split(inline.split(" | ")[0])


def problem_with(arguments: list[str]) -> str:
    """Why the command line could not have been typed; "" where it could."""
    command = typer.main.get_command(app.app)
    path: list[str] = []
    rest = list(arguments)
    while hasattr(command, "commands"):
        if not rest or rest[0].startswith("-"):
            break
        if rest[0] not in command.commands:
            return f"there is no command {' '.join([*path, rest[0]])}"
        command = command.commands[rest[0]]
        path.append(rest.pop(0))
    if tuple(path) in LAB_DOERS:
        return problem_with(rest[1:]) if rest[:1] == ["decnet"] else ""
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"-h", "--help"}
    for word in rest:
        option = word.split("=")[0]
        if re.fullmatch(r"-{1,2}[A-Za-z][\w-]*", option) and option not in known:
            return f"{' '.join(path)} has no option {option}"
    return ""


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_can_be_typed(page: Path) -> None:
    wrong = [
        f"{page.name}:{number}: {why}" for number, argv in shown_commands(page) if (why := problem_with(argv))
    ]
    assert wrong == []


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert problem_with(["deploy", "--no-such"]) == "deploy has no option --no-such"
    assert problem_with(["lab", "run", "decnet", "nothing"]) == "there is no command nothing"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert broken_links(page) == []


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One `thing`\n")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md#one-thing) [b](other.md#two) [c](gone.md) [d](https://example.com/x)\n")
    assert broken_links(page) == ["other.md#two", "gone.md"]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_every_file_of_the_repository_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`((?:decnet|tests|docs)/[\w./*-]+)`", page.read_text())
    assert [path for path in named if not list(ROOT.glob(path))] == []


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text()
    pages = [page.relative_to(ROOT).as_posix() for page in PAGES if page.is_relative_to(ROOT / "docs")]
    assert [page for page in pages if f"({page}" not in readme] == []


def test_the_protocol_page_names_every_verb_and_every_error() -> None:
    page = (ROOT / "docs" / "internals" / "protocol.md").read_text()
    first_cells = {
        name for row in re.findall(r"^\| (`[^|]*) \|", page, re.M) for name in re.findall(r"`([a-z-]+)`", row)
    }
    assert set(VERBS) - first_cells == set()
    assert set(AGENT_ERRORS) - first_cells == set()
    assert "`enrol` | gives it its identity; not over the gate" in page
    assert frozenset(VERBS) - OVER_THE_GATE == {"enrol"}
