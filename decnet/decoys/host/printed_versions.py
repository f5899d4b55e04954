# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The versions in recorded texts of programs, replaced by those of a machine's own packages."""

from __future__ import annotations

import re
import time

from .packages import Package, Packages

OPENSSL = {
    "11": "1.1.1w  11 Sep 2023", "12": "3.0.13 30 Jan 2024", "20.04": "1.1.1f  31 Mar 2020", "22.04": "3.0.2 15 Mar 2022",
    "24.04": "3.0.13 30 Jan 2024", "8.10": "1.1.1k  FIPS 25 Mar 2021", "9.4": "3.0.7 1 Nov 2022",
}  # fmt: skip
"""By the system's version, that of its own package with the date of its release."""
FEATURES = {
    "245": "+PAM +AUDIT +SELINUX +IMA +APPARMOR +SMACK +SYSVINIT +UTMP +LIBCRYPTSETUP +GCRYPT +GNUTLS +ACL +XZ +LZ4 +SECCOMP +BLKID +ELFUTILS +KMOD +IDN2 -IDN +PCRE2 default-hierarchy=hybrid",
    "247": "+PAM +AUDIT +SELINUX +IMA +APPARMOR +SMACK +SYSVINIT +UTMP +LIBCRYPTSETUP +GCRYPT +GNUTLS +ACL +XZ +LZ4 +ZSTD +SECCOMP +BLKID +ELFUTILS +KMOD +IDN2 -IDN +PCRE2 default-hierarchy=unified",
    "249": "+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT +GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 -IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY -P11KIT -QRENCODE +BZIP2 +LZ4 +XZ +ZLIB +ZSTD -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified",
    "252": "+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 -IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY +P11KIT +QRENCODE +TPM2 +BZIP2 +LZ4 +XZ +ZLIB +ZSTD -BPF_FRAMEWORK -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified",
    "255": "+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 -IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY +P11KIT +QRENCODE +TPM2 +BZIP2 +LZ4 +XZ +ZLIB +ZSTD -BPF_FRAMEWORK -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified",
}  # fmt: skip
"""How Debian and Ubuntu built systemd, by its version (`systemctl --version`)."""
BASH = {"11": "5.1.4", "12": "5.2.15", "20.04": "5.0.17", "22.04": "5.1.16", "24.04": "5.2.21"}
"""The version of bash with its patch level, by the system's version."""
VIM_RELEASED = {"8.1": "2018 May 18", "8.2": "2019 Dec 12", "9.0": "2022 Jun 28", "9.1": "2024 Jan 02"}
"""When versions of vim were released, as it prints it."""
CURL_RELEASED = {
    "7.68.0": "2020-01-08", "7.74.0": "2020-12-09", "7.81.0": "2022-01-05", "7.88.1": "2023-02-20", "8.5.0": "2023-12-06",
}  # fmt: skip
"""When versions of curl were released (curl.se/docs/releases.html)."""
OLD_CURL = ("7.68.0", "7.74.0")
"""Those that do not name all of their libraries."""
CURL_PATCHED = ("7.88.1", "8.5.0")
"""Those whose packages print their own version, too."""
LINKED = {
    "zlib": "zlib1g", "brotli": "libbrotli1", "zstd": "libzstd1", "libidn2": "libidn2-0", "libpsl": "libpsl5", "libssh2": "libssh2-1",
    "libssh": "libssh-4", "nghttp2": "libnghttp2-14", "OpenLDAP": "libldap-2.5-0",
}  # fmt: skip
"""What curl names of its libraries, and their packages."""
BARE = ("dpkg", "debianutils")
"""Packages whose programs print only upstream's version."""


def with_own_versions(text: bytes, package: str, recorded: str, packages: Packages, version: str) -> bytes:
    """A text of a program of `package`, recorded when that had the version `recorded`; `version`: that of the
    system."""
    own = packages.get(package)
    if own is None:
        return text
    if package not in BARE:
        text = _replaced(
            text, recorded.partition(":")[2] or recorded, own.version.partition(":")[2] or own.version
        )
    text = _replaced(text, upstream(recorded), upstream(own.version))
    maker = b"Ubuntu" if "." in version else b"Debian"
    text = re.sub(rb"\((?:Debian|Ubuntu) (?=GLIBC |\d:)", b"(" + maker + b" ", text)
    if package.startswith(("systemd", "udev")):
        text = _of_systemd(text, own.version)
    if package.startswith("vim"):
        text = _of_vim(text, own)
    if package == "bash" and version in BASH:
        year = {"5.0": b"2019", "5.1": b"2020"}.get(BASH[version][:3], b"2022")
        text = re.sub(rb"(?<=version )\d\.\d\.\d+(?=\(1\))", BASH[version].encode(), text)
        text = re.sub(rb"(?<=\(C\) )20\d\d(?= Free Software)", year, text)
    if package == "perl-base":
        minor, _, patch = upstream(own.version).removeprefix("5.").partition(".")
        text = re.sub(rb"version \d+, subversion \d+", f"version {minor}, subversion {patch}".encode(), text)
    if package == "curl":
        text = _of_curl(text, own.version, packages, version)
    return text


