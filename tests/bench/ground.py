"""As many workers as one likes behind one real sshd: every address of 127.0.0.0/8 is one.

Its root has a shell that reads no start-up file: what stands in this machine's own is no part of the figures.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from decnet.lab import run_argv
from decnet.model.fleet import Fleet
from decnet.model.worker import Worker
from decnet.store.desired import save_fleet
from decnet.store.paths import Home
from decnet.store.tables import transaction
from decnet.worker.agent_package import AgentPackage
from decnet.worker.agent_start import start

from .place import LAB, WORKER

PORT = 2222
PORTS = 10
"""A thousand calls at once are more than one listening socket queues: a hundred workers share one."""
USER = "root"
CONFIG = """
{ports}
ListenAddress 0.0.0.0
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
LogLevel ERROR
MaxStartups 2000
MaxSessions 200
PerSourceMaxStartups none
"""
# One agent's folder for each address: sshd says which one was called.
GATE = """#!/bin/sh
set -- $SSH_CONNECTION
export DECNET_AGENT_HOME={folder}/agents/$3
exec {agent} gate
"""
# An answer that was written beforehand, behind the marker that the request names, with the present time.
CANNED = """#!/bin/dash
set -- $SSH_CONNECTION
read -r request
marker=${{request##*\\"marker\\":\\"}}
marker=${{marker%%\\"*}}
printf '\\n%s ' "$marker"
cat "{folder}/canned/$3.head"
printf %s "$(date +%s.%1N)"
exec cat "{folder}/canned/$3.tail"
"""


def address(number: int) -> str:
    """The address of one worker, counted from 0."""
    return f"127.0.{number // 250}.{number % 250 + 1}"


def name(number: int) -> str:
    return f"w{number}"


class Ground:
    """The sshd, its keys and its workers' agents, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for key in ("host", "fleet", "simulated", "plain"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", str(folder / key)]
            subprocess.run(command, check=True, timeout=60)
        self._write_gates()
        config = folder / "sshd_config"
        ports = "\n".join(f"Port {PORT + number}" for number in range(PORTS))
        config.write_text(CONFIG.format(ports=ports, folder=folder))
        (folder / "passwd").write_text(
            "root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n"
        )
        sshd = f"exec /usr/sbin/sshd -r -D -f {config} -E {folder}/log"
        script = f"mount --bind {folder}/passwd /etc/passwd && {sshd}"
        argv = run_argv(LAB, WORKER, ["unshare", "-m", "sh", "-c", script])
        self._sshd = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        self._await()

    def close(self) -> None:
        self._sshd.terminate()
        self._sshd.wait(timeout=30)

    @property
    def host_key(self) -> str:
        """`ssh-ed25519 BLOB`."""
        return " ".join((self.folder / "host.pub").read_text().split()[:2])

    def served(self) -> float:
        """Processor seconds that sshd's ended children have taken so far."""
        fields = Path(f"/proc/{self._sshd.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def fleet(self, workers: int, *, dead: int = 0, at: Callable[[int], str] = address) -> Home:
        """An operator's home with workers whose agents answer, and some more that nothing leads to."""
        home = self.empty_home(f"fleet-{at(0)}-{workers}-{dead}", "fleet", workers, dead, at)
        agent = AgentPackage.of(self.folder / "own")
        for number in range(workers):
            place = self.folder / "agents" / at(number)
            place.mkdir(parents=True, exist_ok=True)
            identity = {
                "worker_id": _worker_id(number),
                "fleet_id": "bench",
                "engine_id": None,
                "home": str(place),
            }
            (place / "identity.json").write_text(json.dumps(identity))
        self._write_wrapper(self.folder / "own" / f"{agent.sha256}.pyz")
        return home

    def empty_home(
        self, title: str, key: str, workers: int, dead: int = 0, at: Callable[[int], str] = address
    ) -> Home:
        """A home that knows the workers and has nothing deployed."""
        home = Home(self.folder / title)
        for folder in (home.root, home.keys, home.records_dir):
            folder.mkdir(mode=0o700)
        shutil.copy(self.folder / key, home.keys / "fleet_ed25519")
        rows = [_worker(number, at(number)) for number in range(workers)]
        rows += [_worker(workers + number, f"203.0.113.{number + 2}") for number in range(dead)]
        with transaction(home.fleet) as tables:
            tables.replace("workers", [row.model_dump() for row in rows])
        pins = (f"{row.worker_id},[{row.host}]:{row.port} {self.host_key}\n" for row in rows)
        home.known_hosts.touch(0o600)
        home.known_hosts.write_text("".join(sorted(pins)))
        save_fleet(home, Fleet(fleet_id="bench"))
        return home

    def _write_gates(self) -> None:
        gates = {"fleet": ("gate", GATE), "simulated": ("canned-gate", CANNED)}
        lines = [(self.folder / "plain.pub").read_text()]
        for key, (file, text) in gates.items():
            path = self.folder / file
            path.write_text(text.format(folder=self.folder, agent=self.folder / "decnet-agent"))
            path.chmod(0o755)
            lines.append(f'restrict,command="{path}" {(self.folder / f"{key}.pub").read_text()}')
        (self.folder / "authorized_keys").write_text("".join(lines))

    def _write_wrapper(self, agent: Path) -> None:
        wrapper = self.folder / "decnet-agent"
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(["/usr/bin/python3", *start(str(agent))])} "$@"\n')
        wrapper.chmod(0o755)

    def _await(self) -> None:
        probe = run_argv(
            LAB, WORKER, ["sh", "-c", f"ssh-keyscan -T 2 -p {PORT} 127.0.0.1 2>/dev/null | grep -q ssh"]
        )
        for _ in range(50):
            if subprocess.run(probe, check=False, timeout=30).returncode == 0:
                return
            time.sleep(0.1)
        raise SystemExit((self.folder / "log").read_text())


def _worker(number: int, host: str) -> Worker:
    return Worker(
        name=name(number), worker_id=_worker_id(number), host=host, port=PORT + number // 100, user=USER
    )


def _worker_id(number: int) -> str:
    return f"id-{name(number)}"
