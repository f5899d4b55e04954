"""A machine becomes a worker: its host key is confirmed once."""

from __future__ import annotations

from pathlib import Path

import pytest
from three_workers import LOGIN, Company

pytestmark = pytest.mark.lab


def untouched(company: Company, worker: str) -> bool:
    """Whether the machine has nothing of ours: no agent, no key."""
    return b"gate" not in company.authorized(worker) and not any(company.agent(worker).iterdir())


def test_an_unverified_first_contact_is_refused_without_a_terminal(strangers: Company) -> None:
    said = strangers.decnet("worker", "add", "w1", LOGIN["w1"], code=6)
    assert strangers.fingerprint("w1") in said.err
    assert "--host-key" in said.err
    assert untouched(strangers, "w1")
    assert strangers.decnet("worker", "list", "-o", "json").json == []


def test_a_wrong_fingerprint_is_refused(strangers: Company) -> None:
    wrong = strangers.fingerprint("w2")
    seen = len(strangers.sshd_log("w1"))
    said = strangers.decnet("worker", "add", "w1", LOGIN["w1"], "--host-key", wrong, code=6)
    assert strangers.fingerprint("w1") in said.err
    assert "Accepted" not in strangers.sshd_log("w1")[seen:]
    assert untouched(strangers, "w1")


def test_on_a_terminal_the_fingerprint_is_shown_and_asked_for(strangers: Company) -> None:
    no = strangers.on_terminal("n", "worker", "add", "w1", LOGIN["w1"])
    assert (no.code, strangers.fingerprint("w1") in no.err) == (0, True)
    assert untouched(strangers, "w1")
    yes = strangers.on_terminal("y", "worker", "add", "w1", LOGIN["w1"])
    assert (yes.code, yes.err.count("[y/N]")) == (0, 1)
    assert strangers.host_key("w1") in Path(strangers.home / "known_hosts").read_text()


def test_a_fingerprint_and_a_known_hosts_file_vouch_and_twice_changes_nothing(strangers: Company) -> None:
    strangers.decnet("worker", "add", "w1", LOGIN["w1"], "--host-key", strangers.fingerprint("w1", "rsa"))
    strangers.enrol("w2")

    def all_of_it() -> tuple[object, ...]:
        agents = sorted((str(p), p.stat().st_mtime_ns) for p in strangers.agent("w1").rglob("*.pyz"))
        return strangers.fingerprint_of_home(), strangers.authorized("w1"), strangers.authorized("w2"), agents

    before = all_of_it()
    again = strangers.decnet("worker", "add", "w1", LOGIN["w1"])
    assert "nothing changed" in again.out
    strangers.enrol("w2")
    assert all_of_it() == before
    shown = strangers.decnet("worker", "list", "-o", "json").json
    assert [(w["name"], w["deckies"]) for w in shown] == [("w1", 0), ("w2", 0)]
