"""Why a login was refused: whose key it was, what the server offers, and what to do."""

from __future__ import annotations

from pathlib import Path

from decnet.errors import EnrolledHint, LoginState, Unreachable, UsageError

from .attempt import Attempt
from .identities import public_part
from .ssh_library import asyncssh

SECOND_FACTOR = "password", "keyboard-interactive"


def refused(attempt: Attempt, *, too_many: bool = False) -> Unreachable:
    """The error of a login that the server refused; `too_many` if it ended the connection after a number of
    keys."""
    if attempt.is_fleets:
        return _fleets(attempt)
    return _operators(attempt, too_many)


def _fleets(attempt: Attempt) -> Unreachable:
    user = attempt.user
    if attempt.is_half_done:
        text, hint = f"accepts the fleet's key for {user} and then requires {_or(attempt)}", _exempt(user)
    elif not attempt.keys:
        text, hint = _no_key_taken(user)
    else:
        text = f"does not accept the fleet's key for {user}: {attempt.keys[0]}"
        hint = EnrolledHint(
            f"was its line removed from authorized_keys? decnet worker add {attempt.worker} "
            f"{user}@{attempt.host} puts it there again, with your own login"
        )
    return _error(attempt, text, hint)


def _error(attempt: Attempt, text: str, hint: str) -> Unreachable:
    offers = ""
    if attempt.methods and not attempt.is_half_done:
        offers = f"; it offers {', '.join(attempt.offered) or 'no method that decnet has'}"
    return Unreachable(
        f"SSH authentication failed: its sshd {text}{offers}",
        hint=hint,
        worker=attempt.worker,
        login=LoginState.INCOMPLETE if attempt.is_half_done else LoginState.REFUSED,
    )


def _operators(attempt: Attempt, too_many: bool) -> Unreachable:
    locked = [] if attempt.is_half_done else locked_keys(attempt)
    text, hint = _own_keys(attempt, too_many)
    if locked:
        text += f"; not offered, because a passphrase protects them: {', '.join(locked)}"
        hint = f"ssh-add {locked[0]} (needs ssh-agent), or on a terminal: -i {locked[0]}; or {hint}"
    elif not attempt.is_half_done and set(attempt.offered) & set(SECOND_FACTOR):
        hint += "; on a terminal a password is asked for"
    return _error(attempt, text, hint)


def _own_keys(attempt: Attempt, too_many: bool) -> tuple[str, str]:
    """What its sshd did with the operator's own keys, and what to do."""
    user, keys = attempt.user, ", ".join(attempt.keys)
    if attempt.is_half_done:
        accepted = "key" if attempt.keys else "password"
        return f"accepts your own {accepted} for {user} and then requires {_or(attempt)}", _exempt(user)
    if too_many:
        text = f"ended your own login after {len(attempt.keys)} keys: {keys}"
        return text, "name the one key to use: -i KEY"
    if not keys and attempt.has_own_keys and "publickey" not in attempt.offered:
        return _no_key_taken(user)
    if not keys:
        text = f"refuses your own login as {user}@{attempt.host}, which has no key to offer"
        return text, "name one with -i KEY, or add one to ssh-agent (ssh-add)"
    port = "" if attempt.port == 22 else f"-p {attempt.port} "
    ssh = f"{port}{user}@{attempt.host}"
    return f"accepts none of your keys for {user}: {keys}", (
        f"does `ssh {ssh} true` work? if not: ssh-copy-id {ssh}, another key (-i KEY) or another user; "
        f"does its sshd_config allow {user} (AllowUsers, PermitRootLogin)?"
    )


def _no_key_taken(user: str) -> tuple[str, str]:
    return (
        f"takes no key from {user}",
        "set PubkeyAuthentication yes in its sshd_config, for this user, and look at AuthenticationMethods",
    )


def is_locked(path: Path | None) -> bool:
    """Whether a passphrase protects the private key. Raises OSError and asyncssh's KeyImportError."""
    return not asyncssh().load_keypairs(str(path), ignore_encrypted=True)


def locked(path: Path | None) -> UsageError:
    """The error of a key that needs a passphrase, where it cannot be asked for."""
    return UsageError(
        f"a passphrase protects your own key {path}, and this session is not interactive",
        hint=f"ssh-add {path} (needs ssh-agent), or run the command on a terminal",
    )


def locked_keys(attempt: Attempt) -> list[str]:
    """The operator's keys that a passphrase protects, and that were not offered."""
    found = []
    for path in attempt.own.locked if attempt.own is not None else ():
        public = public_part(path)
        if public is None or not any(public.get_fingerprint() in key for key in attempt.keys):
            found.append(path)
    return found


def _exempt(user: str) -> str:
    return (
        f"decnet logs in unattended: exempt {user} from the second factor in its sshd_config "
        f"(Match User {user}: AuthenticationMethods publickey), or enrol another user"
    )


def _or(attempt: Attempt) -> str:
    return " or ".join("another key" if each == "publickey" else each for each in attempt.offered)
