# ruff: noqa: E501 (lists of packages)
"""Which archives and packages the file trees are made from."""

import os

DEBIAN, SECURITY, UBUNTU = (
    os.environ.get(f"{name}_MIRROR", "") for name in ("DEBIAN", "DEBIAN_SECURITY", "UBUNTU")
)
"""Addresses of mirrors, given by the environment."""
SUITES = {
    "debian-11": ((DEBIAN, "bullseye"), (SECURITY, "bullseye-security")),
    "debian-12": ((DEBIAN, "bookworm"), (SECURITY, "bookworm-security")),
    "ubuntu-20.04": ((UBUNTU, "focal"), (UBUNTU, "focal-updates")),
    "ubuntu-22.04": ((UBUNTU, "jammy"), (UBUNTU, "jammy-updates")),
    "ubuntu-24.04": ((UBUNTU, "noble"), (UBUNTU, "noble-updates")),
}
"""By release: mirror and suite, the newest versions last."""

COMPONENTS = {name: ("main", "universe") if name.startswith("ubuntu") else ("main",) for name in SUITES}
"""Where `trees.add` finds packages: redis of Ubuntu is not in main."""

SNAPSHOTS = {
    "debian-11": ("2024-08-20",), "debian-12": ("2024-07-26", "2025-02-20"), "ubuntu-20.04": ("2024-08-20",),
    "ubuntu-22.04": ("2024-08-25", "2025-02-26"), "ubuntu-24.04": ("2024-08-25",),
}  # fmt: skip
"""When machines of that release were last upgraded."""

WITHOUT = frozenset(
    """apt-listchanges bsd-mailx debian-faq doc-debian exim4-base exim4-config
exim4-daemon-light friendly-recovery gir1.2-glib-2.0 hdparm iso-codes krb5-locales language-selector-common libdrm-common
libdrm2 libgirepository-1.0-1 libplymouth5 libx11-6 libx11-data libxau6 libxcb1 libxdmcp6 libxext6
libxmuu1 manpages ncurses-term ntfs-3g plymouth plymouth-theme-ubuntu-text
popularity-contest python3-reportbug reportbug shared-mime-info tasksel-data ubuntu-release-upgrader-core
update-manager-core python3-distupgrade python3-update-manager wamerican xauth xkb-data console-setup-linux
console-setup keyboard-configuration libxkbcommon0 libevdev2 trace-cmd sysstat numactl accountsservice libaccountsservice0
python3-pygments python3-rich python3-markdown-it python3-mdurl libdate-manip-perl gawk""".split()
)
"""Of the packages that every machine of a release has, those that are left out for their size."""

ALSO = """openssh-server openssh-sftp-server sudo curl rsyslog net-tools vim-tiny python3 htop gnupg unzip zip screen
xxd psmisc bsdextrautils grub-pc initramfs-tools linux-base perl traceroute netcat-traditional netcat-openbsd telnet inetutils-telnet bc fdisk""".split()
DEBIAN_ALSO = ["busybox", "ftp", "apparmor", "lsb-release"]

SERVICES = {
    "ftp": ("vsftpd", "proftpd-core"), "http": ("apache2", "nginx"), "mysql": ("mariadb-server", "mysql-server-8.0"),
    "redis": ("redis-server",), "smtp": ("postfix", "exim4-daemon-light"), "snmp": ("snmpd",),
    "telnet": ("inetutils-telnetd", "telnetd"),
}  # fmt: skip
"""By service, the packages that serve it."""
