"""The machines on which pages are typed, and how each page finds them as new."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from docs.terminal import SHELL, Terminal

from decnet.lab import Lab, provide_images, run_argv
from decnet.lab.ground import clear
from decnet.lab.layout import place

KEPT = "COLUMNS,DECNET_HOME,DECNET_LAB_NAME,DECNET_LAB_ROOT,LC_ALL,NO_COLOR,PYTHONDONTWRITEBYTECODE,TERM"
SUDO = f"""\
#!/bin/sh
# An installed decnet is where sudo looks for programs. This one is found by PATH.
exec /usr/bin/sudo -n --preserve-env={KEPT} env "PATH=$PATH" "$@"
"""
EMPTY = """
docker ps -aq | xargs -r docker rm -f
docker network ls -q --filter type=custom | xargs -r docker network rm
docker images -q 'registry.example/*' | xargs -r docker rmi -f
rm -f /usr/local/bin/decnet-agent /usr/local/bin/notify /etc/ssh/ssh_host_*_key.pub
for key in "$1"/sshd/host_*.pub; do
    cp "$key" "/etc/ssh/ssh_$(basename "$key" .pub)_key.pub"
done
"""
"""What pages leave goes, and the keys of the lab's sshd are where a machine's own sshd has them."""


def cut_off(folder: Path) -> Terminal:
    """A shell here, with an empty home directory and state directory, without a network and without sudo."""
    variables = _variables(folder)
    (folder / "bin" / "sudo").write_text("#!/bin/sh\necho 'sudo belongs into a practice network'; exit 1\n")
    return Terminal(["unshare", "--net", *SHELL], work_folder(folder), variables)


def with_own_lab(folder: Path, lab: str) -> Terminal:
    """The same with network and sudo; `decnet lab` means the lab of this name."""
    variables = {"DECNET_LAB_NAME": lab, "DECNET_LAB_ROOT": str(folder / "labs")}
    return Terminal(SHELL, work_folder(folder), _variables(folder) | variables)


def on_machine(lab: Lab, name: str, folder: Path) -> Terminal:
    """A shell of root on a machine of the lab, in the page's folder."""
    argv = ["env", "-C", str(work_folder(folder)), f"PATH={_path(folder)}", *SHELL]
    return Terminal(run_argv(lab, name, argv), folder, {"PATH": os.environ["PATH"]})


def renew(lab: Lab, workers: list[str]) -> None:
    """Remove what a page left on the machines, and bring back what it removed: the decoy images."""
    for name in workers:
        argv = ["sh", "-c", EMPTY, "sh", str(place(lab, name).folder)]
        subprocess.run(run_argv(lab, name, argv), check=True, capture_output=True, timeout=120)
    for name in ["operator", *workers]:
        machine = place(lab, name)
        for folder in ("decnet", "agent", "opt"):
            clear(machine.folder / folder)
        for path in (machine.folder / "ssh").iterdir():
            if path.name not in ("authorized_keys", "id_ed25519", "id_ed25519.pub"):
                path.unlink()
        _drop_fleet_keys(machine.folder / "ssh" / "authorized_keys")
    _share_key(lab, workers)
    provide_images(lab, lambda line: None)


def work_folder(folder: Path) -> Path:
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return work


def _drop_fleet_keys(path: Path) -> None:
    if path.exists():
        kept = [line for line in path.read_text().splitlines(keepends=True) if "decnet-agent" not in line]
        path.write_text("".join(kept))


def _share_key(lab: Lab, workers: list[str]) -> None:
    """Let each worker log in at the others as the operator does: some pages use a worker as the operator."""
    key = place(lab, "operator").folder / "ssh" / "id_ed25519"
    for name in workers:
        for path in (key, key.with_suffix(".pub")):
            copy = place(lab, name).folder / "ssh" / path.name
            copy.touch(mode=0o600)
            copy.write_bytes(path.read_bytes())


def _variables(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {"HOME": str(home), "DECNET_HOME": str(folder / "decnet"), "PATH": _path(folder)}


def _path(folder: Path) -> str:
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    sudo = programs / "sudo"
    sudo.write_text(SUDO)
    sudo.chmod(0o755)
    return (
        f"{programs}:{Path(sys.prefix) / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    )
