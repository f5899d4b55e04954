# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""passwd, chpasswd, chage, chsh, chfn."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from ...credentials import Accounts as Credentials
from ..descriptors import Stream
from ..passwords import record_passwords
from ..process import Process, Running
from ..state import Shell
from ..text.common import Failure, parse, tool
from .account_files import known_user, rows_of, set_field, set_password
from .databases import accounts_of
from .questions import answered
from .shown import clock
from .usages import USAGES

MOST_LINES = 200


def options_or_usage(process: Process, short: str, long: str, status: int = 2) -> Any:
    """Options of a program of shadow, which prints its usage after a wrong one. Raises Failure."""
    try:
        return parse(process, short, long)
    except Failure as failure:
        process.err(f"{process.name}: {failure.message}\n{USAGES.get(process.name, '')}")
        raise Failure("", status) from None


@tool
def passwd(process: Process) -> Running:
    """Change a password, which is recorded, and logs in from now on."""
    options = options_or_usage(
        process,
        "adehi:kln:qr:R:Suw:x:",
        "all=a delete=d expire=e help=h inactive=i keep-tokens=k lock=l mindays=n quiet=q root=R status=S unlock=u warndays=w maxdays=x stdin",
        6,
    )
    shell = process.shell
    user = options.operands[0] if options.operands else shell.user
    rocky = shell.world.system.id == "rocky"
    if not known_user(shell, user):
        raise Failure(f"Unknown user name '{user}'." if rocky else f"user '{user}' does not exist", 1)
    if user != shell.user and shell.user != "root":
        raise Failure(
            "Only root can specify a user name."
            if rocky
            else f"You may not view or modify password information for {user}.",
            1,
        )
    if "S" in options and "a" in options and shell.user == "root":
        process.out("".join(_status(process, row[0]) for row in rows_of(shell, "/etc/passwd") if row[0]))
        return 0
    if "S" in options:
        process.out(_status(process, user))
        return 0
    if any(letter in options for letter in "lude"):
        return _locked(process, user, next(letter for letter in "lude" if letter in options))
    if rocky:
        process.out(f"Changing password for user {user}.\n")
    return (yield from _changed(process, user, stdin="stdin" in options))


def _changed(process: Process, user: str, *, stdin: bool) -> Running:
    shell, given = process.shell, []
    if shell.user != "root":
        process.out(f"Changing password for {user}.\n")
        given.append((yield from asked(process, "Current password: ")))
        if not knows(shell, user, given[0] or ""):
            yield 1.5
            process.err("passwd: Authentication token manipulation error\npasswd: password unchanged\n")
            record_given(process, given, success=False)
            return 10
    first = yield from asked(process, "" if stdin else "New password: ")
    second = first if stdin else (yield from asked(process, "Retype new password: "))
    given += [first, second]
    if first is None or not first:
        text = "No password has been supplied.\n" if first is not None else ""
        process.err(f"{text}passwd: Authentication token manipulation error\npasswd: password unchanged\n")
        return 10
    if first != second:
        process.err(
            "Sorry, passwords do not match.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n"
        )
        record_given(process, given, success=False)
        return 10
    set_password(shell, user, first)
    record_given(process, [first], success=True)
    if shell.world.system.id == "rocky":
        process.out("passwd: all authentication tokens updated successfully.\n")
    else:
        process.err("passwd: password updated successfully\n")
    return 0


def knows(shell: Shell, user: str, password: str) -> bool:
    """Whether it is the password with which this visitor logs in as the user."""
    own = shell.files.password(user)
    return password == own if own else (user, password) in Credentials(shell.world.persona).pairs


def asked(process: Process, prompt: str) -> Generator[Any, Any, str | None]:
    """A line that is typed without echo; None at the end of the input."""
    process.err(prompt)
    yield 0.0
    context = process.context
    source = context.fds.get(0) if context is not None else None
    if not isinstance(source, Stream):
        return None
    source.echo = False
    try:
        line: bytes = yield from context.read_line(source)
    finally:
        source.echo = True
    if source.is_terminal:
        process.err("\n")
    return line.decode("utf-8", "surrogateescape").rstrip("\r\n") if line else None


def record_given(process: Process, given: list[str | None], *, success: bool) -> None:
    """On a terminal; what comes by a pipe is recorded when it is read."""
    if process.from_terminal:
        text = "\n".join(line for line in given if line)
        record_passwords(
            process.shell.session, process.shell.user, [process.name, *process.args], text, success=success
        )


def _status(process: Process, user: str) -> str:
    row = next((row for row in rows_of(process.shell, "/etc/shadow") if row[0] == user), None)
    if row is None or len(row) < 8:
        return f"{user} L 1970-01-01 0 99999 7 -1\n"
    state = "NP" if not row[1] else "P" if row[1].startswith("$") else "L"
    day = clock("%Y-%m-%d", int(row[2] or 0) * 86400)
    return f"{user} {state} {day} {row[3] or 0} {row[4] or 99999} {row[5] or 7} {row[6] or -1}\n"


def _locked(process: Process, user: str, letter: str) -> int:
    shell = process.shell
    if shell.user != "root":
        raise Failure("Permission denied.", 1)
    row = next((row for row in rows_of(shell, "/etc/shadow") if row[0] == user), ["", ""])
    if letter == "d":
        set_field(shell, "/etc/shadow", user, 1, "")
        shell.files.set_password(user, "")
    elif letter == "l":
        set_field(shell, "/etc/shadow", user, 1, "!" + row[1].lstrip("!"))
    elif letter == "u":
        set_field(shell, "/etc/shadow", user, 1, row[1].lstrip("!"))
    else:
        set_field(shell, "/etc/shadow", user, 2, "0")
    process.out(
        "passwd: password changed.\n"
        if letter in "lu"
        else "passwd: password expiry information changed.\n"
        if letter == "e"
        else "passwd: password changed.\n"
    )
    return 0


