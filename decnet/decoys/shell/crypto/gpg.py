# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""gpg and its helpers: an empty keyring, digests, and symmetric messages that only gpg itself could read."""

from __future__ import annotations

import base64
import hashlib
import os
import time

from ...host.node import Node
from ..files import facts
from ..files.making import make_folder
from ..process import Command, Process, Running
from ..text.common import Failure, Options, content, parse, why_not
from ..text.packaged import packaged

LONG = """list-keys=k list-public-keys=k list-secret-keys=K list-sigs check-sigs fingerprint print-md print-mds=* version help=h import export export-secret-keys armor=a batch passphrase: passphrase-fd:
passphrase-file: pinentry-mode: symmetric=c encrypt=e decrypt=d verify sign=s clearsign clear-sign detach-sign=b recipient:=r output:=o yes no quiet=q verbose=v homedir: keyring: no-default-keyring
recv-keys receive-keys keyserver: search-keys refresh-keys fetch-keys gen-key generate-key full-generate-key full-gen-key quick-generate-key quick-gen-key edit-key delete-keys delete-secret-keys
delete-secret-and-public-keys dearmor enarmor with-colons with-fingerprint keyid-format: no-tty status-fd: list-packets import-ownertrust export-ownertrust list-config trust-model: always-trust
local-user:=u default-key: cipher-algo: digest-algo: compress-algo: show-keys update-trustdb check-trustdb gen-random fixed-list-mode list-options: card-status"""
DIGESTS = {
    "md5": "md5",
    "sha1": "sha1",
    "rmd160": "ripemd160",
    "ripemd160": "ripemd160",
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "sha224": "sha224",
}


def _started(process: Process, options: Options, program: str = "gpg") -> str:
    """Its folder, made at the first call."""
    shell = process.shell
    home = options.value("homedir") or f"{shell.variables.get('HOME', '/root')}/.gnupg"
    where = shell.absolute(home)
    if shell.node(where) is None:
        if reason := make_folder(shell, where, 0o700):
            process.err(f"{program}: Fatal: can't create directory '{home}': {reason}\n")
            return home
        process.err(f"{program}: directory '{home}' created\n")
    if shell.node(f"{where}/pubring.kbx") is None:
        shell.change(
            f"{where}/pubring.kbx",
            Node(
                0o600,
                content=b"\0\0\0\x20\x01\x01\0\x02KBXf" + bytes(20),
                owner=shell.user,
                group=facts.own_group(shell),
                changed=int(time.time()),
            ),
        )
        process.err(f"{program}: keybox '{home}/pubring.kbx' created\n")
    return home


def _trust(process: Process, home: str) -> None:
    shell = process.shell
    path = shell.absolute(f"{home}/trustdb.gpg")
    if shell.node(path) is None:
        shell.change(
            path,
            Node(
                0o600,
                content=bytes(1200),
                owner=shell.user,
                group=facts.own_group(shell),
                changed=int(time.time()),
            ),
        )
        process.err(f"gpg: {home}/trustdb.gpg: trustdb created\n")


def grouped(digest: str, kind: str) -> str:
    """A digest in the groups of `--print-md`."""
    text = digest.upper()
    size = 2 if kind == "md5" else 4 if len(text) == 40 else 8
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    half = {"md5": 8, "sha1": 5, "ripemd160": 5}.get(kind, 0)
    return " ".join(parts[:half]) + "  " + " ".join(parts[half:]) if half else " ".join(parts)


@packaged(bare=True, refuses=False)
def gpg(process: Process) -> Running:
    """Keys, digests and messages."""
    try:
        options = parse(process, "kKacedsbr:o:qvu:hniz:N:", LONG)
    except Failure:
        wrong = next((word for word in process.args if word.startswith("-")), "")
        process.err(f'invalid option "{wrong}"\n')
        return 2
    given = [name for name, _ in options.given]
    action = next((name for name in given if name in ACTIONS), "")
    home = _started(process, options)
    yield 0.0
    return (
        (yield from ACTIONS[action](process, options, home))
        if action
        else (yield from _guess(process, options, home))
    )


def _list(process: Process, options: Options, home: str) -> Running:
    _trust(process, home)
    yield 0.0
    if options.operands:
        process.err(
            "gpg: error reading key: No public key\n"
            if "K" not in options
            else "gpg: error reading key: No secret key\n"
        )
        return 2
    return 0


