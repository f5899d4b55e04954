# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""update-rc.d, update-alternatives, dpkg-reconfigure and lsb_release."""

from __future__ import annotations

from ...host.filesystem import ALTERNATIVES
from ..process import Command, Process, Running
from ..state import Shell

RC_USAGE = """usage: update-rc.d [-f] <basename> remove
       update-rc.d [-f] <basename> defaults
       update-rc.d [-f] <basename> defaults-disabled
       update-rc.d <basename> disable|enable [S|2|3|4|5]
\t\t-f: force

The disable|enable API is not stable and might change in the future.
"""
PRIORITIES = {"/bin/nano": 40, "/usr/bin/vim.basic": 30, "/usr/bin/vim.tiny": 15, "/usr/bin/mawk": 5, "/usr/bin/gawk": 10, "/usr/bin/less": 77,
              "/bin/more": 50, "/bin/nc.openbsd": 50, "/bin/nc.traditional": 10, "/usr/bin/telnet.netkit": 100}  # fmt: skip


def update_rc_d(process: Process) -> Running:
    """Links of init scripts: systemd does without them."""
    words = [word for word in process.args if word != "-f"]
    yield 0.0
    problem = ""
    if len(words) < 2:
        problem = "not enough arguments"
    elif words[1] not in ("remove", "defaults", "defaults-disabled", "disable", "enable", "start", "stop"):
        problem = f"unknown mode: {words[1]}" if words[1].startswith("-") else "usage"
    if problem == "usage":
        process.err(RC_USAGE)
        return 1
    if problem or len(words) < 2:
        process.err(f"update-rc.d: error: {problem}\n{RC_USAGE}")
        return 1
    there = process.shell.node(f"/etc/init.d/{words[0]}") is not None
    if not there and words[1] != "remove":
        process.err(f"update-rc.d: error: unable to read /etc/init.d/{words[0]}\n" if words[1] != "enable" and words[1] != "disable" else
                    f"update-rc.d: error: cannot find a LSB script for {words[0]}\n")  # fmt: skip
        return 1
    return 0


def _groups(shell: Shell) -> dict[str, tuple[str, list[str]]]:
    """By name, the link and the alternatives that the machine has, the chosen one first."""
    found: dict[str, tuple[str, list[str]]] = {}
    for each in ALTERNATIVES.split():
        link, _, target = each.partition(":")
        name = link.rpartition("/")[2]
        chosen = shell.lstat(f"/etc/alternatives/{name}")
        if chosen is None or shell.node(f"/{target}") is None:
            continue
        paths = found.setdefault(name, (f"/{link if link.startswith('usr') else link}", [chosen.target]))[1]
        if f"/{target}" not in paths:
            paths.append(f"/{target}")
    for name in ("editor",):
        if name in found:
            more = [
                path for path in ("/usr/bin/vim.basic", "/usr/bin/vim.tiny") if shell.node(path) is not None
            ]
            found[name][1].extend(path for path in more if path not in found[name][1])
    return found


