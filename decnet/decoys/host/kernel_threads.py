# ruff: noqa: E501 (names of threads, in the order in which a kernel starts them)
"""The threads of a kernel as `ps` lists them, by release: names, and the numbers that a boot gives them.

Facts from listings of such machines: a name has 15 characters before Linux 5.17, later up to 63 (proc(5));
from 6.8 the rescuers of work queues are `kworker/R-` and the beginning of their name.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..machine import Machine
from .hardware import root_device

EARLY = {
    "4.18": "rcu_gp rcu_par_gp slub_flushwq - kworker/0:0H-events_highpri - mm_percpu_wq rcu_tasks_rude_ rcu_tasks_trace",
    "5.4": "rcu_gp rcu_par_gp - kworker/0:0H-kblockd - - mm_percpu_wq",
    "5.10": "rcu_gp rcu_par_gp - kworker/0:0H-events_highpri - mm_percpu_wq rcu_tasks_rude_ rcu_tasks_trace",
    "5.14": "rcu_gp rcu_par_gp slub_flushwq netns - kworker/0:0H-events_highpri - - mm_percpu_wq - rcu_tasks_kthre rcu_tasks_rude_ rcu_tasks_trace",
    "5.15": "rcu_gp rcu_par_gp slub_flushwq netns - kworker/0:0H-events_highpri - mm_percpu_wq rcu_tasks_rude_ rcu_tasks_trace",
    "6.1": "rcu_gp rcu_par_gp slub_flushwq netns - kworker/0:0H-events_highpri - mm_percpu_wq rcu_tasks_kthread rcu_tasks_rude_kthread rcu_tasks_trace_kthread",
    "6.8": "pool_workqueue_release kworker/R-rcu_g kworker/R-rcu_p kworker/R-slub_ kworker/R-netns - kworker/0:0H-events_highpri - kworker/R-mm_pe rcu_tasks_kthread rcu_tasks_rude_kthread rcu_tasks_trace_kthread",
}  # fmt: skip
"""From process 3 on; "-": a number that is free again."""

LATER = {
    "4.18": "kdevtmpfs netns kauditd khungtaskd oom_reaper writeback kcompactd0 ksmd khugepaged crypto kintegrityd kblockd blkcg_punt_bio tpm_dev_wq md edac-poller watchdogd - kswapd0 - kthrotld acpi_thermal_pm kmpath_rdacd kaluad ipv6_addrconf kstrp - ata_sff",
    "5.4": "kdevtmpfs netns rcu_tasks_kthre kauditd khungtaskd oom_reaper writeback kcompactd0 ksmd khugepaged - - kintegrityd kblockd blkcg_punt_bio tpm_dev_wq ata_sff md edac-poller devfreq_wq watchdogd - kswapd0 ecryptfs-kthrea - kthrotld acpi_thermal_pm - vfio-irqfd-clea ipv6_addrconf - kstrp charger_manager",
    "5.10": "kdevtmpfs netns kauditd khungtaskd oom_reaper writeback kcompactd0 ksmd khugepaged - kintegrityd kblockd blkcg_punt_bio edac-poller devfreq_wq kworker/0:1H-kblockd kswapd0 kthrotld acpi_thermal_pm ipv6_addrconf - kstrp zswap-shrink - ata_sff",
    "5.14": "kdevtmpfs inet_frag_wq kauditd khungtaskd - oom_reaper writeback kcompactd0 ksmd khugepaged cryptd kintegrityd kblockd blkcg_punt_bio tpm_dev_wq md md_bitmap edac-poller watchdogd kworker/0:1H-kblockd kswapd0 kthrotld - acpi_thermal_pm kmpath_rdacd kaluad mld ipv6_addrconf kstrp zswap-shrink - ata_sff",
    "5.15": "kdevtmpfs inet_frag_wq kauditd khungtaskd oom_reaper writeback kcompactd0 ksmd khugepaged - kintegrityd kblockd blkcg_punt_bio tpm_dev_wq ata_sff md edac-poller devfreq_wq watchdogd kworker/0:1H-kblockd kswapd0 ecryptfs-kthrea kthrotld acpi_thermal_pm vfio-irqfd-clea mld ipv6_addrconf - kstrp zswap-shrink - charger_manager",
    "6.1": "kdevtmpfs inet_frag_wq kauditd khungtaskd oom_reaper writeback kcompactd0 ksmd khugepaged kintegrityd kblockd blkcg_punt_bio tpm_dev_wq edac-poller devfreq_wq kworker/0:1H-kblockd kswapd0 - kthrotld acpi_thermal_pm mld ipv6_addrconf - kstrp zswap-shrink - ata_sff",
    "6.8": "kdevtmpfs kworker/R-inet_ kauditd khungtaskd oom_reaper kworker/R-write kcompactd0 ksmd khugepaged kworker/R-kinte kworker/R-kbloc kworker/R-blkcg irq/9-acpi kworker/R-tpm_d kworker/R-ata_s kworker/R-md kworker/R-md_bi kworker/R-edac- kworker/R-devfr watchdogd kworker/0:1H-kblockd kswapd0 ecryptfs-kthread kworker/R-kthro kworker/R-acpi_ - kworker/R-mld kworker/R-ipv6_ - kworker/R-kstrp - kworker/R-charg",
}  # fmt: skip
BY_FLAVOUR = {"watchdog": ("4.18",), "idle_inject": ("5.4", "5.14", "5.15", "6.8")}
HIGH = frozenset(
    [
        "rcu_gp",
        "rcu_par_gp",
        "slub_flushwq",
        "netns",
        "mm_percpu_wq",
        "inet_frag_wq",
        "writeback",
        "crypto",
        "cryptd",
        "kintegrityd",
        "kblockd",
        "blkcg_punt_bio",
        "tpm_dev_wq",
        "ata_sff",
        "md",
        "md_bitmap",
        "edac-poller",
        "devfreq_wq",
        "kthrotld",
        "acpi_thermal_pm",
        "kmpath_rdacd",
        "kaluad",
        "ipv6_addrconf",
        "kstrp",
        "mld",
        "zswap-shrink",
        "charger_manager",
        "vfio-irqfd-clea",
        "xfsalloc",
        "xfs_mru_cache",
        "mpt_poll_0",
        "raid5wq",
        "ext4-rsv-conver",
        "ext4-rsv-conversion",
        "kdmflush",
        "ttm_swap",
    ]
)
"""Threads with nice value -20: work queues of the kernel."""
REAL_TIME = ("migration/", "watchdog", "idle_inject/", "irq/")
IDLE = ("kworker", "rcu_", "mm_percpu_wq")


def family_of(kernel: str) -> str:
    """The line of the tables for a kernel's release, 6.1 for an unknown one."""
    short = ".".join(kernel.split("-")[0].split(".")[:2])
    return short if short in EARLY else "6.1"


