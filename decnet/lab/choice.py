"""Which Docker engine a worker has: this machine's or a Debian release's, and with which settings.

The choice is recorded when the worker is first started and is valid until `down`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from decnet.errors import UsageError
from decnet.lab.disk import make_disk
from decnet.lab.kernel import make_kernel
from decnet.lab.layout import Place
from decnet.lab.trees import Recipe, make_tree

HOST: Final = "host"
VIRTUAL_DEFAULT: Final = "trixie"
PACKAGES: Final = (
    "docker.io", "docker-compose", "openssh-server", "openssh-client", "python3", "iproute2", "nftables",
    "iptables", "procps", "iputils-ping", "sudo", "uidmap",
)  # fmt: skip
# Before Debian 13, docker.io contains the client.
RECIPES: Final = {
    "debian11": Recipe("engine-debian11", "bullseye", PACKAGES),
    "debian12": Recipe("engine-debian12", "bookworm", PACKAGES),
    "trixie": Recipe("engine-trixie", "trixie", ("docker-cli", *PACKAGES)),
    "sid": Recipe("engine-sid", "sid", ("docker-cli", *PACKAGES)),
}
ENGINES: Final = (HOST, *RECIPES)

# The lab sets these; everything else in daemon.json can be chosen.
RESERVED: Final = ("hosts", "exec-root", "pidfile", "cgroup-parent")


@dataclass(frozen=True)
class Choice:
    """`engine` is one of ENGINES, `tree` the folder of its release (empty: this machine's own programs).

    A virtual worker has no tree, but a `kernel` (a program) and a `disk` (an image of its release).
    `options` are entries of daemon.json; those with upper-case names are environment variables of dockerd.
    """

    engine: str = HOST
    tree: str = ""
    kernel: str = ""
    disk: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def release(self) -> str:
        return f"{self.engine} VM" if self.virtual else self.engine

    @property
    def virtual(self) -> bool:
        return bool(self.kernel)

    @property
    def environment(self) -> list[str]:
        return [f"{name}={_as_text(value)}" for name, value in self.options.items() if name.isupper()]

    @property
    def settings(self) -> dict[str, Any]:
        return {name: value for name, value in self.options.items() if not name.isupper()}

    @property
    def data_root(self) -> str:
        return str(self.options.get("data-root", "/var/lib/docker"))

    @property
    def images_in_containerd(self) -> bool:
        return bool(self.options.get("features", {}).get("containerd-snapshotter"))


def of(place: Place) -> Choice:
    """The choice recorded for the place; by default, this machine's own engine."""
    try:
        return Choice(**json.loads(file_of(place).read_text()))
    except FileNotFoundError:
        return Choice()


def file_of(place: Place) -> Path:
    return place.folder / "choice.json"


def choose(
    machines: Sequence[Place],
    engines: Sequence[str],
    options: Mapping[str, Any],
    emit: Callable[[str], None],
    *,
    virtual: bool = False,
) -> None:
    """Give each new machine one of `engines` in turn, and `options`; existing machines keep theirs.

    Raises UsageError for an unknown name, a reserved option, an engine that differs from that of an existing
    machine, or options that no machine would get; trees.Unavailable if a release cannot be installed.
    """
    _check(engines, options)
    if virtual and HOST in engines:
        raise UsageError("a virtual worker runs a Debian release", hint="--engine trixie")
    new = [machine for machine in machines if _is_new(machine)]
    if options and not new and any(of(machine).options != options for machine in machines):
        raise UsageError("engine options apply to new workers, and there are none", hint="decnet lab down")
    for number, machine in enumerate(machines):
        wanted = engines[number % len(engines)] if engines else None
        if machine in new:
            engine = wanted or (VIRTUAL_DEFAULT if virtual else HOST)
            _record(machine, Choice(engine, options=options), emit, virtual=virtual)
        else:
            _keep_choice(machine, wanted, emit)


def parse_options(words: Iterable[str]) -> dict[str, Any]:
    """`key=value` words as entries of daemon.json: dots nest; a value is JSON, otherwise text."""
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        *path, last = key.split(".")
        if not equals or not all((*path, last)):
            raise UsageError(f"engine option {word!r}: must be key=value", hint="live-restore=true")
        inner = found
        for name in path:
            inner = inner.setdefault(name, {})
            if not isinstance(inner, dict):
                raise UsageError(f"engine option {word!r}: {name} already has a value")
        inner[last] = _value(value)
    return found


def _check(engines: Sequence[str], options: Mapping[str, Any]) -> None:
    for name in engines:
        if name not in ENGINES:
            raise UsageError(f"engine {name!r} is unknown", hint=f"one of {', '.join(ENGINES)}")
    if taken := sorted(set(options) & set(RESERVED)):
        raise UsageError(f"engine option {taken[0]!r} is set by the lab")
    data_root = str(options.get("data-root", "/"))
    if not data_root.startswith("/"):
        raise UsageError(f"engine option data-root: {data_root!r} is not an absolute path")


def _is_new(machine: Place) -> bool:
    return not file_of(machine).exists() and not (machine.folder / "pids").exists()


def _keep_choice(machine: Place, wanted: str | None, emit: Callable[[str], None]) -> None:
    has = of(machine)
    if wanted not in (None, has.engine):
        raise UsageError(f"{machine.key} already has the engine {has.engine!r}", hint="decnet lab down")
    if not all(Path(path).exists() for path in (has.tree, has.kernel, has.disk) if path):
        # It contains only the differences from a disk image that no longer exists.
        (machine.folder / "disk.cow").unlink(missing_ok=True)
        _record(machine, has, emit, virtual=has.virtual)


def _record(machine: Place, choice: Choice, emit: Callable[[str], None], *, virtual: bool) -> None:
    recipe = RECIPES.get(choice.engine)
    paths = {"tree": "", "kernel": "", "disk": ""}
    if virtual and recipe:
        paths |= {"kernel": str(make_kernel(emit)), "disk": str(make_disk(recipe, emit))}
    elif recipe:
        paths["tree"] = str(make_tree(recipe, emit))
    machine.folder.mkdir(parents=True, exist_ok=True)
    part = file_of(machine).with_suffix(".part")
    part.write_text(json.dumps({"engine": choice.engine, **paths, "options": dict(choice.options)}))
    part.replace(file_of(machine))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
