"""The main program of every decoy: finds the service, listens, and stops on a signal or when the network is
gone."""

import asyncio
import gc
import importlib
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable

from .allocator import use_one_heap
from .events import Recorder
from .fellows import KEEPERS, Fellows
from .filter import close_other_sockets
from .links import Links
from .machine import Machine
from .persona import Persona, from_environment
from .restarts import watch
from .visitors import MOST_IN_ALL, MOST_WITHOUT_FILES, visitors_of

SERVICES = {
    "ssh": ".ssh",
    "http": ".http",
    "telnet": ".telnet",
    "redis": ".redis",
    "ftp": ".ftp",
    "snmp": ".snmp",
    "mysql": ".mysql",
    "smtp": ".smtp",
}
"""Service name to the module below this package that has `async def start(persona, recorder) -> stop`."""

LOOK_SECONDS = 3600.0
"""The longest sleep: by then someone may have set the clock."""
GOODBYE_SECONDS = 1.0
BACKLOG = 128
MOST_COMPLAINTS = 100

Stop = Callable[[], Awaitable[None]]


def run(arguments: list[str]) -> int:
    """The exit status: 0 stopped by a signal, 1 the network is gone, 2 wrong call."""
    try:
        persona = from_environment()
        name = SERVICES[arguments[0]]
    except (ValueError, KeyError, IndexError) as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return 2
    close_other_sockets()
    use_one_heap()
    try:
        return asyncio.run(_serve(importlib.import_module(name, __package__), persona, Recorder()))
    finally:
        # At its end Python would look through all objects twice more, and the engine waits for the end.
        gc.freeze()


async def _serve(service: object, persona: Persona, recorder: Recorder) -> int:
    links = Links()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # add_signal_handler() would load `inspect`.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(links.stop))
    loop.set_exception_handler(Complaints().write)
    start: Callable[[Persona, Recorder], Awaitable[Stop]] = service.start  # type: ignore[attr-defined]
    most = MOST_IN_ALL if persona.service in KEEPERS else MOST_WITHOUT_FILES
    visitors = visitors_of(persona, most)
    fellows = Fellows(persona, visitors, tuple(SERVICES))
    await fellows.start()
    try:
        machine = Machine(persona)
        watch(machine.persona.seed, links.wake)
        return await _live(
            lambda: start(persona, recorder), machine, links, lambda: visitors.restart(machine.volatile)
        )
    finally:
        await fellows.close()
        await recorder.close()
        watch(persona.machine.seed, None)
        links.close()


async def _live(
    start: Callable[[], Awaitable[Stop]],
    machine: Machine,
    links: Links,
    forget: Callable[[], None] = lambda: None,
) -> int:
    """Serve until the end. When the machine is started again, every visitor is cut off, and no one is
    answered for a while: no real uptime begins within a connection. `forget`: what no start keeps."""
    status = await links.ended(_still_away(machine))
    while status is None:
        stop = await start()
        # What is there now stays: a garbage collection that looks at all of it would hold up the visitors.
        gc.freeze()
        try:
            status = await _served(machine, links)
        finally:
            try:
                await asyncio.wait_for(stop(), GOODBYE_SECONDS)
            except TimeoutError:
                pass
        if status is not None:
            break
        forget()
        status = await links.ended(_still_away(machine) or machine.down_seconds)
        gc.unfreeze()
        gc.collect()
    return status


async def _served(machine: Machine, links: Links) -> int | None:
    """Wait for the next start of the machine; the exit status if the program has to end before."""
    boot = machine.regular_start()
    while machine.regular_start() <= boot and not _still_away(machine):
        then = min(machine.next_start(), machine.restarts.next_stop(time.time()))
        status = await links.ended(min(LOOK_SECONDS, max(1.0, then - time.time())), is_woken=True)
        if status is not None:
            return status
    return None


def _still_away(machine: Machine) -> float:
    """Seconds until the services answer again after a restart by a visitor; 0: they do."""
    now = time.time()
    last = machine.restarts.last[-1:]
    if not last or not last[0].down <= now < last[0].up:
        return 0
    return last[0].up - now + machine.start_seconds(machine.persona.service)


class Complaints:
    """Lines on stderr for the operator: few, because they use the same log as the events."""

    def __init__(self) -> None:
        self._left = MOST_COMPLAINTS

    def write(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Write one line, unless there were too many."""
        if self._left > 0:
            self._left -= 1
            sys.stderr.write(f"{context.get('message', '')}: {context.get('exception')!r}"[:500] + "\n")


def listening(port: int) -> socket.socket:
    """A TCP socket that listens on every address of the decky."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setblocking(False)
    made.bind(("0.0.0.0", port))
    made.listen(BACKLOG)
    return made
