# ruff: noqa: E501 (a table)
"""The table of commands: each is loaded when a visitor first uses it."""

from functools import cache
from importlib import import_module

from .process import Command

MODULES: dict[str, str] = {
    "text.grep": "grep egrep fgrep",
    "text.sed": "sed",
    "text.awk": "awk mawk gawk",
    "text.lines": "head tail wc tac rev",
    "text.numbering": "nl",
    "text.csplit": "csplit",
    "text.fmt": "fmt",
    "text.sorting": "sort uniq shuf",
    "text.fields": "cut paste join comm",
    "text.chars": "tr fold expand unexpand column",
    "text.dumps": "od xxd hexdump hd strings",
    "text.dircolors": "dircolors",
    "text.sums": "base64 base32 md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum",
    "text.running": "xargs env nohup nice timeout yes",
    "text.copying": "dd split",
    "text.arranging": "numfmt tsort look",
    "files.special": "mknod link pathchk fallocate namei flock runuser mcookie nologin",
    "files.find": "find",
    "text.compare": "cmp diff",
    "text.numbers": "seq factor expr",
    "text.bc": "bc",
    "text.manual": "man apropos whatis",
    "text.dates": "date cal",
    "system.ps": "ps",
    "system.schedules": "crontab at atq atrm",
    "system.settings": "sysctl locale getconf stty",
    "system.control": "hostnamectl timedatectl localectl loginctl",
    "system.open_files": "lsof fuser",
    "system.messages": "wall mesg write renice setsid shutdown reboot halt poweroff init telinit runlevel",
    "system.systemd": "systemctl",
    "system.journal": "journalctl dmesg logger",
    "system.passwords": "passwd chpasswd chage chsh",
    "system.accounts": "useradd userdel usermod",
    "system.groups": "groupadd groupdel gpasswd",
    "system.debian_accounts": "adduser deluser delgroup",
    "system.sessions": "last lastb lastlog",
    "system.finding": "pgrep pkill pidof",
    "system.killing": "killall kill",
    "system.process_tree": "pstree",
    "system.top": "top vmstat",
    "system.processors": "lscpu",
    "system.devices": "lsblk fdisk lspci lsusb dmidecode systemd-detect-virt",
    "system.kernel_modules": "lsmod modprobe insmod rmmod modinfo",
    "system.users": "id groups whoami logname users getent",
    "system.names": "uname arch nproc tty clear printenv",
    "system.tput": "tput reset",
    "system.uptime": "uptime w",
    "system.who": "who",
    "system.memory": "free",
    "system.mounting": "mount umount findmnt swapon",
    "text.paths": "basename dirname realpath readlink",
    "net.ip": "ip ipaddr iplink iproute ipneigh iprule",
    "net.ifconfig": "ifconfig route arp",
    "net.ss": "ss",
    "net.wget": "wget",
    "net.curl": "curl",
    "net.netstat": "netstat",
    "net.ping": "ping ping4 ping6",
    "net.busybox": "tftp ftpget ftpput",
    "net.netcat": "nc netcat",
    "net.telnet": "telnet ftp",
    "net.openssh": "ssh slogin scp sftp ssh-copy-id ssh-keyscan ssh-add",
    "net.dns": "dig nslookup host",
    "net.dnf": "dnf yum",
    "net.traceroute": "traceroute traceroute6",
    "net.firewall": "tc iptables ip6tables iptables-save ip6tables-save nft ufw",
    "net.hostname": "hostname dnsdomainname domainname nisdomainname ypdomainname",
    "files.ls": "ls dir vdir",
    "files.status": "stat",
    "files.making": "mkdir rmdir touch mktemp truncate mkfifo ln",
    "files.removing": "rm unlink shred",
    "files.copying": "cp mv install",
    "files.modes": "chmod chown chgrp",
    "files.usage": "du df sync",
    "files.archives": "tar gzip gunzip zcat",
    "files.compressing": "bzip2 bunzip2 bzcat xz unxz xzcat lzma unlzma lzcat",
    "files.capabilities": "getcap setcap getpcaps capsh",
    "files.cpio": "cpio",
    "files.unzipping": "unzip zipinfo",
    "files.packed_scripts": "zgrep zegrep zfgrep bzgrep bzegrep bzfgrep xzgrep xzegrep xzfgrep zcmp zdiff bzcmp bzdiff xzcmp xzdiff zmore zless bzmore bzless xzmore xzless tarcat uncompress lzmainfo bzip2recover gzexe",
    "files.attributes": "file lsattr chattr whereis getfattr",
    "system.sudoers_files": "visudo cvtsudoers sudoreplay",
    "system.filesystems": "mke2fs mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 fsck fsck.ext2 fsck.ext3 fsck.ext4 e2fsck tune2fs e2label dumpe2fs e2image e2mmpstatus resize2fs debugfs badblocks mklost+found filefrag e4defrag e2freefrag e2undo logsave",
    "system.block_tools": "blockdev findfs wipefs mkswap swaplabel hwclock zramctl isosize fincore fstrim fsfreeze blkdiscard blkzone cfdisk partx addpart delpart resizepart mkfs.minix fsck.minix mkfs.cramfs fsck.cramfs mkfs.bfs",
    "system.mapped": "losetup dmsetup",
    "system.blkid": "blkid",
    "system.partitions": "sfdisk",
    "system.util_linux": "prlimit setpriv choom uclampset setarch linux32 linux64 i386 x86_64",
    "system.tables": "lslocks lsns lsmem lsirq lsfd chmem",
    "system.utilities": "getopt rename.ul hardlink lslogins utmpdump wdctl readprofile ctrlaltdel pivot_root switch_root fstab-decode",
    "system.process_tools": "prtstat peekfd pslog pldd pmap skill snice pidwait slabtop",
    "text.encodings": "basenc iconv envsubst gettext ngettext",
    "text.overstriking": "col colrm colcrt ul pr ptx stdbuf pinky tempfile savelog zdump",
    "text.beside": "sdiff diff3",
    "system.systemd_tools": "systemd-escape systemd-path systemd-id128 systemd-machine-id-setup systemd-mount systemd-umount systemd-creds systemd-sysext systemd-hwdb systemd-stdio-bridge systemd-repart systemd-cryptenroll systemd-ask-password systemd-tty-ask-password-agent",
    "system.systemd_groups": "systemd-cgls systemd-cgtop systemd-cat systemd-delta systemd-run systemd-tmpfiles systemd-sysusers systemd-inhibit systemd-notify",
    "system.systemd_analyze": "systemd-analyze",
    "net.buses": "busctl dbus-send dbus-uuidgen dbus-run-session networkctl",
    "net.udev": "udevadm",
    "net.iproute_tools": "nstat lnstat rtstat ctstat bridge devlink rdma tipc vdpa dcb genl arpd rtmon rtacct ipmaddr iptunnel mii-tool nameif rarp",
    "system.account_tools": "pwck grpck pwconv grpconv pwunconv grpunconv groupmod groupmems newgrp sg newusers chgpasswd chfn expiry pam_timestamp_check mkhomedir_helper unix_chkpwd faillock update-passwd shadowconfig add-shell remove-shell",
    "net.service_tools": "start-stop-daemon invoke-rc.d deb-systemd-helper deb-systemd-invoke logrotate rsyslogd ifup ifdown ifquery dhclient",
    "crypto.gpg": "gpg gpgsm",
    "crypto.gpg_helpers": "gpgv gpgconf gpg-zip gpgtar gpgsplit kbxutil gpgparsemail",
    "system.helpers": "aa-status apparmor_status aa-enabled aa-exec apparmor_parser ldconfig ldconfig.real validlocale update-locale localedef tset setterm tabs clear_console infocmp toe tic captoinfo infotocap kmod depmod mt-gnu mt rmt-tar rmt ownership biosdecode vpddecode setpci chcon runcon",
    "text.scripts": "sensible-pager sensible-editor sensible-browser which.debianutils ischroot lesspipe lessfile lessecho lesskey tzselect tbl gtbl pic gpic eqn geqn neqn preconv soelim nroff groff lexgrog manpath helpztags run-mailcap see edit compose print ssh-argv0 update-ca-certificates update-shells ucf ucfq cppw cpgr vipw vigr scriptreplay scriptlive pydoc3 pydoc3.11 pydoc3.10 pdb3 pdb3.11 pdb3.10 py3versions python3.11 python3.10 python3.12 perl5.36.0 perl5.34.0",
    "files.zipping": "zip",
    "net.rsync": "rsync",
    "net.other_names": "nc.traditional inetutils-telnet telnet.netkit tnftp nc.openbsd lft lft.db nsupdate delv mdig dnstap-read tcpdump strace",
    "system.odds": "htop ssh-agent gpg-agent gpg-connect-agent sulogin",
    "system.ipc": "ipcs ipcmk ipcrm lsipc",
    "system.namespaces": "chroot unshare nsenter",
    "system.screens": "script",
    "system.small": "lsb_release faillog hostid mountpoint ldd pwdx run-parts ionice taskset chrt swapoff",
    "crypto.openssl": "openssl",
    "crypto.keygen": "ssh-keygen",
    "packaging.deb_files": "dpkg-deb dpkg-split",
    "packaging.dpkg_tools": "dpkg-divert dpkg-statoverride dpkg-trigger dpkg-realpath dpkg-preconfigure dpkg-maintscript-helper apt-config apt-cdrom apt-ftparchive apt-sortpkgs apt-extracttemplates debconf-escape",
    "packaging.dpkg": "dpkg dpkg-query",
    "packaging.scripts": "update-rc.d update-alternatives dpkg-reconfigure lsb_release apt-key",
    "packaging.apt": "apt apt-get apt-cache apt-mark",
    "servers.init_scripts": "service",
    "servers.postconf": "postconf",
    "servers.sshd": "sshd",
    "servers.htpasswd": "htpasswd",
    "servers.nginx": "nginx",
    "servers.ftp_daemons": "vsftpd vsftpdwho proftpd in.proftpd ftpwho ftpcount",
    "servers.postfix": "postfix postqueue postmap postalias postsuper postcat postmulti qshape postlog",
    "servers.exim": "exim exim4 runq rsmtp sendmail mailq newaliases exiqgrep exiqsumm exiwhat update-exim4.conf",
    "servers.mysql_tools": "mysqladmin mariadb-admin mysqldump mariadb-dump mysqlshow mariadb-show mysqlcheck mariadb-check mysqlanalyze mysqlrepair mysqloptimize",
    "servers.apache": "apache2 apache2ctl apachectl",
    "servers.apache_sites": "a2query",
}
"""Names of commands, separated by blanks, by the module of this package whose COMMANDS has them."""
ON_DEVICES = frozenset(["tftp", "ftpget", "ftpput", "ipaddr", "iplink", "iproute", "ipneigh", "iprule"])
"""Those that only BusyBox has."""
ABSENT = {
    "debian": "iptables ip6tables iptables-save ip6tables-save ufw at atq atrm cal lsusb yum dnf",
    "ubuntu": "at atq atrm cal yum dnf",
    "rocky": "ufw ftp at atq atrm adduser deluser delgroup apt apt-get",
    "freebsd": "ip ss nft ufw",
}
"""What a system does not install by default, by its name."""