def _digest(process: Process, options: Options, home: str) -> Running:
    words = options.operands
    kind = DIGESTS.get(words[0].lower() if words else "", "")
    if not kind:
        raise Failure(f"invalid hash algorithm '{words[0] if words else ''}'", 2)
    for path in words[1:] or ["-"]:
        if path != "-" and (reason := why_not(process, path)):
            process.err(f"gpg: {path}: {reason}\n")
            return 2
        data = content(process, path)
        made = (
            hashlib.new(kind, data).hexdigest()
            if kind in hashlib.algorithms_available
            else hashlib.sha1(data).hexdigest()
        )  # noqa: S324 (asked for)
        text = grouped(made, kind)
        prefix = f"{path}: " if path != "-" else ""
        process.out(_wrapped(prefix, text))
    yield 0.0
    return 0


def _wrapped(prefix: str, text: str) -> str:
    """As gpg breaks a digest: rows of up to 80 columns."""
    line, out, indent = prefix, "", ""
    for part in text.split(" "):
        if len(line) + len(part) + 1 > 79 and part:
            out += line.rstrip() + "\n"
            indent = " " * len(prefix)
            line = indent
        line += part + " "
    return out + line.rstrip() + "\n"


def _import(process: Process, options: Options, home: str) -> Running:
    count = 0
    for path in options.operands or ["-"]:
        if path != "-" and (reason := why_not(process, path)):
            process.err(f"gpg: can't open '{path}': {reason}\n")
            continue
        data = content(process, path)
        if b"BEGIN PGP PUBLIC KEY" in data or data[:1] in (b"\x99", b"\x98", b"\xc6"):
            count += 1
        else:
            process.err("gpg: no valid OpenPGP data found.\n")
    process.err(
        f"gpg: Total number processed: {count}\n" + ("gpg:           w/o user IDs: 1\n" if count else "")
    )
    yield 0.0
    return 2 if not count else 0


def _decrypt(process: Process, options: Options, home: str) -> Running:
    path = (options.operands or ["-"])[0]
    if path != "-" and (reason := why_not(process, path)):
        process.err(f"gpg: can't open '{path}': {reason}\ngpg: decrypt_message failed: {reason}\n")
        return 2
    data = content(process, path)
    yield 0.0
    if data[:1] == b"\x8c" or b"BEGIN PGP MESSAGE" in data:
        process.err(
            "gpg: AES256.CFB encrypted data\ngpg: encrypted with 1 passphrase\ngpg: decryption failed: Bad session key\n"
        )
        return 2
    process.err("gpg: no valid OpenPGP data found.\ngpg: decrypt_message failed: Unknown system error\n")
    return 2


def _verify(process: Process, options: Options, home: str) -> Running:
    path = (options.operands or ["-"])[0]
    reason = why_not(process, path) if path != "-" else ""
    yield 0.0
    if reason:
        process.err(f"gpg: can't open '{path}': {reason}\ngpg: verify signatures failed: {reason}\n")
        return 2
    process.err(
        "gpg: no valid OpenPGP data found.\ngpg: the signature could not be verified.\nPlease remember that the signature file (.sig or .asc)\nshould be the first file given on the command line.\n"
    )
    return 2


def _symmetric(process: Process, options: Options, home: str) -> Running:
    path = (options.operands or ["-"])[0]
    if path != "-" and (reason := why_not(process, path)):
        process.err(
            f"gpg: can't open '{path}': {reason}\ngpg: symmetric encryption of '{path}' failed: {reason}\n"
        )
        return 2
    data = content(process, path)
    yield 0.0
    if (
        not any(each in options for each in ("passphrase", "passphrase-fd", "passphrase-file"))
        and not process.from_terminal
    ):
        process.err(
            f"gpg: problem with the agent: Inappropriate ioctl for device\ngpg: error creating passphrase: Operation cancelled\ngpg: symmetric encryption of '{path if path != '-' else '[stdin]'}' failed: Operation cancelled\n"
        )
        return 2
    sealed = (
        b"\x8c\x0d\x04\x09\x03\x02"
        + os.urandom(8)
        + b"\xff\xd2"
        + bytes([58])
        + b"\x01"
        + os.urandom(57 + len(data))
    )
    if "a" in options:
        text = base64.b64encode(sealed).decode()
        rows = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
        sealed = f"-----BEGIN PGP MESSAGE-----\n\n{rows}\n-----END PGP MESSAGE-----\n".encode()
    target = options.value("o") or ("" if path == "-" else path + (".asc" if "a" in options else ".gpg"))
    if not target or target == "-":
        process.out(sealed)
        return 0
    if reason := process.shell.write(process.shell.absolute(target), sealed):
        process.err(f"gpg: can't create '{target}': {reason}\n")
        return 2
    return 0


