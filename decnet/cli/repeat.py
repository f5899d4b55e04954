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
    from collections.abc import Iterator, Mapping
    from typing import Any, NoReturn

    from decnet.worker.answers import Answer, Asked, Question
    from decnet.worker.crowd import Crowd
    from decnet.worker.given import Given

VERBS = {"status": False, "deploy": True, "reconcile": True}
"""The commands that are repeated, and whether they hold the lock."""

given: dict[str, Given] = {}
"""By worker_id, what the workers have answered to a command that has to run and holds no lock."""


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
        return _checked(basis, known, keeps=True)
    with open(f"{basis.root}/lock", "rb") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return _checked(basis, known, keeps=False)


def _checked(basis: unchanged.Basis, known: dict[str, Any], *, keeps: bool) -> str | None:
    try:
        output = _same_output(basis.root, known, keeps=keeps)
        if output is not None:
            return output
    except TimeoutError:
        pass
    except (OSError, ValueError, LookupError, TypeError):
        # It is not certain that anything has changed.
        return None
    # Without it, a worker that does not answer is waited for only once.
    unchanged.forget(basis)
    return None


def _same_output(root: str, known: dict[str, Any], *, keeps: bool) -> str | None:
    """The output if all is as it was; else, with `keeps`, the answers are in `given`."""
    if known["state"] != unchanged.state_digest(root):
        return None
    questions = list(_questions(root, known))
    if not questions:
        return str(known["output"]) if _is_the_same_here(known) else None
    answers = _same_answers(root, known, questions, keeps=keeps)
    if answers is None:
        return None
    skews = {
        question.worker_id: _leads(result, sent, answered)
        for question, (result, sent, answered) in zip(questions, answers, strict=True)
        if question.verb == "status"
    }
    found = unchanged.skews_of(root, skews)
    return None if found is None else unchanged.with_skews(known["output"], known["skews"], found)


def _same_answers(
    root: str, known: dict[str, Any], questions: list[Question], *, keeps: bool
) -> list[Answer] | None:
    """The workers are asked before the rest is compared: their answers take longest."""
    from decnet.worker.answers import Different

    asked = _asked(root, known, questions, keeps=keeps)
    try:
        return asked.verified() if _is_the_same_here(known) else None
    except Different as found:
        if keeps:
            from decnet.worker.given import by_worker

            distances = {each["worker_id"]: each.get("round_trip", 0.0) for each in known["asked"]}
            given.update(by_worker(questions, found.answers, distances))
        return None
    finally:
        asked.end()


def _is_the_same_here(known: dict[str, Any]) -> bool:
    return known["program"] == unchanged.program_digest() and all(
        unchanged.file_digest(path) == found for path, found in known["files"].items()
    )


def _leads(result: Mapping[str, Any], sent: float, answered: float) -> tuple[float, float]:
    """Between which values a worker's clock is ahead of ours, in seconds. Raises LookupError, TypeError."""
    clock = float(result["hello"]["clock"])
    return clock - answered, clock - sent


def _questions(root: str, known: dict[str, Any]) -> Iterator[Question]:
    if not known["asked"]:
        return
    from decnet.worker.answers import Question

    agent = f"{root}/agents/{known['agent']}.pyz"
    for asked in known["asked"]:
        if not asked["place"] and unchanged.file_digest(agent) != known["agent"]:
            raise ValueError("the agent's file is another one")
        for verb, args, before in asked["calls"]:
            yield Question(asked["worker_id"], asked["place"], verb, args, before)


def _asked(
    root: str, known: dict[str, Any], questions: list[Question], *, keeps: bool = False
) -> Asked | Crowd:
    from decnet.worker import again

    has_client = all(question.place for question in questions)
    is_far = max(each.get("round_trip", 0.0) for each in known["asked"]) > again.FAR
    if len(known["asked"]) > again.MOST_PROCESSES or (is_far and has_client):
        from decnet.worker.crowd import Crowd

        if not has_client:
            raise ValueError("this machine is one of many")
        return Crowd(root, questions, keeps=keeps)
    from decnet.worker.answers import Asked

    agent = f"{root}/agents/{known['agent']}.pyz"
    return Asked(questions, [again.program(root, agent, each) for each in questions])
