# ruff: noqa: E501 (lists of programs, and files as they are)
"""OpenWrt 21.02.3 on a TP-Link Archer C7 v5 (ath79, QCA9563, 128 MiB).

Sources: the release's package lists and default files, and the kernel's arch/mips/kernel/proc.c.
"""

from __future__ import annotations

from ..accounts import Account, Group
from ..elf import MIPS, Architecture
from .device import Build, Device, Owner, Text

CPUINFO = """system type		: Qualcomm Atheros QCA956X ver 1 rev 0
machine			: TP-Link Archer C7 v5
processor		: 0
cpu model		: MIPS 74Kc V5.0
BogoMIPS		: 385.84
wait instruction	: yes
microsecond timers	: yes
tlb_entries		: 32
extra interrupt vector	: yes
hardware watchpoint	: yes, count: 4, address/irw mask: [0x0ffc, 0x0ffc, 0x0ffb, 0x0ffb]
isa			: mips1 mips2 mips32r1 mips32r2
ASEs implemented	: mips16 dsp dsp2
Options implemented	: tlb 4kex 4k_cache prefetch mcheck ejtag llsc dc_aliases perf_cntr_intr_bit cdmm nan_legacy nan_2008 perf
shadow register sets	: 1
kscratch registers	: 0
package			: 0
core			: 0
VCED exceptions		: not available
VCEI exceptions		: not available

"""
APPLETS = {
    "/bin": "ash cat chgrp chmod chown cp date dd df dmesg echo egrep false fgrep fsync grep gunzip gzip kill ln lock ls mkdir mknod mktemp mount mv netmsg netstat nice passwd pidof ping ping6 ps pwd rm rmdir sed sh sleep sync tar touch true umount uname vi zcat",
    "/sbin": "halt hwclock ifconfig mkswap pivot_root poweroff reboot route start-stop-daemon swapoff swapon switch_root sysctl udhcpc ip",
    "/usr/bin": "[ [[ awk basename bunzip2 bzcat clear cmp crontab cut dirname du env expr find flock free head hexdump id killall less logger md5sum mkfifo nc nslookup passwd pgrep printf readlink reset seq sha256sum sort strings tail tee test time top tr traceroute traceroute6 uniq uptime wc which xargs yes",
    "/usr/sbin": "brctl chroot crond ntpd",
}
PROGRAMS = {
    "/bin/busybox": 442_425, "/bin/opkg": 122_949, "/bin/ubus": 12_325, "/bin/uclient-fetch": 20_517,
    "/sbin/uci": 16_421, "/sbin/procd": 53_293, "/sbin/ubusd": 24_605, "/sbin/netifd": 155_765, "/sbin/logd": 16_421,
    "/sbin/logread": 12_325, "/sbin/rpcd": 45_093, "/sbin/validate_data": 12_325, "/sbin/mtd": 24_613, "/sbin/jffs2reset": 28_709,
    "/sbin/init": 28_709, "/usr/sbin/dropbear": 159_861, "/usr/sbin/dnsmasq": 184_469, "/usr/sbin/odhcpd": 86_117, "/usr/sbin/odhcp6c": 45_093,
    "/usr/sbin/uhttpd": 45_093, "/usr/sbin/hostapd": 618_749, "/usr/sbin/iptables": 81_957, "/usr/sbin/ip6tables": 81_957, "/usr/sbin/iw": 94_309,
    "/usr/sbin/pppd": 184_421, "/usr/bin/jshn": 16_421, "/usr/bin/jsonfilter": 28_709, "/lib/libc.so": 618_761, "/lib/libgcc_s.so.1": 94_309,
}  # fmt: skip
LINKS = {
    "/bin/wget": "uclient-fetch", "/usr/bin/wget": "/bin/uclient-fetch", "/usr/bin/scp": "../sbin/dropbear", "/usr/bin/ssh": "../sbin/dropbear",
    "/usr/bin/dbclient": "../sbin/dropbear", "/usr/bin/dropbearkey": "../sbin/dropbear", "/sbin/modprobe": "kmodloader", "/sbin/insmod": "kmodloader",
    "/sbin/rmmod": "kmodloader", "/sbin/lsmod": "kmodloader", "/var": "tmp", "/etc/resolv.conf": "/tmp/resolv.conf", "/etc/localtime": "/tmp/localtime",
    "/etc/mtab": "/proc/mounts", "/lib/ld-musl-mips-sf.so.1": "libc.so", "/etc/os-release": "../usr/lib/os-release", "/tmp/resolv.conf": "/tmp/resolv.conf.d/resolv.conf.auto",
    "/tmp/localtime": "/etc/TZ", "/sbin/kmodloader": "/sbin/procd",
}  # fmt: skip
FOLDERS = """/bin /dev /dev/pts /dev/shm /etc /etc/board.d /etc/config /etc/crontabs /etc/dropbear /etc/hotplug.d /etc/init.d /etc/iproute2
/etc/modules.d /etc/opkg /etc/ppp /etc/rc.d /etc/uci-defaults /lib /lib/functions /lib/modules /lib/modules/5.4.188 /lib/netifd /lib/preinit /mnt
/overlay /overlay/upper /overlay/work /proc /rom /root /sbin /sys /tmp /tmp/lib /tmp/lock /tmp/log /tmp/resolv.conf.d /tmp/run /tmp/state /tmp/sysinfo
/tmp/tmp /usr /usr/bin /usr/lib /usr/lib/opkg /usr/lib/opkg/info /usr/libexec /usr/sbin /usr/share /www /www/cgi-bin /www/luci-static"""
BANNER = r"""  _______                     ________        __
 |       |.-----.-----.-----.|  |  |  |.----.|  |_
 |   -   ||  _  |  -__|     ||  |  |  ||   _||   _|
 |_______||   __|_____|__|__||________||__|  |____|
          |__| W I R E L E S S   F R E E D O M
 -----------------------------------------------------
 OpenWrt 21.02.3, r16554-1d4dea6d4f
 -----------------------------------------------------
"""
RELEASE = """DISTRIB_ID='OpenWrt'
DISTRIB_RELEASE='21.02.3'
DISTRIB_REVISION='r16554-1d4dea6d4f'
DISTRIB_TARGET='ath79/generic'
DISTRIB_ARCH='mips_24kc'
DISTRIB_DESCRIPTION='OpenWrt 21.02.3 r16554-1d4dea6d4f'
DISTRIB_TAINTS=''
"""
OS_RELEASE = """NAME="OpenWrt"
VERSION="21.02.3"
ID="openwrt"
ID_LIKE="lede openwrt"
PRETTY_NAME="OpenWrt 21.02.3"
VERSION_ID="21.02.3"
HOME_URL="https://openwrt.org/"
BUG_URL="https://bugs.openwrt.org/"
SUPPORT_URL="https://forum.openwrt.org/"
BUILD_ID="r16554-1d4dea6d4f"
OPENWRT_BOARD="ath79/generic"
OPENWRT_ARCH="mips_24kc"
OPENWRT_TAINTS=""
OPENWRT_DEVICE_MANUFACTURER="OpenWrt"
OPENWRT_DEVICE_MANUFACTURER_URL="https://openwrt.org/"
OPENWRT_DEVICE_PRODUCT="Generic"
OPENWRT_DEVICE_REVISION="v0"
OPENWRT_RELEASE="OpenWrt 21.02.3 r16554-1d4dea6d4f"
"""
PROFILE = """#!/bin/sh
[ -e /tmp/.failsafe ] && export FAILSAFE=1

[ -f /etc/banner ] && cat /etc/banner
[ -n "$FAILSAFE" ] && cat /etc/banner.failsafe

export PATH="/usr/sbin:/usr/bin:/sbin:/bin"
export HOME=$(grep -e "^${USER:-root}:" /etc/passwd | cut -d ":" -f 6)
export HOME=${HOME:-/root}
export PS1='\\u@\\h:\\w\\$ '
export ENV=/etc/shinit
"""


