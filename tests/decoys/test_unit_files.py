# ruff: noqa: E501 (units and commands)
"""What systemctl reads from the files of units, as systemd 252 of Debian 12 prints it."""

from __future__ import annotations

from plain_shell import shell_of

from decnet.decoys.shell.at_once import run_at_once


def test_systemctl_reads_the_state_of_each_unit_from_its_file() -> None:
    names = "ssh sshd sudo systemd-networkd.socket systemd-fsck-root getty@tty1 -- -.mount multi-user.target nosuch"
    assert _out(f"systemctl is-enabled {names}").split() == [
        "enabled", "alias", "masked", "disabled", "enabled-runtime", "enabled", "generated", "static",
    ]  # fmt: skip
    listed = _out("systemctl list-unit-files --no-pager | awk '{print $2}' | sort | uniq -c")
    assert {"alias", "disabled", "enabled", "enabled-runtime", "generated", "masked", "static"} <= set(
        listed.split()
    )


def test_the_tree_of_dependencies_follows_files_and_links() -> None:
    tree = _out("systemctl list-dependencies basic.target --no-pager").splitlines()
    assert tree[:4] == ["basic.target", "● ├─-.mount", "○ ├─tmp.mount", "● ├─paths.target"]
    assert "●   ├─apt-daily.timer" in tree
    back = _out("systemctl list-dependencies --reverse ssh.service")
    assert back == "ssh.service\n● └─multi-user.target\n●   └─graphical.target\n"


def test_a_visitors_own_unit_has_a_state_and_properties() -> None:
    unit = "[Unit]\\nDescription=Mine\\n[Service]\\nExecStart=/tmp/x -d\\nRestart=always\\n[Install]\\nWantedBy=multi-user.target\\n"
    line = f"printf '{unit}' > /etc/systemd/system/x.service; systemctl is-enabled x; systemctl show x -p Restart,Description"
    assert _out(line) == "disabled\nRestart=always\nDescription=Mine\n"
    linked = "cd /etc/systemd/system; ln -s ../x.service multi-user.target.wants/; systemctl is-enabled x"
    assert _out(f"printf '{unit}' > /etc/systemd/system/x.service; {linked}") == "enabled\n"


def test_types_and_states_choose_what_is_listed() -> None:
    targets = _out("systemctl list-units --type=target --no-legend --plain")
    assert "multi-user.target loaded active active Multi-User System" in " ".join(targets.split())
    assert ".service" not in targets
    empty = "  UNIT LOAD ACTIVE SUB DESCRIPTION\n0 loaded units listed.\n"
    assert _out("systemctl list-units --state=failed") == empty
    assert "● auditd.service" in _out("systemctl list-units --all auditd.service")


def _out(line: str) -> str:
    with shell_of("debian-12") as shell:
        return run_at_once(shell, line).out
