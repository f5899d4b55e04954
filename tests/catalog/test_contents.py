"""The package's own catalog holds what the design names, and nothing that gives a decoy away."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import decnet
from decnet import catalog
from decnet.catalog.check import complaints
from decnet.model.catalog import Catalog
from decnet.model.catalog_entries import ELSEWHERE, LOOKS
from decnet.plan.core_services import core_of

PORTS = """
ssh 22; telnet 23; ftp 21; tftp 69/udp; http 80; https 443; smb 445 139; rdp 3389; vnc 5900; ldap 389;
mysql 3306; postgres 5432; mssql 1433; mongodb 27017; redis 6379; elasticsearch 9200;
memcached 11211; mqtt 1883; smtp 25 587; smtp_relay 25 587; imap 143; pop3 110;
 snmp 161/udp; sip 5060 5060/udp; dns 53 53/udp; ntp 123/udp;
llmnr 5355/udp 5353/udp; modbus 502; s7 102; docker_api 2375; k8s 6443; git 9418; conpot 502 102 161/udp 80
"""

ARCHETYPES = """
windows-workstation | smb rdp | windows | DESKTOP-XXXXXXX | dell hp lenovo
windows-server | smb rdp ldap | windows_server | SRV-WORD-NN | vmware dell
domain-controller | ldap smb rdp llmnr dns | windows_server | DC-NN | vmware
linux-server | ssh http | linux | wordNN | vmware supermicro intel
web-server | http https ftp | linux | webNN | vmware intel
database-server | mysql postgres redis | linux | dbNN | supermicro dell
mail-server | smtp pop3 imap | linux | mailNN | vmware
file-server | smb ftp ssh | linux | nas-NN | synology qnap
printer | snmp ftp http | embedded | NPIMAC6 BRNMAC12 | hp brother canon
iot-device | mqtt snmp telnet | embedded |  | espressif tp-link
industrial-control | modbus s7 snmp | embedded | plc-NN | siemens schneider
voip-server | sip http | linux | pbxNN | cisco yealink
monitoring-node | snmp ssh http | linux | monNN | vmware
devops-host | docker_api ssh k8s git | linux | ciNN | intel vmware
network-gear | telnet snmp ssh | cisco | sw-floor-NN | cisco ubiquiti
"""

CORE = """
windows-workstation | smb rdp | vnc llmnr ssh | 1
windows-server | smb rdp | ldap http https ftp mssql | 1
domain-controller | ldap smb rdp dns | llmnr ntp https | 100
linux-server | ssh | http https ftp snmp mysql postgres redis | 1
web-server | http https | ftp ssh mysql redis memcached | 1
database-server | mysql postgres | redis ssh snmp mongodb memcached | 1
mail-server | smtp imap | pop3 ssh http https | 1
file-server | smb | ftp ssh http https snmp | 50
printer | snmp http | ftp https telnet | 50
iot-device | mqtt telnet | snmp http | 10
industrial-control | modbus s7 | snmp http | 100
voip-server | sip http | https ssh tftp | 10
monitoring-node | ssh http | snmp https mysql postgres smtp | 1
devops-host | docker_api ssh k8s | git http https redis | 1
network-gear | snmp ssh | telnet http https | 50
"""
"""What each is never without, what comes and goes, how much less often."""

TODAY = """
database-server | mysql; devops-host | ssh; file-server | ftp ssh; industrial-control | snmp;
iot-device | telnet; linux-server | ssh; mail-server | smtp; monitoring-node | ssh http;
network-gear | snmp ssh; printer | snmp http; voip-server | http; web-server | http
"""
"""The core as far as there are decoys; of the other archetypes there are none yet."""

SYSCTLS = """
key                 linux windows windows_server bsd  embedded cisco
ip_default_ttl      64    128     128            64   255      255
tcp_syn_retries     6     2       2              6    3        2
tcp_timestamps      1     0       1              1    0        0
tcp_window_scaling  1     1       1              1    0        0
tcp_sack            1     1       1              1    0        0
tcp_ecn             2     0       1              2    0        0
ip_no_pmtu_disc     0     0       0              0    1        1
tcp_fin_timeout     60    30      30             60   15       15
icmp_ratelimit      1000  0       0              250  0        0
icmp_ratemask       6168  0       0              6168 0        0
"""

REGISTERED = {
    "dell": r"Dell Inc",
    "hp": r"HP Inc|Hewlett Packard$",
    "lenovo": r"LCFC|Lenovo",
    "vmware": r"VMware",
    "supermicro": r"Super Micro Computer",
    "intel": r"Intel Corporate",
    "synology": r"Synology",
    "qnap": r"QNAP",
    "brother": r"Brother industries",
    "canon": r"CANON INC",
    "espressif": r"Espressif",
    "tp-link": r"TP-LINK",
    "siemens": r"Siemens",
    "schneider": r"Schneider Electric|TELEMECANIQUE",
    "cisco": r"Cisco Systems",
    "yealink": r"(XIAMEN )?YEALINK",
    "ubiquiti": r"Ubiquiti",
}
"""How the IEEE's list spells each vendor."""

