"""The Telnet protocol (RFC 854, 855): option negotiation by RFC 1143, and the data between."""

from collections.abc import Iterable
from typing import Literal

from ..events import shown

IAC, DONT, DO, WONT, WILL, SB = 255, 254, 253, 252, 251, 250
EL, EC, AYT, IP, BRK, SE = 248, 247, 246, 244, 243, 240

BINARY, ECHO, SGA, STATUS, MARK, TTYPE, NAWS, TSPEED, LFLOW = 0, 1, 3, 5, 6, 24, 31, 32, 33
AUTH_NAME = 3
LINEMODE, XDISPLOC, OLD_ENVIRON, AUTH, ENCRYPT, NEW_ENVIRON = 34, 35, 36, 37, 38, 39

ASKED_FOR = (TSPEED, XDISPLOC, NEW_ENVIRON, TTYPE)
"""Options whose value is requested once the client enables them, in the order of real servers."""

MOST_PARAMETERS = 1024
MOST_REPLIES = 200
KEYS = {EC: b"\x7f", EL: b"\x15", IP: b"\x03", BRK: b"\x03"}

Request = tuple[int, int]
"""DO or WILL, and the option."""
State = Literal["no", "asked", "yes"]


class Options:
    """The negotiated options. `replies` collects the bytes to send back."""

    def __init__(self, able: Iterable[int], welcome: Iterable[int], are_you_there: bytes = b"") -> None:
        self.replies = bytearray()
        self.terminal = ""
        self.environment = b""
        self.authentication: dict[str, str] = {}
        """The name, or what proves it, of a client that logs in by an option (RFC 2941)."""
        self.columns, self.rows = 80, 24
        self._able = frozenset(able)
        self._welcome = frozenset(welcome)
        self._are_you_there = are_you_there
        self._ours: dict[int, State] = {}
        self._theirs: dict[int, State] = {}
        self._values: set[int] = set()
        self._known_values: set[int] = set()
        self._count = 0

    def ask(self, requests: Iterable[Request]) -> bytes:
        """Offer and request options; the bytes that do it."""
        commands = bytearray()
        for verb, option in requests:
            side = self._ours if verb == WILL else self._theirs
            if side.get(option, "no") == "no":
                side[option] = "asked"
                commands += bytes((IAC, verb, option))
        return bytes(commands)

    def ask_values(self) -> bytes:
        """Request the values of the options that the client has enabled."""
        wanted = [option for option in ASKED_FOR if self._theirs.get(option) == "yes"]
        self._values = set(wanted) - self._known_values
        return b"".join(bytes((IAC, SB, option, 1, IAC, SE)) for option in wanted)

    def open_questions(self, requests: Iterable[Request]) -> bool:
        """Whether the client still has to answer one of these, or to send a value."""
        return bool(self._values) or any(
            (self._ours if verb == WILL else self._theirs).get(option) == "asked" for verb, option in requests
        )

    def take(self, verb: int, option: int) -> None:
        """Process the client's WILL, WONT, DO or DONT."""
        if verb in (WILL, WONT):
            self._agree(self._theirs, option, verb == WILL, option in self._welcome, (DO, DONT))
        else:
            self._agree(self._ours, option, verb == DO, option in self._able, (WILL, WONT))

    def _agree(
        self, side: dict[int, State], option: int, wish: bool, allowed: bool, answers: tuple[int, int]
    ) -> None:
        now = side.get(option, "no")
        if not wish:
            self._values.discard(option)
        if now == "asked" or (now == "yes") == wish:
            side[option] = "yes" if wish else "no"
            return
        if wish and not allowed:
            self._reply(bytes((IAC, answers[1], option)))
            return
        side[option] = "yes" if wish else "no"
        self._reply(bytes((IAC, answers[0 if wish else 1], option)))

    def value(self, parameters: bytes) -> None:
        """Process a subnegotiation of the client."""
        option, content = parameters[:1], parameters[1:]
        if option == bytes((NAWS,)) and len(content) == 4:
            self.columns = int.from_bytes(content[:2], "big") or 80
            self.rows = int.from_bytes(content[2:], "big") or 24
        elif option == bytes((AUTH,)) and content[:1] == bytes((AUTH_NAME,)):
            self.authentication["username"] = shown(content[1:])
        elif option == bytes((AUTH,)):
            self.authentication = {"username": "", **self.authentication, "response": content.hex()}
        elif option and content[:1] == b"\0":
            self._values.discard(option[0])
            self._known_values.add(option[0])
            if option[0] == TTYPE:
                self.terminal = content[1:41].decode("ascii", "replace")
            elif option[0] == NEW_ENVIRON:
                self.environment = content[1:]

    def command(self, number: int) -> bytes:
        """A command without option: the key that it represents."""
        if number == AYT:
            self._reply(self._are_you_there)
        return KEYS.get(number, b"")

    def _reply(self, commands: bytes) -> None:
        """Answer, up to a limit: a client that keeps asking gets no more answers."""
        self._count += 1
        if self._count <= MOST_REPLIES:
            self.replies += commands


class Parser:
    """Parses a client's bytes: `feed` returns the data, with line ends as one CR."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._state: Literal["data", "iac", "verb", "sub", "sub iac"] = "data"
        self._verb = 0
        self._parameters = bytearray()
        self._after_return = False

    def feed(self, raw: bytes) -> bytes:
        """The data among these bytes; everything else goes to the options."""
        data = bytearray()
        for byte in raw:
            if self._state == "data":
                data += self._data(byte)
            elif self._state == "iac":
                data += self._after_iac(byte)
            elif self._state == "verb":
                self._state = "data"
                self._options.take(self._verb, byte)
            else:
                self._in_sub(byte)
        return bytes(data)

    def _data(self, byte: int) -> bytes:
        if byte == IAC:
            self._state = "iac"
            return b""
        after, self._after_return = self._after_return, byte == 13
        return b"" if after and byte in (0, 10) else bytes((byte,))

    def _after_iac(self, byte: int) -> bytes:
        self._state = "data"
        if byte == IAC:
            return b"\xff"
        if byte in (WILL, WONT, DO, DONT):
            self._state, self._verb = "verb", byte
        elif byte == SB:
            self._state = "sub"
            self._parameters.clear()
        else:
            return self._options.command(byte)
        return b""

    def _in_sub(self, byte: int) -> None:
        if self._state == "sub iac":
            self._state = "sub"
            if byte == SE:
                self._state = "data"
                self._options.value(bytes(self._parameters))
                return
        elif byte == IAC:
            self._state = "sub iac"
            return
        if len(self._parameters) < MOST_PARAMETERS:
            self._parameters.append(byte)