OF_DEVICES = {
    "openwrt": "kthreadd rcu_gp rcu_par_gp kworker/0:0 kworker/0:0H-kb kworker/u2:0-ev mm_percpu_wq ksoftirqd/0 kdevtmpfs oom_reaper"
    " writeback kcompactd0 pencrypt_serial pdecrypt_serial kblockd blkcg_punt_bio kworker/0:1-ev watchdogd kswapd0 kworker/u2:1"
    " scsi_eh_0 scsi_tmf_0 ipv6_addrconf dsa_ordered spi0 mtdblock3 kworker/0:1H-kb jffs2_gcd_mtd6 ath10k_wq ath10k_aux_wq",
    "buildroot": "kthreadd ksoftirqd/0 kworker/0:0 kworker/0:0H kworker/u2:0 rcu_preempt rcu_bh rcu_sched khelper writeback bioset"
    " kblockd spi0 kworker/0:1 khungtaskd kswapd0 fsnotify_mark crypto deferwq kworker/u2:1 mmcqd/0 isp_fw_process irq/37-isp-m0",
}  # fmt: skip
"""Of small devices, which have no disks."""


def kernel_threads(machine: Machine) -> Iterator[tuple[int, str]]:
    """Numbers and names, in ascending order, from 2 on."""
    family = family_of(machine.system.kernel)
    if machine.system.id in OF_DEVICES:
        yield from enumerate(OF_DEVICES[machine.system.id].split(), 2)
        return
    yield 2, "kthreadd"
    number = 2
    for name in [*EARLY[family].split(), *_per_processor(family, machine.processors), *LATER[family].split(),
                 *_of_disks(machine, family)]:  # fmt: skip
        number += 1
        if name != "-":
            yield number, name
        elif machine.persona.number(f"free {number}", 0, 2) == 0:
            number += 1


def _per_processor(family: str, processors: int) -> Iterator[str]:
    scheduler = "rcu_preempt" if family in ("5.14", "6.1", "6.8") else "rcu_sched"
    injects = family in BY_FLAVOUR["idle_inject"]
    dogs = family in BY_FLAVOUR["watchdog"]
    yield from ("ksoftirqd/0", scheduler, "migration/0")
    yield from ("watchdog/0",) * dogs
    yield from ("idle_inject/0",) * injects
    yield from ("-", "cpuhp/0")
    for each in range(1, processors):
        yield f"cpuhp/{each}"
        yield from (f"watchdog/{each}",) * dogs
        yield from (f"idle_inject/{each}",) * injects
        yield from (f"migration/{each}", f"ksoftirqd/{each}", "-", f"kworker/{each}:0H-events_highpri")
    yield "-"


def _of_disks(machine: Machine, family: str) -> Iterator[str]:
    for host in range(2):
        yield f"scsi_eh_{host}"
        yield f"kworker/R-scsi_{host}"[:15] if family == "6.8" else f"scsi_tmf_{host}"
    if machine.is_virtual:
        yield from ("mpt_poll_0", "mpt/0", "scsi_eh_2", "-")
    yield "-"
    disk = root_device(machine)
    if machine.system.id == "rocky":
        yield from ("kdmflush/253:0", "kdmflush/253:1", "xfsalloc", "xfs_mru_cache")
        for part in ("buf", "conv", "reclaim", "blockgc", "inodegc", "log", "cil"):
            yield f"xfs-{part}/dm-0"[:15]
        yield "xfsaild/dm-0"
    else:
        yield f"jbd2/{disk}-8"
        full = "ext4-rsv-conversion" if family == "6.1" else "ext4-rsv-conver"
        yield "kworker/R-ext4-" if family == "6.8" else full


def state_of(name: str) -> str:
    """The letters of `ps` for a kernel's thread."""
    idle = name.startswith(IDLE) and not name.startswith(("rcu_tasks", "rcu_preempt", "rcu_sched"))
    if name.startswith(("rcu_preempt", "rcu_sched", "rcu_tasks")) or idle or nice_of(name) == -20:
        return "I<" if nice_of(name) == -20 else "I"
    return "SN" if nice_of(name) > 0 else "S"


def nice_of(name: str) -> int:
    """Its nice value."""
    queues = ("kworker/R-", "scsi_tmf_", "kdmflush", "xfs-", "mpt/")
    if name in HIGH or name.startswith(queues):
        return -20
    if name.startswith("kworker/") and name.partition("-")[0].endswith("H"):
        return -20
    return {"ksmd": 5, "khugepaged": 19}.get(name, 0)
