"""Why two sides have no algorithm in common: theirs, ours, and whether theirs are weak."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from decnet import wire
from decnet.errors import DecnetError, TrustRefused, Unreachable

from .ssh_library import asyncssh

MOST_NAMES = 8
MOST_CHARS = 50

WEAK = re.compile(
    r"(-|^gss-.*-)sha1(-|$|@)|-cbc(@|$)|^arcfour|md5|^umac-64|ripemd160|^none$|^ssh-(dss|rsa)($|-cert)"
)
"""SHA-1, CBC, RC4, MD5, tags of 64 bits, no encryption (RFC 8758, RFC 9142; OpenSSH has them off)."""

NOT_ALGORITHMS = re.compile(r"(ext-info-|kex-strict-)")
"""What OpenSSH adds to the list of key exchanges to announce extensions."""

SETTINGS = {
    "key exchange": "KexAlgorithms",
    "encryption": "Ciphers",
    "MAC": "MACs",
    "host key": "HostKeyAlgorithms",
}
_ASYNCSSH = re.compile(r"No matching (.+) algorithm found, sent (\S+) and received (\S+)")


def disagreement(text: str, worker: str) -> DecnetError | None:
    """The error for asyncssh's message; None for a text of another kind."""
    found = _ASYNCSSH.fullmatch(text)
    return (
        None if found is None else none_in_common(found[1], found[3].split(","), found[2].split(","), worker)
    )


class HostKeyOffer:
    """The host key algorithms of a server. If none is ours, sshd ends the connection without a word."""

    def __init__(self) -> None:
        self._connection: Any = None

    def watch(self, connection: Any) -> None:
        self._connection = connection

    def client(self) -> Callable[[], Any]:
        """For `client_factory` of asyncssh."""
        offer = self

        class Client(asyncssh().SSHClient):  # type: ignore[misc]
            def connection_made(self, conn: Any) -> None:
                offer.watch(conn)

        return Client

    def disagreement(self, ours: Sequence[str], worker: str) -> DecnetError | None:
        """The error for a connection that was lost, if this is the reason."""
        theirs = host_keys_in(getattr(self._connection, "_server_kexinit", b""))
        if theirs is None or set(theirs) & set(ours):
            return None
        return none_in_common("host key", theirs, ours, worker)


def host_keys_in(message: bytes) -> list[str] | None:
    """The host key algorithms in a server's KEXINIT (RFC 4253, section 7.1); None for anything else."""
    at, lists = 17, []
    for _ in range(2):
        size = int.from_bytes(message[at : at + 4], "big")
        lists.append(message[at + 4 : at + 4 + size].decode("ascii", "replace").split(","))
        at += 4 + size
    return [name for name in lists[1] if name] if at <= len(message) else None


def none_in_common(kind: str, theirs: Sequence[str], ours: Sequence[str], worker: str) -> DecnetError:
    """TrustRefused if all of theirs are weak, else Unreachable."""
    theirs = [name for name in theirs if name and name != "<None>" and not NOT_ALGORITHMS.match(name)]
    setting = SETTINGS.get(kind, "its sshd_config")
    hint = f"allow one that decnet has, in its sshd_config: {setting} +{ours[0]}"
    if theirs and all(WEAK.search(name) for name in theirs):
        text = f"it offers only weak algorithms ({kind}): {_listed(theirs)}"
        return TrustRefused(text, hint=f"{hint}, or update its sshd", worker=worker)
    text = f"no {kind} algorithm in common: it offers {_listed(theirs)}; decnet has {_listed(ours)}"
    return Unreachable(text, hint=hint, worker=worker)


def _listed(names: Sequence[str]) -> str:
    shown = [wire.clean(name, MOST_CHARS) for name in names[:MOST_NAMES]]
    more = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return ", ".join([*shown, *more]) or "none"