OF_PACKAGES = frozenset(
    [
        "files.capabilities",
        "files.cpio",
        "files.unzipping",
        "files.packed_scripts",
        "files.zipping",
        "system.sudoers_files",
        "system.ipc",
        "system.filesystems",
        "system.block_tools",
        "system.mapped",
        "system.partitions",
        "system.util_linux",
        "system.tables",
        "system.utilities",
        "system.process_tools",
        "system.systemd_analyze",
        "system.systemd_groups",
        "system.systemd_tools",
        "net.buses",
        "net.udev",
        "system.account_tools",
        "net.service_tools",
        "net.iproute_tools",
        "net.other_names",
        "net.rsync",
        "crypto.gpg",
        "crypto.gpg_helpers",
        "packaging.deb_files",
        "packaging.dpkg_tools",
        "system.helpers",
        "system.odds",
        "text.scripts",
        "text.encodings",
        "text.overstriking",
        "text.beside",
        "servers.apache",
        "servers.postconf",
        "servers.sshd",
        "servers.htpasswd",
        "servers.nginx",
        "servers.ftp_daemons",
        "servers.postfix",
        "servers.exim",
        "servers.mysql_tools",
        "servers.apache_sites",
    ]
)
"""Modules of programs that Debian and Ubuntu alone show, since their packages are known."""


def is_installed(name: str, system: str) -> bool:
    """Whether a server with this system has the command."""
    if system not in ("debian", "ubuntu") and name != "getcap" and _places().get(name) in OF_PACKAGES:
        return False
    return name not in ON_DEVICES and name not in ABSENT.get(system, "").split()


def is_of_servers(name: str) -> bool:
    """Whether it is a program of a service, whose answers are in archives of their own."""
    return _places().get(name, "").startswith("servers.")


def command_of(name: str) -> Command | None:
    """The command of this name, None if there is none."""
    module = _places().get(name)
    if module is None:
        return None
    found: Command = import_module(f".{module}", __package__).COMMANDS[name]
    return found


def place_of(name: str) -> str | None:
    """The module of this package in which the command is, None if there is none."""
    return _places().get(name)


def command_names() -> list[str]:
    """All of them, sorted."""
    return sorted(_places())


@cache
def _places() -> dict[str, str]:
    return {name: module for module, names in MODULES.items() for name in names.split()}
