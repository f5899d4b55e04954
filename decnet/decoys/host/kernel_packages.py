# ruff: noqa: E501 (facts in rows)
"""The packages of the kernel, which the data of the releases lacks: the machine's kernel decides which they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..machine import System, day
from .dates import of_build

if TYPE_CHECKING:
    from .model import World

UBUNTU_META = {
    "5.4.0-192": "5.4.0.192.190",
    "5.15.0-119": "5.15.0.119.119",
    "5.15.0-133": "5.15.0.133.132",
    "6.8.0-41": "6.8.0-41.41",
}
"""Versions of linux-image-generic by kernel."""
SIZES = {
    "debian-11": 301_264,
    "debian-12": 398_440,
    "image": 14_500,
    "modules": 79_200,
    "extra": 360_600,
    "meta": 13,
}
"""Installed-Size in KiB: of Debian's image, and of Ubuntu's parts."""
DEBIAN = "Maintainer: Debian Kernel Team <debian-kernel@lists.debian.org>\n"
UBUNTU = "Maintainer: Canonical Kernel Team <kernel-team@lists.ubuntu.com>\n"


@dataclass(frozen=True, slots=True)
class KernelPackage:
    """One package: its size in KiB, its fields as in the data of a release, and the files that it has brought."""

    name: str
    version: str
    size: int
    fields: str
    paths: tuple[str, ...] = ()


def kernel_packages(system: System) -> list[KernelPackage]:
    """The installed ones by name, [] where they are not known."""
    if system.id == "debian":
        return _debian(system)
    return _ubuntu(system) if system.id == "ubuntu" else []


def _debian(system: System) -> list[KernelPackage]:
    kernel, version = system.kernel, system.build.split(" (")[0].split()[-1]
    series = ".".join(kernel.split(".")[:2])
    depends = "kmod, linux-base (>= 4.3~), initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool"
    image = f"{DEBIAN}Source: linux-signed-amd64 ({version.replace('-', '+', 1)})\nDepends: {depends}\nSuggests: linux-doc-{series}, debian-kernel-handbook, grub-pc | grub-efi-amd64 | extlinux\nDescription: Linux {series} for 64-bit PCs (signed)\n"
    meta = f"{DEBIAN}Source: linux-signed-amd64 ({version.replace('-', '+', 1)})\nDepends: linux-image-{kernel} (= {version})\nDescription: Linux for 64-bit PCs (meta-package)\n"
    files = (*_boot(kernel, "config", "System.map", "vmlinuz"), f"/lib/modules/{kernel}")
    return [
        KernelPackage(f"linux-image-{kernel}", version, SIZES[f"debian-{system.version}"], image, files),
        KernelPackage("linux-image-amd64", version, SIZES["meta"], meta),
    ]


def _ubuntu(system: System) -> list[KernelPackage]:
    kernel, base = system.kernel, system.kernel.removesuffix("-generic")
    version = f"{base}.{system.build.partition('#')[2].partition('-')[0]}"
    plain = base.partition("-")[0]
    modules, extra = f"linux-modules-{kernel}", f"linux-modules-extra-{kernel}"
    meta = UBUNTU_META[base]

    def fields(source: str, depends: str, description: str) -> str:
        return f"{UBUNTU}Source: {source}\nDepends: {depends}\nDescription: {description}\n"

    image = fields(
        "linux-signed", f"kmod, linux-base (>= 4.5ubuntu1~16.04.1), {modules}", "Signed kernel image generic"
    )
    text = f"Linux kernel extra modules for version {plain} on 64 bit x86 SMP"
    generic = fields(
        "linux-meta", f"linux-image-{kernel}, {extra}, linux-firmware", "Generic Linux kernel image"
    )
    whole = fields(
        "linux-meta", f"linux-image-generic (= {meta})", "Complete Generic Linux kernel and headers"
    )
    return [
        KernelPackage("linux-generic", meta, SIZES["meta"], whole),
        KernelPackage(f"linux-image-{kernel}", version, SIZES["image"], image, _boot(kernel, "vmlinuz")),
        KernelPackage("linux-image-generic", meta, SIZES["meta"], generic),
        KernelPackage(
            modules,
            version,
            SIZES["modules"],
            fields("linux", "", text.replace("extra ", "")).replace("Depends: \n", ""),
            (*_boot(kernel, "System.map", "config"), f"/lib/modules/{kernel}"),
        ),
        KernelPackage(extra, version, SIZES["extra"], fields("linux", f"{modules}, wireless-regdb", text)),
    ]


def _boot(kernel: str, *names: str) -> tuple[str, ...]:
    return tuple(f"/boot/{name}-{kernel}" for name in names)


def kernel_built(world: World) -> int:
    """When the kernel was built, by what it shows itself."""
    dated = re.search(r"\((\d{4})-(\d\d)-(\d\d)\)", world.system.build)
    if dated:
        return day(f"{dated[1]}-{dated[2]}-{dated[3]}") + 10 * 3600 + 12 * 60 + 5
    return of_build(world.system.build) or world.installed
