# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""dpkg-divert, dpkg-statoverride, dpkg-trigger, dpkg-realpath, apt-config, apt-cdrom and other helpers of dpkg and apt."""

from __future__ import annotations

from ..process import Command, Process, Running
from ..text.common import Failure, why_not
from ..text.packaged import packaged
from .files_of_dpkg import diversions, overrides

NOT_EXPLICIT = "dpkg-divert: warning: please specify --no-rename explicitly, the default will change to --rename in 1.20.x\n"


@packaged(refuses=False)
def divert(process: Process) -> Running:
    """Files that packages have put elsewhere."""
    words = [
        word
        for word in process.args
        if word not in ("--rename", "--no-rename", "--quiet", "--test", "--local")
    ]
    action, names = (words[0], words[1:]) if words[0].startswith("--") else ("--add", words)
    found = diversions(process)
    yield 0.0
    if not names and action not in ("--list",):
        raise Failure(
            f"error: --{action.lstrip('-')} needs a single argument\n\nUse --help for help about diverting files.",
            2,
        )
    name = names[0] if names else "*"
    if action == "--list":
        from ..text.common import glob

        patterns = [glob(each, process.spend) for each in names or ["*"]]
        for path, target, owner in found:
            if any(each.search(path) for each in patterns):
                process.out(_diversion(path, target, owner) + "\n")
    elif action == "--truename":
        process.out(next((target for path, target, _ in found if path == name), name) + "\n")
    elif action == "--listpackage":
        process.out(
            next(
                (("LOCAL" if owner == ":" else owner) + "\n" for path, _, owner in found if path == name), ""
            )
        )
    elif action in ("--add", "--remove"):
        if "--rename" not in process.args and "--no-rename" not in process.args:
            process.err(NOT_EXPLICIT)
        known = next((each for each in found if each[0] == name), None)
        if action == "--remove":
            process.out(
                f"Removing '{_diversion(*known)}'\n"
                if known
                else f"No diversion 'any diversion of {name}', none removed.\n"
            )
        else:
            process.out(
                f"Adding 'local diversion of {name} to {name}.distrib'\n"
                if not known
                else f"Leaving '{_diversion(*known)}'\n"
            )
    return 0


def _diversion(path: str, target: str, owner: str) -> str:
    return (
        f"local diversion of {path} to {target}"
        if owner == ":"
        else f"diversion of {path} to {target} by {owner}"
    )


@packaged(refuses=False)
def statoverride(process: Process) -> Running:
    """Owners and modes that an administrator has set."""
    words = [word for word in process.args if word not in ("--quiet", "--update", "--force-all", "--force")]
    action, names = words[0], words[1:]
    found = overrides(process)
    yield 0.0
    if action == "--list":
        from ..text.common import glob

        patterns = [glob(each, process.spend) for each in names or ["*"]]
        shown = [row for row in found if any(each.search(row.split(" ", 3)[3]) for each in patterns)]
        process.out("".join(f"{row}\n" for row in shown))
        return int(not shown)
    if action == "--remove":
        if not any(row.endswith(f" {name}") for row in found for name in names):
            process.err("dpkg-statoverride: warning: no override present\n")
            return 2
        return 0
    if action == "--add":
        if len(names) != 4:
            raise Failure(
                "error: --add needs four arguments\n\nUse --help for help about overriding file stat information.",
                2,
            )
        user, group, mode, path = names
        accounts = process.shell.world.accounts
        if accounts.user(user.lstrip("#")) is None and not user.startswith("#"):
            raise Failure(f"error: user '{user}' does not exist", 2)
        if accounts.group(group) is None and not group.startswith("#"):
            raise Failure(f"error: group '{group}' does not exist", 2)
        if any(row.endswith(f" {path}") for row in found):
            raise Failure(f"error: an override for '{path}' already exists; aborting", 2)
        return 0
    raise Failure(
        "error: need an action option\n\nUse --help for help about overriding file stat information.", 2
    )


