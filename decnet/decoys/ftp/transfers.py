"""Commands that need a data connection: the visitor opens it, the server never does."""

import itertools
import random
import re
import socket
import string
import time
from typing import Any

from ..uploads import Incoming, record_file
from ..visitors import MOST_FILE
from . import data
from .data import Broken, NoConnection, Passive
from .places import change, is_plain
from .talk import Talk, printed
from .tree import IS_FOLDER, Node

OPTIONS = re.compile(r"^(-\S*)\s*(.*)$", re.DOTALL)
KINDS = {".": "cdir", "..": "pdir"}
LETTERS = string.ascii_letters + string.digits

Entries = list[tuple[str, Node]]


class Transfers:
    """The data connections of one visit."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._passive: Passive | None = None
        self._only_extended = False
        self._start = 0

    def close(self) -> None:
        """Stop waiting for a data connection."""
        if self._passive is not None:
            self._passive.close()
            self._passive = None

    async def pasv(self, talk: Talk, argument: str) -> None:
        if self._only_extended:
            await talk.reply("after_all")
            return
        port = self._listen()
        numbers = f"{talk.address.replace('.', ',')},{port // 256},{port % 256}"
        await talk.reply("pasv" if port else "no_connection", numbers=numbers)

    async def epsv(self, talk: Talk, argument: str) -> None:
        if argument.upper() == "ALL":
            self._only_extended = True
            await talk.reply("epsv_all")
        elif argument not in ("", "1"):
            await talk.reply("epsv_bad")
        else:
            port = self._listen()
            await talk.reply("epsv" if port else "no_connection", port=port)

    async def active(self, talk: Talk, argument: str) -> None:
        """Active mode: the server never connects to the visitor or to another host."""
        await talk.reply("after_all" if self._only_extended else "active", talk.verb)

    async def rest(self, talk: Talk, argument: str) -> None:
        fits = re.fullmatch(r"[0-9]{1,15}", argument) is not None
        self._start = int(argument) if fits else 0
        await talk.reply("rest" if fits else "rest_bad", at=self._start)

    async def stat(self, talk: Talk, argument: str) -> None:
        if not argument:
            await talk.reply("stat")
            return
        entries = _listed(talk, argument, hidden=True)[1] or []
        listing = talk.dialect.listing(entries, time.time())
        indented = "".join(f" {each}\r\n" for each in listing.split("\r\n")[:-1])
        name = OPTIONS.sub(r"\2", argument) or "."
        await talk.reply("stat_path", name=name, listing=listing, indented=indented)

    async def list(self, talk: Talk, argument: str) -> None:
        options, entries = _listed(talk, argument)
        if self._passive is None:
            await talk.reply("no_data")
            return
        name = OPTIONS.sub(r"\2", argument)
        reports = entries is None and talk.dialect.has_text("list_missing")
        if reports and talk.verb == "NLST":
            await talk.reply("list_missing", name=name)
            return
        if talk.verb == "NLST" and "l" not in options:
            shown = "".join(f"{each}\r\n" for each, _ in entries or [])
        else:
            shown = talk.dialect.listing(entries or [], time.time())
        await self._give(shown, "list", "list_missing" if reports else "listed", name=name)

    async def mlsd(self, talk: Talk, argument: str) -> None:
        if self._passive is None:
            await talk.reply("no_data")
            return
        path = talk.path(argument or ".")
        entries = talk.inside.listed(path, hidden=True) or []
        facts = (
            _facts(talk, node, KINDS.get(name), talk.inside.absolute(name, path)) for name, node in entries
        )
        lines = (f"{fact} {name}\r\n" for fact, (name, _) in zip(facts, entries, strict=True))
        await self._give("".join(lines), "list", "listed")

    async def mlst(self, talk: Talk, argument: str) -> None:
        path = talk.path(argument or ".")
        node = talk.inside.node(path)
        if node is None:
            await talk.reply("no_file")
        else:
            await talk.reply("mlst", facts=_facts(talk, node, None, path), path=path)

    async def retr(self, talk: Talk, argument: str) -> None:
        if self._passive is None and not talk.dialect.names_files and argument:
            await talk.reply("no_data")
            return
        content = talk.inside.content(talk.path(argument))
        if content is None:
            talk.log.transferred("DOWNLOAD", talk.path(argument), 0, 0, done=False)
            if await is_plain(talk, argument):
                await talk.reply("denied" if talk.dialect.names_files else "no_file")
            return
        rest, self._start = content[self._start :], 0
        as_text = talk.text and talk.dialect.ascii
        sent = rest.replace(b"\n", b"\r\n") if as_text else rest
        began = time.monotonic()
        await self._give(sent, "retr", "done", size=len(content), left=len(rest))
        talk.log.transferred("DOWNLOAD", talk.path(argument), len(sent), time.monotonic() - began)

    async def stor(self, talk: Talk, argument: str) -> None:
        """Receive a file: printers take any, other servers what the account may write."""
        stores = talk.dialect.stores_files and not talk.guest
        if not (talk.dialect.takes_files or stores):
            await change(talk, argument)
            return
        path = self._unique(argument) if talk.verb == "STOU" else talk.path(argument)
        if stores and talk.dialect.names_files and await self._is_refused(path):
            return
        connection = await self._meet()
        if connection is None:
            return
        try:
            if stores and not talk.dialect.names_files and await self._is_refused(path):
                return
            await talk.reply("stor", talk.verb, made=path.rpartition("/")[2])
            is_whole = await self._receive(connection, path, stores=stores)
            await talk.reply("done" if is_whole else "broken")
        finally:
            connection.close()

    async def _is_refused(self, path: str) -> bool:
        """Whether this user cannot write there; then that is the answer."""
        talk, start = self._talk, self._start
        if talk.dialect.has_text("restart") and (start or talk.verb == "APPE"):
            self._start = 0
            await talk.reply("restart")
            return True
        reason = talk.inside.refusal(path)
        if reason:
            self.close()
            reason = talk.dialect.texts.get("is a folder", reason) if reason == IS_FOLDER else reason
            await talk.reply("denied", talk.verb, reason=reason)
        return bool(reason)

    def _unique(self, argument: str) -> str:
        """A path that does not exist, for STOU."""
        name = self._talk.dialect.unique or argument or "STOU"
        if self._talk.dialect.unique:
            return self._talk.path(name + "".join(random.choices(LETTERS, k=6)))
        numbered = (f"{name}.{number}" for number in range(1, 100))
        names = numbered if not argument else itertools.chain((name,), numbered)
        return next(
            (self._talk.path(each) for each in names if not self._talk.inside.has(self._talk.path(each))),
            self._talk.path(name),
        )

    async def _receive(self, connection: socket.socket, path: str, *, stores: bool) -> bool:
        """Whether the visitor sent all of the file; it is recorded in any case, and listed where it is
        stored."""
        kept = self._talk.inside.kept(MOST_FILE if stores else 0)
        with Incoming() as incoming, kept as content:
            is_whole, began = False, time.monotonic()
            try:
                is_whole = await data.take(connection, incoming, content.add)
            finally:
                size = incoming.size
                self._talk.log.transferred("UPLOAD", path, size, time.monotonic() - began, done=is_whole)
                record_file(self._talk.line.session, printed(path), incoming, whole=is_whole)
                if stores:
                    self._store(path, content.taken(), size)
        return is_whole

    def _store(self, path: str, content: bytes, size: int) -> None:
        """Store what has arrived, behind what is there for APPE and REST."""
        tree, start = self._talk.inside, self._start
        self._start = 0
        node = tree.node(path) if start or self._talk.verb == "APPE" else None
        if node is not None and tree.content(path) is not None:
            old = tree.content(path) or b""
            old = old if self._talk.verb == "APPE" else old[:start]
            content, size = old + content, len(old) + size
        tree.store(path, content, size)

    def _listen(self) -> int:
        """The port that waits for a data connection; 0 if none does."""
        self.close()
        self._passive = data.listen(self._talk.address, self._talk.dialect.ports)
        return self._passive.port if self._passive is not None else 0

    async def _give(self, content: str | bytes, first: str, last: str, **more: Any) -> None:
        """Send it over the data connection, with words before and after."""
        talk = self._talk
        connection = await self._meet()
        if connection is None:
            return
        try:
            await talk.reply(first, talk.verb, **more)
            raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
            await data.send(connection, raw)
            connection.close()
            await talk.reply(last, **more)
        except Broken:
            await talk.reply("broken")
        finally:
            connection.close()

    async def _meet(self) -> socket.socket | None:
        """The data connection; None when there is none, after the reply that reports it."""
        passive, self._passive = self._passive, None
        if passive is None:
            await self._talk.reply("no_data")
            return None
        try:
            return await passive.meet(self._talk.line)
        except NoConnection:
            await self._talk.reply("no_connection")
            return None


def _listed(talk: Talk, argument: str, *, hidden: bool = False) -> tuple[str, Entries | None]:
    """The options of a listing, and its entries."""
    found = OPTIONS.match(argument)
    options, path = (found[1], found[2]) if found else ("", argument)
    return options, talk.inside.listed(talk.path(path or "."), hidden=hidden or "a" in options)


def _facts(talk: Talk, node: Node, kind: str | None, path: str) -> str:
    assert talk.dialect.facts is not None
    number = talk.persona.machine.number(f"inode {path}", 0x20000, 0x3FFFF)
    return talk.dialect.facts(node, kind or ("dir" if node.folder else "file"), f"FE00U{number:X}")
