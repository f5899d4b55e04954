"""Other ways to run one command on many machines, as their own users would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from decnet.wire import PROTOCOL, canonical

from .ground import PORT, USER, Ground, address
from .place import Spent, spent

VENV = Path(".bench/venv")
BARE = Path(__file__).with_name("bare.py")
ASK = "decnet-agent status"
REQUEST = canonical({"v": PROTOCOL, "marker": "0" * 32, "args": {}}).decode() + "\n"
SSH_OPTIONS = [
    "-F", "none", "-p", str(PORT), "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
    "-o", "KexAlgorithms=curve25519-sha256", "-o", "Ciphers=aes128-gcm@openssh.com",
]  # fmt: skip


def install() -> None:
    """pyinfra and ansible-core from PyPI, in an environment of the bench's own."""
    if (VENV / "bin" / "ansible").exists() and (VENV / "bin" / "pyinfra").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, timeout=120)
    pip = [str(VENV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "pyinfra", "ansible-core"], check=True, timeout=600)


def bare(ground: Ground, workers: int) -> Spent:
    """asyncssh, tuned, running `true`."""
    return _bare(ground, workers, "plain", "true")


def bare_asking(ground: Ground, workers: int) -> Spent:
    """The same, asking each agent for its status."""
    return _bare(ground, workers, "fleet", ASK, REQUEST)


def bare_again(ground: Ground, workers: int, rounds: int) -> str:
    """What `bare_again` prints, asking each agent for its status in each round."""
    keys = [str(ground.folder / "fleet"), str(ground.folder / "host.pub")]
    argv = ["python", "-m", "tests.bench.bare_again", *keys, str(PORT), str(rounds), ASK]
    return spent([*argv, *(address(n) for n in range(workers))], stdin=REQUEST).output


def _bare(ground: Ground, workers: int, key: str, command: str, line: str = "") -> Spent:
    hosts = [address(n) for n in range(workers)]
    keys = [str(ground.folder / key), str(ground.folder / "host.pub")]
    return spent(["python", str(BARE), *keys, str(PORT), command, *hosts], stdin=line)


def openssh(ground: Ground, workers: int) -> Spent:
    """`ssh`, twenty at a time."""
    hosts = "\n".join(address(n) for n in range(workers))
    ssh = ["ssh", *SSH_OPTIONS, "-i", str(ground.folder / "plain"), *_known(ground)]
    return spent(["xargs", "-P", "20", "-I", "HOST", *ssh, f"{USER}@HOST", "true"], stdin=hosts)


def pyinfra(ground: Ground, workers: int) -> Spent:
    """`pyinfra INVENTORY exec -- true`."""
    data = {
        "ssh_user": USER,
        "ssh_port": PORT,
        "ssh_key": str(ground.folder / "plain"),
        "ssh_known_hosts_file": str(_known_hosts(ground)),
        "ssh_config_file": "/dev/null",
    }
    inventory = ground.folder / "inventory.py"
    inventory.write_text(f"hosts = {[(address(n), data) for n in range(workers)]!r}\n")
    return spent([str(VENV / "bin" / "pyinfra"), "-y", str(inventory), "exec", "--", "true"])


def ansible(ground: Ground, workers: int) -> Spent:
    """ansible-core's `command` module, 50 forks, pipelined."""
    hosts = {
        address(n): {
            "ansible_user": USER,
            "ansible_port": PORT,
            "ansible_ssh_private_key_file": str(ground.folder / "plain"),
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        for n in range(workers)
    }
    inventory = ground.folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    settings = {
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_LOCAL_TEMP": str(ground.folder / "ansible"),
        "ANSIBLE_SSH_ARGS": " ".join(
            [*SSH_OPTIONS[:2], *SSH_OPTIONS[6:], *_known(ground), "-o ControlMaster=no"]
        ),
        "LC_ALL": "C.UTF-8",
    }
    argv = [
        str(VENV / "bin" / "ansible"),
        "all",
        "-i",
        str(inventory),
        "-f",
        "50",
        "-m",
        "command",
        "-a",
        "true",
    ]
    return spent(argv, env=settings)


def _known_hosts(ground: Ground) -> Path:
    path = ground.folder / "known"
    if not path.exists():
        path.write_text("".join(f"[{address(n)}]:{PORT} {ground.host_key}\n" for n in range(1000)))
    return path


def _known(ground: Ground) -> list[str]:
    return ["-o", f"UserKnownHostsFile={_known_hosts(ground)}"]
