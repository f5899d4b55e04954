# ruff: noqa: E501 (facts of the kernel)
"""Files of /sys that are about the kernel, the memory and the power of a machine (sysfs of Linux 5.10 to 6.8)."""

from __future__ import annotations

from ..machine import Machine
from .modules import modules
from .node import Node

HUGE = "/sys/kernel/mm/hugepages/hugepages-2048kB"
TRANSPARENT = "/sys/kernel/mm/transparent_hugepage"
NODE = "/sys/devices/system/node"
WRITABLE = {
    f"{TRANSPARENT}/defrag": "always defer defer+madvise [madvise] never", f"{TRANSPARENT}/khugepaged/defrag": "1",
    f"{TRANSPARENT}/khugepaged/pages_to_scan": "4096", f"{TRANSPARENT}/khugepaged/scan_sleep_millisecs": "10000",
    f"{TRANSPARENT}/shmem_enabled": "always within_size advise [never] deny force", f"{TRANSPARENT}/use_zero_page": "1",
    f"{HUGE}/nr_hugepages": "0", f"{HUGE}/nr_hugepages_mempolicy": "0", f"{HUGE}/nr_overcommit_hugepages": "0",
    f"{NODE}/node0/hugepages/hugepages-2048kB/nr_hugepages": "0", "/sys/kernel/mm/ksm/run": "0", "/sys/kernel/mm/ksm/sleep_millisecs": "20",
    "/sys/kernel/mm/ksm/pages_to_scan": "100", "/sys/kernel/profiling": "0", "/sys/kernel/kexec_crash_size": "0",
    "/sys/power/state": "freeze mem disk", "/sys/power/disk": "[platform] shutdown reboot suspend test_resume", "/sys/power/mem_sleep": "s2idle [deep]",
    "/sys/power/image_size": "1677721600", "/sys/power/pm_async": "1", "/sys/power/pm_test": "[none] core processors platform devices freezer",
    "/sys/power/wakeup_count": "0", "/sys/power/sync_on_suspend": "1", "/sys/module/kernel/parameters/consoleblank": "0",
    "/sys/module/kernel/parameters/panic": "0",
}  # fmt: skip
READ_ONLY = {
    f"{TRANSPARENT}/hpage_pmd_size": "2097152", f"{HUGE}/free_hugepages": "0", f"{HUGE}/resv_hugepages": "0", f"{HUGE}/surplus_hugepages": "0",
    f"{NODE}/node0/hugepages/hugepages-2048kB/free_hugepages": "0", f"{NODE}/node0/hugepages/hugepages-2048kB/surplus_hugepages": "0",
    f"{NODE}/online": "0", f"{NODE}/possible": "0", f"{NODE}/has_cpu": "0", f"{NODE}/has_memory": "0", f"{NODE}/node0/distance": "10",
    "/sys/kernel/fscaps": "1", "/sys/kernel/kexec_crash_loaded": "0", "/sys/kernel/kexec_loaded": "0", "/sys/kernel/rcu_expedited": "0",
    "/sys/kernel/rcu_normal": "0", "/sys/kernel/mm/ksm/pages_shared": "0", "/sys/kernel/mm/swap/vma_ra_enabled": "true",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc",
    "/sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm", "/sys/module/tcp_cubic/parameters/beta": "717",
    "/sys/devices/system/memory/block_size_bytes": "8000000",
}  # fmt: skip
CLASSES = """ata_device ata_link ata_port backlight bdi block bsg devcoredump devfreq devlink dma dmi drm firmware gpio graphics hidraw hwmon i2c-adapter
input intel_scu_ipc leds mem misc mmc_host nd net pci_bus pci_epc phy powercap power_supply pps ptp pwm rapidio_port regulator rfkill rtc scsi_device
scsi_disk scsi_generic scsi_host sound spi_master thermal tpm tpmrm tty vc vfio vtconsole wakeup watchdog"""
FOLDERS = """/sys/kernel/security /sys/kernel/debug /sys/kernel/tracing /sys/kernel/config /sys/kernel/slab /sys/kernel/irq /sys/kernel/boot_params
/sys/kernel/btf /sys/kernel/iommu_groups /sys/fs/cgroup /sys/fs/bpf /sys/fs/pstore /sys/fs/ext4 /sys/firmware/acpi /sys/firmware/dmi /sys/firmware/memmap
/sys/bus/pci /sys/bus/usb /sys/bus/cpu /sys/bus/scsi /sys/bus/platform /sys/bus/acpi /sys/bus/virtio /sys/dev/block /sys/dev/char /sys/devices/pci0000:00
/sys/devices/platform /sys/devices/pnp0 /sys/devices/LNXSYSTM:00 /sys/devices/system/clockevents /sys/devices/system/memory /sys/devices/virtual/net
/sys/devices/virtual/tty /sys/devices/virtual/block /sys/devices/virtual/mem /sys/devices/virtual/misc"""


def files(machine: Machine) -> dict[str, Node]:
    """Paths and nodes of a server; {} of a device."""
    if machine.system.id not in ("debian", "ubuntu", "rocky"):
        return {}
    boot = machine.booted()
    enabled = "[always] madvise never" if machine.system.id == "debian" else "always [madvise] never"
    found: dict[str, Node] = {}
    for path in [*FOLDERS.split(), *(f"/sys/class/{name}" for name in CLASSES.split())]:
        _with_folders(found, path, boot)
    for mode, values in ((0o644, WRITABLE | {f"{TRANSPARENT}/enabled": enabled}), (0o444, READ_ONLY)):
        for path, text in values.items():
            _with_folders(found, path.rpartition("/")[0], boot)
            found[path] = Node(mode, content=f"{text}\n".encode(), changed=boot, size=4096)
    names = ["kernel", "tcp_cubic", *(each.name for each in modules(machine))]
    for name in names:
        _with_folders(found, f"/sys/module/{name}", boot)
    return found


def _with_folders(found: dict[str, Node], path: str, boot: int) -> None:
    parts = path.split("/")
    for count in range(3, len(parts) + 1):
        found.setdefault("/".join(parts[:count]), Node(0o755, folder=True, changed=boot))
