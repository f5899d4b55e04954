"""Makes RELEASE.printed.zip: `python -m trees.printed RELEASE ROOT` in packaging/, by hand, as root.

ROOT is the tree of a system of that release. Its programs run there as nobody, without a network, and with
--help, --version, -V, -h, options that no program has, or without an argument. Answers that the archive has
already stay. It has blocks of answers, and an index: a line for each
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
BESIDES = ("-V", "-h", "--no-such-option", "-~")
"""Kept where they are answered as --help or --version, or as an option that is not there."""
FOLDERS = ("usr/bin", "usr/sbin")
OPTIONS = ("--help", "--version", "", *BESIDES)
VERSIONS = "versions"
"""The key of the versions that the tree's packages have."""
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
REFUSED = ("permitted", "permission denied", "superuser", "must be", "only root", "cannot open")
LOCAL = ("permitted", "denied", "root", "superuser", "/proc", "/sys", "/dev", "cannot open", "failed")


def main() -> None:
    """Write the archive."""
    release, root = sys.argv[1], Path(sys.argv[2])
    data = release_data(release)
    before = _before(DATA / f"{release}.printed.zip")
    names = sorted({name for folder in FOLDERS for name, _ in data.folder(f"/{folder}")} | set(ALTERNATIVES))
    calls = [(name, option) for name in names for option in OPTIONS]
    runs = [call for call in calls if " ".join(call).strip() not in before]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda run: _printed(root, *run), runs))
    found = {
        f"{name} {option}".strip(): f"{answer[0]} {len(answer[1])}\n".encode() + answer[1] + answer[2]
        for (name, option), answer in zip(runs, answers, strict=True)
        if answer is not None and _is_kept(option, *answer)
    }
    found = dict(sorted((before | found).items()))
    kept = {key: found[key] for key in found if key != VERSIONS and _is_plain(key, found)}
    write(DATA / f"{release}.printed.zip", {VERSIONS: _versions(root), **kept})


def _versions(root: Path) -> bytes:
    """A line for each package of the tree: its name and its version."""
    argv = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"]
    return subprocess.run(argv, check=True, capture_output=True).stdout


def _is_plain(key: str, found: dict[str, bytes]) -> bool:
    """Whether -V or -h did no work: a version is that of --version."""
    name, _, option = key.partition(" ")
    works = option in ("-V", "-h") and found[key].startswith(b"0 ")
    return not works or option == "-h" or found[key] == found.get(f"{name} --version")


def _before(path: Path) -> dict[str, bytes]:
    """The answers of an archive, by their keys."""
    with zipfile.ZipFile(path) as archive:
        blocks = {name: archive.read(name) for name in archive.namelist()}
    rows = [line.split("\t") for line in blocks["index"].decode().splitlines() if line]
    return {key: blocks[block][int(at) : int(at) + int(size)] for key, block, at, size in rows}


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
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(_member("index"), index)
        for number, block in enumerate(blocks):
            archive.writestr(_member(str(number)), block)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _printed(root: Path, name: str, option: str) -> tuple[int, bytes, bytes] | None:
    alone = [*ALONE, f"--mount-proc={root}/proc"]
    chroot = ["chroot", "--userspec=65534:65534", str(root), "timeout", "-s", "KILL", str(SECONDS), name]
    try:
        done = subprocess.run(
            [*alone, *chroot, *([option] if option else [])],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS * 2, env=ENVIRONMENT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    return done.returncode, done.stdout, done.stderr


def _is_kept(option: str, status: int, out: bytes, error: bytes) -> bool:
    if status < 0 or (120 < status != 255) or len(out + error) > MOST or not out + error:
        return False
    text = (out + error).decode("utf-8", "replace").lower()
    if "unable to resolve host" in text:
        return False
    if option in BESIDES:
        return _is_kept_besides(option, status, text)
    if option:
        return True
    first = "\n".join(text.strip().splitlines()[:2])
    if "usage" in first and not any(word in first for word in REFUSED):
        return True
    return status > 0 and any(word in text for word in NOT_ALONE) and not any(word in text for word in LOCAL)


def _is_kept_besides(option: str, status: int, text: str) -> bool:
    """Whether the answer is that to the option, and no work that was done with it."""
    first = "\n".join(text.splitlines()[:3])
    if option in ("--no-such-option", "-~"):
        return any(each in first for each in (option, "-- ~", "'~'", "option ~", "character: ~"))
    if option == "-h":
        return "usage" in text or "invalid option" in text
    return not status or any(
        f"{each} option" in first for each in ("invalid", "unknown", "unrecognized", "illegal")
    )


if __name__ == "__main__":
    main()
