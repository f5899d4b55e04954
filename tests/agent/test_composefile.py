"""The allow-list: what decnet writes is accepted, and nothing that differs from it in any place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from agent_desk import FLEET, base, bundle, decoy, service, signed
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.agent import bundle as bundles
from decnet.agent import composefile
from decnet.agent.request import Refusal
from decnet.wire import PROJECT

MARK = "a" * 64
UNKNOWN_PROJECTS = [
    None, 1, "", "other", "decnet-", "decnet-t-", "decnet-t-0123abc", "decnet-t-0123abcde",
    "decnet-t-0123ABCD",
    "decnet-t-0123abcg", "Decnet", "decnet\n", "decnet-t-0123abcd\n", "../decnet", "decnet/../x",
]  # fmt: skip
KNOWN = {"fleet_id": FLEET, "worker_id": "worker-1", "engine_id": None}


def document() -> dict[str, Any]:
    services = {
        "web": base("web", "192.0.2.101", MARK),
        "web-smtp-relay": service("web", "smtp_relay", decoy(25, "r"), MARK),
        "web-db": {
            **service("web", "db", ["mysqld"], MARK),
            "image": "registry.example:5000/team/mysql:8.0",
            "entrypoint": ["/entry", "it costs $$5"],
            "tmpfs": ["/tmp:size=16m,mode=1777", "/var/lib/mysql:size=64m,uid=999"],
            "cap_add": ["NET_BIND_SERVICE"],
        },
    }
    return {
        "version": "2.4",
        "networks": {"lan": {"external": True, "name": "decnet_lan"}},
        "services": services,
    }


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the document: objects, lists and leaves."""
    found = [path]
    if isinstance(value, dict):
        for key in value:
            found += places(value[key], (*path, key))
    elif isinstance(value, list):
        for number in range(len(value)):
            found += places(value[number], (*path, number))
    return found


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def refused(changed: dict[str, Any]) -> bool:
    try:
        composefile.check(changed, FLEET)
    except Refusal as refusal:
        return refusal.code == "refused"
    return False


def test_what_decnet_writes_is_accepted() -> None:
    composefile.check(document(), FLEET)


OBJECTS = [path for path in places(document()) if isinstance(at(document(), path), dict)]
DANGEROUS = [
    "volumes", "privileged", "devices", "pid", "ipc", "userns_mode", "build", "extends", "env_file", "ports",
    "cgroup_parent", "secrets", "configs", "volumes_from", "device_cgroup_rules", "uts", "links", "x-y",
]  # fmt: skip


@pytest.mark.parametrize("key", DANGEROUS)
def test_no_object_takes_another_key(key: str) -> None:
    for path in OBJECTS:
        for value in (True, "host", ["/:/host"], {}, None):
            changed = document()
            at(changed, path)[key] = value
            assert refused(changed), (path, key, value)


@settings(max_examples=300)
@given(st.sampled_from(OBJECTS), st.text(), st.none() | st.booleans() | st.integers() | st.text())
def test_no_unknown_key_is_taken_anywhere(path: tuple[Any, ...], key: str, value: Any) -> None:
    changed = document()
    if key not in at(changed, path) and not (path and path[-1] == "environment"):
        at(changed, path)[key] = value
        assert refused(changed)


LEAVES = [path for path in places(document()) if path and not isinstance(at(document(), path), dict)]


@settings(max_examples=500)
@given(
    st.sampled_from(LEAVES),
    st.none()
    | st.floats(allow_nan=True)
    | st.lists(st.none(), min_size=1)
    | st.dictionaries(st.text(), st.none())
    | st.sampled_from(
        ["$HOME", "${HOME}", "a$b", "\n", "a\nb", "\0", "\x1b[0m", "host", "../..", "container:x"]
    ),
)
def test_no_odd_value_is_taken_anywhere(path: tuple[Any, ...], value: Any) -> None:
    changed = document()
    before = at(changed, path)
    at(changed, path[:-1])[path[-1]] = value
    plain_word = (
        path[-2:-1]
        and path[-2] in ("command", "entrypoint", "environment")
        and value
        in (
            "host",
            "../..",
            "container:x",
        )
    )
    number = path[-1] == "cpus" and isinstance(value, float) and 0.01 <= value <= 64
    named = value in {"hostname": ("host",), "image": ("host", "container:x")}.get(path[-1], ())
    assert refused(changed) or plain_word or number or named or value == before


