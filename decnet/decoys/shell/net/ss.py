# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`ss` of iproute2."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...host.descriptors import Holder
from ...host.sockets import SocketEntry
from ...host.unix_sockets import UnixSocket
from ..process import Process
from ..text.common import Failure, Options, parse
from .common import port_names, sockets, unix_sockets
from .ip import VERSIONS
from .usage import SS_USAGE

STATES = {
    "LISTEN": "LISTEN", "ESTABLISHED": "ESTAB", "SYN_SENT": "SYN-SENT", "SYN_RECV": "SYN-RECV", "FIN_WAIT1": "FIN-WAIT-1",
    "FIN_WAIT2": "FIN-WAIT-2", "TIME_WAIT": "TIME-WAIT", "CLOSE": "UNCONN", "CLOSE_WAIT": "CLOSE-WAIT", "LAST_ACK": "LAST-ACK",
    "CLOSING": "CLOSING", "": "UNCONN",
}  # fmt: skip
FILTERS = {
    "established": ("ESTAB",), "listening": ("LISTEN",), "listen": ("LISTEN",), "time-wait": ("TIME-WAIT",), "syn-sent": ("SYN-SENT",),
    "syn-recv": ("SYN-RECV",), "close-wait": ("CLOSE-WAIT",), "fin-wait-1": ("FIN-WAIT-1",), "fin-wait-2": ("FIN-WAIT-2",),
    "last-ack": ("LAST-ACK",), "closing": ("CLOSING",), "closed": ("UNCONN",), "all": tuple(STATES.values()),
    "connected": tuple(state for state in STATES.values() if state not in ("LISTEN", "UNCONN")),
}  # fmt: skip
LONG = """help=h version=V numeric=n resolve=r all=a listening=l options=o extended=e memory=m processes=p threads=T info=i
summary=s bpf=b events=E context=Z contexts=z net:=N ipv4=4 ipv6=6 packet=0 tcp=t mptcp=M sctp=S udp=u dccp=d raw=w unix=x
family:=f kill=K no-header=H oneline=O query:=A socket:=A diag:=D filter:=F tos cgroup tipcinfo vsock tipc xdp"""
RESOLVER = "127.0.0.53"
"""systemd-resolved binds its socket to the loopback device."""
RIGHT = (4, 6)
"""Columns that are aligned to the right: the addresses."""
HEAD = ("Netid", "State", "Recv-Q", "Send-Q", "Local Address:", "Port", "Peer Address:", "Port", "Process")
Row = tuple[str, ...]


def ss(process: Process) -> int:
    """`ss`."""
    try:
        options = parse(process, "hVnraloempTisbEZzN:460tMSudwxf:KHOA:D:F:", LONG, status=255)
    except Failure as failure:
        process.err(f"ss: {failure.message}\n{SS_USAGE}")
        return 255
    if "h" in options:
        process.out(SS_USAGE)
        return 0
    if "V" in options:
        system = process.shell.world.system
        process.out(
            f"ss utility, {VERSIONS.get((system.id, system.version), 'iproute2-6.1.0').partition(',')[0]}\n"
        )
        return 0
    if "s" in options:
        return _summary(process)
    if not _is_filter(options.operands):
        process.err(f'ss: bison bellows (while parsing filter): "syntax error!" Sorry.\n{SS_USAGE}')
        return 255
    try:
        rows = _rows(process, options)
    except Failure as failure:
        process.err(failure.message)
        return failure.status
    shown = [column for column in range(9) if _shows(column, options)]
    head = [] if "H" in options else [HEAD]
    width = process.columns if process.to_terminal else 0
    _print(process, [*head, *rows], shown, width)
    return 0


WORDS = frozenset(["=", "==", "!=", "eq", "ne", "<", ">", "<=", ">=", "lt", "gt", "le", "ge", "neq", "geq", "leq", "(", ")", "and", "or", "not", "&", "&&", "|", "||", "!", "sport", "dport", "src", "dst", "dev", "fwmark", "autobound", "state", "exclude"])  # fmt: skip


def _is_filter(words: list[str]) -> bool:
    """Whether these words can be a filter: those of its language, states, ports and addresses."""
    return all(
        word in WORDS
        or word in FILTERS
        or word[:1] in ":("
        or any(char in word for char in ".:/")
        or word.rstrip(")").isdecimal()
        for word in words
    )


