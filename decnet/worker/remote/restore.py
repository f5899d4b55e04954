"""Takes back what a failed enrolment put on a machine: `remember` reports what is there before, `restore`
brings that back."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from decnet.wire.authorized import is_fleets, key_files, lines_of, replace_lines

KEPT = ("identity.json", "decnet-agent", "authorized_keys.path")
MOST = 65536


def main(args: dict[str, Any]) -> dict[str, Any]:
    home = Path(args["home"])
    return remembered(home, args) if args["before"] is None else restored(home, args)


def remembered(home: Path, args: dict[str, Any]) -> dict[str, Any]:
    """The agent's files (`names` None: this user may not read them), and the lines of fleets in
    authorized_keys files."""
    if is_closed(home):
        nothing = {"exists": True, "names": None, "texts": dict.fromkeys(KEPT), "current": None}
        return {**nothing, "lines": {place: fleets_lines(place, args) for place in places(args)}}
    current = home / "current"
    return {
        "exists": home.is_dir(),
        "names": names(home),
        "texts": {name: text_of(home / name) for name in KEPT},
        "current": os.readlink(current) if current.is_symlink() else None,  # noqa: PTH115 - Python 3.9
        "lines": {place: fleets_lines(place, args) for place in places(args)},
    }


def restored(home: Path, args: dict[str, Any]) -> dict[str, Any]:
    """`left` names what could not be taken back."""
    before, left = args["before"], []
    for place in places(args):
        try:
            restore_lines(place, [line.encode() for line in before["lines"].get(place, [])], args)
        except OSError:
            left.append(f"the line of the fleet in {place}")
    try:
        restore_home(home, before)
    except OSError as error:
        left.append(f"{error.filename or home}")
    if not before["exists"] and home.is_dir():
        left.append(f"{home}")
    return {"left": left[:16]}


def restore_lines(place: str, before: list[bytes], args: dict[str, Any]) -> None:
    present = lines_of(place)
    wanted = [line for line in present if not is_fleets(line, "", args["command"])] + before
    if sorted(wanted) != sorted(present):
        replace_lines(place, wanted)


def restore_home(home: Path, before: dict[str, Any]) -> None:
    if not home.is_dir() or is_closed(home):
        return
    if before["names"] is None:
        raise PermissionError(errno.EACCES, "what was there before is not known", str(home))
    if before["texts"]["identity.json"] is None:
        remove_unit(home)
    for name in sorted(set(names(home)) - set(before["names"]), reverse=True):
        path = home / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, text in before["texts"].items():
        if text is not None and text_of(home / name) != text:
            (home / name).write_text(text, "utf-8")
    current = home / "current"
    if before["current"] is not None and os.readlink(current) != before["current"]:  # noqa: PTH115
        current.unlink()
        current.symlink_to(before["current"])
    if not before["exists"]:
        home.rmdir()


def is_closed(home: Path) -> bool:
    """Whether it is another user's, as an earlier enrolment of root leaves it."""
    return home.is_dir() and not os.access(home, os.R_OK | os.X_OK)


def remove_unit(home: Path) -> None:
    """The agent's own way: it knows what it installed."""
    sys.path.insert(0, str(home / "current"))
    try:
        import_module("decnet.agent.boot").remove()
    except (ImportError, OSError):
        pass


def places(args: dict[str, Any]) -> list[str]:
    found = [*key_files(args["home"]), *([args["file"]] if args["file"] else [])]
    return list(dict.fromkeys(found))


def fleets_lines(place: str, args: dict[str, Any]) -> list[str]:
    lines = [line for line in lines_of(place) if is_fleets(line, "", args["command"])]
    return [line.decode("ascii", "replace") for line in lines][:64]


def names(home: Path) -> list[str]:
    """The files in the agent's directory and in its folder of agents."""
    found = [each for folder in (home, home / "agents") if folder.is_dir() for each in folder.iterdir()]
    return sorted(str(each.relative_to(home)) for each in found)


def text_of(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")[:MOST]
    except (OSError, ValueError):
        return None
