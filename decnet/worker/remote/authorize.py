"""Adds or removes the fleet's line in the user's authorized_keys; other lines stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from decnet.wire.authorized import PLACE, is_fleets, key_files, lines_of, replace_lines, usual_file


def main(args: dict[str, Any]) -> dict[str, bool]:
    """`line` None only removes: every line with the key `blob`, and every other fleet's line for the
    gate `command`, since an agent has one fleet. `file` is the file that sshd reads; None: the usual one."""
    home, place = Path(args["home"]), args["file"] or usual_file()
    changed = False
    for path in dict.fromkeys([place, *key_files(args["home"])]):
        present = lines_of(path)
        wanted = [line for line in present if not is_fleets(line, args["blob"], args["command"])]
        if args["line"] is not None and path == place:
            wanted.append(args["line"].encode("ascii"))
        if sorted(wanted) != sorted(present):
            replace_lines(path, wanted)
            changed = True
    remember(home / PLACE, place if args["line"] is not None and place != usual_file() else "")
    return {"changed": changed}


def remember(note: Path, place: str) -> None:
    """The agent's own end has to find the line, too."""
    if place:
        note.write_text(f"{place}\n", "utf-8")
    elif note.exists():
        note.unlink()
