"""Every page shows commands, files and output in one way, so that all of its commands can be found."""

from __future__ import annotations

import pytest
from docs.pages import Command, WrittenFile, all_pages, problems, read, steps

PAGE = """\
Write `fleet.toml`:

```toml fleet.toml
[decky.web]
```

```console
$ decnet deploy \\
>     --dry-run
plan: 1 create
w1# docker ps   # the containers
```
"""


@pytest.mark.parametrize("page", all_pages())
def test_a_page_has_no_command_outside_of_a_console_block(page: str) -> None:
    assert problems(page, read(page)) == []


def test_a_page_is_read_in_its_order() -> None:
    assert steps("p", PAGE) == [
        WrittenFile("p", 4, "fleet.toml", "[decky.web]\n"),
        Command("p", 8, "", "decnet deploy \\\n    --dry-run", ["plan: 1 create"]),
        Command("p", 11, "w1", "docker ps   # the containers"),
    ]
    assert problems("p", PAGE) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Then:\n\n    decnet status\n", "p:3: an indented block; use a fenced one"),
        ("- One:\n\n      decnet status\n", "p:3: an indented block; use a fenced one"),
        ("```sh\ndecnet status\n```\n", "p:2: a script without a name; commands go into a console block"),
        ("```text\ndecnet status\n```\n", "p:2: a command outside of a console block: decnet status"),
        ("```json\n$ decnet status\n```\n", "p:2: a command outside of a console block: $ decnet status"),
        ("```toml fleet.toml\n```\n", "p:2: the text above does not name `fleet.toml`"),
        ("```console\n$ decnet lab up\n```\n", "p:2: decnet lab needs root: sudo"),
    ],
)
def test_what_is_not_in_the_convention_is_reported(text: str, problem: str) -> None:
    assert problems("p", text) == [problem]


@pytest.mark.parametrize("opening", ["```", "```bash", "```console\nno prompt"])
def test_a_block_of_another_kind_is_reported(opening: str) -> None:
    assert len(problems("p", f"{opening}\n```\n")) == 1
