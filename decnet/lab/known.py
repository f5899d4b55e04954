"""Which labs there are on this machine: a command for one that does not exist is refused."""

from pathlib import Path

from decnet.errors import UsageError
from decnet.lab import processes
from decnet.lab.layout import NETNS_FOLDER, Lab, place
from decnet.lab.shell import require_outside
from decnet.lab.status import workers_of
from decnet.model.suggest import suggest
from decnet.wire import clean

DEFAULT = Lab.name


def known_labs() -> list[str]:
    """The labs that were started since their last `down`, by name, in the folder where labs are kept; and
    those of which only network namespaces are left."""
    folder = Lab().folder.parent
    found = {path.parent.name for path in folder.glob("*/lab.json")}
    found |= {path.name.split("-")[1] for path in _namespaces() if path.name.count("-") > 1}
    return sorted(found)


def check_known(lab: Lab, machine: str = "") -> None:
    """Raises UsageError for a lab that does not exist, with the names of those that do, and for a worker that
    it does not have. The default lab may be missing: what needs it reports that it is not up."""
    require_outside()
    if not exists(lab):
        if lab.name == DEFAULT:
            return
        raise UsageError(f"no lab is named {lab.name!r}", hint=_advice(lab.name, known_labs()))
    workers = [worker.key for worker in workers_of(lab)]
    if machine and workers and place(lab, machine).is_worker and machine not in workers:
        raise UsageError(
            f"the lab {lab.name!r} has no worker {clean(machine, 20)!r}",
            hint=f"its workers: {', '.join(workers)}; decnet lab up --workers N adds some",
        )


def exists(lab: Lab) -> bool:
    """Whether anything of this lab is on the machine."""
    has_namespace = any(path.name.startswith(lab.prefix) for path in _namespaces())
    return lab.folder.exists() or has_namespace or any(processes.of_lab(lab))


def other_labs(lab: Lab) -> list[str]:
    """The labs apart from this one."""
    return [name for name in known_labs() if name != lab.name]


def _namespaces() -> list[Path]:
    return sorted(NETNS_FOLDER.glob("dl-*")) if NETNS_FOLDER.is_dir() else []


def _advice(name: str, known: list[str]) -> str:
    if not known:
        return "no lab is up: sudo decnet lab up"
    near = suggest(name, known)
    mean = f"did you mean {near!r}? " if near else ""
    return f"{mean}labs: {', '.join(known)}"
