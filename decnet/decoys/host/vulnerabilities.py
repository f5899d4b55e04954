# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""What a kernel says of its processor's known flaws: /sys/devices/system/cpu/vulnerabilities, lscpu."""

from __future__ import annotations

from ..machine import Machine
from .kernel_threads import family_of
from .node import Node

NAMES = {
    "4.18": "itlb_multihit l1tf mds meltdown mmio_stale_data retbleed spec_store_bypass spectre_v1 spectre_v2 srbds tsx_async_abort",
    "5.4": "gather_data_sampling itlb_multihit l1tf mds meltdown mmio_stale_data retbleed spec_store_bypass spectre_v1 spectre_v2 srbds tsx_async_abort",
    "5.10": "gather_data_sampling itlb_multihit l1tf mds meltdown mmio_stale_data reg_file_data_sampling retbleed spec_rstack_overflow spec_store_bypass spectre_v1 spectre_v2 srbds tsx_async_abort",
}  # fmt: skip


def vulnerabilities(machine: Machine) -> dict[str, str]:
    """Names of files and their lines, sorted."""
    family = family_of(machine.system.kernel)
    names = NAMES.get(family, NAMES["5.10"]).split()
    model, guest = machine.processor.model, machine.is_virtual
    state = (
        "SMT Host state unknown"
        if guest
        else "SMT vulnerable"
        if machine.processor.threads > 1
        else "SMT disabled"
    )
    old = model in (79, 158)
    known = {
        "gather_data_sampling": "Unknown: Dependent on hypervisor status" if guest else "Mitigation; Microcode",
        "itlb_multihit": "KVM: Mitigation: VMX unsupported" if guest else "KVM: Mitigation: Split huge pages",
        "l1tf": "Mitigation; PTE Inversion" if old else "Not affected",
        "mds": f"Mitigation; Clear CPU buffers; {state}" if old else "Not affected",
        "meltdown": "Mitigation; PTI" if old else "Not affected",
        "mmio_stale_data": f"Mitigation; Clear CPU buffers; {state}",
        "retbleed": "Not affected" if model in (79, 106) else "Mitigation; IBRS" if model == 158 else "Mitigation; Enhanced IBRS",
        "spec_store_bypass": "Mitigation; Speculative Store Bypass disabled via prctl" + ("" if family in ("6.1", "6.8", "5.14") else " and seccomp"),
        "spectre_v1": "Mitigation; usercopy/swapgs barriers and __user pointer sanitization",
        "spectre_v2": "Mitigation; Retpolines; IBPB conditional; IBRS_FW; STIBP disabled; RSB filling; PBRSB-eIBRS Not affected"
        if old
        else "Mitigation; Enhanced / Automatic IBRS; IBPB conditional; RSB filling; PBRSB-eIBRS SW sequence",
        "srbds": "Mitigation; Microcode" if model == 158 else "Not affected",
    }  # fmt: skip
    if model == 79:
        known["gather_data_sampling"] = "Not affected"
    return {name: known.get(name, "Not affected") for name in names}


def files(machine: Machine) -> dict[str, Node]:
    """/sys/devices/system/cpu."""
    if machine.system.machine != "x86_64":
        return {}
    boot = machine.booted()
    base = "/sys/devices/system/cpu"
    found = {
        path: Node(0o755, folder=True, changed=boot)
        for path in ("/sys/devices", "/sys/devices/system", base, f"{base}/vulnerabilities")
    }
    found |= {
        f"{base}/cpu{number}": Node(0o755, folder=True, changed=boot) for number in range(machine.processors)
    }
    last = machine.processors - 1
    for name in ("online", "possible", "present"):
        found[f"{base}/{name}"] = _live(f"0-{last}" if last else "0", boot)
    for name, text in vulnerabilities(machine).items():
        found[f"{base}/vulnerabilities/{name}"] = _live(text, boot)
    return found


def _live(text: str, changed: int) -> Node:
    return Node(0o444, live=lambda: text.encode() + b"\n", changed=changed)
