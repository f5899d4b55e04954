# ruff: noqa: E501 (beginnings of commands)
"""Why some answers may differ: what a system in namespaces cannot be, and what two real machines do not share."""

from __future__ import annotations

REASONS: dict[str, tuple[str, ...]] = {
    "the kernel is that of the machine around the container": (
        "aa-enabled", "aa-status", "aa-exec", "apparmor_", "kmod list", "kmod static", "uclampset", "choom -p 1", "ctrlaltdel", "nstat -s", "zramctl -f", "zramctl /dev", "systemd-detect-virt", "hostnamectl icon",
        "uname -a", "uname -r", "uname -s -v", "cat /proc/version", "cat /proc/filesystems", "modprobe nosuch", "dmesg",
        "cat /proc/cpuinfo | grep -E", "lscpu", "nvidia-smi", "cat /proc/1/sched", "ls /.dockerenv", "cat /proc/self/cgroup",
        "cat /proc/self/mountinfo", "lsblk | head", "ls /sys;", "cat /proc/meminfo | cut", "free -h | head -1",
        "ss -tn state listening", "ls /proc |",
    ),
    "the container's root is an overlay, and its devices are those of its host": (
        "dmsetup ", "losetup -f", "losetup /dev", "blockdev --report", "hwclock", "ownership", "biosdecode", "vpddecode", "udevadm test", "filefrag /etc/hostname; filefrag", "cd /tmp; echo a > a; echo a | cpio",
        "find / -maxdepth 1 | sort", "ls -1 /", "ls -x -w 40 /", "ls -C -w 60 /", "ls -la /; ls -ld", "mount | grep -E ' /(proc", "df -T /proc", "df -h",
        "blkid; echo", "swapon --show", "lspci", "lsmod", "modprobe nope", "ls -l /dev | grep -E ' (null", "ls /sys", "ls -ld /proc", "cat /proc/cgroups",
        "cat /proc/modules", "lsblk -o NAME,TYPE", "hostnamectl | awk", "cat /sys/kernel/mm",
        "cfdisk -z", "losetup /nope", "dmsetup ls", "ls -la /etc/cron.d | awk", "readlink /proc/1/exe", "capsh --print",
    ),
    "the container has no disk, no firmware and a network card of its own kind": (
        "bridge fdb", "tc qdisc", "tc -s qdisc", "tc class", "tc filter", "ipmaddr show", "mii-tool eth0", "networkctl", "tcpdump -D", "prlimit",
        "df -h /", "cat /proc/mounts", "cat /proc/partitions", "cat /sys/class/dmi", "dmidecode", "findmnt", "ls -di", "uptime -p",
        "ip addr show eth0", "ip -br link", "ifconfig", "ls /sys/class/net", "ls /dev | grep", "cat /proc/swaps", "hostname -I",
        "cat /proc/1/environ", "grep -ao container", "dd if=/dev/zero of=/tmp/z bs=1M", "arp -n | head -1; arp -a nosuch; arp",
        "ls -la / |", "ls -l /nonexistent /tmp", "lsattr /etc", "chattr -ia .ssh", "cat /etc/shells; cat /etc/fstab", "cd ~; rm -rf .ssh; mkdir",
    ),
    "the commands that are compared run there side by side, without kernel threads": (
        "lsipc -m", "lsns -t net", "lslogins root",
        "ps | awk", "ps; ps aux | wc -l; ps -ef", "ps -p 1 -o args=", "ps -ef | head", "ps aux | head", "ps -e -o user=", "ps auxww", "time true", "ifconfig lo", "pidof systemd init",
    ),
    "no one is logged in there, and the machine has just been made": (
        "loginctl list-users", "loginctl show-user", "busctl call org.freedesktop.login1", "systemd-analyze time", "systemd-analyze blame", "localectl", "hostname -A", "dbus-run-session",
        "who -b", "users", "uptime", "w |", "last |", "chage -l root", "ls -la ~ |", "find /var/www", "ip r add default",
        "ls -l /proc/self/fd", "ss -tln | head -1; ss -tlnp", "top -b -n1 | head -1", "/usr/bin/who\t",
    ),
    "a command there is not a child of sshd": ("cat /proc/$$/comm", "pidof systemd | wc -w"),
    "systemctl and service notice that they run in another root": (
        "systemctl is-enabled ssh", "service nosuch start", "udevadm settle", "udevadm control", "udevadm trigger", "invoke-rc.d", "which.debianutils ls; ischroot", "systemd-analyze verify", "pwdx 1",
    ),
    "systemctl does nothing in another root than that of its first process": (
        "systemctl is-active ssh nosuch", "systemctl status nosuch; echo", "systemctl start nosuch", "systemctl list-units --type=service --no-legend",
        "systemctl show -p Id ssh", "systemctl cat nosuch", "systemctl list-timers", "systemctl is-system-running", "systemctl --failed",
        "systemctl daemon-reload", "systemctl mask nosuch", "service nosuch status", "service ssh status", "systemctl kill nosuch", "who -r", "runlevel",
    ),
    "the root of the container has another path outside": ("for p in $(ls /proc", "for p in /proc/[0-9]*; do e="),
    "the container has no kernel threads, no capability for limits, and a /proc/sys that is read-only": (
        "ps aux | grep -E 'xmrig", "ulimit -n 65535",
    ),
    "another first user, and fewer packages": (
        "traceroute nosuch.invalid; traceroute", "less /etc/passwd",
        "cat /etc/passwd | cut", "awk -F: '($3>=1000)", "ssh-add -l; ssh-copy-id", "iptables -S", "lsb_release -ds",
    ),
    "its packages are a later point release": (
        "gpg --print-md sha256", "nsupdate -V", "delv -v",
        "ls --full-time /etc/debian_version", "md5sum --tag /etc/debian_version", "head -n1 /etc/debian_version", "wc -L /etc/debian_version",
        "head -1 -q /etc/debian_version", "ls -l /usr/bin/awk", "ls -l /lib /sbin", "ls -l /var",
        "md5sum /bin", "sha256sum /usr", "systemctl --version", "cat /etc/hostname /etc/debian_version", "ls -l /bin/ls",
        "ls -l /usr/sbin/sshd", "dpkg -l bash", "dpkg -l | grep -E", "dpkg-query -W -f", "openssl version",
        "apt-cache policy", "ls /boot", "ssh -V", "dig -v", "dpkg --version | head", "apt-get install -y bash", "apt list --installed", "cat /etc/*release",
        "cat /etc/os-release", "update-rc.d; update-alternatives --display", "apt --version; apt-get",
    ),
    "other packages were chosen at its installation": (
        "zstd", "cd /tmp; echo hello > f; zstd", "rsync /nope", "cd /tmp; mkdir a; echo 1 > a/f; rsync", "vim -es", "mt -f", "dpkg-divert --list", "dpkg-statoverride --list", "systemd-delta | tail", "sfdisk", "cfdisk /nope", "cd /tmp; truncate -s 10M d.img", "gpgconf --list-comp", "tcptraceroute", "traceproto",
        "awk -F: '{s[$7]++}", "awk 'NF {print NF", "sed -n '/root/p;$='", "grep -c nologin", "getent passwd | wc", "stat -c '%n %s %U", "find /etc/cron* -type f",
        "find / -xdev -perm", "find /etc -name '*.conf'", "find /etc -maxdepth 1 -name 'pass*'", "find /etc -maxdepth 1 -empty", "ls -ln /etc/passwd",
        "ls -R /etc/apt", "ls /var/lib | head", "ls /var/spool", "cp /etc/hostname; cp; cp /nope", "awk '{a[NR] = $0}", "update-alternatives --list editor",
        "ls /etc |", "head -5 /etc/passwd", "ls /etc/cron.d", "ls /etc/init.d", "find / -perm -4000", "tasksel", "ls /var/lib/dpkg",
        "debconf-show nosuch",
    ),
    "the order of names in a folder is that of its file system": (
        "getcap -r /",
        "find /etc -maxdepth 1 -name 'host*'", "cd /tmp; mkdir t; echo a",
    ),
    "an administrator has worked on the machine, and root logs in with a password": (
        "ls -a /root", "ls -1 /home", "find /home /root", "grep -E '^[A-Z]' /etc/ssh/sshd_config", "ls /var; ls /var/log", "cat /etc/ssh/sshd_config |", "grep -rn PermitRoot", "grep -v '^#' /etc/ssh/sshd_config",
    ),
    "the installer writes other sources": ("cat /etc/apt/sources.list", "apt-get update -qq"),
    "the order of a hash table, or a time": (
        "systemd-run echo", "systemd-run --scope", "openssl s_client", "gpg-agent",
        "export A=1", "time -p true", "dd if=/dev/zero of=/tmp/z bs=1k", "mkdir /tmp/d; touch", "curl -O http://nosuch.invalid/x.sh",
    ),
    "the text of manual pages is not imitated": ("man ls", "whatis ls", "man -w ls", "accessdb"),
    "the other one's first user, its history and its size are in what is shown": (
        "history | head", "history | tail", "history | wc", "fc -l", "echo a\nhistory 2", "ls -la /etc/pass", "ls -lh /etc/passwd", "stat /etc/passwd",
        "getent passwd root; getent group sudo", "awk -F: '$3 >= 1000", "cd /var/log && ls",
    ),
    "its own packages, mounts and processes are in what is shown": (
        "ls /usr/sh\t", "ls /etc/apt", "ls -la --color /etc/alternatives",
        "ls -d /etc/*.conf", "find /etc -maxdepth 1", "stat -f -c", "cat /etc/debian_version", "ps -eo pid,comm", "pgrep -l cron", "cat /proc/1/cmdline",
        "echo '* * * * * /tmp/.x/run'",
    ),
    "no one is logged in there: no record of a login, no one to write to": (
        "wall hi", "who am i", "whoami; logname", "groups; whoami; logname", "w -h", "logger hello",
    ),
    "systemctl notices that it runs in another root": (
        "systemct\t", "systemctl status nosuch", "systemctl --no-pager list-units", "systemctl is-active", "systemctl list-timers",
    ),
    "the key of its own server is not known": ("ssh nobody@127.0.0.1", "scp /nonexistent"),
}  # fmt: skip
"""By reason, how commands begin."""
WHOLE = {
    "the container has no disk, no firmware and a network card of its own kind": ("ls /",),
    "the commands that are compared run there side by side, without kernel threads": ("w",),
}
"""By reason, commands of which others are beginnings."""
OF_A_DEVICE: dict[str, tuple[str, ...]] = {
    "a device has its own tree, where Debian's has nothing but BusyBox": (
        "ls /", "ls -la / ", "ls -ld /tmp /root", "ls /etc |", "ls /var;", "ls -l /nonexistent /tmp", "cat /etc/os-release", "cat /etc/*release",
        "cat /etc/shells", "cat /etc/profile", "cat /etc/apt", "cat /etc/shadow", "ls /etc/init.d", "ls /usr/bin", "ls /opt", "echo *; cd /var",
        "ls -l /bin/sh | awk", "/bin/busybox cat /bin/ls | head", "dd if=/bin/busybox bs=52", "for pid in /proc/[0-9]*/; do pid=",
        "find /var/www", "find / -maxdepth 1", "find / -writable", "ls -la ~", "rm -rf /tmp/*; ls -a /tmp; rm -rf /var/tmp",
        "for f in /etc/*-release", "du -s /etc/apt", "ls -F / |", "ls -p /etc |", "ls -lS /bin |",
    ),
    "a device has its own accounts": (
        "head -5 /etc/passwd", "cut -d: -f1 /etc/group", "grep root /etc/passwd", "grep -E '^(root|daemon)", "head -n 2 /etc/passwd",
        "cat /etc/passwd", "awk -F: '($3>=1000)", "su nosuch; su -", "useradd -o -u 0", "usermod -aG", "touch /tmp/c; chmod u+x,g-r",
        "echo 'h:x:0:0", "id; id -u",
        "head -n 2 /etc/group", "sed -n '1,3p' /etc/passwd", "id nobody", "su -c id nobody", "chown nobody:nogroup", "su - nobody", "su nobody", "grep; grep -x",
    ),
    "a device has a processor and a kernel of its own": (
        "uname", "arch;", "nproc", "cat /proc/cpuinfo", "cat /proc/stat", "case $(uname -m)", "dd if=/etc/hostname bs=1", "ls /proc",
        "free; free -m", "free -h; echo", "case \"$(uname -m)\"", "insmod; echo $?; insmod /nope.ko",
        "ls -l /proc/self/fd", "echo x > /proc/version", "ulimit -n 65535", "cat /proc/self/maps",
    ),
    "a device has other applets": (
        "pgrep", "pkill", "printenv", "env | grep", "adduser", "nohup", "logger", "lsof", "chroot /nonexistent; nsenter", "echo hello | md5sum",
        "env false", "echo hi | gzip | zcat; echo hi | bzip2", "ps aux | grep -E 'xmrig", "scp", "netstat", "mtr;", "ufw status", "dpkg", "rpm -qa",
        "ls /var/lib/dpkg", "head -4 /var/lib/dpkg", "ls /var/lib/apt",
        "x\t\t", "mesg", "busybox ECCHI; busybox;", "brctl show",
    ),
    "Debian's ash prefers applets to the programs in the PATH": ("which; echo $?; which sh nosuch", "type if for echo ls nosuch", "which -a sh", "type cd ls if", "command -v", "type ls cd if", "alias; type ls", "type ls; type cd", "which nosuch; echo $?; which sh ls"),
    "a device has an older BusyBox": ("while read l; do echo \"<$l>\"; done < <(", "xargs -0 echo < <(", "ls --color=always -d /tmp", "diff <("),
    "dropbear gives a session groups and other variables": ("id > /tmp/1", "env | cut", "locale | head", "env | sort", "id; id nosuch"),
    "the network around the container, or an error of Debian's BusyBox": (
        "arp; echo $?; arp -a; arp -d", "for a in arm arm5 arm7 mips mpsl x86; do wget -q -T 1",
        "arp -n", "wget -t 1 -T 1", "ping -c1 nosuch.invalid", "nc -lvp 1", "stat /etc/hostname", "top -bn1 | tail",
    ),
}  # fmt: skip
"""The same for BusyBox, which runs on a tree of Debian there."""


BY_ERROR = {
    "systemctl does nothing in another root than that of its first process": "Running in chroot, ignoring",
    "the namespaces of this one could not be made": "chroot: cannot change root directory to '.'",
}
"""By reason, what the real system prints then, whatever the command is."""


def reason_of(command: str, system: str = "", error: str = "") -> str:
    """Why a command's answers may differ, "" if they should be equal. `error` is that of the real system."""
    for reason, text in BY_ERROR.items():
        if text in error:
            return reason
    reasons = REASONS if system != "busybox" else REASONS | OF_A_DEVICE
    for reason, beginnings in reasons.items():
        if command.startswith(beginnings) or command in WHOLE.get(reason, ()):
            return reason
    return ""
