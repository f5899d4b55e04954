# ruff: noqa: E501 (lists of programs)
"""The device that stands in the comparison: Debian's BusyBox on a tree with nothing else, as systems.py makes it."""

from __future__ import annotations

import dataclasses

from decnet.decoys.host.accounts import Account, Group
from decnet.decoys.host.devices.device import OF_A_SERVER, Device
from decnet.decoys.host.elf import X86_64_SYSTEM

APPLETS = {
    "/bin": "arch ash base64 cat chgrp chmod chown cp cpio cttyhack date dd df dmesg dnsdomainname dumpkmap echo ed egrep false fatattr fgrep getopt grep gunzip gzip hostname ionice ipcalc kill link linux32 linux64 ln login ls lzop mkdir mknod mktemp more mount mt mv netstat nuke pidof ping ping6 ps pwd readlink resume rev rm rmdir rpm run-parts sed setpriv sh sleep stat stty su sync tar touch true umount uname uncompress usleep vi watch zcat",
    "/sbin": "acpid adjtimex arp blockdev depmod devmem fdisk findfs freeramdisk fstrim getty halt hwclock ifconfig ifdown ifup init insmod ip ipneigh klogd loadkmap logread losetup lsmod mdev mkdosfs mke2fs mkswap modinfo modprobe nameif pivot_root poweroff reboot rmmod route run-init start-stop-daemon sulogin swapoff swapon switch_root sysctl syslogd tc tunctl udhcpc uevent vconfig watchdog",
    "/usr/bin": "[ [[ ar ascii awk basename bc blkdiscard bunzip2 bzcat bzip2 cal chvt clear cmp crc32 crontab cut dc deallocvt diff dirname dos2unix dpkg dpkg-deb du dumpleases env expand expr factor fallocate find fold free ftpget ftpput groups head hexdump hostid id killall last less logger logname lsscsi lzcat lzma md5sum microcom mkfifo mkpasswd nc nl nproc nsenter nslookup od openvt passwd paste patch printf realpath renice reset rpm2cpio seq setkeycodes setsid sha1sum sha256sum sha3sum sha512sum shred shuf sort ssl_client strings svc svok tac tail taskset tee telnet test tftp time timeout top tr traceroute traceroute6 truncate ts tty unexpand uniq unix2dos unlink unlzma unshare unxz unzip uptime uudecode uuencode w wc wget which who whoami xargs xxd xz xzcat yes",
    "": "linuxrc",
    "/usr/sbin": "arping brctl chroot crond fsfreeze httpd i2cdetect i2cdump i2cget i2cset i2ctransfer loadfont mim nologin partprobe rdate telnetd ubirename udhcpd",
}
"""What `busybox --list-full` prints, by folder."""
FOLDERS = """/bin /dev /dev/pts /dev/shm /etc /etc/apt /etc/dpkg /etc/init.d /proc /root /run /sbin /sys /tmp /usr /usr/bin /usr/sbin /usr/share /var /var/log"""
FILES = {
    "/etc/resolv.conf": "nameserver 192.0.2.1\n",
    "/etc/fstab": "# UNCONFIGURED FSTAB FOR BASE SYSTEM\n",
    "/etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\tweb01\n",
    "/etc/hostname": lambda world: "web01\n",
    "/etc/init.d/rcS": "",
}


def as_reference(device: Device) -> Device:
    """A device with the applets, accounts and files of the real system, so that what differs is a difference of the shell."""
    return dataclasses.replace(
        device,
        busybox="v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)",
        architecture=X86_64_SYSTEM,
        applets=APPLETS,
        programs={"/bin/busybox": 1_982_256},
        links={},
        folders=FOLDERS,
        files=FILES,
        users=(Account("root", 0, 0, "root", "/root", "/bin/ash"),),
        groups=(Group("root", 0),),
        build=OF_A_SERVER,
    )
