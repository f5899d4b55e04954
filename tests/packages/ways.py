"""The ways to install decnet, as the pages show them: every command line comes from a page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from building import ROOT
from docs.pages import Command, steps
from machine import Machine


@dataclass(frozen=True)
class Way:
    """`heading` and `start` find its commands in docs/install.md, `row` those in the other pages' tables."""

    name: str
    heading: str
    start: str
    row: str
    manual: str
    """Shows the manual page's path."""
    removal: str
    """How `decnet uninstall` says that the program is removed."""

    def install(self, machine: Machine) -> None:
        for line in self.install_lines():
            machine.types(line)

    def install_lines(self) -> list[str]:
        """The commands of the section's block that has one with this start; apt has nothing to fetch here."""
        lines = [
            line
            for block in console_blocks(self.heading)
            if any(self.start in line for line in block)
            for line in block
        ]
        assert lines, self
        return [line for line in lines if not line.startswith("sudo apt install p")]

    def replace(self, machine: Machine) -> None:
        """Put the program that is in ~/dist in the place of the installed one, as docs/upgrade.md shows."""
        [line] = table_commands("upgrade", self.row)
        machine.types(line)

    def remove(self, machine: Machine) -> list[str]:
        """Remove the program as docs/uninstall.md shows. What each command printed."""
        return [machine.types(line) for line in table_commands("uninstall", self.row)]


WAYS = {
    way.name: way
    for way in (
        Way(
            "pipx",
            "Wheel",
            "PIPX_HOME",
            "pipx with `PIPX_HOME`",
            "ls /opt/pipx/venvs/decnet/share/man/man1/decnet.1",
            "pipx uninstall decnet",
        ),
        Way(
            "pip",
            "Wheel",
            "-m venv",
            "pip",
            "ls /opt/decnet-venv/share/man/man1/decnet.1",
            "rm -rf /opt/decnet-venv",
        ),
        Way("deb", "Debian package", "apt install", "Debian package", "man -w decnet", "apt purge decnet"),
        Way(
            "single",
            "Single file",
            "install -m 755",
            "single file",
            "true",
            "rm -rf /usr/local/bin/decnet /var/cache/decnet",
        ),
    )
}


def console_blocks(heading: str) -> list[list[str]]:
    """The commands of each console block below a heading of docs/install.md."""
    text = (ROOT / "docs" / "install.md").read_text()
    [section] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    found = re.findall(r"```console\n.*?```", section, re.S)
    return [[step.text for step in steps("install", block) if isinstance(step, Command)] for block in found]


def table_commands(page: str, row: str) -> list[str]:
    """The command of each row of a page's table that begins with this cell."""
    text = (ROOT / "docs" / f"{page}.md").read_text()
    found = re.findall(rf"^\| {re.escape(row)} \| `([^`]+)` \|", text, re.M)
    assert found, (page, row)
    return list(found)
