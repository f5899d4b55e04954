"""What runs on a worker: the compose document, and what each of its containers is made from.

A container consists of a frame that all containers of its kind share (image, limits, sysctls), and a few
values of its own. Its fingerprint covers the frame's hash and the same values, so nothing can be in the
container and not in the fingerprint. Keys and shapes are exactly those of the agent's allow-list; Compose
v1.29 and v2 both accept them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, NamedTuple, Protocol

from decnet.model.catalog import Catalog
from decnet.model.catalog_entries import Service
from decnet.model.fleet import Decky, Fleet, Network
from decnet.model.keys import DeckyKey, SliceKey
from decnet.wire import (
    LABEL_DECKY,
    LABEL_FINGERPRINT,
    LABEL_FLEET,
    LABEL_PROJECT,
    LABEL_SERVICE,
    NETWORK,
    PROJECT,
    canonical,
    container_name,
    digest,
)

from .seeds import service_seed


class ImageNames(Protocol):
    """The two images of a fleet, named by content tag."""

    @property
    def base(self) -> str: ...

    @property
    def decoys(self) -> str: ...


class Content(NamedTuple):
    """What one container is made from: its service ("" for a base), fingerprint, image and ports."""

    service: str
    fingerprint: str
    image: str
    ports: tuple[tuple[int, str], ...]


Contents = dict[str, dict[str, Content]]
"""Decky to container name to content; the base comes first."""


def compose_document(fleet: Fleet, key: SliceKey, catalog: Catalog, images: ImageNames) -> dict[str, Any]:
    """The compose document of one slice, JSON values only, `$` escaped for compose."""
    composer = _Composer(fleet.fleet_id, catalog, images)
    services: dict[str, Any] = {}
    for name, decky in sorted(fleet.on(*key).items()):
        services.update(composer.containers(DeckyKey(*key, name), decky, fleet.lans[key.worker]))
    return {**empty_document(), "services": services}


def empty_document() -> dict[str, Any]:
    """The compose document of a worker without deckies."""
    return {"version": "2.4", "networks": {"lan": {"external": True, "name": NETWORK}}, "services": {}}


def fleet_contents(fleet: Fleet, catalog: Catalog, images: ImageNames) -> dict[SliceKey, Contents]:
    """What the containers of every slice are made from. Every worker with a LAN has a slice of the fleet's
    own project, perhaps an empty one. Raises KeyError for a worker without a LAN."""
    composer = _Composer(fleet.fleet_id, catalog, images)
    result: dict[SliceKey, Contents] = {SliceKey(worker): {} for worker in fleet.lans}
    for project in fleet.projects.values():
        for worker, deckies in project.by_worker.items():
            lan = fleet.lans[worker]
            result[SliceKey(worker, project.name)] = {
                name: composer.contents(container_name(project.name, name), decky, lan)
                for name, decky in deckies.items()
            }
    return result


def fingerprint(*parts: str) -> str:
    """SHA-256 over the parts, each prefixed with its length, so that different lists have different
    encodings."""
    encoded = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.sha256(encoded.encode("utf-8", "surrogatepass")).hexdigest()


def frame_fingerprint(frame: dict[str, Any]) -> str:
    """Hash of the configuration shared by containers of one kind."""
    return digest(frame)


class _Frame(NamedTuple):
    """The part of a container that it shares with its kind, and that part's hash."""

    body: dict[str, Any]
    hash: str
    image: str
    suffix: str = ""
    """The suffix of a container's name after the name of its base."""
    ports: tuple[tuple[int, str], ...] = ()
    ports_json: str = "[]"


