"""The texts of each vendor's Telnet server and login, in their order.

Source: inetutils-telnetd 2.4 with shadow's login and BusyBox 1.35 as they run on Debian, compared byte by
byte; netkit-telnet 0.17, FreeBSD's telnetd, IOS, FASTPATH and Windows from nmap's service probes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ..persona import Persona
from . import protocol as t
from .protocol import DO, WILL, Request


@dataclass(frozen=True)
class Round:
    """Requests that are sent together; the server waits for the answers to `awaited`."""

    requests: tuple[Request, ...]
    awaited: tuple[Request, ...] = ()
    values: bool = False
    """Whether it then requests terminal, speed and environment."""


@dataclass(frozen=True)
class Dialect:
    """One vendor's server. Times in seconds."""

    rounds: tuple[Round, ...]
    able: tuple[int, ...]
    """Options that it enables when a client requests them."""
    welcome: tuple[int, ...]
    """Options that it lets a client enable."""
    banner: str
    again: str
    """The next prompt for the user's name."""
    password: str = "Password: "
    wrong: str = "\r\nLogin incorrect\r\n"
    farewell: str = ""
    """The text after the last wrong password."""
    tries: int = 5
    delay: tuple[float, float] = (1.7, 3.8)
    seconds: float = 60.0
    timed_out: str = "\r\nLogin timed out after 60 seconds.\r\n"
    mask: bytes = b""
    """What is shown for each character of a password."""
    are_you_there: bytes = b""
    longest_name: int = 512
    """With a longer name it hangs up."""
    empty_again: bool = False
    """Whether an empty name leads to the name prompt again; else to the password prompt."""
    menu: bool = False
    """Whether there is no login at all."""


def _all(*requests: Request) -> Round:
    return Round(requests, requests)


UNIX_VALUES = ((DO, t.TTYPE), (DO, t.TSPEED), (DO, t.XDISPLOC), (DO, t.NEW_ENVIRON))
UNIX_WELCOME = (t.TTYPE, t.TSPEED, t.XDISPLOC, t.NEW_ENVIRON, t.NAWS, t.LFLOW, t.LINEMODE, t.SGA, t.BINARY)
UNIX_ABLE = (t.ECHO, t.SGA, t.STATUS, t.BINARY, t.MARK)
YES = b"\r\n[Yes]\r\n"


def dialect_of(persona: Persona) -> Dialect:
    """The server that matches the persona's banner, else its system."""
    for sign, make in BY_BANNER.items():
        if sign in persona.banner:
            return make(persona)
    if persona.os == "bsd":
        return _freebsd(persona)
    if persona.os == "embedded" or persona.release.startswith(("synology", "qnap")):
        return _bare(persona) if persona.release.startswith("esp-") else _busybox(persona)
    if persona.release.startswith("rocky"):
        return _red_hat(persona)
    if persona.release.startswith(("debian-12", "ubuntu-24")):
        return _inetutils(persona)
    return _netkit(persona)


def _asks(persona: Persona) -> str:
    """The banner's last line, the prompt for the user's name."""
    return persona.banner.rsplit("\n", 1)[-1].lstrip("\r")


def _inetutils(persona: Persona) -> Dialect:
    values = (*UNIX_VALUES, (DO, t.OLD_ENVIRON))
    first = ((WILL, t.AUTH), (WILL, t.ENCRYPT), *values)
    echo = (DO, t.ECHO)
    second = ((WILL, t.SGA), echo, (DO, t.LINEMODE), (DO, t.NAWS), (WILL, t.STATUS), (DO, t.LFLOW))
    last = Round(((WILL, t.ECHO), (DO, t.MARK), (DO, t.BINARY)))
    rounds = (Round(first, first, values=True), Round(second, (echo,)), last)
    return _shadow_login(persona, rounds)


def _netkit(persona: Persona) -> Dialect:
    return _shadow_login(persona, _netkit_rounds())


def _netkit_rounds() -> tuple[Round, ...]:
    echo = (DO, t.ECHO)
    second = ((WILL, t.SGA), echo, (DO, t.NAWS), (WILL, t.STATUS), (DO, t.LFLOW))
    return Round(UNIX_VALUES, UNIX_VALUES, values=True), Round(second, (echo,)), Round(((WILL, t.ECHO),))


def _shadow_login(persona: Persona, rounds: tuple[Round, ...]) -> Dialect:
    farewell = "Maximum number of tries exceeded (5)\r\n"
    return Dialect(
        rounds, UNIX_ABLE, UNIX_WELCOME, persona.banner, _asks(persona), farewell=farewell, are_you_there=YES
    )


def _red_hat(persona: Persona) -> Dialect:
    return Dialect(
        _netkit_rounds(),
        UNIX_ABLE,
        UNIX_WELCOME,
        persona.banner,
        _asks(persona),
        wrong="Login incorrect\r\n\r\n",
        tries=3,
        are_you_there=YES,
        timed_out="\r\n\r\nLogin timed out after 60 seconds\r\n",
    )


