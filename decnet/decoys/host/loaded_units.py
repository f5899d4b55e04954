# ruff: noqa: E501 (lists of units)
"""Which units systemd has loaded, apart from services with processes. Their descriptions are in their files.

Source: `systemctl list-units --all` of a virtual machine with Debian 12, an hour after its start.
"""

from __future__ import annotations

LOADED = {
    "automount": (("proc-sys-fs-binfmt_misc", "active", "running"),),
    "path": (("systemd-ask-password-console systemd-ask-password-wall", "active", "waiting"),),
    "slice": (("user", "active", "active"),),
    "socket": (
        ("dbus syslog systemd-journald-audit systemd-journald-dev-log systemd-journald systemd-udevd-control systemd-udevd-kernel", "active", "running"),
        ("systemd-fsckd systemd-initctl", "active", "listening"), ("systemd-networkd", "inactive", "dead"),
    ),
    "target": (
        ("""basic cryptsetup getty graphical integritysetup local-fs-pre local-fs multi-user network paths remote-fs slices sockets swap sysinit
time-set timers veritysetup""", "active", "active"),
        ("""cryptsetup-pre emergency first-boot-complete getty-pre initrd-fs initrd-root-device initrd-root-fs initrd-switch-root initrd-usr-fs
initrd network-online network-pre nss-user-lookup remote-cryptsetup remote-fs-pre remote-veritysetup rescue shutdown time-sync umount veritysetup-pre""", "inactive", "dead"),
    ),
    "timer": (("apt-daily-upgrade apt-daily dpkg-db-backup e2scrub_all exim4-base fstrim logrotate man-db motd-news systemd-tmpfiles-clean ua-timer", "active", "waiting"),),
    "service": (
        ("systemd-binfmt systemd-fsck-root", "active", "exited"),
        ("""apt-daily-upgrade apt-daily dpkg-db-backup e2scrub_all e2scrub_reap emergency fstrim getty-static initrd-cleanup initrd-parse-etc
initrd-switch-root initrd-udevadm-cleanup-db logrotate man-db rc-local rescue systemd-ask-password-console systemd-ask-password-wall
systemd-firstboot systemd-fsckd systemd-initctl systemd-machine-id-commit systemd-networkd systemd-pcrphase-initrd systemd-pcrphase-sysinit systemd-pcrphase
systemd-pstore systemd-repart systemd-sysext systemd-tmpfiles-clean systemd-udev-settle systemd-update-utmp-runlevel""", "inactive", "dead"),
    ),
}  # fmt: skip
"""By type: names without it, with the states of ACTIVE and SUB, if the machine has their files."""
MODULES = "configfs dm_mod drm efi_pstore fuse loop"
"""What modprobe@.service has loaded at the start."""
NOT_FOUND = """home.mount tmp.mount auditd.service connman.service display-manager.service NetworkManager.service plymouth-quit-wait.service
plymouth-start.service systemd-hwdb-update.service systemd-oomd.service systemd-update-done.service systemd-vconsole-setup.service"""
"""Units that others mention, unless the machine has their files."""
MOUNTED = {"/": "Root Mount"}
"""Descriptions of mounts without a file."""
LISTENING = (
    ("/run/dbus/system_bus_socket", "dbus.socket", "dbus.service"), ("/run/initctl", "systemd-initctl.socket", "systemd-initctl.service"),
    ("/run/systemd/fsck.progress", "systemd-fsckd.socket", "systemd-fsckd.service"),
    ("/run/systemd/journal/dev-log", "systemd-journald-dev-log.socket", "systemd-journald.service"),
    ("/run/systemd/journal/socket", "systemd-journald.socket", "systemd-journald.service"),
    ("/run/systemd/journal/stdout", "systemd-journald.socket", "systemd-journald.service"),
    ("/run/systemd/journal/syslog", "syslog.socket", "rsyslog.service"), ("/run/udev/control", "systemd-udevd-control.socket", "systemd-udevd.service"),
    ("audit 1", "systemd-journald-audit.socket", "systemd-journald.service"), ("kobject-uevent 1", "systemd-udevd-kernel.socket", "systemd-udevd.service"),
)  # fmt: skip
"""Sockets that systemd listens on: where, the unit, and what it activates."""