def _shows(column: int, options: Options) -> bool:
    """Whether a column is there: the protocol only with several, the state only without a single one."""
    if column == 0:
        return len(_kinds(options)) > 1
    return column != 1 or len(_wanted(options)) != 1 or "l" in options


def _kinds(options: Options) -> set[str]:
    letters = {letter for letter, _ in options.given if letter in "tuwx0MSd"}
    named = {"inet": "tuw", "tcp": "t", "udp": "u", "unix": "x", "raw": "w", "all": "tuwx"}
    for value in options.values("A"):
        letters |= set("".join(named.get(part, "") for part in value.split(",")))
    if "4" in options or "6" in options or options.value("f") in ("inet", "inet6"):
        return letters or set("tuw")
    return letters or set("tuwx0")


def _wanted(options: Options) -> tuple[str, ...]:
    """The states of a filter `state NAME`, () without one."""
    words = options.operands
    if words[:1] == ["state"] and len(words) > 1:
        if words[1] not in FILTERS:
            raise Failure(f"ss: wrong state name: {words[1]}\n{SS_USAGE}", 255)
        return FILTERS[words[1]]
    return ()


def _rows(process: Process, options: Options) -> list[Row]:
    kinds, wanted = _kinds(options), _wanted(options)
    names = {} if "n" in options else port_names(process)
    rows: list[Row] = []
    if "x" in kinds:
        rows += [
            _unix_row(process, each, options)
            for each in unix_sockets(process)
            if _fits("LISTEN" if each.listens else "ESTAB", "unix", options, wanted)
        ]
    chosen = [each for each in sockets(process) if each.protocol[0] in kinds]
    if "4" in options or options.value("f") == "inet":
        chosen = [each for each in chosen if not each.protocol.endswith("6")]
    if "6" in options or options.value("f") == "inet6":
        chosen = [each for each in chosen if each.protocol.endswith("6")]
    port = _filter(options)
    for protocol in ("udp", "tcp"):
        for each in chosen:
            if not each.protocol.startswith(protocol) or (port and not port(each)):
                continue
            if _fits(STATES[each.state], protocol, options, wanted):
                rows.append(_row(process, each, options, names))
    return rows


def _fits(state: str, protocol: str, options: Options, wanted: tuple[str, ...]) -> bool:
    if wanted:
        return state in wanted
    if "a" in options:
        return True
    waits = state == "LISTEN" or (protocol == "udp" and state == "UNCONN")
    return waits if "l" in options else not waits and state not in ("TIME-WAIT", "UNCONN")


def _filter(options: Options) -> Callable[[SocketEntry], bool] | None:
    """The expression about ports: `sport = :22`, `dport = :ssh`, `( sport = :22 or ... )`."""
    words = " ".join(options.operands).replace("(", " ").replace(")", " ").split()
    if words[:1] == ["state"]:
        words = words[2:]
    tests: list[tuple[str, int]] = []
    for at, word in enumerate(words):
        if word in ("sport", "dport"):
            value = next((each for each in words[at + 1 : at + 3] if each not in ("=", "==", "eq")), "")
            number = value.lstrip(":")
            if number.isdecimal():
                tests.append((word, int(number[:6])))
    if not tests:
        return None
    combine = all if "and" in words else any
    return lambda each: combine(
        (each.port if side == "sport" else each.peer_port) == number for side, number in tests
    )


def _row(process: Process, each: SocketEntry, options: Options, names: dict[tuple[int, str], str]) -> Row:
    protocol = each.protocol.rstrip("6")

    def port(number: int) -> str:
        return "*" if number == 0 else names.get((number, protocol), str(number))

    def host(address: str) -> str:
        if address == RESOLVER:
            return f"{address}%lo:"
        if address == "::" and each.dual:
            return "*:"
        return f"[{address}]:" if ":" in address else f"{address}:"

    extra = ""
    if "p" in options and each.pid:
        extra = _users(process, process.shell.holders().get(each.inode, ()))
    if "o" in options and each.state == "ESTABLISHED":
        extra += f" timer:(keepalive,{60 + each.inode % 60}min,0)"
    if "e" in options:
        extra += f" ino:{each.inode} sk:{each.inode % 4096:x} cgroup:{_group(each)} <->"
    return (
        protocol, STATES[each.state], "0", str(each.queue), host(each.address), port(each.port), host(each.peer),
        port(each.peer_port), extra,
    )  # fmt: skip