OUI_LIST = Path("/usr/share/ieee-data/oui.txt")

EIGHT = {"ssh", "http", "telnet", "ftp", "redis", "mysql", "smtp", "snmp"}


@pytest.fixture(scope="module")
def whole() -> Catalog:
    return catalog.load()


def test_every_service_listens_where_the_real_one_does(whole: Catalog) -> None:
    expected = {}
    for entry in PORTS.replace("\n", " ").split(";"):
        name, *ports = entry.split()
        expected[name] = [port if "/" in port else f"{port}/tcp" for port in ports]
    assert {
        name: [f"{port.number}/{port.protocol}" for port in service.ports]
        for name, service in whole.services.items()
    } == expected


def test_every_archetype_is_as_the_design_has_it(whole: Catalog) -> None:
    rows = [[cell.split() for cell in row.split("|")] for row in ARCHETYPES.strip().splitlines()]
    assert {
        name: [list(kind.services), [kind.os], [*filter(None, kind.hostname.split("|"))], list(kind.vendors)]
        for name, kind in whole.archetypes.items()
    } == {row[0][0]: row[1:] for row in rows}


def test_every_archetype_says_what_it_is_never_without_and_what_comes_and_goes(whole: Catalog) -> None:
    rows = [[cell.split() for cell in row.split("|")] for row in CORE.strip().splitlines()]
    assert {
        name: [list(kind.core or ()), list(kind.side or ()), [str(kind.interval_factor)]]
        for name, kind in whole.archetypes.items()
    } == {row[0][0]: row[1:] for row in rows}
    for kind in whole.archetypes.values():
        assert set(kind.services) <= {*(kind.core or ()), *(kind.side or ())}, kind.name


def test_the_core_of_what_can_be_deployed_today_has_decoys(whole: Catalog) -> None:
    expected = dict(row.split("|") for row in TODAY.replace("\n", " ").split(";"))
    found = {name: core for name in whole.archetypes if (core := core_of(name, whole))}
    assert found == {name.strip(): tuple(core.split()) for name, core in expected.items()}


def test_the_core_is_what_the_archetype_says_when_every_decoy_exists(whole: Catalog) -> None:
    services = {name: replace(each, built=not each.alias) for name, each in whole.services.items()}
    later = replace(whole, services=services)
    assert {name: core_of(name, later) for name in later.archetypes} == {
        name: kind.core for name, kind in later.archetypes.items()
    }


def test_no_device_gets_a_servers_service(whole: Catalog) -> None:
    odd = {"redis", "mysql", "postgres", "smtp", "mongodb", "memcached", "docker_api"}
    for kind in whole.archetypes.values():
        if kind.os in ("embedded", "cisco"):
            assert not odd & set(kind.side or ()), kind.name
    assert not any(odd & set(whole.os_profiles[os].side or ()) for os in ("embedded", "cisco"))


def test_every_os_profile_has_exactly_its_sysctls(whole: Catalog) -> None:
    head, *rows = [row.split() for row in SYSCTLS.strip().splitlines()]
    expected = {os: {row[0]: int(row[column]) for row in rows} for column, os in enumerate(head) if column}
    assert {name: profile.sysctls for name, profile in whole.os_profiles.items()} == expected


def test_every_look_has_its_rules_and_is_used(whole: Catalog) -> None:
    rules = Path(decnet.__file__).parent / "images" / "base"
    assert {path.name for path in rules.glob("look-*")} == {f"look-{look}.nft" for look in LOOKS}
    assert {whole.stack(release.os, release.name)[0] for release in whole.releases.values()} == {"", *LOOKS}


def test_a_release_may_look_otherwise_than_its_family(whole: Catalog) -> None:
    look, sysctls = whole.stack("embedded", "openwrt-21.02")
    assert (look, sysctls["net.ipv4.ip_default_ttl"], sysctls["net.ipv4.tcp_sack"]) == ("", "64", "1")
    assert whole.stack("embedded", "busybox-camera")[0] == "device"
    assert whole.stack("windows", "windows-10")[1]["net.ipv4.tcp_rmem"] == "4096 131072 8388608"


def test_entries_name_only_what_exists(whole: Catalog) -> None:
    assert list(complaints(whole)) == []


def test_only_services_with_a_decoy_are_drawn(whole: Catalog) -> None:
    decoys = {
        name
        for name, service in whole.services.items()
        if service.built and not service.alias and service.random
    }
    assert set(whole.drawable()) == decoys >= {"ssh", "http"}
    assert "conpot" not in whole.drawable()


def test_a_passive_listener_is_not_a_service_of_a_decky(whole: Catalog) -> None:
    assert "sniffer" in ELSEWHERE
    assert set(ELSEWHERE).isdisjoint(whole.services)