def _freebsd(persona: Persona) -> Dialect:
    values = (*UNIX_VALUES, (DO, t.OLD_ENVIRON))
    then = ((WILL, t.SGA), (DO, t.ECHO), (DO, t.LINEMODE), (DO, t.NAWS), (WILL, t.STATUS), (DO, t.LFLOW))
    rounds = (
        _all((DO, t.AUTH)),
        Round(((WILL, t.ENCRYPT), *values), values, values=True),
        Round(then, ((DO, t.ECHO),)),
        Round(((WILL, t.ECHO),)),
    )
    return Dialect(
        rounds,
        UNIX_ABLE,
        UNIX_WELCOME,
        persona.banner,
        "login: ",
        "Password:",
        "Login incorrect\r\n",
        tries=10,
        delay=(0.3, 1.2),
        seconds=300.0,
        timed_out="\r\nLogin timed out after 300 seconds\r\n",
        are_you_there=YES,
        empty_again=True,
    )


def _busybox(persona: Persona) -> Dialect:
    return Dialect(
        (Round(((DO, t.ECHO), (DO, t.NAWS), (WILL, t.ECHO), (WILL, t.SGA))),),
        (t.ECHO, t.SGA),
        (t.NAWS, t.ECHO),
        persona.banner,
        _asks(persona),
        wrong="Login incorrect\r\n",
        tries=3,
        delay=(1.9, 3.1),
        timed_out="\r\nLogin timed out after 60 seconds\r\n",
        are_you_there=b"\xff\xff\xf1",
        longest_name=61,
        empty_again=True,
    )


def _bare(persona: Persona) -> Dialect:
    """A microcontroller's, with little of the protocol."""
    return Dialect(
        (Round(((WILL, t.ECHO),)),),
        (t.ECHO,),
        (),
        persona.banner,
        _asks(persona),
        wrong="Login incorrect\r\n",
        tries=3,
        delay=(0.5, 0.6),
        timed_out="",
        longest_name=61,
        empty_again=True,
    )


def _ios(persona: Persona) -> Dialect:
    return Dialect(
        (Round(((WILL, t.ECHO), (WILL, t.SGA), (DO, t.TTYPE), (DO, t.NAWS))),),
        (t.ECHO, t.SGA),
        (t.TTYPE, t.NAWS, t.SGA),
        persona.banner,
        _asks(persona),
        wrong="% Login invalid\r\n\r\n",
        tries=3,
        delay=(1.9, 2.1),
        seconds=90.0,
        timed_out="\r\n% Username:  timeout expired!\r\n",
        are_you_there=YES,
        empty_again=True,
    )


def _fastpath(persona: Persona) -> Dialect:
    return Dialect(
        (Round(((WILL, t.ECHO), (WILL, t.SGA))),),
        (t.ECHO, t.SGA),
        (),
        persona.banner,
        "\r\nUser:",
        "Password:",
        wrong="",
        tries=3,
        delay=(0.3, 0.6),
        seconds=120.0,
        timed_out="",
        mask=b"*",
    )


def _windows(persona: Persona) -> Dialect:
    first = (
        (DO, t.AUTH),
        (WILL, t.ECHO),
        (WILL, t.SGA),
        (DO, t.NEW_ENVIRON),
        (DO, t.NAWS),
        (DO, t.BINARY),
        (WILL, t.BINARY),
    )
    return Dialect(
        (Round(first, ((DO, t.AUTH), (DO, t.NEW_ENVIRON))),),
        (t.ECHO, t.SGA, t.BINARY),
        (t.NEW_ENVIRON, t.NAWS, t.BINARY, t.TTYPE),
        persona.banner,
        "login: ",
        "password: ",
        "The handle is invalid.\r\n\r\nLogin Failed\r\n\r\n",
        "Telnet Server has closed the connection\r\n",
        tries=3,
        delay=(0.2, 0.6),
        timed_out="",
        are_you_there=YES,
    )


def _vxworks(persona: Persona) -> Dialect:
    return Dialect(
        (Round(()),),
        (t.ECHO, t.SGA),
        (t.SGA,),
        persona.banner + "\xff\xfb\x01",
        _asks(persona),
        wrong="Login incorrect\r\n",
        tries=3,
        delay=(0.1, 0.4),
        timed_out="",
    )


def _jetdirect(persona: Persona) -> Dialect:
    return Dialect(
        (Round(((WILL, t.SGA), (WILL, t.ECHO))),),
        (t.ECHO, t.SGA),
        (t.SGA,),
        persona.banner,
        "> ",
        menu=True,
        seconds=270.0,
        timed_out="",
    )


BY_BANNER: dict[str, Callable[[Persona], Dialect]] = {
    "JetDirect": _jetdirect,
    "VxWorks": _vxworks,
    "User Access Verification": _ios,
    "EdgeSwitch": _fastpath,
    "Microsoft Telnet": _windows,
}