def _group(each: SocketEntry) -> str:
    return f"/system.slice/{each.program or 'unknown'}.service"


def _users(process: Process, holders: Iterable[Holder]) -> str:
    """Who has a socket, as far as the visitor may see it."""
    if process.shell.user != "root":
        return ""
    users = ",".join(f'("{one.name}",pid={one.pid},fd={one.descriptor})' for one in holders)
    return f" users:({users})" if users else ""


def _unix_row(process: Process, each: UnixSocket, options: Options) -> Row:
    kind = {"stream": "u_str", "dgram": "u_dgr", "seqpacket": "u_seq"}[each.kind]
    state = "LISTEN" if each.listens else "UNCONN" if each.kind == "dgram" and not each.peer else "ESTAB"
    extra = _users(process, each.holders) if "p" in options else ""
    queue = "4096" if each.listens else "0"
    return (kind, state, "0", queue, f"{each.path or '*'} ", str(each.inode), "* ", str(each.peer), extra)


def _print(process: Process, rows: list[Row], shown: list[int], screen: int) -> None:
    """As wide as the longest field of each column; on a terminal, with the rest of each line distributed."""
    widths = {}
    for column in shown:
        longest = max((len(row[column]) for row in rows), default=0)
        gap = 1 if column in (1, 2, 3, 4, 6) and column != shown[0] and longest else 0
        widths[column] = longest + gap
    if screen:
        _spread(widths, screen)
    for row in rows:
        line = ""
        for column in shown:
            before = " " if column in (1, 2, 3, 4, 6) and column != shown[0] else ""
            field = before + row[column] if column not in RIGHT else row[column]
            line += field.rjust(widths[column]) if column in RIGHT else field.ljust(widths[column])
        process.out(line + "\n" if not screen else _wrapped(line, screen))


def _wrapped(line: str, screen: int) -> str:
    return line.rstrip() + "\n" if len(line) >= screen else line + "\n"


def _spread(widths: dict[int, int], screen: int) -> None:
    """Distribute what is left of each line of the screen among its columns, from the last to the first."""
    line: list[int] = []
    columns = [column for column, width in widths.items() if width]
    for at, column in enumerate(columns):
        used = sum(widths[each] for each in line)
        if line and used + widths[column] > screen:
            _fill(widths, line, screen)
            line = []
        line.append(column)
        if at == len(columns) - 1:
            _fill(widths, line, screen)


def _fill(widths: dict[int, int], line: list[int], screen: int) -> None:
    left = screen - sum(widths[each] for each in line)
    if left <= 0:
        return
    each_gets, more = divmod(left, len(line))
    for place, column in enumerate(reversed(line)):
        widths[column] += each_gets + (place < more)


def _summary(process: Process) -> int:
    found = sockets(process)
    tcp = [each for each in found if each.protocol.startswith("tcp")]
    waiting = sum(each.state == "TIME_WAIT" for each in tcp)
    established = sum(each.state == "ESTABLISHED" for each in tcp)

    def count(entries: Iterable[SocketEntry], protocol: str) -> tuple[int, int, int]:
        four = sum(each.protocol == protocol and each.state != "TIME_WAIT" for each in entries)
        six = sum(each.protocol == protocol + "6" and each.state != "TIME_WAIT" for each in entries)
        return four + six, four, six

    udp_counts, tcp_counts = count(found, "udp"), count(found, "tcp")
    both = [first + second for first, second in zip(udp_counts, tcp_counts, strict=True)]
    used = 140 + process.shell.world.persona.number("sockets", 0, 60) + len(found)
    process.out(
        f"Total: {used}\nTCP:   {len(tcp) + 1} (estab {established}, closed {waiting + 1}, orphaned 0, timewait {waiting})\n\n"
        "Transport Total     IP        IPv6\nRAW\t  0         0         0        \n"
    )
    for name, (all_, four, six) in (("UDP", udp_counts), ("TCP", tcp_counts), ("INET", tuple(both))):
        process.out(f"{name}\t  {all_:<9} {four:<9} {six:<9}\n")
    process.out("FRAG\t  0         0         0        \n\n")
    return 0


COMMANDS = {"ss": ss}
