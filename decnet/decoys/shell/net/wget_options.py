# ruff: noqa: E501 (names of options)
"""The options of GNU Wget 1.21, and how it writes numbers."""

from __future__ import annotations

GENERAL, PARSE, NETWORK, AUTHENTICATION, SERVER = 1, 2, 4, 6, 8
"""Exit statuses of wget(1)."""
SHORT = "Vhbe:o:a:dqvn:i:FB:t:O:cNST:w:Q:46xP:EU:rl:kKmpA:R:D:HLI:X:"
LONG = """version=V help=h background=b execute:=e output-file:=o append-output:=a debug=d quiet=q verbose=v no-verbose
report-speed: input-file:=i force-html=F base:=B config: rejected-log: tries:=t retry-connrefused retry-on-http-error:
output-document:=O no-clobber no-netrc continue=c start-pos: progress: show-progress timestamping=N no-if-modified-since
no-use-server-timestamps server-response=S spider timeout:=T dns-timeout: connect-timeout: read-timeout: wait:=w waitretry:
random-wait no-proxy quota:=Q bind-address: limit-rate: no-dns-cache restrict-file-names: ignore-case inet4-only=4 inet6-only=6
prefer-family: user: password: ask-password use-askpass: no-iri local-encoding: remote-encoding: unlink xattr no-directories
force-directories=x no-host-directories protocol-directories directory-prefix:=P cut-dirs: http-user: http-password: no-cache
default-page: adjust-extension=E ignore-length header: compression: max-redirect: proxy-user: proxy-password: referer:
save-headers user-agent:=U no-http-keep-alive no-cookies load-cookies: save-cookies: keep-session-cookies post-data: post-file:
method: body-data: body-file: content-disposition content-on-error trust-server-names auth-no-challenge secure-protocol:
https-only no-check-certificate certificate: certificate-type: private-key: private-key-type: ca-certificate: ca-directory:
crl-file: pinnedpubkey: random-file: ciphers: no-hsts hsts-file: ftp-user: ftp-password: no-remove-listing no-glob
no-passive-ftp preserve-permissions retr-symlinks ftps-implicit ftps-resume-ssl ftps-clear-data-connection
ftps-fallback-to-ftp warc-file: recursive=r level:=l delete-after convert-links=k convert-file-only backups backup-converted=K
mirror=m page-requisites=p strict-comments accept:=A reject:=R accept-regex: reject-regex: regex-type: domains:=D
exclude-domains: follow-ftp follow-tags: ignore-tags: span-hosts=H relative=L include-directories:=I trust no-parent"""
USAGE = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"


def seconds(text: str) -> float:
    """A time limit, 0.0 for none."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}.get(text[-1:], 0.0)
    number = text[:-1] if unit else text
    plain = number.replace(".", "", 1)
    return float(number[:12]) * (unit or 1.0) if plain.isdecimal() and number.count(".") < 2 else 0.0


def short_size(size: int, *, exact: bool = False) -> str:
    """A number of bytes in K or M; `exact`: with two decimals."""
    if size < 1024:
        return str(size)
    value, unit = size / 1024, "K"
    if value >= 1024:
        value, unit = value / 1024, "M"
    return f"{value:.2f}{unit}" if exact else f"{value:.0f}{unit}" if value >= 10 else f"{value:.1f}{unit}"


def speed(size: int) -> str:
    """As for a transfer inside the machine."""
    if not size:
        return "0.00 B/s"
    rate = size / 2.1e-6 / 1024 / 1024 if size < 4096 else size / 28e-6 / 1024 / 1024
    return f"{rate:.2f} MB/s" if rate < 10 else f"{rate:.1f} MB/s" if rate < 100 else f"{rate:.0f} MB/s"
