# ruff: noqa: E501 (the flags of a processor are one line)
"""Processors as /proc/cpuinfo and lscpu show them: numbers of the very models, and the flags that a guest of
VMware sees of them.

Source: Intel's specifications (family, model, stepping, caches, clock), and listings of such machines.
"""

from __future__ import annotations

from dataclasses import dataclass

from .persona import Persona

_BASE = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2"
_GUEST = f"{_BASE} ss ht syscall nx pdpe1gb rdtscp lm constant_tsc arch_perfmon nopl xtopology tsc_reliable nonstop_tsc cpuid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand hypervisor lahf_lm abm 3dnowprefetch cpuid_fault invpcid_single"
_BARE = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush dts acpi mmx fxsr sse sse2 ss ht tm pbe syscall nx pdpe1gb rdtscp lm constant_tsc art arch_perfmon pebs bts rep_good nopl xtopology nonstop_tsc cpuid aperfmperf pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 sdbg fma cx16 xtpr pdcm pcid"

BROADWELL = f"{_GUEST} pti ssbd ibrs ibpb stibp fsgsbase tsc_adjust bmi1 avx2 smep bmi2 invpcid rdseed adx smap xsaveopt arat md_clear flush_l1d arch_capabilities"
CASCADE_LAKE = f"{_GUEST} ssbd ibrs ibpb stibp ibrs_enhanced fsgsbase tsc_adjust bmi1 avx2 smep bmi2 invpcid avx512f avx512dq rdseed adx smap clflushopt clwb avx512cd avx512bw avx512vl xsaveopt xsavec xgetbv1 xsaves arat pku ospke avx512_vnni md_clear flush_l1d arch_capabilities"
ICE_LAKE = f"{_GUEST} ssbd ibrs ibpb stibp ibrs_enhanced fsgsbase tsc_adjust bmi1 avx2 smep bmi2 invpcid avx512f avx512dq rdseed adx smap avx512ifma clflushopt clwb avx512cd sha_ni avx512bw avx512vl xsaveopt xsavec xgetbv1 xsaves wbnoinvd arat avx512vbmi umip pku ospke avx512_vbmi2 gfni vaes vpclmulqdq avx512_vnni avx512_bitalg avx512_vpopcntdq rdpid md_clear flush_l1d arch_capabilities"
BARE_CASCADE_LAKE = f"{_BARE} dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand lahf_lm abm 3dnowprefetch cpuid_fault epb cat_l3 cdp_l3 invpcid_single intel_ppin ssbd mba ibrs ibpb stibp ibrs_enhanced tpr_shadow vnmi flexpriority ept vpid ept_ad fsgsbase tsc_adjust bmi1 avx2 smep bmi2 erms invpcid cqm mpx rdt_a avx512f avx512dq rdseed adx smap clflushopt clwb intel_pt avx512cd avx512bw avx512vl xsaveopt xsavec xgetbv1 xsaves cqm_llc cqm_occup_llc cqm_mbm_total cqm_mbm_local dtherm ida arat pln pts pku ospke avx512_vnni md_clear flush_l1d arch_capabilities"
BARE_COFFEE_LAKE = f"{_BARE} sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand lahf_lm abm 3dnowprefetch cpuid_fault epb invpcid_single pti ssbd ibrs ibpb stibp tpr_shadow vnmi flexpriority ept vpid ept_ad fsgsbase tsc_adjust bmi1 avx2 smep bmi2 erms invpcid mpx rdseed adx smap clflushopt intel_pt xsaveopt xsavec xgetbv1 xsaves dtherm ida arat pln pts hwp hwp_notify hwp_act_window hwp_epp md_clear flush_l1d"

OLD_BUGS = (
    "cpu_meltdown spectre_v1 spectre_v2 spec_store_bypass l1tf mds swapgs itlb_multihit mmio_stale_data"
)
NEW_BUGS = (
    "spectre_v1 spectre_v2 spec_store_bypass swapgs itlb_multihit mmio_stale_data retbleed eibrs_pbrsb gds"
)
ICE_BUGS = "spectre_v1 spectre_v2 spec_store_bypass swapgs mmio_stale_data eibrs_pbrsb gds"
COFFEE_BUGS = "cpu_meltdown spectre_v1 spectre_v2 spec_store_bypass l1tf mds swapgs itlb_multihit srbds mmio_stale_data retbleed gds"


@dataclass(frozen=True)
class Processor:
    """One model. `megahertz`: the clock that its name states; `fastest` and `slowest` in MHz for a machine that
    is not a guest; caches in KiB per core, the third level per socket; `bits`: of physical addresses."""

    name: str
    model: int
    stepping: int
    microcode: str
    megahertz: float
    l1d: int
    l2: int
    l3: int
    flags: str
    bugs: str
    cores: int = 1
    threads: int = 1
    """Per core."""
    fastest: int = 0
    slowest: int = 800
    bits: int = 45


GUESTS = (
    Processor("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", 79, 1, "0xb000040", 2399.998, 32, 256, 35840, BROADWELL, OLD_BUGS),
    Processor("Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz", 85, 7, "0x5003604", 2494.140, 32, 1024, 28160, CASCADE_LAKE, NEW_BUGS),
    Processor("Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz", 85, 7, "0x5003604", 2194.843, 32, 1024, 16896, CASCADE_LAKE, NEW_BUGS),
    Processor("Intel(R) Xeon(R) Gold 5218 CPU @ 2.30GHz", 85, 7, "0x5003604", 2294.609, 32, 1024, 22528, CASCADE_LAKE, NEW_BUGS),
    Processor("Intel(R) Xeon(R) Gold 6342 CPU @ 2.80GHz", 106, 6, "0xd0003a5", 2793.437, 48, 1280, 36864, ICE_LAKE, ICE_BUGS),
)  # fmt: skip
SERVERS = (
    Processor("Intel(R) Xeon(R) E-2224 CPU @ 3.40GHz", 158, 10, "0xf8", 3400.000, 32, 256, 8192, BARE_COFFEE_LAKE, COFFEE_BUGS, 4, 1, 4600, 800, 39),
    Processor("Intel(R) Xeon(R) E-2236 CPU @ 3.40GHz", 158, 10, "0xf8", 3400.000, 32, 256, 12288, BARE_COFFEE_LAKE, COFFEE_BUGS, 6, 2, 4800, 800, 39),
    Processor("Intel(R) Xeon(R) Silver 4210 CPU @ 2.20GHz", 85, 7, "0x5003604", 2200.000, 32, 1024, 14080, BARE_CASCADE_LAKE, NEW_BUGS, 10, 2, 3200, 1000, 46),
    Processor("Intel(R) Xeon(R) Bronze 3206R CPU @ 1.90GHz", 85, 7, "0x5003604", 1900.000, 32, 1024, 11264, BARE_CASCADE_LAKE, NEW_BUGS, 8, 1, 1900, 1000, 46),
)  # fmt: skip
"""Processors of guests, and of machines with one socket."""


def processor_of(persona: Persona, *, is_virtual: bool) -> Processor:
    """The model of its processor. A guest has one that VMware shows, any other machine a server's."""
    return persona.choice("processor", GUESTS if is_virtual else SERVERS)
