"""The only place that translates errors of asyncssh and of the system into ours."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import NamedTuple

from decnet import wire
from decnet.errors import (
    BadAnswer,
    DecnetError,
    EnrolledHint,
    Failed,
    HostKeyRefused,
    StateBroken,
    Unreachable,
    UsageError,
    WorkerError,
)

from .agreement import disagreement


class Meaning(NamedTuple):
    """What a foreign error class becomes here."""

    kind: type[DecnetError]
    message: str
    hint: str | None = None
    detailed: bool = False
    """Whether to append the foreign message, cleaned, to ours."""


CHANGED_KEY = "if the change is legitimate: decnet worker trust {worker}"
NOT_LET_IN = "was the fleet's key removed there? decnet worker add {worker} USER@HOST puts it there again"

ENROL_AGAIN = "enrol it with a valid address: decnet worker add {worker} USER@HOST"
TO_THE_AGENT = "if the key has a passphrase, add it to ssh-agent first (ssh-add)"


MEANINGS: dict[str, Meaning] = {
    # asyncssh.TimeoutError is also an asyncssh.Error and an OSError: the nearest class in the MRO counts.
    "TimeoutError": Meaning(Unreachable, "no answer in time"),
    "HostKeyNotVerifiable": Meaning(HostKeyRefused, "its host key is not the pinned one", CHANGED_KEY),
    "KeyExchangeFailed": Meaning(
        Unreachable, "the key exchange failed", "what does `ssh -v` show there?", detailed=True
    ),
    "PermissionDenied": Meaning(Unreachable, "SSH authentication failed", NOT_LET_IN),
    "IllegalUserName": Meaning(Unreachable, "its sshd rejected the user name"),
    "ConnectionLost": Meaning(Unreachable, "the connection was lost"),
    "CompressionError": Meaning(Unreachable, "the connection is damaged"),
    "MACError": Meaning(Unreachable, "the connection is damaged"),
    "ProtocolError": Meaning(Unreachable, "its SSH server breaks the protocol", detailed=True),
    "ProtocolNotSupported": Meaning(
        Unreachable, "its SSH server speaks an unsupported version", detailed=True
    ),
    "ServiceNotAvailable": Meaning(Unreachable, "its sshd refuses the service"),
    "DisconnectError": Meaning(Unreachable, "its sshd ended the connection", detailed=True),
    "ChannelOpenError": Meaning(Unreachable, "its sshd opens no channel", detailed=True),
    "ChannelListenError": Meaning(Unreachable, "its sshd opens no channel", detailed=True),
    "ProcessError": Meaning(WorkerError, "a command failed there"),
    "SFTPError": Meaning(WorkerError, "a file transfer to it failed", detailed=True),
    "PasswordChangeRequired": Meaning(WorkerError, "the user's password has expired there"),
    "BreakReceived": Meaning(BadAnswer, "it sent unexpected data"),
    "SignalReceived": Meaning(BadAnswer, "it sent unexpected data"),
    "TerminalSizeChanged": Meaning(BadAnswer, "it sent unexpected data"),
    "ConfigParseError": Meaning(UsageError, "your ssh configuration cannot be read", detailed=True),
    "KeyImportError": Meaning(UsageError, "a key cannot be read", TO_THE_AGENT, detailed=True),
    "KeyEncryptionError": Meaning(UsageError, "a key cannot be decrypted", TO_THE_AGENT, detailed=True),
    "KeyExportError": Meaning(UsageError, "a key cannot be written", detailed=True),
    "KeyGenerationError": Meaning(UsageError, "a key cannot be generated", detailed=True),
    # The system's own.
    "gaierror": Meaning(Unreachable, "no such host name", "`decnet worker show {worker}` shows its address"),
    "ConnectionRefusedError": Meaning(Unreachable, "it refuses the connection", "does its sshd run?"),
    "ConnectionError": Meaning(Unreachable, "the connection was lost"),
    # Python's own, of a user name or an address that no connection can be made with.
    "ValueError": Meaning(
        WorkerError, "its user, host or jump host is not valid", ENROL_AGAIN, detailed=True
    ),
}

EXHAUSTED = {
    errno.EMFILE: "raise the limit of open files: ulimit -n",
    errno.ENFILE: "raise the system's limit of open files: sysctl fs.file-max",
    errno.ENOMEM: "free some memory and run the command again",
    errno.ENOBUFS: "free some memory and run the command again",
    errno.ENOSPC: "free some disk space and run the command again",
}
"""The resources that this machine can run out of while it talks to a worker, with a hint for each."""


@contextmanager
def translated(worker: str) -> Iterator[None]:
    """Raise any error of asyncssh or the network as one of our errors about `worker`."""
    try:
        yield
    except DecnetError:
        raise
    except TimeoutError as error:
        raise translate(error, worker) from error
    except OSError as error:
        raise translate(error, worker) from error
    except _foreign() as error:
        raise translate(error, worker) from error


@contextmanager
def connecting(worker: str) -> Iterator[None]:
    """The same during connecting, when Python also raises ValueError for an invalid address."""
    with translated(worker):
        try:
            yield
        except ValueError as error:
            raise translate(error, worker) from error


def translate(error: BaseException, worker: str) -> DecnetError:
    """Our error for a foreign one; text from the other side is cleaned. An error of this machine names no
    worker."""
    if isinstance(error, OSError) and error.filename is not None:
        return StateBroken(f"{error.filename}: {error.strerror}", hint=EXHAUSTED.get(error.errno or 0))
    if (lack := exhausted(error)) is not None:
        return lack
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return Unreachable("its host name cannot be looked up now", worker=worker)
    if (found := disagreement(str(error), worker)) is not None:
        return found
    meaning = meaning_of(type(error))
    if meaning is None:
        return Unreachable(_system(error), worker=worker)
    detail = wire.clean(str(error).strip(), 160) if meaning.detailed else ""
    hint = _hint(meaning, worker)
    return meaning.kind(meaning.message + (f" ({detail})" if detail else ""), hint=hint, worker=worker)


def _hint(meaning: Meaning, worker: str) -> str | None:
    if meaning.hint is None or "{worker}" not in meaning.hint:
        return meaning.hint
    return EnrolledHint(meaning.hint.format(worker=worker))


def exhausted(error: BaseException) -> Failed | None:
    """The error for a resource that this machine has run out of; None if that is not the reason."""
    number = error.errno if isinstance(error, OSError) and error.errno in EXHAUSTED else _refused_file()
    return (
        Failed(f"failed on this machine: {os.strerror(number)}", hint=EXHAUSTED[number]) if number else None
    )


def _refused_file() -> int | None:
    """Why no file can be opened now. Without a free file descriptor, names cannot be resolved and users are
    unknown; the error that arrives here shows only that."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno if error.errno in EXHAUSTED else None
    return None


def meaning_of(kind: type[BaseException]) -> Meaning | None:
    """The meaning of the nearest class among the class and its ancestors; None if there is none."""
    return next((MEANINGS[parent.__name__] for parent in kind.__mro__ if parent.__name__ in MEANINGS), None)


def _foreign() -> tuple[type[Exception], ...]:
    # Before asyncssh is imported none of its errors can be raised.
    module = sys.modules.get("asyncssh")
    return () if module is None else _errors_of(module)


@lru_cache(maxsize=1)
def _errors_of(module: ModuleType) -> tuple[type[Exception], ...]:
    found = (getattr(module, name) for name in dir(module))
    return tuple(cls for cls in found if isinstance(cls, type) and issubclass(cls, Exception))


def _system(error: BaseException) -> str:
    number = error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror) else None
    # asyncio puts the strerror into a sentence with the address; only the number is reliable.
    text = os.strerror(number) if number else str(error) or type(error).__name__
    return f"it cannot be reached: {wire.clean(text, 160)}"
