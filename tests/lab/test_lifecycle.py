"""What `up` and `down` promise, from every state that a kill can leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lab_machines import alive, import_image, in_place, start_container

from decnet.errors import DecnetError, Failed, UsageError
from decnet.lab import Lab, down, start, status, stop, up
from decnet.lab.processes import find_process


def test_a_lab_leaves_nothing_and_touches_nothing(own: Lab) -> None:
    before = machine()
    up(own, workers=2)
    import_image(own)
    pid = start_container(own, "c1")
    assert machine() == before
    down(own)
    assert machine() == before
    assert traces(own) == []
    assert not alive(pid)


def test_up_twice_changes_nothing(lab: Lab) -> None:
    before = pids(lab)
    again = up(lab)
    assert (pids(lab), again) == (before, status(lab))
    assert again.up and all(worker.healthy for worker in again.workers)


def test_up_with_more_workers_adds_them_and_keeps_the_first(own: Lab) -> None:
    up(own)
    before = pids(own)
    assert [worker.name for worker in up(own, workers=2).workers] == ["w1", "w2"]
    assert before.items() <= pids(own).items()
    assert [worker.name for worker in up(own, workers=1).workers] == ["w1", "w2"]


def test_down_without_a_lab_is_no_error(own: Lab) -> None:
    down(own)
    assert status(own).workers == () and not status(own).up


@pytest.mark.parametrize("how", ["running", "paused"])
def test_down_ends_the_containers_of_killed_engines(own: Lab, how: str) -> None:
    up(own)
    import_image(own)
    pid = start_container(own, "c1", "w1", "--restart", "always")
    if how == "paused":
        in_place(own, "w1", "docker", "pause", "c1")
    for name in ("docker.pid", "docker/containerd/containerd.pid"):
        os.kill(int((own.folder / "w1/run" / name).read_text()), signal.SIGKILL)
    assert alive(pid)
    down(own)
    assert not alive(pid)
    assert traces(own) == []


def test_down_works_without_the_keepers_and_the_named_namespaces(own: Lab) -> None:
    up(own)
    import_image(own)
    pid = start_container(own, "c1")
    for place in ("w1", "op", "att"):
        os.kill(pids(own)[f"{place}/keeper"], signal.SIGKILL)
    for path in Path("/run/netns").glob("dl-tlabx-*"):
        subprocess.run(["ip", "netns", "delete", path.name], check=True, timeout=20)
    down(own)
    assert not alive(pid)
    assert traces(own) == []


def test_down_works_when_the_folder_is_lost(own: Lab) -> None:
    up(own)
    import_image(own)
    pid = start_container(own, "c1")
    subprocess.run(["rm", "-rf", "--one-file-system", own.folder], check=True, timeout=60)
    down(own)
    assert not alive(pid)
    assert traces(own) == []


@pytest.mark.parametrize("delay", [0.02, 0.1, 0.2, 0.35, 0.5, 0.8])
def test_a_killed_up_is_finished_by_the_next(own: Lab, delay: float) -> None:
    killed_after(delay, own, "up")
    found = up(own)
    assert found.up and [worker.healthy for worker in found.workers] == [True]
    assert in_place(own, "operator", *SSH, "root@198.51.100.11", "hostname").stdout == "w1\n"
    down(own)
    assert traces(own) == []


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.6])
def test_a_killed_up_is_removed_by_down(own: Lab, delay: float) -> None:
    killed_after(delay, own, "up")
    down(own)
    assert traces(own) == []


@pytest.mark.parametrize("delay", [0.1, 0.15, 0.25])
def test_a_killed_down_is_finished_by_either(own: Lab, delay: float) -> None:
    up(own)
    killed_after(delay, own, "down")
    assert [worker.healthy for worker in up(own).workers] == [True]
    killed_after(delay, own, "down")
    down(own)
    assert traces(own) == []


@pytest.mark.parametrize("role", ["keeper", "dockerd", "sshd"])
def test_up_starts_again_what_was_killed(own: Lab, role: str) -> None:
    up(own)
    before = pids(own)[f"w1/{role}"]
    os.kill(before, signal.SIGKILL)
    while alive(before):
        time.sleep(0.01)
    assert [worker.healthy for worker in up(own).workers] == [True]
    assert pids(own)[f"w1/{role}"] != before


def test_two_labs_side_by_side_share_nothing(lab: Lab, own: Lab) -> None:
    before = pids(lab)
    up(own)
    import_image(own)
    start_container(own, "only-here")
    assert in_place(lab, "w1", "docker", "ps", "-aq").stdout == ""
    assert in_place(own, "attacker", "ping", "-c3", "-i0.2", "-W2", "192.0.2.11").returncode == 0
    down(own)
    assert pids(lab) == before
    assert in_place(lab, "attacker", "ping", "-c3", "-i0.2", "-W2", "192.0.2.11").returncode == 0
    assert [worker.healthy for worker in status(lab).workers] == [True]


def test_images_are_loaded_once_and_kept_when_asked(own: Lab, tmp_path: Path) -> None:
    up(own)
    import_image(own)
    tarball = tmp_path / "sleeper.tar"
    in_place(own, "w1", "docker", "save", "-o", str(tarball), "sleeper")
    said: list[str] = []
    up(own, workers=2, emit=said.append, images=[tarball])
    assert [line for line in said if "loaded" in line] == ["w2: loaded sleeper.tar"]
    start_container(own, "c1", "w2", "--restart", "always")
    down(own, keep_images=True)
    assert not status(own).up
    up(own, workers=2)
    assert in_place(own, "w2", "docker", "image", "ls", "-q").stdout != ""
    assert in_place(own, "w2", "docker", "ps", "-aq").stdout == ""
    start_container(own, "c1", "w2")
    down(own)
    assert traces(own) == []


def test_a_process_whose_name_is_no_text_is_seen(tmp_path: Path) -> None:
    program = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    program.symlink_to("/bin/sleep")
    with subprocess.Popen(["sleep", "60"], executable=program) as running:
        found = find_process(running.pid)
        running.kill()
    assert found is not None and found.pid == running.pid


def test_a_folder_that_is_not_a_labs_is_refused_and_untouched(tmp_path: Path) -> None:
    precious = tmp_path / "home" / "letter"
    precious.parent.mkdir()
    precious.write_text("dear")
    with pytest.raises(UsageError, match="not a lab's folder"):
        up(Lab("tlabx", precious.parent))
    with pytest.raises(Failed, match="nothing was removed"):
        down(Lab("tlabx", precious.parent))
    assert precious.read_text() == "dear"


def test_a_second_root_for_the_same_name_is_refused(lab: Lab, tmp_path: Path) -> None:
    before = pids(lab)
    twin = Lab(lab.name, tmp_path / "twin")
    with pytest.raises(UsageError, match="is already up"):
        up(twin)
    with pytest.raises(UsageError, match="is already up"):
        down(twin)
    assert pids(lab) == before


@pytest.mark.parametrize("name", ["", "UP", "a-b", "../x", "ninechars"])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="lower-case letters"):
        Lab(name)


def test_a_lab_is_not_taken_down_from_inside(lab: Lab) -> None:
    code = f"from decnet.lab import *; from pathlib import Path; down(Lab('tlab', Path({str(lab.folder)!r})))"
    ended = in_place(lab, "w1", sys.executable, "-c", code, check=False)
    assert "runs inside a lab" in ended.stderr
    assert status(lab).up


def test_without_root_the_lab_says_so(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            up(Lab("tlabx", tmp_path / "lab"))
        except DecnetError as refused:
            os._exit(7 if "needs root" in refused.message and refused.hint else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_up_starts_a_worker_whose_power_was_cut(own: Lab) -> None:
    up(own)
    stop(own, "w1", "worker")
    assert not status(own).workers[0].powered
    assert up(own).workers[0].healthy
    start(own, "w1")


def test_the_operator_has_an_engine_when_asked(own: Lab) -> None:
    up(own, operator_engine=True)
    import_image(own, "operator")
    assert in_place(own, "w1", "docker", "image", "ls", "-q").stdout == ""
    start_container(own, "c1", "operator")
    down(own)
    assert traces(own) == []


def test_a_power_cut_that_was_interrupted_is_finished(own: Lab) -> None:
    up(own)
    (own.folder / "w1/off").touch()
    before = pids(own)
    assert up(own).workers[0].healthy
    assert pids(own)["w1/dockerd"] != before["w1/dockerd"]


SSH = ("ssh", "-o", "StrictHostKeyChecking=accept-new", "-o", "ConnectTimeout=10", "-o", "BatchMode=yes")


def killed_after(delay: float, lab: Lab, verb: str) -> None:
    """Run `up` or `down` in a process of its own and kill it in the middle of it."""
    code = f"""
