"""The operator's own login to a machine, and the check of its host key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from decnet import wire
from decnet.errors import Declined, DecnetError, HostKeyRefused, TrustRefused, Unreachable, UsageError
from decnet.model.worker import Route, SshSettings

from . import connect, ssh_config
from .account import Account
from .address import split_address
from .agreement import HostKeyOffer
from .algorithms import FAMILIES, HOST_CERTIFICATES, HOST_KEYS, KEX, PROMPT_LIMIT, STRONG
from .backoff import backoff
from .client_side import Shown
from .connect import CONNECT_LIMIT
from .hostkeys import HostKey
from .identities import own_keys
from .known_hosts import Trusted, trusted_by, trusted_in
from .refusals import is_locked, locked
from .ssh_library import asyncssh
from .translate import connecting
from .way import open_way

KEY_TRIES = 4
READ_THERE = (
    "read it on the machine's console, not over this network: ssh-keygen -lf "
    "/etc/ssh/ssh_host_ed25519_key.pub (docs/fingerprints.md)"
)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Login:
    """How the operator logs in; values that are None come from their ssh configuration, keys and ssh-agent.

    `ask` is called with a prompt for a password or a passphrase; None if the session is not interactive.
    `place` is the destination if it is resolved already.
    """

    host: str
    user: str | None = None
    port: int | None = None
    jump: str | None = None
    identity: Path | None = None
    ask: Callable[[str], str | None] | None = None
    place: Place | None = None

    @classmethod
    def parse(cls, address: str, **options: Any) -> Login:
        """From `[USER@]HOST[:PORT]`; an IPv6 address with a port needs brackets. Raises UsageError."""
        user, host, port = _split_address(address)
        return cls(host, user, port, **options)


@dataclass(frozen=True)
class Place:
    """The destination of a login, after applying the operator's configuration, as a worker's record stores
    it. Without a `route`, `jump` is the only jump host."""

    host: str
    port: int
    user: str
    jump: str | None
    route: Route | None = None

    def recorded(self) -> dict[str, Any]:
        """The fields of a worker's record that have the same names."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class HostKeyProof:
    """What a host key is checked against; the first one given is used: our pinned key, a fingerprint, a
    known_hosts file, at a `first_contact` the operator's own ones, or a person who compares the key."""

    pinned: HostKey | None = None
    fingerprint: str | None = None
    known_hosts: Path | None = None
    confirm: Callable[[HostKey], bool] | None = None
    first_contact: bool = True


async def resolve(login: Login, worker: str) -> Place:
    """The address, port, user and route that a login means, as `ssh` would connect now.

    Raises UsageError, also for a configuration that decnet cannot follow.
    """
    if login.place is not None:
        return login.place
    if login.jump not in (None, "none"):
        for hop in str(login.jump).split(","):
            _split_address(hop)
    account = Account.operator()
    asked = ssh_config.Asked(login.host, login.user, login.port, login.jump, login.identity)
    try:
        found = await ssh_config.look_up(asked, account)
        route = await ssh_config.route_to(found, account)
    except ValueError as error:
        raise UsageError(f"your ssh configuration: {wire.clean(str(error), 200)}", worker=worker) from error
    for word in [found.host, found.user, *(part for hop in route.hops for part in (hop.host, hop.user))]:
        _check_word(word, worker)
    jump = ",".join(str(hop) for hop in route.hops) or None
    return Place(found.host, found.port, found.user, jump, route)


def _check_word(word: str, worker: str) -> None:
    if not word or word.startswith("-") or any(
        char.isspace() or not char.isprintable() or char == "," for char in word
    ):  # fmt: skip
        raise UsageError(f"{wire.clean(word, 60)} is not a host or user name", worker=worker)


def _split_address(address: str) -> tuple[str | None, str, int | None]:
    try:
        return split_address(address)
    except ValueError as error:
        raise UsageError(
            f"{wire.clean(address, 80)}: not [USER@]HOST[:PORT]", hint="for example root@198.51.100.7:22"
        ) from error


