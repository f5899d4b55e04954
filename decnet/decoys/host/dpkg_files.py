# ruff: noqa: E501 (formats)
"""The database of dpkg: /var/lib/dpkg, and the lists of apt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .node import Node
from .packages import Package, Packages

if TYPE_CHECKING:
    from .model import World

INFO = "/var/lib/dpkg/info"
DIVERSIONS = b"/usr/share/man/man1/sh.1.gz\n/usr/share/man/man1/sh.distrib.1.gz\ndash\n/bin/sh\n/bin/sh.distrib\ndash\n"
OVERRIDES = (
    b"root crontab 2755 /usr/bin/crontab\nroot messagebus 4754 /usr/lib/dbus-1.0/dbus-daemon-launch-helper\n"
)


def files(world: World, packages: Packages) -> dict[str, Node]:
    """The nodes of /var/lib/dpkg by their names: the texts are made when they are read."""
    last = max(each.unpacked for each in packages.values()) + 90
    found: dict[str, Node] = {}
    size = sum(_status_size(packages, each) for each in packages.values())
    for name, changed in (("status", last), ("status-old", last - 2)):
        found[name] = Node(size=size, live=partial(status, packages), changed=changed)
    found["available"] = Node(changed=world.installed + 30)
    texts = {"cmethopt": b"apt apt\n", "diversions": DIVERSIONS, "diversions-old": DIVERSIONS[: DIVERSIONS.index(b"/bin/sh")], "statoverride": OVERRIDES}  # fmt: skip # noqa: E501
    for name, mode in (
        ("lock", 0o640),
        ("lock-frontend", 0o640),
        ("diversions", 0o644),
        ("diversions-old", 0o644),
        ("statoverride", 0o644),
        ("statoverride-old", 0o644),
        ("cmethopt", 0o644),
    ):
        found[name] = Node(
            mode, content=texts.get(name, b""), changed=last if "lock" in name else world.installed + 200
        )
    found["arch"] = Node(content=b"amd64\n", changed=world.installed + 10)
    return found


def info(packages: Packages) -> dict[str, Node]:
    """The nodes of the folder `info`."""
    found: dict[str, Node] = {}
    for package in packages.values():
        found |= _info(packages, package)
    return found


def full_name(packages: Packages, package: Package) -> str:
    """The name of its files in the database: those of multi-arch libraries have the architecture."""
    fields, _, _ = packages.control(package)
    return f"{package.name}:{package.architecture}" if "Multi-Arch: same\n" in fields else package.name


def _info(packages: Packages, package: Package) -> dict[str, Node]:
    _, scripts, conffiles = packages.control(package)
    base = full_name(packages, package)
    unpacked = package.unpacked
    found = {
        f"{base}.list": Node(
            size=_list_size(package), live=partial(file_list, packages, package), changed=unpacked + 2
        )
    }
    for name in scripts:
        if name == "conffiles":
            text = "".join(f"{path}\n" for path, _ in conffiles)
            found[f"{base}.conffiles"] = Node(content=text.encode(), changed=package.made)
            continue
        mode = 0o755 if name in ("preinst", "postinst", "prerm", "postrm", "config") else 0o644
        from .packaged import unknown_content

        size = 150 + sum(map(ord, base + name)) * 37 % 3_000
        live = partial(unknown_content, f"{INFO}/{base}.{name}", package.version, b"", size)
        found[f"{base}.{name}"] = Node(mode, size=size, live=live, changed=package.made)
    return found


def _list_size(package: Package) -> int:
    return 120 + package.size * 7 % 9_000


def file_list(packages: Packages, package: Package) -> bytes:
    """The content of a .list file."""
    return "".join(f"{path}\n" for path in packages.paths(package)).encode()


def stanza(packages: Packages, package: Package) -> str:
    """A package's paragraph in the status file."""
    fields, _, conffiles = packages.control(package)
    values = dict(_fields(fields))
    multi = values.pop("Multi-Arch", "")
    rows = [("Package", package.name), ("Essential", values.pop("Essential", "")), ("Protected", values.pop("Protected", "")), ("Status", "install ok installed"),
            ("Priority", package.priority), ("Section", package.section), ("Installed-Size", str(package.size)), ("Maintainer", values.pop("Maintainer", "")),
            ("Architecture", package.architecture), ("Multi-Arch", multi), ("Source", values.pop("Source", "")), ("Version", package.version)]  # fmt: skip
    description = values.pop("Description", "")
    order = (
        "Replaces",
        "Provides",
        "Depends",
        "Pre-Depends",
        "Recommends",
        "Suggests",
        "Breaks",
        "Conflicts",
        "Enhances",
    )
    rows += [(name, values.pop(name)) for name in order if name in values]
    if conffiles:
        rows.append(("Conffiles", "\n" + "\n".join(f" {path} {digest}" for path, digest in conffiles)))
    rows.append(("Description", description))
    rows += list(values.items())
    return "".join(f"{name}: {value}\n".replace(": \n", ":\n") for name, value in rows if value)


def _fields(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if line.startswith(" ") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
        elif line:
            name, _, value = line.partition(": ")
            found.append((name, value))
    return found


def _status_size(packages: Packages, package: Package) -> int:
    return len(stanza(packages, package).encode()) + 1


def status(packages: Packages) -> bytes:
    """The content of the status file."""
    return "".join(stanza(packages, each) + "\n" for each in packages.values()).encode()
