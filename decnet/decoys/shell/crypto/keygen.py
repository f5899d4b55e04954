# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""ssh-keygen(1): new keys, fingerprints, public keys of private ones, and entries of known_hosts."""

from __future__ import annotations

from ...key_files import PublicKey, new_key, private_file, public_key
from ..process import Process, Running
from ..text.common import Failure, Options, parse
from .keygen_help import USAGE

LETTERS = "a:b:C:f:m:N:O:t:w:Z:pP:ieycl vE:BD:F:HKR:r:gM:I:s:hUn:V:z:LAkuQY:q".replace(" ", "")
KINDS = {"rsa": 3072, "ed25519": 256, "ecdsa": 256}
DEFAULT = {"24.04": "ed25519"}
"""By the system's version; from OpenSSH 9.5 on it is ed25519."""
SMALLEST, LARGEST = 1024, 4096
OPEN = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Permissions {mode:04o} for '{path}' are too open.
It is required that your private key files are NOT accessible by others.
This private key will be ignored.
Load key "{path}": bad permissions
"""


def keygen(process: Process) -> Running:
    """`ssh-keygen`."""
    try:
        options = parse(process, LETTERS)
    except Failure as failure:
        letter = failure.message.rstrip("'").rpartition("'")[2]
        what = (
            "unknown option"
            if "invalid" in failure.message or "unrecognized" in failure.message
            else "option requires an argument"
        )
        process.err(f"{what} -- {letter if len(letter) == 1 else '-'}\r\n{USAGE}")
        return 1
    yield 0.0
    if "l" in options or "B" in options:
        return _show(process, options)
    if "y" in options:
        return _extract(process, options)
    if "R" in options or "F" in options:
        return _known_host(process, options)
    if "A" in options:
        return 0
    return (yield from _generate(process, options))


def _home(process: Process) -> str:
    return process.shell.world.home(process.shell.user)


def _generate(process: Process, options: Options) -> Running:
    kind = options.value("t") or DEFAULT.get(process.shell.world.system.version, "rsa")
    name = {"rsa-sha2-256": "rsa", "rsa-sha2-512": "rsa", "ssh-rsa": "rsa", "ssh-ed25519": "ed25519"}.get(
        kind, kind
    )
    if name not in KINDS:
        process.err(f"unknown key type {kind}\r\n")
        return 255
    bits = int(options.value("b")) if options.value("b").isdecimal() and name == "rsa" else KINDS[name]
    if bits < SMALLEST and name == "rsa":
        process.err(f"Invalid RSA key length: minimum is {SMALLEST} bits\r\n")
        return 255
    quiet, answers = "q" in options, _answers(process, options)
    if not quiet:
        process.out(f"Generating public/private {name} key pair.\n")
    path = options.value("f")
    if not path:
        usual = f"{_home(process)}/.ssh/id_{name}"
        process.out(f"Enter file in which to save the key ({usual}): ")
        if not answers:
            return 1
        path = answers.pop(0) or usual
    if process.shell.node(process.shell.absolute(path)) is not None:
        process.out(f"{path} already exists.\nOverwrite (y/n)? ")
        if not answers or answers.pop(0)[:1].lower() != "y":
            return 1
    passphrase = options.value("N")
    if "N" not in options:
        process.out(
            "Enter passphrase (empty for no passphrase): \nEnter same passphrase again: \n"
            if process.from_terminal
            else ""
        )
        passphrase = answers.pop(0) if answers else ""
    folder = process.shell.node(process.shell.absolute(path).rpartition("/")[0] or "/")
    if folder is None and options.value("f"):
        process.err(f'Saving key "{path}" failed: No such file or directory\r\n')
        return 1
    blob, secret = yield from new_key(name, min(bits, LARGEST) // 16 * 16)
    return _save(process, options, path, PublicKey(blob, _comment(process, options)), secret, passphrase)


def _answers(process: Process, options: Options) -> list[str]:
    """What was typed: it is read before anything is printed, and only if the command needs it."""
    asks = (
        not options.value("f") or process.shell.node(process.shell.absolute(options.value("f"))) is not None
    )
    if not asks and "N" in options:
        return []
    return process.given[:4096].decode("utf-8", "surrogateescape").splitlines()


def _comment(process: Process, options: Options) -> str:
    return options.value("C") if "C" in options else f"{process.shell.user}@{process.shell.hostname}"


def _save(
    process: Process, options: Options, path: str, key: PublicKey, secret: bytes, passphrase: str
) -> int:
    shell, where = process.shell, process.shell.absolute(path)
    folder = where.rpartition("/")[0]
    if folder == f"{_home(process)}/.ssh" and shell.node(folder) is None:
        process.out(f"Created directory '{folder}'.\n")
    text = private_file(key.blob, secret, key.comment, encrypted=bool(passphrase))
    reason = shell.write(where, text, 0o600) or shell.write(
        f"{where}.pub", key.line.encode("utf-8", "surrogateescape"), 0o644
    )
    if reason:
        process.err(f'Saving key "{path}" failed: {reason}\r\n')
        return 1
    if "q" not in options:
        process.out(
            f"Your identification has been saved in {path}\nYour public key has been saved in {path}.pub\n"
            f"The key fingerprint is:\n{key.fingerprint()} {key.comment}\nThe key's randomart image is:\n{key.picture()}"
        )
    return 0


def _show(process: Process, options: Options) -> int:
    """`-l`: fingerprints."""
    path = options.value("f") or f"{_home(process)}/.ssh/id_rsa"
    text = (
        process.shell.read(process.shell.absolute(path))
        if path != "-"
        else process.given.decode("utf-8", "replace")
    )
    if text is None:
        process.err(f"ssh-keygen: {path}: No such file or directory\r\n")
        return 255
    key = public_key(text)
    if key is None:
        process.err(f"{path} is not a public key file.\r\n")
        return 255
    kind = "MD5" if options.value("E").lower() == "md5" else "SHA256"
    process.out(f"{key.bits} {key.fingerprint(kind)} {key.comment or 'no comment'} ({key.title})\n")
    if "v" in options:
        process.out(key.picture())
    return 0


def _extract(process: Process, options: Options) -> int:
    """`-y`: the public key of a private one."""
    path, shell = options.value("f") or f"{_home(process)}/.ssh/id_rsa", process.shell
    node = shell.node(shell.absolute(path))
    if node is None:
        process.err(f"{path}: No such file or directory\r\n")
        return 255
    if node.mode & 0o077:
        process.err(OPEN.format(mode=node.mode & 0o777, path=path).replace("\n", "\r\n"))
        return 255
    key = public_key(shell.read(shell.absolute(path)) or "")
    if key is None:
        process.err(f'Load key "{path}": error in libcrypto\r\n')
        return 255
    process.out(key.line)
    return 0


def _known_host(process: Process, options: Options) -> int:
    """`-R` and `-F`: entries of known_hosts."""
    path = options.value("f") or f"{_home(process)}/.ssh/known_hosts"
    host, shell = options.value("R") or options.value("F"), process.shell
    text = shell.read(shell.absolute(path))
    if text is None:
        process.err(f"Cannot stat {path}: No such file or directory\r\n")
        return 255
    lines = text.splitlines(keepends=True)
    found = [at for at, line in enumerate(lines) if host in line.split(" ")[0].split(",")]
    if not found:
        if "R" in options:
            process.err(f"Host {host} not found in {path}\r\n")
        return 1 if "F" in options else 0
    for at in found:
        process.out(f"# Host {host} found: line {at + 1}\n" + (lines[at] if "F" in options else ""))
    if "R" in options:
        kept = "".join(line for at, line in enumerate(lines) if at not in found)
        shell.write(shell.absolute(f"{path}.old"), text.encode("utf-8", "surrogateescape"), 0o600)
        shell.write(shell.absolute(path), kept.encode("utf-8", "surrogateescape"), 0o600)
        process.out(f"{path} updated.\nOriginal contents retained as {path}.old\n")
    return 0


COMMANDS = {"ssh-keygen": keygen}
