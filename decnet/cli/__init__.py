"""The entry point of the `decnet` command: completion, or the command line."""

from __future__ import annotations

import os
import sys

COLLECTED_AFTER = 1_000_000
"""Number of new objects that triggers a garbage collection (Python's default is 700). What a command makes is
no garbage, but for closed connections: see `decnet.worker.room`."""


def main() -> None:
    """The `decnet` command."""
    import gc

    # Imports create a hundred thousand objects that stay: the collector's repeated passes over them would
    # take a quarter of a command's start-up.
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
    finally:
        # At its end Python would look through all objects twice more, which takes a quarter of a command's
        # time; nothing depends on that.
        gc.freeze()


def _entered() -> None:
    """Run the completion or the command that was requested."""
    if "_DECNET_COMPLETE" in os.environ:
        from decnet.cli import completion

        sys.exit(completion.main())
    from decnet.cli.repeat import repeated

    if repeated(sys.argv[1:]):
        return
    from decnet.cli.app import app
    from decnet.cli.lazy_group import lazy_group

    lazy_group(app)(prog_name="decnet")


__all__ = ["main"]
