"""Makes RELEASE.printed.zip: `python -m trees.printed RELEASE ROOT` in packaging/, by hand, as root.

ROOT is the tree of a system of that release. Its programs run there as nobody, without a network, and with
--help, with --version or without an argument. The archive has blocks of answers, and an index: a line for each
call (PROGRAM or `PROGRAM OPTION`) with its block, and where its answer begins there and how long it is, separated by
tabs. An answer's first line has the status and the length of the output, then come the output and the errors.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from decnet.decoys.host.release_data import release_data  # noqa: E402 (the folder is no package)

DATA = Path(__file__).resolve().parents[2] / "decnet" / "decoys" / "host" / "data"
FOLDERS = ("usr/bin", "usr/sbin")
OPTIONS = ("--help", "--version", "")
MOST = 12_000
"""Bytes of one answer."""
SECONDS = 2
AT_ONCE = 8
BLOCK = 48 * 1024
ALTERNATIVES = """awk nawk editor ex ftp lft lzma nc netcat pager pico pinentry rmt rview rvim tcptraceroute
telnet traceproto traceroute traceroute6 unlzma vi view vim vimdiff which""".split()
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/", "COLUMNS": "80"}
ALONE = ("unshare", "-mnp", "--fork", "--kill-child")
NOT_ALONE = ("usage", "try '", "missing", "bad usage", "not enough", "required", "argument", "operand")
"""What an answer without arguments has, if it does not depend on the machine."""
LOCAL = ("permitted", "denied", "root", "superuser", "/proc", "/sys", "/dev", "cannot open", "failed")


def main() -> None:
    """Write the archive."""
    release, root = sys.argv[1], Path(sys.argv[2])
    data = release_data(release)
    names = sorted({name for folder in FOLDERS for name, _ in data.folder(f"/{folder}")} | set(ALTERNATIVES))
    runs = [(name, option) for name in names for option in OPTIONS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda run: _printed(root, *run), runs))
    found = {
        f"{name} {option}".strip(): f"{answer[0]} {len(answer[1])}\n".encode() + answer[1] + answer[2]
        for (name, option), answer in zip(runs, answers, strict=True)
        if answer is not None and _is_kept(option, *answer)
    }
    write(DATA / f"{release}.printed.zip", found)


def write(path: Path, answers: dict[str, bytes]) -> None:
    """Write answers by their keys in blocks of about BLOCK bytes."""
    index, blocks = "\n", [b""]
    places: dict[bytes, str] = {}
    for key, answer in answers.items():
        if answer not in places:
            if len(blocks[-1]) > BLOCK:
                blocks.append(b"")
            places[answer] = f"{len(blocks) - 1}\t{len(blocks[-1])}\t{len(answer)}"
            blocks[-1] += answer
        index += f"{key}\t{places[answer]}\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(_member("index"), index)
        for number, block in enumerate(blocks):
            archive.writestr(_member(str(number)), block)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_LZMA
    return member


def _printed(root: Path, name: str, option: str) -> tuple[int, bytes, bytes] | None:
    chroot = ["chroot", "--userspec=65534:65534", str(root), "timeout", "-s", "KILL", str(SECONDS), name]
    try:
        done = subprocess.run(
            [*ALONE, *chroot, *([option] if option else [])],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS * 2, env=ENVIRONMENT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    return done.returncode, done.stdout, done.stderr


def _is_kept(option: str, status: int, out: bytes, error: bytes) -> bool:
    if status < 0 or status > 120 or len(out + error) > MOST or not out + error:
        return False
    if option:
        return True
    text = (out + error).decode("utf-8", "replace").lower()
    return status > 0 and any(word in text for word in NOT_ALONE) and not any(word in text for word in LOCAL)


if __name__ == "__main__":
    main()
