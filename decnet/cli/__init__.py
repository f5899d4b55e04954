"""The door: parse, build the context, choose the output, leave with the exit code."""

from __future__ import annotations

import os
import sys

COLLECTED_AFTER = 100_000
"""New objects after which the garbage collector looks at them (Python's own number is 700)."""


def main() -> None:
    """The `decnet` command."""
    import gc

    # Importing makes a hundred thousand objects that stay: walking them again and again, as the collector
    # does as it comes, is a quarter of a command's start-up.
    gc.set_threshold(COLLECTED_AFTER)
    from decnet.console.streams import prepare_streams
    from decnet.errors import OutputFailed

    prepare_streams()
    try:
        _entered()
    except OutputFailed as error:
        from decnet.console.prompts import print_error

        print_error(error, "table")
        sys.exit(error.exit_code)


def _entered() -> None:
    """The completion or the command that was asked for."""
    if "_DECNET_COMPLETE" in os.environ:
        from decnet.cli import completion

        sys.exit(completion.main())
    from decnet.cli.app import app
    from decnet.cli.lazy_group import lazy_group

    lazy_group(app)(prog_name="decnet")


__all__ = ["main"]
