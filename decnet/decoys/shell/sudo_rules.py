# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Whom sudo lets in (sudoers(5)), the password that it asks for, and what it logs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..server_logs import logs_of
from . import passwords
from .context import Context, Work
from .descriptors import Stream
from .state import Shell
from .system.databases import accounts_of
from .system.passwords import knows
from .system.sudoers_files import SUDOERS, logical_lines

FOLDER = "/etc/sudoers.d"
MOST_FILES = 20
TRIES = 3
REFUSAL_SECONDS = 2.0
"""Of pam_unix."""
VALID_SECONDS = 15 * 60
"""timestamp_timeout."""
KEYWORDS = ("Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias")
OLD = ("11", "20.04", "22.04", "8.10", "9.4")
"""Versions of systems whose sudo is older than 1.9.13."""
NO_TERMINAL = "a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper"


@dataclass(frozen=True, slots=True)
class Rule:
    """What sudoers says of a user."""

    is_allowed: bool
    asks: bool = True
    """For the password."""


def rule_for(shell: Shell) -> Rule:
    """The last rule that names the user or one of his groups."""
    if shell.user == "root":
        return Rule(True, asks=False)
    groups = accounts_of(shell).groups_of(shell.user)
    names = {shell.user, "ALL", *(f"%{group.name}" for group in groups)}
    found = Rule(False)
    for path in [SUDOERS, *(f"{FOLDER}/{name}" for name in shell.entries(FOLDER)[:MOST_FILES])]:
        for _, line in logical_lines(shell.read(path) or ""):
            who, _, what = line.strip().partition(" ") if "\t" not in line else line.strip().partition("\t")
            if who in names and "=" in what and not who.startswith(KEYWORDS):
                found = Rule(True, asks="NOPASSWD:" not in what)
    return found


def authenticated(context: Context, given: dict[str, str], command: str) -> Work:
    """Whether the visitor has typed his password now or in the last minutes."""
    shell = context.shell
    if shell.visit.sudo_until > time.time() and "k" not in given:
        return True
    source = context.fds.get(0) if "S" in given else context.engine.input
    if "n" in given or not isinstance(source, Stream) or not (source.is_terminal or "S" in given):
        if "n" not in given:
            context.err(f"sudo: {NO_TERMINAL}\n")
        context.err("sudo: a password is required\n")
        return False
    prompt = (
        given.get("p", f"[sudo] password for {shell.user}: ")
        .replace("%p", shell.user)
        .replace("%u", shell.user)
    )
    for tried in range(TRIES):
        typed = yield from _asked(context, source, prompt, on_screen="S" not in given)
        if typed is None:
            context.err("sudo: no password was provided\n")
            log(shell, _attempts(tried) if tried else "a password is required", command)
            context.err(f"sudo: {_attempts(tried) if tried else 'a password is required'}\n")
            return False
        is_right = knows(shell, shell.user, typed)
        passwords.record_passwords(shell.session, shell.user, ["sudo", "-S"], typed, success=is_right)
        if is_right:
            shell.visit.sudo_until = time.time() + VALID_SECONDS
            return True
        if not tried:
            _log_failure(shell)
        yield REFUSAL_SECONDS
        if tried + 1 < TRIES:
            context.err("Sorry, try again.\n")
    log(shell, _attempts(TRIES), command)
    context.err(f"sudo: {_attempts(TRIES)}\n")
    return False


def _attempts(count: int) -> str:
    return f"{count} incorrect password attempt{'s' if count > 1 else ''}"


def _asked(context: Context, source: Stream, prompt: str, *, on_screen: bool) -> Work:
    """A line without echo; None at the end of the input. On a terminal, the question goes there in any case."""
    if on_screen:
        context.engine.screen(2).write(prompt.encode())
    else:
        context.err(prompt)
    source.echo = False
    try:
        line: bytes = yield from context.read_line(source)
    finally:
        source.echo = True
    if source.is_terminal:
        context.engine.screen(2).write(b"\n")
    return line.decode("utf-8", "surrogateescape").rstrip("\r\n") if line else None


def refusal(shell: Shell) -> str:
    """What a user reads whom sudoers does not name."""
    more = "  This incident will be reported." if shell.world.system.version in OLD else ""
    return f"{shell.user} is not in the sudoers file.{more}\n"


def log(shell: Shell, problem: str, command: str, target: str = "root") -> None:
    """A call in auth.log; `problem`: why it was refused, "" if it was not."""
    parts = [problem] if problem else []
    parts += [f"TTY={shell.visit.terminal or 'unknown'}", f"PWD={shell.cwd}", f"USER={target}"]
    parts += [f"COMMAND={command}"] if command else []
    _write(shell, f"{shell.user:>8} : {' ; '.join(parts)}")


def log_session(shell: Shell, target: str, *, begins: bool) -> None:
    """PAM's lines about the session of a command."""
    old = shell.world.system.version == "20.04"
    accounts = shell.world.accounts
    uid, own = (getattr(accounts.user(name), "uid", 0) for name in (target, shell.user))
    by = f"{shell.user if shell.visit.terminal else ''}(uid={0 if old else own})"
    who = target if old else f"{target}(uid={uid})"
    text = f"opened for user {who} by {by}" if begins else f"closed for user {target}"
    _write(shell, f"pam_unix(sudo:session): session {text}")


def _log_failure(shell: Shell) -> None:
    uid = getattr(shell.world.accounts.user(shell.user), "uid", 0)
    terminal = f"/dev/{shell.visit.terminal}" if shell.visit.terminal else ""
    fields = (
        f"logname={shell.user} uid={uid} euid=0 tty={terminal} ruser={shell.user} rhost=  user={shell.user}"
    )
    _write(shell, f"pam_unix(sudo:auth): authentication failure; {fields}")


def _write(shell: Shell, text: str) -> None:
    logs_of(shell.world.persona.seed).write("auth", text, "sudo")
