# ruff: noqa: E501 (names of algorithms)
"""What `ssh -Q` lists: the algorithms that OpenSSH 8.9 to 9.6 was built with (ssh(1))."""

from __future__ import annotations

from ..process import Process

CIPHERS = """3des-cbc aes128-cbc aes192-cbc aes256-cbc aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com
aes256-gcm@openssh.com chacha20-poly1305@openssh.com"""
PLAIN_MACS = """hmac-sha1 hmac-sha1-96 hmac-sha2-256 hmac-sha2-512 hmac-md5 hmac-md5-96 umac-64@openssh.com
umac-128@openssh.com"""
KEX = """diffie-hellman-group1-sha1 diffie-hellman-group14-sha1 diffie-hellman-group14-sha256
diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 diffie-hellman-group-exchange-sha1
diffie-hellman-group-exchange-sha256 ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521 curve25519-sha256
curve25519-sha256@libssh.org sntrup761x25519-sha512@openssh.com"""
ED, ECDSA, SK = (
    "ssh-ed25519 sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp{0}",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
WEB = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"
SIZES = ("256", "384", "521")
OLD = ("20.04", "22.04", "11")
"""Releases with OpenSSH before 9.0, which lists keys in another order."""


def query(process: Process, name: str) -> int:
    """`ssh -Q NAME`."""
    old = process.shell.world.system.version in OLD
    found = _table(old=old).get(name.lower())
    if name == "help":
        process.out("".join(f"{each}\n" for each in HELP.split()))
        return 0
    if found is None:
        process.err(f'Unsupported query "{name}"\r\n')
        return 255
    process.out("".join(f"{each}\n" for each in found))
    return 0


HELP = (
    """cipher cipher-auth compression kex kex-gss key key-cert key-plain key-sig mac protocol-version sig"""
)


def _certificate(name: str) -> str:
    plain = name.removesuffix("@openssh.com")
    return f"{plain}-cert-v01@openssh.com"


def _keys(*, old: bool, signs: bool) -> list[str]:
    """Names of keys: plain, or with their certificates."""
    curves = [ECDSA.format(size) for size in SIZES]
    rsa = ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"] if signs else ["ssh-rsa"]
    web = [WEB] if signs else []
    if old:
        return [*ED.split(), *rsa, "ssh-dss", *curves, SK, *web]
    return [*ED.split(), *curves, SK, *web, "ssh-dss", *rsa]


def _with_certificates(*, old: bool, signs: bool) -> list[str]:
    names = _keys(old=old, signs=signs)
    if old:
        ed = [part for each in ED.split() for part in (each, _certificate(each))]
        rest = [each for each in names if each not in ED.split()]
        certified = [_certificate(each) for each in rest if each != WEB]
        return [*ed, *rest, *certified]
    return [part for each in names for part in ((each,) if each == WEB else (each, _certificate(each)))]


def _table(*, old: bool) -> dict[str, list[str]]:
    macs = PLAIN_MACS.split()
    etm = [f"{each.removesuffix('@openssh.com')}-etm@openssh.com" for each in macs]
    kex = KEX.split() if old else [*KEX.split()[:-1], "sntrup761x25519-sha512", KEX.split()[-1]]
    whole = _with_certificates(old=old, signs=True)
    return {
        "cipher": CIPHERS.split(), "ciphers": CIPHERS.split(), "mac": [*macs, *etm], "macs": [*macs, *etm],
        "cipher-auth": CIPHERS.split()[-3:], "kex": kex, "kexalgorithms": kex,
        "key": _with_certificates(old=old, signs=False), "key-plain": _keys(old=old, signs=False),
        "key-cert": [each for each in _with_certificates(old=old, signs=False) if "-cert-" in each],
        "sig": _keys(old=old, signs=True), "key-sig": whole, "hostkeyalgorithms": whole,
        "pubkeyacceptedalgorithms": whole, "protocol-version": ["2"],
        "compression": ["none", "zlib@openssh.com", "zlib"],
    }  # fmt: skip