class _Composer:
    """Makes the containers of deckies; caches the frames, which are few."""

    def __init__(self, fleet_id: str, catalog: Catalog, images: ImageNames) -> None:
        self._fleet_id = fleet_id
        self._catalog = catalog
        self._images = images
        self._bases: dict[tuple[str, str, str], _Frame] = {}
        self._services: dict[tuple[str, str], _Frame] = {}
        self._lans: dict[int, tuple[Network, str]] = {}

    def containers(self, key: DeckyKey, decky: Decky, lan: Network) -> dict[str, Any]:
        """The decky's part of a compose document."""
        result = {}
        for name, content in self.contents(key.base, decky, lan).items():
            if content.service:
                result[name] = self._service(name, key, decky, content)
            else:
                result[name] = self._base(key, decky, lan, content)
        return {name: _escaped(body) for name, body in result.items()}

    def contents(self, base: str, decky: Decky, lan: Network) -> dict[str, Content]:
        """What each container of the decky is made from; `base` is the name of the first one."""
        frame, home, machine = self._base_frame(decky), decky.home, _machine_seed(decky)
        base_fingerprint = fingerprint(
            frame.hash, self._lan_hash(lan), base, decky.hostname, home.address, home.mac
        )
        result = {base: Content("", base_fingerprint, frame.image, ())}
        for service in decky.services:
            own = self._service_frame(decky, service)
            name = base + own.suffix
            own_fingerprint = fingerprint(
                own.hash, name, self._persona(decky, service, own, machine), base_fingerprint
            )
            result[name] = Content(service, own_fingerprint, own.image, own.ports)
        return result

    def _persona(self, decky: Decky, service: str, frame: _Frame, machine: str) -> str:
        """What a decoy needs to know about the machine that it belongs to, as canonical JSON.

        Encoded by hand, because every pass encodes the personas of the whole fleet and the general encoder
        takes three times as long; a test compares the two. For the same reason the caller derives the
        machine's seed once for all services.
        """
        settings, home = decky.services[service], decky.home
        system = self._catalog.releases[decky.release].system
        # Omitted if not set, so that the containers of earlier versions keep their fingerprints.
        system = f',"system":{_quoted(system)}' if system else ""
        banner = self._catalog.banner(decky.release, service, hostname=decky.hostname, address=home.address)
        return (
            f'{{"address":{_quoted(home.address)},"banner":{_quoted(banner)},'
            f'"hostname":{_quoted(decky.hostname)},"mac":{_quoted(home.mac)},'
            f'"machine":"{machine}","os":{_quoted(decky.os)},'
            f'"ports":{frame.ports_json},"release":{_quoted(decky.release)},'
            f'"seed":"{service_seed(decky.seed, service)}",'
            f'"service":{_quoted(service)},"settings":{_json(settings) if settings else "{}"}{system}}}'
        )

    def _base(self, key: DeckyKey, decky: Decky, lan: Network, content: Content) -> dict[str, Any]:
        frame = self._base_frame(decky).body
        return {
            **frame,
            "container_name": key.base,
            "hostname": decky.hostname,
            "labels": self._labels(key, content),
            "networks": {"lan": {"ipv4_address": decky.ip}},
            # With ipvlan all containers have the MAC of the worker's interface, and no other.
            **({} if lan.driver == "ipvlan" else {"mac_address": decky.mac}),
            "environment": {
                **frame.get("environment", {}),
                "SUBNET": lan.subnet,
                "GATEWAY": lan.gateway,
                "ADDRESS": decky.ip,
                "MAC": decky.mac,
            },
        }

    def _service(self, name: str, key: DeckyKey, decky: Decky, content: Content) -> dict[str, Any]:
        frame = self._service_frame(decky, content.service)
        persona = self._persona(decky, content.service, frame, _machine_seed(decky))
        return {
            **frame.body,
            "container_name": name,
            "labels": self._labels(key, content),
            "network_mode": f"service:{key.base}",
            "environment": {"PERSONA": persona},
        }

    def _labels(self, key: DeckyKey, content: Content) -> dict[str, str]:
        # Containers of the fleet's own project have no project label, so that earlier ones keep their
        # fingerprints.
        project = {} if key.project == PROJECT else {LABEL_PROJECT: key.project}
        return {
            **project,
            LABEL_FLEET: self._fleet_id,
            LABEL_DECKY: key.decky,
            LABEL_SERVICE: content.service,
            LABEL_FINGERPRINT: content.fingerprint,
        }

    def _base_frame(self, decky: Decky) -> _Frame:
        image = (decky.images or self._images).base
        kind = decky.os, decky.release, image
        frame = self._bases.get(kind)
        if frame is None:
            body = _base_body(image, *self._catalog.stack(decky.os, decky.release))
            frame = self._bases[kind] = _Frame(body, self._hash(body), image)
        return frame

    def _service_frame(self, decky: Decky, service: str) -> _Frame:
        image = (decky.images or self._images).decoys
        frame = self._services.get((service, image))
        if frame is None:
            kind = self._catalog.services[service]
            body = _service_body(kind, kind.image or image)
            ports = tuple((port.number, port.protocol) for port in kind.ports)
            suffix = container_name(PROJECT, "", service)
            frame = _Frame(body, self._hash(body), body["image"], suffix, ports, _json(ports))
            self._services[service, image] = frame
        return frame

    def _hash(self, body: dict[str, Any]) -> str:
        return frame_fingerprint({"fleet": self._fleet_id, "body": body})

    def _lan_hash(self, lan: Network) -> str:
        """The parts of a LAN that a base is made from; the address ranges are not part of any container."""
        known = self._lans.get(id(lan))
        if known is None:
            parts = [lan.driver, lan.interface, lan.subnet, lan.gateway]
            known = self._lans[id(lan)] = (lan, fingerprint(*parts))
        return known[1]


def _machine_seed(decky: Decky) -> str:
    return service_seed(decky.seed, "")


def _json(value: object) -> str:
    return canonical(value).decode("ascii")


def _base_body(image: str, look: str, sysctls: Mapping[str, str]) -> dict[str, Any]:
    """The frame of a base, which loads its rules, drops its capabilities, and waits."""
    return {
        "image": image,
        **({"environment": {"LOOK": look}} if look else {}),
        "sysctls": {
            **sysctls,
            "net.ipv4.ip_unprivileged_port_start": "0",
            "net.ipv6.conf.all.disable_ipv6": "1",
        },
        "cap_drop": ["ALL"],
        "cap_add": ["NET_ADMIN", "NET_RAW", "SETUID", "SETGID", "SETPCAP"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "mem_limit": "32m",
        "pids_limit": 32,
        "cpus": 0.5,
        "restart": "unless-stopped",
        "stop_signal": "SIGKILL",
        "logging": {"driver": "json-file", "options": {"max-size": "1m", "max-file": "2"}},
    }


def _service_body(kind: Service, image: str) -> dict[str, Any]:
    """The frame of a service. The base lets every user bind low ports: no capability is needed."""
    command = list(kind.command) if kind.command is not None else None if kind.image else [kind.name]
    return {
        "image": image,
        **({"command": command} if command is not None else {}),
        "user": "65534:65534",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "mem_limit": f"{kind.memory_mib}m",
        "pids_limit": 64,
        "cpus": 0.5,
        "restart": "unless-stopped",
        "stop_signal": "SIGTERM",
        "stop_grace_period": "2s",
        "logging": {"driver": "json-file", "options": {"max-size": "4m", "max-file": "3"}},
    }


def _escaped(value: Any) -> Any:
    """The value with every `$` doubled, so that compose does not interpolate it."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _escaped(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_escaped(each) for each in value]
    return value