def update_alternatives(process: Process) -> Running:
    """What stands for general names of programs."""
    words = process.args
    groups = _groups(process.shell)
    yield 0.0
    option, name = (words[0] if words else ""), (words[1] if len(words) > 1 else "")
    if option == "--get-selections":
        for each, (_, paths) in sorted(groups.items()):
            process.out(f"{each:<30} {'auto':<8} {paths[0]}\n")
        return 0
    if option == "--set" and len(words) == 3:
        if name not in groups:
            process.err(f"update-alternatives: error: no alternatives for {name}\n")
            return 2
        if words[2] not in groups[name][1]:
            process.err(
                f"update-alternatives: error: alternative {words[2]} for {name} not registered; not setting\n"
            )
            return 2
        return 0
    if option not in ("--display", "--list", "--query", "--config", "--auto"):
        problem = "need --display, --query, --list, --get-selections, --config, --set, --set-selections, --install, --remove, --all, --remove-all or --auto"
        if option.startswith("--") and option not in (
            "--set",
            "--install",
            "--remove",
            "--all",
            "--remove-all",
        ):
            problem = f"unknown option '{option}'"
        process.err(
            f"update-alternatives: {problem}\n\nUse 'update-alternatives --help' for program usage information.\n"
        )
        return 2
    if name not in groups:
        process.err(f"update-alternatives: error: no alternatives for {name}\n")
        return 2 if option != "--display" else 1
    link, paths = groups[name]
    if option == "--list":
        process.out("".join(f"{path}\n" for path in paths))
    elif option == "--display":
        process.out(
            f"{name} - auto mode\n  link best version is {paths[0]}\n  link currently points to {paths[0]}\n  link {name} is {link}\n"
        )
        process.out("".join(f"{path} - priority {PRIORITIES.get(path, 10)}\n" for path in paths))
    elif option == "--query":
        process.out(f"Name: {name}\nLink: {link}\nStatus: auto\nBest: {paths[0]}\nValue: {paths[0]}\n")
        process.out(
            "".join(f"\nAlternative: {path}\nPriority: {PRIORITIES.get(path, 10)}\n" for path in paths)
        )
    elif option == "--config" and len(paths) == 1:
        process.out(
            f"There is only one alternative in link group {name} (providing {link}): {paths[0]}\nNothing to configure.\n"
        )
    return 0


def dpkg_reconfigure(process: Process) -> Running:
    """Questions that a package has asked."""
    shell, names = process.shell, [word for word in process.args if not word.startswith("-")]
    yield 0.0
    if shell.user != "root":
        process.err("/usr/sbin/dpkg-reconfigure must be run as root\n")
        return 1
    if not names:
        process.err("/usr/sbin/dpkg-reconfigure: please specify a package to reconfigure\n")
        return 1
    for name in names:
        if shell.world.packages is None or name not in shell.world.packages:
            process.err(
                f"dpkg-query: package '{name}' is not installed and no information is available\n"
                "Use dpkg --info (= dpkg-deb --info) to examine archive files.\n"
                f"/usr/sbin/dpkg-reconfigure: {name} is not installed\n"
            )
            return 1
    return 0


def lsb_release(process: Process) -> Running:
    """Which distribution it is."""
    system = process.shell.world.system
    vendor = "Ubuntu" if system.id == "ubuntu" else "Debian"
    rows = [("i", "Distributor ID", vendor), ("d", "Description", system.name if vendor == "Ubuntu" else f"Debian GNU/Linux {system.version} ({system.codename})"),
            ("r", "Release", system.version), ("c", "Codename", system.codename)]  # fmt: skip
    letters = "".join(word.lstrip("-")[:1] if word.startswith("--") else word[1:] for word in process.args)
    everything = "a" in letters
    yield 0.0
    has_note = vendor == "Ubuntu" or system.version == "11" or process.to_terminal
    if has_note and (not letters or everything or "v" in letters):
        target = process.out if not everything else process.err
        target("No LSB modules are available.\n")
    for letter, title, value in rows:
        if everything or letter in letters:
            process.out(f"{value}\n" if "s" in letters else f"{title}:\t{value}\n")
    return 0


def apt_key(process: Process) -> Running:
    """Keys of archives: all are in files of their own."""
    words = [word for word in process.args if not word.startswith("-")]
    process.err(
        "Warning: apt-key is deprecated. Manage keyring files in trusted.gpg.d instead (see apt-key(8)).\n"
    )
    yield 0.0
    if words[:1] == ["add"]:
        process.out("OK\n")
    return 0


COMMANDS: dict[str, Command] = {
    "update-rc.d": update_rc_d, "update-alternatives": update_alternatives, "dpkg-reconfigure": dpkg_reconfigure, "lsb_release": lsb_release,
    "apt-key": apt_key,
}  # fmt: skip
