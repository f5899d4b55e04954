"""The host keys that the operator's own known_hosts files trust, for the first contact and for jump hosts."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decnet.errors import UsageError

from .algorithms import HOST_CERTIFICATES, HOST_KEYS
from .hostkeys import HostKey
from .ssh_library import asyncssh

if TYPE_CHECKING:
    from decnet.model.worker import SshSettings

Matches = tuple[tuple[Any, ...], ...]
"""Keys of asyncssh: of the host, of authorities, revoked ones."""


@dataclass(frozen=True)
class Trusted:
    """What the files have for the host `name`, as keys of asyncssh: its keys, the authorities whose
    certificates count, and revoked keys. `source` names the files."""

    name: str
    source: str
    keys: tuple[Any, ...]
    authorities: tuple[Any, ...]
    revoked: tuple[Any, ...]

    @property
    def is_known(self) -> bool:
        return bool(self.keys or self.authorities)

    @property
    def removal(self) -> str:
        """How a key that is out of date is removed."""
        return f"if the change is legitimate: ssh-keygen -R '{self.name}' -f {self.source}"

    def fingerprints(self) -> frozenset[str]:
        return frozenset(_host_key(key).fingerprint for key in self.keys)

    def is_revoked(self, key: HostKey) -> bool:
        return any(_host_key(each) == key for each in self.revoked)

    def options(self) -> dict[str, Any]:
        """Options of asyncssh that accept these keys only. The types of known keys come first: a server with
        several keys would show another one."""
        own = [name.decode("ascii") for key in self.keys for name in key.sig_algorithms]
        every = (*HOST_KEYS, *HOST_CERTIFICATES)
        types = [*(HOST_CERTIFICATES if self.authorities else ()), *own, *every]
        return {
            "known_hosts": (list(self.keys), list(self.authorities), list(self.revoked)),
            "server_host_key_algs": [each for each in dict.fromkeys(types) if each in every],
        }


def trusted_by(settings: SshSettings, host: str, port: int) -> Trusted:
    """What the operator's files have for a host; files that cannot be read are skipped, as ssh does."""
    name, number = (settings.host_key_alias, 22) if settings.host_key_alias else (host, port)
    found: dict[str, Matches] = {}
    for file in settings.known_hosts:
        try:
            found[file] = _matches(Path(file), name, number)
        except OSError:
            continue
    with_keys = [file for file, match in found.items() if match[0] or match[1]]
    source = ", ".join(with_keys or list(settings.known_hosts)[:1]) or "known_hosts"
    return _merged(name, number, source, list(found.values()))


def trusted_in(file: Path, host: str, port: int) -> Trusted:
    """What `--known-hosts FILE` has for a host. Raises UsageError for a file that cannot be read."""
    try:
        # It may be a pipe: --known-hosts <(ssh-keyscan HOST)
        return _merged(
            host, port, str(file), [_matches_in(file.read_text("utf-8", "surrogateescape"), host, port)]
        )
    except OSError as error:
        raise UsageError(f"{file}: it cannot be read as known_hosts: {error.strerror}") from error


def _matches(file: Path, host: str, port: int) -> Matches:
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(file))
    return _parsed(file, host, port, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=64)
def _parsed(file: Path, host: str, port: int, _mtime: int, _size: int, _inode: int) -> Matches:
    # Cached by the file's stat: many workers have one jump host.
    return _matches_in(file.read_text("utf-8", "surrogateescape"), host, port)


def _matches_in(text: str, host: str, port: int) -> Matches:
    known = asyncssh().import_known_hosts("")
    for line in text.splitlines():
        try:
            known.load(line)
        except ValueError:
            # ssh skips a line that it cannot read.
            continue
    return tuple(tuple(kind) for kind in known.match(host.lower(), "", None if port == 22 else port))


def _merged(host: str, port: int, source: str, matches: Sequence[Matches]) -> Trusted:
    kinds = [tuple(key for match in matches for key in match[kind]) for kind in range(3)]
    return Trusted(host if port == 22 else f"[{host}]:{port}", source, *kinds)


def _host_key(key: Any) -> HostKey:
    return HostKey.parse(key.export_public_key("openssh").decode("ascii"))
