"""The operator's own login to a machine, and the check of its host key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decnet import wire
from decnet.errors import HostKeyRefused, TrustRefused, Unreachable, UsageError

from . import connect
from .backoff import backoff
from .connect import CONNECT_LIMIT, HOST_KEYS, KEX
from .hostkeys import HostKey, trusted_fingerprints
from .refusals import is_locked, locked
from .ssh_library import asyncssh
from .translate import connecting

FAMILIES = (HOST_KEYS, ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
            ("rsa-sha2-512", "rsa-sha2-256"))  # fmt: skip
"""A server with several keys presents one per connection: these are requested in turn."""

KEY_TRIES = 4


@dataclass(frozen=True)
class Login:
    """How the operator logs in; values that are None come from their ~/.ssh/config, keys and ssh-agent.

    `ask` is called with a prompt for a password or a passphrase; None if the session is not interactive.
    `config` False ignores the configuration file, `agent` False the ssh-agent.
    """

    host: str
    user: str | None = None
    port: int | None = None
    jump: str | None = None
    identity: Path | None = None
    ask: Callable[[str], str | None] | None = None
    config: bool = True
    agent: bool = True

    @classmethod
    def parse(cls, address: str, **options: Any) -> Login:
        """From `[USER@]HOST[:PORT]`; an IPv6 address with a port needs brackets. Raises UsageError."""
        user, host, port = _split_address(address)
        return cls(host, user, port, **options)


@dataclass(frozen=True)
class Place:
    """The destination of a login, after applying the operator's configuration, as a worker's record stores
    it."""

    host: str
    port: int
    user: str
    jump: str | None


@dataclass(frozen=True)
class HostKeyProof:
    """What a host key is checked against; the first one given is used: our pinned key, a fingerprint, a
    known_hosts file, or a person who compares the key."""

    pinned: HostKey | None = None
    fingerprint: str | None = None
    known_hosts: Path | None = None
    confirm: Callable[[HostKey], bool] | None = None


async def resolve(login: Login, worker: str) -> Place:
    """The address, port, user and jump host that a login means. Raises UsageError."""
    library = asyncssh()
    with connecting(worker):
        options = await library.SSHClientConnectionOptions.construct(
            host=login.host,
            config=() if login.config else None,
            agent_path=None,
            client_keys=None,
            **_given(port=login.port, username=login.user, tunnel=login.jump),
        )
    jump = options.tunnel if isinstance(options.tunnel, str) else None
    place = Place(str(options.host), int(options.port), str(options.username), jump)
    for word in (place.host, place.user, place.jump or ""):
        if word.startswith("-") or any(
            char.isspace() or not char.isprintable() or char == "," for char in word
        ):
            raise UsageError(f"{wire.clean(word, 60)} is not a host or user name", worker=worker)
    if place.jump:
        _split_address(place.jump)
    return place


def _split_address(address: str) -> tuple[str | None, str, int | None]:
    try:
        return connect.split_address(address)
    except ValueError as error:
        raise UsageError(
            f"{wire.clean(address, 80)}: not [USER@]HOST[:PORT]", hint="for example root@198.51.100.7:22"
        ) from error


async def verified_key(place: Place, worker: str, proof: HostKeyProof) -> HostKey:
    """The machine's verified host key. Raises HostKeyRefused, Unreachable."""
    if proof.pinned is not None:
        # The connection itself checks a pinned key: no need to fetch the key first.
        return proof.pinned
    if proof.fingerprint is not None:
        return await _matching(place, worker, {proof.fingerprint}, "the given fingerprint")
    if proof.known_hosts is not None:
        keys = trusted_fingerprints(proof.known_hosts, place.host, place.port)
        return await _matching(place, worker, {key.fingerprint for key in keys}, str(proof.known_hosts))
    key = await fetch_key(place, worker)
    if proof.confirm is None:
        raise HostKeyRefused(
            f"its host key {key.fingerprint} is unknown, and this session is not interactive",
            hint="--host-key SHA256:... or --known-hosts FILE confirms it",
            worker=worker,
        )
    if not proof.confirm(key):
        raise HostKeyRefused(f"its host key {key.fingerprint} was not confirmed", worker=worker)
    return key


