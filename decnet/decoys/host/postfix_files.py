"""main.cf and master.cf of Postfix as the package's scripts write them for an Internet site, with logins.

Source: postfix of Debian 12, its postinst and master.cf.dist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import World

MAIN = """# See /usr/share/postfix/main.cf.dist for a commented, more complete version


# Debian specific:  Specifying a file name will cause the first
# line of that file to be used as the name.  The Debian default
# is /etc/mailname.
#myorigin = /etc/mailname

smtpd_banner = $myhostname ESMTP $mail_name ({vendor})
biff = no

# appending .domain is the MUA's job.
append_dot_mydomain = no

# Uncomment the next line to generate "delayed mail" warnings
#delay_warning_time = 4h

readme_directory = no

# See http://www.postfix.org/COMPATIBILITY_README.html -- default to {level} on
# fresh installs.
compatibility_level = {level}



# TLS parameters
smtpd_tls_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem
smtpd_tls_key_file=/etc/ssl/private/ssl-cert-snakeoil.key
smtpd_tls_security_level=may

smtp_tls_CApath=/etc/ssl/certs
smtp_tls_security_level=may
smtp_tls_session_cache_database = btree:${{data_directory}}/smtp_scache


smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = {host}
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
myorigin = /etc/mailname
mydestination = $myhostname, {host}, localhost.localdomain, , localhost
relayhost =
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all
smtpd_sasl_auth_enable = yes
"""
SERVICES = """smtp inet n - y - - smtpd
submission inet n - y - - smtpd
pickup unix n - y 60 1 pickup
cleanup unix n - y - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - y 1000? 1 tlsmgr
rewrite unix - - y - - trivial-rewrite
bounce unix - - y - 0 bounce
defer unix - - y - 0 bounce
trace unix - - y - 0 bounce
verify unix - - y - 1 verify
flush unix n - y 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - y - - smtp
relay unix - - y - - smtp
showq unix n - y - - showq
error unix - - y - - error
retry unix - - y - - error
discard unix - - y - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - y - - lmtp
anvil unix - - y - 1 anvil
scache unix - - y - 1 scache
postlog unix-dgram n - n - 1 postlogd"""
HEAD = """#
# Postfix master process configuration file.  For details on the format
# of the file, see the master(5) manual page (command: "man 5 master" or
# on-line: http://www.postfix.org/master.5.html).
#
# Do not forget to execute "postfix reload" after editing this file.
#
# ==========================================================================
# service type  private unpriv  chroot  wakeup  maxproc command + args
#               (yes)   (yes)   (no)    (never) (100)
# ==========================================================================
"""
WIDTHS = (9, 5, 7, 7, 7, 7, 7)
LEVEL_2 = ("11", "20.04")
"""Releases whose Postfix is older than 3.6."""


def files(world: World) -> dict[str, bytes]:
    """Contents by path."""
    vendor = "Ubuntu" if world.system.id == "ubuntu" else "Debian/GNU"
    level = "2" if world.system.version in LEVEL_2 else "3.6"
    main = MAIN.format(vendor=vendor, level=level, host=world.hostname)
    rows = [row.split(" ") for row in SERVICES.splitlines()]
    if world.system.version in LEVEL_2:
        rows = [row for row in rows if row[0] != "postlog" or world.system.version == "11"]
    lines = (
        "".join(f"{word:<{width}} " for word, width in zip(row[:-1], WIDTHS, strict=True)) + row[-1]
        for row in rows
    )
    return {
        "/etc/postfix/main.cf": main.encode(),
        "/etc/postfix/master.cf": (HEAD + "".join(f"{line}\n" for line in lines)).encode(),
    }
