# ruff: noqa: E501 (lists of names)
"""The links by which scripts of packages enable modules and sites of web servers, and those of mail servers.
Sources: apache2, nginx and exim4 of Debian and Ubuntu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .node import Node

if TYPE_CHECKING:
    from .model import World
    from .packaged import PackagedFiles

MODULES = [
    "access_compat",
    "alias",
    "auth_basic",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_host",
    "authz_user",
    "autoindex",
    "deflate",
    "dir",
    "env",
    "filter",
    "mime",
    "mpm_event",
    "negotiation",
    "reqtimeout",
    "setenvif",
    "status",
]
CONFIGURATIONS = ["charset", "localized-error-pages", "other-vhosts-access-log", "security", "serve-cgi-bin"]


EXIM = {
    "/usr/sbin/sendmail": "exim4",
    "/usr/bin/mailq": "../sbin/exim4",
    "/usr/bin/newaliases": "../sbin/exim4",
}


def apache(world: World, packaged: PackagedFiles, since: int) -> dict[str, Node]:
    """The links of Apache; `since` is when it was installed."""
    names = [f"mods-enabled/{name}.{end}" for name in MODULES for end in ("load", "conf")]
    names += [f"conf-enabled/{name}.conf" for name in CONFIGURATIONS]
    return _links(world, packaged, "/etc/apache2", [*names, "sites-enabled/000-default.conf"], since)


def nginx(world: World, packaged: PackagedFiles, since: int) -> dict[str, Node]:
    """The link of nginx."""
    found = _links(world, packaged, "/etc/nginx", ["sites-enabled/default"], since)
    return {
        path: Node(0o777, target=path.replace("enabled", "available"), changed=node.changed)
        for path, node in found.items()
    }


def exim(packaged: PackagedFiles) -> dict[str, Node]:
    """The names of its package that Postfix' package has, too."""
    package = packaged.packages.get("exim4-daemon-light")
    changed = package.made if package is not None else 0
    return {path: Node(0o777, target=target, changed=changed) for path, target in EXIM.items()}


def _links(
    world: World, packaged: PackagedFiles, folder: str, names: list[str], since: int
) -> dict[str, Node]:
    when = max(world.installed + 900, since)
    return {
        f"{folder}/{name}": Node(0o777, target=f"../{name.replace('-enabled', '-available')}", changed=when)
        for name in names
        if packaged.get(f"{folder}/{name.replace('-enabled', '-available')}") is not None
    }
