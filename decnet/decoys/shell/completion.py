"""What the Tab key adds: names of commands, variables, users and files, as bash completes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from os.path import commonprefix

from ..host.node import Node
from .all_builtins import ALL
from .builtins import builtin_names
from .extended_patterns import fits_pattern
from .locales import word_order
from .parser import KEYWORDS
from .programmed import Choice, is_installed, programmed
from .programs import PROGRAMS
from .state import Shell
from .variables import OF_BASH, SPECIAL_ARRAYS

WORD = re.compile(r"(?:[^\s;|&<>()'\"=:]|\\.)*$")
COMMAND_STARTS = re.compile(r"(?:^|[;|&(]|\b(?:sudo|then|do|else|exec|nohup|time)\s)\s*$")
FOLDERS_ONLY = re.compile(r"(?:^|[;|&(]\s*)(?:cd|pushd|rmdir)\s+(?:-\S*\s+)*[\"']?$")
TO_QUOTE = re.compile(r"([\s'\"\\$&;|<>()*?`!#])")
MOST_ENTRIES = 5000
Completed = tuple[str, list[str]]
COMMANDS = re.compile(r"(?:^|[;|&(]|\b(?:sudo|then|do|else|exec)\s)\s*(?:type|which|command)\s+(?:-\S*\s+)*$")
"""Commands whose arguments are commands."""


def complete(shell: Shell, text: str, *, is_first: bool = True) -> Completed:
    """For the text before the cursor: what is to be added, and the choices. `is_first`: no line of the
    command comes before it."""
    quote = open_quote(text)
    found = WORD.search(text) if not quote else None
    word = found[0] if found else text[text.rfind(quote) + 1 :] if quote else ""
    before = text[: len(text) - len(word)]
    if not quote and text[-1:] in ("'", '"') and shell.dialect.bash:
        return "", []  # A word that ends with its quote.
    variable = re.search(r"\$(\{?)(\w*)$", word)
    if variable and quote == '"' and is_installed(shell):
        return "", []
    if variable and quote != "'":
        return _variable(shell, variable[1], variable[2])
    if word.startswith("~") and "/" not in word:
        homes = {f"~{name}": home for name, home in _homes(shell).items() if f"~{name}".startswith(word)}
        names = [name + "/" * (shell.node(home) is not None) for name, home in homes.items()]
        added, choices = _added(word, sorted(names))
        return added.rstrip(), choices
    if "/" not in word and COMMAND_STARTS.search(before) and (is_first or before.strip() or word):
        return _added(word, _commands(shell, word) if word else [])
    folders_only = bool(FOLDERS_ONLY.search(before))
    if COMMAND_STARTS.search(before) and word and shell.dialect.bash:
        return _file(shell, word, quote, kind="programs")
    if quote != "'" and shell.dialect.bash and before.rfind("$(") > before.rfind(")"):
        return "", []
    if not quote and not folders_only and is_installed(shell):
        if COMMANDS.search(before) and "/" not in word:
            return _added(word, _commands(shell, word))
        choice = programmed(shell, before, word)
        if choice is not None:
            return _chosen(shell, choice, word)
    return _file(shell, word, quote, kind="folders" if folders_only else "all")


def complete_kind(shell: Shell, kind: str, text: str) -> Completed:
    """The same with names of one kind only: / files, ! commands, $ variables, ~ users, @ hosts."""
    found = WORD.search(text)
    word = found[0] if found else ""
    if kind == "/":
        return _file(shell, word, "", kind="all")
    if kind == "!":
        return _added(word, _commands(shell, word))
    if kind == "$":
        return _variable(shell, "", word.lstrip("$"))
    if kind == "~":
        added, users = _added(
            word.lstrip("~"),
            sorted(f"{name}/" for name in _homes(shell) if name.startswith(word.lstrip("~"))),
        )
        return added, users
    hosts = [line.split("#")[0].split() for line in (shell.read("/etc/hosts") or "").splitlines()]
    begun = word.lstrip("@")
    return _added(
        begun, _sorted(shell, [name for each in hosts for name in each[1:] if name.startswith(begun)])
    )


def _chosen(shell: Shell, choice: Choice, word: str) -> Completed:
    """What programmable completion offers."""
    names = _sorted(shell, choice.words)
    if choice.files:
        added, files = _file(shell, word, "", kind=choice.files)
        if not names:
            return added, files
        names = _sorted(shell, [*names, *files])
    added, choices = _added(word, names)
    return added if choice.ends else added.rstrip(), choices


def _homes(shell: Shell) -> dict[str, str]:
    """The home of each user, by name."""
    rows = (line.split(":") for line in (shell.read("/etc/passwd") or "").splitlines())
    return {row[0]: row[5] for row in rows if len(row) > 6}


def open_quote(text: str) -> str:
    """The quote that the text has begun and not ended, "" for none."""
    quote, at = "", 0
    while at < len(text):
        key = text[at]
        if key == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if key == quote else quote
        elif key in "'\"":
            quote = key
        at += 1
    return quote


def _variable(shell: Shell, brace: str, begun: str) -> Completed:
    named = {*shell.variables, *shell.arrays}
    if shell.dialect.bash:
        named |= {name for name, value in OF_BASH.items() if value(shell) is not None} | set(SPECIAL_ARRAYS)
    names = _sorted(shell, [name for name in named if name.isidentifier() and name.startswith(begun)])
    if len(names) == 1:
        return names[0][len(begun) :] + "}" * bool(brace) + " ", names
    choices = [f"${brace}{name}{'}' * bool(brace)}" for name in names]
    return commonprefix(names)[len(begun) :], choices


def _commands(shell: Shell, begun: str) -> list[str]:
    names = {*shell.functions, *shell.aliases, *builtin_names(shell.dialect.name)}
    names |= {*ALL, *KEYWORDS["bash"]} if shell.dialect.bash else {*()}
    names |= {
        name for name, program in PROGRAMS.items() if program.exists(shell) and shell.world.system.has_ash
    }
    names = {name for name in names if name.startswith(begun)}
    for folder in dict.fromkeys(shell.variables.get("PATH", "").split(":")[:16]):
        where = shell.absolute(folder or ".")
        fits = [name for name in shell.entries(where)[:MOST_ENTRIES] if name.startswith(begun)]
        names |= {name for name in fits if _is_executable(shell, f"{where.rstrip('/')}/{name}")}
    return _sorted(shell, list(names))


def _is_executable(shell: Shell, path: str) -> bool:
    node = shell.node(path)
    return node is not None and not node.folder and bool(node.mode & 0o111)


def _file(shell: Shell, word: str, quote: str, *, kind: str) -> Completed:
    """Names of files. `kind`: all, folders, programs, or a pattern of what follows a dot. Folders fit."""
    word = word if quote else re.sub(r"\\(.)", r"\1", word)
    folder, _, name = word.rpartition("/")
    prefix = word[: len(word) - len(name)]
    base = _base(shell, folder)
    where = shell.absolute(base or ("/" if prefix else "."))
    entries = [each for each in shell.entries(where) if each.startswith(name)]
    nodes = {
        each: shell.node(f"{where.rstrip('/')}/{each}") for each in _sorted(shell, entries[:MOST_ENTRIES])
    }
    if kind != "all":
        fits = _kind(shell, kind)
        nodes = {
            each: node
            for each, node in nodes.items()
            if node is not None and (node.folder or fits(each, node))
        }
    shown = [each + "/" * (node is not None and node.folder) for each, node in nodes.items()]
    if len(shown) == 1:
        end = "" if shown[0].endswith("/") else f"{quote} "
        rest = shown[0][len(name) :]
        if quote and kind == "folders":
            rest = rest.removesuffix("/") + f"{quote}/"
        return (rest if quote else TO_QUOTE.sub(r"\\\1", rest)) + end, shown
    rest = commonprefix(list(nodes))[len(name) :]
    return rest if quote else TO_QUOTE.sub(r"\\\1", rest), shown


def _kind(shell: Shell, kind: str) -> Callable[[str, Node], bool]:
    """Whether a file that is no folder fits."""
    if kind == "folders":
        return lambda _, __: False
    if kind == "programs":
        return lambda _, node: bool(node.mode & 0o111)
    return lambda name, _: fits_pattern(shell, f"*.@({kind})", name, lambda _: None, always=True)


def _base(shell: Shell, folder: str) -> str:
    """A folder as it is typed, without `~` and variables."""
    folder = re.sub(r"\$\{?(\w+)\}?", lambda found: shell.variables.get(found[1], ""), folder)
    if not folder.startswith("~"):
        return folder
    user, slash, rest = folder[1:].partition("/")
    home = _homes(shell).get(user) if user else shell.variables.get("HOME", "/")
    return folder if home is None else home + slash + rest


def _sorted(shell: Shell, names: list[str]) -> list[str]:
    given = (shell.variables.get(name) for name in ("LC_ALL", "LC_COLLATE", "LANG"))
    locale = next((value for value in given if value), "C").partition(".")[0]
    is_plain = locale in ("C", "POSIX") or shell.world.system.busybox
    return sorted(names) if is_plain else sorted(names, key=word_order)


def _added(word: str, choices: list[str]) -> Completed:
    if len(choices) == 1:
        end = "" if choices[0].endswith("/") else " "
        return choices[0][len(word) :] + end, choices
    return commonprefix(choices)[len(word) :], choices
