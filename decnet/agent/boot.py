"""The systemd unit that runs the agent's heal whenever the Docker engine has started.

Docker does not retry a service whose base was not running yet when the engine started, and after a crash some
versions start nothing: without the unit, deckies recover only at the next reconcile.
"""

from __future__ import annotations

import os

from decnet.wire.sessions import has_systemd

from .home import path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

NAME = "decnet-heal.service"
UNIT = "/etc/systemd/system/" + NAME
COMMAND = "decnet-agent"
SYSTEMCTL = ("/usr/bin/systemctl", "/bin/systemctl")
# Through a shell: SELinux does not let systemd start a program in /var/lib (203/EXEC).
TEXT = """# Written by decnet-agent at every upgrade. To disable it: systemctl mask %s
[Unit]
Description=Start the deckies that did not come up with the Docker engine
After=docker.service

[Service]
Type=oneshot
ExecStart=/bin/sh %s heal
TimeoutStartSec=300

[Install]
WantedBy=docker.service
"""


def install() -> None:
    """Install the unit, if systemd and root permissions allow it and this agent has an installed command. A
    masked unit stays masked."""
    if (
        not has_systemd()
        or os.geteuid() != 0
        or not os.access(path(COMMAND), os.X_OK)
        or os.path.islink(UNIT)
    ):
        return
    text = TEXT % (NAME, path(COMMAND))
    if _read() == text:
        return
    draft = UNIT + ".decnet.tmp"
    try:
        with open(draft, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
        os.rename(draft, UNIT)
    except OSError:
        return
    _systemctl(["daemon-reload"])
    _systemctl(["enable", NAME])


def remove() -> None:
    """Remove the unit of this agent."""
    if path(COMMAND) not in _read():
        return
    _systemctl(["disable", NAME])
    try:
        os.unlink(UNIT)
    except OSError:
        return
    _systemctl(["daemon-reload"])


def is_installed() -> bool:
    return has_systemd() and path(COMMAND) in _read()


def _read() -> str:
    try:
        with open(UNIT) as file:
            return file.read(65536)
    except (OSError, ValueError):
        return ""


def _systemctl(arguments: List[str]) -> None:
    import subprocess

    program = next((each for each in SYSTEMCTL if os.access(each, os.X_OK)), None)
    if program is None:
        return
    try:
        subprocess.run(
            [program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        pass
