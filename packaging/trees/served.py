"""Makes RELEASE.served.zip: `python -m trees.served RELEASE ROOT...` in packaging/, by hand, as root.

Each ROOT is the tree of a system of that release with some of the packages of services (releases.SERVICES).
Their programs and scripts in /etc/init.d run there as nobody, without a network: with each of OPTIONS, and as
CALLS asks. The archive is like RELEASE.printed.zip, but the first line of an answer also has the package's
name and its version, which may differ on a machine.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from decnet.decoys.host.release_data import release_data
from decnet.decoys.shell.commands import MODULES

from .printed import AT_ONCE, DATA, ENVIRONMENT, SECONDS, write

ALONE = ("unshare", "-mnpu", "--fork", "--kill-child")
FOLDERS = ("usr/bin", "usr/sbin", "etc/init.d")
OPTIONS = ("", "--help", "--version", "-h", "-V", "-v", "-?", "--nosuch", "-~")
"""The last two are options that no program has."""
CALLS = (
    "apache2 -l", "apache2 -L", "postconf -d", "postconf -m", "postconf -a", "postconf -A", "postconf -l",
    "exim4 -bV", "proftpd -l", "proftpd -vv", "sshd -T",
)  # fmt: skip
ALSO = ("openssh-server",)
"""Packages of every machine whose programs are asked, too."""
BY_PATH = ("sshd",)
"""Programs that want to be called by their path."""
AS_ROOT = ("sshd", "postconf", "proftpd", "snmpd")
"""Programs that need the files of root for their answers, as the scripts of /etc/init.d do."""
DONE_HERE = frozenset(
    [
        "postconf",
        "a2enmod",
        "a2dismod",
        "a2ensite",
        "a2dissite",
        "a2enconf",
        "a2disconf",
        "a2query",
        "mailq",
        "newaliases",
        "sendmail",
        "postfix",
        "postalias",
        "postmap",
        "postsuper",
        "checkgid",
        "vsftpdwho",
        "net-snmp-create-v3-user",
        "make-ssl-cert",
        "update-inetd",
        "wsrep_sst_common",
        "mysql_secure_installation",
        "mariadb-secure-installation",
        "mytop",
        "innotop",
        "mysqlreport",
        "mariadb-report",
        "dbiproxy",
        "rsmtp",
        "runq",
        "exim",
        "rmail",
        "postdrop",
        "qmqp-sink",
        "mysqld_safe",
        "mariadbd-safe",
        "mysql_install_db",
        "mariadb-install-db",
        "galera_new_cluster",
        "galera_recovery",
    ]
)
"""Programs whose answers depend on the machine, or change it: without an argument nothing of them is kept."""
MOST = 64 * 1024
USAGE = ("usage", "option", "try ", "argument", "missing", "specify", "required", "syntax")
"""What an answer has that does not depend on the machine, if the program has failed."""


def main() -> None:
    """Write the archive."""
    release, roots = sys.argv[1], [Path(each) for each in sys.argv[2:]]
    found: dict[str, bytes] = {}
    for root in roots:
        versions = _versions(root)
        calls = list(_calls(release, root))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(partial(_answer, root), (words for _, words in calls)))
        for (package, words), answer in zip(calls, answers, strict=True):
            if answer is not None and _is_kept(words, *answer):
                status, out, error = answer
                head = f"{status} {len(out)} {package} {versions.get(package, '-')}\n"
                found.setdefault(" ".join(words), head.encode() + out + error)
    write(DATA / f"{release}.served.zip", found)


def _calls(release: str, root: Path) -> Iterator[tuple[str, list[str]]]:
    """Package and words of each call."""
    data = release_data(release)
    rows = list(data.packages())
    packages: dict[str, str] = {}
    done = {name for module, names in MODULES.items() if module[:8] != "servers." for name in names.split()}
    for folder in FOLDERS:
        for name, entry in data.folder(f"/{folder}"):
            package = rows[entry.package]
            path = root / folder / name
            called = f"/{folder}/{name}" if folder == "etc/init.d" else name
            is_wanted = package.service or called.startswith("/") or package.name in ALSO
            if not path.exists() or called in done or not is_wanted:
                continue
            packages[called] = package.name
            for option in ("",) if called.startswith("/") else OPTIONS[called in BY_PATH :]:
                yield package.name, [called, *([option] if option else [])]
    for call in CALLS:
        if call.split()[0] in packages:
            yield packages[call.split()[0]], call.split()


def _versions(root: Path) -> dict[str, str]:
    """The versions of the packages of a tree by their names."""
    text = (root / "var/lib/dpkg/status").read_text(encoding="utf-8")
    blocks = [dict(_fields(block)) for block in text.split("\n\n")]
    found = {each["Package"]: each["Version"] for each in blocks if "Version" in each}
    for file in root.glob("**/*.deb"):
        name, version, *_ = file.name.split("_")
        found.setdefault(name, version.replace("%3a", ":"))
    return found


def _fields(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        name, colon, value = line.partition(": ")
        if colon and not line.startswith(" "):
            yield name, value


def _answer(root: Path, words: list[str]) -> tuple[int, bytes, bytes] | None:
    user = "0:0" if words[0] in AS_ROOT or words[0].startswith("/") else "65534:65534"
    words = [f"/usr/sbin/{words[0]}", *words[1:]] if words[0] in BY_PATH else words
    chroot = ["chroot", f"--userspec={user}", str(root), "timeout", "-s", "KILL", str(SECONDS), *words]
    try:
        done = subprocess.run(
            [*ALONE, "sh", "-c", 'ip link set lo up; hostname localhost; exec "$@"', "sh", *chroot],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS * 2,
            env=ENVIRONMENT | {"HOME": "/root"}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    return done.returncode, done.stdout, done.stderr


def _is_kept(words: list[str], status: int, out: bytes, error: bytes) -> bool:
    text = (out + error).decode("utf-8", "replace").lower()
    if status < 0 or status in (124, 126, 127, 137) or not text or len(text) > MOST:
        return False
    if any(
        each in text for each in ("can't locate", "error while loading", "no such file", "permission denied")
    ):
        return False
    if len(words) == 1 and words[0] in DONE_HERE:
        return False
    if words[0] == "postconf" and " ".join(words) not in CALLS:
        return False
    return bool(status == 0 and len(words) > 1) or any(each in text for each in USAGE)


if __name__ == "__main__":
    main()
