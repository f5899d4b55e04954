"""Every way to send a credential to a decoy that a test knows of."""

from . import on_ftp, on_http, on_mysql, on_redis, on_smtp, on_snmp, on_ssh, on_telnet

MODULES = (on_ftp, on_http, on_mysql, on_redis, on_smtp, on_snmp, on_ssh, on_telnet)
TARGETS = tuple(target for module in MODULES for target in module.TARGETS)
