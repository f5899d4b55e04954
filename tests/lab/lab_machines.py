"""Commands on a lab's machines, and the smallest image that runs."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from decnet.lab import Lab, run_argv

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def in_place(
    lab: Lab, where: str, *argv: str, check: bool = True, stdin: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        run_argv(lab, where, list(argv)), input=stdin, capture_output=True, timeout=60, check=False
    )
    out, err = ended.stdout.decode(), ended.stderr.decode()
    if check and ended.returncode:
        raise AssertionError(f"{argv}: exit {ended.returncode}: {out}{err}")
    return subprocess.CompletedProcess(ended.args, ended.returncode, out, err)


def import_image(lab: Lab, worker: str = "w1") -> None:
    """An image `sleeper` of one static program."""
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
    command = 'CMD ["/bin/busybox", "sleep", "100000"]'
    in_place(lab, worker, "docker", "import", "-c", command, "-", "sleeper", stdin=archive.getvalue())


def start_container(lab: Lab, name: str, worker: str = "w1", *options: str) -> int:
    """Start a sleeper and return its pid on the machine."""
    in_place(lab, worker, "docker", "run", "-d", "--name", name, "--network", "none", *options, "sleeper")
    found = in_place(lab, worker, "docker", "inspect", "-f", "{{.State.Pid}}", name)
    return int(found.stdout)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
