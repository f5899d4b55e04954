"""How the agent starts Docker's programs, and which Compose it uses. Enrolment uses the same functions, so it
finds what the agent will use."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PLUGIN = "cli-plugins/docker-compose"
_FOR_ALL = ("/usr/lib/docker", "/usr/libexec/docker", "/usr/local/lib/docker", "/usr/local/libexec/docker")
_NO_ENGINE = "unix:///dev/null"


def environment(home: str, docker_host: str) -> Dict[str, str]:
    """Nothing of the caller's environment: Compose would take settings and files from it.

    No COMPOSE_PARALLEL_LIMIT either: with 4, compose 1.29 deadlocks (seen with 20 bases and
    60 services), and its own default is as fast as the engine.
    """
    return {
        "PATH": PATH,
        "HOME": home,
        "DOCKER_HOST": docker_host,
        "LC_ALL": "C.UTF-8",
        "COMPOSE_INTERACTIVE_NO_CLI": "1",
    }


def find_compose(home: str, seconds: float) -> Optional[Tuple[List[str], str]]:
    """Command and version of the first Compose that answers within `seconds`: the plug-in of all users, the
    user's own plug-in, Compose 1."""
    import subprocess

    for command in (["docker", "compose"], [_own_plugin()], ["docker-compose"]):
        try:
            # Without the plug-in `docker compose` connects to the engine, which would start a stopped one.
            done = subprocess.run(
                [*command, "version", "--short"], env=environment(home, _NO_ENGINE), cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                timeout=seconds, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            continue
        version = _version_in(done.stdout)
        if done.returncode == 0 and version:
            return command, version
    return None


def compose_files() -> List[str]:
    """The files that determine which Compose is found; not all of them exist."""
    programs = [folder + "/" + name for folder in PATH.split(":") for name in ("docker", "docker-compose")]
    return [*programs, *(base + "/" + _PLUGIN for base in _FOR_ALL), _own_plugin()]


def _own_plugin() -> str:
    """Where Docker's manual tells a user to install the plug-in. It also runs by itself; `docker` does not
    find it there if the agent has another HOME."""
    import pwd

    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        home = "/"
    return os.path.join(home, ".docker", _PLUGIN)


def _version_in(output: bytes) -> str:
    """The version at the end of the output; "" if there is none."""
    lines = output[-4096:].decode("ascii", "replace").strip().splitlines()
    version = lines[-1].strip().lstrip("v")[:40] if lines else ""
    return version if version[:1].isdigit() else ""
