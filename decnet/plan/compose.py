"""What runs on a worker: the compose document, and what each of its containers is made from.

A container consists of a template that all containers of its kind share (image, limits, sysctls), and a few
values of its own. Its fingerprint covers the template's hash and the same values, so nothing can be in the
container and not in the fingerprint. Keys and shapes are exactly those of the agent's allow-list; Compose
v1.29 and v2 both accept them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
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

from .interfaces import SYSCTLS, interfaces_of, parts_of, router_of
from .seeds import service_seed

LAN = "lan"
"""The name of the worker's LAN in a compose document; inner networks have their own."""

UPLOADS = "uploads"
"""The setting of the services that can keep what attackers upload."""

UPLOADS_MIB = 8
UPLOADS_TMPFS = f"/var/uploads:size={UPLOADS_MIB}m,mode=0700,uid=65534,gid=65534,noexec,nosuid,nodev"
"""In memory, so that no file lies on the worker's disk as it was sent."""


class ImageNames(Protocol):
    """The two images of a fleet, named by content tag."""

    @property
    def base(self) -> str: ...

    @property
    def decoys(self) -> str: ...


class ExpectedContainer(NamedTuple):
    """What one container is made from: its service ("" for a base), fingerprint, image and ports."""

    service: str
    fingerprint: str
    image: str
    ports: tuple[tuple[int, str], ...]


ExpectedSlice = dict[str, dict[str, ExpectedContainer]]
"""Decky to container name to container; the base comes first."""


def compose_document(fleet: Fleet, key: SliceKey, catalog: Catalog, images: ImageNames) -> dict[str, Any]:
    """The compose document of one slice, JSON values only, `$` escaped for compose."""
    composer, networks = _Composer(fleet.fleet_id, catalog, images), fleet.networks(*key)
    services: dict[str, Any] = {}
    for name, decky in sorted(fleet.on(*key).items()):
        services.update(composer.containers(DeckyKey(*key, name), decky, networks))
    return {**empty_document(name for name in networks if name != NETWORK), "services": services}


def empty_document(inner: Iterable[str] = ()) -> dict[str, Any]:
    """The compose document of a worker without deckies, or of one with these inner networks before its
    containers are added."""
    names = {LAN: NETWORK, **{name: name for name in inner}}
    networks = {key: {"external": True, "name": name} for key, name in names.items()}
    return {"version": "2.4", "networks": networks, "services": {}}


def expected_containers(fleet: Fleet, catalog: Catalog, images: ImageNames) -> dict[SliceKey, ExpectedSlice]:
    """What the containers of every slice are made from. Every worker with a LAN has a slice of the fleet's
    own project, perhaps an empty one. Raises KeyError for a worker without a LAN."""
    composer = _Composer(fleet.fleet_id, catalog, images)
    result: dict[SliceKey, ExpectedSlice] = {SliceKey(worker): {} for worker in fleet.lans}
    for project in fleet.projects.values():
        for worker, deckies in project.by_worker.items():
            networks = {NETWORK: fleet.lans[worker], **project.networks}
            result[SliceKey(worker, project.name)] = {
                name: composer.expected(container_name(project.name, name), decky, networks)
                for name, decky in deckies.items()
            }
    return result


def fingerprint(*parts: str) -> str:
    """SHA-256 over the parts, each prefixed with its length, so that different lists have different
    encodings."""
    encoded = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.sha256(encoded.encode("utf-8", "surrogatepass")).hexdigest()


def template_hash(template: dict[str, Any]) -> str:
    """Hash of the configuration shared by containers of one kind."""
    return digest(template)


class _ContainerTemplate(NamedTuple):
    """The part of a container that it shares with its kind, and that part's hash."""

    body: dict[str, Any]
    hash: str
    image: str
    suffix: str = ""
    """The suffix of a container's name after the name of its base."""
    ports: tuple[tuple[int, str], ...] = ()
    ports_json: str = "[]"


