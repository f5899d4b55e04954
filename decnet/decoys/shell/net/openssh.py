# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The clients of OpenSSH: ssh, scp (as a client), sftp, ssh-copy-id, ssh-keyscan."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ...host.printed_versions import OPENSSL
from ..process import Process, Running
from ..text.common import Failure, Options, parse
from .openssh_help import COPY_ID_USAGE, KEYSCAN_USAGE, OLD_SCP_USAGE, SCP_USAGE, SFTP_USAGE, SSH_USAGE
from .reach import DNS_SECONDS, NO_NAME, OPEN, TIMED_OUT, Clock, attempt, record, resolved

SHORT = "1246AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:Q:R:S:W:w:"
ROCKY = {"8.10": "OpenSSH_8.0p1", "9.4": "OpenSSH_8.7p1"}
SETTINGS = frozenset(["addkeystoagent", "addressfamily", "batchmode", "bindaddress", "canonicalizehostname", "checkhostip", "ciphers", "compression", "connectionattempts", "connecttimeout", "controlmaster", "controlpath", "controlpersist", "dynamicforward", "escapechar", "exitonforwardfailure", "forwardagent", "forwardx11", "globalknownhostsfile", "gssapiauthentication", "hashknownhosts", "host", "hostbasedauthentication", "hostkeyalgorithms", "hostkeyalias", "hostname", "identitiesonly", "identityagent", "identityfile", "ipqos", "kbdinteractiveauthentication", "kexalgorithms", "localcommand", "localforward", "loglevel", "macs", "nohostauthenticationforlocalhost", "numberofpasswordprompts", "passwordauthentication", "permitlocalcommand", "pkcs11provider", "port", "preferredauthentications", "proxycommand", "proxyjump", "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes", "pubkeyauthentication", "rekeylimit", "remotecommand", "remoteforward", "requesttty", "sendenv", "serveralivecountmax", "serveraliveinterval", "setenv", "streamlocalbindunlink", "stricthostkeychecking", "tcpkeepalive", "tunnel", "updatehostkeys", "user", "userknownhostsfile", "verifyhostkeydns", "visualhostkey", "challengeresponseauthentication"])  # fmt: skip
"""Of ssh_config(5), in lower case."""


def version_of(process: Process) -> str:
    """As `ssh -V` prints it."""
    world = process.shell.world
    package = world.packages.get("openssh-client") if world.packages is not None else None
    own = ROCKY.get(world.system.version, "OpenSSH_9.2p1")
    if package is not None:
        number, _, revision = package.version.partition(":")[2].partition("-")
        own = f"OpenSSH_{number} {'Ubuntu' if world.system.id == 'ubuntu' else 'Debian'}-{revision}"
    return f"{own}, OpenSSL {OPENSSL.get(world.system.version, OPENSSL['12'])}"


def ssh(process: Process) -> Running:
    """`ssh`."""
    try:
        options, host, command = _arguments(process)
        settings = _settings(options)
    except Failure as failure:
        process.err(failure.message)
        return 255
    if "V" in options:
        process.err(f"{version_of(process)}\n")
        return 0
    if "Q" in options:
        from .ssh_algorithms import query

        return query(process, options.value("Q"))
    if not host:
        process.err(SSH_USAGE)
        return 255
    if host.startswith("ssh://"):
        host = host[len("ssh://") :].rstrip("/")
    user, _, name = host.rpartition("@")
    user = options.value("l") or user or settings.get("user", "") or process.shell.user
    text = options.value("p") or settings.get("port", "22")
    if not (text.isdecimal() and 0 < int(text[:6]) < 65536):
        process.err(f"Bad port '{text}'\r\n")
        return 255
    identity = options.value("i")
    if identity and process.shell.node(process.shell.absolute(identity)) is None:
        process.err(f"Warning: Identity file {identity} not accessible: No such file or directory.\n")
    if not process.from_terminal and not command and "N" not in options and "T" not in options:
        process.err("Pseudo-terminal will not be allocated because stdin is not a terminal.\r\n")
    record(process, "ssh", host=name, port=int(text))
    if not (yield from _reached(process, settings, name, int(text))):
        return 255
    return _refused(process, settings, user, name)


