# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""openssl(1), as far as one uses it on a server: versions, digests, base64, random bytes, password hashes, and connections."""

from __future__ import annotations

import base64
import hashlib
import os
import random
from collections.abc import Callable
from urllib.parse import urlsplit

from ...host.printed_versions import OPENSSL
from ..net import reach
from ..process import Process, Running
from ..system.passwords import asked
from ..text import password_hashes
from ..text.common import Failure, content, save

STANDARD = """asn1parse ca ciphers cmp cms crl crl2pkcs7 dgst dhparam dsa dsaparam ec ecparam enc engine errstr fipsinstall
gendsa genpkey genrsa help info kdf list mac nseq ocsp passwd pkcs12 pkcs7 pkcs8 pkey pkeyparam pkeyutl prime
rand rehash req rsa rsautl s_client s_server s_time sess_id smime speed spkac srp storeutl ts verify version
x509"""
DIGESTS = """blake2b512 blake2s256 md4 md5 rmd160 sha1 sha224 sha256 sha3-224 sha3-256 sha3-384 sha3-512 sha384 sha512
sha512-224 sha512-256 shake128 shake256 sm3"""
CIPHERS = """aes-128-cbc aes-128-ecb aes-192-cbc aes-192-ecb aes-256-cbc aes-256-ecb aria-128-cbc aria-128-cfb aria-128-cfb1
aria-128-cfb8 aria-128-ctr aria-128-ecb aria-128-ofb aria-192-cbc aria-192-cfb aria-192-cfb1 aria-192-cfb8
aria-192-ctr aria-192-ecb aria-192-ofb aria-256-cbc aria-256-cfb aria-256-cfb1 aria-256-cfb8 aria-256-ctr
aria-256-ecb aria-256-ofb base64 bf bf-cbc bf-cfb bf-ecb bf-ofb camellia-128-cbc camellia-128-ecb
camellia-192-cbc camellia-192-ecb camellia-256-cbc camellia-256-ecb cast cast-cbc cast5-cbc cast5-cfb cast5-ecb
cast5-ofb des des-cbc des-cfb des-ecb des-ede des-ede-cbc des-ede-cfb des-ede-ofb des-ede3 des-ede3-cbc
des-ede3-cfb des-ede3-ofb des-ofb des3 desx rc2 rc2-40-cbc rc2-64-cbc rc2-cbc rc2-cfb rc2-ecb rc2-ofb rc4 rc4-40
seed seed-cbc seed-cfb seed-ecb seed-ofb sm4-cbc sm4-cfb sm4-ctr sm4-ecb sm4-ofb"""
COLUMNS, WIDTH = 4, 18
HASHES = {
    "md5": "MD5", "sha1": "SHA1", "sha224": "SHA2-224", "sha256": "SHA2-256", "sha384": "SHA2-384", "sha512": "SHA2-512",
    "sha3-224": "SHA3-224", "sha3-256": "SHA3-256", "sha3-384": "SHA3-384", "sha3-512": "SHA3-512",
    "blake2b512": "BLAKE2B-512", "blake2s256": "BLAKE2S-256",
}  # fmt: skip
"""Names of digests, and how version 3 shows them."""
PYTHON_NAMES = {"blake2b512": "blake2b", "blake2s256": "blake2s"}
ERRORS = {reach.REFUSED: 111, reach.TIMED_OUT: 110, reach.NO_ROUTE: 113, reach.UNREACHABLE: 101}
"""The numbers of errors, errno(3)."""
MOST_RANDOM = 1024 * 1024
NO_FILE = "No such file or directory"


def openssl(process: Process) -> Running:
    """The command whose name is the first argument."""
    words = process.args
    name = words[0] if words else "help"
    run = COMMANDS_OF.get(name)
    from . import openssl_more as more

    ciphers = [word.lstrip("-").lower() for word in words] if name == "enc" else [name]
    if cipher := next((each for each in ciphers if each in more.SIZES), ""):
        return (yield from more.seal(process, cipher, words[1:]))
    if name in ("list", "ciphers", "prime"):
        run = {"list": more.show_list, "ciphers": more.ciphers, "prime": more.prime}[name]
    if name in HASHES:
        return (yield from _digests(process, name, words[1:]))
    if run is not None:
        return (yield from run(process, words[1:]))
    if name in STANDARD.split() or name in CIPHERS.split():
        return _missing(process, name, words[1:])
    hint = 'type "help" for a list.'
    old = _is_old(process)
    process.err(f"Invalid command '{name}'; {hint}\n")
    return 1 if not old else 0


