# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`iptables` (1.8, nf_tables), `nft`, `ufw` and `firewall-cmd`: no rules are set, and none is kept."""

from __future__ import annotations

from ...host.network import traffic
from ..process import Process
from .ip_show import links
from .usage import TC_USAGE

CHAINS = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"), "raw": ("PREROUTING", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}  # fmt: skip
VERSIONS = {
    ("debian", "11"): "1.8.7", ("debian", "12"): "1.8.9", ("ubuntu", "20.04"): "1.8.4", ("ubuntu", "22.04"): "1.8.7",
    ("ubuntu", "24.04"): "1.8.10", ("rocky", "8.10"): "1.8.5", ("rocky", "9.4"): "1.8.10",
}  # fmt: skip
TAKES_CHAIN = (
    "-A",
    "--append",
    "-I",
    "--insert",
    "-D",
    "--delete",
    "-P",
    "--policy",
    "-N",
    "--new-chain",
    "-R",
    "--replace",
    "-C",
    "--check",
)
LISTS, SPECS = ("-L", "--list"), ("-S", "--list-rules")


def version_of(process: Process) -> str:
    """As in its errors."""
    system = process.shell.world.system
    kind = "legacy" if (system.id, system.version) == ("ubuntu", "20.04") or system.busybox else "nf_tables"
    return f"v{VERSIONS.get((system.id, system.version), '1.8.7')} ({kind})"


def iptables(process: Process) -> int:
    """`iptables` and `ip6tables`."""
    name, version = process.name, version_of(process)
    words = process.args
    hint = f"Try `{name} -h' or '{name} --help' for more information.\n"
    if words in (["-V"], ["--version"]):
        process.out(f"{name} {version}\n")
        return 0
    if not words:
        process.err(f"{name} {version}: no command specified\n{hint}")
        return 2
    if process.shell.user != "root":
        process.err(
            f"{name} {version}: Could not fetch rule set generation id: Permission denied (you must be root)\n"
        )
        return 4
    table = words[words.index("-t") + 1] if "-t" in words[:-1] else "filter"
    if table not in CHAINS:
        process.err(
            f"{name} {version}: table '{table}' does not exist\nPerhaps {name} or your kernel needs to be upgraded.\n"
        )
        return 3
    letters = "".join(word[1:] for word in words if word.startswith("-") and not word.startswith("--"))
    for word in words:
        if word in TAKES_CHAIN:
            at = words.index(word) + 1
            if at >= len(words):
                process.err(f'{name} {version}: option "{word}" requires an argument\n{hint}')
                return 2
            if words[at] not in CHAINS[table] and word not in ("-N", "--new-chain"):
                process.err(f"{name}: No chain/target/match by that name.\n")
                return 1
            if word in ("-D", "--delete", "-C", "--check"):
                process.err(f"{name}: Bad rule (does a matching rule exist in that chain?).\n")
                return 1
    named = [word for word in words if word.startswith("--")]
    if not named and not set(letters) & set("ADCIRLSFZNXPEV"):
        process.err(f"{name} {version}: no command specified\n{hint}")
        return 2
    if "S" in letters or "--list-rules" in words:
        process.out("".join(f"-P {chain} ACCEPT\n" for chain in CHAINS[table]))
    elif "L" in letters or "--list" in words:
        named = [word for word in words if word in CHAINS[table]]
        _list(
            process,
            named or list(CHAINS[table]),
            verbose="v" in letters,
            numbers="--line-numbers" in words,
            six=name.startswith("ip6"),
        )
    return 0


def _list(process: Process, chains: list[str], *, verbose: bool, numbers: bool, six: bool) -> None:
    first = "num  " if numbers else ""
    for at, chain in enumerate(chains):
        counters = " 0 packets, 0 bytes" if verbose else ""
        process.out("\n" if at else "")
        process.out(f"Chain {chain} (policy ACCEPT{counters})\n")
        if verbose:
            process.out(
                f"{first} pkts bytes target     prot opt in     out     source               destination         \n"
            )
        else:
            process.out(f"{first}target     prot opt source               destination         \n")


def save(process: Process) -> int:
    """`iptables-save`: with nf_tables, nothing has been set up."""
    if process.shell.user != "root":
        process.err(
            f"{process.name} {version_of(process)}: Could not fetch rule set generation id: Permission denied (you must be root)\n"
        )
        return 4
    return 0


def nft(process: Process) -> int:
    """`nft`."""
    if "-v" in process.args or "--version" in process.args:
        process.out("nftables v1.0.6 (Lester Gooch #5)\n")
        return 0
    if process.shell.user != "root":
        process.err(
            "Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted\n"
        )
        return 1
    return 0


def ufw(process: Process) -> int:
    """`ufw` of Ubuntu, which is inactive."""
    if process.shell.user != "root":
        process.err("ERROR: You need to be root to run this script\n")
        return 1
    action = process.args[0] if process.args else ""
    if not action:
        process.err("ERROR: not enough args\n")
        return 1
    texts = {
        "status": "Status: inactive\n", "disable": "Firewall stopped and disabled on system startup\n", "reload": "Firewall not enabled (skipping reload)\n",
        "allow": "Rules updated\nRules updated (v6)\n", "deny": "Rules updated\nRules updated (v6)\n", "version": "ufw 0.36.1\nCopyright 2008-2021 Canonical Ltd.\n",
        "enable": "Firewall is active and enabled on system startup\n",
    }  # fmt: skip
    if action not in texts:
        process.err("ERROR: Invalid syntax\n")
        return 1
    process.out(texts[action])
    return 0


def tc(process: Process) -> int:
    """`tc`: the queues of the cards."""
    statistics = any(word.startswith("-s") for word in process.args)
    words = [word for word in process.args if not word.startswith("-")]
    if not words or words[0] == "help":
        process.err(TC_USAGE)
        return 255
    if not "qdisc".startswith(words[0]) and words[0] not in ("class", "filter", "chain", "action", "actions"):
        process.err(f'Object "{words[0]}" is unknown, try "tc help".\n')
        return 255
    named = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    if named and named not in ("lo", process.shell.world.interface()):
        process.err(f'Cannot find device "{named}"\n')
        return 1
    if words[0] in ("class", "filter", "chain") or words[1:2] in (["add"], ["del"], ["change"], ["replace"]):
        if process.shell.user != "root":
            process.err("RTNETLINK answers: Operation not permitted\n")
            return 2
        return 0
    for link in links(process.shell.world):
        if named in ("", link.name):
            name = "" if named else f"dev {link.name} "
            count = "refcnt 2 " if link.index == 1 else ""
            process.out(f"qdisc {link.qdisc} 0: {name}root {count}\n")
            if statistics:
                sent = traffic(process.shell.world, link.name)
                size, packets = (sent.bytes_out, sent.packets_out) if link.index > 1 else (0, 0)
                process.out(
                    f" Sent {size} bytes {packets} pkt (dropped 0, overlimits 0 requeues 0) \n backlog 0b 0p requeues 0\n"
                )
    return 0


COMMANDS = {
    "tc": tc, "iptables": iptables, "ip6tables": iptables, "iptables-save": save, "ip6tables-save": save, "nft": nft, "ufw": ufw,
}  # fmt: skip
