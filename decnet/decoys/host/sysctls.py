# ruff: noqa: E501 (facts of the releases)
"""The settings of a kernel below /proc/sys, as `sysctl -a` lists them (sysctl(8))."""

from __future__ import annotations

from ..machine import Machine
from .hardware import uuid_for
from .pids import pid_max
from .sysctl_defaults import defaults

PLAIN = {
    "debug.exception-trace": "1", "dev.cdrom.autoclose": "1", "fs.aio-max-nr": "65536", "fs.aio-nr": "0",
    "fs.file-max": "9223372036854775807", "fs.file-nr": "1184\t0\t9223372036854775807",
    "fs.inotify.max_user_instances": "128", "fs.nr_open": "1048576", "fs.protected_fifos": "1",
    "fs.protected_hardlinks": "1", "fs.protected_symlinks": "1", "kernel.arch": "x86_64",
    "kernel.ctrl-alt-del": "0", "kernel.domainname": "(none)", "kernel.modules_disabled": "0",
    "kernel.msgmax": "8192", "kernel.msgmnb": "16384", "kernel.msgmni": "32000",
    "kernel.ngroups_max": "65536", "kernel.panic": "0", "kernel.panic_on_oops": "0",
    "kernel.printk": "4\t4\t1\t7", "kernel.random.entropy_avail": "256", "kernel.random.poolsize": "256",
    "kernel.random.uuid": "", "kernel.randomize_va_space": "2", "kernel.sem": "32000\t1024000000\t500\t32000",
    "kernel.shmall": "18446744073692774399", "kernel.shmmax": "18446744073692774399", "kernel.shmmni": "4096",
    "kernel.tainted": "0", "kernel.unprivileged_bpf_disabled": "2", "net.core.netdev_max_backlog": "1000",
    "net.core.rmem_default": "212992", "net.core.rmem_max": "212992", "net.core.wmem_default": "212992",
    "net.core.wmem_max": "212992", "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv4.conf.all.forwarding": "0", "net.ipv4.conf.all.send_redirects": "1",
    "net.ipv4.icmp_echo_ignore_all": "0", "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.ip_default_ttl": "64", "net.ipv4.ip_forward": "0",
    "net.ipv4.ip_local_port_range": "32768\t60999", "net.ipv4.ip_nonlocal_bind": "0",
    "net.ipv4.tcp_congestion_control": "cubic", "net.ipv4.tcp_available_congestion_control": "reno cubic",
    "net.ipv4.tcp_fin_timeout": "60", "net.ipv4.tcp_keepalive_intvl": "75",
    "net.ipv4.tcp_keepalive_probes": "9", "net.ipv4.tcp_keepalive_time": "7200",
    "net.ipv4.tcp_max_syn_backlog": "256", "net.ipv4.tcp_rmem": "4096\t131072\t6291456",
    "net.ipv4.tcp_sack": "1", "net.ipv4.tcp_syncookies": "1", "net.ipv4.tcp_timestamps": "1",
    "net.ipv4.tcp_tw_reuse": "2", "net.ipv4.tcp_window_scaling": "1",
    "net.ipv4.tcp_wmem": "4096\t16384\t4194304", "net.ipv6.bindv6only": "0",
    "net.ipv6.conf.all.disable_ipv6": "0", "net.ipv6.conf.all.forwarding": "0",
    "net.ipv6.conf.default.disable_ipv6": "0", "net.ipv6.conf.lo.disable_ipv6": "0",
    "vm.dirty_background_ratio": "10", "vm.dirty_expire_centisecs": "3000", "vm.drop_caches": "0",
    "vm.mmap_min_addr": "65536", "vm.nr_hugepages": "0", "vm.overcommit_memory": "0",
    "vm.overcommit_ratio": "50", "vm.panic_on_oom": "0", "vm.vfs_cache_pressure": "100",
}  # fmt: skip
"""Settings that all of the releases have in common."""


