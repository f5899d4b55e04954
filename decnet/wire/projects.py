"""Projects: sets of networks and deckies on a worker, each with a generation of its own.

The fleet is the project `decnet`, each topology is `decnet-t-` and 8 hexadecimal digits. Records, jobs and
containers that name no project belong to the fleet: they are from before there were projects.
"""

from __future__ import annotations

from .limits import PROJECT

_TOPOLOGY = PROJECT + "-t-"
_HEX = frozenset("0123456789abcdef")


def is_project(name: object) -> bool:
    """Whether that is the name of a project."""
    if not isinstance(name, str) or name == PROJECT:
        return name == PROJECT
    digits = name[len(_TOPOLOGY) :]
    return name.startswith(_TOPOLOGY) and len(digits) == 8 and _HEX.issuperset(digits)


def container_name(project: str, decky: str, service: str = "") -> str:
    """`<decky>` for a base, `<decky>-<service>` for a service; in other projects than the fleet with
    `<project>-` in front. Docker's names keep dashes apart from underscores."""
    base = decky if project == PROJECT else "%s-%s" % (project, decky)
    return "%s-%s" % (base, service.replace("_", "-")) if service else base
