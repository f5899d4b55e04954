"""What workers answered to a command that changed nothing, and asking them the same again.

Standard library only: a command that finds everything as it was imports this and no more of the package.
"""

from __future__ import annotations

import os
import select
import time
from typing import NamedTuple

from decnet.wire import PROTOCOL, Unframer, canonical, digest, encode_json, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Program = tuple[list[str], dict[str, str]]
    """Its arguments and environment."""
    Answer = tuple[dict[str, Any], float, float]
    """A result, with our clock at the request and at the answer."""

PATIENCE = 3.0
"""Seconds for all answers. One that takes longer is asked for in the usual way, which explains a failure."""
PIECE = 64 * 1024
SIGKILL = 9
"""The module `signal` makes enumerations when it is imported, which `_signal` does not."""
VOLATILE = {"status": (), "facts": ("disk_free_mib", "neighbours")}
"""The verbs that only read, and what changes in their answers although nothing has to be done."""
ORDERLESS = {"status": ("containers", "networks"), "facts": ("images", "networks")}
"""What the engine lists in any order: its networks come in another one each time."""


class Question(NamedTuple):
    """One call of a worker at a place from `again.place_of`, and the digest of its answer then."""

    worker_id: str
    place: dict[str, Any]
    verb: str
    args: dict[str, Any]
    before: str


class Different(Exception):
    """A worker has answered something else than before; `answers` are those that there are, by the number of
    their question."""

    def __init__(self, answers: Mapping[int, Answer]) -> None:
        super().__init__("a worker has answered something else than before")
        self.answers = answers


def answer_digest(verb: str, result: Mapping[str, Any]) -> str | None:
    """The SHA-256 of all that a decision can rest on in a verb's answer; None for a verb that is not only
    read, or an answer of another shape. The worker's clock is left out: the caller checks it."""
    if verb not in VOLATILE:
        return None
    kept = {name: value for name, value in result.items() if name not in VOLATILE[verb]}
    for name in ORDERLESS[verb]:
        if isinstance(rows := kept.get(name), list):
            kept[name] = sorted(map(encode_json, rows))
    if verb == "status":
        hello = kept.get("hello")
        if not isinstance(hello, dict):
            return None
        kept["hello"] = {name: value for name, value in hello.items() if name != "clock"}
    return digest(kept)


def ask(calls: list[tuple[Program, Mapping[str, Any]]]) -> list[Answer]:
    """The results of calls, each of a program that starts an agent, with these arguments of its verb.

    Raises TimeoutError, another OSError, or ValueError for anything but a result.
    """
    questions = [Question("", {}, "", dict(args), "") for _, args in calls]
    asked = Asked(questions, [program for program, _ in calls])
    try:
        return asked.answers()
    finally:
        asked.end()


class Asked:
    """Calls that run at the same time, from the moment this is made; `end` must be called."""

    def __init__(self, questions: list[Question], programs: list[Program]) -> None:
        """Raises OSError, and ValueError for a request that is too long."""
        self._questions = questions
        self._running: list[_Running] = []
        try:
            for question, (argv, environment) in zip(questions, programs, strict=True):
                self._running.append(_Running(argv, environment, question.args))
        except BaseException:
            self.end()
            raise

    def answers(self) -> list[Answer]:
        """Their results. Raises as `ask`."""
        _read_all(self._running)
        return [(each.result(), each.asked, each.answered) for each in self._running]

    def verified(self) -> list[Answer]:
        """The same. Raises Different if one is another than before."""
        answers = self.answers()
        for question, (result, _, _) in zip(self._questions, answers, strict=True):
            if answer_digest(question.verb, result) != question.before:
                raise Different(dict(enumerate(answers)))
        return answers

    def end(self) -> None:
        """End those that still run."""
        for each in self._running:
            each.end()


class _Running:
    """One program, which has its request."""

    def __init__(self, argv: list[str], environment: dict[str, str], args: Mapping[str, Any]) -> None:
        marker = os.urandom(16).hex()
        request = canonical({"v": PROTOCOL, "marker": marker, "args": args}) + b"\n"
        if len(request) > select.PIPE_BUF:
            raise ValueError("the request does not fit into a pipe at once")
        self._unframer = Unframer(marker)
        self._payload: bytes | None = None
        self.asked, self.answered = time.time(), 0.0
        asking, request_end = os.pipe()
        self.source, answer_end = os.pipe()
        self._pid: int | None = os.fork()
        if self._pid == 0:
            become(argv, environment, asking, answer_end)
        os.close(asking)
        os.close(answer_end)
        os.write(request_end, request)
        os.close(request_end)

    def read(self) -> bool:
        """Take what has arrived; whether more is expected."""
        piece = os.read(self.source, PIECE)
        payload = self._unframer.feed(piece) if piece and self._payload is None else None
        if payload is not None:
            self._payload, self.answered = payload, time.time()
        return bool(piece)

    def result(self) -> dict[str, Any]:
        """Raises ValueError if it failed, or if its answer is no result."""
        assert self._pid is not None
        _, status = os.waitpid(self._pid, 0)
        self._pid = None
        if status or self._payload is None:
            raise ValueError("the agent failed")
        match parse(self._payload):
            case {"v": version, "ok": True, "result": dict(result), **rest} if (
                version == PROTOCOL and not rest
            ):
                return dict(result)
        raise ValueError("the answer is not a result")

    def end(self) -> None:
        """End the process, and all of its session, if it still runs."""
        os.close(self.source)
        if self._pid is not None:
            try:
                os.killpg(self._pid, SIGKILL)
            except ProcessLookupError:
                # It has no session of its own yet.
                os.kill(self._pid, SIGKILL)
            os.waitpid(self._pid, 0)


def _read_all(running: list[_Running]) -> None:
    """Read until all have closed their output. Raises TimeoutError."""
    poll = select.poll()
    open_ones = {each.source: each for each in running}
    for source in open_ones:
        poll.register(source, select.POLLIN)
    end = time.monotonic() + PATIENCE
    while open_ones:
        found = poll.poll(max(0.0, end - time.monotonic()) * 1000)
        if not found:
            raise TimeoutError("no answer yet")
        for source, _ in found:
            if not open_ones[source].read():
                poll.unregister(source)
                del open_ones[source]


def become(argv: list[str], environment: dict[str, str], asking: int, answer_end: int) -> None:
    """In the child: the program, in a session of its own as every agent of this machine."""
    try:
        import _signal  # type: ignore[import-not-found]

        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
        os.setsid()
        os.chdir("/")
        os.dup2(asking, 0)
        os.dup2(answer_end, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.execve(argv[0], argv, environment)
    finally:
        os._exit(127)