def test_every_required_key_is_required() -> None:
    for path in places(document()):
        optional = path and path[-1] in (
            "mac_address", "stop_signal", "stop_grace_period", "tmpfs", "command", "entrypoint",
        )  # fmt: skip
        inside = len(path) > 3 and path[2] in (
            "environment",
            "sysctls",
            "tmpfs",
            "entrypoint",
            "command",
            "cap_add",
        )
        if not path or isinstance(path[-1], int) or optional or inside:
            continue
        changed = document()
        del at(changed, path[:-1])[path[-1]]
        byo = path[1:] == ("web-db", "user") or path[-1] == "cap_add" and path[1] == "web-db"
        leaf_service = path in (("services", "web-db"), ("services", "web-smtp-relay"))
        assert refused(changed) or byo or leaf_service, path


@pytest.mark.parametrize(
    "change",
    [
        lambda services: services["web"]["labels"].update({"decnet.fleet": "other"}),
        lambda services: services["web"]["labels"].update({"decnet.decky": "db"}),
        lambda services: services["web-db"]["labels"].update({"decnet.service": "ssh"}),
        lambda services: services["web-db"].update({"network_mode": "service:web-smtp-relay"}),
        lambda services: services["web-db"].update({"network_mode": "host"}),
        lambda services: services["web-db"].update({"container_name": "web-ssh"}),
        lambda services: services["web-smtp-relay"].pop("user"),
        lambda services: services.update({"other": services.pop("web")}),
        lambda services: services["web"].update({"cap_add": ["SYS_ADMIN"]}),
        lambda services: services["web-db"].update({"cap_add": ["NET_ADMIN"]}),
        lambda services: services["web"].update({"security_opt": ["seccomp:unconfined"]}),
        lambda services: services["web-db"].update({"tmpfs": ["/etc:size=1m"]}),
        lambda services: services["web-db"].update({"image": "-v"}),
        lambda services: services["web"].update({"sysctls": {"kernel.core_pattern": "1"}}),
    ],
)  # fmt: skip
def test_a_document_that_contradicts_itself_is_refused(change: Any) -> None:
    changed = document()
    change(changed["services"])
    assert refused(changed)


def checked(args: dict[str, Any]) -> str:
    try:
        bundles.check(args, KNOWN)
    except Refusal as refusal:
        return refusal.code
    return "accepted"


ONE = {"web": ("192.0.2.101", {"ssh": 22})}
TOPOLOGY = "decnet-t-0123abcd"


@pytest.mark.parametrize("project", [PROJECT, TOPOLOGY])
def test_a_bundle_is_accepted_and_a_changed_one_has_another_hash(home: object, project: str) -> None:
    args = bundle(ONE, "r", 1, project=project)
    assert checked(args) == "accepted"
    for key in ("slice", "compose"):
        changed = copy.deepcopy(args)
        changed[key]["version" if key == "compose" else "schema"] = "3"
        assert checked(changed) == "hash"
    assert checked({**args, "plan_hash": "0" * 64}) == "hash"
    assert checked({**args, "project": "decnet-t-00000000"}) == "hash"


@pytest.mark.parametrize("name", UNKNOWN_PROJECTS)
def test_an_invalid_project_name_is_refused(home: object, name: object) -> None:
    assert checked({**bundle(ONE, "r", 1), "project": name}) == "usage"


def resigned(change: Any, project: str = PROJECT) -> dict[str, Any]:
    args = bundle(ONE, "r", 1, project=project)
    whole = {key: args[key] for key in ("project", "slice", "steps", "compose")}
    change(whole)
    return signed(whole, "r", 1)


def lan_of(whole: dict[str, Any]) -> Any:
    return whole["slice"]["networks"]["decnet_lan"]


def decky_of(whole: dict[str, Any]) -> Any:
    return whole["slice"]["deckies"]["web"]["decky"]


def home_of(whole: dict[str, Any]) -> Any:
    return decky_of(whole)["attachments"][0]


def base_of(whole: dict[str, Any]) -> Any:
    return next(each for each in whole["compose"]["services"].values() if "networks" in each)


def ssh_of(whole: dict[str, Any]) -> Any:
    return whole["slice"]["deckies"]["web"]["containers"]["web-ssh"]


def moved(address: str) -> Any:
    """The decky has this address in the slice and in the document."""

    def change(whole: dict[str, Any]) -> None:
        home_of(whole)["address"] = address
        base_of(whole)["networks"]["lan"]["ipv4_address"] = address
        base_of(whole)["environment"]["ADDRESS"] = address

    return change


def with_mac(mac: str) -> Any:
    def change(whole: dict[str, Any]) -> None:
        home_of(whole)["mac"] = base_of(whole)["mac_address"] = mac
        base_of(whole)["environment"]["MAC"] = mac

    return change


