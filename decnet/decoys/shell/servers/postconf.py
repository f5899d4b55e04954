# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""postconf: the parameters of Postfix. The defaults are those that its release prints. Source: Postfix 3.7.11 of Debian 12."""

from __future__ import annotations

from dataclasses import replace

from ..printing import serving, started
from ..process import Command, Process, Running
from ..text.common import Failure, Options, parse
from .common import guarded, recorded

FOLDER = "/etc/postfix"
FIELDS = ("service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit", "command")
COLUMNS = (0, 11, 17, 25, 33, 41, 49, 57)
MOST_DEPTH = 12
USAGE = "usage: postconf [-a (server SASL types)] [-A (client SASL types)] [-b (bounce templates)] [-c config_dir] [-c param_class] [-d (parameter defaults)] [-e (edit configuration)] [-f (fold lines)] [-F (master.cf fields)] [-h (no names)] [-H (no values)] [-l (lock types)] [-m (map types)] [-M (master.cf)] [-n (non-default parameters)] [-o name=value (override parameter value)] [-p (main.cf, default)] [-P (master.cf parameters)] [-t (bounce templates)] [-T compile-version|run-version|public-key-algorithms] [-v (verbose)] [-x (expand parameter values)] [-X (exclude)] [-# (comment-out)] [name...]"


class Parameters:
    """main.cf of a machine, and the defaults."""

    def __init__(self, process: Process, folder: str) -> None:
        self.process, self.path = process, f"{folder}/main.cf"
        self.set: dict[str, str] = {}
        self.defaults: dict[str, str] = {}

    def read(self) -> bool:
        """Read main.cf; whether it is there."""
        shell = self.process.shell
        text = shell.read(self.path)
        if text is None:
            return False
        name = ""
        for line in text.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if line[0].isspace() and name:
                self.set[name] += " " + line.strip()
                continue
            name, equals, value = line.partition("=")
            name = name.strip()
            if equals:
                self.set[name] = value.strip()
        return True

    def read_defaults(self) -> Running:
        """Read the defaults of the release, with this machine's name and networks."""
        known = serving(self.process.shell, ["postconf", "-d"])
        if known is None:
            return 1
        child = replace(self.process, name="postconf", args=["-d"], chunks=[])
        yield from started(known, child)
        text = b"".join(data for number, data in child.chunks if number == 1).decode("utf-8", "replace")
        for line in text.splitlines():
            name, _, value = line.partition(" =")
            self.defaults[name] = value.strip()
        network, host = self.process.shell.world.network, self.process.shell.world.hostname
        self.defaults |= {"myhostname": host if "." in host else f"{host}.localdomain", "mydomain": host.partition(".")[2] or "localdomain",
                          "mynetworks": f"127.0.0.0/8 {network.network} [::1]/128", "process_id": str(self.process.pid)}  # fmt: skip
        return 0

    def value(self, name: str) -> str | None:
        """Its value, None for a name that is none."""
        return self.set.get(name, self.defaults.get(name))

    def expanded(self, text: str, depth: int = 0) -> str:
        """A value with those of the parameters that it names."""
        out, at = "", 0
        while at < len(text):
            if text[at] != "$" or at + 1 == len(text) or depth > MOST_DEPTH:
                out, at = out + text[at], at + 1
                continue
            end = at + 1
            if text[end] in "{(":
                close = text.find("}" if text[end] == "{" else ")", end)
                name, end = (text[end + 1 : close], close + 1) if close > 0 else ("", end)
            else:
                while end < len(text) and (text[end].isalnum() or text[end] == "_"):
                    end += 1
                name = text[at + 1 : end]
            found = self.value(name)
            self.process.spend(100)
            out += self.expanded(found, depth + 1) if found is not None else text[at:end]
            at = end
        return out


