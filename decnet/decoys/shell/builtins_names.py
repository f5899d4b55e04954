# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about names and folders: what a name stands for, aliases, the current folder, history."""

from __future__ import annotations

from typing import Any

from .context import Context, Leave, Work
from .options import SHOPTS
from .parser import KEYWORDS
from .quoting import shown
from .variables import NotAssigned, assign

ALL: dict[str, Any] = {}
"""The whole table of builtins, for `type` and `builtin`."""


def kind_of(context: Context, name: str) -> tuple[str, str]:
    """What a name stands for, and its path or text: alias, keyword, function, builtin, file, or ("", "")."""
    shell = context.shell
    if name in shell.aliases and (shell.interactive or not shell.dialect.bash):
        return "alias", shell.aliases[name]
    if name in KEYWORDS[shell.dialect.name]:
        return "keyword", name
    if name in shell.functions:
        return "function", shell.functions[name].text
    if name in ALL and ALL[name].dialects[shell.dialect.name]:
        return "builtin", name
    path = context.where(name)
    return ("file", path) if path else ("", "")


def type_(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    flags = ""
    while arguments and shell.dialect.bash and arguments[0].startswith("-") and len(arguments[0]) > 1:
        flags += arguments.pop(0)[1:]
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
        else:
            context.out(_described(context, name, kind, text) + "\n")
            if "a" in flags and kind != "file" and (path := context.where(name)):
                context.out(f"{name} is {path}\n")
                if path.startswith("/usr/bin/"):
                    context.out(f"{name} is {path.removeprefix('/usr')}\n")
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
            special = name in (
                "break",
                ":",
                ".",
                "continue",
                "eval",
                "exec",
                "exit",
                "export",
                "readonly",
                "return",
                "set",
                "shift",
                "times",
                "trap",
                "unset",
            )
            return (
                f"{name} is a special shell builtin" if special and not bash else f"{name} is a shell builtin"
            )
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
    status = 0
    for word in arguments:
        name = str(word)
        kind, text = kind_of(context, name)
        if not kind:
            status = 1 if context.shell.dialect.bash else 127
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


def hash_(context: Context, words: list[Any]) -> int:
    arguments = [str(word) for word in words[1:] if not str(word).startswith("-")]
    if not arguments:
        if len(words) == 1 and context.shell.dialect.bash:
            context.out("hash: hash table empty\n")
        return 0
    status = 0
    for name in arguments:
        if kind_of(context, name)[0] == "":
            line = "line 0: " if context.shell.dialect.name == "ash" else ""
            context.complain(f"hash: {line}{name}: not found")
            status = 1
    return status


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


def cd(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:] if str(word) not in ("-L", "-P", "-e", "--")]
    if len(arguments) > 1 and shell.dialect.bash:
        context.complain("cd: too many arguments")
        return 1
    target = arguments[0] if arguments else shell.variables.get("HOME", "")
    prints = False
    if not arguments and not target:
        context.complain("cd: HOME not set" if shell.dialect.bash else "cd: HOME not set")
        return 1 if shell.dialect.bash else 2
    if target == "-":
        target, prints = shell.variables.get("OLDPWD", ""), True
        if not target:
            context.complain("cd: OLDPWD not set" if shell.dialect.bash else "cd: OLDPWD not set")
            return 1 if shell.dialect.bash else 2
    where = shell.absolute(target) if target else shell.cwd
    if target and not target.startswith(("/", "./", "../", ".")) and shell.variables.get("CDPATH"):
        for folder in shell.variables["CDPATH"].split(":"):
            path = shell.absolute(f"{folder or '.'}/{target}")
            node = shell.node(path)
            if node is not None and node.folder:
                where, prints = path, bool(folder)
                break
    if _enter(context, str(words[0]), target, where):
        return 1 if shell.dialect.bash else 2
    if prints:
        context.out(shell.cwd + "\n")
    return 0


def _enter(context: Context, command: str, target: str, where: str) -> str:
    """Change the folder; the reason why not, "" on success."""
    shell = context.shell
    node = shell.node(where)
    reason = ""
    if node is None:
        reason = "No such file or directory"
    elif not node.folder:
        reason = "Not a directory"
    elif not shell.allowed(where, 1):
        reason = "Permission denied"
    if reason:
        texts = {
            "bash": f"{command}: {target}: {reason}",
            "dash": f"{command}: can't cd to {target}",
            "ash": f"{command}: line 0: can't cd to {target}: {reason}",
        }
        context.complain(texts[shell.dialect.name])
        return reason
    try:
        assign(shell, "OLDPWD", shell.cwd)
        shell.cwd = where
        assign(shell, "PWD", where)
    except NotAssigned:
        pass
    return ""


def pwd(context: Context, words: list[Any]) -> int:
    bad = next(
        (str(word) for word in words[1:] if str(word).startswith("-") and word not in ("-L", "-P", "--")),
        None,
    )
    if bad and context.shell.dialect.bash:
        context.complain(f"pwd: {bad[:2]}: invalid option")
        context.err("pwd: usage: pwd [-LP]\n")
        return 2
    context.out(context.shell.cwd + "\n")
    return 0


def pushd(context: Context, words: list[Any]) -> int:
    shell = context.shell
    stack = [path for path in shell.notes.get("stack", "").split("\0") if path]
    if words[0] == "popd":
        if not stack:
            context.complain("popd: directory stack empty")
            return 1
        target = stack.pop(0)
    elif len(words) < 2:
        if not stack:
            context.complain("pushd: no other directory")
            return 1
        target, stack = stack[0], [shell.cwd, *stack[1:]]
    else:
        target, stack = str(words[1]), [shell.cwd, *stack][:50]
    if _enter(context, str(words[0]), target, shell.absolute(target)):
        return 1
    shell.notes["stack"] = "\0".join(stack)
    return dirs(context, ["dirs"])