from decnet.lab import *; from pathlib import Path; import sys
lab = Lab({lab.name!r}, Path({str(lab.folder)!r})); print("go", flush=True); {verb}(lab)
"""
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "go\n"
        time.sleep(delay)
        child.kill()


def machine() -> dict[str, object]:
    """What of the machine's own namespaces must stay as it is."""
    asked = {
        "links": ["ip", "-json", "address"],
        "routes": ["ip", "-json", "route", "show", "table", "all"],
        "rules": ["nft", "list", "ruleset"],
    }
    found: dict[str, object] = {
        name: subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True).stdout
        for name, argv in asked.items()
    }
    found["links"] = [
        (link["ifname"], link.get("address"), link["flags"], [a["local"] for a in link["addr_info"]])
        for link in json.loads(str(found["links"]))
    ]
    found["forward"] = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    found["hostname"] = Path("/proc/sys/kernel/hostname").read_text()
    found["etc"] = sorted(os.listdir("/etc")) + sorted(os.listdir("/usr/local/bin"))
    return found


def traces(lab: Lab) -> list[str]:
    """Whatever on the machine still bears the lab's name or folder."""
    marks = (f"dl-{lab.name}-", f"decnet-lab-{lab.name}", f"{lab.folder}/")
    found = [f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines()
             if any(mark in line for mark in marks)]  # fmt: skip
    found += [f"namespace {path}" for path in Path("/run/netns").glob(f"dl-{lab.name}-*")]
    found += [f"cgroup {path}" for path in Path("/sys/fs/cgroup").glob(f"**/decnet-lab-{lab.name}")]
    found += [f"folder {path}" for path in (lab.folder,) if path.exists()]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_text(errors="replace") + (entry / "environ").read_text(
                errors="replace"
            )
        except OSError:
            continue
        if int(entry.name) != os.getpid() and any(mark in words for mark in marks):
            found.append(f"process {entry.name} {words[:80]!r}")
    return found


def pids(lab: Lab) -> dict[str, int]:
    """The recorded processes: place/role -> pid."""
    return {
        f"{path.parent.parent.name}/{path.name}": int(path.read_text().splitlines()[1].split()[0])
        for path in lab.folder.glob("*/pids/*")
    }
