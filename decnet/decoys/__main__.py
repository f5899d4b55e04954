"""The entry point of the decoy image: the service's name is the only argument, the rest is in $PERSONA."""

import sys

from .import_blocker import block_imports
from .late_imports import import_late


def main() -> int:
    """Run one decoy until it is stopped or its network is gone; the exit status."""
    block_imports(sys.argv[1] if len(sys.argv) > 1 else "")
    import_late()
    from .serve import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
