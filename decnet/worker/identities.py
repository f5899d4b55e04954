"""The operator's own keys: from files, certificates and an ssh-agent."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .ssh_library import asyncssh

if TYPE_CHECKING:
    from decnet.model.worker import SshSettings

Ask = Callable[[str], str | None]


@dataclass(frozen=True)
class OwnKeys:
    """What the operator logs in with: `options` of asyncssh, the key files that a passphrase protects and no
    agent has, and the next of them, unlocked (None: there are no more)."""

    options: dict[str, Any]
    locked: tuple[str, ...]
    more: Callable[[], Any]


@asynccontextmanager
async def own_keys(
    settings: SshSettings, *, first: Sequence[Any] = (), ask: Ask | None = None
) -> AsyncIterator[OwnKeys]:
    """A login with `first`, and with what the settings name, in ssh's order.

    `ask` is called for a passphrase, after everything else was refused. The keys are valid inside only: an
    agent stays connected.
    """
    library = asyncssh()
    wanted = _public_parts(library, settings)
    async with AsyncExitStack() as stack:
        agent = await _agent_keys(library, settings, stack)
        keys, locked = _from_files(library, settings)
        held = [pair for pair in agent if pair.public_data in wanted]
        others = (
            [] if settings.identities_only else [pair for pair in agent if pair.public_data not in wanted]
        )
        names = {pair.public_data for pair in held}
        locked = [path for path in locked if not _is_in(path, names)]
        pairs = [*library.load_keypairs(list(first)), *held, *others]
        pairs += [pair for pair in keys if pair.public_data not in names]
        # An empty list would mean asyncssh's own default files.
        options = {"client_keys": pairs or None, "agent_path": None}
        yield OwnKeys(options, tuple(locked), _unlocked(library, locked, ask))


def _unlocked(library: Any, locked: Sequence[str], ask: Ask | None) -> Callable[[], Any]:
    """The next of the `locked` key files, opened with the passphrase that the operator types; None after the
    last one."""
    left = list(locked) if ask is not None else []

    def more_keys() -> Any:
        while left and ask is not None:
            path = left.pop(0)
            try:
                if passphrase := ask(f"passphrase for {path}: "):
                    return library.load_keypairs([path], passphrase)
            except (library.KeyImportError, library.KeyEncryptionError):
                continue
        return None

    return more_keys


async def _agent_keys(library: Any, settings: SshSettings, stack: AsyncExitStack) -> list[Any]:
    path = os.environ.get("SSH_AUTH_SOCK", "") if settings.agent is None else settings.agent
    if not path:
        return []
    try:
        agent = await stack.enter_async_context(library.connect_agent(path))
        keys = list(await agent.get_keys())
        certificates = _certificates(library, settings)
        certified = [pair for pair in await agent.get_keys() if _certify(pair, certificates)]
    except (OSError, ValueError):
        return []
    return [*certified, *keys]


def _certify(pair: Any, certificates: Sequence[Any]) -> bool:
    """Let the agent's key log in with its certificate; False if there is none for it."""
    for certificate in certificates:
        if certificate.key.public_data == pair.key_public_data and pair.has_cert is False:
            pair.set_certificate(certificate)
            return True
    return False


def _from_files(library: Any, settings: SshSettings) -> tuple[list[Any], list[str]]:
    """The keys that can be read, each with and without its certificate, and the files that need a
    passphrase. Other files are skipped, as ssh does."""
    keys: list[Any] = []
    locked: list[str] = []
    certificates = _certificates(library, settings)
    for path in settings.identities:
        if not Path(path).is_file():
            continue
        try:
            keys += library.load_keypairs([path], None, certificates)
        except library.KeyImportError as error:
            if str(error).startswith("Passphrase"):
                locked.append(path)
        except (OSError, ValueError):
            continue
    return keys, locked


def _certificates(library: Any, settings: SshSettings) -> list[Any]:
    found = []
    for path in [*settings.certificates, *(f"{each}-cert.pub" for each in settings.identities)]:
        try:
            found.append(library.read_certificate(path))
        except (OSError, ValueError):
            continue
    return found


def _is_in(path: str, names: set[bytes]) -> bool:
    public = public_part(path)
    return public is not None and public.public_data in names


def _public_parts(library: Any, settings: SshSettings) -> set[bytes]:
    """What an agent shows of the settings' identities: public keys, and certificates."""
    keys = [*_certificates(library, settings), *map(public_part, settings.identities)]
    return {key.public_data for key in keys if key is not None}


def public_part(path: str) -> Any:
    """The public key of a key file, as asyncssh has it; None if it cannot be read without a passphrase."""
    library = asyncssh()
    ways = (
        (library.read_public_key, f"{path}.pub"),
        (library.read_public_key, path),
        (library.read_private_key, path),
    )
    for read, name in ways:
        try:
            return read(name)
        except (OSError, ValueError):
            continue
    return None
