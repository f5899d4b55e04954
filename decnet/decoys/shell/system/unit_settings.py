"""What the files of units say: their settings, and which units they want, systemd.unit(5)."""

from __future__ import annotations

from ..state import Shell
from .unit_files import FOLDERS, template_of, unit_path

STRONG = ("Requires", "Requisite", "BindsTo")
IMPLIED = {"basic.target": ("-.mount",)}
"""By a unit, what it requires for the paths in RequiresMountsFor=."""
MOST_TEXT = 65_536


class Settings:
    """The settings of one unit, by name; a list for those that a file sets more than once."""

    def __init__(self, shell: Shell, name: str) -> None:
        path = unit_path(shell, name)
        self._found: dict[str, list[str]] = {}
        for each in [path, *_more_files(shell, name)] if path else ():
            self._add((shell.read(each) or "")[:MOST_TEXT])

    def _add(self, text: str) -> None:
        for line in text.replace("\\\n", " ").splitlines():
            key, is_setting, value = line.partition("=")
            if is_setting and not line.startswith(("#", ";")):
                self._found.setdefault(key.strip(), []).append(value.strip())

    def last(self, key: str, default: str = "") -> str:
        """The last value of a setting."""
        return self._found.get(key, [default])[-1]

    def all(self, key: str) -> list[str]:
        """All values of a setting."""
        return self._found.get(key, [])

    def words(self, key: str) -> list[str]:
        """The words of all values of a setting."""
        return [word for value in self.all(key) for word in value.split()]


def wants(shell: Shell, name: str) -> list[str]:
    """What a unit wants, by its file and by links."""
    return [*Settings(shell, name).words("Wants"), *_linked(shell, name, "wants")]


def requires(shell: Shell, name: str) -> list[str]:
    """What a unit cannot do without."""
    settings = Settings(shell, name)
    named = [word for key in STRONG for word in settings.words(key)]
    more = [*IMPLIED.get(name, ()), *_implied(settings, name)]
    return list(dict.fromkeys([*named, *_linked(shell, name, "requires"), *more]))


def _implied(settings: Settings, name: str) -> list[str]:
    """The default dependencies of a service."""
    if not name.endswith(".service") or settings.last("DefaultDependencies") == "no":
        return []
    mounts = settings.last("PrivateTmp") in ("yes", "true") or settings.last("RuntimeDirectory")
    return [*(["-.mount"] if mounts else []), "system.slice", "sysinit.target"]


def _linked(shell: Shell, name: str, suffix: str) -> list[str]:
    found = []
    for each in (name, template_of(name)):
        for folder in FOLDERS if each else ():
            if shell.node(f"{folder}/{each}.{suffix}") is not None:
                found += shell.entries(f"{folder}/{each}.{suffix}")
    return list(dict.fromkeys(found))


def _more_files(shell: Shell, name: str) -> list[str]:
    """The files of NAME.d, which add settings."""
    found = []
    for folder in reversed(FOLDERS):
        node = shell.node(f"{folder}/{name}.d")
        if node is not None and node.folder:
            found += [f"{folder}/{name}.d/{each}" for each in sorted(shell.entries(f"{folder}/{name}.d"))]
    return [each for each in found if each.endswith(".conf")]
