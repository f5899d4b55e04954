"""A visitor's terminal over Telnet: lines with echo for a login, and a stream for a shell."""

from ..shell.stream import IDLE_SECONDS, Terminal
from ..tcp_server import Gone, Line
from ..waits import at_most
from .protocol import Options, Parser

MOST_TYPED = 1024
ENDS = b"\r\n"
ERASE = b"\x7f\x08"
KILL, WORD, END, INTERRUPT = 0x15, 0x17, 0x04, 0x03


class Keyboard:
    """Both directions of one visitor's terminal."""

    def __init__(self, line: Line, options: Options) -> None:
        self.terminal: Terminal | None = Terminal()
        self.options = options
        self._line = line
        self._parser = Parser(options)
        self._typed = bytearray()
        self._edited = bytearray()

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Send output."""
        await self._line.send(data.replace(b"\xff", b"\xff\xff"))

    async def send_commands(self, commands: bytes) -> None:
        """Send commands of the protocol."""
        await self._line.send(commands)

    async def read(self, limit: float = IDLE_SECONDS) -> bytes:
        """The input since the last call, b"" at the end. Raises TimeoutError after `limit` seconds of
        silence."""
        while not self._typed:
            if not await self.listen(limit):
                return b""
        taken = bytes(self._typed)
        self._typed.clear()
        return taken

    async def listen(self, limit: float = IDLE_SECONDS) -> bool:
        """Wait for any input, and answer option requests; False at the end."""
        raw = await self._line.read(limit)
        self._typed += self._parser.feed(raw)
        del self._typed[MOST_TYPED * 16 :]
        terminal = self.terminal
        if terminal is not None:
            terminal.columns, terminal.rows = self.options.columns, self.options.rows
        if self.options.replies:
            replies = bytes(self.options.replies)
            self.options.replies.clear()
            await self._line.send(replies)
        return bool(raw)

    async def pause(self, seconds: float) -> None:
        """Pause as the server does, while the negotiation continues. Raises Gone."""
        try:
            async with at_most(seconds):
                while await self.listen():
                    continue
        except TimeoutError:
            return
        raise Gone

    async def read_line(self, *, echo: bool, mask: bytes = b"") -> bytes | None:
        """One line as a terminal driver passes it to a login; None for an end of input or an interrupt.

        Raises Gone when the visitor has left.
        """
        line = self._edited = bytearray()
        while True:
            key = await self._key()
            if key in ENDS:
                await self.write(b"\r\n")
                return self.given_up()
            if key == END:
                return self.given_up() or None
            if key == INTERRUPT:
                await self.write(b"^C" if echo else b"")
                return None
            await self.write(_take(line, key, echo, mask))

    def given_up(self) -> bytes:
        """Take the line that was being typed, up to an interrupt or the end."""
        line, self._edited = bytes(self._edited), bytearray()
        return line

    def unused(self) -> bytes:
        """Take all typed input that is not part of a line that was read."""
        unused, self._typed = self.given_up() + bytes(self._typed), bytearray()
        return unused

    async def _key(self) -> int:
        while not self._typed:
            if not await self.listen():
                raise Gone
        return self._typed.pop(0)


def _take(line: bytearray, key: int, echo: bool, mask: bytes) -> bytes:
    """Apply the key to the line; the echo for it."""
    if key in ERASE or key in (KILL, WORD):
        count = _erased(line, key)
        rubbed = b"".join(_rub(byte, echo, mask) for byte in reversed(line[len(line) - count :]))
        del line[len(line) - count :]
        return rubbed
    if len(line) >= MOST_TYPED:
        return b""
    line.append(key)
    return _shown(key) if echo else mask


def _erased(line: bytearray, key: int) -> int:
    if key == KILL:
        return len(line)
    if key == WORD:
        kept = bytes(line).rstrip(b" ")
        return len(line) - (kept.rfind(b" ") + 1)
    return min(1, len(line))


def _rub(byte: int, echo: bool, mask: bytes) -> bytes:
    return b"\b \b" * len(_shown(byte) if echo else mask)


def _shown(key: int) -> bytes:
    """A key as a terminal echoes it: control characters as ^X."""
    return bytes((94, key + 64)) if key < 32 and key != 9 else bytes((key,))
