"""A worker with its own kernel: User Mode Linux, running systemd, sshd and the Docker engine.

It is connected to the worker's cables (network.py). The lab reaches it by SSH from the worker's network
namespace, even if its management cable is unplugged.
"""

from __future__ import annotations

import json
import shlex
import shutil
from typing import Final

from decnet.errors import Failed, UsageError
from decnet.lab import choice, keys
from decnet.lab.ground import hostname, inside
from decnet.lab.layout import GATEWAY, Place
from decnet.lab.processes import await_role, launch, recorded
from decnet.lab.shell import run

ROLE: Final = "vm"
MEMORY: Final = "2G"
UNITS: Final = ("docker.socket", "docker.service", "containerd.service")
ASK: Final = """
timeout 10 docker version >/dev/null 2>&1 && echo up && exit
systemctl --quiet is-active docker && echo silent || echo down
"""
SSHD: Final = "PermitRootLogin prohibit-password\nUseDNS no\nMaxStartups 300:30:600\nMaxSessions 200\n"


def start(place: Place) -> None:
    """Start the worker, or only its engine if just that is stopped; `await_up` waits for it."""
    if recorded(place, ROLE):
        if engine_state(place) == "down":
            _run(place, ["systemctl", "start", *UNITS])
        return
    _write_seed(place)
    chosen, folder = choice.of(place), place.folder
    words = [
        f"mem={MEMORY}", f"ubd0={folder}/disk.cow,{chosen.disk}", "root=/dev/ubda", "rw", "seccomp=auto",
        f"hostfs={folder}/seed", f"systemd.hostname={hostname(place)}", "uml_dir=/run/uml/",
        f"umid={place.key}", "con=null", "con0=null,fd:1", "ssl=null",
        "systemd.show_status=error", "systemd.log_color=0",
        # A busy machine may give it little CPU time.
        "systemd.default_timeout_start_sec=900", "systemd.service_watchdogs=0",
    ]  # fmt: skip
    for number, side in enumerate(("lan", "mgmt")):
        words.append(f"vec{number}:transport=tap,ifname=tap-{side},depth=128,mac={place.mac(side)}")
    launch(place, ROLE, [*inside(place), "env", "TMPDIR=/dev/shm", chosen.kernel, *words])


def await_up(place: Place, *, limit: float = 900) -> None:
    """Wait until its engine answers. Raises Failed with the end of its console."""
    await_role(place, ROLE, lambda: engine_state(place) == "up", limit=limit, pause=0.5)


def engine_state(place: Place) -> str | None:
    """Its engine: up, silent (running without answering) or down; None if sshd does not answer."""
    if not recorded(place, ROLE):
        return None
    try:
        return run(command(place, ["sh", "-c", ASK]), limit=90).strip()
    except Failed:
        return None


def stop_engine(place: Place) -> None:
    _run(place, ["systemctl", "stop", *UNITS])


def signal_engine(place: Place, name: str) -> None:
    """Send a signal such as STOP to the engine's daemons, but not to its containers."""
    _run(place, ["systemctl", "kill", "--kill-whom=main", f"--signal={name}", *UNITS[1:]])


def refuse_virtual(place: Place, reason: str) -> None:
    """Raise UsageError if this is a virtual worker; `reason` explains why it cannot do that."""
    if choice.of(place).virtual:
        raise UsageError(f"{place.key} is a virtual worker: {reason}")


def command(place: Place, argv: list[str], *, terminal: bool = False) -> list[str]:
    """The command line that runs `argv` as root on the worker. A signal to it ends only the connection."""
    options = (
        f"UserKnownHostsFile={place.folder}/known_hosts", "StrictHostKeyChecking=yes", "BatchMode=yes",
        "ConnectTimeout=60", "LogLevel=ERROR",
    )  # fmt: skip
    words = [word for option in options for word in ("-o", option)]
    words += ["-i", str(keys.operator_key(place.lab)), *(["-t"] if terminal else [])]
    return [*inside(place), "ssh", "-F", "none", *words, f"root@{place.mgmt_address}", shlex.join(argv)]


def _run(place: Place, argv: list[str]) -> None:
    run(command(place, argv), limit=180)


def _write_seed(place: Place) -> None:
    """Write the files that the worker copies over its file system at its first start."""
    keys.make_host_keys(place)
    seed, name = place.folder / "seed", hostname(place)
    files = {
        "etc/hostname": f"{name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {name}\n",
        "etc/resolv.conf": f"nameserver {GATEWAY}\n",
        "etc/ssh/sshd_config.d/lab.conf": SSHD,
        "etc/systemd/network/10-eth0.network": _network("eth0", place.lan_address, f"Gateway={GATEWAY}"),
        "etc/systemd/network/10-mgmt0.network": _network("mgmt0", place.mgmt_address),
        "root/.ssh/authorized_keys": (place.folder / "ssh" / "authorized_keys").read_text(),
        **_engine_files(choice.of(place)),
    }
    for path, text in files.items():
        (seed / path).parent.mkdir(parents=True, exist_ok=True)
        (seed / path).write_text(text)
    (seed / "root").chmod(0o700)
    (seed / "root" / ".ssh").chmod(0o700)
    for kind in keys.KEY_TYPES:
        key = keys.host_key(place, kind)
        shutil.copy2(key, seed / "etc" / "ssh" / f"ssh_host_{kind}_key")
        shutil.copy2(key.with_suffix(".pub"), seed / "etc" / "ssh" / f"ssh_host_{kind}_key.pub")
    public = keys.host_key(place, "ed25519").with_suffix(".pub").read_text().split()[:2]
    (place.folder / "known_hosts").write_text(" ".join([str(place.mgmt_address), *public]) + "\n")


def _network(interface: str, address: str | None, *more: str) -> str:
    lines = ["[Match]", f"Name={interface}", "[Network]", f"Address={address}/24", *more]
    return "\n".join([*lines, "LinkLocalAddressing=no", "IPv6AcceptRA=no", ""])


def _engine_files(chosen: choice.Choice) -> dict[str, str]:
    found = {}
    if chosen.settings:
        found["etc/docker/daemon.json"] = json.dumps(chosen.settings)
    if chosen.environment:
        lines = [f"Environment={shlex.quote(word)}" for word in chosen.environment]
        found["etc/systemd/system/docker.service.d/lab.conf"] = "\n".join(["[Service]", *lines, ""])
    return found
