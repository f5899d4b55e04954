"""`systemctl list-dependencies`."""

from __future__ import annotations

from collections.abc import Iterator

from ...host.units import Unit
from ..process import Process, Running
from ..state import Shell
from ..text.common import Options
from .loaded import loaded
from .unit_finding import named
from .unit_settings import requires, wants

COLUMNS = 80
MOST_LINES = 2_000
UNLISTED = (".device", ".scope")


def list_dependencies(process: Process, options: Options, words: list[str]) -> Running:
    """Print the tree of what a unit needs, or, with --reverse, of what needs it."""
    shell = process.shell
    root = named(shell, words[0]) if words else "default.target"
    units = yield from loaded(shell)
    graph = Graph(shell, units, is_reversed="reverse" in options)
    root = graph.real_name(root)
    process.out(f"{words[0] if words else root}\n" if not words or "." in words[0] else f"{root}\n")
    for at, (name, bars) in enumerate(graph.walk(root, all_units="a" in options)):
        if at % 8 == 0:
            yield 0.0
        if at >= MOST_LINES:
            break
        if "plain" in options:
            process.out("  " + "  " * len(bars) + f"{name}\n")
            continue
        lines = "".join("│ " if more else "  " for more in bars[:-1]) + ("├─" if bars[-1] else "└─")
        room = COLUMNS - 2 - len(lines)
        shown = name if len(name) <= room or "l" in options else name[: room - 1] + "…"
        process.out(f"{graph.sign(name)} {lines}{shown}\n")
    return 0


class Graph:
    """Which unit needs which. `walk` reads the files of the units that it comes to."""

    def __init__(self, shell: Shell, units: list[Unit], *, is_reversed: bool) -> None:
        self._shell, self._reversed = shell, is_reversed
        self._units = {unit.name: unit for unit in units}
        self._forward: dict[str, list[str]] = {}
        self._back: dict[str, list[str]] | None = None

    def real_name(self, name: str) -> str:
        """The unit behind the default target."""
        return named(self._shell, name)

    def sign(self, name: str) -> str:
        """● for what is active."""
        unit = self._units.get(name)
        return "●" if unit is not None and unit.active else "○"

    def walk(
        self, root: str, *, all_units: bool, bars: tuple[bool, ...] = (), above: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, tuple[bool, ...]]]:
        """Names, and for each level whether more follow on it."""
        needed = sorted(self._needed(root), key=lambda name: (name.endswith(".target"), name.lower()))
        for at, name in enumerate(needed):
            here = (*bars, at < len(needed) - 1)
            yield name, here
            if name not in above and name != root and (all_units or name.endswith(".target")):
                yield from self.walk(name, all_units=all_units, bars=here, above=(*above, root))

    def _needed(self, name: str) -> set[str]:
        if self._reversed:
            if self._back is None:
                self._back = {}
                for each in self._units:
                    for needed in self._of(each):
                        self._back.setdefault(needed, []).append(each)
            return set(self._back.get(name, ()))
        return set(self._of(name))

    def _of(self, name: str) -> list[str]:
        if name not in self._forward:
            found = [*requires(self._shell, name), *wants(self._shell, name)]
            self._forward[name] = [
                each for each in found if each in self._units and not each.endswith(UNLISTED)
            ]
        return self._forward[name]
