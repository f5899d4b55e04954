# ruff: noqa: E501 (lines of /etc/passwd)
"""The users and groups of the installed systems, and those that services add.

Facts: base-passwd of Debian and Ubuntu, setup of Rocky Linux, and what their packages' scripts create.
"""

BASE_DEBIAN = """
daemon:1:1:daemon:/usr/sbin
bin:2:2:bin:/bin
sys:3:3:sys:/dev
sync:4:65534:sync:/bin:/bin/sync
games:5:60:games:/usr/games
man:6:12:man:/var/cache/man
lp:7:7:lp:/var/spool/lpd
mail:8:8:mail:/var/mail
news:9:9:news:/var/spool/news
uucp:10:10:uucp:/var/spool/uucp
proxy:13:13:proxy:/bin
www-data:33:33:www-data:/var/www
backup:34:34:backup:/var/backups
list:38:38:Mailing List Manager:/var/list
irc:39:39:ircd:/run/ircd
"""
GNATS = "gnats:41:41:Gnats Bug-Reporting System (admin):/var/lib/gnats\n"
NOBODY = "nobody:65534:65534:nobody:/nonexistent\n"
DEBIAN_11 = f"""{BASE_DEBIAN}{GNATS}{NOBODY}
_apt:100:65534::/nonexistent
systemd-network:101:102:systemd Network Management,,,:/run/systemd
systemd-resolve:102:103:systemd Resolver,,,:/run/systemd
messagebus:103:109::/nonexistent
systemd-timesync:104:110:systemd Time Synchronization,,,:/run/systemd
sshd:105:65534::/run/sshd
systemd-coredump:999:999:systemd Core Dumper:/
"""
DEBIAN_12 = f"""{BASE_DEBIAN}
_apt:42:65534::/nonexistent
{NOBODY}
systemd-network:998:998:systemd Network Management:/
systemd-timesync:997:997:systemd Time Synchronization:/
messagebus:100:107::/nonexistent
sshd:101:65534::/run/sshd
"""
UBUNTU_20 = f"""{BASE_DEBIAN.replace("/run/ircd", "/var/run/ircd")}{GNATS}{NOBODY}
systemd-network:100:102:systemd Network Management,,,:/run/systemd
systemd-resolve:101:103:systemd Resolver,,,:/run/systemd
systemd-timesync:102:104:systemd Time Synchronization,,,:/run/systemd
messagebus:103:106::/nonexistent
syslog:104:110::/home/syslog
_apt:105:65534::/nonexistent
tss:106:111:TPM software stack,,,:/var/lib/tpm:/bin/false
uuidd:107:112::/run/uuidd
tcpdump:108:113::/nonexistent
landscape:109:115::/var/lib/landscape
pollinate:110:1::/var/cache/pollinate:/bin/false
usbmux:111:46:usbmux daemon,,,:/var/lib/usbmux
sshd:112:65534::/run/sshd
systemd-coredump:999:999:systemd Core Dumper:/
lxd:998:100::/var/snap/lxd/common/lxd:/bin/false
"""
UBUNTU_22 = f"""{BASE_DEBIAN}{GNATS}{NOBODY}
_apt:100:65534::/nonexistent
systemd-network:101:102:systemd Network Management,,,:/run/systemd
systemd-resolve:102:103:systemd Resolver,,,:/run/systemd
messagebus:103:104::/nonexistent
systemd-timesync:104:105:systemd Time Synchronization,,,:/run/systemd
pollinate:105:1::/var/cache/pollinate:/bin/false
sshd:106:65534::/run/sshd
syslog:107:113::/home/syslog
uuidd:108:114::/run/uuidd
tcpdump:109:115::/nonexistent
tss:110:116:TPM software stack,,,:/var/lib/tpm:/bin/false
landscape:111:117::/var/lib/landscape
usbmux:112:46:usbmux daemon,,,:/var/lib/usbmux
lxd:999:100::/var/snap/lxd/common/lxd:/bin/false
"""
UBUNTU_24 = f"""{BASE_DEBIAN}
_apt:42:65534::/nonexistent
{NOBODY}
systemd-network:998:998:systemd Network Management:/
systemd-timesync:996:996:systemd Time Synchronization:/
dhcpcd:100:65534:DHCP Client Daemon,,,:/usr/lib/dhcpcd:/bin/false
messagebus:101:101::/nonexistent
syslog:102:102::/nonexistent
systemd-resolve:991:991:systemd Resolver:/
uuidd:103:103::/run/uuidd
usbmux:104:46:usbmux daemon,,,:/var/lib/usbmux
tss:105:105:TPM software stack,,,:/var/lib/tpm:/bin/false
sshd:106:65534::/run/sshd
pollinate:107:1::/var/cache/pollinate:/bin/false
tcpdump:108:108::/nonexistent
landscape:109:109::/var/lib/landscape
fwupd-refresh:990:990:Firmware update daemon:/var/lib/fwupd
polkitd:989:989:User for polkitd:/
"""
BASE_ROCKY = """
bin:1:1:bin:/bin:/sbin/nologin
daemon:2:2:daemon:/sbin:/sbin/nologin
adm:3:4:adm:/var/adm:/sbin/nologin
lp:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:5:0:sync:/sbin:/bin/sync
shutdown:6:0:shutdown:/sbin:/sbin/shutdown
halt:7:0:halt:/sbin:/sbin/halt
mail:8:12:mail:/var/spool/mail:/sbin/nologin
operator:11:0:operator:/root:/sbin/nologin
games:12:100:games:/usr/games:/sbin/nologin
ftp:14:50:FTP User:/var/ftp:/sbin/nologin
nobody:65534:65534:Kernel Overflow User:/:/sbin/nologin
"""
ROCKY_8 = f"""{BASE_ROCKY}
dbus:81:81:System message bus:/:/sbin/nologin
systemd-coredump:999:997:systemd Core Dumper:/:/sbin/nologin
systemd-resolve:193:193:systemd Resolver:/:/sbin/nologin
tss:59:59:Account used for TPM access:/dev/null:/sbin/nologin
polkitd:998:996:User for polkitd:/:/sbin/nologin
unbound:997:995:Unbound DNS resolver:/etc/unbound:/sbin/nologin
sssd:996:993:User for sssd:/:/sbin/nologin
chrony:995:992::/var/lib/chrony:/sbin/nologin
sshd:74:74:Privilege-separated SSH:/var/empty/sshd:/sbin/nologin
"""
ROCKY_9 = f"""{BASE_ROCKY}
systemd-coredump:999:997:systemd Core Dumper:/:/sbin/nologin
dbus:81:81:System message bus:/:/sbin/nologin
tss:59:59:Account used for TPM access:/:/usr/sbin/nologin
sssd:998:995:User for sssd:/:/sbin/nologin
chrony:997:994:chrony system user:/var/lib/chrony:/sbin/nologin
sshd:74:74:Privilege-separated SSH:/usr/share/empty.sshd:/usr/sbin/nologin
"""
DEVICE = "nobody:65534:65534:nobody:/var:/bin/false\n"
OPENWRT = """
daemon:1:1:daemon:/var:/bin/false
ftp:55:55:ftp:/home/ftp:/bin/false
network:101:101:network:/var:/bin/false
nobody:65534:65534:nobody:/var:/bin/false
ntp:123:123:ntp:/var/run/ntp:/bin/false
dnsmasq:453:453:dnsmasq:/var/run/dnsmasq:/bin/false
logd:514:514:logd:/var/run/logd:/bin/false
ubus:81:81:ubus:/var/run/ubus:/bin/false
"""
DSM = """
system:1:1::/usr/syno/sbin:/usr/bin/nologin
daemon:2:2::/:/bin/sh
lp:7:7::/var/spool/lpd:/bin/sh
anonymous:21:21::/nonexist:/usr/bin/nologin
http:1023:1023::/var/services/web:/usr/bin/nologin
ftp:21:21:Anonymous FTP User:/nonexist:/sbin/nologin
nobody:1022:1022::/home:/usr/bin/nologin
"""
QTS = """
guest:65534:65534:guest:/tmp:/bin/sh
httpdusr:99:0:Apache httpd user:/tmp:/bin/sh
sshd:110:65534:SSHD Privilege Separation:/var/empty:/bin/sh
"""
USERS = {
    "debian-11": DEBIAN_11, "debian-12": DEBIAN_12, "ubuntu-20.04": UBUNTU_20, "ubuntu-22.04": UBUNTU_22,
    "ubuntu-24.04": UBUNTU_24, "rocky-8.10": ROCKY_8, "rocky-9.4": ROCKY_9, "openwrt-21.02.3": OPENWRT,
    "dsm-7.2": DSM, "qts-5.1.8": QTS,
}  # fmt: skip