def _is_old(process: Process) -> bool:
    return _version(process).startswith("1.")


def _version(process: Process) -> str:
    return OPENSSL.get(process.shell.world.system.version, "3.0.13 30 Jan 2024")


def _error(code: str, library: str, function: str, reason: str, place: str) -> str:
    """A line of the stack of errors; its number is that of the thread."""
    thread = f"80{random.randrange(16**8):08X}7F0000"
    return f"{thread}:error:{code}:{library}:{function}:{reason}:../crypto/{place}\n"


def _unknown(process: Process, name: str, option: str) -> int:
    process.err(f"{name}: Unknown option: {option}\n{name}: Use -help for summary.\n")
    return 1


def _missing(process: Process, name: str, words: list[str]) -> int:
    """A command that needs a file: the file is not there, or holds nothing that it could use."""
    given = dict(zip(words, words[1:], strict=False)).get("-in", "")
    what = {"x509": "certificate", "rsa": "private key", "pkey": "key", "req": "X509 request"}.get(
        name, "input"
    )
    if given and process.shell.node(process.shell.absolute(given)) is None:
        process.err(f'Can\'t open "{given}" for reading, {NO_FILE}\n')
        process.err(
            _error(
                "80000002",
                "system library",
                "BIO_new_file",
                NO_FILE,
                f"bio/bss_file.c:67:calling fopen({given}, rb)",
            )
        )
    elif given:
        process.err(f"Could not read {what} from {given}\n")
    process.err(f"Unable to load {what}\n")
    return 1


def _help(process: Process, words: list[str]) -> Running:
    titles = (("Standard commands", STANDARD), ("Message Digest commands (see the `dgst' command for more details)", DIGESTS),
              ("Cipher commands (see the `enc' command for more details)", CIPHERS))  # fmt: skip
    process.err("help:\n\n")
    for title, names in titles:
        listed = names.split()
        rows = (listed[at : at + COLUMNS] for at in range(0, len(listed), COLUMNS))
        lines = ("".join(f"{each:<{WIDTH}}" for each in row) + "\n" for row in rows)
        process.err(f"{title}\n" + "".join(lines) + "\n")
    yield 0.0
    return 0


def _show_version(process: Process, words: list[str]) -> Running:
    version = _version(process)
    yield 0.0
    line = f"OpenSSL {version}" + ("" if _is_old(process) else f" (Library: OpenSSL {version})")
    shown = set(words) or {"-v"}
    known = {"-a", "-b", "-d", "-e", "-f", "-m", "-o", "-p", "-r", "-v", "-c"}
    if shown - known:
        return _unknown(process, "version", min(shown - known))
    rows = {
        "-v": line, "-p": "platform: debian-amd64", "-o": "options:  bn(64,64)", "-d": 'OPENSSLDIR: "/usr/lib/ssl"',
        "-e": 'ENGINESDIR: "/usr/lib/x86_64-linux-gnu/engines-3"', "-m": 'MODULESDIR: "/usr/lib/x86_64-linux-gnu/ossl-modules"',
        "-r": "Seeding source: os-specific",
    }  # fmt: skip
    process.out("".join(f"{text}\n" for letter, text in rows.items() if letter in shown or "-a" in shown))
    return 0


def _digest(process: Process, words: list[str]) -> Running:
    name = next((word[1:] for word in words if word[1:] in HASHES), "sha256")
    return (yield from _digests(process, name, [word for word in words if word != f"-{name}"]))


