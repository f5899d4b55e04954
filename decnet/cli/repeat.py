"""A command that found nothing to do, once more: its workers are asked, and if nothing has changed since, it
prints what it printed then.

This runs before the command line is parsed, and imports next to nothing: for whatever differs, and for every
error, the command itself runs.
"""

from __future__ import annotations

import sys

from decnet.store import unchanged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    from decnet.worker.answers import Asked, Program

    Question = tuple[str, str, Program, dict[str, Any], str]
    """Of each call: worker_id, verb, program, arguments, and the digest of the answer then."""

VERBS = {"status": False, "deploy": True, "reconcile": True}
"""The commands that are repeated, and whether they hold the lock."""


def repeated(argv: list[str]) -> bool:
    """Whether this command line was carried out here: it had nothing to do, and its output is printed."""
    if not argv or argv[0] not in VERBS or not unchanged.may_repeat():
        return False
    try:
        output = _output(argv)
    except (OSError, ValueError, LookupError, TypeError):
        return False
    except KeyboardInterrupt:
        _interrupted()
    if output is None:
        return False
    sys.stdout.write(output)
    sys.stdout.flush()
    return True


def _interrupted() -> NoReturn:
    from decnet.console.prompts import print_error
    from decnet.errors import Interrupted

    print_error(Interrupted("interrupted"), "table")
    sys.exit(Interrupted.exit_code)


def _output(argv: list[str]) -> str | None:
    """What the command prints; None if it has to run. Raises OSError, ValueError, LookupError, TypeError."""
    root = unchanged.state_folder()
    basis = unchanged.Basis(argv, root) if root is not None else None
    known = unchanged.load(basis) if basis is not None else None
    if basis is None or known is None:
        return None
    if not VERBS[argv[0]]:
        return _checked(basis, known)
    with open(f"{basis.root}/lock", "rb") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return _checked(basis, known)


def _checked(basis: unchanged.Basis, known: dict[str, Any]) -> str | None:
    try:
        if _is_unchanged(basis.root, known):
            return str(known["output"])
    except TimeoutError:
        pass
    except (OSError, ValueError, LookupError, TypeError):
        # It is not certain that anything has changed.
        return None
    # Without it, a worker that does not answer is waited for only once.
    unchanged.forget(basis)
    return None


def _is_unchanged(root: str, known: dict[str, Any]) -> bool:
    """The workers are asked before the rest is compared: their answers take longest."""
    if known["state"] != unchanged.state_digest(root):
        return False
    if not known["asked"]:
        return _is_the_same_here(known)
    from decnet.worker.answers import Asked

    questions = list(_questions(root, known))
    asked = Asked([(program, args) for _, _, program, args, _ in questions])
    try:
        return _is_the_same_here(known) and _answer_the_same(root, questions, asked)
    finally:
        asked.end()


def _is_the_same_here(known: dict[str, Any]) -> bool:
    return known["program"] == unchanged.program_digest() and all(
        unchanged.file_digest(path) == found for path, found in known["files"].items()
    )


def _answer_the_same(root: str, questions: list[Question], asked: Asked) -> bool:
    from decnet.worker.answers import answer_digest, clock_ahead

    skews = {}
    for (worker_id, verb, _, _, before), (result, sent, answered) in zip(
        questions, asked.answers(), strict=True
    ):
        if answer_digest(verb, result) != before:
            return False
        if verb == "status":
            skews[worker_id] = clock_ahead(result, sent, answered)
    return unchanged.are_seen(root, skews)


def _questions(root: str, known: dict[str, Any]) -> Iterator[Question]:
    from decnet.worker.again import local_program, ssh_program

    agent = f"{root}/agents/{known['agent']}.pyz"
    for asked in known["asked"]:
        worker_id, place = asked["worker_id"], asked["place"]
        if not place and unchanged.file_digest(agent) != known["agent"]:
            raise ValueError("the agent's file is another one")
        for verb, args, before in asked["calls"]:
            program = ssh_program(root, worker_id, place, verb) if place else local_program(agent, verb)
            yield worker_id, verb, program, args, before
