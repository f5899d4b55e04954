"""A worker's own sshd."""

import signal
from pathlib import Path
from typing import Final

from decnet.lab import processes
from decnet.lab.ground import inside
from decnet.lab.keys import KEY_TYPES, host_key, make_host_keys
from decnet.lab.layout import Place
from decnet.lab.processes import Process, await_role, launch, log_file, recorded
from decnet.lab.shell import SYSTEM_PATH

PORT: Final = 22


def start(place: Place) -> None:
    """Start sshd on the management address unless it runs."""
    if recorded(place, "sshd"):
        return
    folder = place.folder / "sshd"
    make_host_keys(place)
    (folder / "sshd_config").write_text(_config(place, folder))
    # sshd executes itself for each connection, for which it needs its absolute path.
    config, log = str(folder / "sshd_config"), str(log_file(place, "sshd"))
    launch(place, "sshd", [*inside(place), "/usr/sbin/sshd", "-D", "-f", config, "-E", log])


def await_sshd(place: Place, *, limit: float = 15) -> None:
    """Wait until sshd listens. Raises Failed with the end of its log."""
    await_role(place, "sshd", lambda: listens(place), limit=limit)


def listens(place: Place) -> bool:
    """Whether the place's sshd listens (state 0A in /proc/<pid>/net/tcp, proc(5))."""
    process = recorded(place, "sshd")
    if process is None:
        return False
    try:
        rows = Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return False
    return any(row.split()[1].endswith(f":{PORT:04X}") and row.split()[3] == "0A" for row in rows)


def stop(place: Place) -> None:
    """Stop sshd and all its sessions."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        found = sshd_processes(place)
        processes.end(found, number=number)
        if all(processes.wait_until_gone(one, 5) for one in found):
            return


def sshd_processes(place: Place) -> list[Process]:
    return [process for process in processes.of_place(place) if process.name.startswith("sshd")]


def _config(place: Place, folder: Path) -> str:
    keys = [f"HostKey {host_key(place, kind)}" for kind in KEY_TYPES]
    return "\n".join([
        f"ListenAddress {place.mgmt_address}:{PORT}",
        *keys,
        "PidFile none",
        "PermitRootLogin prohibit-password",
        "PubkeyAuthentication yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "AuthorizedKeysFile .ssh/authorized_keys",
        "UsePAM no",
        "UseDNS no",
        "LogLevel VERBOSE",
        "LoginGraceTime 30",
        "MaxStartups 300:30:600",
        "MaxSessions 200",
        "PrintMotd no",
        f"SetEnv PATH={SYSTEM_PATH}:/usr/local/sbin:/usr/local/bin",
        "Subsystem sftp internal-sftp",
        "",
    ])  # fmt: skip
