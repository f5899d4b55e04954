# ruff: noqa: E501 (tables)
"""The loaded modules of a kernel, as lsmod and /proc/modules list them."""

from __future__ import annotations

from dataclasses import dataclass

from ..machine import Machine

GUEST = """
vsock_loopback 16384 0
vmw_vsock_virtio_transport_common 49152 1 vsock_loopback
vmw_vsock_vmci_transport 36864 1
vsock 57344 5 vmw_vsock_virtio_transport_common,vsock_loopback,vmw_vsock_vmci_transport
intel_rapl_msr 20480 0
intel_rapl_common 32768 1 intel_rapl_msr
ghash_clmulni_intel 16384 0
sha512_ssse3 49152 0
aesni_intel 393216 0
crypto_simd 16384 1 aesni_intel
cryptd 28672 2 crypto_simd,ghash_clmulni_intel
vmw_balloon 28672 0
pcspkr 16384 0
vmwgfx 372736 1
drm_ttm_helper 16384 1 vmwgfx
ttm 94208 2 vmwgfx,drm_ttm_helper
drm_kms_helper 208896 2 vmwgfx
vmw_vmci 90112 2 vmw_balloon,vmw_vsock_vmci_transport
joydev 28672 0
ac 20480 0
sg 40960 0
evdev 28672 3
serio_raw 20480 0
drm 618496 6 vmwgfx,drm_kms_helper,ttm,drm_ttm_helper
fuse 176128 1
configfs 57344 1
{middle}
sd_mod 65536 3
t10_pi 16384 1 sd_mod
sr_mod 28672 0
cdrom 81920 1 sr_mod
ata_generic 16384 0
ata_piix 45056 0
libata 401408 2 ata_piix,ata_generic
mptspi 24576 2
mptscsih 49152 1 mptspi
mptbase 98304 2 mptspi,mptscsih
scsi_transport_spi 40960 1 mptspi
vmxnet3 73728 0
scsi_mod 286720 6 mptspi,mptscsih,sd_mod,scsi_transport_spi,libata,sr_mod
psmouse 184320 0
crc32_pclmul 16384 0
crc32c_intel 24576 {c}
i2c_piix4 28672 0
button 24576 0
"""
SERVER = """
intel_rapl_msr 20480 0
intel_rapl_common 32768 1 intel_rapl_msr
x86_pkg_temp_thermal 20480 0
intel_powerclamp 20480 0
coretemp 20480 0
kvm_intel 380928 0
kvm 1142784 1 kvm_intel
irqbypass 16384 1 kvm
ghash_clmulni_intel 16384 0
aesni_intel 393216 0
crypto_simd 16384 1 aesni_intel
cryptd 28672 2 crypto_simd,ghash_clmulni_intel
rapl 20480 0
intel_cstate 20480 0
ipmi_ssif 45056 0
mgag200 57344 0
drm_shmem_helper 20480 1 mgag200
drm_kms_helper 208896 3 mgag200
mei_me 53248 0
mei 159744 1 mei_me
ipmi_si 86016 1
ipmi_devintf 20480 0
ipmi_msghandler 81920 3 ipmi_devintf,ipmi_si,ipmi_ssif
acpi_power_meter 20480 0
sg 40960 0
evdev 28672 2
drm 618496 4 drm_kms_helper,drm_shmem_helper,mgag200
fuse 176128 1
configfs 57344 1
{middle}
sd_mod 65536 4
t10_pi 16384 1 sd_mod
ahci 49152 3
libahci 49152 1 ahci
megaraid_sas 184320 2
igb 270336 0
i2c_algo_bit 16384 2 igb,mgag200
dca 16384 1 igb
libata 401408 2 libahci,ahci
scsi_mod 286720 4 sd_mod,megaraid_sas,libata,sg
crc32_pclmul 16384 0
crc32c_intel 24576 {c}
i2c_i801 36864 0
i2c_smbus 20480 1 i2c_i801
wmi 36864 0
button 24576 0
"""
EXT4 = """efi_pstore 16384 0
ip_tables 36864 0
x_tables 61440 1 ip_tables
autofs4 53248 2
ext4 983040 1
crc16 16384 1 ext4
mbcache 16384 1 ext4
jbd2 167936 1 ext4
crc32c_generic 16384 0"""
XFS = """nft_fib_inet 16384 1
nft_fib_ipv4 16384 1 nft_fib_inet
nft_fib_ipv6 16384 1 nft_fib_inet
nft_fib 16384 3 nft_fib_ipv6,nft_fib_ipv4,nft_fib_inet
nft_reject_inet 16384 10
nf_reject_ipv4 16384 1 nft_reject_inet
nf_reject_ipv6 20480 1 nft_reject_inet
nft_reject 16384 1 nft_reject_inet
nft_ct 24576 8
nft_chain_nat 16384 3
nf_nat 57344 1 nft_chain_nat
nf_conntrack 192512 2 nf_nat,nft_ct
nf_defrag_ipv6 24576 1 nf_conntrack
nf_defrag_ipv4 16384 1 nf_conntrack
ip_set 69632 0
nf_tables 319488 268 nft_ct,nft_reject_inet,nft_fib_ipv6,nft_fib_ipv4,nft_chain_nat,nft_reject,nft_fib,nft_fib_inet
nfnetlink 20480 3 nf_tables,ip_set
xfs 2404352 2
libcrc32c 16384 4 nf_conntrack,nf_nat,nf_tables,xfs
dm_mirror 28672 0
dm_region_hash 24576 1 dm_mirror
dm_log 24576 2 dm_region_hash,dm_mirror
dm_mod 225280 8 dm_log,dm_mirror"""


@dataclass(frozen=True, slots=True)
class Module:
    """One loaded module. `size` in bytes; `uses`: how often it is in use, `by` which modules."""

    name: str
    size: int
    uses: int
    by: tuple[str, ...] = ()


def modules(machine: Machine) -> list[Module]:
    """The loaded modules, the newest first."""
    if machine.system.id not in ("debian", "ubuntu", "rocky"):
        return []
    rocky = machine.system.id == "rocky"
    text = (GUEST if machine.is_virtual else SERVER).replace("{middle}", XFS if rocky else EXT4)
    rows = (line.split(" ") for line in text.replace("{c}", "1" if rocky else "2").strip().splitlines())
    return [
        Module(row[0], int(row[1]), int(row[2]), tuple(row[3].split(",")) if len(row) > 3 else ())
        for row in rows
    ]