class _Composer:
    """Makes the containers of deckies; caches the templates, which are few."""

    def __init__(self, fleet_id: str, catalog: Catalog, images: ImageNames) -> None:
        self._fleet_id = fleet_id
        self._catalog = catalog
        self._images = images
        self._bases: dict[tuple[str, str, str, bool], _ContainerTemplate] = {}
        self._services: dict[tuple[str, str, bool], _ContainerTemplate] = {}
        self._lans: dict[int, tuple[Network, str]] = {}
        self._networks: dict[int, tuple[Network, str]] = {}

    def containers(self, key: DeckyKey, decky: Decky, networks: Mapping[str, Network]) -> dict[str, Any]:
        """The decky's part of a compose document; `networks` are those of its slice by name."""
        result = {}
        for name, expected in self.expected(key.base, decky, networks).items():
            if expected.service:
                result[name] = self._service(name, key, decky, expected)
            else:
                result[name] = self._base(key, decky, networks, expected)
        return {name: _escaped(body) for name, body in result.items()}

    def expected(
        self, base: str, decky: Decky, networks: Mapping[str, Network]
    ) -> dict[str, ExpectedContainer]:
        """What each container of the decky is made from; `base` is the name of the first one."""
        template, machine = self._base_template(decky), machine_seed(decky)
        base_fingerprint = fingerprint(
            template.hash, *self._network_parts(decky, networks, base, decky.hostname)
        )
        result = {base: ExpectedContainer("", base_fingerprint, template.image, ())}
        for service in decky.services:
            service_template = self._service_template(decky, service)
            name = base + service_template.suffix
            service_fingerprint = fingerprint(
                service_template.hash,
                name,
                self._persona(decky, service, service_template, machine),
                base_fingerprint,
            )
            result[name] = ExpectedContainer(
                service, service_fingerprint, service_template.image, service_template.ports
            )
        return result

    def _persona(self, decky: Decky, service: str, template: _ContainerTemplate, machine: str) -> str:
        """What a decoy needs to know about the machine that it belongs to, as canonical JSON.

        Encoded by hand, because every pass encodes the personas of the whole fleet and the general encoder
        takes three times as long; a test compares the two. For the same reason the caller derives the
        machine's seed once for all services.
        """
        settings, home = decky.services[service], decky.home
        system = self._catalog.releases[decky.release].system
        # Omitted if not set, so that the containers of earlier versions keep their fingerprints.
        system = f',"system":{_quoted(system)}' if system else ""
        since = f',"since":{decky.since}' if decky.since else ""
        banner = self._catalog.banner(decky.release, service, hostname=decky.hostname, address=home.address)
        return (
            f'{{"address":{_quoted(home.address)},"banner":{_quoted(banner)},'
            f'"hostname":{_quoted(decky.hostname)},"mac":{_quoted(home.mac)},'
            f'"machine":"{machine}","os":{_quoted(decky.os)},'
            f'"ports":{template.ports_json},"release":{_quoted(decky.release)},'
            f'"seed":"{service_seed(decky.seed, service)}",'
            f'"service":{_quoted(service)}{_own_starts(decky, service)},'
            f'"settings":{_json(settings) if settings else "{}"}'
            f"{since}{system}}}"
        )

    def _base(
        self, key: DeckyKey, decky: Decky, networks: Mapping[str, Network], expected: ExpectedContainer
    ) -> dict[str, Any]:
        template, lan = self._base_template(decky).body, networks[NETWORK]
        # With ipvlan all containers have the MAC of the worker's interface, and no other.
        own_mac = {"MAC": decky.mac} if lan.driver != "ipvlan" else {}
        environment = {"SUBNET": lan.subnet, "GATEWAY": lan.gateway, "ADDRESS": decky.ip, **own_mac}
        if not decky.is_on_lan_alone:
            own_mac = {}
            environment = {
                "INTERFACES": interfaces_of(decky, networks),
                "ROUTER": router_of(decky, networks),
            }
        return {
            **template,
            "container_name": key.base,
            "hostname": decky.hostname,
            "labels": self._labels(key, expected),
            "networks": {
                LAN if each.network == NETWORK else each.network: {"ipv4_address": each.address}
                for each in decky.attachments
            },
            **({"mac_address": own_mac["MAC"]} if own_mac else {}),
            "environment": {**template.get("environment", {}), **environment},
        }

    def _service(self, name: str, key: DeckyKey, decky: Decky, expected: ExpectedContainer) -> dict[str, Any]:
        template = self._service_template(decky, expected.service)
        persona = self._persona(decky, expected.service, template, machine_seed(decky))
        return {
            **template.body,
            "container_name": name,
            "labels": self._labels(key, expected),
            "network_mode": f"service:{key.base}",
            "environment": {"PERSONA": persona},
        }

    def _labels(self, key: DeckyKey, expected: ExpectedContainer) -> dict[str, str]:
        # Containers of the fleet's own project have no project label, so that earlier ones keep their
        # fingerprints.
        project = {} if key.project == PROJECT else {LABEL_PROJECT: key.project}
        return {
            **project,
            LABEL_FLEET: self._fleet_id,
            LABEL_DECKY: key.decky,
            LABEL_SERVICE: expected.service,
            LABEL_FINGERPRINT: expected.fingerprint,
        }

    def _base_template(self, decky: Decky) -> _ContainerTemplate:
        image = (decky.images or self._images).base
        has_several = len(decky.attachments) > 1
        cache_key = decky.os, decky.release, image, has_several
        template = self._bases.get(cache_key)
        if template is None:
            look, sysctls = self._catalog.stack(decky.os, decky.release)
            body = _base_body(image, look, {**sysctls, **(SYSCTLS if has_several else {})})
            template = self._bases[cache_key] = _ContainerTemplate(body, self._hash(body), image)
        return template

    def _service_template(self, decky: Decky, service: str) -> _ContainerTemplate:
        image = (decky.images or self._images).decoys
        definition = self._catalog.services[service]
        keeps_uploads = _keeps_uploads(decky, definition)
        template = self._services.get((service, image, keeps_uploads))
        if template is None:
            body = _service_body(definition, definition.image or image, keeps_uploads=keeps_uploads)
            ports = tuple((port.number, port.protocol) for port in definition.ports)
            suffix = container_name(PROJECT, "", service)
            template = _ContainerTemplate(body, self._hash(body), body["image"], suffix, ports, _json(ports))
            self._services[service, image, keeps_uploads] = template
        return template

    def _hash(self, body: dict[str, Any]) -> str:
        return template_hash({"fleet": self._fleet_id, "body": body})

    def _network_parts(
        self, decky: Decky, networks: Mapping[str, Network], base: str, hostname: str
    ) -> tuple[str, ...]:
        """Its names, its networks and what it has on them, as parts of its base's fingerprint."""
        if decky.is_on_lan_alone:
            home = decky.home
            return self._lan_hash(networks[NETWORK]), base, hostname, home.address, home.mac
        own = interfaces_of(decky, networks), router_of(decky, networks)
        used = "".join([self._network_hash(networks[each.network]) for each in decky.attachments])
        # Another number of parts than for a decky on the LAN alone: never the same fingerprint.
        return ("", used, base, hostname, *own)

    def _network_hash(self, network: Network) -> str:
        """The parts of one of several networks that a base is made from."""
        known = self._networks.get(id(network))
        if known is None:
            known = self._networks[id(network)] = (network, fingerprint(*parts_of(network)))
        return known[1]

    def _lan_hash(self, lan: Network) -> str:
        """The parts of a LAN that a base is made from; the address ranges are not part of any container."""
        known = self._lans.get(id(lan))
        if known is None:
            parts = [lan.driver, lan.interface, lan.subnet, lan.gateway]
            known = self._lans[id(lan)] = (lan, fingerprint(*parts))
        return known[1]