def _arguments(process: Process) -> tuple[Options, str, list[str]]:
    """Options, host and command; options may follow the host. Raises Failure with the whole text."""
    try:
        options = parse(process, SHORT, stop=True)
        host, rest = (options.operands[0], options.operands[1:]) if options.operands else ("", [])
        if rest and rest[0].startswith("-"):
            more = parse(Process(process.shell, process.name, rest), SHORT, stop=True)
            options.given += more.given
            rest = more.operands
    except Failure as failure:
        text = (
            failure.message.replace("invalid option -- '", "unknown option -- ")
            .replace("argument -- '", "argument -- ")
            .rstrip("'")
        )
        raise Failure(f"{text}\r\n{SSH_USAGE}") from None
    return options, host, rest


def _settings(options: Options) -> dict[str, str]:
    """The values of -o by name in lower case. Raises Failure with the whole text."""
    found: dict[str, str] = {}
    for text in options.values("o"):
        name, _, value = text.replace("=", " ", 1).strip().partition(" ")
        if name.lower() not in SETTINGS:
            raise Failure(f"command-line: line 0: Bad configuration option: {name.lower()}\r\n")
        found.setdefault(name.lower(), value.strip().strip('"'))
    return found


def _reached(process: Process, settings: dict[str, str], host: str, port: int) -> Generator[Any, Any, bool]:
    """Whether a service of this machine answers; else the error has been printed."""
    clock = Clock()
    address = resolved(process, host)
    if not address:
        yield from clock.wait(DNS_SECONDS)
        process.err(f"ssh: Could not resolve hostname {host}: {NO_NAME}\r\n")
        return False
    found = attempt(process, address, port)
    text = settings.get("connecttimeout", "")
    limit = float(text) if text.isdecimal() else 0.0
    late = bool(limit) and found.seconds > limit
    yield from clock.wait(limit if late else found.seconds)
    error = TIMED_OUT if late else found.error
    if error != OPEN:
        process.err(f"ssh: connect to host {host} port {port}: {error}\r\n")
    return error == OPEN


def _refused(process: Process, settings: dict[str, str], user: str, host: str) -> int:
    """The machine's own server: its key is not known yet, and there is no password to type."""
    checks = settings.get("stricthostkeychecking", "ask").lower()
    if checks not in ("no", "off", "accept-new"):
        process.err("Host key verification failed.\r\n")
        return 255
    process.err(f"Warning: Permanently added '{host}' (ED25519) to the list of known hosts.\r\n")
    process.err(f"{user}@{host}: Permission denied (publickey,password).\r\n")
    return 255


def _scp_usage(process: Process) -> str:
    return OLD_SCP_USAGE if process.shell.world.system.version == "22.04" else SCP_USAGE


def scp(process: Process) -> Running:
    """`scp` as a client."""
    try:
        options = parse(process, "12346ABCOpqRrsTvc:D:F:i:J:l:o:P:S:X:")
        settings = _settings(options)
    except Failure as failure:
        process.err(
            failure.message.replace("invalid option -- '", "unknown option -- ").rstrip("'")
            + f"\r\n{_scp_usage(process)}"
        )
        return 1
    words = options.operands
    if len(words) < 2:
        process.err(_scp_usage(process))
        return 1
    remote = next((word for word in words if _is_remote(word)), "")
    if not remote:
        return (yield from process.call(["cp", *(["-r"] if "r" in options else []), *words]))
    host = (
        remote.removeprefix("scp://")
        .partition("/" if remote.startswith("scp://") else ":")[0]
        .rpartition("@")[2]
    )
    text = options.value("P") or settings.get("port", "22")
    port = int(text[:6]) if text.isdecimal() else 22
    source = _is_remote(words[0])
    target = process.shell.absolute(words[-1]) if source else words[-1]
    record(
        process,
        "download" if source else "upload",
        url=f"scp://{remote.removeprefix('scp://')}",
        output=target,
        host=host,
        port=port,
    )
    if (yield from _reached(process, settings, host, port)):
        process.err("Host key verification failed.\r\n")
    modern = _release(process) >= 9
    process.err("scp: Connection closed\r\n" if modern else "lost connection\n")
    return 255 if modern else 1


