"""Files that visitors copy over ssh: the servers of sftp and of scp's own protocol."""

SFTP_SERVERS = {
    "debian": "/usr/lib/openssh/sftp-server", "ubuntu": "/usr/lib/openssh/sftp-server",
    "rocky": "/usr/libexec/openssh/sftp-server", "freebsd": "/usr/libexec/sftp-server",
    "dsm": "/usr/libexec/sftp-server", "qts": "/usr/libexec/sftp-server",
}  # fmt: skip
"""By the system's identifier; others have none."""
WHERE_DROPBEAR_LOOKS = "/usr/libexec/sftp-server"
