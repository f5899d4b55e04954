"""Who logs in, and what he sees then."""

import contextlib
from collections.abc import Callable

from ..credentials import Accounts
from ..visitors import VisitorFiles, Visitors
from .tree import Tree


class Logins:
    """The logins of one visit."""

    def __init__(
        self,
        accounts: Accounts,
        visitors: Visitors,
        tree_of: Callable[[str, VisitorFiles], Tree],
        *,
        guests: bool,
    ) -> None:
        self.guests = guests
        """Whether there is an anonymous login."""
        self._accounts = accounts
        self._visitors = visitors
        self._tree_of = tree_of
        self._visit = contextlib.ExitStack()

    def accepts(self, source: str, user: str, password: str) -> bool:
        """Whether this password logs in: the machine's, or the one that this visitor has set."""
        own = self._visitors.accepts(source, user, password)
        return self._accounts.accepts(source, user, password) if own is None else own

    def enter(self, source: str, user: str) -> Tree:
        """What the user sees, until `close`."""
        return self._tree_of(user, self._visit.enter_context(self._visitors.visit(source)))

    def close(self) -> None:
        """The visit is over."""
        self._visit.close()