@packaged(refuses=False)
def trigger(process: Process) -> Running:
    """Triggers of maintainer scripts."""
    words = process.args
    yield 0.0
    if words[0] == "--check-supported":
        return 0
    if any(word.startswith("--by-package") for word in words):
        return 0
    raise Failure(
        "error: must be called from a maintainer script (or with a --by-package option)\n\nType dpkg-trigger --help for help about this utility.",
        2,
    )


@packaged(refuses=False)
def realpath(process: Process) -> Running:
    """A path without links."""
    yield 0.0
    for word in (each for each in process.args if not each.startswith("-")):
        process.out(process.shell.real(process.shell.absolute(word)) + "\n")
    return 0


@packaged(refuses=False, bare=True)
def preconfigure(process: Process) -> Running:
    """Questions of packages before they are unpacked."""
    names = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if "--apt" in process.args:
        return 0
    if not names:
        process.err("dpkg-preconfigure: must specify some debs to preconfigure\n")
        return 1
    for name in names:
        if reason := why_not(process, name):
            process.err(f"apt-extracttemplates error: E: Could not open file {name} - open (2: {reason})\n")
    return 0


@packaged(refuses=False)
def maintscript(process: Process) -> Running:
    """What maintainer scripts call."""
    yield 0.0
    for name in ("DPKG_MAINTSCRIPT_NAME", "DPKG_MAINTSCRIPT_PACKAGE"):
        process.err(f"dpkg-maintscript-helper: warning: environment variable {name} missing\n")
    return 1


CONFIG = (
    ("APT", ""), ("APT::Architecture", "amd64"), ("APT::Build-Essential", ""), ("APT::Build-Essential::", "build-essential"), ("APT::Install-Recommends", "1"), ("APT::Install-Suggests", "0"),
    ("APT::Sandbox", ""), ("APT::Sandbox::User", "_apt"), ("APT::Authentication", ""), ("APT::Authentication::TrustCDROM", "true"), ("APT::NeverAutoRemove", ""), ("APT::NeverAutoRemove::", "^firmware-linux.*"),
    ("APT::NeverAutoRemove::", "^linux-firmware$"), ("APT::VersionedKernelPackages", ""), ("APT::VersionedKernelPackages::", "linux-.*"), ("APT::Architectures", ""), ("APT::Architectures::", "amd64"),
    ("APT::Compressor", ""), ("Dir", "/"), ("Dir::State", "var/lib/apt"), ("Dir::State::lists", "lists/"), ("Dir::State::cdroms", "cdroms.list"), ("Dir::State::extended_states", "extended_states"),
    ("Dir::State::status", "/var/lib/dpkg/status"), ("Dir::Cache", "var/cache/apt"), ("Dir::Cache::archives", "archives/"), ("Dir::Cache::srcpkgcache", "srcpkgcache.bin"), ("Dir::Cache::pkgcache", "pkgcache.bin"),
    ("Dir::Etc", "etc/apt"), ("Dir::Etc::sourcelist", "sources.list"), ("Dir::Etc::sourceparts", "sources.list.d"), ("Dir::Etc::main", "apt.conf"), ("Dir::Etc::netrc", "auth.conf"), ("Dir::Etc::parts", "apt.conf.d"),
    ("Dir::Etc::preferences", "preferences"), ("Dir::Etc::preferencesparts", "preferences.d"), ("Dir::Etc::trusted", "trusted.gpg"), ("Dir::Etc::trustedparts", "trusted.gpg.d"), ("Dir::Bin", ""),
    ("Dir::Bin::methods", "/usr/lib/apt/methods"), ("Dir::Bin::dpkg", "/usr/bin/dpkg"), ("Dir::Log", "var/log/apt"), ("Dir::Log::Terminal", "term.log"), ("Dir::Log::History", "history.log"),
    ("DPkg", ""), ("DPkg::Pre-Install-Pkgs", ""), ("DPkg::Pre-Install-Pkgs::", "/usr/sbin/dpkg-preconfigure --apt || true"), ("CommandLine", ""), ("CommandLine::AsString", "apt-config dump"),
)  # fmt: skip