def _release(process: Process) -> int:
    digits = version_of(process).removeprefix("OpenSSH_").partition(".")[0]
    return int(digits) if digits.isdecimal() else 9


def _is_remote(word: str) -> bool:
    """Whether a word names a file of another host."""
    before, colon, _ = word.partition(":")
    return word.startswith("scp://") or (bool(colon) and "/" not in before and bool(before))


def sftp(process: Process) -> Running:
    """`sftp`."""
    try:
        options = parse(process, "1246AaCfNpqrvB:b:c:D:F:i:J:l:o:P:R:S:s:X:")
        settings = _settings(options)
    except Failure as failure:
        process.err(
            failure.message.replace("invalid option -- '", "unknown option -- ").rstrip("'")
            + f"\r\n{SFTP_USAGE}"
        )
        return 1
    if not options.operands:
        process.err(SFTP_USAGE)
        return 1
    host = options.operands[0].removeprefix("sftp://").partition(":")[0].rpartition("@")[2]
    text = options.value("P") or settings.get("port", "22")
    port = int(text[:6]) if text.isdecimal() else 22
    record(process, "sftp", host=host, port=port)
    if (yield from _reached(process, settings, host, port)):
        process.err("Host key verification failed.\r\n")
    process.err(
        "Connection closed.  \nConnection closed\r\n" if _release(process) < 9 else "Connection closed\r\n"
    )
    return 255


def ssh_copy_id(process: Process) -> Running:
    """`ssh-copy-id`: without a key there is nothing to copy."""
    home = process.shell.variables.get("HOME", "/root")
    keys = [
        name
        for name in process.shell.entries(f"{home}/.ssh")
        if name.startswith("id_") and name.endswith(".pub")
    ]
    words = [word for word in process.args if not word.startswith("-")]
    if not process.args:
        process.err(COPY_ID_USAGE)
        return 1
    if not keys:
        process.err("/usr/bin/ssh-copy-id: ERROR: No identities found\n")
        return 1
    host = words[-1].rpartition("@")[2] if words else ""
    process.err(f'/usr/bin/ssh-copy-id: INFO: Source of key(s) to be installed: "{home}/.ssh/{keys[0]}"\n')
    record(process, "ssh", host=host, port=22)
    if (yield from _reached(process, {}, host, 22)):
        process.err("Host key verification failed.\r\n")
    return 1


def ssh_keyscan(process: Process) -> Running:
    """`ssh-keyscan`: five seconds for each host."""
    try:
        options = parse(process, "46cDHvp:T:t:f:", "")
    except Failure as failure:
        process.err(
            failure.message.replace("invalid option -- '", "unknown option -- ").rstrip("'")
            + f"\r\n{KEYSCAN_USAGE}"
        )
        return 1
    if not options.operands and "f" not in options:
        process.err(KEYSCAN_USAGE)
        return 1
    limit = float(options.value("T")) if options.value("T").isdecimal() else 5.0
    for host in options.operands[:20]:
        record(
            process,
            "ssh",
            host=host,
            port=int(options.value("p") or 22) if options.value("p").isdecimal() else 22,
        )
        if not resolved(process, host):
            yield from Clock().wait(DNS_SECONDS)
            process.err(f"getaddrinfo {host}: {NO_NAME}\n")
        else:
            yield from Clock().wait(limit)
    return 1


def ssh_add(process: Process) -> int:
    """`ssh-add`: there is no agent."""
    process.err("Could not open a connection to your authentication agent.\n")
    return 2


COMMANDS = {
    "ssh": ssh, "slogin": ssh, "scp": scp, "sftp": sftp, "ssh-copy-id": ssh_copy_id, "ssh-keyscan": ssh_keyscan, "ssh-add": ssh_add,
}  # fmt: skip
