"""Keys of a decky, and of a worker's part of a project."""

from __future__ import annotations

from typing import NamedTuple

from decnet.wire import PROJECT, clean, container_name


class SliceKey(NamedTuple):
    """The part of a project that lives on one worker."""

    worker: str
    project: str = PROJECT

    def __str__(self) -> str:
        return self.worker if self.project == PROJECT else f"{self.worker} ({self.project})"


class DeckyKey(NamedTuple):
    """One decky of one project on one worker."""

    worker: str
    project: str
    decky: str

    @property
    def slice(self) -> SliceKey:
        return SliceKey(self.worker, self.project)

    @property
    def base(self) -> str:
        """The name of its base container, unique on the worker."""
        return container_name(self.project, self.decky)

    def __str__(self) -> str:
        name = clean(self.decky, 60)
        return f"{name if self.project == PROJECT else f'{self.project}/{name}'} on {self.worker}"
