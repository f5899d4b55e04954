"""Visits: negotiate options, ask for a login, and accept the machine's weak password."""

import gc
import random
import re
from typing import TYPE_CHECKING

from ..credentials import Accounts, record_login
from ..events import Recorder, shown
from ..persona import Persona
from ..serve import Stop
from ..tcp_server import Gone, Line, receive
from ..threads import Later, in_thread
from ..visitors import Visitors, visitors_of
from ..waits import at_most
from . import jetdirect
from .auth_log import AuthLog
from .dialects import Dialect, dialect_of
from .keyboard import Keyboard
from .protocol import Options

if TYPE_CHECKING:
    from ..host.world import World

MOST_EMPTY = 10
MOST_UNASKED = 40
"""Lines that count as names and passwords although there was no prompt."""


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    server = TelnetServer(persona)
    return await receive(persona, recorder, server.converse)


class TelnetServer:
    """One persona's Telnet server."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        self._dialect: Dialect = dialect_of(persona)
        self._accounts = Accounts(persona)
        self._world = Later(lambda: _loaded(persona))
        """For the first login."""

    async def converse(self, line: Line) -> None:
        """One visit."""
        dialect = self._dialect
        keyboard = Keyboard(line, Options(dialect.able, dialect.welcome, dialect.are_you_there))
        try:
            await self._serve(keyboard, line)
        finally:
            _tell(keyboard.options, line)

    async def _serve(self, keyboard: Keyboard, line: Line) -> None:
        try:
            async with at_most(self._dialect.seconds):
                user = await self._let_in(keyboard, line)
        except TimeoutError:
            await line.send(self._dialect.timed_out.encode())
            await line.linger()
            return
        if user is None:
            await line.linger()
        else:
            await self._shell(user, keyboard, line)

    async def _let_in(self, keyboard: Keyboard, line: Line) -> str | None:
        """The user who logged in, or None."""
        log = AuthLog(self._persona, line.session)
        login = Login(self._dialect, self._accounts, visitors_of(self._persona), keyboard, line, log)
        try:
            await negotiate(keyboard, self._dialect)
            await line.send(self._dialect.banner.encode("latin-1", "replace"))
            if self._dialect.menu:
                await self._menu(keyboard, line)
                return None
            return await login.run()
        finally:
            login.end(keyboard.unused() if not login.accepted and not self._dialect.menu else b"")

    async def _menu(self, keyboard: Keyboard, line: Line) -> None:
        def record(text: str) -> None:
            line.session.record("command", input=text, way="menu")
            name, colon, secret = text.partition(":")
            if colon and name.strip().lower() in jetdirect.SECRETS:
                method, password = name.strip().lower(), secret.strip()
                record_login(line.session, method, success=True, username="", password=password)

        await jetdirect.converse(keyboard, self._persona, record)

    async def _shell(self, user: str, keyboard: Keyboard, line: Line) -> None:
        with visitors_of(self._persona).visit(line.session.source) as files:
            world = await self._world.get()

            from ..homes import settle
            from ..shell.arrivals import log_out
            from ..shell.consoles import has_console
            from ..shell.terminal import run_shell

            if not has_console(self._persona):
                await in_thread(world.make_files)
                settle(world, files, user)
            try:
                await run_shell(world, user, line.session, keyboard, files)
            finally:
                log_out(world, line.session)


def _loaded(persona: Persona) -> "World":
    """Loads the shell too, which takes long."""
    from .. import homes  # noqa: F401
    from ..host.world import World
    from ..shell import terminal  # noqa: F401
    from ..shell.consoles import console_of

    console_of(persona)
    # As at the start: a garbage collection would look at all of it.
    gc.freeze()
    return World(persona)


async def negotiate(keyboard: Keyboard, dialect: Dialect) -> None:
    """Send the server's requests, and like the real one wait until the client answers."""
    for stage in dialect.rounds:
        commands = keyboard.options.ask(stage.requests)
        if commands:
            await keyboard.send_commands(commands)
        await _answers(keyboard, stage.awaited)
        if stage.values:
            await keyboard.send_commands(keyboard.options.ask_values())
            await _answers(keyboard, ())


async def _answers(keyboard: Keyboard, awaited: tuple[tuple[int, int], ...]) -> None:
    while keyboard.options.open_questions(awaited):
        if not await keyboard.listen():
            raise Gone


class Login:
    """Name and password, as often as the server prompts for them."""

    def __init__(
        self,
        dialect: Dialect,
        accounts: Accounts,
        visitors: Visitors,
        keyboard: Keyboard,
        line: Line,
        log: AuthLog,
    ) -> None:
        self.accepted = False
        self._log = log
        self._dialect = dialect
        self._accounts = accounts
        self._visitors = visitors
        self._keyboard = keyboard
        self._line = line
        self._user: str | None = None
        """The name whose password is still expected."""

    async def run(self) -> str | None:
        """The user who logged in; None after the last attempt."""
        for left in range(self._dialect.tries - 1, -1, -1):
            user = await self._name()
            if user is None:
                return None
            if await self._accepts(user):
                return user
            await self._line.send(self._dialect.wrong.encode())
            if left:
                await self._line.send(self._dialect.again.encode())
        await self._line.send(self._dialect.farewell.encode())
        return None

    def end(self, unread: bytes) -> None:
        """There is no further prompt. Record the rest: a name without a password, and what was typed without
        a prompt."""
        lines = re.split(rb"[\r\n]", unread)[:MOST_UNASKED]
        if lines[-1] == b"":
            lines.pop()
        names = [self._user] if self._user is not None else []
        self._user = None
        for typed in map(shown, lines):
            if not names:
                names.append(typed)
            else:
                self._tell(names.pop(), typed)
        if names and names[0]:
            self._tell(names[0], None)

    async def _name(self) -> str | None:
        for _ in range(MOST_EMPTY):
            typed = await self._keyboard.read_line(echo=True)
            if typed is not None and len(typed) > self._dialect.longest_name:
                self._tell(shown(typed), None)
                return None
            if typed or (typed is not None and not self._dialect.empty_again):
                return shown(typed)
            await self._line.send(self._dialect.again.encode())
        return None

    async def _accepts(self, user: str) -> bool:
        """Whether the password at the prompt logs this user in."""
        self._user = user
        await self._line.send(self._dialect.password.encode())
        typed = await self._keyboard.read_line(echo=False, mask=self._dialect.mask)
        if typed is None:
            await self._line.send(b"\r\n")
        self._user = None
        source, password = self._line.session.source, shown(typed or b"")
        own = self._visitors.accepts(source, user, password)
        self.accepted = self._accounts.accepts(source, user, password) if own is None else own
        self._tell(user, shown(self._keyboard.given_up() if typed is None else typed))
        if not self.accepted:
            self._log.failed(user)
            await self._keyboard.pause(random.uniform(*self._dialect.delay))
        return self.accepted

    def _tell(self, user: str, password: str | None) -> None:
        fields = {"username": user} if password is None else {"username": user, "password": password}
        method = "none" if password is None else "password"
        record_login(self._line.session, method, success=self.accepted, **fields)


def _tell(options: Options, line: Line) -> None:
    """What the client reported about itself, with the end of its session."""
    if options.terminal:
        line.summary["terminal"] = options.terminal
    if options.authentication:
        record_login(line.session, "telnet", success=False, **options.authentication)
    if options.environment:
        line.session.record("request", request="environment", environment=shown(options.environment))