async def verified_key(place: Place, worker: str, proof: HostKeyProof) -> HostKey:
    """The machine's verified host key. Raises HostKeyRefused, Unreachable, Declined."""
    if proof.pinned is not None:
        # The connection itself checks a pinned key: no need to fetch the key first.
        return proof.pinned
    if proof.fingerprint is not None:
        source = f"--host-key {proof.fingerprint}"
        return await _matching(place, worker, frozenset({proof.fingerprint}), source)
    trusted = _trusted(place, proof)
    if trusted.is_known and (key := await _known_key(place, worker, trusted)) is not None:
        return key
    if proof.known_hosts is not None:
        raise HostKeyRefused(
            f"{proof.known_hosts} has no key for {place.host}:{place.port}",
            hint="compare the fingerprint on the machine's console and give it: --host-key SHA256:...",
            worker=worker,
        )
    key = await fetch_key(place, worker)
    if trusted.is_revoked(key):
        raise HostKeyRefused(f"its host key {key.fingerprint} is revoked in your known_hosts", worker=worker)
    if proof.confirm is None:
        raise HostKeyRefused(
            f"its host key {key.fingerprint} is unknown, and this session is not interactive",
            hint="--host-key SHA256:... or --known-hosts FILE confirms it",
            worker=worker,
        )
    if not proof.confirm(key):
        raise Declined(
            f"its host key {key.fingerprint} was not confirmed: nothing was changed", worker=worker
        )
    return key


def _trusted(place: Place, proof: HostKeyProof) -> Trusted:
    if proof.known_hosts is not None:
        return trusted_in(proof.known_hosts, place.host, place.port)
    trusted = trusted_by(_settings(place), place.host, place.port)
    return trusted if proof.first_contact else replace(trusted, keys=(), authorities=())


def _settings(place: Place) -> SshSettings:
    return place.route.settings if place.route is not None else SshSettings()


async def _known_key(place: Place, worker: str, trusted: Trusted) -> HostKey | None:
    """The machine's key, if a certificate or known_hosts vouches for it; None if only an authority is known,
    and the machine has no certificate. Raises HostKeyRefused for another key or certificate."""
    if trusted.authorities:
        key = await _certified_key(place, worker, trusted)
        if key is not None or not trusted.keys:
            return key
    return await _matching(place, worker, trusted.fingerprints(), trusted.source, trusted)


async def _certified_key(place: Place, worker: str, trusted: Trusted) -> HostKey | None:
    """The key in the machine's host certificate, if a known authority signed it; None if the machine shows
    none, or if its key is known without. No login is attempted."""
    library = asyncssh()
    shown = Shown()
    options = {
        **STRONG, **trusted.options(), "client_factory": shown.client(library), "username": place.user,
        "client_keys": None, "agent_path": None, **_given(host_key_alias=_settings(place).host_key_alias),
    }  # fmt: skip

    async def once() -> None:
        async with _way(place, worker) as way:
            (await library.connect(place.host, place.port, **options, **way)).abort()

    try:
        with connecting(worker):
            async with asyncio.timeout(CONNECT_LIMIT):
                await _patiently(library, once)
    except DecnetError as error:
        if isinstance(error.__cause__, library.HostKeyNotVerifiable):
            if not shown.is_certificate or trusted.keys:
                return None
            raise HostKeyRefused(
                f"its host certificate is not valid ({wire.clean(str(error.__cause__), 120)})",
                hint=f"{trusted.source} has a certificate authority for it",
                worker=worker,
            ) from error
        # Without any key to offer, the login is refused: the certificate was accepted before.
        if not isinstance(error.__cause__, library.PermissionDenied):
            raise
    return shown.key if shown.is_certificate else None


