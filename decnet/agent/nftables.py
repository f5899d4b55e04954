"""Runs nft in the network namespace of a base, with the nft of the base's own image.

As root through nsenter, which takes a few milliseconds; otherwise, and where the base's process is not
visible from here, through an exec in the base, which takes ten times as long.
"""

from __future__ import annotations

import os

from decnet.wire.compose import PATH

from . import docker, limits
from .containers import start_tick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple

    from .containers import Container

NFT = "/usr/sbin/nft"
_NAMESPACES = ("net", "mnt")


class NftError(Exception):
    """nft reported an error, or could not be run."""


class Ended(NftError):
    """The base ended before nft could run."""


def run(base: Container, commands: str) -> str:
    """The output of nft for these commands, which take effect together or not at all. Raises NftError."""
    status, output, error = _by_nsenter(base, commands) or _by_exec(base, commands)
    if status == 0:
        return output
    raise NftError(" ".join(error.split())[:200] or "nft ended with %d" % status)


def _by_nsenter(base: Container, commands: str) -> Optional[Tuple[int, str, str]]:
    """None if this process may not enter the namespaces, or does not see them."""
    program = _nsenter() if os.geteuid() == 0 else None
    namespaces = _open_namespaces(base.pid) if program else []
    try:
        if not program or not namespaces:
            return None
        # A pid that was given to another process since then has another start.
        if start_tick(base.pid) != base.started or os.path.samestat(
            os.fstat(namespaces[0]), os.stat("/proc/self/ns/net")
        ):
            raise Ended("its base has ended")
        net, mount = ("/proc/self/fd/%d" % each for each in namespaces)
        command = [program, "--net=" + net, "--mount=" + mount, NFT, commands]
        return _ended(command, namespaces)
    finally:
        for each in namespaces:
            os.close(each)


def _nsenter() -> Optional[str]:
    places = (folder + "/nsenter" for folder in PATH.split(":"))
    return next((place for place in places if os.access(place, os.X_OK)), None)


def _open_namespaces(pid: int) -> List[int]:
    """Descriptors of the process's namespaces; none if it cannot be seen."""
    found: List[int] = []
    try:
        for name in _NAMESPACES:
            found.append(os.open("/proc/%d/ns/%s" % (pid, name), os.O_RDONLY))
    except OSError:
        for each in found:
            os.close(each)
        return []
    return found


def _ended(command: List[str], descriptors: List[int]) -> Tuple[int, str, str]:
    # Where they are used: a job that arms no base imports neither.
    import subprocess
    import tempfile

    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            status = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env={"LC_ALL": "C"},
                cwd="/", timeout=limits.NFT, check=False, pass_fds=descriptors,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise NftError("nft did not end in time") from error
        except OSError as error:
            raise NftError("nsenter cannot be run: %s" % error.strerror) from error
        return status, _start_of(output.fileno()), _start_of(errors.fileno())


def _start_of(descriptor: int) -> str:
    return os.pread(descriptor, limits.NFT_BYTES, 0).decode("utf-8", "replace")


def _by_exec(base: Container, commands: str) -> Tuple[int, str, str]:
    from .logs import frames

    command = {"AttachStdout": True, "AttachStderr": True, "Cmd": [NFT, commands]}
    try:
        made = docker.post("/containers/%s/exec" % base.id, body=command, limit=limits.NFT)
        raw = docker.raw_post("/exec/%s/start" % made["Id"], {"Detach": False, "Tty": False}, limits.NFT)
        status = docker.get("/exec/%s/json" % made["Id"], limit=limits.NFT).get("ExitCode")
    except docker.EngineError as error:
        raise NftError(error.message) from error
    texts = {1: b"", 2: b""}
    for number, piece in frames([raw]):
        texts[number] = (texts.get(number, b"") + piece)[: limits.NFT_BYTES]
    return int(status or 0), texts[1].decode("utf-8", "replace"), texts[2].decode("utf-8", "replace")
