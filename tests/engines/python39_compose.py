"""Compose 1.29 on Python 3.9, as users of Debian 11 install it with pip: from PyPI, with what it needs."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

WHEELS = (
    "docker-compose==1.29.2", "docker==5.0.3", "requests==2.31.0", "urllib3==1.26.20", "PyYAML==5.4.1",
    "jsonschema==3.2.0", "attrs==23.2.0", "pyrsistent==0.20.0", "six==1.16.0", "cached-property==1.5.2",
    "distro==1.9.0", "python-dotenv==0.21.1", "texttable==1.7.0", "websocket-client==0.59.0", "idna==3.7",
    "certifi==2024.7.4", "charset-normalizer==3.3.2",
)  # fmt: skip
SOURCES = ("docopt==0.6.2", "dockerpty==0.4.1")
"""There are no wheels of these."""

PROGRAM = """#!/usr/bin/python3
import sys
sys.path.insert(0, {folder!r})
from compose.cli.main import main
main()
"""


def fetch(folder: Path) -> None:
    """Install Compose into a folder. Raises CalledProcessError where the package index does not have it."""
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder))
    for more in (("--python-version", "3.9", "--only-binary=:all:", *WHEELS), SOURCES):
        subprocess.run([*pip, *more], check=True, capture_output=True, timeout=300)


def install(folder: Path) -> str:
    """A shell command that makes the Compose of this folder the worker's `docker-compose`."""
    program = shlex.quote(PROGRAM.format(folder=str(folder)))
    return f"printf %s {program} >/usr/local/bin/docker-compose && chmod 755 /usr/local/bin/docker-compose"
