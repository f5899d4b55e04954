"""Applets that BusyBox has in a form of its own: each is loaded when a visitor first uses it."""

from functools import cache
from importlib import import_module

from ..process import Command

MODULES = {
    "processes": "ps",
    "accounts": "passwd adduser addgroup deluser delgroup",
    "machine": "who w last init telinit chroot crontab df lsof",
    "killing": "killall",
    "small": "usleep linux32 linux64 ifup ifdown",
    "encoded": "crc32 uuencode uudecode mkpasswd dos2unix unix2dos ipcalc",
    "logins": "login",
    "ed": "ed",
    "lan": "udhcpc arping brctl",
    "daemons": "crond syslogd klogd telnetd ntpd mdev udhcpd dnsd inetd httpd watchdog logread getty rdate "
    "dumpleases",
    "files": "mktemp rm touch cal tail date",
    "routes": "route arp",
    "ip_words": "ip ipaddr iplink iproute ipneigh iprule",
}
"""Names of applets, separated by blanks, by the module of this package whose COMMANDS has them."""


def own_command(name: str) -> Command | None:
    """BusyBox's own command of this name, None if it is that of other systems with other texts."""
    module = _places().get(name)
    if module is None:
        return None
    found: Command = import_module(f".{module}", __package__).COMMANDS[name]
    return found


@cache
def _places() -> dict[str, str]:
    return {name: module for module, names in MODULES.items() for name in names.split()}