GROUPS_DEBIAN = """daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 news:9 uucp:10 man:12 proxy:13 kmem:15 dialout:20 fax:21
voice:22 cdrom:24 floppy:25 tape:26 sudo:27 audio:29 dip:30 www-data:33 backup:34 operator:37 list:38 irc:39 src:40
{gnats}shadow:42 utmp:43 video:44 sasl:45 plugdev:46 staff:50 games:60 users:100 nogroup:65534"""
GROUPS_ROCKY = """bin:1 daemon:2 sys:3 adm:4 tty:5 disk:6 lp:7 mem:8 kmem:9 wheel:10 cdrom:11 mail:12 man:15 dialout:18
floppy:19 games:20 tape:33 video:39 ftp:50 lock:54 audio:63 users:100 nobody:65534 utmp:22 utempter:35"""
GROUPS = {
    "debian-11": "systemd-journal:101 systemd-network:102 systemd-resolve:103 input:104 kvm:105 render:106 crontab:107 netdev:108 messagebus:109 systemd-timesync:110 ssh:111 systemd-coredump:999",
    "debian-12": "systemd-journal:999 systemd-network:998 crontab:101 systemd-timesync:997 input:102 sgx:103 kvm:104 render:105 netdev:106 messagebus:107 _ssh:108",
    "ubuntu-20.04": "systemd-journal:101 systemd-network:102 systemd-resolve:103 systemd-timesync:104 crontab:105 messagebus:106 input:107 kvm:108 render:109 syslog:110 tss:111 uuidd:112 tcpdump:113 ssh:114 landscape:115 lxd:116 systemd-coredump:999",
    "ubuntu-22.04": "systemd-network:102 systemd-resolve:103 messagebus:104 systemd-timesync:105 input:106 sgx:107 kvm:108 render:109 lxd:110 _ssh:111 crontab:112 syslog:113 uuidd:114 tcpdump:115 tss:116 landscape:117 systemd-journal:999",
    "ubuntu-24.04": "systemd-journal:999 systemd-network:998 crontab:997 systemd-timesync:996 input:995 sgx:994 kvm:993 render:992 messagebus:101 syslog:102 systemd-resolve:991 uuidd:103 _ssh:104 tss:105 lxd:106 netdev:107 tcpdump:108 landscape:109 fwupd-refresh:990 polkitd:989 rdma:110",
    "rocky-8.10": "dbus:81 systemd-journal:190 input:999 kvm:36 render:998 systemd-coredump:997 systemd-resolve:193 tss:59 polkitd:996 unbound:995 printadmin:994 sssd:993 chrony:992 slocate:21 ssh_keys:991 sshd:74",
    "rocky-9.4": "dbus:81 input:999 kvm:36 render:998 systemd-journal:190 systemd-coredump:997 sgx:996 tss:59 sssd:995 chrony:994 slocate:21 ssh_keys:101 sshd:74",
    "openwrt-21.02.3": "daemon:1 adm:4 mail:8 dialout:20 audio:29 www-data:33 ftp:55 users:100 network:101 nogroup:65534 ntp:123 dnsmasq:453 logd:514 ubus:81",
    "dsm-7.2": "system:1 daemon:2 lp:7 administrators:101 users:100 log:19 video:90 http:1023 nobody:1022",
    "qts-5.1.8": "everyone:100 guest:65534",
}  # fmt: skip

