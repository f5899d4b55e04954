"""Every place at which a decoy waits for a visitor, and how a test gets there."""

from . import on_ftp, on_http, on_mysql, on_redis, on_smtp, on_ssh, on_telnet

MODULES = (on_ftp, on_http, on_mysql, on_redis, on_smtp, on_ssh, on_telnet)
GROUPS = tuple(group for module in MODULES for group in module.GROUPS)
