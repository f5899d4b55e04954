# ruff: noqa: E501 (options and messages)
"""chmod, chown and chgrp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...host.node import Node
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, quoted, tool
from . import facts

WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}


def changed_mode(text: str, mode: int, *, folder: bool, umask: int) -> int | None:
    """A mode after `chmod TEXT`, None if the text is not a valid mode."""
    if text.isdigit() and not set(text) & set("89") and len(text) < 8:
        wanted = int(text, 8)
        if wanted > 0o7777:
            return None
        return wanted | (mode & 0o6000 if folder and len(text) < 5 else 0)
    for clause in text.split(","):
        changed = _clause(clause, mode, folder=folder, umask=umask)
        if changed is None:
            return None
        mode = changed
    return mode


def _clause(clause: str, mode: int, *, folder: bool, umask: int) -> int | None:
    at = 0
    while at < len(clause) and clause[at] in WHO:
        at += 1
    who, rest = clause[:at], clause[at:]
    if not rest or rest[0] not in "+-=":
        return None
    mask = 0
    for letter in who or "a":
        mask |= WHO[letter]
    if not who:
        mask &= ~umask
    while rest:
        operation, rest = rest[0], rest[1:]
        end = next((n for n, char in enumerate(rest) if char in "+-="), len(rest))
        letters, rest = rest[:end], rest[end:]
        bits = _bits(letters, mode, folder=folder)
        if bits is None:
            return None
        wanted = bits & (mask | (0o1000 if not who or "a" in who else 0))
        if operation == "+":
            mode |= wanted
        elif operation == "-":
            mode &= ~wanted
        else:
            cleared = mask & (0o777 if folder else 0o7777)
            mode = mode & ~cleared | wanted
    return mode


def _bits(letters: str, mode: int, *, folder: bool) -> int | None:
    bits = 0
    for letter in letters:
        match letter:
            case "r":
                bits |= 0o444
            case "w":
                bits |= 0o222
            case "x":
                bits |= 0o111
            case "X":
                bits |= 0o111 if folder or mode & 0o111 else 0
            case "s":
                bits |= 0o6000
            case "t":
                bits |= 0o1000
            case "u" | "g" | "o":
                bits |= (mode >> {"u": 6, "g": 3, "o": 0}[letter] & 7) * 0o111
            case _:
                return None
    return bits


def below(process: Process, path: str, *, most: int = 2_000) -> Iterator[str]:
    """A path and, if it is a folder, all paths in it, the folder first. Links are not followed."""
    shell = process.shell
    stack = [path]
    while stack and most:
        shown = stack.pop()
        most -= 1
        yield shown
        where = shell.absolute(shown)
        node = shell.lstat(where)
        if node is not None and node.folder:
            process.spend(500)
            stack += [f"{shown.rstrip('/')}/{name}" for name in reversed(shell.entries(where))]


@tool
def chmod(process: Process) -> Running:
    """Change modes."""
    process.args = _protected(process.args) if not process.applet else _for_applet(process.args)
    options = parse(
        process,
        "cfRv",
        "changes=c silent=f quiet=f recursive=R verbose=v reference: preserve-root no-preserve-root",
    )
    words = [word.removeprefix("\0") for word in options.operands]
    if "reference" in options:
        reference = process.shell.node(process.shell.absolute(options.value("reference")))
        if reference is None:
            raise Failure(
                f"failed to get attributes of {facts.quoted_name(options.value('reference'))}: {facts.MISSING}"
            )
        words.insert(0, f"{reference.mode:o}")
    if not words:
        raise Failure("missing operand", hint=True)
    if len(words) == 1:
        raise Failure(f"missing operand after {quoted(process, words[0])}", hint=True)
    if changed_mode(words[0], 0, folder=False, umask=process.shell.umask) is None:
        missing = [path for path in words[1:] if process.applet and facts.why_missing(process.shell, path)]
        for path in missing:
            process.err(f"chmod: cannot access '{path}': {facts.MISSING}\n" if "f" not in options else "")
        if len(missing) == len(words) - 1:
            return 1
        raise Failure(f"invalid mode: {quoted(process, words[0])}", hint=True)
    status = 0
    for path in words[1:]:
        if "R" in options and process.shell.absolute(path) == "/" and "no-preserve-root" not in options:
            _warn_of_root(process, path)
            status = 1
            continue
        for shown in below(process, path) if "R" in options else [path]:
            if not _changed(process, options, words[0], shown, top=shown == path):
                status = 1
            process.spend(100)
            if process.tired:
                yield 0.0
    return status


def _for_applet(words: list[str]) -> list[str]:
    """To BusyBox the first word with a hyphen that is no option is a mode."""
    for at, word in enumerate(words):
        if word[:1] != "-" or word == "--":
            break
        if word[1:2] and word[1:2] not in "-Rcvf":
            return [*words[:at], f"\0{word}", *words[at + 1 :]]
    return words


def _protected(words: list[str]) -> list[str]:
    """Modes such as `-x` are no options."""
    return [
        "\0" + word
        if word[:1] == "-"
        and len(word) > 1
        and not set(word[1:]) - set("rwxXstugo,+=-")
        and word != "--"
        and not word.startswith("--")
        else word
        for word in words
    ]


def _warn_of_root(process: Process, path: str) -> None:
    process.err(f"{process.name}: it is dangerous to operate recursively on {facts.quoted_name(path)}\n")
    process.err(f"{process.name}: use --no-preserve-root to override this failsafe\n")


def _changed(process: Process, options: Options, mode: str, path: str, *, top: bool) -> bool:
    shell = process.shell
    reason = facts.why_missing(shell, path)
    where = shell.absolute(path)
    node = shell.node(where)
    if reason or node is None:
        link = shell.lstat(where)
        if link is not None and link.target:
            if not top:
                return True
            text = f"cannot operate on dangling symlink {facts.quoted_name(path)}"
        else:
            text = f"cannot access {facts.quoted_name(path)}: {reason}"
        process.err("" if "f" in options else f"chmod: {text}\n")
        return False
    link = shell.lstat(where)
    if not top and link is not None and link.target:
        return True
    wanted = changed_mode(mode, node.mode, folder=node.folder, umask=shell.umask)
    assert wanted is not None
    refused = ""
    if shell.user not in ("root", node.owner) or facts.is_in_memory(where):
        refused = "Operation not permitted"
    elif wanted != node.mode:
        refused = shell.change(shell.real(where), replace(node, mode=wanted))
    if refused:
        process.err(
            "" if "f" in options else f"chmod: changing permissions of {facts.quoted_name(path)}: {refused}\n"
        )
        return False
    _report(process, options, path, node, wanted)
    return True


def _report(process: Process, options: Options, path: str, node: Node, wanted: int) -> None:
    if not options.last("cv") or (wanted == node.mode and "v" not in options):
        return
    before = f"{node.mode:04o} ({facts.mode_text(node)[1:]})"
    after = f"{wanted:04o} ({facts.mode_text(replace(node, mode=wanted))[1:]})"
    name = facts.quoted_name(path)
    if process.applet:
        process.out(f"mode of '{path}' changed to {after}\n")
    elif wanted == node.mode:
        process.out(f"mode of {name} retained as {after}\n")
    else:
        process.out(f"mode of {name} changed from {before} to {after}\n")


@tool
def chown(process: Process) -> Running:
    """Change owners and groups."""
    options = parse(
        process,
        "cfhHLPRv",
        "changes=c silent=f quiet=f no-dereference=h recursive=R verbose=v reference: from: preserve-root no-preserve-root dereference=D",
    )
    words = list(options.operands)
    shell, status = process.shell, 0
    owner = group = ""
    if "reference" in options:
        reference = shell.node(shell.absolute(options.value("reference")))
        if reference is None:
            raise Failure(
                f"failed to get attributes of {facts.quoted_name(options.value('reference'))}: {facts.MISSING}"
            )
        owner, group = (
            (reference.owner, reference.group_name) if process.name == "chown" else ("", reference.group_name)
        )
    elif len(words) > 1:
        owner, group = _owner_of(process, words.pop(0))
    elif words:
        raise Failure(f"missing operand after {quoted(process, words[0])}", hint=True)
    if not words:
        raise Failure("missing operand", hint=True)
    for path in words:
        if "R" in options and shell.absolute(path) == "/" and "no-preserve-root" not in options:
            _warn_of_root(process, path)
            status = 1
            continue
        for shown in below(process, path) if "R" in options else [path]:
            if not _owned(process, options, shown, owner, group):
                status = 1
            process.spend(100)
            if process.tired:
                yield 0.0
    return status


def _owner_of(process: Process, text: str) -> tuple[str, str]:
    shell, accounts = process.shell, process.shell.world.accounts
    if process.name == "chgrp":
        return "", _group(process, text, text)
    sign = ":" if ":" in text else "." if "." in text and accounts.user(text) is None else ""
    name, _, group = text.partition(sign) if sign else (text, "", "")
    owner = ""
    if name:
        account = accounts.user(name) or (accounts.user_of(int(name[:9])) if name.isdecimal() else None)
        if account is None and not name.isdecimal() and shell.node(shell.world.home(name)) is None:
            raise Failure(f"invalid user: {quoted(process, text)}")
        owner = account.name if account else name
        if sign and not group and account:
            primary = accounts.group_of(account.gid)
            return owner, primary.name if primary else ""
    return owner, _group(process, group, text) if group else ""


def _group(process: Process, name: str, whole: str) -> str:
    groups = process.shell.world.accounts
    found = groups.group(name) or (groups.group_of(int(name[:9])) if name.isdecimal() else None)
    if found is None and not name.isdecimal():
        if groups.user(name) is not None:
            return name
        raise Failure(f"invalid group: {quoted(process, whole)}")
    return found.name if found else name


def _owned(process: Process, options: Options, path: str, owner: str, group: str) -> bool:
    shell = process.shell
    reason = facts.why_missing(shell, path, follow=not options.last("hR"))
    where = shell.absolute(path)
    node = shell.lstat(where) if options.last("hR") else shell.node(where)
    name = facts.quoted_name(path)
    if reason or node is None:
        verb = "dereference" if shell.lstat(where) is not None else "access"
        process.err("" if "f" in options else f"{process.name}: cannot {verb} {name}: {reason}\n")
        return False
    made = replace(node, owner=owner or node.owner, group=group or node.group_name)
    refused = ""
    if not _may_own(shell, node, made) or facts.is_in_memory(where):
        refused = "Operation not permitted"
    elif (made.owner, made.group_name) != (node.owner, node.group_name):
        refused = shell.change(where if options.last("hR") else shell.real(where), made)
    if refused:
        what = "ownership" if owner or process.name == "chown" and not group else "group"
        process.err("" if "f" in options else f"{process.name}: changing {what} of {name}: {refused}\n")
        return False
    if options.last("cv"):
        _report_owner(process, options, name, (node.owner, node.group_name), (owner, group), made)
    return True


def _may_own(shell: Shell, node: Node, made: Node) -> bool:
    if shell.user == "root":
        return True
    own = any(each.name == made.group_name for each in shell.world.accounts.groups_of(shell.user))
    return (
        node.owner == shell.user and made.owner == node.owner and (own or made.group_name == node.group_name)
    )


def _report_owner(
    process: Process,
    options: Options,
    name: str,
    before: tuple[str, str],
    wanted: tuple[str, str],
    made: Node,
) -> None:
    what, old, new = "ownership", f"{before[0]}:{before[1]}", f"{made.owner}:{made.group_name}"
    if not wanted[0]:
        what, old, new = "group", before[1], made.group_name
    elif not wanted[1]:
        old, new = before[0], made.owner
    if old != new:
        process.out(f"changed {what} of {name} from {old} to {new}\n")
    elif "v" in options:
        process.out(f"{what} of {name} retained as {new}\n")


COMMANDS: dict[str, Command] = {"chmod": chmod, "chown": chown, "chgrp": chown}
