"""The forced command takes the verbs and nothing else."""

from __future__ import annotations

import json

import pytest
from agent_desk import MARKER, Desk, answer_in
from hypothesis import given
from hypothesis import strategies as st

from decnet.agent.program import OVER_THE_GATE, verb_of
from decnet.wire import PROTOCOL

INJECTIONS = [
    "", " ", "status ", " status", "status\n", "status;id", "status; id", "decnet-agent status;id",
    "$(id)", "decnet-agent $(id)", "`id`", "status\nid", "status\x00", "decnet-agent\tstatus", "STATUS",
    "decnet-agent  status", "/bin/sh -c status", "enrol", "decnet-agent enrol", "gate", "job", "job 1 2",
    "decnet-agent job 00", "scp -t /", "/usr/lib/openssh/sftp-server", "status" + " " * 100_000, "ѕtatus",
]  # fmt: skip


@pytest.mark.parametrize("command", INJECTIONS)
def test_anything_but_a_verb_is_refused(command: str) -> None:
    assert verb_of(command, OVER_THE_GATE) is None


def test_every_verb_of_the_table_passes_with_and_without_the_programs_name() -> None:
    for verb in OVER_THE_GATE:
        assert verb_of(verb, OVER_THE_GATE) == verb == verb_of("decnet-agent " + verb, OVER_THE_GATE)


@given(st.text())
def test_no_text_passes_that_is_not_a_verb(text: str) -> None:
    allowed = OVER_THE_GATE | {"decnet-agent " + verb for verb in OVER_THE_GATE}
    assert (verb_of(text, OVER_THE_GATE) is not None) == (text in allowed)


def test_a_login_without_a_command_gets_no_shell(desk: Desk) -> None:
    ended = desk.raw("gate", stdin=b"")
    assert (ended.returncode, ended.stdout) == (2, b"")


def test_the_gate_runs_the_verb_that_sshd_was_asked_for(desk: Desk) -> None:
    line = json.dumps({"v": PROTOCOL, "marker": MARKER, "args": {}}).encode() + b"\n"
    desk.extra["SSH_ORIGINAL_COMMAND"] = "decnet-agent hello"
    assert answer_in(desk.raw("gate", stdin=line))["result"]["protocol"] == PROTOCOL
    desk.extra["SSH_ORIGINAL_COMMAND"] = f"decnet-agent hello; touch {desk.home}/owned"
    assert desk.raw("gate", stdin=line).returncode == 2
    assert not (desk.home / "owned").exists()
