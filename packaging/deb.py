"""Build dist/decnet_VERSION_ARCHITECTURE.deb: the single file, manual page, completions, and systemd units.

The single file comes from `packaging/binary.py`. The same sources and $SOURCE_DATE_EPOCH give the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from email.utils import formatdate
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "packaging" / "debian"
PROGRAM = ROOT / "dist" / "decnet"
BUNDLED = ROOT / "build" / "binary" / "tree" / "lib"
TREE = ROOT / "build" / "deb"
SCRIPTS = ("postinst", "prerm", "postrm")
COMPLETIONS = {
    "decnet.bash": "usr/share/bash-completion/completions/decnet",
    "_decnet": "usr/share/zsh/vendor-completions/_decnet",
    "decnet.fish": "usr/share/fish/vendor_completions.d/decnet.fish",
}
DOC = "usr/share/doc/decnet"
MAINTAINER = "The decnet developers <decnet@localhost>"

RECOMMENDS = (
    "ca-certificates", "docker.io | docker-ce", "docker-compose | docker-compose-plugin | docker-compose-v2",
    "iproute2", "openssh-client",
)  # fmt: skip
"""Images are built with this machine's Docker, also for other workers; Compose is for its own deckies."""

CONTROL = """Package: decnet
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: libc6 (>= {glibc})
Recommends: {recommends}
Suggests: mmdebstrap, nftables, openssh-server, python3
Section: net
Priority: optional
Description: deception network of decoy hosts on a real LAN
 decnet deploys decoy hosts (a honeypot fleet) that no legitimate user has a
 reason to contact, so that every connection, login attempt and command on
 them is worth an alert. Each decoy has its own IP and MAC address, operating
 system and services.
 .
 The fleet runs on machines with Docker, which decnet reaches over SSH. decnet
 repairs drift, changes services over time, and collects what attackers do.
 .
 This package contains one program with its own Python. Its systemd timers are
 neither enabled nor started.
"""

CHANGELOG = """decnet ({version}) unstable; urgency=medium

  * decnet {upstream}: see changelog.gz.

 -- {maintainer}  {date}
"""

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: decnet

Files: *
Copyright: {copyright}
License: MIT

License: MIT
{licence}
Comment:
 /usr/bin/decnet also contains Python {python} (PSF-2.0), the shared libraries
 {libraries}
 as this system's Python uses them, and these Python packages, each with its
 licence in its .dist-info directory in /var/cache/decnet:
 .
{packages}
"""


def main() -> int:
    """Build the package, and print its path."""
    epoch = source_date()
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    sys.path.insert(0, str(ROOT))
    from decnet import __version__

    version = debian_version(__version__)
    shutil.rmtree(TREE, ignore_errors=True)
    copy_files()
    write_documents(version, epoch)
    write_control(version)
    set_modes_and_times(epoch)
    target = ROOT / "dist" / f"decnet_{version}_{architecture()}.deb"
    # The program is compressed already.
    build = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(TREE), str(target)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    sys.stdout.write(f"{target.relative_to(ROOT)}: {target.stat().st_size / 2**20:.1f} MB\n")
    return 0


def source_date() -> int:
    """The date of everything in the package: $SOURCE_DATE_EPOCH, or that of the last commit."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    asked = subprocess.run(git, capture_output=True, text=True, check=False)
    return int(asked.stdout) if asked.returncode == 0 else int((ROOT / "CHANGELOG.md").stat().st_mtime)


def debian_version(version: str) -> str:
    """Python's version as Debian's, in which ~ sorts before the release: 0.2.0.dev0 is 0.2.0~dev0-1."""
    return re.sub(r"\.?(dev|a|b|rc)(\d+)", r"~\1\2", version) + "-1"