def _digests(process: Process, name: str, words: list[str]) -> Running:
    """Digests of files, or of the input."""
    flags = {word for word in words if word.startswith("-")}
    unknown = flags - {"-r", "-hex", "-c", "-binary"}
    if unknown:
        return _unknown(process, "dgst", min(unknown))
    paths = [word for word in words if not word.startswith("-")]
    label, status = name.upper() if _is_old(process) else HASHES[name], 0
    for path in paths or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            status = _no_file(process, path, failure.message)
            continue
        process.spend(1 + len(data) // 8)
        found = hashlib.new(PYTHON_NAMES.get(name, name), data, usedforsecurity=False)
        digest = found.hexdigest()
        if "-binary" in flags:
            process.out(found.digest())
            continue
        if "-c" in flags:
            digest = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
        shown = "stdin" if path == "-" else path
        prefix = "" if path == "-" and _is_old(process) and "-r" not in flags else label
        process.out(f"{digest} *{shown}\n" if "-r" in flags else f"{prefix}({shown})= {digest}\n")
        yield 0.0
    return status


def _no_file(process: Process, path: str, reason: str) -> int:
    process.err(f"{path}: {reason}\n")
    process.err(
        _error(
            "80000002", "system library", "file_ctrl", reason, f"bio/bss_file.c:308:calling fopen({path}, r)"
        )
    )
    process.err(_error("10080002", "BIO routines", "file_ctrl", "system lib", "bio/bss_file.c:311:"))
    return 1


def _values(words: list[str], with_value: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """The options with their values ("" for those without), and the operands."""
    given, operands, left = dict[str, str](), list[str](), list(words)
    while left:
        word = left.pop(0)
        if word.startswith("-") and len(word) > 1:
            given[word] = left.pop(0) if word in with_value and left else ""
        else:
            operands.append(word)
    return given, operands


def _random(process: Process, words: list[str]) -> Running:
    given, operands = _values(words, ("-out", "-rand", "-writerand"))
    yield 0.0
    for option in given:
        if option not in ("-hex", "-base64", "-out", "-rand", "-writerand"):
            return _unknown(process, "rand", option)
    if not operands:
        return 0 if not _is_old(process) else _unknown(process, "rand", "")
    if not operands[0].isdecimal():
        process.err(f'rand: Can\'t parse "{operands[0]}" as a number\nrand: Use -help for summary.\n')
        return 1
    data = os.urandom(min(int(operands[0][:12]), MOST_RANDOM))
    if "-hex" in given:
        data = data.hex().encode() + b"\n"
    elif "-base64" in given:
        data = _wrapped(base64.b64encode(data))
    if given.get("-out"):
        return int(bool(save(process, given["-out"], data)))
    process.out(data)
    return 0


def _wrapped(text: bytes) -> bytes:
    return b"".join(text[at : at + 64] + b"\n" for at in range(0, len(text), 64))


def _encode(process: Process, words: list[str]) -> Running:
    """`enc`: base64, and ciphers, whose output is as long as the real one."""
    given, _ = _values(words, ("-in", "-out", "-k", "-pass", "-K", "-iv", "-S", "-iter", "-kfile", "-md"))
    path = given.get("-in", "-")
    try:
        data = content(process, path)
    except Failure as failure:
        process.err(f'Can\'t open "{path}" for reading, {failure.message}\n')
        process.err(
            _error(
                "80000002",
                "system library",
                "BIO_new_file",
                failure.message,
                f"bio/bss_file.c:67:calling fopen({path}, rb)",
            )
        )
        process.err(_error("10000080", "BIO routines", "BIO_new_file", "no such file", "bio/bss_file.c:75:"))
        return 1
    yield 0.0
    if "-base64" in given or "-a" in given:
        data = _base64(data, decode="-d" in given, flat="-A" in given)
    else:
        cipher = next((option for option in given if option[1:] in CIPHERS.split()), "")
        if not cipher:
            unknown = next(
                (option[1:] for option in given if option not in ("-in", "-out", "-d", "-e", "-A")), ""
            )
            process.err(f"enc: Unknown cipher: {unknown}\nenc: Use -help for summary.\n")
            return 1
        if "-pbkdf2" not in given and "-iter" not in given and "-K" not in given:
            process.err(
                "*** WARNING : deprecated key derivation used.\nUsing -iter or -pbkdf2 would be better.\n"
            )
        if "-d" in given:
            process.err("bad magic number\n")
            return 1
        data = b"Salted__" + os.urandom(8 + (len(data) // 16 + 1) * 16)
    if given.get("-out"):
        return int(bool(save(process, given["-out"], data)))
    process.out(data)
    return 0


def _base64(data: bytes, *, decode: bool, flat: bool) -> bytes:
    if not decode:
        text = base64.b64encode(data)
        return text if flat else _wrapped(text)
    try:
        return base64.b64decode(data)
    except ValueError:
        return b""


def _password(process: Process, words: list[str]) -> Running:
    """`passwd`: hashes of passwords."""
    given, operands = _values(words, ("-salt", "-in", "-rand"))
    for option in given:
        if option not in (
            "-1",
            "-5",
            "-6",
            "-apr1",
            "-aixmd5",
            "-salt",
            "-in",
            "-stdin",
            "-noverify",
            "-quiet",
            "-table",
            "-reverse",
        ):
            return _unknown(process, "passwd", option)
    if "-stdin" in given or (not operands and "-in" not in given):
        if process.from_terminal and "-stdin" not in given:
            first = yield from asked(process, "Password: ")
            if (
                first
                and "-noverify" not in given
                and first != (yield from asked(process, "Verifying - Password: "))
            ):
                process.err("Verify failure\nUnable to read password\n")
                return 1
            operands = [first] if first else []
        else:
            operands = process.given[:2000].decode("utf-8", "surrogateescape").splitlines()[:20]
    if not operands:
        process.err("<NULL>\n" if _is_old(process) else "Unable to read password\n")
        return 1
    kind = next((option[1:] for option in ("-1", "-5", "-6", "-apr1") if option in given), "1")
    salts, most = password_hashes.LETTERS, 16 if kind in "56" else 8
    salt = given.get("-salt") or "".join(random.choice(salts) for _ in range(most))
    for word in operands:
        password = word.encode("utf-8", "surrogateescape")[:256]
        hashed = password_hashes.sha if kind in "56" else password_hashes.md5
        found = ""
        for each in hashed(password, salt[:most].encode("utf-8", "surrogateescape"), kind):
            found = each
            yield 0.0
        process.out(f"{found}\n")
    return 0


def _connect(process: Process, words: list[str]) -> Running:
    """`s_client`: recorded, and without an answer."""
    with_value = [
        "-connect",
        "-host",
        "-port",
        "-servername",
        "-CAfile",
        "-starttls",
        "-proxy",
        "-cert",
        "-key",
    ]
    given, operands = _values(words, tuple(with_value))
    usual = f"{given.get('-host', 'localhost')}:{given.get('-port', '4433')}"
    target = given.get("-connect") or (operands or [usual])[0]
    try:
        parts = urlsplit(f"//{target}")
        host, port = parts.hostname or "localhost", parts.port or 4433
    except ValueError:
        host, port = target, 4433
    reach.record(process, "connect", url=target)
    address = reach.resolved(process, host)
    if not address:
        yield reach.DNS_SECONDS
        place = f"bio/bio_addr.c:746:{reach.NO_NAME}"
        process.err(_error("10080002", "BIO routines", "BIO_lookup_ex", "system lib", place))
        process.err("connect:errno=11\n")
        return 1
    found = reach.attempt(process, address, port)
    yield found.seconds
    _report(process, found.error)
    return 1


def _report(process: Process, error: str) -> None:
    """How a connection ended. One that a service of the machine accepts is closed at once."""
    if error == reach.OPEN:
        process.out("CONNECTED(00000003)\n")
        process.err("write:errno=104\n")
        return
    number = ERRORS.get(error, 104)
    place = "bio/bio_sock2.c:117:calling connect()"
    process.err(_error(f"800000{number:02X}", "system library", "BIO_connect", error, place))
    process.err(_error("10000067", "BIO routines", "BIO_connect", "connect error", "bio/bio_sock2.c:119:"))
    process.err(f"connect:errno={number}\n")


def _as_base64(process: Process, words: list[str]) -> Running:
    return (yield from _encode(process, ["-base64", *words]))


COMMANDS_OF: dict[str, Callable[[Process, list[str]], Running]] = {
    "help": _help, "version": _show_version, "dgst": _digest, "rand": _random, "enc": _encode, "base64": _as_base64,
    "passwd": _password, "s_client": _connect,
}  # fmt: skip
COMMANDS = {"openssl": openssl}