@tool
def chpasswd(process: Process) -> Running:
    """Set passwords by lines of `user:password`."""
    options_or_usage(process, "c:ehmR:s:", "crypt-method=c encrypted=e help=h md5=m root=R sha-rounds=s", 1)
    shell = process.shell
    lines = process.given.decode("utf-8", "surrogateescape").splitlines()[:MOST_LINES]
    yield 0.0
    if shell.user != "root":
        process.err("chpasswd: cannot lock /etc/passwd; try again later.\n")
        return 1
    status = 0
    for number, line in enumerate(lines, 1):
        user, colon, password = line.partition(":")
        if not colon:
            process.err(
                f"chpasswd: line {number}: missing new password\nchpasswd: error detected, changes ignored\n"
            )
            return 1
        if not known_user(shell, user):
            process.err(
                f"chpasswd: (user {user}) pam_chauthtok() failed, error:\nAuthentication token manipulation error\nchpasswd: (line {number}, user {user}) password not changed\n"
            )
            status = 1
            continue
        set_password(shell, user, password)
    return status


@tool
def chage(process: Process) -> Running:
    """How long a password holds."""
    options = options_or_usage(
        process,
        "d:E:hiI:lm:M:R:W:",
        "lastday=d expiredate=E help=h iso8601=i inactive=I list=l mindays=m maxdays=M root=R warndays=W",
    )
    shell = process.shell
    yield 0.0
    if len(options.operands) != 1:
        process.err(USAGES["chage"])
        return 2
    user = options.operands[0]
    row = next((row for row in rows_of(shell, "/etc/shadow") if row[0] == user), None)
    if row is None or len(row) < 8:
        raise Failure(f"user '{user}' does not exist in /etc/passwd", 1)
    if shell.user not in ("root", user):
        raise Failure("Permission denied.", 1)
    if "l" not in options:
        for letter, at in (("d", 2), ("m", 3), ("M", 4), ("W", 5), ("I", 6), ("E", 7)):
            if letter in options:
                text = options.value(letter)
                days = _days_of(text) if letter in "dE" else text
                if days is None:
                    raise Failure(f"invalid date '{text}'", 2, hint=False)
                set_field(shell, "/etc/shadow", user, at, "" if days == "-1" else days[:12])
        return 0
    form = "%Y-%m-%d" if "i" in options else "%b %d, %Y"
    changed, expires, inactive, ends = _ages(row, form)
    process.out(
        f"Last password change\t\t\t\t\t: {changed}\nPassword expires\t\t\t\t\t: {expires}\nPassword inactive\t\t\t\t\t: {inactive}\nAccount expires\t\t\t\t\t\t: {ends}\n"
        f"Minimum number of days between password change\t\t: {row[3] or 0}\nMaximum number of days between password change\t\t: {row[4] or 99999}\n"
        f"Number of days of warning before password expires\t: {row[5] or 7}\n"
    )
    return 0


def _days_of(text: str) -> str | None:
    """Days since the epoch of a date or a number of days; None for another text."""
    if text == "-1" or (text.isdecimal() and len(text) < 8):
        return text
    from datetime import date

    try:
        return str((date.fromisoformat(text) - date(1970, 1, 1)).days)
    except ValueError:
        return None


def _ages(row: list[str], form: str) -> tuple[str, str, str, str]:
    """When a password was changed, expires and is no longer taken, and when its account ends (shadow(5))."""

    def shown(days: str | int) -> str:
        return clock(form, min(int(days), MOST_DAYS) * 86400)

    numbers = [int(each[:8]) if each.isdecimal() else -1 for each in row[2:8]]
    ends = shown(numbers[5]) if numbers[5] >= 0 else "never"
    if row[2] == "0":
        return (*("password must be changed",) * 3, ends)
    changed = shown(numbers[0]) if row[2] else "never"
    if numbers[2] < 0 or numbers[2] >= 10_000 or not row[2]:
        return changed, "never", "never", ends
    until = numbers[0] + numbers[2]
    return changed, shown(until), shown(until + numbers[4]) if numbers[4] >= 0 else "never", ends


MOST_DAYS = 2_000_000


@tool
def chsh(process: Process) -> Running:
    """Change the login shell."""
    options = options_or_usage(process, "hR:s:", "help=h root=R shell=s", 1)
    shell = process.shell
    user = options.operands[0] if options.operands else shell.user
    yield 0.0
    if not known_user(shell, user):
        raise Failure(f"user '{user}' does not exist")
    wanted = options.value("s")
    if not wanted:
        account = accounts_of(shell).user(user)
        wanted = yield from answered(
            process,
            f"Changing the login shell for {user}\nEnter the new value, or press ENTER for the default\n\tLogin Shell [{account.shell if account else ''}]: ",
        )
        if not wanted:
            process.out("\n" * (wanted is None))
            return 0
    if shell.user != "root":
        raise Failure("PAM: Authentication failure")
    if shell.node(shell.absolute(wanted)) is None:
        process.err(f"chsh: Warning: {wanted} does not exist\n")
    set_field(shell, "/etc/passwd", user, 6, wanted[:200])
    return 0


def today() -> str:
    """Days since the epoch, as in /etc/shadow."""
    return str(int(time.time()) // 86400)


COMMANDS = {"passwd": passwd, "chpasswd": chpasswd, "chage": chage, "chsh": chsh}
