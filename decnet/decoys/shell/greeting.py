"""What a login shows before the first prompt."""

from __future__ import annotations

import time

from ..host.logins import last_login, usual_login
from ..host.world import World
from ..visitor_logins import Login
from .busybox_titles import title_of


def greeting(world: World, last: Login | None, source: str, user: str = "root") -> str:
    """The message of the day and the last login: the visitor's own, who always has the same `source`, or that
    of an administrator."""
    motd = world.persona.text("motd")
    system = world.system
    if motd is not None:
        return motd.replace("\r\n", "\n").rstrip("\n") + "\n" if motd else ""
    if system.has_ash:
        banner = world.nodes.get("/etc/banner")
        return of_ash(world) + (banner.content.decode() if banner is not None else "")
    when, where = (last.began, source) if last is not None else usual_login(world, time.time())
    own = last_login(world, user, world.user, time.time()) if last is None else None
    if own is not None:
        when = own.began
    end = f"Last login: {time.strftime('%a %b %e %H:%M:%S %Y', time.gmtime(when))} from {where}\n"
    head = f"Linux {world.hostname} {system.kernel} {system.build} {system.machine}\n\n"
    if system.id == "ubuntu":
        return f"Welcome to {system.name} (GNU/Linux {system.kernel} {system.machine})\n\n{end}"
    if system.id == "debian":
        free = "The programs included with this system are free software; see /usr/share/doc/*/copyright.\n\n"
        return head + free + end
    return end


def of_ash(world: World) -> str:
    """What BusyBox's shell shows before its first prompt."""
    helps = "Enter 'help' for a list of built-in commands.\n" if world.build.helps else ""
    return f"\n\nBusyBox {title_of(world)} built-in shell (ash)\n{helps}\n"
