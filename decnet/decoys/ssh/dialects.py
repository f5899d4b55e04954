# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The algorithms that each server release offers, in its order, from which scanners compute a fingerprint.

Source: the servers' own KEXINIT messages and release notes.
"""

import re
from dataclasses import dataclass

from ..persona import Persona

ECDH = ("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521")
CURVE = ("curve25519-sha256", "curve25519-sha256@libssh.org")
SNTRUP = "sntrup761x25519-sha512@openssh.com"
GEX = "diffie-hellman-group-exchange-sha256"
LARGE = ("diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256")
GUESS = "kexguess2@matt.ucc.asn.au"
OLD_CIPHERS = ("aes128-ctr", "aes256-ctr", "aes128-cbc", "aes256-cbc", "3des-ctr", "3des-cbc")
"""Those of Dropbear before 2020.79."""
STRICT = "kex-strict-s-v00@openssh.com"

CTR = ("aes128-ctr", "aes192-ctr", "aes256-ctr")
GCM = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
CHACHA = "chacha20-poly1305@openssh.com"
MACS = (
    "umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com", "hmac-sha1-etm@openssh.com", "umac-64@openssh.com", "umac-128@openssh.com",
    "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1",
)  # fmt: skip
SIGNATURES = (
    "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
    "sk-ecdsa-sha2-nistp256@openssh.com,webauthn-sk-ecdsa-sha2-nistp256@openssh.com,"
)
OLD_SIGNATURES = "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"

PATCHED = ("9.2p1 Debian-2+deb12u2", "8.4p1 Debian-5+deb11u3", "8.2p1 Ubuntu-4ubuntu0.11",
           "8.9p1 Ubuntu-3ubuntu0.6")  # fmt: skip
"""First packages of distributions with strict key exchange, which upstream has since 9.6."""


@dataclass(frozen=True)
class Dialect:
    """One server software: its version line and what it offers."""

    banner: str
    version: tuple[int, int]
    kex: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    compressions: tuple[str, ...]
    extensions: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]
    tries: int = 6
    dropbear: bool = False
    shows_keys: bool = True
    """Whether it sends its host keys after a login, as OpenSSH does."""

    @property
    def signatures(self) -> tuple[str, ...]:
        """The signatures of clients that it accepts (PubkeyAcceptedAlgorithms), without those of security keys."""
        if self.dropbear:
            known = dict(self.extensions).get("server-sig-algs")
            return tuple(known.split(",")) if known else (*OLD_SIGNATURES.split(","), "ssh-rsa")
        old = self.version < (8, 8)
        return (
            "ssh-ed25519",
            *OLD_SIGNATURES.split(","),
            "rsa-sha2-512",
            "rsa-sha2-256",
            *(("ssh-rsa",) if old else ()),
        )

    @property
    def strict(self) -> bool:
        """Whether it supports strict key exchange."""
        return STRICT in self.kex


def dialect_of(persona: Persona) -> Dialect:
    """The dialect of the persona's banner; for an unknown banner, that of a current OpenSSH."""
    banner = persona.banner or "OpenSSH_9.2p1 Debian-2+deb12u3"
    banner = banner.replace("{hostname}", persona.hostname)
    if banner.lower().startswith("dropbear"):
        return _dropbear(banner)
    if banner.startswith("Cisco-"):
        return _cisco(persona, banner)
    found = re.match(r"OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)", banner)
    version = (int(found[1]), int(found[2])) if found else (9, 2)
    methods: tuple[str, ...] = ("publickey", "password")
    if persona.release.startswith("rocky"):
        methods = ("publickey", "gssapi-keyex", "gssapi-with-mic", "password")
    elif "for_Windows" in banner:
        methods = ("publickey", "password", "keyboard-interactive")
    host_keys: tuple[str, ...] = ("rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519")
    if version < (8, 8):
        order = (
            ("ssh-rsa", "rsa-sha2-512", "rsa-sha2-256")
            if version < (8, 0)
            else ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")
        )
        host_keys = (*order, "ecdsa-sha2-nistp256", "ssh-ed25519")
    return Dialect(
        banner, version, _kex(version, banner), host_keys, _ciphers(persona), MACS,
        ("none", "zlib@openssh.com"), _extensions(version), methods,
    )  # fmt: skip


def _kex(version: tuple[int, int], banner: str) -> tuple[str, ...]:
    kex: tuple[str, ...] = (*CURVE, *ECDH, GEX, *LARGE)
    if version < (8, 2):
        kex = (*kex, "diffie-hellman-group14-sha1")
    if version >= (8, 9):
        kex = (SNTRUP, *kex)
    if version >= (9, 6):
        kex = (*kex, "ext-info-s")
    return (*kex, STRICT) if version >= (9, 6) or _patched(banner) else kex