OF_SERVICES = {
    "mysqld": "mysql::{n}:MySQL Server,,,:/nonexistent:/bin/false", "mariadbd": "mysql::{n}:MySQL Server,,,:/nonexistent:/bin/false",
    "redis-server": "redis::{n}::/var/lib/redis", "master": "postfix::{n}::/var/spool/postfix",
    "exim4": "Debian-exim::{n}::/var/spool/exim4", "vsftpd": "ftp::{n}:ftp daemon,,,:/srv/ftp",
    "proftpd": "proftpd::65534::/run/proftpd", "snmpd": "Debian-snmp::{n}::/var/lib/snmp:/bin/false",
}  # fmt: skip
OF_SERVICES_ROCKY = {
    "mysqld": "mysql:27:27:MySQL Server:/var/lib/mysql", "mariadbd": "mysql:27:27:MySQL Server:/var/lib/mysql",
    "redis-server": "redis:990:989:Redis Database Server:/var/lib/redis", "master": "postfix:89:89::/var/spool/postfix",
    "httpd": "apache:48:48:Apache:/usr/share/httpd", "nginx": "nginx:991:990:Nginx web server:/var/lib/nginx",
}  # fmt: skip
"""By the program of a service: user, number ("": the next free one of a system's users), group."""
MEMBERS = {"debian": "cdrom floppy sudo audio dip video plugdev users netdev", "ubuntu": "adm cdrom sudo dip plugdev lxd",
           "rocky": "wheel", "dsm": "administrators users"}  # fmt: skip
"""The groups of the first user, as the installers give them."""
