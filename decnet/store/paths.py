"""The paths of the state directory on the operator's machine."""

from __future__ import annotations

import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from decnet.errors import UsageError

ROOT_HOME = Path("/var/lib/decnet")

_PLAIN_PART = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Home:
    """The state directory, `$DECNET_HOME`, and the path of each file in it."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "decnet-state.json"

    @property
    def fleet(self) -> Path:
        return self.root / "fleet.json"

    @property
    def topologies(self) -> Path:
        """The status, moves and mutations of the topologies."""
        return self.root / "topologies.json"

    @property
    def rollouts(self) -> Path:
        """What was frozen of each rollout, and what has become of it."""
        return self.root / "rollouts"

    @property
    def records_dir(self) -> Path:
        return self.root / "records"

    def records(self, worker_id: str) -> Path:
        return self.records_dir / f"{safe_part(worker_id)}.json"

    @property
    def seen(self) -> Path:
        return self.root / "seen.json"

    @property
    def known_hosts(self) -> Path:
        return self.root / "known_hosts"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def events_dir(self) -> Path:
        return self.root / "events"

    def events(self, worker: str) -> Path:
        return self.events_dir / safe_part(worker)

    @property
    def deliveries(self) -> Path:
        """How far each receiver of events was sent them."""
        return self.root / "deliveries"

    @property
    def audit(self) -> Path:
        return self.root / "audit.jsonl"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def catalog(self) -> Path:
        """The user's own catalog entries, merged into the built-in catalog."""
        return self.root / "catalog"

    @property
    def used_entries(self) -> Path:
        """The user's catalog entries that deployed deckies were made from."""
        return self.root / "catalog-used.json"

    @property
    def rollout_policies(self) -> Path:
        """The user's own policies of rollouts, for fleets that have no fleet file."""
        return self.root / "rollouts.toml"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def agents(self) -> Path:
        return self.root / "agents"


def find_home(env: Mapping[str, str], uid: int) -> Home:
    """The state directory of this user: $DECNET_HOME, else /var/lib/decnet for root, else the XDG state
    folder.

    Never below the current folder: a $DECNET_HOME that is not absolute is a UsageError.
    """
    named = env.get("DECNET_HOME", "")
    if named:
        if not Path(named).is_absolute():
            raise UsageError(
                f"DECNET_HOME is {named!r}, which is not an absolute path", hint=_absolute_hint(named)
            )
        return Home(Path(named))
    if uid == 0:
        return Home(ROOT_HOME)
    state = Path(env.get("XDG_STATE_HOME", ""))
    return Home((state if state.is_absolute() else _user_folder(env, uid) / ".local/state") / "decnet")


def safe_part(name: str) -> str:
    """An untrusted name as one component of a path: unchanged if it is plain, else a hash of it.

    Different names never give the same component.
    """
    if _PLAIN_PART.fullmatch(name) and not name.startswith("x-"):
        return name
    import hashlib

    return "x-" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _absolute_hint(named: str) -> str:
    try:
        return f"export DECNET_HOME={Path.cwd() / named}"
    except FileNotFoundError:
        return "the working directory was deleted: set DECNET_HOME to an absolute path"


def _user_folder(env: Mapping[str, str], uid: int) -> Path:
    named = Path(env.get("HOME", ""))
    if named.is_absolute():
        return named
    try:
        return Path(pwd.getpwuid(uid).pw_dir)
    except KeyError:
        raise UsageError(
            f"user {uid} has no home directory", hint="set DECNET_HOME to an absolute path"
        ) from None
