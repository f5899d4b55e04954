# ruff: noqa: E501 (lists of programs, and files as they are)
"""Synology DSM 7.2 (DS920+, Intel Celeron J4125) and QNAP QTS 5.1.8 (TS-x53D, the same processor).

DSM's commands are GNU's, its /bin/ash is bash; QTS has BusyBox's commands and bash. Sources: listings of such
machines in their vendors' forums, the kernel's arch/x86/kernel/cpu/proc.c, Intel's specification of the processor.
"""

from __future__ import annotations

from ..accounts import Account, Group
from ..elf import X86_64, Architecture
from .device import Device, Text

FLAGS = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush dts acpi mmx fxsr sse sse2 ss ht tm pbe syscall nx pdpe1gb rdtscp lm constant_tsc art arch_perfmon pebs bts rep_good nopl xtopology nonstop_tsc cpuid aperfmperf tsc_known_freq pni pclmulqdq dtes64 monitor ds_cpl vmx est tm2 ssse3 sdbg cx16 xtpr pdcm sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave rdrand lahf_lm 3dnowprefetch cpuid_fault cat_l2 ibrs ibpb stibp tpr_shadow vnmi flexpriority ept vpid ept_ad fsgsbase tsc_adjust sgx smep erms mpx rdt_a rdseed smap clflushopt intel_pt sha_ni xsaveopt xsavec xgetbv1 xsaves dtherm ida arat pln pts umip rdpid sgx_lc md_clear arch_capabilities"


def _cpuinfo(microcode: str) -> str:
    core = (
        "processor\t: {n}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 122\nmodel name\t: Intel(R) Celeron(R) J4125 CPU @ 2.00GHz\n"
        "stepping\t: 8\nmicrocode\t: {microcode}\ncpu MHz\t\t: 1996.800\ncache size\t: 4096 KB\nphysical id\t: 0\nsiblings\t: 4\ncore id\t\t: {n}\n"
        "cpu cores\t: 4\napicid\t\t: {apic}\ninitial apicid\t: {apic}\nfpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 24\nwp\t\t: yes\n"
        "flags\t\t: {flags}\nbugs\t\t: spectre_v1 spectre_v2\nbogomips\t: 3993.60\nclflush size\t: 64\ncache_alignment\t: 64\n"
        "address sizes\t: 39 bits physical, 48 bits virtual\npower management:\n\n"
    )
    return "".join(core.format(n=n, apic=2 * n, microcode=microcode, flags=FLAGS) for n in range(4))