def _public(process: Process, options: Options, home: str) -> Running:
    yield 0.0
    if not options.values("r"):
        process.err("gpg: no valid addressees\n")
    for name in options.values("r"):
        process.err(f"gpg: {name}: skipped: No public key\n")
    process.err(f"gpg: {(options.operands or ['[stdin]'])[0]}: encryption failed: No public key\n")
    return 2


def _sign(process: Process, options: Options, home: str) -> Running:
    yield 0.0
    process.err("gpg: no default secret key: No secret key\ngpg: signing failed: No secret key\n")
    return 2


def _server(process: Process, options: Options, home: str) -> Running:
    yield 10.0
    process.err(
        "gpg: keyserver receive failed: Server indicated a failure\n"
        if "search-keys" not in options
        else "gpg: error searching keyserver: Server indicated a failure\ngpg: keyserver search failed: Server indicated a failure\n"
    )
    return 2


def _nothing(process: Process, options: Options, home: str) -> Running:
    yield 0.0
    if any(each.startswith("export") for each, _ in options.given):
        process.err("gpg: WARNING: nothing exported\n")
        return 0
    if any("delete" in each for each, _ in options.given):
        name = (options.operands or [""])[0]
        process.err(f'gpg: key "{name}" not found: Not found\ngpg: {name}: delete key failed: Not found\n')
        return 2
    return 0


def _generate(process: Process, options: Options, home: str) -> Running:
    yield 0.0
    if not process.from_terminal:
        process.err("gpg: cannot open '/dev/tty': No such device or address\n")
        return 2
    process.out(
        'Note: Use "gpg --full-generate-key" for a full featured key generation dialog.\n\nGnuPG needs to construct a user ID to identify your key.\n\n'
    )
    return 2


def _guess(process: Process, options: Options, home: str) -> Running:
    """Without a command: the kind of the data says what to do."""
    if not options.operands:
        process.err("gpg: WARNING: no command supplied.  Trying to guess what you mean ...\n")
        process.err("gpg: Go ahead and type your message ...\n")
    data = process.given if not options.operands else b""
    if options.operands and (reason := why_not(process, options.operands[0])):
        process.err("gpg: WARNING: no command supplied.  Trying to guess what you mean ...\n")
        process.err(f"gpg: can't open '{options.operands[0]}': {reason}\n")
        return 2
    yield 0.0
    process.err(
        "gpg: processing message failed: Unknown system error\n"
        if not data
        else "gpg: no valid OpenPGP data found.\ngpg: processing message failed: Unknown system error\n"
    )
    return 2


ACTIONS = {
    "k": _list, "K": _list, "list-sigs": _list, "check-sigs": _list, "fingerprint": _list, "print-md": _digest, "import": _import, "show-keys": _import, "d": _decrypt, "verify": _verify,
    "c": _symmetric, "e": _public, "s": _sign, "b": _sign, "clearsign": _sign, "clear-sign": _sign, "recv-keys": _server, "receive-keys": _server, "search-keys": _server, "refresh-keys": _nothing,
    "export": _nothing, "export-secret-keys": _nothing, "delete-keys": _nothing, "delete-secret-keys": _nothing, "delete-secret-and-public-keys": _nothing, "gen-key": _generate, "generate-key": _generate,
    "full-generate-key": _generate, "full-gen-key": _generate, "update-trustdb": _list, "check-trustdb": _list, "list-config": _nothing, "export-ownertrust": _nothing, "card-status": _nothing,
}  # fmt: skip


@packaged(bare=True, refuses=False)
def gpgsm(process: Process) -> Running:
    """S/MIME: an empty keyring."""
    options = Options([], [])
    _started(process, options, "gpgsm")
    yield 0.0
    return 0


COMMANDS: dict[str, Command] = {
    "gpg": gpg,
    "gpgsm": gpgsm,
}
