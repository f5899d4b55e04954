# ruff: noqa: E501 (lists of drivers)
"""What the kernel of Debian 12 has registered, in /proc: drivers, consoles, file systems, pressure.

Source: a virtual machine with Debian 12, kernel 6.1, whose disk is /dev/sda.
"""

from __future__ import annotations

CHARACTER = """  1 mem,  4 /dev/vc/0,  4 tty,  4 ttyS,  5 /dev/tty,  5 /dev/console,  5 /dev/ptmx,  7 vcs, 10 misc, 13 input, 21 sg, 29 fb, 99 ppdev,128 ptm,\
136 pts,153 spi,226 drm,247 cxl,248 bsg,249 ptp,250 pps,251 rtc,252 dax,253 tpm,254 gpiochip"""
BLOCK = """  7 loop,  8 sd, 11 sr, 65 sd, 66 sd, 67 sd, 68 sd, 69 sd, 70 sd, 71 sd,128 sd,129 sd,130 sd,131 sd,132 sd,133 sd,134 sd,135 sd,\
254 device-mapper,259 blkext"""
MISC = """124 vmci,229 fuse,237 loop-control,236 device-mapper,235 autofs,125 cpu_dma_latency,  1 psaux,228 hpet,126 userfaultfd,231 snapshot,\
183 hw_random,127 vga_arbiter"""
NODEV = """sysfs tmpfs bdev proc cgroup cgroup2 cpuset devtmpfs debugfs tracefs securityfs sockfs bpf pipefs ramfs hugetlbfs devpts mqueue pstore
- ext3 ext2 ext4 + autofs configfs - fuseblk + fuse fusectl binfmt_misc"""
"""Names of file systems; - and + stand before those with and without a device."""
CONSOLES = "tty0                 -WU (EC  p  )    4:7\n"
PRESSURE = "some avg10=0.00 avg60=0.00 avg300=0.00 total={some}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total={full}\n"
TERMINALS = """\
/dev/tty             /dev/tty        5       0 system:/dev/tty
/dev/console         /dev/console    5       1 system:console
/dev/ptmx            /dev/ptmx       5       2 system
/dev/vc/0            /dev/vc/0       4       0 system:vtmaster
serial               /dev/ttyS       4 64-95 serial
pty_slave            /dev/pts      136 0-1048575 pty:slave
pty_master           /dev/ptm      128 0-1048575 pty:master
unknown              /dev/tty        4 1-63 console
"""


def texts(uptime: int) -> dict[str, str]:
    """Contents by the names below /proc; `uptime` in seconds."""
    found = {
        "devices": f"Character devices:\n{_lines(CHARACTER)}\nBlock devices:\n{_lines(BLOCK)}",
        "misc": _lines(MISC),
        "filesystems": _file_systems(),
        "consoles": CONSOLES,
        "tty/drivers": TERMINALS,
    }
    for name, share in (("cpu", 410), ("io", 230), ("memory", 0)):
        found[f"pressure/{name}"] = PRESSURE.format(some=uptime * share, full=uptime * share * 3 // 5)
    return found


def _lines(names: str) -> str:
    return names.replace(",", "\n") + "\n"


def _file_systems() -> str:
    out, front = "", "nodev"
    for name in NODEV.split():
        if name in "-+":
            front = "nodev" if name == "+" else ""
        else:
            out += f"{front}\t{name}\n"
    return out