INNER = {"network": "inner", "address": "198.51.100.2", "mac": "02:00:00:00:00:01"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda b: b["slice"].update(fleet_id="other"), "fleet"),
        (lambda b: b["slice"].update(worker_id="other"), "identity"),
        (lambda b: b["slice"].update(schema=1), "refused"),
        (lambda b: b["slice"].update(project=TOPOLOGY), "refused"),
        (lambda b: b["slice"].pop("project"), "refused"),
        (lambda b: b.update(project=TOPOLOGY), "refused"),
        (lambda b: b["slice"].pop("networks"), "refused"),
        (lambda b: b["slice"].update(networks={}), "refused"),
        (lambda b: b["slice"]["networks"].update(inner=lan_of(b)), "refused"),
        (lambda b: b["slice"].update(networks={"inner": lan_of(b)}), "refused"),
        (lambda b: lan_of(b).update(name="inner"), "refused"),
        (lambda b: lan_of(b).update(kind="inner"), "refused"),
        (lambda b: lan_of(b).update(driver="host"), "refused"),
        (lambda b: lan_of(b).update(gateway="198.51.100.1"), "refused"),
        (lambda b: lan_of(b).update(subnet="192.0.2.9/24"), "refused"),
        (lambda b: lan_of(b).update(interface="../eth0"), "refused"),
        (lambda b: decky_of(b).pop("attachments"), "refused"),
        (lambda b: decky_of(b).update(attachments=[]), "refused"),
        (lambda b: decky_of(b)["attachments"].append(INNER), "refused"),
        (lambda b: decky_of(b)["attachments"].append(home_of(b)), "refused"),
        (lambda b: home_of(b).update(network="inner"), "refused"),
        (lambda b: home_of(b).update(address="192.0.2.1; id"), "refused"),
        (lambda b: home_of(b).update(mac="02:42"), "refused"),
        (lambda b: home_of(b).pop("mac"), "refused"),
        (lambda b: home_of(b).update(address="192.0.2.102"), "refused"),
        (lambda b: home_of(b).update(mac="02:42:c0:00:02:66"), "refused"),
        (lambda b: base_of(b)["networks"]["lan"].update(ipv4_address="192.0.2.102"), "refused"),
        (lambda b: base_of(b).update(mac_address="02:42:c0:00:02:66"), "refused"),
        (lambda b: base_of(b).pop("mac_address"), "refused"),
        (lambda b: base_of(b)["environment"].update(ADDRESS="192.0.2.102"), "refused"),
        (lambda b: base_of(b)["environment"].update(MAC="02:42:c0:00:02:66"), "refused"),
        (moved("198.51.100.5"), "refused"),
        (moved("192.0.2.1"), "refused"),
        (moved("192.0.2.0"), "refused"),
        (moved("192.0.2.255"), "refused"),
        (with_mac("03:42:c0:00:02:66"), "refused"),
        (with_mac("ff:ff:ff:ff:ff:ff"), "refused"),
        (lambda b: b["slice"]["deckies"].clear(), "refused"),
        (lambda b: b["slice"]["deckies"]["web"]["containers"].update({"db": ssh_of(b)}), "refused"),
        (lambda b: base_of(b)["labels"].update({"decnet.project": TOPOLOGY}), "refused"),
        (lambda b: base_of(b)["labels"].update({"decnet.project": "decnet"}), "refused"),
        (lambda b: b["steps"].append(b["steps"][0]), "refused"),
        (lambda b: b["steps"][0].update(up=["db"]), "refused"),
        (lambda b: b["steps"][0].update(up=["--help"]), "refused"),
        (lambda b: b["steps"][0].update(operation="explode"), "refused"),
        (lambda b: b["steps"][0].update(operation="remove"), "refused"),
        (lambda b: b["steps"][0].update(remove=[{"name": "x", "id": "../../y"}]), "refused"),
        (lambda b: b["steps"][0].update(decky="other"), "refused"),
        (lambda b: ssh_of(b).update(fingerprint="b" * 64), "refused"),
    ],
)  # fmt: skip
def test_a_bundle_that_does_not_fit_together_is_refused(home: object, change: Any, code: str) -> None:
    assert checked(resigned(change)) == code


@pytest.mark.parametrize(
    "change",
    [
        lambda b: base_of(b)["labels"].pop("decnet.project"),
        lambda b: base_of(b)["labels"].update({"decnet.project": "decnet"}),
        lambda b: base_of(b)["labels"].update({"decnet.project": "decnet-t-00000000"}),
        lambda b: base_of(b).update(container_name="web"),
        lambda b: b["compose"]["services"].update(web=base_of(b)),
    ],
)
def test_a_topologys_containers_carry_its_label_and_its_name(home: object, change: Any) -> None:
    assert checked(resigned(change, TOPOLOGY)) == "refused"


def test_other_addresses_of_the_lan_are_accepted(home: object) -> None:
    for address in ("192.0.2.2", "192.0.2.254"):
        assert checked(resigned(moved(address))) == "accepted"
    assert checked(resigned(with_mac("8c:16:45:00:00:01"))) == "accepted"