@packaged(refuses=False)
def apt_config(process: Process) -> Running:
    """The configuration of apt."""
    words = [word for word in process.args if not word.startswith("-")]
    known = dict(CONFIG)
    yield 0.0
    if not words:
        option = process.args[0]
        text = (
            f"Command line option '{option.lstrip('-')[:1]}' [from {option}] is not understood in combination"
        )
        process.err(f"E: {text} with the other options.\n")
        return 100
    if words[0] == "dump":
        chosen = [
            (name, value)
            for name, value in CONFIG
            if len(words) == 1 or any(name == each or name.startswith(f"{each}::") for each in words[1:])
        ]
        process.out("".join(f'{name} "{value}";\n' for name, value in chosen))
    elif words[0] == "shell":
        if len(words) % 2 == 0:
            process.err("E: Arguments not in pairs\n")
            return 100
        for variable, name in zip(words[1::2], words[2::2], strict=True):
            plain, _, kind = name.partition("/")
            value = known.get(plain, "")
            if kind in ("f", "d"):
                parts = [value]
                while "::" in plain and not parts[0].startswith("/"):
                    plain = plain.rpartition("::")[0]
                    parts.insert(0, known.get(plain, ""))
                value = (
                    "/"
                    + "/".join(part.strip("/") for part in parts if part.strip("/"))
                    + ("/" if kind == "d" else "")
                )
            process.out(f"{variable}='{value}'\n" if value else "")
    else:
        process.err(f"E: Invalid operation {words[0]}\n")
        return 100
    return 0


@packaged(refuses=False)
def apt_cdrom(process: Process) -> Running:
    """There is no disc in the drive."""
    yield 0.0
    process.out("Using CD-ROM mount point /media/cdrom/\nMounting CD-ROM...\n")
    process.err(
        "E: Failed to mount the cdrom.\nE: No CD-ROM could be auto-detected or found using the default mount point.\n   You may try the --cdrom option to set the CD-ROM mount point.\n"
        "   See 'man apt-cdrom' for more information about the CD-ROM auto-detection and mount point.\n"
    )
    return 100


@packaged(refuses=False)
def apt_files(process: Process) -> Running:
    """Helpers of apt that read files."""
    name = process.name.rpartition("/")[2]
    words = [word for word in process.args if not word.startswith("-")]
    path = words[-1] if words else ""
    reason = why_not(process, path)
    yield 0.0
    if name == "apt-ftparchive":
        if process.shell.node(process.shell.absolute(path)) is None:
            process.err(f"E: Failed to resolve {path} - realpath (2: No such file or directory)\n")
            return 100
        return 0
    if reason:
        process.err(f"E: Could not open file {path} - open (2: {reason})\n")
        if name == "apt-extracttemplates":
            process.err(
                f"E: Internal error, could not locate member control.tar{{.zst,.lz4,.gz,.xz,.bz2,.lzma,}}\nE: Prior errors apply to {path}\n"
            )
        return 100
    if name == "apt-extracttemplates":
        process.err(
            f"E: Invalid archive signature\nE: Internal error, could not locate member control.tar{{.zst,.lz4,.gz,.xz,.bz2,.lzma,}}\nE: Prior errors apply to {path}\n"
        )
        return 100
    return 0


@packaged(refuses=False)
def debconf_escape(process: Process) -> Running:
    """Texts for debconf's protocol."""
    text = process.given.decode("utf-8", "surrogateescape")
    yield 0.0
    if "-e" in process.args:
        process.out(text.replace("\\", "\\\\").replace("\n", "\\n"))
    elif "-u" in process.args:
        process.out(text.replace("\\n", "\n").replace("\\\\", "\\"))
    return 0


COMMANDS: dict[str, Command] = {
    "dpkg-divert": divert, "dpkg-statoverride": statoverride, "dpkg-trigger": trigger, "dpkg-realpath": realpath, "dpkg-preconfigure": preconfigure, "dpkg-maintscript-helper": maintscript,
    "apt-config": apt_config, "apt-cdrom": apt_cdrom, "apt-ftparchive": apt_files, "apt-sortpkgs": apt_files, "apt-extracttemplates": apt_files, "debconf-escape": debconf_escape,
}  # fmt: skip
