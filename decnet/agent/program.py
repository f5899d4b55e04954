"""Runs one verb per process: from a request to a framed answer."""

from __future__ import annotations

import gc
import os
import sys

from decnet.wire import MAX_ANSWER_BYTES, PROTOCOL, TIMELESS, canonical, frame
from decnet.wire.fault import begin, step

from . import limits
from .home import UNWRITABLE, UNWRITABLE_HINT
from .request import NO_MARKER, Refusal, Request, read_request, request_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Any, Dict, Optional

VERBS = {
    "enrol": ("enrolment", "enrol_verb", limits.CONTROL * 2 + limits.SWEEP),
    "hello": ("identity", "hello", limits.CONTROL),
    "facts": ("facts", "facts", limits.CONTROL * 2),
    "status": ("status", "status", limits.CONTROL * 2 + limits.STATUS_WAIT),
    "slice": ("slices", "slice_verb", limits.CONTROL),
    "probe": ("probe", "probe_verb", limits.CONTROL + limits.PROBE_MOST),
    "apply": ("apply", "apply", limits.COMPOSE_CHECK + limits.WAIT_MOST + limits.CONTROL),
    "confirm": ("rollouts", "confirm", limits.CONTROL * 2),
    "teardown": ("teardown", "teardown", limits.WAIT_MOST + limits.CONTROL),
    "image-load": ("image", "image_load", limits.IMAGE),
    "events": ("events", "events_verb", limits.JOB),
    "files": ("uploads", "files_verb", limits.CONTROL * 2),
    "file": ("uploads", "file_verb", limits.CONTROL * 2),
    "logs": ("logs", "logs_verb", limits.CONTROL * 2),
    "follow": ("follow", "follow_verb", limits.CONTROL * 2),
    "upgrade": ("upgrade", "upgrade", limits.REQUEST),
    "self-destruct": ("self_destruct", "self_destruct", limits.CONTROL * 2),
}
"""Verb to module, function and the time limit of the whole, in seconds. A module is imported only for its own
verb: reading and compiling the others would take longer than most answers."""

RESUMED = {"job": "job_runner", "reap": "self_destruct", "heal": "revive", "revert": "restore"}
"""What systemd starts, in a scope or by the unit of boot.py, and the module whose `resume` runs it."""

SERVE = "serve"
"""Not a verb, but a channel for several requests: see `serve`."""
OVER_THE_GATE = frozenset(VERBS) - {"enrol"} | {SERVE}
STREAMED = frozenset({"image-load"})
GATE_COMMAND = "decnet-agent"
LONGEST_COMMAND = 64
KEEPS_COMPILED = frozenset({"hello", "status"})
"""Verbs after which byte code is cached: every upgrade and every pull uses one of them. They end before it
could be worth collecting garbage."""


def main(argv: "list[str]") -> int:
    """Run one verb. 0 if an answer was framed, 2 if there was nothing to answer."""
    verb = argv[0] if len(argv) == 1 else ""
    if verb == "gate":
        verb = verb_of(os.environ.get("SSH_ORIGINAL_COMMAND"), OVER_THE_GATE) or ""
    if verb == SERVE:
        return _serve()
    if verb not in VERBS:
        if argv[:1] and argv[0] in RESUMED:
            return _resume(argv)
        sys.stderr.write("decnet-agent: refused: not one of the agent's verbs\n")
        return 2
    os.umask(0o077)
    status = _carry_out(verb)
    if verb in KEEPS_COMPILED:
        _keep_compiled()
    if verb == "enrol" or (verb == "hello" and _is_taken_up()):
        from .boot import install

        _limit(0)
        install()
    return status


def _carry_out(verb: str, line: Optional[bytes] = None) -> int:
    """Answer the request in that line, or on standard input. 0 if the answer was written."""
    begin(verb)
    if verb in KEEPS_COMPILED:
        gc.disable()
    marker, answer = _answer(verb, line)
    step("answer to be written")
    return _write(frame(marker, answer))