def architecture() -> str:
    """Debian's name of this machine's architecture: amd64, arm64."""
    asked = ["dpkg", "--print-architecture"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def copy_files() -> None:
    """The program, and what belongs to it in its places."""
    place(PROGRAM, "usr/bin/decnet")
    for name, path in COMPLETIONS.items():
        place(ROOT / "completions" / name, path)
    for unit in sorted((ROOT / "docs" / "systemd").iterdir()):
        text = unit.read_text().replace("/usr/local/bin/decnet", "/usr/bin/decnet")
        write(f"usr/lib/systemd/system/{unit.name}", text)
    place(ROOT / "docs" / "cron.d" / "decnet", f"{DOC}/examples/cron.d/decnet")
    # A compressed directory follows the script.
    write("usr/share/lintian/overrides/decnet", "decnet: shell-script-fails-syntax-check [usr/bin/decnet]\n")
    # All that the pages link to, where they expect it.
    for name in ("README.md", "CHANGELOG.md"):
        place(ROOT / name, f"{DOC}/{name}")
    for pattern in ("*.md", "*.svg", "internals/*.md", "performance/*", "systemd/*", "cron.d/*"):
        for page in sorted((ROOT / "docs").glob(pattern)):
            place(page, f"{DOC}/{page.relative_to(ROOT)}")


def write_documents(version: str, epoch: int) -> None:
    """Manual page, changelogs and copyright."""
    upstream = version.removesuffix("-1")
    entry = CHANGELOG.format(
        version=version, upstream=upstream, maintainer=MAINTAINER, date=formatdate(epoch, usegmt=False)
    )
    compress("usr/share/man/man1/decnet.1.gz", (ROOT / "docs" / "decnet.1").read_text())
    compress(f"{DOC}/changelog.gz", (ROOT / "CHANGELOG.md").read_text())
    compress(f"{DOC}/changelog.Debian.gz", entry)
    write(f"{DOC}/copyright", copyright_file())


def copyright_file() -> str:
    """Our licence, and what the program contains of others."""
    _, _, owner, _, *rest = (ROOT / "LICENSE").read_text().splitlines()
    found = metadata.distributions(path=[str(each) for each in BUNDLED.glob("python3.*/site-packages")])
    rows = sorted(f"  {each.name} {each.version}: {licence_of(each)}" for each in found)
    libraries = ", ".join(sorted(path.name for path in BUNDLED.glob("*.so*")))
    return COPYRIGHT.format(
        copyright=owner.removeprefix("Copyright (c) "),
        licence="\n".join(f" {line or '.'}" for line in rest),
        python=next(BUNDLED.glob("python3.*")).name.removeprefix("python"),
        libraries=libraries,
        packages="\n".join(rows),
    )


def licence_of(package: metadata.Distribution) -> str:
    """The licence that a package names: an expression, the first line of a text, or a classifier."""
    classifiers = package.metadata.get_all("Classifier", [])
    names = [line.split(" :: ")[-1] for line in classifiers if line.startswith("License")]
    given = package.metadata.get("License-Expression") or package.metadata.get("License") or ""
    return next(iter([*given.splitlines()[:1], *names]), "see its directory")


def write_control(version: str) -> None:
    """What dpkg reads: the description and the maintainer scripts."""
    stub = PROGRAM.read_bytes()[:4000].decode("utf-8", "ignore")
    [glibc], [content] = re.findall(r"glibc ([\d.]+)", stub), re.findall(r"place=\$cache/(\w{16})\n", stub)
    files = sorted(path for path in TREE.rglob("*") if path.is_file())
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(TREE)}\n" for path in files]
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    write("DEBIAN/md5sums", "".join(sums))
    for name in SCRIPTS:
        write(f"DEBIAN/{name}", (HERE / name).read_text().replace("@CONTENT@", content))
    fields = {"version": version, "architecture": architecture(), "maintainer": MAINTAINER}
    fields |= {"glibc": glibc, "size": str(size), "recommends": ", ".join(RECOMMENDS)}
    write("DEBIAN/control", CONTROL.format(**fields))


def set_modes_and_times(epoch: int) -> None:
    """Modes do not depend on the umask, nor dates on the build."""
    runs = {TREE / "usr/bin/decnet", *(TREE / "DEBIAN" / name for name in SCRIPTS)}
    for path in [*TREE.rglob("*"), TREE]:
        path.chmod(0o755 if path.is_dir() or path in runs else 0o644)
        os.utime(path, (epoch, epoch))


def place(source: Path, path: str) -> None:
    target = TREE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def write(path: str, text: str) -> None:
    target = TREE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def compress(path: str, text: str) -> None:
    target = TREE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    sys.exit(main())
