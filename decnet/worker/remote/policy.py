"""Reports which keys sshd accepts from this user, and from which files, as far as that can be found out.
Changes nothing."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

PROGRAM = "/usr/sbin/sshd"
LIMIT = 10.0


def main(args: dict[str, Any]) -> dict[str, Any]:
    """Settings of sshd for this user and this client; {} if they cannot be read, as usual without root."""
    user = pwd.getpwuid(os.getuid())
    client = (os.environ.get("SSH_CONNECTION") or "127.0.0.1").split()[0]
    found = settings(f"user={user.pw_name},host={client},addr={client}")
    if "authorizedkeysfile" not in found:
        return {}
    names = [] if found["authorizedkeysfile"] == "none" else found["authorizedkeysfile"].split()
    algorithms = found.get("pubkeyacceptedalgorithms", found.get("pubkeyacceptedkeytypes", ""))
    return {
        "files": [expanded(name, user) for name in names][:16],
        "algorithms": [each for each in algorithms.split(",") if each][:64],
    }


def settings(who: str) -> dict[str, str]:
    words = [PROGRAM, "-T", "-C", who, *config_of(os.getppid())]
    for argv in [words] if os.getuid() == 0 else [["sudo", "-n", *words]]:
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                timeout=LIMIT, check=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            continue
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        return {line.partition(" ")[0]: line.partition(" ")[2] for line in reversed(lines)}
    return {}


def config_of(pid: int) -> list[str]:
    """`-f FILE` of the sshd that this process comes from: its title has its arguments."""
    while pid > 1:
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
        words = title.replace(b"\0", b" ").decode("utf-8", "replace").split()
        if PROGRAM in words[:2] and "-f" in words[:-1]:
            return ["-f", words[words.index("-f") + 1]]
        pid = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    return []


def expanded(name: str, user: pwd.struct_passwd) -> str:
    """A file name of AuthorizedKeysFile with its tokens replaced (sshd_config(5))."""
    tokens = {"%%": "%", "%h": user.pw_dir, "%u": user.pw_name, "%U": str(user.pw_uid)}
    pieces, at = [], 0
    while at < len(name):
        token = name[at : at + 2]
        pieces.append(tokens.get(token, name[at]))
        at += 2 if token in tokens else 1
    return str(Path(user.pw_dir) / "".join(pieces))
