# ruff: noqa: E501 (rows of a file)
"""Where APT gets packages from: the sources that the installers write."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import World


def debian_sources(world: World) -> str:
    """/etc/apt/sources.list as Debian's installer writes it."""
    codename, version = world.system.codename, world.system.version
    parts = "main" if version == "11" else "main non-free-firmware"
    rows = [
        ("http://ftp.de.debian.org/debian/", codename),
        ("http://security.debian.org/debian-security", f"{codename}-security"),
        ("http://ftp.de.debian.org/debian/", f"{codename}-updates"),
    ]
    notes = (
        "",
        "",
        f"# {codename}-updates, to get updates before a point release is made;\n# see https://www.debian.org/doc/manuals/debian-reference/ch02.en.html#_updates_and_backports\n",
    )
    return "\n".join(
        f"{note}deb {base} {suite} {parts}\ndeb-src {base} {suite} {parts}\n"
        for (base, suite), note in zip(rows, notes, strict=True)
    )


def ubuntu_sources(world: World) -> dict[str, str]:
    """The files of APT's sources on Ubuntu by path."""
    name = world.system.codename
    if world.system.version == "24.04":
        return {
            "/etc/apt/sources.list": "# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n",
            "/etc/apt/sources.list.d/ubuntu.sources": "".join(
                f"Types: deb\nURIs: {base}\nSuites: {suites}\nComponents: main restricted universe multiverse\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n\n"
                for base, suites in (
                    ("http://archive.ubuntu.com/ubuntu/", f"{name} {name}-updates {name}-backports"),
                    ("http://security.ubuntu.com/ubuntu/", f"{name}-security"),
                )
            ).rstrip("\n")
            + "\n",
        }
    lines = [
        "# See http://help.ubuntu.com/community/UpgradeNotes for how to upgrade to\n# newer versions of the distribution."
    ]
    for suite in (name, f"{name}-updates", f"{name}-backports", f"{name}-security"):
        base = (
            "http://security.ubuntu.com/ubuntu"
            if suite.endswith("security")
            else "http://archive.ubuntu.com/ubuntu"
        )
        lines += [
            f"deb {base} {suite} main restricted",
            f"# deb-src {base} {suite} main restricted",
            f"deb {base} {suite} universe",
            f"deb {base} {suite} multiverse",
        ]
    return {"/etc/apt/sources.list": "\n".join(lines) + "\n"}