GNU = "[ arch awk base64 basename bash bzip2 cat chgrp chmod chown cksum clear cmp comm cp crontab curl cut date dd df diff dirname dmesg du echo egrep env expr false fgrep file find fold free getent grep groups gunzip gzip head hexdump hostname id install join kill killall less ln locale logger logname ls lsof md5sum mkdir mkfifo mknod mktemp more mount mv nc netstat nice nl nohup nproc nslookup od openssl passwd paste perl pgrep pidof ping ping6 pkill printenv printf ps pwd python3 readlink realpath renice rm rmdir rsync scp screen sed seq sftp sha1sum sha256sum sha512sum shred sleep sort split ssh ssh-keygen stat strings stty su sudo sum sync systemctl tac tail tar tee telnet test timeout top touch tr traceroute true truncate tty umount uname uniq unlink unzip uptime vi vim w wc wget which who whoami xargs xxd xz yes zcat"
GNU_ROOT = "arp blkid fdisk halt hwclock ifconfig insmod ip iptables lsmod modprobe poweroff reboot rmmod route swapon sysctl useradd usermod chroot"
SYNOLOGY = "synoacltool synogroup synopkg synoservice synoshare synouser synosystemctl synonet synowebapi"
DSM_FILES: dict[str, Text] = {
    "/etc/VERSION": 'majorversion="7"\nminorversion="2"\nmajor="7"\nminor="2"\nmicro="0"\nbuildphase="GM"\nbuildnumber="64570"\nsmallfixnumber="3"\nnano="3"\nbase="64570"\nproductversion="7.2"\nos_name="DSM"\nbuilddate="2023/07/17"\nbuildtime="11:36:36"\n',
    "/etc.defaults/VERSION": 'majorversion="7"\nminorversion="2"\nmajor="7"\nminor="2"\nmicro="0"\nbuildphase="GM"\nbuildnumber="64570"\nsmallfixnumber="3"\nnano="3"\nbase="64570"\nproductversion="7.2"\nos_name="DSM"\nbuilddate="2023/07/17"\nbuildtime="11:36:36"\n',
    "/etc/hosts": lambda world: f"# Any manual change will be lost if the host name is changed or system upgrades.\n127.0.0.1\tlocalhost\n::1\t\tlocalhost\n{world.address}\t{world.hostname}\n",
    "/etc/hostname": lambda world: world.hostname + "\n",
    "/etc/resolv.conf": lambda world: f"nameserver {world.address.rsplit('.', 1)[0]}.1\n",
    "/etc/shells": "/bin/sh\n/bin/ash\n/bin/bash\n",
    "/etc/profile": 'umask 022\n\nPATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/syno/sbin:/usr/syno/bin:/usr/local/sbin:/usr/local/bin\nexport PATH\n\nPS1="\\u@\\h:\\w\\$ "\nif [ "$(id -u)" -eq 0 ]; then\n\tPS1="\\u@\\h:\\w# "\nfi\nexport PS1\n',
    "/etc/fstab": "none /proc proc defaults 0 0\n/dev/root / ext4 defaults 1 1\n/dev/mapper/cachedev_0 /volume1 btrfs auto_reclaim_space,ssd,synoacl,relatime,nodev 0 0\n",
    "/etc/crontab": "#minute\thour\tmday\tmonth\twday\twho\tcommand\n10\t5\t*\t*\t6\troot\t/usr/syno/bin/synopkg chkupgradepkg\n0\t3\t*\t*\t1\troot\t/usr/sbin/synoupdatefiles\n",
    "/root/.profile": "PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/syno/sbin:/usr/syno/bin:/usr/local/sbin:/usr/local/bin\nexport PATH\n",
}  # fmt: skip
QTS_FILES: dict[str, Text] = {
    "/etc/config/uLinux.conf": lambda world: f"[System]\nModel = TS-X53D\nInternal Model = TS-X53D\nServer Name = {world.hostname}\nVersion = 5.1.8\nBuild Number = 20240703\nNumber = 2823\nTime Zone = UTC\nWorkgroup = NAS\n",
    "/etc/default_config/uLinux.conf": "[System]\nModel = TS-X53D\nInternal Model = TS-X53D\nVersion = 5.1.8\nBuild Number = 20240703\nNumber = 2823\n",
    "/etc/os-release": 'NAME="QTS"\nID="qts"\nPRETTY_NAME="QTS 5.1.8 (20240703)"\nVERSION_ID="5.1.8"\nVERSION="5.1.8"\n',
    "/etc/hosts": lambda world: f"127.0.0.1\tlocalhost\tlocalhost\n{world.address}\t{world.hostname}\t{world.hostname}\n",
    "/etc/hostname": lambda world: world.hostname + "\n",
    "/etc/resolv.conf": lambda world: f"nameserver {world.address.rsplit('.', 1)[0]}.1\n",
    "/etc/shells": "/bin/sh\n/bin/bash\n",
    "/etc/profile": 'export PATH="/bin:/sbin:/usr/bin:/usr/sbin:/usr/bin/X11:/usr/local/sbin:/usr/local/bin"\nexport PS1="[\\w] # "\n',
    "/etc/fstab": "/dev/ram\t\t/\text2\tdefaults\t1 1\nproc\t\t/proc\tproc\tdefaults\t0 0\nnone\t\t/dev/pts\tdevpts\tgid=5,mode=620\t0 0\n",
    "/etc/config/crontab": "# m h dom m dow cmd\n0 4 * * * /sbin/hwclock -s\n0 3 * * * /sbin/vs_refresh\n0 3 * * * /sbin/clean_reset_pwd\n10 15 * * * /usr/bin/power_clean -c 2>/dev/null\n",
}  # fmt: skip
QTS_APPLETS = {
    "/bin": "arch base64 cat chgrp chmod chown cp date dd df dmesg dnsdomainname echo egrep false fgrep grep gunzip gzip hostname kill ln ls mkdir mknod mktemp more mv netstat nice pidof ping ps pwd rm rmdir sed sleep stat sync tar touch true uname usleep vi zcat",
    "/sbin": "arp halt hwclock ifconfig init insmod ip ipaddr klogd lsmod poweroff reboot rmmod route swapoff swapon syslogd",
    "/usr/bin": "[ [[ awk basename bunzip2 bzcat cksum clear cmp crontab cut diff dirname du env expr find fold free head hexdump id killall last less logger logname md5sum mkfifo nc nohup nslookup od passwd paste patch printf readlink realpath renice reset seq setsid sha1sum sha256sum sha512sum sort strings tail tee telnet test tftp time timeout top tr traceroute truncate tty uniq unzip uptime uudecode w wc which who whoami xargs yes",
    "/usr/sbin": "chroot crond",
}
STORAGE_FOLDERS = "/bin /dev /dev/pts /dev/shm /etc /etc/ssh /lib /lib64 /mnt /proc /root /run /sbin /sys /tmp /usr /usr/bin /usr/lib /usr/local /usr/local/bin /usr/sbin /var /var/log /var/tmp /home"
INTEL = Architecture(X86_64, 64, little=True)


def _sizes(folder: str, names: str, least: int) -> dict[str, int]:
    return {f"{folder}/{name}": least + sum(map(ord, name)) * 97 % 90_000 for name in names.split()}


