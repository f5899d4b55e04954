"""How the operator logs in to a machine: from the options, and from their ssh configuration."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from decnet.commands.questions import ask_unlocked, confirm_unlocked
from decnet.engine.context import Context
from decnet.errors import Declined, UsageError
from decnet.model.worker import Route, Worker
from decnet.wire import clean

if TYPE_CHECKING:
    from decnet.worker.hostkeys import HostKey
    from decnet.worker.login import HostKeyProof, Login, Place


@dataclass(frozen=True)
class Credentials:
    """How the operator logs in, and how the host key is verified. `ask` prompts for a secret; `run_proxy`
    confirms a ProxyCommand in advance."""

    jump: str | None = None
    identity: Path | None = None
    host_key: str | None = None
    known_hosts: Path | None = None
    ask: Callable[[str], str | None] | None = None
    confirm_key: bool = True
    run_proxy: bool = False

    def unlocked(self, ctx: Context, *, needs_deckies: bool = False) -> Credentials:
        """The same, with prompts for secrets during which the lock is free (see `ask_unlocked`)."""
        if (ask := self.ask) is None:
            return self
        return replace(self, ask=lambda prompt: ask_unlocked(ctx, ask, prompt, needs_deckies=needs_deckies))

    def login(self, address: str) -> Login:
        from decnet.worker.login import Login

        return Login.parse(address, jump=self.jump, identity=self.identity, ask=self.ask)

    def login_again(self, worker: Worker) -> Login:
        """A login to an enrolled worker, as it was recorded, unless the options give another way."""
        from decnet.worker.login import Login, Place

        place = Place(worker.host, worker.port, worker.user, worker.jump, worker.route)
        return Login(
            worker.host, worker.user, worker.port, self.jump, self.identity, self.ask,
            place if worker.route is not None and self.jump is None else None,
        )  # fmt: skip

    def vouched(self, ctx: Context, pinned: HostKey | None) -> HostKeyProof:
        from decnet.worker.login import HostKeyProof

        def confirm(key: HostKey) -> bool:
            return confirm_unlocked(ctx, f"Its host key is {key.fingerprint}. Is that the right one?")

        prompt = confirm if self.confirm_key else None
        return HostKeyProof(pinned, self.host_key, self.known_hosts, prompt)


def check_fingerprint(text: str | None) -> None:
    """Raises UsageError for a text that is not a fingerprint as ssh-keygen prints it."""
    if text is not None and not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", text):
        raise UsageError(
            f"--host-key {clean(text, 80)} is not a fingerprint: it is SHA256: and 43 characters",
            hint="ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the machine prints it "
            "(docs/fingerprints.md)",
        )


async def resolved(ctx: Context, name: str, login: Login, earlier: Worker | None) -> Login:
    """The login with its destination, as the operator's ssh configuration has it now. What was taken from
    there is shown.

    Raises UsageError for a configuration that decnet cannot follow.
    """
    from decnet.worker.login import resolve

    place = await resolve(login, name)
    taken = _taken(login, place)
    if taken and (earlier is None or earlier.route != place.route):
        ctx.note(f"{name}: taken from your ssh configuration: {', '.join(taken)}")
    return replace(login, place=place)


def confirm_proxy(
    ctx: Context, name: str, route: Route | None, credentials: Credentials, earlier: Worker | None
) -> None:
    """Ask whether to run a ProxyCommand, unless it was confirmed when the worker was enrolled. Raises
    Declined if the answer is no."""
    command = route.proxy_command if route is not None else None
    confirmed = earlier.route.proxy_command if earlier is not None and earlier.route is not None else None
    if command is None or command == confirmed or credentials.run_proxy:
        return
    shown = f"Your ssh configuration connects to {name} with a ProxyCommand: {command}"
    if not confirm_unlocked(ctx, f"{shown}\nRun it now, and for every later connection?"):
        raise Declined(f"the ProxyCommand for {name} was not confirmed: nothing was changed")


def _taken(login: Login, place: Place) -> list[str]:
    """What differs from the address as it was typed, and the files of the login."""
    route = place.route
    if route is None:
        return []
    settings = route.settings
    found = [
        ("host", place.host if place.host != login.host else None),
        ("port", place.port if place.port not in (login.port, 22) else None),
        ("user", place.user if login.user is None else None),
        ("key", " ".join(settings.identities)),
        ("certificate", " ".join(settings.certificates)),
        ("agent", settings.agent),
        ("only these keys", "yes" if settings.identities_only else None),
        ("jump hosts", place.jump if login.jump is None else None),
        ("ProxyCommand", route.proxy_command),
        ("host key alias", settings.host_key_alias),
    ]
    return [f"{label} {value}" for label, value in found if value]
