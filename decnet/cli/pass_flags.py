"""The options that all commands have which carry out a plan."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from decnet.cli.options import Detach, DryRun, LockTimeout, MaxRemove, Yes
from decnet.cli.run import context
from decnet.engine.options import PassOptions

if TYPE_CHECKING:
    from decnet.engine.context import Context


@dataclass(frozen=True)
class PassFlags:
    """Each field is an option (see `with_groups`)."""

    dry_run: DryRun = False
    detach: Detach = False
    yes: Yes = False
    max_remove: MaxRemove = None
    lock_timeout: LockTimeout = 10.0

    def options(self, **more: Any) -> PassOptions:
        """The options of the pass; `more` are the command's own, or replace these."""
        shared = {"dry_run": self.dry_run, "detach": self.detach, "max_remove": self.max_remove}
        return PassOptions(**{**shared, "confirm": not self.yes, **more})

    def context(self, style: str, **more: Any) -> AbstractContextManager[Context]:
        """The context of the command, which creates nothing in a dry run."""
        shared = {
            "yes": self.yes,
            "lock_timeout": self.lock_timeout,
            "read_only": self.dry_run,
            "ahead": True,
        }
        return context(style, **{**shared, **more})


AS_USUAL = PassFlags()
