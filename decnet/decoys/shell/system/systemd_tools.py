# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""systemd-analyze, systemd-escape, systemd-cgls, systemd-run and the other programs systemd-*."""

from __future__ import annotations

import uuid

from ...host.hardware import machine_id, uuid_for
from ..process import Command, Process, Running
from ..text.common import Failure, parse
from ..text.packaged import packaged
from .logged_errors import complain

PLACES = (
    ("temporary", "/tmp"), ("temporary-large", "/var/tmp"), ("system-binaries", "/usr/bin"), ("system-include", "/usr/include"), ("system-library-private", "/usr/lib"),
    ("system-library-arch", "/usr/lib/x86_64-linux-gnu"), ("system-shared", "/usr/share"), ("system-configuration-factory", "/usr/share/factory/etc"), ("system-state-factory", "/usr/share/factory/var"),
    ("system-configuration", "/etc"), ("system-runtime", "/run"), ("system-runtime-logs", "/run/log"), ("system-state-private", "/var/lib"), ("system-state-logs", "/var/log"),
    ("system-state-cache", "/var/cache"), ("system-state-spool", "/var/spool"), ("user-binaries", "~/.local/bin"), ("user-library-private", "~/.local/lib"), ("user-library-arch", "~/.local/lib/x86_64-linux-gnu"),
    ("user-shared", "~/.local/share"), ("user-configuration", "~/.config"), ("user-runtime", "/run/user/0"), ("user-state-cache", "~/.cache"), ("user-state-private", "~/.local/state"), ("user", "~"),
    ("user-documents", "~"), ("user-music", "~"), ("user-pictures", "~"), ("user-videos", "~"), ("user-download", "~"), ("user-public", "~"), ("user-templates", "~"), ("user-desktop", "~/Desktop"),
)  # fmt: skip
MOST_NAME = 4096
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.")


def escaped(text: str, *, path: bool = False) -> str:
    """systemd-escape(1)."""
    if path:
        text = "/".join(part for part in text.split("/") if part) or "-"
        if text == "-":
            return text
    out = ""
    for at, byte in enumerate(text[:MOST_NAME].encode("utf-8", "surrogateescape")):
        char = chr(byte)
        if char == "/":
            out += "-"
        elif char in PLAIN and not (char == "." and at == 0):
            out += char
        else:
            out += f"\\x{byte:02x}"
    return out


def unescaped(text: str) -> str:
    """The inverse."""
    out, at = bytearray(), 0
    raw = text[:MOST_NAME].replace("-", "/")
    while at < len(raw):
        piece = raw[at + 2 : at + 4]
        if raw.startswith("\\x", at) and len(piece) == 2 and not set(piece.lower()) - set("0123456789abcdef"):
            out.append(int(piece, 16))
            at += 4
        else:
            out += raw[at].encode("utf-8", "surrogateescape")
            at += 1
    return out.decode("utf-8", "surrogateescape")


@packaged()
def escape(process: Process) -> Running:
    """Texts for the names of units."""
    options = parse(process, "hump", "suffix: template: instance unescape=u mangle=m path=p help=h version")
    found = []
    yield 0.0
    for word in options.operands:
        if "u" in options:
            text = unescaped(word)
            found.append(f"/{text}".replace("//", "/") if "p" in options else text)
        elif "m" in options:
            found.append(word if "." in word else f"{word}.service")
        else:
            text = escaped(word, path="p" in options)
            if options.value("template"):
                text = options.value("template").replace("@", f"@{text}", 1)
            found.append(f"{text}.{options.value('suffix')}" if options.value("suffix") else text)
    process.out(" ".join(found) + "\n")
    return 0


@packaged(bare=True)
def path(process: Process) -> Running:
    """Folders of the system and the user."""
    options = parse(process, "h", "suffix: no-pager help=h version")
    home = process.shell.variables.get("HOME", "/root")
    known = {name: where.replace("~", home, 1) for name, where in PLACES}
    yield 0.0
    if not options.operands:
        process.out("".join(f"{name}: {where}\n" for name, where in known.items()))
    for word in options.operands:
        if word not in known:
            complain(process, f"Path {word} not known.")
            return 1
        process.out(f"{known[word]}\n")
    return 0


@packaged(bare=True)
def id128(process: Process) -> Running:
    """Numbers of 128 bits."""
    options = parse(process, "hpPua:", "pretty=p value=P uuid=u app-specific:=a help=h version")
    verb = (options.operands or ["help"])[0]
    world = process.shell.world
    yield 0.0
    if verb == "show":
        process.out(
            "NAME                  ID\n"
            if world.system.version == "22.04"
            else "NAME                        ID\n"
        )
        return 0
    number = {
        "new": uuid.uuid4().hex,
        "machine-id": machine_id(world),
        "boot-id": uuid_for(world, f"boot {world.booted()}").replace("-", ""),
    }.get(verb, "")
    if not number and verb != "invocation-id":
        complain(process, f"Unknown command verb {verb}.")
        return 1
    if not number:
        number = uuid_for(world, f"session {process.shell.visit.number}").replace("-", "")
    process.out(f"{uuid.UUID(number)}\n" if "u" in options else f"{number}\n")
    return 0


