"""The host keys that the operator's own known_hosts files trust, for the first contact and for jump hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decnet.errors import UsageError
from decnet.model.worker import SshSettings

from .algorithms import HOST_CERTIFICATES, HOST_KEYS
from .hostkeys import HostKey
from .ssh_library import asyncssh


@dataclass(frozen=True)
class Trusted:
    """What the files have for one host, as keys of asyncssh: its keys, the authorities whose certificates
    count, and revoked keys. `source` names the files."""

    source: str
    keys: tuple[Any, ...]
    authorities: tuple[Any, ...]
    revoked: tuple[Any, ...]

    @property
    def is_known(self) -> bool:
        return bool(self.keys or self.authorities)

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
    texts = {each: text for each in settings.known_hosts if (text := _text(Path(each))) is not None}
    found = [(each, _matches(text, str(name), number)) for each, text in texts.items()]
    with_keys = [each for each, match in found if match[0] or match[1]]
    source = ", ".join(with_keys or list(settings.known_hosts)[:1]) or "known_hosts"
    return _merged(source, [match for _, match in found])


def trusted_in(file: Path, host: str, port: int) -> Trusted:
    """What `--known-hosts FILE` has for a host. Raises UsageError for a file that cannot be read."""
    try:
        text = file.read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise UsageError(f"{file}: it cannot be read as known_hosts: {error.strerror}") from error
    return _merged(str(file), [_matches(text, host, port)])


def _text(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "surrogateescape") if file.is_file() else None
    except OSError:
        return None


def _matches(text: str, host: str, port: int) -> Sequence[Sequence[Any]]:
    known = asyncssh().import_known_hosts("")
    for line in text.splitlines():
        try:
            known.load(line)
        except ValueError:
            # ssh skips a line that it cannot read.
            continue
    return list(known.match(host.lower(), "", None if port == 22 else port))


def _merged(source: str, matches: Sequence[Sequence[Any]]) -> Trusted:
    kinds = [tuple(key for match in matches for key in match[kind]) for kind in range(3)]
    return Trusted(source, *kinds)


def _host_key(key: Any) -> HostKey:
    return HostKey.parse(key.export_public_key("openssh").decode("ascii"))