def machine_seed(decky: Decky) -> str:
    return service_seed(decky.seed, "")


def _own_starts(decky: Decky, service: str) -> str:
    """When a service was added, and its first start if that was earlier; omitted if unknown, as for deckies
    of older versions, which keep their fingerprints."""
    if service not in decky.service_since:
        return ""
    first = decky.service_first.get(service)
    earlier = "" if first is None else f',"service_first":{first}'
    return f'{earlier},"service_since":{decky.service_since[service]}'


def _json(value: object) -> str:
    return canonical(value).decode("ascii")


def _base_body(image: str, look: str, sysctls: Mapping[str, str]) -> dict[str, Any]:
    """The template of a base, which loads its rules, drops its capabilities, and waits."""
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


def _keeps_uploads(decky: Decky, service: Service) -> bool:
    if service.image or UPLOADS not in service.settings or decky.services[service.name].get(UPLOADS) is False:
        return False
    return decky.images is not None and decky.images.keeps_uploads


def _service_body(service: Service, image: str, *, keeps_uploads: bool) -> dict[str, Any]:
    """The template of a service. The base lets every user bind low ports: no capability is needed."""
    command = (
        list(service.command) if service.command is not None else None if service.image else [service.name]
    )
    return {
        "image": image,
        **({"command": command} if command is not None else {}),
        "user": "65534:65534",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        **({"tmpfs": [UPLOADS_TMPFS]} if keeps_uploads else {}),
        "mem_limit": f"{service.memory_mib + (UPLOADS_MIB if keeps_uploads else 0)}m",
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
