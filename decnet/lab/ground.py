"""A place's file system: a keeper process holds a mount namespace in which decnet's paths are private.

A place uses the machine's own programs, or the root file system of a Debian release.
The keeper represents the hardware: it runs until `down`, while everything else can be stopped and restarted.
"""

import re
import uuid
from pathlib import Path
from typing import Final

from decnet.errors import Failed
from decnet.lab import choice, mountpoints
from decnet.lab.guard import exclusive
from decnet.lab.layout import GATEWAY, Place
from decnet.lab.processes import Process, await_role, end_place, launch, recorded
from decnet.lab.shell import run

# path in the place -> the place's folder that is bind-mounted there
PRIVATE: Final = {
    "/run": "run",
    "/root/.ssh": "ssh",
    "/root/.docker": "dot-docker",
    "/var/lib/decnet": "decnet",
    "/var/lib/decnet-agent": "agent",
    "/opt/decnet": "opt",
    "/var/lib/docker": "docker",
}
# Read from the machine, written to the place: accounts, machine-id, resolver, the agent's wrapper command.
LAYERED: Final = {"/etc": "etc", "/usr/local/bin": "bin"}

# $1 the place's folder, $2 the hostname, then the binds (pairs of folder and path), "--", and the layers.
# Submounts of /run/netns are removed first: a copy of another lab's namespace here would outlive that lab.
# /sys is mounted again because /sys/class/net shows the network namespace of the process that mounted it.
SCRIPT: Final = """
home=$1 name=$2; shift 2
umount -l -R /run/netns 2>/dev/null || true
hostname "$name"
mount --rbind /sys "$home/sys"
mount -t sysfs sysfs /sys
for part in fs/cgroup kernel/security; do
    [ ! -d "/sys/$part" ] || mount --rbind "$home/sys/$part" "/sys/$part"
done
umount -l -R "$home/sys"
mount --bind "$home/boot_id" /proc/sys/kernel/random/boot_id
[ ! -f /root/.bashrc ] || mount --bind "$home/bashrc" /root/.bashrc
while [ "$1" != -- ]; do mount --bind "$home/$1" "$2"; shift 2; done
shift
while [ $# -gt 0 ]; do
    mount -t overlay overlay -o "lowerdir=$2,upperdir=$home/$1,workdir=$home/$1-work" "$2" ||
        echo "no overlay over $2: it stays the machine's own"
    shift 2
done
: > "$home/ready"
exec sleep infinity
"""

# The same for a place with a Debian release: $3 is its tree, which stays unchanged. The second /proc is
# for userns-remap: in a user namespace, the kernel mounts /proc only if there is one without mounts in it.
TREE_SCRIPT: Final = """
home=$1 name=$2 tree=$3 new=$1/root; shift 3
umount -l -R /run/netns 2>/dev/null || true
hostname "$name"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$home/root-upper,workdir=$home/root-work" "$new"
mount -t proc proc "$new/proc"
mount -t sysfs sysfs "$new/sys"
mount --rbind /sys/fs/cgroup "$new/sys/fs/cgroup"
mount --rbind /dev "$new/dev"
mkdir -p "$new$home" "$new/old"
mount --bind "$home" "$new$home"
mount -t proc proc "$new$home/proc"
mount --bind "$home/boot_id" "$new/proc/sys/kernel/random/boot_id"
while [ $# -gt 0 ]; do mkdir -p "$new$2"; mount --bind "$home/$1" "$new$2"; shift 2; done
cd "$new"
pivot_root . old
umount -l /old
rmdir /old
: > "$home/ready"
exec sleep infinity
"""


def set_up(place: Place) -> None:
    """Start the place's keeper unless it runs; if it died, clear the place first."""
    if recorded(place, "keeper") and (place.folder / "ready").exists():
        return
    end_place(place)
    # Until something is mounted on it, a new mount point looks unused to the `down` of another lab.
    with exclusive(""):
        _prepare(place)
        boot(place)
        _launch_keeper(place)
        await_role(place, "keeper", (place.folder / "ready").exists, limit=15)


