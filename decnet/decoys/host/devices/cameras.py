# ruff: noqa: E101, E501 (lists of programs, and files as they are)
"""A network camera with Ingenic's T20 (Linux 3.10.14, Buildroot 2018.02) and a TP-Link Tapo with MediaTek's MT7628
(Linux 4.4.198, Buildroot 2019.02).

Sources: Buildroot's default BusyBox configuration and skeleton, the kernels' arch/mips/kernel/proc.c.
"""

from __future__ import annotations

from dataclasses import replace

from ..accounts import Account, Group
from ..elf import MIPS, Architecture
from .device import Build, Device, Text

CPUINFO = """system type		: isvp
machine			: Unknown
processor		: 0
cpu model		: Ingenic JZRISC V4.15  FPU V0.0
BogoMIPS		: 858.52
wait instruction	: yes
microsecond timers	: no
tlb_entries		: 32
extra interrupt vector	: yes
hardware watchpoint	: yes, count: 1, address/irw mask: [0x0fff]
isa			: mips32r1
ASEs implemented	:
shadow register sets	: 1
kscratch registers	: 0
core			: 0
VCED exceptions		: not available
VCEI exceptions		: not available

Hardware		: isvp
Serial			: 00000000 00000000 00000000 00000000
"""
TAPO_CPUINFO = """system type		: MediaTek MT7628AN ver:1 eco:2
machine			: TP-Link Tapo C200
processor		: 0
cpu model		: MIPS 24KEc V5.5
BogoMIPS		: 385.84
wait instruction	: yes
microsecond timers	: yes
tlb_entries		: 32
extra interrupt vector	: yes
hardware watchpoint	: yes, count: 4, address/irw mask: [0x0ffc, 0x0ffc, 0x0ffb, 0x0ffb]
isa			: mips1 mips2 mips32r1 mips32r2
ASEs implemented	: mips16 dsp
shadow register sets	: 1
kscratch registers	: 0
package			: 0
core			: 0
VCED exceptions		: not available
VCEI exceptions		: not available

"""
APPLETS = {
    "/bin": "arch ash base32 base64 cat chgrp chmod chown cp date dd df dmesg dnsdomainname echo egrep false fgrep getopt grep gunzip gzip hostname kill link linux32 linux64 ln login ls mkdir mknod mktemp more mount mountpoint mv netstat nice nuke pidof ping printenv ps pwd rm rmdir run-parts sed setarch setpriv sh sleep stty su sync tar touch true umount uname usleep vi watch zcat",
    "/sbin": "arp fdisk getty halt hwclock ifconfig ifdown ifup init insmod ip ipaddr iplink iproute klogd losetup lsmod mdev mkswap modprobe pivot_root poweroff reboot rmmod route runlevel start-stop-daemon swapoff swapon switch_root sysctl syslogd udhcpc watchdog",
    "/usr/bin": "[ [[ awk basename bc bunzip2 bzcat cal cksum clear cmp crontab cut dc diff dirname dos2unix du env expand expr factor find flock fold free ftpget ftpput fuser groups head hexdump hostid id killall last less logger logname lsof md5sum mesg microcom mkfifo mkpasswd nc nl nohup nproc nslookup od passwd paste patch pgrep pkill printf readlink realpath renice reset resize rev seq setsid sha1sum sha256sum sha512sum shred shuf sort stat strings tail tee telnet test tftp tac time timeout top tr traceroute truncate tty unexpand uniq unix2dos unlink unzip uptime uudecode uuencode w wc wget which who whoami xargs xxd yes",
    "/usr/sbin": "addgroup adduser arping chroot crond delgroup deluser dnsd ether-wake fbset inetd rdate setlogcons telnetd ubirename",
}
PROGRAMS = {
    "/bin/busybox": 738_852, "/usr/sbin/dropbear": 262_412, "/usr/sbin/httpd": 118_304, "/usr/bin/streamer": 1_482_916, "/usr/bin/onvifd": 486_604,
    "/usr/bin/wpa_cli": 98_564, "/usr/sbin/wpa_supplicant": 792_508, "/lib/libuClibc-0.9.33.2.so": 519_728, "/lib/libpthread-0.9.33.2.so": 98_408,
    "/lib/libgcc_s.so.1": 206_932, "/lib/libimp.so": 1_182_316,
}  # fmt: skip
LINKS = {
    "/linuxrc": "bin/busybox", "/lib32": "lib", "/usr/lib32": "lib", "/etc/mtab": "/proc/self/mounts",
    "/var/cache": "../tmp", "/var/lock": "../tmp", "/var/log": "../tmp", "/var/run": "../run", "/var/spool": "../tmp", "/var/tmp": "../tmp",
    "/usr/bin/scp": "../sbin/dropbear", "/usr/bin/dropbearkey": "../sbin/dropbear",
    "/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2", "/dev/log": "../tmp/log",
    "/lib/ld-uClibc.so.0": "ld-uClibc-0.9.33.2.so", "/lib/libc.so.0": "libuClibc-0.9.33.2.so",
}  # fmt: skip
FOLDERS = """/bin /dev /dev/pts /dev/shm /etc /etc/dropbear /etc/init.d /etc/network /etc/network/if-down.d /etc/network/if-up.d /etc/profile.d
/lib /lib/modules /lib/modules/3.10.14 /media /mnt /mnt/mtd /opt /proc /root /run /sbin /sys /system /system/bin /system/etc /tmp /usr /usr/bin /usr/lib
/usr/sbin /usr/share /usr/share/udhcpc /var /var/lib /var/www /var/www/cgi-bin"""
PROFILE = """export PATH=/bin:/sbin:/usr/bin:/usr/sbin

if [ "$PS1" ]; then
	if [ "`id -u`" -eq 0 ]; then
		export PS1='# '
	else
		export PS1='$ '
	fi
fi

export PAGER='/bin/more'
export EDITOR='/bin/vi'

# Source configuration files from /etc/profile.d
for i in /etc/profile.d/*.sh ; do
	if [ -r "$i" ]; then
		. $i
	fi
done
unset i
"""
RC = """#!/bin/sh


# Start all init scripts in /etc/init.d
# executing them in numerical order.
#
for i in /etc/init.d/S??* ;do

     # Ignore dangling symlinks (if any).
     [ ! -f "$i" ] && continue

     case "$i" in
	*.sh)
	    # Source shell script for speed.
	    (
		trap - INT QUIT TSTP
		set start
		. $i
	    )
	    ;;
	*)
	    # No sh extension, so fork subprocess.
	    $i start
	    ;;
    esac
done

"""
INITTAB = """# Startup the system
::sysinit:/bin/mount -t proc proc /proc
::sysinit:/bin/mount -o remount,rw /
::sysinit:/bin/mkdir -p /dev/pts /dev/shm
::sysinit:/bin/mount -a
::sysinit:/bin/hostname -F /etc/hostname
# now run any rc scripts
::sysinit:/etc/init.d/rcS

# Put a getty on the serial port
console::respawn:/sbin/getty -L  console 0 vt100 # GENERIC_SERIAL

# Stuff to do for the 3-finger salute
#::ctrlaltdel:/sbin/reboot

# Stuff to do before rebooting
::shutdown:/etc/init.d/rcK
::shutdown:/sbin/swapoff -a
::shutdown:/bin/umount -a -r
"""


