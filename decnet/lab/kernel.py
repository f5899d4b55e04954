"""A Linux kernel that runs as an ordinary program (User Mode Linux), built once from Debian's source.

Debian's package of it lacks the nf_tables features that decoys need.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from decnet.errors import Failed
from decnet.lab.guard import exclusive
from decnet.lab.shell import run
from decnet.lab.trees import CACHE, Recipe, Unavailable, make_tree, remove_tree, remove_unused

# Kernels before 6.16 do not start on every machine, because they depend on ptrace.
SOURCE: Final = Recipe("kernel-source", "sid", ("linux-source",), variant="extract")
# With an old C library, the program runs on this Debian release and on later ones.
TOOLS: Final = Recipe(
    "kernel-tools",
    "bookworm",
    ("gcc", "make", "flex", "bison", "bc", "libc6-dev", "xz-utils", "python3-minimal"),
)
WANTED: Final = """
    CGROUPS MEMCG CGROUP_SCHED FAIR_GROUP_SCHED CFS_BANDWIDTH CGROUP_PIDS CGROUP_FREEZER CGROUP_DEVICE
    CGROUP_CPUACCT CGROUP_BPF BPF_SYSCALL NAMESPACES USER_NS PID_NS NET_NS UTS_NS IPC_NS OVERLAY_FS
    EXT4_FS EXT4_FS_POSIX_ACL TMPFS TMPFS_POSIX_ACL TMPFS_XATTR DEVTMPFS DEVTMPFS_MOUNT HOSTFS BRIDGE
    BRIDGE_NETFILTER VETH MACVLAN IPVLAN NET INET IPV6 PACKET UNIX NETDEVICES TUN DUMMY UML_NET_VECTOR
    NETFILTER NETFILTER_ADVANCED NETFILTER_INGRESS NETFILTER_NETLINK NETFILTER_NETLINK_QUEUE
    NETFILTER_NETLINK_LOG NF_CONNTRACK NF_NAT NF_TABLES NF_TABLES_INET NF_TABLES_IPV4 NF_TABLES_IPV6
    NF_TABLES_ARP NF_TABLES_NETDEV NFT_CT NFT_LOG NFT_LIMIT NFT_MASQ NFT_NAT NFT_REDIR NFT_REJECT
    NFT_REJECT_INET NFT_COMPAT NFT_HASH NFT_NUMGEN NFT_FIB NFT_FIB_INET NFT_FIB_IPV4 NFT_FIB_IPV6
    NFT_QUEUE NFT_QUOTA NFT_SOCKET NFT_OSF NFT_SYNPROXY NFT_TPROXY NFT_DUP_IPV4 NFT_FWD_NETDEV
    NETFILTER_XTABLES NETFILTER_XTABLES_LEGACY NETFILTER_XT_MARK NETFILTER_XT_NAT
    NETFILTER_XT_TARGET_MASQUERADE NETFILTER_XT_TARGET_REDIRECT NETFILTER_XT_MATCH_ADDRTYPE
    NETFILTER_XT_MATCH_COMMENT NETFILTER_XT_MATCH_CONNTRACK NETFILTER_XT_MATCH_STATE IP_NF_IPTABLES
    IP6_NF_IPTABLES SECCOMP SECCOMP_FILTER AUTOFS_FS FHANDLE EPOLL SIGNALFD TIMERFD EVENTFD INOTIFY_USER
    FANOTIFY POSIX_MQUEUE KEYS SYSVIPC BLK_DEV_LOOP HIGH_RES_TIMERS NO_HZ_IDLE CRYPTO CRYPTO_SHA256
    CHECKPOINT_RESTORE MEMCG_V1 UNIX98_PTYS IKCONFIG IKCONFIG_PROC
"""
UNWANTED: Final = ("MODULES", "DEBUG_INFO", "SOUND", "STATIC_LINK", "GCOV", "DEBUG_KERNEL", "PREEMPT")
# $1 build folder, $2 tree of the tools, $3 tree of the source, $4 parallel jobs, $5 wanted, $6 unwanted.
SCRIPT: Final = """
part=$1 tools=$2 source=$3 jobs=$4
mount -t overlay overlay -o "lowerdir=$tools,upperdir=$part/upper,workdir=$part/work" "$part/root"
mkdir -p "$part/root/source" "$part/root/build"
mount --bind "$source/usr/src" "$part/root/source"
mount --bind "$part/build" "$part/root/build"
mount -t proc proc "$part/root/proc"
mount --rbind /dev "$part/root/dev"
exec chroot "$part/root" sh -euc '
    cd /build
    tar --strip-components=1 -xf /source/linux-source-*.tar.xz
    make ARCH=um x86_64_defconfig
    for name in $2; do scripts/config -e "$name"; done
    for name in $3; do scripts/config -d "$name"; done
    make ARCH=um olddefconfig
    make ARCH=um -j"$1"
    strip -o linux.stripped linux
' sh "$jobs" "$5" "$6"
"""
SECONDS: Final = 3 * 3600


def make_kernel(emit: Callable[[str], None]) -> Path:
    """The kernel program, built if there is none (15 minutes of CPU time). Raises Unavailable."""
    key = hashlib.sha256(repr((SOURCE, TOOLS, WANTED.split(), UNWANTED, SCRIPT)).encode()).hexdigest()[:12]
    kernel = CACHE / f"kernel-{key}"
    with exclusive("cache/kernel", limit=SECONDS):
        if not kernel.exists():
            remove_unused("kernel-*")
            source, tools = make_tree(SOURCE, emit), make_tree(TOOLS, emit)
            emit("building a User Mode Linux kernel, once: about 15 minutes of CPU time")
            _build(kernel, source, tools)
            for tree in (source, tools):
                remove_tree(tree)
    return kernel


def _build(kernel: Path, source: Path, tools: Path) -> None:
    part = kernel.with_name(f"part-{kernel.name}")
    remove_tree(part)
    for folder in ("upper", "work", "root", "build"):
        (part / folder).mkdir(parents=True)
    places, jobs = [str(part), str(tools), str(source)], str(os.cpu_count() or 1)
    words = [*places, jobs, " ".join(WANTED.split()), " ".join(UNWANTED)]
    argv = ["nice", "-n", "10", "unshare", "--mount", "--propagation", "private", "sh", "-euc", SCRIPT, "sh"]
    try:
        run([*argv, *words], limit=SECONDS)
    except Failed as failed:
        reason = " / ".join(failed.message.splitlines()[-3:])[-300:]
        raise Unavailable(f"the kernel cannot be built: {reason}") from failed
    else:
        (part / "build" / "linux.stripped").replace(kernel)
    finally:
        remove_tree(part)