def test_conpot_claims_the_ports_of_what_it_stands_for(whole: Catalog) -> None:
    conpot = whole.services["conpot"]
    assert conpot.ports == tuple(port for part in conpot.alias for port in whole.services[part].ports)


def test_every_release_says_something_for_each_of_the_eight_decoys(whole: Catalog) -> None:
    assert {
        name: EIGHT - set(r.banners) for name, r in whole.releases.items() if EIGHT - set(r.banners)
    } == {}


def test_ssh_and_http_banners_are_complete_as_they_stand(whole: Catalog) -> None:
    for release in whole.releases.values():
        # RFC 4253 section 4.2: a software version without space or dash, then perhaps a comment.
        version, _, comment = release.banners["ssh"].partition(" ")
        assert re.fullmatch(r"[!-~]+", version + comment), release.name
        assert "-" not in version or version.startswith("Cisco-"), release.name
        assert re.fullmatch(r"[ -z]+", release.banners["http"]), release.name


def test_a_release_names_no_other_operating_system_in_a_banner(whole: Catalog) -> None:
    words = {
        "Debian": "debian",
        "Ubuntu": "ubuntu",
        "FreeBSD": "freebsd",
        "Rocky": "rocky",
        "Windows": "windows",
    }
    for release in whole.releases.values():
        banners = release.banners["ssh"] + release.banners["http"] + release.banners["mysql"]
        assert {family for word, family in words.items() if word in banners} <= {release.name.split("-")[0]}


def test_nothing_that_an_attacker_reads_identifies_a_honeypot(whole: Catalog) -> None:
    tells = re.compile(
        r"decnet|decky|honeypot|canary|OpenSSH_5\.1p1|Apache/2\.2\.22|5\.5\.43|svr04|kippo|cowrie",
        re.IGNORECASE,
    )
    for release in whole.releases.values():
        for banner in release.banners.values():
            assert not tells.search(banner), release.name
    styles = [kind.hostname for kind in (*whole.archetypes.values(), *whole.os_profiles.values())]
    assert not tells.search(" ".join((*styles, *whole.words)))
    assert 5000 not in {port.number for port in whole.services["vnc"].ports}


def test_every_oui_is_registered_to_its_vendor(whole: Catalog) -> None:
    assert OUI_LIST.exists(), f"{OUI_LIST} is missing: apt-get install ieee-data (make test does it)"
    registered = dict(
        re.findall(
            r"^([0-9A-F-]{8})\s+\(hex\)\s+(.*?)\s*$", OUI_LIST.read_text(errors="replace"), re.MULTILINE
        )
    )
    assert set(whole.vendors) == set(REGISTERED)
    wrong = {
        (vendor.name, oui): registered.get(oui.upper().replace(":", "-"))
        for vendor in whole.vendors.values()
        for oui in vendor.ouis
        if not re.match(
            REGISTERED[vendor.name], registered.get(oui.upper().replace(":", "-"), ""), re.IGNORECASE
        )
    }
    assert wrong == {}


def test_no_oui_is_in_two_vendors(whole: Catalog) -> None:
    ouis = [oui for vendor in whole.vendors.values() for oui in vendor.ouis]
    assert len(ouis) == len(set(ouis))


def test_a_machine_runs_only_releases_of_its_own_maker(whole: Catalog) -> None:
    for archetype in whole.archetypes.values():
        for vendor in archetype.vendors:
            for name in whole.fitting(archetype.os, archetype.name, vendor):
                release = whole.releases[name]
                assert release.os == archetype.os
                assert release.fits(archetype.name, vendor), (archetype.name, vendor, name)


def test_a_machine_of_no_archetype_never_runs_an_appliances_release(whole: Catalog) -> None:
    for os in whole.os_profiles:
        names = whole.fitting(os)
        assert names
        assert not [name for name in names if whole.releases[name].archetypes]


def test_a_printers_name_and_card_are_of_one_maker(whole: Catalog) -> None:
    printer = whole.archetypes["printer"]
    assert {vendor: printer.style(vendor) for vendor in printer.vendors} == {
        "hp": "NPIMAC6",
        "brother": "BRNMAC12",
        "canon": "CanonMAC6",
    }


def test_a_banner_is_filled_with_the_deckys_own_name_and_address(whole: Catalog) -> None:
    assert (
        whole.banner("debian-12", "smtp", hostname="mail01", address="192.0.2.9")
        == "220 mail01 ESMTP Postfix (Debian/GNU)"
    )
    assert "[::ffff:192.0.2.9]" in whole.banner("qnap-qts-5", "ftp", hostname="nas-01", address="192.0.2.9")


@pytest.mark.parametrize("section", ["services", "archetypes", "os_profiles", "releases", "vendors"])
def test_every_entry_of_the_package_is_of_its_kind(section: str) -> None:
    for entry in getattr(catalog.load(), section).values():
        kind = TypeAdapter(type(entry))
        assert kind.validate_json(kind.dump_json(entry), strict=True) == entry
