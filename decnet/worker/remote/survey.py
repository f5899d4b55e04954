"""Reports what a machine has: Python, Docker, Compose, rights, disk, clock. Changes nothing."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import Any

from decnet.wire.compose import find_compose
from decnet.wire.engine import is_stopped, kind_of, missing_limits
from decnet.wire.sessions import end_with_their_session


def main(args: dict[str, Any]) -> dict[str, Any]:
    home = Path(args["home"])
    user = pwd.getpwuid(os.getuid())
    return {
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "uid": os.getuid(),
        "user": user.pw_name,
        "docker": docker(args["socket"]),
        "compose": compose(args["home"]),
        "disk_free_mib": shutil.disk_usage(existing(home)).free // 1048576,
        "clock": time.time(),
        "home_ready": is_ours(home),
        "identity": identity(home),
        "noexec": noexec(existing(home)),
        "ends_with_session": end_with_their_session(user.pw_name),
    }


def docker(path: str) -> dict[str, Any]:
    """The engine's version and kind, or why it does not answer."""
    if is_stopped(path):
        return {"version": None, "error": "stopped"}
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(10)
    try:
        sock.connect(path)
        sock.sendall(b"GET /info HTTP/1.0\r\nHost: docker\r\n\r\n")
        answer = b""
        while len(answer) < 1048576:
            piece = sock.recv(65536)
            if not piece:
                break
            answer += piece
        about = json.loads(answer.partition(b"\r\n\r\n")[2])
        return {
            "version": str(about["ServerVersion"])[:60],
            "error": None,
            "kind": kind_of(about),
            "limits_memory": "memory" not in missing_limits(about),
            "missing_limits": missing_limits(about),
        }
    except PermissionError:
        return {"version": None, "error": "rights"}
    except FileNotFoundError:
        rootless = Path(f"/run/user/{os.getuid()}/docker.sock").exists()
        return {"version": None, "error": "missing", "kind": "rootless" if rootless else ""}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {"version": None, "error": "silent"}
    finally:
        sock.close()


def compose(home: str) -> str | None:
    """The version of the Compose that the agent will use; None if it would find none."""
    found = find_compose(home, 20.0)
    return found[1] if found else None


def existing(path: Path) -> Path:
    return path if path.is_dir() or path == path.parent else existing(path.parent)


def noexec(place: Path) -> str:
    """The mount point of a file system that no program may run from; "" if they may."""
    if not os.statvfs(place).f_flag & os.ST_NOEXEC:
        return ""
    points = [line.split()[1] for line in Path("/proc/mounts").read_text("utf-8", "replace").splitlines()]
    above = {str(each) for each in (place, *place.parents)}
    return max((point for point in points if point in above), key=len, default=str(place))


def is_ours(home: Path) -> bool:
    try:
        return home.stat().st_uid == os.getuid() and os.access(home, os.W_OK | os.X_OK)
    except OSError:
        return False


def identity(home: Path) -> dict[str, str] | None:
    """The worker and fleet that the machine already belongs to; None if no agent is enrolled."""
    try:
        known = json.loads((home / "identity.json").read_bytes()[:65536])
        return {key: str(known[key])[:200] for key in ("worker_id", "fleet_id")}
    except (OSError, ValueError, KeyError, TypeError):
        return None
