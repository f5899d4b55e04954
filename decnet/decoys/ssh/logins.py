"""Which passwords and keys log in from one source: the machine's, and those that this visitor has set."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..credentials import Accounts
from ..visitors import VisitorFiles, Visitors
from .authorized import Permit, permit_for

if TYPE_CHECKING:
    from ..host.world import World

NO_UNIX = ("windows", "cisco")
"""Starts of the names of OS profiles without home folders."""


class Logins:
    """One connection's logins. `permit` is what its user may do. `expect` is called some time before a login:
    the answer to a password takes a while."""

    def __init__(
        self,
        world: Callable[[], Awaitable[World]],
        accounts: Accounts,
        visitors: Visitors,
        source: str,
        dropbear: bool,
        expect: Callable[[], object],
    ) -> None:
        self.permit = Permit()
        self._world = world
        self._accounts = accounts
        self._visitors = visitors
        self._source = source
        self._dropbear = dropbear
        self._expect = expect

    def accepts(self, user: str, password: str) -> bool:
        """Whether this password logs in."""
        own = self._visitors.accepts(self._source, user, password)
        if self._accounts.accepts(self._source, user, password) if own is None else own:
            self._expect()
            return True
        return False

    async def permit_of(self, user: str, blob: bytes) -> Permit | None:
        """What this key may do as that user; None if it does not log in."""
        world = await self._world()
        if world.persona.os.startswith(NO_UNIX):
            return None
        from ..view import UserView

        files = self._visitors.find(self._source)
        view = UserView(world, user, files or VisitorFiles())
        return permit_for(view, world.home(user), blob, self._source, dropbear=self._dropbear)
