# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The properties of systemd itself, as `systemctl show` prints them without a unit."""

from __future__ import annotations

from ...host.printed_versions import FEATURES
from ..state import Shell
from .unit_finding import stamp, systemd_version, units_of


def manager(shell: Shell) -> list[tuple[str, str]]:
    """The properties that are asked for most; `Features` are those of the release's packages."""
    version = systemd_version(shell.world).partition("(")[2].rstrip(")")
    booted = stamp(shell.world.booted())
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return [
        ("Version", version), ("Features", FEATURES.get(version.split(".")[0], FEATURES["252"])), ("Virtualization", "vmware" if shell.world.is_virtual else ""), ("Architecture", "x86-64"),
        ("KernelTimestamp", booted), ("KernelTimestampMonotonic", "0"), ("UserspaceTimestamp", booted), ("LogLevel", "info"),
        ("LogTarget", "journal-or-kmsg"), ("NNames", str(len(units_of(shell)) + 184)), ("NFailedUnits", "0"), ("NJobs", "0"), ("NInstalledJobs", "115"), ("NFailedJobs", "0"),
        ("Progress", "1"), ("Environment", f"LANG=en_US.UTF-8 PATH={path}"), ("ConfirmSpawn", "no"), ("ShowStatus", "no"),
        ("DefaultStandardOutput", "journal"), ("DefaultStandardError", "inherit"), ("SystemState", "running"), ("DefaultTimeoutStartUSec", "1min 30s"),
        ("DefaultTimeoutStopUSec", "1min 30s"), ("DefaultRestartUSec", "100ms"), ("DefaultTasksMax", str(shell.world.memory_kib // 880)), ("CtrlAltDelBurstAction", "reboot-force"),
    ]  # fmt: skip