def _serve() -> int:
    from .serve import serve

    os.umask(0o077)
    return serve(lambda verb: _module(VERBS[verb][0]), _carry_out)


def _is_taken_up() -> bool:
    """Whether an upgrade started this process: only it starts the agent by its link, which others resolve
    themselves."""
    return os.path.basename(sys.argv[0]) == "current"


def _resume(argv: "list[str]") -> int:
    begin(argv[0])
    status: int = _module(RESUMED[argv[0]]).resume(argv[1:])
    return status


def _module(name: str) -> Any:
    """A module of the agent. `importlib` is itself a module to import."""
    return __import__("%s.%s" % (__package__, name), fromlist=["*"])


def verb_of(command: Optional[str], verbs: AbstractSet[str]) -> Optional[str]:
    """The verb of `decnet-agent VERB`, or `VERB`, which a client asked sshd's forced command to run. None for
    anything else: the whole line is compared, nothing is parsed, and no shell sees it."""
    if command is None or len(command) > LONGEST_COMMAND:
        return None
    for verb in verbs:
        if command in (verb, GATE_COMMAND + " " + verb):
            return verb
    return None


def _keep_compiled() -> None:
    """After the answer, so that the operator does not wait for it: a newly installed agent."""
    import decnet

    target = getattr(decnet, "COMPILED", None)
    if target is not None and not os.path.exists(target):
        from .compiled import keep
        from .identity import program

        _limit(0)
        keep(program(), target)


def _answer(verb: str, line: Optional[bytes] = None) -> "tuple[str, bytes]":
    marker = NO_MARKER
    try:
        _limit(VERBS[verb][2])
        timeless = verb in TIMELESS
        request = read_request(timeless) if line is None else request_in(line, timeless=timeless)
        marker = request.marker
        return marker, _bounded({"v": PROTOCOL, "ok": True, "result": _run(verb, request)})
    except Refusal as refusal:
        if marker == NO_MARKER:
            marker = refusal.details.pop("marker", NO_MARKER)
        error = refusal.answer()
    except OSError as failure:
        message = "%s: %s" % (failure.filename or verb, failure.strerror or failure)
        hint = UNWRITABLE_HINT if failure.errno in UNWRITABLE else None
        error = Refusal("failed", message, hint).answer()
    except Exception as failure:  # noqa: BLE001 - the operator needs an answer in any case
        import traceback

        traceback.print_exc()
        error = Refusal("failed", "%s: %s: %s" % (verb, type(failure).__name__, failure)).answer()
    return marker, canonical({"v": PROTOCOL, "ok": False, "error": error})


def _run(verb: str, request: Request) -> Dict[str, Any]:
    module, name, _ = VERBS[verb]
    function = getattr(_module(module), name)
    if verb not in ("enrol", "hello"):
        from .identity import require

        # Facts and a probe concern only the machine: a plan may need them before enrolment.
        require(request.args, stranger=verb in ("facts", "probe") and "expect" not in request.args)
    result: Dict[str, Any] = (
        function(request.args, request.pieces()) if verb in STREAMED else function(request.args)
    )
    return result


def _bounded(answer: Dict[str, Any]) -> bytes:
    content = canonical(answer)
    if len(content) > MAX_ANSWER_BYTES:
        raise Refusal("failed", "the answer would be longer than %d bytes" % MAX_ANSWER_BYTES)
    return content


def _limit(seconds: float) -> None:
    """The last resort: every wait has its own limit, and the whole verb has this one."""
    # The `signal` module creates enums at import, which takes a millisecond.
    import _signal as signal  # type: ignore[import-not-found]

    def expire(_number: int, _frame: object) -> None:
        raise Refusal("time-limit", "the verb did not end within %d seconds" % seconds)

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _write(content: bytes) -> int:
    try:
        while content:
            content = content[os.write(1, content) :]
    except OSError:
        return 1
    return 0