def dirs(context: Context, words: list[Any]) -> int:
    shell = context.shell
    if "-c" in words:
        shell.notes.pop("stack", None)
        return 0
    home = shell.variables.get("HOME", "/")
    paths = [shell.cwd, *(path for path in shell.notes.get("stack", "").split("\0") if path)]
    shown_paths = [
        path if "-l" in words else "~" + path[len(home) :] if (path + "/").startswith(home + "/") else path
        for path in paths
    ]
    context.out(
        (" ".join(shown_paths) if "-p" not in words and "-v" not in words else "\n".join(shown_paths)) + "\n"
    )
    return 0


def history(context: Context, words: list[Any]) -> int:
    shell = context.shell
    if "-c" in words:
        shell.history.clear()
        shell.notes["cleared"] = "1"
        return 0
    if not shell.interactive:
        return 0
    path = f"{shell.world.home(shell.user)}/.bash_history"
    old = [] if "cleared" in shell.notes else (shell.read(path) or "").splitlines()
    lines = list(enumerate([*old, *shell.history], 1))
    count = next((int(str(word)) for word in words[1:] if str(word).isdecimal()), len(lines))
    width = 5 if shell.dialect.bash else 4
    context.out("".join(f"{at:>{width}}  {line}\n" for at, line in lines[-count or len(lines) :]))
    return 0


def shopt(context: Context, words: list[Any]) -> int:
    shell, status = context.shell, 0
    arguments = [str(word) for word in words[1:]]
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    names = [word for word in arguments if not word.startswith("-")]

    def is_on(name: str) -> bool:
        default = (
            SHOPTS.get(name, False)
            or (name == "expand_aliases" and shell.interactive)
            or (name == "login_shell" and shell.script.startswith("-"))
        )
        return (name in shell.shopts) if f"-{name}" in shell.notes else default

    for name in names or SHOPTS:
        if name not in SHOPTS:
            context.complain(f"shopt: {name}: invalid shell option name")
            status = 1
        elif names and ("s" in flags or "u" in flags):
            (shell.shopts.add if "s" in flags else shell.shopts.discard)(name)
            shell.notes[f"-{name}"] = "1"
        else:
            on = is_on(name)
            if names:
                status = status or int(not on)
            if "q" not in flags and not (not names and (("s" in flags and not on) or ("u" in flags and on))):
                context.out(
                    f"shopt -{'s' if on else 'u'} {name}\n"
                    if "p" in flags
                    else f"{name:<15}\t{'on' if on else 'off'}\n"
                )
    return status


def enable(context: Context, words: list[Any]) -> int:
    arguments = [str(word) for word in words[1:]]
    names = [word for word in arguments if not word.startswith("-")]
    if not names:
        found = sorted(name for name, each in ALL.items() if each.dialects["bash"])
        context.out("".join(f"enable {name}\n" for name in found))
        return 0
    off = set(context.shell.notes.get(" off", "").split())
    for name in names:
        if name not in ALL:
            context.complain(f"enable: {name}: not a shell builtin")
            return 1
        (off.add if "-n" in arguments else off.discard)(name)
    context.shell.notes[" off"] = " ".join(off)
    return 0


def help_(context: Context, words: list[Any]) -> int:
    from .variables import bash_version

    if not context.shell.dialect.bash:
        context.out(
            "Built-in commands:\n------------------\n\t"
            + " ".join(sorted(name for name, each in ALL.items() if each.dialects["ash"]))
            + "\n"
        )
        return 0
    names = [str(word) for word in words[1:] if not str(word).startswith("-")]
    if not names:
        version = bash_version(context.shell)
        context.out(f"GNU bash, version {version} ({context.shell.world.system.machine}-pc-linux-gnu)\n"
                    "These shell commands are defined internally.  Type `help' to see this list.\n"
                    "Type `help name' to find out more about the function `name'.\n"
                    "Use `info bash' to find out more about the shell in general.\n"
                    "Use `man -k' or `info' to find out more about commands not in this list.\n\n"
                    "A star (*) next to a name means that the command is disabled.\n\n")  # fmt: skip
        return 0
    for name in names:
        if name not in ALL:
            context.complain(
                f"help: no help topics match `{name}'.  Try `help help' or `man -k {name}' or `info {name}'."
            )
            return 1
        context.out(f"{name}: {name}\n")
    return 0


def caller(context: Context, words: list[Any]) -> int:
    if not context.shell.calls:
        return 1
    context.out(f"{context.shell.calls[-1].line} {context.shell.script}\n")
    return 0


def nothing(context: Context, words: list[Any]) -> int:
    return 0


def suspend(context: Context, words: list[Any]) -> int:
    if context.shell.script.startswith("-"):
        context.complain("suspend: cannot suspend a login shell")
        return 1
    raise Leave(context.shell.status)


BUILTINS = {
    "type": type_, "command": command, "builtin": builtin, "hash": hash_, "alias": alias, "unalias": unalias, "cd": cd,
    "chdir": cd, "pwd": pwd, "pushd": pushd, "popd": pushd, "dirs": dirs, "history": history, "shopt": shopt,
    "enable": enable, "help": help_, "caller": caller, "complete": nothing, "compgen": nothing, "compopt": nothing, "bind": nothing,
    "suspend": suspend,
}  # fmt: skip
