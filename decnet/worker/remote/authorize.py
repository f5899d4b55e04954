"""Adds or removes the fleet's line in the user's authorized_keys; other lines stay as they are."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path
from typing import Any


def main(args: dict[str, Any]) -> dict[str, bool]:
    """`line` None only removes: every line with the key `blob`, and every other fleet's line for the
    gate `command`, since an agent has one fleet."""
    folder = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"
    path = folder / "authorized_keys"
    present = path.read_bytes().splitlines() if path.exists() else []
    wanted = [line for line in present if not is_fleets(line, args["blob"], args["command"])]
    if args["line"] is not None:
        wanted.append(args["line"].encode("ascii"))
    if sorted(wanted) == sorted(present):
        return {"changed": False}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(path.resolve(), b"".join(line + b"\n" for line in wanted))
    return {"changed": True}


def is_fleets(line: bytes, blob: str, command: str) -> bool:
    words = line.split()
    if not words or words[0].startswith(b"#"):
        return False
    return blob.encode("ascii") in words or f'command="{command} gate"'.encode("ascii") in line


def write(path: Path, content: bytes) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
