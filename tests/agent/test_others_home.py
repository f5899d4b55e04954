"""The folder of root's agent, for a user who may not read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from decnet.agent import home
from decnet.agent.request import Refusal

NOBODY = 65534


def test_a_file_of_roots_agent_is_named_once_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECNET_AGENT_HOME", str(tmp_path))
    file = tmp_path / "identity.json"
    file.write_text("{}")
    file.chmod(0)
    user = os.geteuid()
    if user == 0:
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        os.seteuid(NOBODY)
    try:
        with pytest.raises(Refusal) as caught:
            home.read_json("identity.json")
    finally:
        os.seteuid(user)
    assert caught.value.message == f"the agent's file {file} cannot be read: permission denied"
    assert "use sudo" in str(caught.value.hint)
