"""One visit: its login, and a reply to every command."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable

from ..persona import Persona
from ..tcp_server import Gone, Line
from . import places, writing
from .attempts import Attempts
from .dialects import Dialect
from .logins import Logins
from .talk import Talk, printed
from .transfers import Transfers
from .tree import of_guest

MOST_COMMANDS = 2000
SMALL_TALK = ("SYST", "FEAT", "HELP", "NOOP", "MODE", "STRU", "ABOR", "ALLO", "OPTS", "CLNT")
GUEST_NAMES = ("anonymous", "ftp")
TELNET = re.compile(rb"\xff[\xf0-\xfa]|\xff[\xfb-\xfe].|\xff", re.DOTALL)
VERSION = re.compile(r"\d+(\.\d+)+")

Method = Callable[[Talk, str], Awaitable[None]]


class Session:
    """Reads commands, refuses those that the server refuses, and executes the others."""

    def __init__(
        self,
        dialect: Dialect,
        persona: Persona,
        logins: Logins,
        line: Line,
        clients: int,
    ) -> None:
        version = VERSION.search(persona.banner)
        always: dict[str, object] = {
            "source": line.session.source, "clients": clients, "version": version[0] if version else "",
            "address": persona.address, "hostname": persona.hostname,
        }  # fmt: skip
        self._talk = Talk(dialect, persona, line, always)
        self._log = self._talk.log
        self._logins = logins
        self._failures = 0
        self._attempts = Attempts(line.session)
        self._transfers = Transfers(self._talk)
        self._methods = self._all_methods()

    async def converse(self) -> None:
        """Greet, then answer command after command."""
        talk = self._talk
        self._log.connected()
        await talk.send(talk.persona.banner)
        for count in range(MOST_COMMANDS):
            talk.line.summary["commands"] = count
            raw = await self._read()
            if raw is not None:
                await self._answer(raw)
            if talk.over:
                self._attempts.end(await talk.line.linger())
                return

    async def close(self) -> None:
        """End the visit: stop waiting for a data connection or a password."""
        self._attempts.end(await self._talk.line.unread())
        self._transfers.close()
        self._logins.close()
        self._log.ended()

    async def _read(self) -> bytes | None:
        """The next line; None when there is nothing to answer."""
        talk = self._talk
        try:
            raw = await talk.line.read_line(talk.dialect.idle)
        except TimeoutError:
            await self._leave("timeout")
            return None
        except asyncio.IncompleteReadError as error:
            self._attempts.refused(error.partial.rstrip(b"\r"))
            raise
        except asyncio.LimitOverrunError as error:
            self._attempts.refused(await talk.line.unread())
            raise Gone from error
        raw = TELNET.sub(b"", raw).rstrip(b"\r\n")
        if len(raw) <= talk.dialect.longest:
            return raw
        self._attempts.refused(raw)
        if talk.dialect.texts["too_long"]:
            await self._leave("too_long")
        return None

    async def _leave(self, occasion: str) -> None:
        await self._talk.reply(occasion)
        self._talk.over = True

    async def _answer(self, raw: bytes) -> None:
        talk = self._talk
        talk.typed = raw.decode("utf-8", "surrogateescape")
        verb, _, talk.argument = talk.typed.partition(" ")
        talk.verb = verb.upper()
        if talk.verb not in ("PASS", "ACCT", "ADAT") and raw:
            talk.line.session.record("command", input=printed(talk.typed))
        refusal = self._refusal()
        if refusal is None:
            await self._methods[talk.verb](talk, talk.argument)
            return
        self._attempts.refused(raw)
        if refusal:
            await talk.reply(refusal, talk.verb)

    def _refusal(self) -> str | None:
        """The reply that refuses the command, "" for none; None if the command is executed."""
        talk, dialect, verb = self._talk, self._talk.dialect, self._talk.verb
        if not talk.typed.strip():
            return dialect.blank
        if not verb.isalpha() and dialect.has_text("blank"):
            return "blank"
        outside = talk.tree is None
        if verb not in dialect.known:
            return "need_login" if outside and dialect.hides_unknown else "unknown"
        if outside and verb not in dialect.free:
            return "need_login"
        if verb in dialect.unimplemented:
            return "unimplemented"
        wrong = verb in (dialect.bare if talk.argument else dialect.argument)
        return "no_argument" if wrong else None

    async def _user(self, talk: Talk, name: str) -> None:
        self._attempts.user(name)
        if talk.tree is not None:
            same = name == talk.named and not talk.guest
            await talk.reply("same_user" if same else "other_user", "guest" if talk.guest else "")
            return
        talk.named = name
        is_guest = name.lower() in GUEST_NAMES
        if is_guest and not self._logins.guests:
            await talk.reply("no_guests")
        else:
            await talk.reply("user", "guest" if is_guest else "")

    async def _pass(self, talk: Talk, password: str) -> None:
        if talk.tree is not None or (not talk.named and not talk.dialect.open_door):
            self._attempts.password(password)
            await talk.reply("pass_first" if talk.tree is None else "already_in")
            return
        talk.guest = self._logins.guests and talk.named.lower() in GUEST_NAMES
        accepted = talk.guest or talk.dialect.open_door or self._accepts(talk.named, password)
        self._attempts.password(password, "anonymous" if talk.guest else "password", success=accepted)
        if accepted:
            self._log.entered("ftp" if talk.guest else talk.named, password if talk.guest else None)
        else:
            self._log.failed(talk.named)
        await (self._enter(talk) if accepted else self._turn_away(talk))

    def _accepts(self, user: str, password: str) -> bool:
        talk = self._talk
        if user == "root" and talk.dialect.denies_root and talk.persona.text("credentials") is None:
            return False
        return self._logins.accepts(talk.line.session.source, user, password)

    async def _enter(self, talk: Talk) -> None:
        if talk.guest:
            talk.named, talk.tree = "ftp", of_guest(talk.persona, talk.dialect.guest_owner)
        else:
            talk.tree = self._logins.enter(talk.line.session.source, talk.named)
        talk.cwd = talk.tree.home
        await talk.reply("welcome", "guest" if talk.guest else "")

    async def _turn_away(self, talk: Talk) -> None:
        await asyncio.sleep(random.uniform(*talk.dialect.delay))
        self._failures += 1
        talk.over = self._failures >= talk.dialect.tries
        await talk.reply("wrong")
        talk.named = ""

    async def _site(self, talk: Talk, argument: str) -> None:
        self._attempts.refused(talk.typed.encode("utf-8", "surrogateescape"))
        if talk.guest and talk.dialect.has_text("site guest"):
            await talk.reply("site guest")
        else:
            words = argument.split()
            if words and words[0].upper() == "CHMOD" and talk.dialect.stores_files and not talk.guest:
                await writing.chmod(talk, words)
                return
            await talk.reply("site", words[0].upper() if words else "", name=words[-1] if words else "")

    async def _quit(self, talk: Talk, argument: str) -> None:
        await self._leave("quit")

    def _all_methods(self) -> dict[str, Method]:
        to = self._transfers
        return {
            "USER": self._user, "PASS": self._pass, "QUIT": self._quit,
            **dict.fromkeys(SMALL_TALK, _reply_only),
            **dict.fromkeys(("AUTH", "PBSZ", "PROT"), _secure),
            "SITE": self._site, "TYPE": _type, "REST": to.rest, "STAT": to.stat,
            "PWD": places.pwd, "XPWD": places.pwd, "CWD": places.cwd, "XCWD": places.cwd,
            "CDUP": places.cdup, "XCUP": places.cdup, "SIZE": places.size, "MDTM": places.mdtm,
            "PASV": to.pasv, "EPSV": to.epsv, "PORT": to.active, "EPRT": to.active,
            "LIST": to.list, "NLST": to.list, "MLSD": to.mlsd, "MLST": to.mlst, "RETR": to.retr,
            **dict.fromkeys(("STOR", "APPE", "STOU"), to.stor),
            **dict.fromkeys(("DELE", "RMD", "XRMD"), writing.remove),
            **dict.fromkeys(("MKD", "XMKD"), writing.make),
            "RNFR": writing.rename_from, "RNTO": writing.rename_to,
        }  # fmt: skip


async def _reply_only(talk: Talk, argument: str) -> None:
    """Commands that only have a reply."""
    await talk.reply(talk.verb.lower(), argument.upper())


async def _secure(talk: Talk, argument: str) -> None:
    await talk.reply("secure")


async def _type(talk: Talk, argument: str) -> None:
    kind = argument.upper()
    kind = "A" if kind == "A N" else kind
    if talk.dialect.has_text(f"type {kind}"):
        talk.text = kind == "A"
    await talk.reply("type", kind)
