# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The unit files of a machine, and whether each is enabled, as `systemctl list-unit-files` reads them.

Sources: systemd.unit(5), systemd.preset(5), and install.c of systemd 252 (unit_file_lookup_state).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..state import Shell

SUFFIXES = (
    ".automount", ".device", ".mount", ".path", ".scope", ".service", ".slice", ".socket", ".swap", ".target", ".timer",
)  # fmt: skip
"""Of unit files. Devices have none, and the suffix is checked first."""
GENERATED, TRANSIENT = "/run/systemd/generator", "/run/systemd/transient"
ENABLED, RUNTIME = "/etc/systemd/system", "/run/systemd/system"
FOLDERS = (
    "/run/systemd/transient", "/run/systemd/generator.early", ENABLED, RUNTIME, "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/run/systemd/generator.late",
)  # fmt: skip
"""Where systemd looks for units, the first wins."""
PRESETS = "/usr/lib/systemd/system-preset"
BEFORE_USR = ("11", "12", "20.04", "22.04")
"""Releases whose systemd has its units in /lib."""
WITHOUT_PRESET = ("alias", "static", "generated", "transient")
MOST_TEXT = 65_536
"""Characters of a unit file that are read."""


@dataclass(frozen=True, slots=True)
class UnitFile:
    """One unit file. `path` is where it was found; `state` and `preset` as list-unit-files prints them."""

    name: str
    path: str
    state: str
    preset: str


@dataclass(frozen=True, slots=True)
class Installing:
    """What `[Install]` of a unit asks for: names in Alias=, whether links, whether only other units."""

    aliases: tuple[str, ...] = ()
    wanted: bool = False
    also: bool = False


def unit_files(shell: Shell) -> Iterator[UnitFile]:
    """All unit files, in no order; read one by one, so that a caller can pause."""
    links = _links(shell)
    presets = _presets(shell)
    seen = set()
    for folder in FOLDERS:
        if shell.node(folder) is None:
            continue
        for name in shell.entries(folder):
            if name in seen or not name.endswith(SUFFIXES):
                continue
            path = f"{folder}/{name}"
            state = _state(shell, path, name, links)
            if state:
                seen.add(name)
                preset = "-" if state in WITHOUT_PRESET else _preset(name, presets)
                yield UnitFile(name, path, state, preset)


def unit_file(shell: Shell, name: str) -> UnitFile | None:
    """The file of one unit, or of the template of an instance."""
    template = template_of(name)
    for each in (name, template) if template else (name,):
        for folder in FOLDERS:
            path = f"{folder}/{each}"
            if shell.lstat(path) is not None and (state := _state(shell, path, name, _links(shell))):
                preset = "-" if state in WITHOUT_PRESET else _preset(each, _presets(shell))
                return UnitFile(name, path, state, preset)
    return None


def file_of(shell: Shell, name: str) -> str:
    """The path of a unit's own file, "" if there is none."""
    paths = (f"{folder}/{name}" for folder in FOLDERS)
    found = next((path for path in paths if shell.lstat(path) is not None), "")
    if found.startswith("/usr/lib/") and shell.world.system.version in BEFORE_USR:
        return found.removeprefix("/usr")
    return found


def unit_path(shell: Shell, name: str) -> str:
    """The path of a unit's file, or of its template; "" if it has none."""
    template = template_of(name)
    return file_of(shell, name) or (file_of(shell, template) if template else "")


def template_of(name: str) -> str:
    """The template of an instance: "getty@.service" of "getty@tty1.service"; "" if it is none."""
    base, at, rest = name.partition("@")
    instance, dot, suffix = rest.rpartition(".")
    return f"{base}@.{suffix}" if at and dot and instance else ""


def _state(shell: Shell, path: str, name: str, links: dict[str, str]) -> str:
    """As systemd names it; "" if the path is no unit file."""
    node = shell.lstat(path)
    if node is None or node.folder:
        return ""
    folder = path.rpartition("/")[0]
    if node.target == "/dev/null" or not (node.target or node.size):
        return "masked-runtime" if folder.startswith("/run/") else "masked"
    if node.target and node.target.rpartition("/")[2] != name:
        return "alias"
    if folder.startswith(GENERATED):
        return "generated"
    if folder == TRANSIENT:
        return "transient"
    asked = _installing((shell.read(path) or "")[:MOST_TEXT])
    if name in links:
        return links[name]
    if any(links.get(f"{alias} {name}") for alias in asked.aliases):
        return "enabled"
    if asked.wanted or asked.aliases:
        return "disabled"
    return "indirect" if asked.also else "static"


def _links(shell: Shell) -> dict[str, str]:
    """The state of the units that links enable; "ALIAS NAME" for another name of one."""
    found: dict[str, str] = {}
    for folder, state in ((GENERATED, "enabled-runtime"), (RUNTIME, "enabled-runtime"), (ENABLED, "enabled")):
        if shell.node(folder) is None:
            continue
        for name in shell.entries(folder):
            node = shell.lstat(f"{folder}/{name}")
            if node is not None and node.target:
                found[f"{name} {node.target.rpartition('/')[2]}"] = state
            elif node is not None and node.folder and name.endswith((".wants", ".requires")):
                found |= _wanted(shell, f"{folder}/{name}", state)
    return found


def _wanted(shell: Shell, folder: str, state: str) -> dict[str, str]:
    names = shell.entries(folder)
    return {each: state for name in names for each in (name, template_of(name)) if each}


def _installing(text: str) -> Installing:
    aliases: tuple[str, ...] = ()
    section, wanted, also = "", False, False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        key, is_setting, value = line.partition("=")
        if section != "[Install]" or not is_setting:
            continue
        key, value = key.strip(), value.strip()
        if key == "Alias":
            aliases += tuple(value.split())
        elif key in ("WantedBy", "RequiredBy", "UpheldBy"):
            wanted = wanted or bool(value)
        elif key == "Also":
            also = True
    return Installing(aliases, wanted, also)


def _presets(shell: Shell) -> list[tuple[str, str]]:
    """Rules in their order: "enable" or "disable", and a pattern."""
    if shell.node(PRESETS) is None:
        return []
    lines = [
        line.split()
        for name in sorted(shell.entries(PRESETS))
        for line in (shell.read(f"{PRESETS}/{name}") or "").splitlines()
    ]
    return [(words[0], words[1]) for words in lines if len(words) > 1 and words[0] in ("enable", "disable")]


def _preset(name: str, presets: list[tuple[str, str]]) -> str:
    return next((f"{verb}d" for verb, pattern in presets if fnmatchcase(name, pattern)), "enabled")
