# ruff: noqa: E501 (command lines are as `ps` prints them)
"""The daemons of an installed system and of its services, by release: unit, user, command line, memory.

The columns of a row: unit, user, comm, virtual and resident size in KiB, state, seconds of processor per day,
command line. Facts from `ps` on installed systems of these releases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..machine import Machine
from .hardware import machine_id
from .services import ServiceEntry


@dataclass(frozen=True, slots=True)
class Daemon:
    """One process of a daemon. `parent`: the comm of its parent, "" for init. `terminal` as `ps` shows it."""

    unit: str
    user: str
    name: str
    virtual: int
    resident: int
    state: str
    cpu_per_day: float
    command: str
    parent: str = ""
    terminal: str = "?"
    service: str = ""


_DBUS = "--system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only"
_AGETTY = r"/sbin/agetty -o -p -- \u --noclear"

DEBIAN_11 = f"""
systemd-journald.service|root|systemd-journal|40096|13420|Ss|2.1|/lib/systemd/systemd-journald
systemd-udevd.service|root|systemd-udevd|21748|5320|Ss|0.4|/lib/systemd/systemd-udevd
systemd-timesyncd.service|systemd-timesync|systemd-timesyn|88436|6144|Ssl|0.5|/lib/systemd/systemd-timesyncd
cron.service|root|cron|6744|2812|Ss|0.6|/usr/sbin/cron -f
dbus.service|messagebus|dbus-daemon|8276|4404|Ss|0.3|/usr/bin/dbus-daemon {_DBUS}
rsyslog.service|root|rsyslogd|220796|4876|Ssl|1.2|/usr/sbin/rsyslogd -n -iNONE
systemd-logind.service|root|systemd-logind|13940|7300|Ss|0.5|/lib/systemd/systemd-logind
getty@tty1.service|root|agetty|5844|1704|Ss+|0|{_AGETTY} tty1 linux
"""
DEBIAN_12 = f"""
systemd-journald.service|root|systemd-journal|49572|17132|Ss|2.3|/lib/systemd/systemd-journald
systemd-udevd.service|root|systemd-udevd|26720|6912|Ss|0.4|/lib/systemd/systemd-udevd
systemd-timesyncd.service|systemd-timesync|systemd-timesyn|90212|6784|Ssl|0.5|/lib/systemd/systemd-timesyncd
cron.service|root|cron|6608|2688|Ss|0.6|/usr/sbin/cron -f
dbus.service|messagebus|dbus-daemon|9308|4992|Ss|0.3|/usr/bin/dbus-daemon {_DBUS}
rsyslog.service|root|rsyslogd|222172|6528|Ssl|1.2|/usr/sbin/rsyslogd -n -iNONE
systemd-logind.service|root|systemd-logind|25388|7936|Ss|0.5|/lib/systemd/systemd-logind
getty@tty1.service|root|agetty|5872|1920|Ss+|0|{_AGETTY} - linux
"""
UBUNTU_20 = f"""
systemd-journald.service|root|systemd-journal|51492|19340|S<s|3.2|/lib/systemd/systemd-journald
systemd-udevd.service|root|systemd-udevd|22476|6108|Ss|0.6|/lib/systemd/systemd-udevd
systemd-networkd.service|systemd-network|systemd-network|27416|7880|Ss|0.8|/lib/systemd/systemd-networkd
systemd-resolved.service|systemd-resolve|systemd-resolve|24696|12752|Ss|1.3|/lib/systemd/systemd-resolved
systemd-timesyncd.service|systemd-timesync|systemd-timesyn|90900|6180|Ssl|0.5|/lib/systemd/systemd-timesyncd
dbus.service|messagebus|dbus-daemon|7596|4632|Ss|0.4|/usr/bin/dbus-daemon {_DBUS}
irqbalance.service|root|irqbalance|81960|3772|Ssl|8|/usr/sbin/irqbalance --foreground
networkd-dispatcher.service|root|networkd-dispat|29664|18344|Ss|0.2|/usr/bin/python3 /usr/bin/networkd-dispatcher --run-startup-triggers
rsyslog.service|syslog|rsyslogd|224344|5156|Ssl|1.4|/usr/sbin/rsyslogd -n -iNONE
systemd-logind.service|root|systemd-logind|17364|7936|Ss|0.6|/lib/systemd/systemd-logind
cron.service|root|cron|8540|3012|Ss|0.6|/usr/sbin/cron -f
getty@tty1.service|root|agetty|5828|1824|Ss+|0|{_AGETTY} tty1 linux
"""
UBUNTU_22 = f"""
systemd-journald.service|root|systemd-journal|64648|20292|S<s|3.3|/lib/systemd/systemd-journald
systemd-udevd.service|root|systemd-udevd|26356|7428|Ss|0.6|/lib/systemd/systemd-udevd
systemd-timesyncd.service|systemd-timesync|systemd-timesyn|89364|6604|Ssl|0.5|/lib/systemd/systemd-timesyncd
systemd-networkd.service|systemd-network|systemd-network|16128|8152|Ss|0.8|/lib/systemd/systemd-networkd
systemd-resolved.service|systemd-resolve|systemd-resolve|25536|12668|Ss|1.3|/lib/systemd/systemd-resolved
cron.service|root|cron|6896|2916|Ss|0.6|/usr/sbin/cron -f -P
dbus.service|messagebus|dbus-daemon|8756|4900|Ss|0.4|@dbus-daemon {_DBUS}
irqbalance.service|root|irqbalance|82836|3992|Ssl|8|/usr/sbin/irqbalance --foreground
networkd-dispatcher.service|root|networkd-dispat|32724|19164|Ss|0.2|/usr/bin/python3 /usr/bin/networkd-dispatcher --run-startup-triggers
rsyslog.service|syslog|rsyslogd|222404|6052|Ssl|1.4|/usr/sbin/rsyslogd -n -iNONE
systemd-logind.service|root|systemd-logind|15344|7456|Ss|0.6|/lib/systemd/systemd-logind
getty@tty1.service|root|agetty|6176|1088|Ss+|0|{_AGETTY} tty1 linux
"""
UBUNTU_24 = f"""
systemd-journald.service|root|systemd-journal|66940|19200|S<s|3.3|/usr/lib/systemd/systemd-journald
systemd-udevd.service|root|systemd-udevd|29236|8064|Ss|0.6|/usr/lib/systemd/systemd-udevd
systemd-resolved.service|systemd-resolve|systemd-resolve|21580|12928|Ss|1.3|/usr/lib/systemd/systemd-resolved
systemd-timesyncd.service|systemd-timesync|systemd-timesyn|91020|7680|Ssl|0.5|/usr/lib/systemd/systemd-timesyncd
systemd-networkd.service|systemd-network|systemd-network|18996|9472|Ss|0.8|/usr/lib/systemd/systemd-networkd
dbus.service|messagebus|dbus-daemon|9788|5376|Ss|0.4|@dbus-daemon {_DBUS}
systemd-logind.service|root|systemd-logind|18124|8704|Ss|0.6|/usr/lib/systemd/systemd-logind
rsyslog.service|syslog|rsyslogd|222508|5888|Ssl|1.4|/usr/sbin/rsyslogd -n -iNONE
cron.service|root|cron|6824|2688|Ss|0.6|/usr/sbin/cron -f -P
getty@tty1.service|root|agetty|6104|1920|Ss+|0|{_AGETTY} - linux
"""
ROCKY_8 = f"""
systemd-journald.service|root|systemd-journal|97140|11020|Ss|2.8|/usr/lib/systemd/systemd-journald
systemd-udevd.service|root|systemd-udevd|112080|10304|Ss|0.5|/usr/lib/systemd/systemd-udevd
auditd.service|root|auditd|144596|3200|S<sl|1.2|/sbin/auditd
dbus.service|dbus|dbus-daemon|64656|5632|Ssl|0.5|/usr/bin/dbus-daemon {_DBUS}
vgauthd.service|root|VGAuthService|100164|11008|Ss|0.1|/usr/bin/VGAuthService -s
vmtoolsd.service|root|vmtoolsd|314024|9216|Ssl|70|/usr/bin/vmtoolsd
polkit.service|polkitd|polkitd|1627988|24704|Ssl|0.4|/usr/lib/polkit-1/polkitd --no-debug
irqbalance.service|root|irqbalance|126028|5504|Ssl|8|/usr/sbin/irqbalance --foreground
sssd.service|root|sssd|217684|14848|Ss|0.9|/usr/sbin/sssd -i --logger=files
chronyd.service|chrony|chronyd|128940|3712|S|0.4|/usr/sbin/chronyd
systemd-logind.service|root|systemd-logind|87228|8832|Ss|0.6|/usr/lib/systemd/systemd-logind
firewalld.service|root|firewalld|307608|42368|Ssl|0.3|/usr/libexec/platform-python -s /usr/sbin/firewalld --nofork --nopid
NetworkManager.service|root|NetworkManager|391032|18816|Ssl|1.6|/usr/sbin/NetworkManager --no-daemon
tuned.service|root|tuned|625580|31360|Ssl|9|/usr/libexec/platform-python -Es /usr/sbin/tuned -l -P
rsyslog.service|root|rsyslogd|202172|6016|Ssl|1.3|/usr/sbin/rsyslogd -n
crond.service|root|crond|36964|3584|Ss|0.6|/usr/sbin/crond -n
getty@tty1.service|root|agetty|13664|1664|Ss+|0|{_AGETTY} tty1 linux
"""
ROCKY_9 = f"""
systemd-journald.service|root|systemd-journal|25908|10368|Ss|2.8|/usr/lib/systemd/systemd-journald
systemd-udevd.service|root|systemd-udevd|36744|12416|Ss|0.5|/usr/lib/systemd/systemd-udevd
auditd.service|root|auditd|93196|2816|S<sl|1.2|/sbin/auditd
dbus-broker.service|dbus|dbus-broker-lau|10448|4480|Ss|0.1|/usr/bin/dbus-broker-launch --scope system --audit
vgauthd.service|root|VGAuthService|53332|11392|Ss|0.1|/usr/bin/VGAuthService -s
vmtoolsd.service|root|vmtoolsd|387144|10752|Ssl|70|/usr/bin/vmtoolsd
irqbalance.service|root|irqbalance|81532|3968|Ssl|8|/usr/sbin/irqbalance --foreground
systemd-logind.service|root|systemd-logind|21432|11776|Ss|0.6|/usr/lib/systemd/systemd-logind
chronyd.service|chrony|chronyd|84556|3328|S|0.4|/usr/sbin/chronyd -F 2
firewalld.service|root|firewalld|126764|42624|Ssl|0.3|/usr/bin/python3 -s /usr/sbin/firewalld --nofork --nopid
NetworkManager.service|root|NetworkManager|257044|20608|Ssl|1.6|/usr/sbin/NetworkManager --no-daemon
rsyslog.service|root|rsyslogd|161288|7168|Ssl|1.3|/usr/sbin/rsyslogd -n
crond.service|root|crond|7956|3456|Ss|0.6|/usr/sbin/crond -n
getty@tty1.service|root|agetty|3044|1792|Ss+|0|{_AGETTY} - linux
"""
DEVICE = """
|root|syslogd|1540|520|S|1|/sbin/syslogd -n
|root|klogd|1540|472|S|0.2|/sbin/klogd -n
"""
OPENWRT = """
|root|ubusd|1152|704|S|1|/sbin/ubusd
|root|ash|1328|876|S|0|/sbin/askfirst /usr/libexec/login.sh
|root|urngd|1012|516|S|0|/sbin/urngd
|root|logd|1264|1052|S|0.6|/sbin/logd -S 64
|root|rpcd|1964|1476|S|0.9|/sbin/rpcd -s /var/run/ubus/ubus.sock -t 30
|root|netifd|1716|1312|S|1.1|/sbin/netifd
|root|odhcpd|1256|824|S|0.8|/usr/sbin/odhcpd
|root|crond|1312|564|S|0.2|/usr/sbin/crond -f -c /etc/crontabs -l 5
|root|ntpd|1312|908|S|0.3|/usr/sbin/ntpd -n -N -S /usr/sbin/ntpd-hotplug -p 0.openwrt.pool.ntp.org -p 1.openwrt.pool.ntp.org -p 2.openwrt.pool.ntp.org -p 3.openwrt.pool.ntp.org
|dnsmasq|dnsmasq|1452|1100|S|0.8|/usr/sbin/dnsmasq -C /var/etc/dnsmasq.conf.cfg01411c -k -x /var/run/dnsmasq/dnsmasq.cfg01411c.pid
"""
STORAGE = """
|root|syslog-ng|69672|7924|Ss|3|/usr/bin/syslog-ng -F --worker-threads=4 -u system -g log
|root|crond|5620|2104|Ss|0.6|/usr/sbin/crond
|root|dhcpcd|6140|2260|Ss|0.2|/sbin/dhcpcd -n
"""

BASE = {
    "debian-11": DEBIAN_11, "debian-12": DEBIAN_12, "ubuntu-20.04": UBUNTU_20, "ubuntu-22.04": UBUNTU_22,
    "ubuntu-24.04": UBUNTU_24, "rocky-8.10": ROCKY_8, "rocky-9.4": ROCKY_9, "openwrt-21.02.3": OPENWRT,
    "dsm-7.2": STORAGE, "qts-5.1.8": STORAGE,
}  # fmt: skip

SERVICES = {
    "inetutils-inetd": "inetutils-inetd.service|root|inetutils-inetd|2616|1152|Ss|0|/usr/sbin/inetutils-inetd",
    "sshd": "{ssh}.service|root|sshd|15432|9088|Ss|0.3|{listener}",
    "apache2": "apache2.service|root|apache2|6944|4736|Ss|2.1|/usr/sbin/apache2 -k start\n"
    "apache2.service|www-data|apache2|1211928|5888|Sl|3.4|/usr/sbin/apache2 -k start|apache2\n"
    "apache2.service|www-data|apache2|1211928|5760|Sl|3.2|/usr/sbin/apache2 -k start|apache2",
    "httpd": "httpd.service|root|httpd|20344|11648|Ss|2.1|/usr/sbin/httpd -DFOREGROUND\n"
    "httpd.service|apache|httpd|22084|7280|S|0|/usr/sbin/httpd -DFOREGROUND|httpd\n"
    "httpd.service|apache|httpd|1112676|14936|Sl|3.3|/usr/sbin/httpd -DFOREGROUND|httpd\n"
    "httpd.service|apache|httpd|981540|10840|Sl|3.1|/usr/sbin/httpd -DFOREGROUND|httpd\n"
    "httpd.service|apache|httpd|981540|12888|Sl|3.1|/usr/sbin/httpd -DFOREGROUND|httpd",
    "nginx": "nginx.service|root|nginx|{nginx}|1712|Ss|0|nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
    "mariadbd": "mariadb.service|mysql|mariadbd|1352844|{db}|Ssl|41|{mariadb}",
    "mysqld": "{mysql}.service|mysql|mysqld|1782916|{db}|Ssl|240|{mysqld}",
    "redis-server": "{redis}.service|redis|redis-server|66084|11520|Ssl|88|/usr/bin/redis-server 0.0.0.0:6379",
    "master": "postfix{instance}.service|root|master|42856|4864|Ss|0.8|{postfix}/master -w\n"
    "postfix{instance}.service|postfix|qmgr|43080|7296|S|0.2|qmgr -l -t unix -u|master\n"
    "postfix{instance}.service|postfix|pickup|43032|7168|S|0|pickup -l -t unix -u -c|master",
    "exim4": "exim4.service|Debian-exim|exim4|24196|9472|Ss|0.4|/usr/sbin/exim4 -bd -q30m",
    "vsftpd": "vsftpd.service|root|vsftpd|{vsftpd}|3072|Ss|0|/usr/sbin/vsftpd /etc/{vsftpd_conf}",
    "proftpd": "proftpd.service|proftpd|proftpd|18484|3404|Ss|1.1|proftpd: (accepting connections)",
    "snmpd": "snmpd.service|{snmp_user}|snmpd|{snmpd}",
    "dropbear": "|root|dropbear|1084|652|S|0|/usr/sbin/dropbear -R -p 22",
    "httpd device": "|root|httpd|1528|628|S|0.4|{device_httpd}",
    "telnetd": "|root|telnetd|1540|496|S|0|/usr/sbin/telnetd -l /bin/login",
    "ftpd": "|root|inetd|1540|440|S|0|/usr/sbin/inetd",
}  # fmt: skip
"""By the program of a service."""


def base_daemons(machine: Machine) -> Iterator[Daemon]:
    """The daemons of the installed system, in the order in which a boot starts them."""
    system = machine.system
    text = BASE.get(f"{system.id}-{system.version}", DEVICE if system.busybox else DEBIAN_12)
    for row in _rows(text):
        if machine.is_virtual or row.name not in ("VGAuthService", "vmtoolsd"):
            terminal = "tty1" if row.name == "agetty" else "?"
            yield replace(row, terminal=terminal)
    if system.id == "rocky" and system.version != "8.10":
        bus = f"dbus-broker --log 4 --controller 9 --machine-id {machine_id(machine)} --max-bytes 536870912 --max-fds 4096 --max-matches 131072 --audit"
        yield Daemon(
            "dbus-broker.service", "dbus", "dbus-broker", 5136, 2944, "S", 0.3, bus, "dbus-broker-lau"
        )


def daemons_of(machine: Machine, entry: ServiceEntry) -> Iterator[Daemon]:
    """The processes of one service, the parent first."""
    key = entry.program
    if machine.system.busybox and key == "httpd":
        key = "httpd device"
    text = SERVICES.get(key, "")
    for name, value in _values(machine).items():
        text = text.replace(f"{{{name}}}", value)
    for row in _rows(text):
        yield replace(row, service=entry.service)
    if entry.program == "nginx":
        user = "nginx" if machine.system.id in ("rocky", "freebsd") else "www-data"
        for _ in range(machine.processors):
            yield Daemon("nginx.service", user, "nginx", int(_values(machine)["nginx"]) + 640, 4480, "S", 4.2,
                         "nginx: worker process", "nginx", service=entry.service)  # fmt: skip


def _values(machine: Machine) -> dict[str, str]:
    system = machine.system
    rocky, ubuntu = system.id == "rocky", system.id == "ubuntu"
    listener = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
    if rocky and system.version == "8.10":
        listener = "/usr/sbin/sshd -D -oCiphers=aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes256-cbc,aes128-gcm@openssh.com,aes128-ctr,aes128-cbc -oMACs=hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha1,umac-128@openssh.com,hmac-sha2-512 -oGSSAPIKexAlgorithms=gss-curve25519-sha256-,gss-nistp256-sha256-,gss-group14-sha256-,gss-group16-sha512-,gss-gex-sha1-,gss-group14-sha1- -oKexAlgorithms=curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1 -oHostKeyAlgorithms=ecdsa-sha2-nistp256,ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521,ecdsa-sha2-nistp521-cert-v01@openssh.com,ssh-ed25519,ssh-ed25519-cert-v01@openssh.com,rsa-sha2-256,rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-512,rsa-sha2-512-cert-v01@openssh.com,ssh-rsa,ssh-rsa-cert-v01@openssh.com -oPubkeyAcceptedKeyTypes=ecdsa-sha2-nistp256,ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521,ecdsa-sha2-nistp521-cert-v01@openssh.com,ssh-ed25519,ssh-ed25519-cert-v01@openssh.com,rsa-sha2-256,rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-512,rsa-sha2-512-cert-v01@openssh.com,ssh-rsa,ssh-rsa-cert-v01@openssh.com -oCASignatureAlgorithms=ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,ssh-ed25519,rsa-sha2-256,rsa-sha2-512,ssh-rsa"
    snmpd = "38060|13568|Ss|14|/usr/sbin/snmpd -LOw -u Debian-snmp -g Debian-snmp -I -smux mteTrigger mteTriggerConf -f"
    if system.version in ("11", "20.04"):
        snmpd += " -p /run/snmpd.pid"
    return {
        "ssh": "sshd" if rocky else "ssh", "listener": listener,
        "nginx": {"22.04": "55212", "24.04": "11156"}.get(system.version, "10404"),
        "db": str(98_000 + machine.persona.number("database memory", 0, 60_000)) if not ubuntu else str(391_000 + machine.persona.number("database memory", 0, 20_000)),
        "mariadb": "/usr/libexec/mariadbd --basedir=/usr" if rocky else "/usr/sbin/mariadbd",
        "mysql": "mariadb" if rocky else "mysql", "mysqld": "/usr/libexec/mysqld --basedir=/usr" if rocky else "/usr/sbin/mysqld",
        "redis": "redis" if rocky else "redis-server", "instance": "" if rocky else "@-",
        "postfix": "/usr/libexec/postfix" if rocky else "/usr/lib/postfix/sbin",
        "vsftpd": "27048" if rocky else "8564", "vsftpd_conf": "vsftpd/vsftpd.conf" if rocky else "vsftpd.conf",
        "snmp_user": "root" if rocky else "Debian-snmp", "snmpd": "258684|11264|Ss|14|/usr/sbin/snmpd -LS0-6d -f" if rocky else snmpd,
        "device_httpd": "/usr/sbin/uhttpd -f -h /www -r OpenWrt -x /cgi-bin -p 0.0.0.0:80" if system.id == "openwrt" else "/usr/sbin/httpd -h /www -p 80",
    }  # fmt: skip


def _rows(text: str) -> Iterator[Daemon]:
    for line in text.strip().splitlines():
        unit, user, name, virtual, resident, state, cpu, command, *parent = line.split("|")
        yield Daemon(
            unit, user, name, int(virtual), int(resident), state, float(cpu), command, "".join(parent)
        )