DISK_STATION = Device(
    "", INTEL, _cpuinfo("0x40"), 3_843_620, 4, {},
    _sizes("/usr/bin", GNU, 30_000) | _sizes("/usr/sbin", GNU_ROOT, 40_000) | _sizes("/usr/syno/bin", SYNOLOGY, 20_000) | {"/usr/syno/sbin/nginx": 1_126_304},
    {"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib", "/usr/bin/sh": "bash", "/usr/bin/ash": "bash", "/var/tmp": "/tmp", "/var/run": "/run"},
    STORAGE_FOLDERS.replace("/bin ", "", 1).replace(" /lib /lib64", "").replace(" /sbin", "", 1).replace(" /var/tmp", "")
    + " /etc.defaults /usr/syno /usr/syno/bin /usr/syno/sbin /usr/syno/etc /volume1 /volume1/@appstore /volume1/@eaDir /volume1/homes /volume1/homes/admin /volume1/public /initrd /lost+found /config /volumeUSB1",
    DSM_FILES,
    (
        Account("root", 0, 0, "", "/root", "/bin/ash"),
        Account("lp", 7, 7, "", "/var/spool/lpd", "/bin/false"),
        Account("ftp", 21, 21, "Anonymous FTP User", "/nonexist", "/sbin/nologin"),
        Account("anonymous", 21, 21, "Anonymous FTP User", "/nonexist", "/sbin/nologin"),
        Account("smmsp", 25, 25, "Sendmail Submission User", "/var/spool/clientmqueue", "/sbin/nologin"),
        Account("postgres", 55, 55, "PostgreSQL User", "/var/services/pgsql", "/bin/su"),
        Account("dovecot", 143, 143, "", "/var/run/dovecot", "/sbin/nologin"),
        Account("http", 1023, 1023, "", "/var/services/web", "/sbin/nologin"),
        Account("nobody", 1023, 1023, "", "/home", "/sbin/nologin"),
        Account("admin", 1024, 100, "System default user", "/var/services/homes/admin", "/bin/sh"),
        Account("guest", 1025, 100, "Guest", "/nonexist", "/bin/nologin"),
    ),
    (Group("root", 0), Group("lp", 7, ("lp",)), Group("ftp", 21, ("ftp",)), Group("smmsp", 25), Group("users", 100), Group("administrators", 101, ("admin",)), Group("http", 1023)),
    devices="null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 console:5:1 ptmx:5:2 kmsg:1:11 md0:9:0 md1:9:1 md2:9:2 sda:8:0 sda1:8:1 sda2:8:2 sda3:8:3 sdb:8:16 sdb1:8:17 sdb2:8:18 sdb3:8:19",
    built=1_689_564_996,
)  # fmt: skip
QNAP = Device(
    "v1.24.1 (2024-07-03 03:42:11 CST)", INTEL, _cpuinfo("0x24"), 3_902_244, 4, QTS_APPLETS,
    {
        "/bin/busybox": 694_920, "/bin/bash": 1_082_360, "/bin/su": 31_408, "/bin/login": 52_712, "/bin/mount": 110_368, "/bin/umount": 82_168, "/usr/bin/curl": 240_104,
        "/usr/bin/wget": 440_072, "/usr/bin/openssl": 719_200, "/usr/bin/scp": 113_656, "/usr/bin/ssh": 789_448, "/usr/bin/ssh-keygen": 437_256, "/usr/bin/rsync": 480_648,
        "/usr/bin/sudo": 182_288, "/usr/bin/lsof": 158_208, "/usr/sbin/sshd": 862_072, "/sbin/getcfg": 14_528, "/sbin/setcfg": 14_528, "/sbin/iptables": 98_288,
        "/sbin/qpkg_cli": 57_112, "/usr/local/sbin/nasd": 204_392, "/sbin/modprobe": 92_208,
    },
    {"/bin/sh": "bash", "/var/tmp": "/tmp", "/share/Public": "CACHEDEV1_DATA/Public", "/share/homes": "CACHEDEV1_DATA/homes", "/etc/crontab": "config/crontab", "/lib64": "lib"},
    STORAGE_FOLDERS.replace(" /lib64", "").replace(" /var/tmp", "")
    + " /etc/config /etc/default_config /mnt/HDA_ROOT /mnt/ext /share /share/CACHEDEV1_DATA /share/CACHEDEV1_DATA/Public /share/CACHEDEV1_DATA/homes /share/CACHEDEV1_DATA/homes/admin /new_root /flashfs_tmp /lost+found",
    QTS_FILES,
    (
        Account("admin", 0, 0, "administrator", "/root", "/bin/sh"),
        Account("root", 0, 0, "administrator", "/root", "/bin/sh"),
        Account("guest", 65534, 65534, "guest", "/tmp", "/bin/sh"),
        Account("httpdusr", 99, 0, "Apache httpd user", "/tmp", "/bin/sh"),
        Account("avahi", 98, 98, "avahi", "/tmp", "/bin/false"),
        Account("sshd", 110, 65534, "SSHD Privilege Separation", "/var/empty", "/bin/sh"),
    ),
    (Group("administrators", 0, ("admin",)), Group("everyone", 100, ("admin",)), Group("avahi", 98), Group("guest", 65534)),
    devices="null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 console:5:1 ptmx:5:2 kmsg:1:11 md9:9:9 md13:9:13 md1:9:1 sda:8:0 sda1:8:1 sda2:8:2 sda3:8:3 sda4:8:4",
    built=1_720_030_211,
)  # fmt: skip