def _launch_keeper(place: Place) -> None:
    binds = [word for path, folder in _private(place).items() for word in (folder, path)]
    layers = [word for path, folder in LAYERED.items() for word in (folder, path)]
    words = [SCRIPT, "sh", str(place.folder), hostname(place), *binds, "--", *layers]
    if tree := choice.of(place).tree:
        words = [TREE_SCRIPT, "sh", str(place.folder), hostname(place), tree, *binds]
    launch(place, "keeper", [
        "nsenter", f"--net={place.netns_path}", "unshare", "--mount", "--uts", "--propagation", "slave",
        "sh", "-euc", *words,
    ])  # fmt: skip


def _private(place: Place) -> dict[str, str]:
    """PRIVATE, with the engine's folder at its configured data-root."""
    data_root = choice.of(place).data_root
    return {(data_root if folder == "docker" else path): folder for path, folder in PRIVATE.items()}


def boot(place: Place) -> None:
    """Reset what a reboot resets: /run is empty, boot_id is new."""
    clear(place.folder / "run")
    for folder in ("run/lock", "run/sshd"):
        (place.folder / folder).mkdir(mode=0o755, parents=True)
    # Overwritten, not replaced, because the file is bind-mounted.
    (place.folder / "boot_id").write_text(f"{uuid.uuid4()}\n")
    (place.folder / "off").unlink(missing_ok=True)


def boot_if_off(place: Place) -> None:
    """Restore the power after a cut. What an interrupted cut left running is killed first."""
    if (place.folder / "off").exists():
        end_place(place, spare=[keeper(place)])
        boot(place)


def keeper(place: Place) -> Process:
    """The place's keeper. Raises Failed if the lab is not up."""
    found = recorded(place, "keeper")
    if found is None:
        raise Failed(f"{hostname(place)} of the lab {place.lab.name!r} is not up", hint="decnet lab up")
    return found


def inside(place: Place) -> list[str]:
    """The beginning of a command line that runs in the place."""
    return ["nsenter", "--target", str(keeper(place).pid), "--mount", "--uts", "--net"]


def hostname(place: Place) -> str:
    return {"op": "operator", "att": "attacker"}.get(place.key, place.key)


def clear(folder: Path) -> None:
    """Empty a folder without replacing it, because it may be bind-mounted."""
    if folder.is_dir():
        run(["find", str(folder), "-xdev", "-mindepth", "1", "-delete"], limit=120)


def _prepare(place: Place) -> None:
    layers = [name for layer in (*LAYERED.values(), "root") for name in (layer, f"{layer}-work")]
    for folder in [*PRIVATE.values(), *layers, "sys", "proc", "root-upper/etc"]:
        (place.folder / folder).mkdir(parents=True, exist_ok=True)
    (place.folder / "ssh").chmod(0o700)
    (place.folder / "ready").unlink(missing_ok=True)
    # The machine's own can be slow, and every command over SSH waits for it (with pyenv: 0.3 s, or 60).
    (place.folder / "bashrc").write_text("# ~/.bashrc: executed by bash for non-login shells.\n")
    released = bool(choice.of(place).tree)
    _write_etc(place, "root-upper/etc" if released else "etc")
    if not released:
        _unlock_root(place.folder / "etc")
        mountpoints.make(list(_private(place)))


def _write_etc(place: Place, folder: str) -> None:
    etc, name = place.folder / folder, hostname(place)
    (etc / "hostname").write_text(f"{name}\n")
    (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n")
    # Nothing listens there, so lookups fail immediately instead of timing out.
    (etc / "resolv.conf").write_text(f"nameserver {GATEWAY}\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n")


def _unlock_root(etc: Path) -> None:
    """Unlock root: sshd refuses a locked account ("!") even with a key; "*" only disables the password."""
    shadow = Path("/etc/shadow").read_text()
    (etc / "shadow").touch(mode=0o600)
    (etc / "shadow").write_text(re.sub(r"^root:![^:]*:", "root:*:", shadow, flags=re.MULTILINE))