async def fetch_key(
    place: Place, worker: str, algorithms: tuple[str, ...] = (*HOST_KEYS, *HOST_CERTIFICATES)
) -> HostKey:
    """The host key that the machine presents now, without a login. Raises Unreachable."""
    library = asyncssh()
    with connecting(worker):
        async with asyncio.timeout(CONNECT_LIMIT):
            key = await _presented_key(library, place, worker, algorithms)
    if key is None:
        raise Unreachable("it shows no host key", worker=worker)
    return HostKey.parse(key.export_public_key("openssh").decode("ascii"))


async def _presented_key(library: Any, place: Place, worker: str, algorithms: tuple[str, ...]) -> Any:
    """The key as an asyncssh object."""

    async def once() -> Any:
        async with _way(place, worker) as way:
            offer = HostKeyOffer()
            watching = library.SSHClientConnectionOptions(config=None, client_factory=offer.client())
            try:
                return await library.get_server_host_key(
                    place.host, place.port, config=None, kex_algs=KEX, server_host_key_algs=algorithms,
                    options=watching, **way,
                )  # fmt: skip
            except (library.ConnectionLost, *connect.RESET) as error:
                if (found := offer.disagreement(algorithms, worker)) is not None:
                    raise found from error
                raise

    return await _patiently(library, once)


async def _patiently(library: Any, once: Callable[[], Awaitable[Result]]) -> Result:
    """A connection that is dropped before the key arrives is retried a few times: sshd's MaxStartups drops
    connections without a reason."""
    for pause in backoff(KEY_TRIES):
        try:
            return await once()
        except (library.ConnectionLost, *connect.RESET):
            await asyncio.sleep(pause)
    return await once()


@asynccontextmanager
async def _way(place: Place, worker: str) -> AsyncIterator[dict[str, Any]]:
    route = place.route
    if route is None and place.jump is not None:
        route = await ssh_config.route_over(place.jump, Account.operator())
    way = await open_way(worker, place.host, place.port, route)
    try:
        yield way.options
    finally:
        way.close()


async def connect_as_operator(place: Place, login: Login, worker: str, key: HostKey) -> Any:
    """A connection with the operator's own credentials, for enrolment. Raises Unreachable, TrustRefused."""
    with connecting(worker):
        first = [_identity(login)] if login.identity else []
    async with own_keys(_settings(place), first=first, ask=login.ask) as keys:
        options: dict[str, Any] = {}
        if login.ask is not None:
            ask = login.ask
            options["password"] = lambda: ask(f"{place.user}@{place.host}'s password: ")
        target = connect.Target(
            worker,
            place.host,
            place.port,
            place.user,
            key,
            place.jump,
            place.route,
            login=options,
            own=keys,
        )
        return await connect.connect(target, limit=PROMPT_LIMIT if login.ask else CONNECT_LIMIT)


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


async def _matching(
    place: Place, worker: str, fingerprints: frozenset[str], source: str, trusted: Trusted | None = None
) -> HostKey:
    seen = []
    for algorithms in FAMILIES:
        try:
            key = await fetch_key(place, worker, algorithms)
        except (TrustRefused, Unreachable):
            if algorithms is FAMILIES[0]:
                raise
            # A server without a key of this family ends the connection.
            continue
        if trusted is not None and trusted.is_revoked(key):
            raise HostKeyRefused(f"its host key {key.fingerprint} is revoked in {source}", worker=worker)
        if key.fingerprint in fingerprints:
            return key
        seen.append(key.fingerprint)
    presented = ", ".join(dict.fromkeys(seen)) or "of another kind"
    raise HostKeyRefused(
        f"its host key {presented} is not the one of {source}",
        hint=trusted.removal if trusted is not None else READ_THERE,
        worker=worker,
    )


def _given(**options: Any) -> dict[str, Any]:
    # asyncssh treats None differently from "not given".
    return {name: value for name, value in options.items() if value is not None}