@packaged(bare=True)
def machine_id_setup(process: Process) -> Running:
    """The number of the machine, which it has."""
    options = parse(process, "h", "print commit root: image: help=h version")
    yield 0.0
    process.out(f"{machine_id(process.shell.world)}\n" if "print" in options else "")
    return 0


@packaged(bare=True)
def mount(process: Process) -> Running:
    """Mounts by systemd: nothing more can be."""
    unmounts = process.name.endswith("umount")
    options = parse(
        process,
        "t:o:uGAH:M:hlpq",
        "type:=t options:=o owner: fsck: description: property:=p automount:: timeout-idle-sec: automount-property: bind-device list umount=u collect=G no-block no-pager no-legend no-ask-password quiet=q discover user system host:=H machine:=M help=h version full=l",
    )
    shell = process.shell
    yield 0.0
    if "list" in options:
        process.out("NODE PATH MODEL WWN TYPE LABEL UUID\n")
        return 0
    if not options.operands:
        complain(process, "At least one argument required.")
        return 1
    for word in options.operands[:1]:
        if shell.node(shell.absolute(word)) is None:
            complain(process, f"Failed to make path {word} absolute: No such file or directory")
            return 1
        complain(
            process,
            f"Couldn't find result for {word}"
            if unmounts
            else f"Failed to start transient mount unit: {word} is not a block device",
        )
    return 1


@packaged(bare=True)
def creds(process: Process) -> Running:
    """Credentials, which services alone get."""
    options = parse(
        process,
        "hHpq",
        "system transcode: newline: name: timestamp: not-after: with-key: tpm2-device: tpm2-pcrs: no-pager no-legend json: pretty=p quiet=q help=h version",
    )
    verb = (options.operands or ["list"])[0]
    yield 0.0
    if verb == "has-tpm2":
        process.out("no\n-firmware\n-driver\n-system\n-subsystem\n" if "q" not in options else "")
        return 15
    if verb not in ("list", "cat", "setup", "encrypt", "decrypt"):
        complain(process, f"Unknown command verb {verb}.")
        return 1
    if "system" in options and verb == "list":
        process.out("No credentials\n")
        return 0
    complain(process, "No credentials passed. (i.e. $CREDENTIALS_DIRECTORY not set.)")
    return 1


@packaged(bare=True)
def sysext(process: Process) -> Running:
    """Extensions of /usr and /opt: none are merged."""
    options = parse(process, "h", "root: json: force no-pager no-legend help=h version")
    verb = (options.operands or ["status"])[0]
    yield 0.0
    if verb == "status":
        process.out("HIERARCHY EXTENSIONS SINCE\n/opt      none       -\n/usr      none       -\n")
        return 0
    if verb in ("merge", "refresh", "list"):
        process.out(
            "No OS extensions found.\n"
            if verb == "list"
            else "No extensions found, proceeding without merge.\n"
        )
        return 0
    if verb == "unmerge":
        return 0
    complain(process, f"Unknown command verb {verb}.")
    return 1


@packaged(bare=True)
def hwdb(process: Process) -> Running:
    """What is known of devices by their names: no name of a visitor is."""
    yield 0.0
    return 0


@packaged(bare=True)
def bridge(process: Process) -> Running:
    """The bus by standard input: the other end says nothing that is not valid."""
    process.given  # noqa: B018
    yield 0.0
    return 1


@packaged(bare=True)
def repart(process: Process) -> Running:
    """Partitions by rules, of which there are none."""
    yield 0.0
    process.err("Didn't find any partition definition files, nothing to do.\n")
    return 0


@packaged()
def cryptenroll(process: Process) -> Running:
    """Keys of encrypted volumes, of which there are none."""
    word = next((each for each in process.args if not each.startswith("-")), "")
    there = process.shell.node(process.shell.absolute(word)) is not None
    yield 0.0
    if not there:
        process.err(f"Device {word} does not exist or access denied.\n")
    process.err(
        "Failed to allocate libcryptsetup context: Block device required\n"
        if not there
        else f"Failed to load LUKS2 superblock of {word}: Invalid argument\n"
    )
    return 1


@packaged()
def ask_password(process: Process) -> Running:
    """Ask for a password by an agent: none runs, so the time is up."""
    yield 90.0
    process.err("Failed to query password: Timer expired\n")
    return 1


@packaged(bare=True)
def detect_nothing(process: Process) -> Running:
    """Waits for questions, of which there are none."""
    yield 0.0
    raise Failure("", 0)


COMMANDS: dict[str, Command] = {
    "systemd-escape": escape,
    "systemd-path": path,
    "systemd-id128": id128,
    "systemd-machine-id-setup": machine_id_setup,
    "systemd-mount": mount,
    "systemd-umount": mount,
    "systemd-creds": creds,
    "systemd-sysext": sysext,
    "systemd-hwdb": hwdb,
    "systemd-stdio-bridge": bridge,
    "systemd-repart": repart,
    "systemd-cryptenroll": cryptenroll,
    "systemd-ask-password": ask_password,
    "systemd-tty-ask-password-agent": detect_nothing,
}