def sysctls(machine: Machine) -> dict[str, str]:
    """Names and values, as they are after a boot of the release."""
    values = PLAIN | _of_machine(machine) | _of_release(machine)
    if machine.system.id in ("debian", "ubuntu", "rocky"):
        values = defaults(machine.interface()) | values
    if machine.system.busybox:
        values["kernel.arch"] = machine.system.machine
    return dict(sorted(values.items()))


def _of_machine(machine: Machine) -> dict[str, str]:
    """Settings that the kernel derives from the memory and the machine."""
    card, pages = machine.interface(), machine.memory_kib // 4
    return {
        "fs.dentry-state": f"{pages // 9}\t{pages // 11}\t45\t0\t{pages // 60}\t0",
        "fs.inotify.max_user_watches": str(min(1_048_576, max(8192, pages // 34))),
        "kernel.core_pattern": _core_pattern(machine), "kernel.hostname": machine.hostname,
        "kernel.nmi_watchdog": "0" if machine.is_virtual else "1", "kernel.pid_max": str(pid_max(machine)),
        "kernel.random.boot_id": uuid_for(machine, f"boot {machine.booted()}"),
        "kernel.sysrq": _sysrq(machine), "kernel.threads-max": str(pages // 33),
        f"net.ipv4.conf.{card}.forwarding": "0", f"net.ipv6.conf.{card}.disable_ipv6": "0",
        "user.max_user_namespaces": str(pages // 66),
        "vm.min_free_kbytes": str(min(67_584, int(machine.memory_kib ** 0.5 * 4) // 4 * 4)),
    }  # fmt: skip


def _of_release(machine: Machine) -> dict[str, str]:
    """Settings that distributions and versions choose."""
    system, card = machine.system, machine.interface()
    rocky, ubuntu = system.id == "rocky", system.id == "ubuntu"
    return {
        "fs.protected_regular": "2" if not rocky else "1", "fs.suid_dumpable": "2" if ubuntu else "0",
        "kernel.core_uses_pid": "1" if rocky else "0", "kernel.dmesg_restrict": "0" if rocky else "1",
        **({} if rocky else {"kernel.unprivileged_userns_clone": "1"}),
        "kernel.kptr_restrict": "1" if rocky or ubuntu else "0", "kernel.osrelease": system.kernel,
        "kernel.ostype": system.sysname,
        "kernel.perf_event_paranoid": "3" if system.id == "debian" else "4" if ubuntu else "2",
        "kernel.sched_autogroup_enabled": "1" if not rocky else "0", "kernel.version": system.build,
        "kernel.yama.ptrace_scope": "1" if ubuntu else "0",
        "net.core.default_qdisc": "fq_codel" if rocky or ubuntu else "pfifo_fast",
        "net.core.somaxconn": "4096" if system.version not in ("8.10",) else "128",
        "net.ipv4.conf.all.accept_redirects": "0" if rocky else "1",
        "net.ipv4.conf.all.rp_filter": "2" if ubuntu else "0",
        "net.ipv4.conf.default.rp_filter": "1" if rocky else "2" if ubuntu else "0",
        f"net.ipv4.conf.{card}.rp_filter": "1" if rocky else "2" if ubuntu else "0",
        "vm.dirty_ratio": "20" if not rocky else "30",
        "vm.max_map_count": "65530" if system.version != "24.04" else "1048576",
        "vm.swappiness": "60" if not rocky else "30",
    }  # fmt: skip


def _core_pattern(machine: Machine) -> str:
    if machine.system.id == "rocky":
        return "|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h"
    if machine.system.id == "ubuntu":
        return "|/usr/share/apport/apport -p%p -s%s -c%c -d%d -P%P -u%u -g%g -- %E"
    return "core"


def _sysrq(machine: Machine) -> str:
    return {"debian": "438", "ubuntu": "176", "rocky": "16"}.get(machine.system.id, "1")