def _network(world: Owner) -> str:
    address = world.address
    prefix = "".join(f"{byte:02x}" for byte in world.persona.bytes_for("ula", 5))
    return f"""
config interface 'loopback'
	option device 'lo'
	option proto 'static'
	option ipaddr '127.0.0.1'
	option netmask '255.0.0.0'

config globals 'globals'
	option ula_prefix 'fd{prefix[:2]}:{prefix[2:6]}:{prefix[6:10]}::/48'

config interface 'lan'
	option device 'eth0'
	option proto 'static'
	option ipaddr '{address}'
	option netmask '255.255.255.0'
	option gateway '{address.rsplit(".", 1)[0]}.1'
"""


FILES: dict[str, Text] = {
    "/etc/banner": BANNER,
    "/etc/openwrt_release": RELEASE,
    "/etc/openwrt_version": "r16554-1d4dea6d4f\n",
    "/etc/device_info": "DEVICE_MANUFACTURER='OpenWrt'\nDEVICE_MANUFACTURER_URL='https://openwrt.org/'\nDEVICE_PRODUCT='Generic'\nDEVICE_REVISION='v0'\n",
    "/usr/lib/os-release": OS_RELEASE,
    "/etc/profile": PROFILE,
    "/etc/shells": "/bin/ash\n",
    "/etc/shinit": "alias ll='ls -alF --color=auto'\n\n[ -z \"$KSH_VERSION\" -o \\! -s /etc/mkshrc ] || . /etc/mkshrc\n\n[ -x /usr/bin/arp -o -x /sbin/arp ] || arp() { cat /proc/net/arp; }\n[ -x /usr/bin/ldd ] || ldd() { LD_TRACE_LOADED_OBJECTS=1 $*; }\n",
    "/etc/hosts": "127.0.0.1 localhost\n\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n",
    "/etc/fstab": "# <file system> <mount point> <type> <options> <dump> <pass>\n",
    "/etc/inittab": "::sysinit:/etc/init.d/rcS S boot\n::shutdown:/etc/init.d/rcS K shutdown\nttyS0::askfirst:/usr/libexec/login.sh\n",
    "/etc/rc.local": "# Put your custom commands here that should be executed once\n# the system init finished. By default this file does nothing.\n\nexit 0\n",
    "/etc/TZ": "UTC\n",
    "/etc/config/system": lambda world: f"\nconfig system\n\toption hostname '{world.hostname}'\n\toption timezone 'UTC'\n\toption ttylogin '0'\n\toption log_size '64'\n\toption urandom_seed '0'\n",
    "/etc/config/network": _network,
    "/etc/config/dropbear": "config dropbear\n\toption PasswordAuth 'on'\n\toption RootPasswordAuth 'on'\n\toption Port         '22'\n#\toption BannerFile   '/etc/banner'\n",
    "/etc/crontabs/root": "",
    "/etc/hostname": lambda world: world.hostname + "\n",
    "/tmp/sysinfo/board_name": "tplink,archer-c7-v5\n",
    "/tmp/sysinfo/model": "TP-Link Archer C7 v5\n",
    "/tmp/resolv.conf.d/resolv.conf.auto": lambda world: f"# Interface lan\nnameserver {world.address.rsplit('.', 1)[0]}.1\n",
    "/www/index.html": '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml">\n\t<head>\n\t\t<meta http-equiv="refresh" content="0; URL=cgi-bin/luci/" />\n\t</head>\n</html>\n',
}  # fmt: skip
USERS = (
    Account("root", 0, 0, "root", "/root", "/bin/ash"),
    Account("daemon", 1, 1, "daemon", "/var", "/bin/false"),
    Account("ftp", 55, 55, "ftp", "/home/ftp", "/bin/false"),
    Account("network", 101, 101, "network", "/var", "/bin/false"),
    Account("nobody", 65534, 65534, "nobody", "/var", "/bin/false"),
    Account("ntp", 123, 123, "ntp", "/var/run/ntp", "/bin/false"),
    Account("dnsmasq", 453, 453, "dnsmasq", "/var/run/dnsmasq", "/bin/false"),
    Account("logd", 514, 514, "logd", "/var/run/logd", "/bin/false"),
    Account("ubus", 81, 81, "ubus", "/var/run/ubus", "/bin/false"),
)
GROUPS = tuple(
    Group(name, gid)
    for name, gid in (
        ("root", 0), ("daemon", 1), ("adm", 4), ("mail", 8), ("dialout", 20), ("audio", 29), ("www-data", 33), ("ftp", 55), ("users", 100),
        ("network", 101), ("nogroup", 65534), ("ntp", 123), ("dnsmasq", 453), ("logd", 514), ("ubus", 81),
    )
)  # fmt: skip
ROUTER = Device(
    "v1.33.2 (2022-04-16 12:59:34 UTC)", Architecture(MIPS, 32, little=False, flags=0x70001005), CPUINFO, 122_480, 1,
    APPLETS, PROGRAMS, LINKS, FOLDERS, FILES, USERS, GROUPS, {"/etc/rc.local": 0o644, "/etc/crontabs/root": 0o600},
    devices="null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 console:5:1 ptmx:5:2 kmsg:1:11 ttyS0:4:64 watchdog:10:130 mtdblock0:31:0 mtdblock1:31:1 mtdblock2:31:2 mtdblock3:31:3 mtdblock4:31:4 mtdblock5:31:5 mtdblock6:31:6 mtd0:90:0 mtd1:90:2",
    build=Build(prompt="\\u@\\h:\\w\\$ "),
    built=1_650_113_974,
)  # fmt: skip
