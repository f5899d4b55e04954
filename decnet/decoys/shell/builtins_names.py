# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about names and folders: what a name stands for, aliases, the current folder, history."""

from __future__ import annotations

from typing import Any

from .all_builtins import ALL
from .builtins_bind import bind
from .builtins_complete import complete_
from .builtins_folders import cd, dirs, pushd, pwd
from .builtins_history import fc, history
from .builtins_shell import caller, compgen, enable, help_, nothing, shopt, suspend
from .context import Context, Leave, Work, fatal
from .dialect import SPECIAL_BUILTINS
from .parser import KEYWORDS
from .quoting import shown
from .state import bucket_of
from .written import function_text


def kind_of(context: Context, name: str) -> tuple[str, str]:
    """What a name stands for, and its path or text: alias, keyword, function, builtin, file, or ("", "")."""
    shell = context.shell
    if name in shell.aliases and (shell.interactive or not shell.dialect.bash):
        return "alias", shell.aliases[name]
    if name in KEYWORDS[shell.dialect.name]:
        return "keyword", name
    if name in shell.functions:
        return "function", function_text(shell, name)
    if (
        name in ALL
        and ALL[name].dialects[shell.dialect.name]
        and name not in shell.notes.get(" off", "").split()
    ):
        return "builtin", name
    path = shell.hashed[name][0] if shell.dialect.bash and name in shell.hashed else context.where(name)
    return ("file", path) if path else ("", "")


