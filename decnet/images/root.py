"""Builds the root file system of both images: from a registry image, else from Debian packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ImageFailed
from . import recipe
from .engine import LABEL_BUILD, LABEL_CONTENT, translated
from .names import root_content, root_name
from .programs import program
from .progress import Emit, ImageProgress

if TYPE_CHECKING:
    from docker import DockerClient

Source = Literal["auto", "registry", "debian"]
STEPS = 4
LAST_SECONDS = 30
PULL_SECONDS = 60
RAW = "decnet/raw"
SLIM = (Path(__file__).resolve().parent / "slim.py").read_text
PYTHON = f"/usr/bin/python{recipe.PYTHON}"


def make_root(client: DockerClient, emit: Emit, source: Source = "auto") -> str:
    """Make `decnet/root:<12 hex>` and return its tag. Raises ImageFailed."""
    raw = f"{RAW}:{root_content()[:12]}"
    try:
        _make_raw(client, raw, emit, source)
        _report(emit, 2, "removing what decoys do not need")
        _slim(client, raw, emit)
    finally:
        _remove_image(client, raw)
    _report(emit, STEPS, f"{root_name()} is ready")
    return root_name()


def _make_raw(client: DockerClient, raw: str, emit: Emit, source: Source) -> None:
    refused = ""
    if source != "debian":
        try:
            _from_registry(client, raw, emit)
            return
        except ImageFailed as error:
            if source == "registry":
                raise
            refused = error.message
            _report(
                emit, 0, f"no registry ({refused[:120]}): building it from Debian packages with mmdebstrap"
            )
    _from_packages(client, raw, emit, refused)


def _from_registry(client: DockerClient, raw: str, emit: Emit) -> None:
    _report(emit, 0, f"looking for {recipe.ROOT_IMAGE}")
    _pull(client)
    _report(emit, 1, f"installing {len(recipe.PACKAGES)} packages into {recipe.ROOT_IMAGE}")
    install = (
        "export DEBIAN_FRONTEND=noninteractive; apt-get -q update && "
        f"apt-get -q -y install --no-install-recommends {' '.join(recipe.PACKAGES)}"
    )
    container = _run(client, recipe.ROOT_IMAGE, ["/bin/sh", "-c", install], network_disabled=False)
    try:
        repository, tag = raw.split(":")
        client.api.commit(container, repository=repository, tag=tag)
    finally:
        client.api.remove_container(container, force=True)


def _pull(client: DockerClient) -> None:
    """Pull the registry's image, with its own time limit, unless the engine has it already."""
    from docker.errors import DockerException, ImageNotFound
    from requests.exceptions import RequestException

    try:
        client.api.inspect_image(recipe.ROOT_IMAGE)
        return
    except ImageNotFound:
        pass
    repository, tag = recipe.ROOT_IMAGE.rsplit(":", 1)
    timeout, client.api.timeout = client.api.timeout, PULL_SECONDS
    try:
        for line in client.api.pull(repository, tag=tag, stream=True, decode=True):
            if "error" in line:
                raise ImageFailed(str(line["error"])[:300])
    except (DockerException, RequestException) as error:
        raise translated(error) from error
    finally:
        client.api.timeout = timeout


def _from_packages(client: DockerClient, raw: str, emit: Emit, refused: str) -> None:
    if shutil.which("mmdebstrap") is None:
        reason = f" and no image from a registry is available ({refused})" if refused else ""
        raise ImageFailed(
            f"mmdebstrap is not installed{reason}",
            hint="apt install mmdebstrap, or load an image: docker load -i FILE && decnet image base",
        )
    _report(emit, 1, f"fetching and unpacking {len(recipe.PACKAGES)} Debian packages")
    with tempfile.TemporaryFile() as errors:
        with program(mmdebstrap_command(), stderr=errors, env=_environment()) as process:
            refusal = _import_output(client, process, raw)
        errors.seek(0)
        output = _last_lines(errors.read())
    if process.returncode:
        raise ImageFailed(f"mmdebstrap failed: {output}", hint=_hint(output))
    if refusal:
        raise refusal


