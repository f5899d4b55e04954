"""What the operator's ssh configuration says about a host: `ssh -G`, which reads it and connects nowhere.

`ssh -G` runs the programs of `Match exec`; it is therefore run as the operator, also under sudo.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from decnet import wire
from decnet.errors import UsageError
from decnet.model.worker import Hop, Route, SshSettings

from .account import Account
from .address import split_address

LIMIT = 30.0
"""Seconds for `ssh -G`: the programs of `Match exec` may need the network."""
MAX_BYTES = 256 * 1024
MAX_HOPS = 8
MAX_LENGTH = 1000
"""Of a path, and of a ProxyCommand."""

DEFAULT_IDENTITIES = ("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk")
DEFAULT_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts")
NONE = ("", "none", "no")

REFUSED = {
    "knownhostscommand": "KnownHostsCommand",
    "pkcs11provider": "PKCS11Provider",
    "proxyusefdpass": "ProxyUseFdpass",
}
"""Options that decnet cannot follow, and without which the login would be another one."""
METHODS = {
    "publickey": "pubkeyauthentication",
    "keyboard-interactive": "kbdinteractiveauthentication",
    "password": "passwordauthentication",
}
"""The methods that decnet can log in with, and the options that turn them off."""

ASKED = ("-G", "-o", "ControlPath=%C")
"""The token %C is a hash over other fields in each version of ssh: only ssh itself knows it."""

_TOKEN = re.compile(r"%(.)")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHELL_SAFE = re.compile(r"[A-Za-z0-9_.:@%+\[\]-]*")


@dataclass(frozen=True)
class Asked:
    """A destination as the operator typed it, or as it stands in ProxyJump; None: the configuration
    decides. `jump` "none" goes around its ProxyJump."""

    host: str
    user: str | None = None
    port: int | None = None
    jump: str | None = None
    identity: Path | None = None

    @property
    def name(self) -> str:
        """The words of an `ssh` command."""
        port = f"-p {self.port} " if self.port is not None else ""
        return f"{port}{self.user}@{self.host}" if self.user else f"{port}{self.host}"

    @classmethod
    def parse(cls, address: str) -> Asked:
        """From `[ssh://][USER@]HOST[:PORT]`. Raises ValueError."""
        user, host, port = split_address(address.removeprefix("ssh://"))
        return cls(host, user, port)


@dataclass(frozen=True)
class Found:
    """What ssh would use for a destination; `name` are the words that `ssh` is called with for it."""

    name: str
    host: str
    port: int
    user: str
    settings: SshSettings
    jumps: tuple[str, ...]
    proxy_command: str | None

    def as_hop(self) -> Hop:
        return Hop(
            name=self.name, host=self.host, port=self.port, user=self.user, **self.settings.model_dump()
        )


async def look_up(asked: Asked, account: Account) -> Found:
    """What `ssh` would use for it; its defaults if there is no `ssh` program.

    Raises UsageError for a configuration that cannot be read, or that decnet cannot follow; ValueError for
    a value in it.
    """
    program = shutil.which("ssh")
    if program is None:
        return _defaults(asked, account)
    values = _parse(
        await _output([program, *account.ssh_options(), *ASKED, *_options(asked), "--", asked.host], account)
    )
    _refuse(values, asked.host)
    host, user = values["hostname"][0], values["user"][0]
    port = int(values["port"][0])
    jumps = tuple(each for each in _last(values, "proxyjump").split(",") if each not in NONE)
    tokens = _tokens(asked, account, host=host, port=port, user=user, values=values)
    command = _last(values, "proxycommand")
    return Found(
        asked.name, host, port, user,
        _settings(values, tokens, account),
        jumps,
        _proxy_command(command, tokens) if command not in NONE and not jumps else None,
    )  # fmt: skip


async def route_to(found: Found, account: Account) -> Route:
    """The whole way to `found`. Raises as `look_up`."""
    hops, command = await way_to(found, account)
    return Route(settings=found.settings, hops=hops, proxy_command=command, account=account.name)


async def route_over(jump: str, account: Account) -> Route:
    """The way over the jump hosts `[USER@]HOST[:PORT],...`. Raises as `look_up`."""
    nowhere = Found("", "", 22, "", SshSettings(), tuple(jump.split(",")), None)
    return await route_to(nowhere, account)


async def way_to(found: Found, account: Account, depth: int = 0) -> tuple[tuple[Hop, ...], str | None]:
    """The jump hosts on the way, each as its own configuration says, and the ProxyCommand that reaches the
    first of them, or `found` itself. Raises UsageError for too many, and as `look_up`."""
    if not found.jumps:
        return (), found.proxy_command
    first, *rest = found.jumps
    nearest = await look_up(Asked.parse(first), account)
    _refuse_too_many(depth + len(found.jumps))
    before, command = await way_to(nearest, account, depth + len(found.jumps))
    # As in ssh: what leads to the others is the list, not their own ProxyJump.
    others = [await look_up(Asked.parse(each), account) for each in rest]
    return (*before, *(each.as_hop() for each in (nearest, *others))), command


def _refuse_too_many(hops: int) -> None:
    if hops > MAX_HOPS:
        raise UsageError(
            f"your ssh configuration leads through more than {MAX_HOPS} jump hosts",
            hint="does a jump host that a `Host *` section names lead through itself? "
            "It needs a section with `ProxyJump none`",
        )


def _options(asked: Asked) -> list[str]:
    given = {
        "-l": asked.user,
        "-p": asked.port,
        "-J": asked.jump,
        "-i": asked.identity.absolute() if asked.identity is not None else None,
    }
    return [word for name, value in given.items() if value is not None for word in (name, str(value))]


async def _output(argv: list[str], account: Account) -> str:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True,
        **account.process_options(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT):
            output, complaint = await asyncio.gather(*(_read(process, number) for number in (1, 2)))
            await process.wait()
    except TimeoutError as error:
        raise UsageError(
            f"`ssh -G` did not end within {LIMIT:g} s",
            hint="does a `Match exec` of your ssh configuration wait for something?",
        ) from error
    finally:
        if process.returncode is None:
            _kill(process)
            # What is left in the pipes must be read: until then asyncio does not report the end.
            await process.communicate()
    if max(len(output), len(complaint)) > MAX_BYTES:
        raise UsageError(
            f"`ssh -G` prints more than {MAX_BYTES // 1024} KiB",
            hint="is the `ssh` that PATH leads to OpenSSH's?",
        )
    if process.returncode:
        lines = complaint.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise UsageError(f"your ssh configuration cannot be read ({wire.clean(lines[-1], 160)})")
    return output.decode("utf-8", "surrogateescape")


async def _read(process: asyncio.subprocess.Process, number: int) -> bytes:
    """Its stdout (1) or stderr (2). After MAX_BYTES it is killed, and the rest is dropped."""
    stream = process.stdout if number == 1 else process.stderr
    content = b""
    while stream is not None and (piece := await stream.read(64 * 1024)):
        if len(content) <= MAX_BYTES:
            content += piece
        else:
            _kill(process)
    return content


def _kill(process: asyncio.subprocess.Process) -> None:
    # With the programs of `Match exec`, which would keep the pipes open.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _parse(output: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in output.splitlines():
        name, _, value = line.partition(" ")
        values.setdefault(name.lower(), []).append(value.strip())
    if missing := {"hostname", "port", "user"} - values.keys():
        raise ValueError(f"`ssh -G` reports no {', '.join(sorted(missing))}")
    return values


def _last(values: Mapping[str, list[str]], name: str) -> str:
    return values.get(name, [""])[-1]


def _refuse(values: Mapping[str, list[str]], host: str) -> None:
    for name, label in REFUSED.items():
        if _last(values, name) not in NONE:
            raise UsageError(
                f"your ssh configuration sets {label} for {host}, which decnet cannot use",
                hint="enrol it through a Host section without it",
            )
    wanted = _last(values, "preferredauthentications")
    methods = wanted.split(",") if wanted not in NONE else list(METHODS)
    if not any(
        method in methods and _last(values, option) not in ("no", "false")
        for method, option in METHODS.items()
    ):
        raise UsageError(
            f"your ssh configuration allows neither keys nor passwords for {host}, which leaves GSSAPI or "
            "host-based authentication; decnet can use neither",
            hint="enrol it through a Host section that allows publickey",
        )


def _settings(values: Mapping[str, list[str]], tokens: Mapping[str, str], account: Account) -> SshSettings:
    def paths(lines: list[str]) -> list[str]:
        found = [_expand(each, tokens, account) for each in lines if each.lower() not in NONE]
        return list(dict.fromkeys(found))

    files = [
        word
        for name in ("userknownhostsfile", "globalknownhostsfile")
        for word in _last(values, name).split()
    ]
    return SshSettings(
        identities=tuple(each for each in paths(values.get("identityfile", [])) if _is_identity(each)),
        certificates=tuple(each for each in paths(values.get("certificatefile", [])) if Path(each).is_file()),
        agent=_agent(_last(values, "identityagent"), tokens, account),
        identities_only=_last(values, "identitiesonly") in ("yes", "true"),
        host_key_alias=_unless_none(_last(values, "hostkeyalias")),
        known_hosts=tuple(account.at_home(each) for each in paths(files)),
        address_family=_family(_last(values, "addressfamily")),
        bind_address=_unless_none(_last(values, "bindaddress")),
        bind_interface=_unless_none(_last(values, "bindinterface")),
    )


def _family(value: str) -> Literal["any", "inet", "inet6"]:
    return "inet" if value == "inet" else "inet6" if value == "inet6" else "any"


def _unless_none(value: str) -> str | None:
    return value if value not in NONE else None


def _is_identity(path: str) -> bool:
    """Whether there is a key: a private one, or the public one of a key that an ssh-agent has."""
    return Path(path).is_file() or Path(f"{path}.pub").is_file()


def _agent(value: str, tokens: Mapping[str, str], account: Account) -> str | None:
    if value in ("", "SSH_AUTH_SOCK"):
        return None
    if value == "none":
        return ""
    if value.startswith("$") and not value.startswith("${"):
        return os.environ.get(value[1:], "")
    return _expand(value, tokens, account)


def _proxy_command(command: str, tokens: Mapping[str, str]) -> str:
    for name in "hnr":
        if f"%{name}" in command and not _SHELL_SAFE.fullmatch(tokens[name]):
            raise ValueError(f"{wire.clean(tokens[name], 60)} is not allowed in a ProxyCommand")
    return _bounded(_tokens_replaced(command, tokens))


def _expand(value: str, tokens: Mapping[str, str], account: Account) -> str:
    """A path with its `~`, tokens and environment variables replaced."""
    path = _tokens_replaced(account.expand(value.strip('"')), tokens)
    variables = {**os.environ, "HOME": str(account.home), "USER": account.name, "LOGNAME": account.name}
    path = _VARIABLE.sub(lambda match: variables.get(match[1], ""), path)
    return _bounded(path if path.startswith("/") else str(Path.cwd() / path))


def _bounded(value: str) -> str:
    if len(value) > MAX_LENGTH or not value.isprintable():
        raise ValueError(f"{wire.clean(value, 60)} is too long, or has characters that cannot be printed")
    return value


def _tokens_replaced(value: str, tokens: Mapping[str, str]) -> str:
    def replaced(match: re.Match[str]) -> str:
        if match[1] not in tokens:
            raise ValueError(f"{wire.clean(value, 80)}: the token %{match[1]} is not known")
        return tokens[match[1]]

    return _TOKEN.sub(replaced, value)


def _tokens(
    asked: Asked, account: Account, *, host: str, port: int, user: str, values: Mapping[str, list[str]]
) -> dict[str, str]:
    """The tokens of ssh_config(5), section TOKENS."""
    local, alias = socket.gethostname(), _last(values, "hostkeyalias")
    return {
        "%": "%", "C": _last(values, "controlpath"),
        "h": host, "p": str(port), "r": user, "n": asked.host, "u": account.name,
        "d": str(account.home), "i": str(account.uid), "l": local, "L": local.partition(".")[0],
        "k": alias if alias not in NONE else asked.host, "j": _last(values, "proxyjump"),
    }  # fmt: skip


def _defaults(asked: Asked, account: Account) -> Found:
    """What ssh uses without any configuration."""
    identities = [account.expand(f"~/.ssh/{name}") for name in DEFAULT_IDENTITIES]
    settings = SshSettings(
        identities=tuple(each for each in identities if _is_identity(each)),
        known_hosts=tuple(account.expand(each) for each in DEFAULT_KNOWN_HOSTS),
    )
    jump = asked.jump or "none"
    jumps = tuple(each for each in jump.split(",") if each not in NONE)
    return Found(asked.name, asked.host, asked.port or 22, asked.user or account.name, settings, jumps, None)
