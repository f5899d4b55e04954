"""The manual page, from the commands' own help."""

from __future__ import annotations

import re
from typing import Any

import typer

from decnet import __version__
from decnet.cli.app import app

EXIT_CODES = (
    ("0", "Done."),
    ("1", "Failed."),
    ("2", "Bad usage or bad input; nothing was changed."),
    ("3", "Drift: changes are pending (reconcile --check, status --detailed-exitcode)."),
    ("4", "Some deckies or workers failed; the rest is done."),
    ("5", "A worker was unreachable; the rest is done."),
    ("6", "Trust refused: a host key, an identity or a hash is not the expected one."),
    ("75", "Another decnet command holds the lock."),
    ("130", "Interrupted."),
)

ENVIRONMENT = (
    (
        "DECNET_HOME",
        "The folder of the fleet. Default: /var/lib/decnet for root, else ~/.local/state/decnet.",
    ),
    ("DECNET_AGENT_HOME", "The folder of the agent on this machine. Default: /var/lib/decnet-agent."),
    ("DECNET_DOCKER_SOCKET", "The socket of the Docker engine. Default: /var/run/docker.sock."),
    ("DECNET_CACHE", "Where the single file unpacks itself. Default: /var/cache/decnet for root."),
    ("NO_COLOR", "No colours, whatever its value."),
)

FILES = (
    ("decnet-state.json", "What is desired; may be edited by hand."),
    ("fleet.json", "The workers."),
    ("records/", "What is known of each worker."),
    ("known_hosts", "The pinned host keys."),
    ("keys/", "The fleet's own key."),
    ("events/", "What attackers did."),
    ("catalog/", "Your own services and archetypes."),
    ("audit.jsonl", "Who changed what."),
)

DESCRIPTION = """\
decnet deploys a deception network: decoy hosts ("deckies") on a LAN, each with its own IP and MAC address,
made of containers that imitate services. No legitimate user has a reason to connect to them, so every
connection is worth an alert. This command is the whole control plane: it keeps its state in files, reaches
each worker over SSH with a pinned host key, and pulls."""

PLAN = "decnet deploy -n 3 --archetype linux-server --dry-run"
EXAMPLES = (
    (
        "Preview and deploy three deckies on this machine:",
        (PLAN, "decnet deploy -n 3 --archetype linux-server"),
    ),
    (
        "A fleet from a file, on another machine:",
        ("decnet worker add w1 root@198.51.100.11", "decnet deploy -c fleet.toml"),
    ),
    (
        "The fleet, attackers' events, and problems:",
        ("decnet status", "decnet events --follow", "decnet doctor"),
    ),
    ("From cron:", ("decnet reconcile --quiet --jitter 20 --deadline 240",)),
)


def manual() -> str:
    """The text of decnet.1, for man(1)."""
    command = typer.main.get_command(app)
    lines = [
        ".\\\" Generated from the commands' help by `make generate`.",
        f'.TH DECNET 1 "" "decnet {__version__}" "User Commands"',
        # No hyphenation by the formatter: users copy names and paths.
        ".nh",
        ".ad l",
        ".SH NAME",
        "decnet \\- decoy hosts on a real LAN",
        ".SH SYNOPSIS",
        ".B decnet",
        "\\fICOMMAND\\fR [\\fIOPTIONS\\fR]",
        ".br",
        ".B decnet",
        "\\fICOMMAND\\fR \\fB\\-\\-help\\fR",
        ".SH DESCRIPTION",
        _plain(DESCRIPTION),
        ".SH COMMANDS",
        *_commands(command, ["decnet"]),
    ]
    for title, rows in (("EXIT STATUS", EXIT_CODES), ("ENVIRONMENT", ENVIRONMENT)):
        lines += [f".SH {title}", *_rows(rows)]
    lines += [".SH FILES", "Below \\fBDECNET_HOME\\fR:", *_rows(FILES), ".SH EXAMPLES"]
    for purpose, commands in EXAMPLES:
        lines += [".PP", _plain(purpose), ".RS 4", ".nf", *(_plain(each) for each in commands), ".fi", ".RE"]
    lines += [".SH SEE ALSO", "\\fBdocker\\fR(1), \\fBssh\\fR(1), \\fBcron\\fR(8), \\fBsystemd.timer\\fR(5)"]
    return "\n".join(lines) + "\n"


def _commands(command: Any, path: list[str]) -> list[str]:
    subcommands = getattr(command, "commands", {})
    lines = _command(command, path) if not subcommands or command.invoke_without_command else []
    below = [line for name, sub in subcommands.items() for line in _commands(sub, [*path, name])]
    return lines + below


def _command(command: Any, path: list[str]) -> list[str]:
    context = typer.Context(command, info_name=" ".join(path))
    usage = " ".join(command.get_usage(context).split()).removeprefix(f"Usage: {' '.join(path)}").strip()
    lines = [f".SS {_plain(' '.join(path))}", f"\\fB{_plain(' '.join(path))}\\fR {_plain(usage)}", ".PP"]
    lines += [_plain(" ".join((command.help or "").split()))]
    for param in command.params:
        record = param.get_help_record(context)
        if record:
            lines += [
                ".TP",
                f"\\fB{_plain(record[0])}\\fR",
                _plain(bounds_in_words(" ".join(record[1].split()))),
            ]
    return lines


def bounds_in_words(text: str) -> str:
    """`[default: 10; x>=0]` in plain words."""
    text = re.sub(r"(\S+?)<=x<=(\S+?)(?=[\];])", r"\1 to \2", text)
    return re.sub(r"x>=(\S+?)(?=[\];])", r"\1 or more", text)


def _rows(rows: tuple[tuple[str, str], ...]) -> list[str]:
    return [line for name, text in rows for line in (".TP", f"\\fB{_plain(name)}\\fR", _plain(text))]


def _plain(text: str) -> str:
    """Text escaped for the formatter: no line of it is a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    lines = escaped.replace("`", "\\(ga").split("\n")
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in lines)