def postconf(process: Process) -> Running:
    """Show or change parameters."""
    try:
        options = parse(process, "aAbBc:C:deEfFhHlmMno:pPqtT:vxX#")
    except Failure as failure:
        process.err(f"postconf: {failure.message}\npostconf: fatal: {USAGE}\n")
        return 1
    for letter in "aAlm":
        if letter in options:
            return (yield from recorded(process, f"-{letter}"))
    folder = options.value("c") or FOLDER
    if letter := options.last("MF"):
        return _services(process, folder, options.operands, fields=letter == "F")
    if "P" in options:
        return 0
    parameters = Parameters(process, folder)
    yield from parameters.read_defaults()
    if not parameters.read() and "d" not in options:
        process.err(f"postconf: fatal: open {parameters.path}: No such file or directory\n")
        return 1
    if options.last("eX#") or any("=" in word for word in options.operands):
        return _edited(process, parameters, options.last("X#") or "e", options.operands)
    if "d" in options:
        parameters.set = {}
    return _shown(process, parameters, options.operands, options)


def _shown(process: Process, parameters: Parameters, names: list[str], flags: Options) -> int:
    short, without, expand = "n" in flags, "h" in flags, "x" in flags
    wanted = names or sorted(parameters.set if short else {**parameters.defaults, **parameters.set})
    for name in wanted:
        value = parameters.value(name)
        if (
            value is None
            or (short and name not in parameters.set)
            or (not names and name not in parameters.defaults and not short)
        ):
            if value is None:
                process.err(f"postconf: warning: {name}: unknown parameter\n")
            continue
        value = parameters.expanded(value) if expand else value
        if "H" in flags:
            process.out(f"{name}\n")
        else:
            process.out(f"{value}\n" if without else f"{name} = {value}".rstrip() + "\n")
    if short and not names:
        for name in sorted(set(parameters.set) - set(parameters.defaults)):
            process.err(
                f"postconf: warning: {parameters.path}: unused parameter: {name}={parameters.set[name]}\n"
            )
    return 0


def _edited(process: Process, parameters: Parameters, how: str, words: list[str]) -> int:
    shell, changes = process.shell, dict[str, str]()
    for word in words:
        name, equals, value = word.partition("=")
        if how == "e" and not equals:
            process.err(f"postconf: fatal: missing '=' after attribute name: \"{word}\"\n")
            return 1
        changes[name.strip()] = value.strip()
    name = process.name if "/" in process.name else "/usr/sbin/postconf"
    lines, seen = [], set[str]()
    for line in (shell.read(parameters.path) or "").splitlines():
        key = line.partition("=")[0].strip()
        if key not in changes or line.startswith("#"):
            lines.append(line)
        elif how == "e" and key not in seen:
            lines.append(f"{key} = {changes[key]}".rstrip())
            seen.add(key)
        elif how == "#":
            lines.append(f"#{line}")
    lines += [f"{key} = {value}" for key, value in changes.items() if how == "e" and key not in seen]
    data = "".join(f"{line}\n" for line in lines).encode()
    if shell.user != "root":
        process.err(f"{name}: fatal: open {parameters.path}.tmp: Permission denied\n")
        return 1
    if refused := shell.put(parameters.path, data, len(data)):
        process.err(f"{name}: fatal: open {parameters.path}.tmp: {refused}\n")
        return 1
    return 0


def _services(process: Process, folder: str, words: list[str], *, fields: bool) -> int:
    """Lines of master.cf."""
    for line in (process.shell.read(f"{folder}/master.cf") or "").splitlines():
        cells = line.split(None, 7)
        if line.startswith(("#", " ", "\t")) or len(cells) < 8:
            continue
        place = f"{cells[0]}/{cells[1]}"
        if words and not any(
            place == word or word in (cells[0], f"*/{cells[1]}", f"{cells[0]}/*") for word in words
        ):
            continue
        if fields:
            process.out(
                "".join(f"{place}/{name} = {cell}\n" for name, cell in zip(FIELDS, cells, strict=True))
            )
        else:
            row = ""
            for cell, column in zip(cells, COLUMNS, strict=True):
                row = (f"{row} " if row else "").ljust(column) + cell
            process.out(f"{row}\n")
    return 0


COMMANDS: dict[str, Command] = guarded({"postconf": postconf})