def upstream(version: str) -> str:
    """What of a package's version the program itself prints: neither the epoch nor what a distribution adds."""
    bare = (version.partition(":")[2] or version).rpartition("+really")[2]
    found = re.match(r"\d+(?:\.\d+)*(?:p\d+|[a-z](?![a-z]))?", bare)
    return found[0] if found else bare


def _replaced(text: bytes, before: str, after: str) -> bytes:
    pattern = rb"(?<![\d.])" + re.escape(before.encode()) + rb"(?!\d|\.\d|[+~-]?\w)"
    return re.sub(pattern, after.encode().replace(b"\\", b"\\\\"), text)


def _of_vim(text: bytes, own: Package) -> bytes:
    number, _, patch = upstream(own.version).rpartition(".")
    built = time.strftime("%b %d %Y %H:%M:%S", time.gmtime(own.made))
    text = re.sub(rb"(?<=compiled )\w{3} \d\d \d{4} [\d:]{8}", built.encode(), text)
    if number in VIM_RELEASED:
        named = f"{number} ({VIM_RELEASED[number]},".encode()
        text = re.sub(rb"(?<=IMproved )\d\.\d \([^,]*,", named, text)
        text = re.sub(rb"(?<=patches: 1-)\d+", str(int(patch)).encode(), text)
    return text


def _of_systemd(text: bytes, own: str) -> bytes:
    number = upstream(own).partition(".")[0]
    text = re.sub(
        rb"\b(systemd|kernel-install|udevadm)? ?\b\d{3}(?= \(\d{3})",
        lambda found: (found[1] + b" " if found[1] else b"") + number.encode(),
        text,
    )
    text = number.encode() + b"\n" if re.fullmatch(rb"\d{3}\n", text) else text
    features = FEATURES.get(number)
    return re.sub(rb"(?m)^\+PAM .*$", features.encode(), text) if features else text


def _library(packages: Packages, name: str) -> Package | None:
    """A library's package; Ubuntu 24.04 has other names for some."""
    other = {"libpsl5": "libpsl5t64", "libldap-2.5-0": "libldap2"}.get(name, name)
    return packages.get(name) or packages.get(other)


def version_of(packages: Packages | None, name: str, default: str) -> str:
    """What a package's programs print as their version; `default` on systems without it."""
    own = packages.get(name) if packages is not None else None
    return upstream(own.version) if own is not None else default


def _of_curl(text: bytes, own: str, packages: Packages, version: str) -> bytes:
    found = upstream(own)
    if b"Release-Date: " not in text:
        return text
    text = re.sub(rb"(?<=OpenSSL/)[\d.]+\w?", OPENSSL[version].split()[0].encode(), text)
    old = found in OLD_CURL
    for name, package in LINKED.items():
        library = None if old and name in ("zstd", "OpenLDAP") else _library(packages, package)
        number = upstream(library.version).encode() if library else b""
        text = re.sub(
            rb"(?<=[ +(])" + name.encode() + rb"/[\d.]*\d",
            name.encode() + b"/" + number if number else b"",
            text,
        )
    text = re.sub(rb"(?: libssh/[\d.]+)?(?:/| /)openssl/zlib", b"", re.sub(rb" libssh2/[\d.]+", b"", text))
    ssh, ssh2 = packages.get("libssh-4"), packages.get("libssh2-1")
    shown = f" libssh2/{upstream(ssh2.version)}" if ssh2 else ""
    shown = f" libssh/{upstream(ssh.version)}/openssl/zlib" if ssh and not ssh2 else shown
    text = re.sub(rb"(?= nghttp2)", shown.encode(), text, count=1)
    text = re.sub(rb"(?<=\S)  +(?=\S)", b" ", text)
    patched = f", security patched: {own.partition(':')[2] or own}" if found in CURL_PATCHED else ""
    return re.sub(
        rb"(?m)^Release-Date: .*$", f"Release-Date: {CURL_RELEASED.get(found, '')}{patched}".encode(), text
    )
