"""The small databases of dpkg: diversions and overrides."""

from __future__ import annotations

from ..process import Process


def diversions(process: Process) -> list[tuple[str, str, str]]:
    """The rows of the diversions: path, where it went, by which package (":": by an administrator)."""
    lines = (process.shell.read("/var/lib/dpkg/diversions") or "").splitlines()
    return list(zip(lines[::3], lines[1::3], lines[2::3], strict=False))


def overrides(process: Process) -> list[str]:
    """The lines of /var/lib/dpkg/statoverride: owner, group, mode and path."""
    lines = (process.shell.read("/var/lib/dpkg/statoverride") or "").splitlines()
    return [line for line in lines if line.count(" ") >= 3]