def _patched(banner: str) -> bool:
    for first in PATCHED:
        base, number = first[:-1].rstrip("0123456789"), int(re.findall(r"\d+", first)[-1])
        found = re.search(re.escape(base) + r"(\d+)", banner)
        if found and int(found[1]) >= number:
            return True
    return False


def _ciphers(persona: Persona) -> tuple[str, ...]:
    if persona.release.startswith("rocky"):
        return ("aes256-gcm@openssh.com", CHACHA, "aes256-ctr", "aes128-gcm@openssh.com", "aes128-ctr")
    return (CHACHA, *CTR, *GCM)


def _extensions(version: tuple[int, int]) -> tuple[tuple[str, str], ...]:
    if version < (7, 2):
        return ()
    if version < (8, 9):
        tail = ",ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss"
        found = "ssh-ed25519" + tail + "," + OLD_SIGNATURES
        if version >= (8, 2):
            found = (
                "ssh-ed25519,sk-ssh-ed25519@openssh.com,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,"
                + OLD_SIGNATURES
            )
            found += ",sk-ecdsa-sha2-nistp256@openssh.com"
        return (("server-sig-algs", found),)
    extensions: tuple[tuple[str, str], ...] = (
        ("server-sig-algs", SIGNATURES + "ssh-dss,ssh-rsa,rsa-sha2-256,rsa-sha2-512"),
        ("publickey-hostbound@openssh.com", "0"),
    )
    return (*extensions, ("ping@openssh.com", "0")) if version >= (9, 5) else extensions


def _cisco(persona: Persona, banner: str) -> Dialect:
    """The defaults of IOS 15.2(7)E and of IOS XE 16.12.

    Source: Cisco's Secure Shell configuration guides of these releases.
    """
    kex: tuple[str, ...] = ("diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1")
    macs: tuple[str, ...] = ("hmac-sha2-256", "hmac-sha2-512", "hmac-sha1")
    keys: tuple[str, ...] = ("ssh-rsa",)
    if persona.release.startswith("cisco-ios-xe"):
        kex, keys = (*ECDH, "diffie-hellman-group14-sha1"), ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")
    return Dialect(
        banner, (0, 0), kex, keys, CTR, macs, ("none",), (), ("publickey", "keyboard-interactive", "password"),
        tries=3, shows_keys=False,
    )  # fmt: skip


def _dropbear(banner: str) -> Dialect:
    """Dropbear as its sources build it; OpenWrt's, whose banner has no version, without ECDSA and compression.

    Source: default_options.h, sysoptions.h, common-algo.c and svr-runopts.c of 2020.81, CHANGES from 2018.76 to
    2022.83, the KEXINIT of 2022.83, and the package's Makefile and Config.in of OpenWrt 21.02.
    """
    if banner == "dropbear":
        return _of_openwrt(banner)
    year = int((re.findall(r"\d{4}", banner) or ["2020"])[0])
    kex = (*CURVE, *reversed(ECDH), "diffie-hellman-group14-sha256", "diffie-hellman-group14-sha1", GUESS)
    if year < 2020:
        return Dialect(
            banner, (0, 0), kex, ("ecdsa-sha2-nistp256", "ssh-rsa"), OLD_CIPHERS,
            ("hmac-sha1-96", "hmac-sha1", "hmac-sha2-256"), ("zlib@openssh.com", "none"), (),
            ("publickey", "password"), tries=10, dropbear=True, shows_keys=False,
        )  # fmt: skip
    known = ("ssh-ed25519", *OLD_SIGNATURES.split(","), "rsa-sha2-256", "ssh-rsa")
    return Dialect(
        banner, (0, 0), kex, ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256", "ssh-rsa"),
        (CHACHA, "aes128-ctr", "aes256-ctr"), ("hmac-sha1", "hmac-sha2-256"), ("zlib@openssh.com", "none"),
        (("server-sig-algs", ",".join(known)),), ("publickey", "password"), tries=10, dropbear=True, shows_keys=False,
    )  # fmt: skip


def _of_openwrt(banner: str) -> Dialect:
    keys = ("ssh-ed25519", "rsa-sha2-256", "ssh-rsa")
    kex = (*CURVE, "diffie-hellman-group14-sha256", "diffie-hellman-group14-sha1", GUESS)
    return Dialect(
        banner, (0, 0), kex, keys, (CHACHA, "aes128-ctr", "aes256-ctr"), ("hmac-sha1", "hmac-sha2-256"), ("none",),
        (("server-sig-algs", ",".join(keys)),), ("publickey", "password"), tries=3, dropbear=True, shows_keys=False,
    )  # fmt: skip
