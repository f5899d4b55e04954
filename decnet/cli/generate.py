"""Write the generated files: completions, command reference, manual page, troubleshooting page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from decnet.cli.app import app
from decnet.cli.manual import bounds_in_words, manual
from decnet.cli.shells import SCRIPTS
from decnet.cli.tree import encoded
from decnet.cli.troubleshooting import troubleshooting
from decnet.commands.timers import documented

ROOT = Path(__file__).resolve().parents[2]
SHELLS = {"bash": "decnet.bash", "zsh": "_decnet", "fish": "decnet.fish"}


def generated() -> dict[Path, str]:
    """Every generated file with its current text."""
    return {
        **{ROOT / "completions" / name: SCRIPTS[shell] for shell, name in SHELLS.items()},
        ROOT / "decnet" / "cli" / "tree.json": encoded(),
        ROOT / "docs" / "commands.md": reference(),
        ROOT / "docs" / "decnet.1": manual(),
        ROOT / "docs" / "troubleshooting.md": troubleshooting(),
        **{ROOT / "docs" / name: text for name, text in documented().items()},
    }


def reference() -> str:
    """The command reference in Markdown, from the commands' own help."""
    command = typer.main.get_command(app)
    parts = [
        "# Commands",
        "Generated from the commands' help by `make generate`.",
        *_sections(command, ["decnet"]),
    ]
    return "\n\n".join(parts).rstrip() + "\n"


def _sections(command: Any, path: list[str]) -> list[str]:
    context = typer.Context(command, info_name=" ".join(path))
    subcommands = getattr(command, "commands", {})
    found: list[str] = []
    if not subcommands or command.invoke_without_command:
        found = [f"## {' '.join(path)}", (command.help or "").strip(), _usage(command, context)]
    for name in subcommands:
        found += _sections(subcommands[name], [*path, name])
    return found


def _usage(command: Any, context: Any) -> str:
    rows = [record for p in command.params if (record := p.get_help_record(context))]
    lines = [command.get_usage(context).replace("Usage: ", "    ")]
    if rows:
        lines.append("")
        lines += [f"- `{left}`: {_cell(right)}" for left, right in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return bounds_in_words(" ".join(text.split()))


def main() -> int:
    """Write the files; with --check only report which are out of date (exit 1)."""
    stale = [path for path, text in generated().items() if not path.is_file() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            typer.echo(f"{path.relative_to(ROOT)} is not current: make generate", err=True)
        return 1 if stale else 0
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