async def fetch_key(place: Place, worker: str, algorithms: tuple[str, ...] = HOST_KEYS) -> HostKey:
    """The host key that the machine presents now, without a login. Raises Unreachable."""
    library = asyncssh()
    with connecting(worker):
        async with asyncio.timeout(CONNECT_LIMIT):
            jump = await connect.jump_host(library, worker, place.jump) if place.jump else None
            try:
                key = await _presented_key(
                    library, place, config=None, kex_algs=KEX, server_host_key_algs=algorithms,
                    **_given(tunnel=jump),
                )  # fmt: skip
            finally:
                if jump is not None:
                    jump.abort()
    if key is None:
        raise Unreachable("it shows no host key", worker=worker)
    return HostKey.parse(key.export_public_key("openssh").decode("ascii"))


async def _presented_key(library: Any, place: Place, **options: Any) -> Any:
    """The key as an asyncssh object. A connection that is dropped before the key arrives is retried a few
    times: sshd's MaxStartups drops connections without a reason."""
    for pause in backoff(KEY_TRIES):
        try:
            return await library.get_server_host_key(place.host, place.port, **options)
        except (library.ConnectionLost, ConnectionResetError, BrokenPipeError):
            await asyncio.sleep(pause)
    return await library.get_server_host_key(place.host, place.port, **options)


async def connect_as_operator(place: Place, login: Login, worker: str, key: HostKey) -> Any:
    """A connection with the operator's own credentials, for enrolment. Raises Unreachable, TrustRefused."""
    with connecting(worker):
        options: dict[str, Any] = _given(client_keys=[_identity(login)] if login.identity else None)
    if not login.config:
        options["config"] = None
    if not login.agent:
        options["agent_path"] = None
        options.setdefault("client_keys", None)
    if login.ask is not None:
        ask = login.ask
        options["password"] = lambda: ask(f"{place.user}@{place.host}'s password: ")
    target = connect.Target(worker, place.host, place.port, place.user, key, place.jump, login=options)
    return await connect.connect(target, limit=connect.PROMPT_LIMIT if login.ask else CONNECT_LIMIT)


def _identity(login: Login) -> Any:
    # Prompted here: asyncssh 2.24 calls a callable for the passphrase only if a .pub file is next to the key.
    library = asyncssh()
    try:
        return library.read_private_key(login.identity)
    except library.KeyImportError as error:
        if not is_locked(login.identity):
            raise
        passphrase = login.ask(f"passphrase for {login.identity}: ") if login.ask is not None else None
        if passphrase is None:
            raise locked(login.identity) from error
    try:
        return library.read_private_key(login.identity, passphrase)
    except (library.KeyImportError, library.KeyEncryptionError) as error:
        raise UsageError(f"the passphrase does not open your own key {login.identity}") from error


async def _matching(place: Place, worker: str, fingerprints: set[str], source: str) -> HostKey:
    seen = []
    for algorithms in FAMILIES:
        try:
            key = await fetch_key(place, worker, algorithms)
        except (TrustRefused, Unreachable):
            if algorithms is HOST_KEYS:
                raise
            # A server without a key of this family ends the connection.
            continue
        if key.fingerprint in fingerprints:
            return key
        seen.append(key.fingerprint)
    presented = ", ".join(dict.fromkeys(seen)) or "of another kind"
    raise HostKeyRefused(f"its host key {presented} is not the one of {source}", worker=worker)


def _given(**options: Any) -> dict[str, Any]:
    # asyncssh treats None differently from "not given".
    return {name: value for name, value in options.items() if value is not None}
