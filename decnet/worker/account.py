"""The user whose ssh configuration counts, and processes that run as this user."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

KEPT = ("PATH", "LANG", "LC_ALL", "TERM", "SSH_AUTH_SOCK")
"""The variables that a process of another user inherits."""

ROOT_SHELLS = ("su", "sh", "bash", "dash", "zsh", "ksh", "fish", "csh", "tcsh")


@dataclass(frozen=True)
class Account:
    """A user of this machine. `home` is where `~` leads; `listed_home` is that of the user database, which
    ssh uses whatever HOME says."""

    name: str
    uid: int
    gid: int
    home: Path
    listed_home: Path

    @classmethod
    def operator(cls) -> Account:
        """The user at the keyboard: under sudo the one who called it."""
        caller = os.environ.get("SUDO_UID", "")
        if os.getuid() == 0 and caller.isdigit() and not _is_shell(os.environ.get("SUDO_COMMAND", "")):
            try:
                return cls._of(pwd.getpwuid(int(caller)))
            except KeyError:
                pass
        return cls.current()

    @classmethod
    def current(cls) -> Account:
        """The user of this process, with the home directory of its environment."""
        home = Path.home()
        try:
            return replace(cls._of(pwd.getpwuid(os.getuid())), home=home)
        except KeyError:
            return cls(f"uid {os.getuid()}", os.getuid(), os.getgid(), home, home)

    @classmethod
    def named(cls, name: str | None) -> Account:
        """The user of that name, if this process may act as this user; else its own."""
        try:
            found = cls._of(pwd.getpwnam(name or ""))
        except KeyError:
            return cls.current()
        return found if os.getuid() in (0, found.uid) else cls.current()

    @classmethod
    def _of(cls, row: pwd.struct_passwd) -> Account:
        return cls(row.pw_name, row.pw_uid, row.pw_gid, Path(row.pw_dir), Path(row.pw_dir))

    def process_options(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess` that start a process as this user, with none of root's groups
        and variables."""
        if self.uid == os.getuid():
            return {}
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        env = {**kept, "HOME": str(self.home), "USER": self.name, "LOGNAME": self.name}
        groups = os.getgrouplist(self.name, self.gid)
        return {"user": self.uid, "group": self.gid, "extra_groups": groups, "env": env, "cwd": "/"}

    def ssh_options(self) -> list[str]:
        """Options of ssh that make it read the configuration in `home`."""
        if self.home == self.listed_home:
            return []
        config = self.home / ".ssh" / "config"
        return ["-F", str(config) if config.is_file() else "none"]

    def at_home(self, path: str) -> str:
        """A path that ssh has expanded already, in `home`."""
        listed = f"{self.listed_home}/.ssh/"
        return f"{self.home}/.ssh/{path.removeprefix(listed)}" if path.startswith(listed) else path

    def expand(self, path: str) -> str:
        """The path with a leading `~` or `~USER` replaced, as ssh does it. Raises ValueError for an unknown
        user."""
        if not path.startswith("~"):
            return path
        name, slash, rest = path[1:].partition("/")
        try:
            home = Path(pwd.getpwnam(name).pw_dir) if name else self.home
        except KeyError as error:
            raise ValueError(f"no user is named {name}") from error
        return f"{home}{slash}{rest}"


def _is_shell(command: str) -> bool:
    """Whether sudo started an interactive shell: the user at its prompt is root."""
    words = command.split()
    if not words:
        return False
    name = os.path.basename(words[0])  # noqa: PTH119 - a string of the environment
    return name == "su" or (name in ROOT_SHELLS and len(words) == 1)