def type_(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    flags = ""
    while arguments and shell.dialect.bash and arguments[0].startswith("-") and len(arguments[0]) > 1:
        flags += arguments.pop(0)[1:]
    if bad := flags.lstrip("-afptP")[:1]:
        context.complain(f"type: -{bad}: invalid option")
        context.err("type: usage: type [-afptP] name [name ...]\n")
        return 2
    if shell.dialect.name == "ash" and arguments and arguments[0].startswith("-"):
        return _brief(context, arguments[1:])
    status = 0
    for name in arguments:
        kind, text = kind_of(context, name)
        if not kind:
            status = 1 if shell.dialect.bash else 127
            if not set(flags) & set("tpP"):
                _unknown(context, name)
            continue
        if "t" in flags:
            context.out(kind + "\n")
        elif "p" in flags or "P" in flags:
            path = context.where(name) if "P" in flags else text if kind == "file" else ""
            context.out(f"{path}\n" if path else "")
            status = status if path or "P" not in flags else 1
            if "a" in flags and path and path.startswith("/usr/bin/"):
                context.out(f"{path.removeprefix('/usr')}\n")
        else:
            hidden = shell.hashed.pop(name, None) if "a" in flags else None
            context.out(_described(context, name, kind, text) + "\n")
            if hidden:
                shell.hashed[name] = hidden
            if "a" in flags and (path := context.where(name)):
                context.out(f"{name} is {path}\n" if kind != "file" else "")
                if path.startswith("/usr/bin/") and "/" not in name:
                    context.out(f"{name} is {path.removeprefix('/usr')}\n")
    return status


def _brief(context: Context, names: list[str]) -> int:
    """`type` of ash with any option: as `command -v`."""
    status = 0
    for name in names:
        kind, text = kind_of(context, name)
        if not kind:
            status = 127
        else:
            context.out(f"{text if kind == 'file' else name}\n")
    return status


def _unknown(context: Context, name: str) -> None:
    if context.shell.dialect.bash:
        context.complain(f"type: {name}: not found")
    else:
        context.out(f"{name}: not found\n")


def _described(context: Context, name: str, kind: str, text: str) -> str:
    bash = context.shell.dialect.bash
    match kind:
        case "alias":
            return f"{name} is aliased to `{text}'" if bash else f"{name} is an alias for {text}"
        case "keyword":
            return f"{name} is a shell keyword"
        case "function":
            return (
                f"{name} is a function\n{text}"
                if bash
                else f"{name} is a shell function"
                if context.shell.dialect.name == "dash"
                else f"{name} is a function"
            )
        case "builtin":
            special = name in SPECIAL_BUILTINS
            return (
                f"{name} is a special shell builtin" if special and not bash else f"{name} is a shell builtin"
            )
    if bash and name in context.shell.hashed:
        return f"{name} is hashed ({text})"
    return f"{name} is {text}"


def command(context: Context, words: list[Any]) -> Work:
    arguments = list(words[1:])
    flags = ""
    while (
        arguments and isinstance(arguments[0], str) and arguments[0].startswith("-") and len(arguments[0]) > 1
    ):
        flags += arguments.pop(0)[1:]
        if flags.endswith("-"):
            break
    if not arguments:
        return 0
    if "v" not in flags and "V" not in flags:
        return (yield context.invoke(arguments, functions=False))
    # bash succeeds with one that it finds; the others look at the first one only.
    arguments = arguments if context.shell.dialect.bash else arguments[:1]
    status = 1 if context.shell.dialect.bash else 0
    for word in arguments:
        name = str(word)
        kind, text = kind_of(context, name)
        if kind and context.shell.dialect.bash:
            status = 0
        if not kind:
            status = status if context.shell.dialect.bash else 127
            if "V" in flags:
                context.complain(
                    f"command: {name}: not found"
                ) if context.shell.dialect.bash else context.out(f"{name}: not found\n")
            continue
        if "V" in flags:
            context.out(_described(context, name, kind, text) + "\n")
        else:
            context.out({"alias": f"alias {name}={shown(text)}", "file": text}.get(kind, name) + "\n")
    return status


def builtin(context: Context, words: list[Any]) -> Work:
    if len(words) < 2:
        return 0
    name = str(words[1])
    if name not in ALL or not ALL[name].dialects[context.shell.dialect.name]:
        context.complain(f"builtin: {name}: not a shell builtin")
        return 1
    return (yield context.invoke(list(words[1:]), functions=False))


MOST_LISTS = 256
"""Of bash's table of programs (FILENAME_HASH_BUCKETS)."""
HASH_USAGE = "hash: usage: hash [-lr] [-p pathname] [-dt] [name ...]\n"


def hash_(context: Context, words: list[Any]) -> int:
    """`hash`: the programs that this shell has found in $PATH."""
    shell, flags, path = context.shell, "", ""
    arguments = [str(word) for word in words[1:]]
    while arguments and arguments[0].startswith("-") and len(arguments[0]) > 1:
        word = arguments.pop(0)
        bad = next(
            (letter for letter in word[1:] if letter not in ("lrpdt" if shell.dialect.bash else "rv")), ""
        )
        if word != "--" and bad:
            return _no_hash_option(context, bad)
        flags += word[1:].replace("-", "")
        if "p" in word and shell.dialect.bash:
            path = arguments.pop(0) if arguments else ""
    if "r" in flags:
        shell.hashed = {}
    if "t" in flags and not arguments:
        context.complain("hash: -t: option requires an argument")
        return 1
    if not arguments:
        if "r" not in flags:
            _show_hashed(context, "l" in flags)
        return 0
    return max([_hash_one(context, name, flags, path, len(arguments)) for name in arguments])


def _no_hash_option(context: Context, letter: str) -> int:
    if not context.shell.dialect.bash:
        context.complain(
            f"hash: {'Illegal' if context.shell.dialect.name == 'dash' else 'illegal'} option -{letter}"
        )
        raise fatal(context, 2) if context.shell.dialect.name == "dash" else Leave(2)
    context.complain(f"hash: -{letter}: invalid option")
    context.err(HASH_USAGE)
    return 2


def _show_hashed(context: Context, reusable: bool) -> None:
    shell = context.shell
    if not shell.dialect.bash:
        context.out("".join(f"{path}\n" for path, _ in shell.hashed.values()))
        return
    if not shell.hashed:
        context.out("hash: hash table empty\n")
        return
    rows = sorted(shell.hashed.items(), key=lambda row: bucket_of(row[0]) & (MOST_LISTS - 1))
    if reusable:
        context.out("".join(f"builtin hash -p {path} {name}\n" for name, (path, _) in rows))
    else:
        context.out("hits\tcommand\n" + "".join(f"{hits:4}\t{path}\n" for _, (path, hits) in rows))


def _hash_one(context: Context, name: str, flags: str, path: str, count: int) -> int:
    shell = context.shell
    if "t" in flags or "d" in flags:
        if name not in shell.hashed:
            context.complain(f"hash: {name}: not found")
            return 1
        if "d" in flags:
            del shell.hashed[name]
        else:
            found, hits = shell.hashed[name]
            shell.hashed[name] = found, hits + 1
            context.out(f"{name}\t{found}\n" if count > 1 else f"{found}\n")
        return 0
    found_path = path or ("" if kind_of(context, name)[0] in ("builtin", "function") else context.where(name))
    if found_path:
        shell.hashed[name] = found_path, 0
    elif kind_of(context, name)[0] == "":
        context.complain(f"hash: {shell.in_builtin}{name}: not found")
        return 1
    return 0


def alias(context: Context, words: list[Any]) -> int:
    shell, status = context.shell, 0
    arguments = [_as_text(word) for word in words[1:] if word != "-p"]
    if not arguments:
        for name in sorted(shell.aliases):
            _show_alias(context, name)
        return 0
    for text in arguments:
        name, equals, value = text.partition("=")
        if equals and name and len(shell.aliases) < 200:
            shell.aliases[name] = value[:4096]
        elif name in shell.aliases:
            _show_alias(context, name)
        else:
            context.complain(f"alias: {name}: not found") if shell.dialect.bash else context.complain(
                f"alias: {name} not found"
            )
            status = 1
    return status


def _show_alias(context: Context, name: str) -> None:
    context.out(
        ("alias " if context.shell.dialect.bash else "") + f"{name}={shown(context.shell.aliases[name])}\n"
    )


def _as_text(word: Any) -> str:
    if isinstance(word, str):
        return word
    return f"{word.name}={word.value.raw if word.value else ''}"


def unalias(context: Context, words: list[Any]) -> int:
    shell, status = context.shell, 0
    for word in map(str, words[1:]):
        if word == "-a":
            shell.aliases.clear()
        elif shell.aliases.pop(word, None) is None:
            context.complain(
                f"unalias: {word}: not found" if shell.dialect.bash else f"unalias: {word} not found"
            )
            status = 1
    return status


BUILTINS = {
    "type": type_, "command": command, "builtin": builtin, "hash": hash_, "alias": alias, "unalias": unalias, "cd": cd,
    "chdir": cd, "pwd": pwd, "pushd": pushd, "popd": pushd, "dirs": dirs, "history": history, "shopt": shopt,
    "enable": enable, "help": help_, "fc": fc, "caller": caller, "complete": complete_, "compgen": compgen, "compopt": nothing, "bind": bind,
    "suspend": suspend,
}  # fmt: skip