def _import_output(client: DockerClient, process: subprocess.Popen[bytes], raw: str) -> ImageFailed | None:
    """Pass the tar that `process` writes to the engine; the process has ended when this returns."""
    pipe = process.stdout
    assert pipe is not None
    refusal = None
    try:
        _import(client, iter(lambda: pipe.read(1 << 18), b""), raw, [])
    except ImageFailed as error:
        refusal = error
    finally:
        pipe.close()
        _end(process)
    return refusal


def mmdebstrap_command() -> list[str]:
    """The command that unpacks the packages. On the same Debian release it uses the machine's apt sources."""
    argv = [
        "mmdebstrap",
        "--quiet",
        "--variant=extract",
        "--format=tar",
        f"--include={','.join(recipe.PACKAGES)}",
    ]
    argv += ["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*"]
    return [*argv, recipe.SUITE, "-", *_own_sources()]


def _own_sources() -> list[str]:
    release = Path("/etc/os-release")
    if not release.exists() or f"VERSION_CODENAME={recipe.SUITE}" not in release.read_text().splitlines():
        return []
    folder = Path("/etc/apt/sources.list.d")
    found = [
        Path("/etc/apt/sources.list"),
        *sorted(folder.glob("debian*.sources")),
        *sorted(folder.glob("debian*.list")),
    ]
    return [str(path) for path in found if path.is_file() and path.stat().st_size]


def _slim(client: DockerClient, raw: str, emit: Emit) -> None:
    command = [PYTHON, "-I", "-S", "-c", SLIM(), json.dumps(recipe.UNWANTED), json.dumps(recipe.KEEP)]
    container = _run(client, raw, command, network_disabled=True)
    try:
        _report(emit, 3, "assembling the root file system")
        _import(
            client, client.api.export(container), root_name(), [f"LABEL {LABEL_CONTENT}={root_content()}"]
        )
    finally:
        client.api.remove_container(container, force=True)


def _run(client: DockerClient, image: str, command: list[str], *, network_disabled: bool) -> str:
    """Run a container to its end; its id, for the caller to remove. Raises ImageFailed with its log."""
    host = client.api.create_host_config(network_mode="none" if network_disabled else "default")
    made: dict[str, Any] = client.api.create_container(
        image, command=command, entrypoint=[], host_config=host, labels={LABEL_BUILD: "1"}, user="0:0"
    )
    container = str(made["Id"])
    try:
        client.api.start(container)
        status = client.api.wait(container)["StatusCode"]
        if status:
            lines = client.api.logs(container, tail=5).decode("utf-8", "replace").strip()
            raise ImageFailed(f"a build step ended with status {status}: {lines[-500:]}")
    except BaseException:
        client.api.remove_container(container, force=True)
        raise
    return container


def _import(client: DockerClient, stream: Iterator[bytes], name: str, changes: list[str]) -> None:
    repository, tag = name.split(":")
    answer = client.api.import_image_from_stream(stream, repository=repository, tag=tag, changes=changes)
    for line in str(answer).splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if "error" in message:
            raise ImageFailed(f"Docker did not accept the root file system: {message['error']}")


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=LAST_SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait(timeout=LAST_SECONDS)


def _last_lines(text: bytes) -> str:
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return " / ".join(lines[-4:])[-600:]


def _hint(errors: str) -> str:
    if "No space left" in errors:
        return "free some disk space; TMPDIR sets where the packages are unpacked"
    if os.geteuid() != 0:
        return "run it as root once: sudo decnet image base"
    return "check that apt-get update works on this machine"


def _environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "TMPDIR", "http_proxy", "https_proxy", "no_proxy", "LANG")
    chosen = {name: os.environ[name] for name in kept if name in os.environ}
    chosen["PATH"] = chosen.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    return chosen


def _remove_image(client: DockerClient, raw: str) -> None:
    from docker.errors import DockerException

    try:
        client.api.remove_image(raw, force=True)
    except DockerException:
        return


def _report(emit: Emit, done: int, message: str) -> None:
    emit(ImageProgress("root", done, STEPS, message))
