# ruff: noqa: E501 (what real switches print is not broken into shorter lines)
"""The command lines of switches: their language, and that ssh, telnet and SNMP show one machine."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from typing import Any

import pytest
from clients import persona_of
from hypothesis import given, settings
from hypothesis import strategies as st
from telnet_client import Client

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.consoles import console_of
from decnet.decoys.shell.consoles.fastpath import EdgeSwitch
from decnet.decoys.shell.consoles.ios import Router
from decnet.decoys.shell.consoles.ios_text import OF_PASSWORDS, password_7
from decnet.decoys.snmp.objects import objects_of

RELEASES = ("cisco-ios-15.2", "cisco-ios-xe-16.12", "edgeswitch-1.9")
FORBIDDEN = ("decnet", "decky", "decoy", "honeypot", "canary", "traceback")
MIB2 = (1, 3, 6, 1, 2, 1)
OLD = ("-oKexAlgorithms=+diffie-hellman-group14-sha1", "-oHostKeyAlgorithms=+ssh-rsa")


def persona(release: str, service: str) -> Persona:
    found = persona_of(service, release)
    return Persona(
        service, "sw-floor-12", found["os"], release, found["banner"], "ab" * 16, ((22, "tcp"),),
        {"credentials": "admin:cisco"}, "192.0.2.7", "00:1b:54:01:02:03",
    )  # fmt: skip


def console(release: str = "cisco-ios-15.2", *, enabled: bool = False) -> Router | EdgeSwitch:
    session = Recorder(os.open(os.devnull, os.O_WRONLY)).session("192.0.2.9", 4000)
    world = World(persona(release, "ssh"))
    kind = console_of(world.persona)
    assert kind in (Router, EdgeSwitch) and kind is not None
    made = kind(world, "admin", session)
    assert isinstance(made, Router | EdgeSwitch)
    if enabled:
        made.run("enable")
        made.run("cisco")
    return made


def of_snmp(release: str) -> dict[tuple[int, ...], bytes]:
    """The encoded objects of its agent."""
    rows = objects_of(persona(release, "snmp")).tree
    found: dict[tuple[int, ...], bytes] = {}
    name: tuple[int, ...] | None = MIB2
    while name is not None:
        name = rows.next(name)
        value = rows.value(name) if name is not None else None
        if name is not None and value is not None:
            found[name] = value
    return found


@pytest.mark.parametrize("release", RELEASES)
def test_the_version_is_that_of_snmp(release: str) -> None:
    described = persona(release, "snmp").banner.replace("\r\n", "\n")

    assert described in console(release).run("show version").out


@pytest.mark.parametrize("release", RELEASES[:2])
def test_the_interfaces_are_those_of_snmp(release: str) -> None:
    objects = of_snmp(release)
    names = {
        each[-1]: value[2:].decode() for each, value in objects.items() if each[:-1] == (*MIB2, 2, 2, 1, 2)
    }
    states = {each[-1]: value[-1] for each, value in objects.items() if each[:-1] == (*MIB2, 2, 2, 1, 8)}
    shown = re.findall(r"^(\S+\d) +\S+ +YES \w+ +(up|down) ", console(release).run("sh ip int br").out, re.M)

    assert dict(shown) == {
        name: "up" if states[index] == 1 else "down" for index, name in names.items() if name != "Null0"
    }


def test_the_uptime_is_that_of_snmp() -> None:
    ticks = next(v for n, v in of_snmp("cisco-ios-15.2").items() if n == (*MIB2, 1, 3, 0))
    minutes = int.from_bytes(ticks[2:], "big") // 6000
    found = re.search(r"uptime is (.*)\n", console().run("show version").out)
    assert found is not None
    sizes = {"year": 525_600, "week": 10_080, "day": 1440, "hour": 60, "minute": 1}
    shown = sum(
        int(n) * sizes[unit] for n, unit in re.findall(r"(\d+) (year|week|day|hour|minute)", found[1])
    )

    assert 0 <= shown - minutes <= 2


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("sh pri", "Current privilege level is 1\n"),
        ("s", '% Ambiguous command:  "s"\n'),
        ("sh v", '% Ambiguous command:  "sh v"\n'),
        ("show", '% Type "show ?" for a list of subcommands\n'),
        ("show running-config", "                 ^\n% Invalid input detected at '^' marker.\n\n"),
        ("foo bar", "            ^\n% Invalid input detected at '^' marker.\n\n"),
        ("terminal length 600", "                            ^\n% Invalid input detected at '^' marker.\n\n"),
        ("term len 0", ""),
        ("configure terminal", "            ^\n% Invalid input detected at '^' marker.\n\n"),
        ("! a remark", ""),
    ],
)
def test_a_line_means_what_its_abbreviations_allow(line: str, out: str) -> None:
    assert console().run(line).out == out


def test_question_marks_list_what_can_stand_there() -> None:
    switch = console(enabled=True)

    assert switch.help("sh") == "show\n" and switch.help("show v") == "version  vlan\n"
    assert switch.help("terminal length ") == "  <0-512>  Number of lines on screen (0 for no pausing)\n"
    assert switch.help("zz") == "% Unrecognized command\n"
    assert (switch.help("") or "").startswith("Exec commands:\n  clear ")
    assert switch.help("show clock ") == "  <cr>  \n"
    assert switch.complete("sh ver") == ("sion ", [])


def test_the_configuration_is_kept_in_the_session() -> None:
    switch = console(enabled=True)
    assert switch.prompt() == "sw-floor-12#"

    for line in (
        "conf t",
        "hostname core1",
        "username eve privilege 15 secret x",
        "int gi1/0/3",
        "desc here",
    ):
        switch.run(line)

    assert switch.prompt() == "core1(config-if)#"
    switch.run("end")
    shown = switch.run("show run").out
    assert "hostname core1\n" in shown and "username eve privilege 15 secret 5 $1$" in shown
    assert (
        "interface GigabitEthernet1/0/3\n description here\n switchport mode access\n spanning-tree portfast\n"
        in shown
    )


def test_enable_asks_for_the_password_and_records_it(inside: Callable[..., Any]) -> None:
    server = inside(
        "telnet", **persona_of("telnet", "cisco-ios-15.2", settings={"credentials": "admin:cisco"})
    )
    with Client(server.port) as client:
        for awaited, text in ((b"Username: ", b"admin"), (b"assword: ", b"cisco"), (b">", b"enable")):
            client.until(awaited)
            client.type(text)
        client.until(b"Password: ")
        client.type(b"wrong")
        assert client.until(b"Password: ") == b"\r\nPassword: "
        client.type(b"cisco")
        client.until(b"web01#")
        client.line.sendall(b"sh?")
        assert client.until(b"web01#sh").endswith(b"sh?\r\nshow\r\n\r\nweb01#sh")
        client.type(b"ow ip int br")
        assert client.until(b" --More-- ").count(b"\n") == 24
        client.line.sendall(b" ")
        client.until(b"\b" * 9 + b" " * 9 + b"\b" * 9)
        client.until(b"web01#")
        client.type(b"exit")
        client.rest()

    tried = [e["fields"] for e in server.events("login", 3) if e["fields"]["method"] == "enable"]
    assert [(each["password"], each["success"]) for each in tried] == [("wrong", False), ("cisco", True)]
    inputs = [event["fields"]["input"] for event in server.events("command", 3)]
    assert inputs == ["enable", "show ip int br", "exit"]


@pytest.mark.parametrize("release", RELEASES[:2])
def test_ssh_offers_what_cisco_offers(decoy: Callable[..., Any], ssh: Any, release: str) -> None:
    server = decoy("ssh", **persona_of("ssh", release, settings={"credentials": "root:123456"}))

    refused = ssh(
        server.port, "-oKexAlgorithms=sntrup761x25519-sha512@openssh.com", "show version", log_level="INFO"
    )
    done = ssh(server.port, *OLD, "show version")
    copied = ssh(server.port, *OLD, "scp -t /tmp")

    assert "no matching key exchange method found" in refused.stderr
    assert "Their offer: " in refused.stderr and "curve25519" not in refused.stderr
    assert done.stdout.startswith("Cisco IOS ") and copied.stdout == "Administratively disabled.\n"


@settings(max_examples=60)
@given(
    release=st.sampled_from(RELEASES),
    lines=st.lists(
        st.one_of(
            st.text("abc ?!/<>-.0159\t", max_size=30),
            st.lists(
                st.sampled_from(
                    [
                        "show",
                        "ip",
                        "int",
                        "conf",
                        "t",
                        "en",
                        "cisco",
                        "do",
                        "end",
                        "gi1/0/1",
                        "no",
                        "ping",
                        "copy",
                        "x",
                        "version",
                        "all",
                    ]
                ),
                max_size=5,
            ).map(" ".join),
        ),
        max_size=8,
    ),
)
def test_no_line_breaks_a_console_or_says_what_it_is(release: str, lines: list[str]) -> None:
    switch = console(release)
    for line in lines:
        said = f"{switch.prompt()}{switch.run(line).out}{switch.help(line)}{switch.complete(line)}".lower()
        assert not any(word in said for word in FORBIDDEN)


def test_the_key_exchange_of_ios_is_its_own(decoy: Callable[..., Any]) -> None:
    server = decoy("ssh", **persona_of("ssh", "cisco-ios-15.2", settings={}))
    said = server.ask(b"SSH-2.0-x\r\n")
    version, _, packet = said.partition(b"\r\n")

    lists, at = [], 5 + 1 + 16
    for _ in range(8):
        size = struct.unpack(">I", packet[at : at + 4])[0]
        lists.append(packet[at + 4 : at + 4 + size].decode())
        at += 4 + size
    assert version == b"SSH-2.0-Cisco-1.25"
    assert lists[:2] == ["diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1", "ssh-rsa"]
    assert lists[2] == "aes128-ctr,aes192-ctr,aes256-ctr" and lists[6] == "none"


def test_what_a_visitor_configures_is_in_its_place() -> None:
    own = console(enabled=True)
    for line in ("conf t", "int gi1/0/3", "shutdown", "description x y", "no spanning-tree portfast", "end"):
        assert "Invalid" not in own.run(line).out
    shown = own.run("show run int gi1/0/3").out.splitlines()
    assert shown[-6:] == [
        "interface GigabitEthernet1/0/3", " description x y", " switchport mode access", " shutdown", "end", "",
    ]  # fmt: skip
    for line in ("conf t", "interface GigabitEthernet 1/0/3", "no shutdown", "end"):
        own.run(line)
    assert own.run("sh run | sec GigabitEthernet1/0/3").out.splitlines() == [
        "interface GigabitEthernet1/0/3", " description x y", " switchport mode access",
    ]  # fmt: skip
    assert own.run("show run | inc ^hostname").out == "hostname sw-floor-12\n"
    assert own.run("show run | inc").out == "% Incomplete command.\n\n"
    assert "Invalid input" in own.run("show run | foo x").out


def typed(switch: Router | EdgeSwitch, *lines: str) -> list[str]:
    """The prompts after each line."""
    prompts = []
    for line in lines:
        assert switch.run(line).out in ("", "Enter configuration commands, one per line.  End with CNTL/Z.\n")
        prompts.append(switch.prompt())
    return prompts


def test_a_command_of_another_mode_leaves_the_block() -> None:
    own = console(enabled=True)
    modes = typed(
        own,
        "conf t",
        "int gi1/0/2",
        "vlan 30",
        "name cams",
        "line con 0",
        "int range gi1/0/4 - 6",
        "exit",
        "do sh clock | i zzz",
    )
    assert [each[len("sw-floor-12") :] for each in modes] == [
        "(config)#", "(config-if)#", "(config-vlan)#", "(config-vlan)#", "(config-line)#", "(config-if-range)#",
        "(config)#", "(config)#",
    ]  # fmt: skip


def test_what_is_configured_is_shown_everywhere() -> None:
    own = console(enabled=True)
    typed(
        own,
        "conf t",
        "vlan 30",
        "name cams",
        "int range gi1/0/4 - 5",
        "sw acc vlan 30",
        "desc hall",
        "shut",
        "end",
    )
    assert re.search(r"^30   cams {29}active    Gi1/0/4, Gi1/0/5$", own.run("sh vlan br").out, re.M)
    assert re.search(r"^Gi1/0/4   hall +disabled +30 ", own.run("sh int status").out, re.M)
    assert re.search(
        r"^GigabitEthernet1/0/5 .* administratively down down", own.run("sh ip int br").out, re.M
    )
    assert own.run("sh run | sec ^vlan 30").out == "vlan 30\n name cams\n"
    typed(own, "conf t", "no vlan 30", "int gi1/0/4", "no shut", "no desc", "end")
    assert "cams" not in own.run("sh vlan").out
    assert own.run("sh run int gi1/0/4").out.splitlines()[4:6] == [
        "interface GigabitEthernet1/0/4", " switchport access vlan 30",
    ]  # fmt: skip


def test_passwords_are_not_shown_as_they_were_typed() -> None:
    own = console(enabled=True)
    typed(
        own,
        "conf t",
        "enable secret geheim",
        "username eve password geheim",
        "line vty 0 4",
        "password geheim",
        "end",
    )
    shown = own.run("sh run").out
    assert "geheim" not in shown and shown.count("enable secret 5 ") == 1
    # password 7 of "geheim", as every machine with this software writes and reads it.
    assert shown.count(f"password 7 {password_7('geheim')}") == 2
    assert unmasked(password_7("geheim")) == "geheim"


def unmasked(text: str) -> str:
    key, start = OF_PASSWORDS, int(text[:2])
    return "".join(
        chr(byte ^ key[(start + at) % len(key)]) for at, byte in enumerate(bytes.fromhex(text[2:]))
    )


@pytest.mark.parametrize(
    ("line", "column"),
    [("ip addr 1.2.3", 8), ("speed 7", 6), ("int gi1/0/99", 4), ("switchport mode foo", 16)],
)
def test_a_wrong_word_is_marked_and_the_mode_stays(line: str, column: int) -> None:
    own = console(enabled=True)
    typed(own, "conf t", "int gi1/0/1")
    prompt = own.prompt()
    assert (
        own.run(line).out == f"{' ' * (len(prompt) + column)}^\n% Invalid input detected at '^' marker.\n\n"
    )
    assert own.prompt() == prompt


def test_configure_asks_from_where_and_copy_asks_for_a_name() -> None:
    own = console(enabled=True)
    typed(own, "conf")
    assert own.prompt() == "Configuring from terminal, memory, or network [terminal]? "
    typed(own, "", "end", "copy run start")
    assert own.prompt() == "Destination filename [startup-config]? "
    assert own.run("").out == "Building configuration...\n[OK]\n"


def test_an_edgeswitch_keeps_what_is_configured() -> None:
    own = console("edgeswitch-1.9", enabled=True)
    modes = typed(
        own,
        "conf",
        "int 0/3",
        "desc hall",
        "vlan pvid 20",
        "exit",
        "no ip http server",
        "line ssh",
        "exit",
        "exit",
        "vlan data",
        "vlan 20",
    )
    assert [each.removeprefix("(UBNT EdgeSwitch) ") for each in modes[1::3]] == [
        "(Interface 0/3)#",
        "(Config)#",
        "(Config)#",
        "(Vlan)#",
    ]
    typed(own, "exit")
    shown = own.run("show running-config").out
    for part in (
        "vlan database\nvlan 20\nexit\n",
        "\nno ip http server\n",
        "interface 0/3\ndescription 'hall'\nvlan pvid 20\nexit\n",
    ):
        assert part in shown


@given(st.lists(st.sampled_from(("conf t", "int gi1/0/1", "int range gi1/0/1-3", "no shut", "shut", "vlan 3", "no vlan 3", "name x", "end", "exit",
                                 "ip route 0.0.0.0 0.0.0.0 1.1.1.1", "no ip route 0.0.0.0 0.0.0.0 1.1.1.1", "no int vlan 3", "int vlan 3", "hostname y",
                                 "no hostname", "line vty 0 4", "no login", "no", "do", "default int gi1/0/1")), max_size=30))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_sequence_of_commands_breaks_the_configuration(lines: list[str]) -> None:
    own = console(enabled=True)
    for line in lines:
        own.run(line)
    own.run("end")
    own.run("enable")
    text = own.config.text() if isinstance(own, Router) else ""
    assert text.count("\nend\n") == 1 and text.count("\nline con 0\n") == 1


def test_ports_of_a_switch_have_counters_of_their_own() -> None:
    text = console(enabled=True).run("show interfaces | include packets input").out
    counts = [line.split()[0] for line in text.splitlines() if line.split()[0] != "0"]
    assert len(counts) > 5
    assert len(set(counts)) == len(counts)


def test_the_log_of_a_switch_is_in_order_and_counted() -> None:
    text = console(enabled=True).run("show logging").out
    times = [line[1:20] for line in text.splitlines() if line.startswith("*")]
    assert times == sorted(times)
    assert f"Buffer logging:  level debugging, {len(times)} messages logged" in text