def _release(version: str) -> str:
    return f'NAME=Buildroot\nVERSION={version}\nID=buildroot\nVERSION_ID={version}\nPRETTY_NAME="Buildroot {version}"\n'


FILES: dict[str, Text] = {
    "/etc/os-release": _release("2018.02"),
    "/etc/profile": PROFILE,
    "/etc/init.d/rcS": RC,
    "/etc/init.d/rcK": RC.replace("Start all", "Stop all").replace("$i start", "$i stop"),
    "/etc/init.d/S01logging": '#!/bin/sh\n#\n# Start logging\n#\n\nSYSLOGD_ARGS=-n\nKLOGD_ARGS=-n\n[ -r /etc/default/logging ] && . /etc/default/logging\n',
    "/etc/init.d/S40network": '#!/bin/sh\n#\n# Start the network....\n#\n\nmkdir -p /run/network\n\ncase "$1" in\n  start)\n\t/sbin/ifup -a\n\t;;\n  stop)\n\t/sbin/ifdown -a\n\t;;\nesac\n\nexit $?\n',
    "/etc/init.d/S50telnet": '#!/bin/sh\n#\n# Start telnet....\n#\n\ncase "$1" in\n  start)\n\t/usr/sbin/telnetd -F &\n\t;;\n  stop)\n\tkillall telnetd\n\t;;\nesac\n\nexit $?\n',
    "/etc/inittab": INITTAB,
    "/etc/shells": "/bin/sh\n/bin/ash\n",
    "/etc/hosts": lambda world: f"127.0.0.1\tlocalhost\n127.0.1.1\t{world.hostname}\n",
    "/etc/hostname": lambda world: world.hostname + "\n",
    "/etc/issue": "Welcome to Buildroot\n",
    "/etc/fstab": "# <file system>\t<mount pt>\t<type>\t<options>\t<dump>\t<pass>\n/dev/root\t/\t\text2\trw,noauto\t0\t1\nproc\t\t/proc\t\tproc\tdefaults\t0\t0\ndevpts\t\t/dev/pts\tdevpts\tdefaults,gid=5,mode=620,ptmxmode=0666\t0\t0\ntmpfs\t\t/dev/shm\ttmpfs\tmode=0777\t0\t0\ntmpfs\t\t/tmp\t\ttmpfs\tmode=1777\t0\t0\ntmpfs\t\t/run\t\ttmpfs\tmode=0755,nosuid,nodev\t0\t0\nsysfs\t\t/sys\t\tsysfs\tdefaults\t0\t0\n",
    "/etc/network/interfaces": "# interface file auto-generated by buildroot\n\nauto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n  pre-up /etc/network/nfs_check\n  wait-delay 15\n",
    "/etc/protocols": "# Internet (IP) protocols\n\nip\t0\tIP\nicmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\n",
    "/etc/resolv.conf": lambda world: f"nameserver {world.address.rsplit('.', 1)[0]}.1\n",
    "/var/www/index.html": '<html>\n<head>\n<meta http-equiv="refresh" content="0; URL=/login.htm">\n</head>\n</html>\n',
}  # fmt: skip
USERS = (
    Account("root", 0, 0, "root", "/root", "/bin/ash"),
    Account("daemon", 1, 1, "daemon", "/usr/sbin", "/bin/false"),
    Account("bin", 2, 2, "bin", "/bin", "/bin/false"),
    Account("sys", 3, 3, "sys", "/dev", "/bin/false"),
    Account("sync", 4, 100, "sync", "/bin", "/bin/sync"),
    Account("mail", 8, 8, "mail", "/var/spool/mail", "/bin/false"),
    Account("www-data", 33, 33, "www-data", "/var/www", "/bin/false"),
    Account("operator", 37, 37, "Operator", "/var", "/bin/false"),
    Account("nobody", 65534, 65534, "nobody", "/home", "/bin/false"),
    Account("admin", 1000, 1000, "Linux User,,,", "/root", "/bin/ash"),
)
GROUPS = tuple(
    Group(name, gid)
    for name, gid in (
        ("root", 0), ("daemon", 1), ("bin", 2), ("sys", 3), ("adm", 4), ("tty", 5), ("disk", 6), ("lp", 7), ("mail", 8), ("kmem", 9), ("wheel", 10),
        ("cdrom", 11), ("dialout", 18), ("floppy", 19), ("video", 28), ("audio", 29), ("tape", 32), ("www-data", 33), ("operator", 37), ("utmp", 43),
        ("plugdev", 46), ("staff", 50), ("lock", 54), ("netdev", 82), ("users", 100), ("nogroup", 65534), ("admin", 1000),
    )
)  # fmt: skip
CAMERA = Device(
    "v1.27.2 (2019-03-14 14:12:31 CST)", Architecture(MIPS, 32, little=True, flags=0x50001007), CPUINFO, 58_836, 1,
    APPLETS, PROGRAMS, LINKS, FOLDERS, FILES, USERS, GROUPS,
    dict.fromkeys(("/etc/init.d/rcS", "/etc/init.d/rcK", "/etc/init.d/S01logging", "/etc/init.d/S40network", "/etc/init.d/S50telnet"), 0o755),
    devices="null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 console:5:1 ptmx:5:2 kmsg:1:11 ttyS1:4:65 watchdog:10:130 mtdblock0:31:0 mtdblock1:31:1 mtdblock2:31:2 mtdblock3:31:3 video0:81:0 mem:1:1 isp-m0:10:59",
    build=Build(searches=True, saves=True, helps=True, prompt="{sign} "),
    built=1_552_543_951,
)  # fmt: skip
TAPO = replace(
    CAMERA,
    busybox="v1.29.3 (2022-08-03 10:28:02 CST)",
    cpuinfo=TAPO_CPUINFO,
    memory_kib=59_404,
    folders=FOLDERS.replace("3.10.14", "4.4.198"),
    links=LINKS | {"/etc/resolv.conf": "../tmp/resolv.conf"},
    files={path: text for path, text in FILES.items() if path != "/etc/resolv.conf"}
    | {
        "/etc/os-release": _release("2019.02"),
        "/tmp/resolv.conf": lambda world: f"nameserver {world.address.rsplit('.', 1)[0]}.1 # eth0\n",
        "/etc/inittab": INITTAB.replace("::sysinit:/bin/mount -o remount,rw /\n", ""),
    },
    devices=CAMERA.devices.replace("isp-m0:10:59", "ttyS0:4:64"),
    built=1_659_493_882,
)
