"""The contents of the images as data: packages, wheels, and the two build files."""

from dataclasses import dataclass
from typing import Final

ROOT_IMAGE: Final = "debian:bookworm-slim"
SUITE: Final = "bookworm"
PYTHON: Final = "3.11"
PACKAGES: Final = ("busybox-static", "libpython3-stdlib", "nftables", "python3-minimal")

UNWANTED: Final = (
    "boot", "home", "media", "mnt", "opt", "root", "srv", "var",
    "bin/tar", "etc/apt", "etc/cron.*", "etc/dpkg", "etc/systemd",
    "lib/systemd", "lib/udev",
    "sbin/start-stop-daemon", "sbin/unix_chkpwd",
    "usr/bin/dpkg*", "usr/bin/perl*", "usr/games", "usr/include", "usr/sbin/*", "usr/share",
    "usr/lib/*/gconv", "usr/lib/*/krb5", "usr/lib/*/libdb-*", "usr/lib/*/libsqlite3*", "usr/lib/*/perl-base",
    "usr/lib/apt", "usr/lib/dpkg", "usr/lib/systemd", "usr/lib/udev", "usr/local",
    "lib/*/libmvec*", "usr/lib/*/libmvec*",
    "usr/lib/python3.11/__phello__", "usr/lib/python3.11/config-*", "usr/lib/python3.11/ensurepip",
    "usr/lib/python3.11/idlelib", "usr/lib/python3.11/lib2to3", "usr/lib/python3.11/pydoc_data",
    "usr/lib/python3.11/sqlite3", "usr/lib/python3.11/test", "usr/lib/python3.11/tkinter",
    "usr/lib/python3.11/turtledemo", "usr/lib/python3.11/unittest", "usr/lib/python3.11/wsgiref",
    "usr/lib/python3.11/lib-dynload/_dbm*", "usr/lib/python3.11/lib-dynload/_sqlite3*",
    "usr/lib/python3.11/lib-dynload/_codecs_*",
)  # fmt: skip
"""Files that no program in an image reads, as patterns below `/`. Less to ship, and fewer tools for an
attacker."""

KEEP: Final = ("usr/sbin/nft", "usr/sbin/nologin")
"""Exceptions from UNWANTED."""


@dataclass(frozen=True)
class Wheel:
    """One Python package of the decoy image, with the SHA-256 of its wheel per architecture."""

    name: str
    version: str
    sha256: dict[str, str]


WHEELS: Final = (
    Wheel("cffi", "2.1.1", {
        "aarch64": "3311ed60d36f83378794e1009ac6258bafbf81f7888b4caa7b35a521e3f95813",
        "x86_64": "34e261f78cb6ceaaa36f42f2613f4380d94d9c759a9c73c769ee6e0247364632",
    }),
    Wheel("cryptography", "50.0.2", {
        "aarch64": "f9f6143a8c75945eb960d9eb98905a441394abfa24afaae239d514ffb2586480",
        "x86_64": "4061c0079120205fb760c58acab6443e217307dcf05e3702cf970e0689972856",
    }),
)  # fmt: skip

UNPACKED_ONLY: Final = {"cffi": ("_cffi_backend",)}
"""Only the files of these wheels with one of these prefixes are included: nothing imports the others."""

BASE_BUILD: Final = """\
FROM {root}
LABEL decnet.content="{content}"
COPY start.py *.nft /
RUN ["/usr/bin/python3.11", "-I", "-S", "-m", "compileall", "-b", "-q", "/start.py"]
STOPSIGNAL SIGKILL
ENTRYPOINT ["/usr/bin/python3.11", "-I", "-S", "/start.pyc"]
"""

DECOYS_BUILD: Final = """\
FROM {root}
LABEL decnet.content="{content}"
COPY packages /usr/lib/python3/dist-packages
WORKDIR /usr/lib/python3/dist-packages
RUN ["/usr/bin/python3.11", "-OO", "-I", "-S", "-m", "compileall", "-q", "-j", "2", "."]
WORKDIR /
USER 65534:65534
STOPSIGNAL SIGTERM
ENV PYTHONHASHSEED=random
ENTRYPOINT ["/usr/bin/python3.11", "-OO", "-I", "-m", "decoys"]
"""
